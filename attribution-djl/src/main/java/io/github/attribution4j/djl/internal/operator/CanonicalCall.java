// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.operator;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A call of an operator in the one form in which a rule library takes it: every argument in its place, every default
 * filled in, and one spelling for each operation. For example, {@code torch.conv2d(x, w, None, 2)} and
 * {@code torch._convolution(x, w, None, [2, 2], [0, 0], ...)} both become
 * {@code convolution(x, w, None, [2, 2], [0, 0], [1, 1], False, [0, 0], 1)}. So a library needs one method for each
 * operation, not one for each spelling. A call that does not fit its form has none.
 *
 * <pre>
 * dense(x, w, b?): linear, and addmm of a matrix with a transposed weight; b of any rank that broadcasts
 * convolution(x, w, b?, stride, padding, dilation, transposed, output_padding, groups)
 * convolution_same(x, w, b?, dilation, groups): padded such that the size stays
 * batch_norm(x, w?, b?, mean?, var?, training, momentum, eps, cudnn)
 * layer_norm(x, shape, w?, b?, eps), group_norm(x, groups, w?, b?, eps), rms_norm(x, shape, w?, eps?)
 * instance_norm(x, w?, b?, eps): with the statistics of x
 * instance_norm_if(x, w?, b?, mean?, var?, own: bool, momentum, eps, cudnn): with the statistics of x if own
 * softmax(x, dim, dtype?), log_softmax(x, dim, dtype?), glu(x, dim), relu(x)
 * max_poolNd(x, kernel, stride, padding, dilation, ceil) -> Tensor
 * max_poolNd_with_indices(x, kernel, stride, padding, dilation, ceil) -> (Tensor, Tensor)
 * adaptive_max_poolNd(x, size) -> (Tensor, Tensor)
 * amax(x, dims, keep) -> Tensor, max_dim(x, dim, keep) -> (Tensor, Tensor), amin and min_dim likewise;
 *     the larger of two tensors is amax of their stack
 * topk(x, k, dim, largest, sorted), sort(x, dim, descending, stable), kthvalue(x, k, dim, keep),
 *     median_dim(x, dim, keep), cummax(x, dim), cummin(x, dim), aminmax(x, dim?, keep) -> (Tensor, Tensor)
 * logsumexp(x, dims, keep), logcumsumexp(x, dim), norm(x, order, dims?, keep, dtype?)
 * pairwise_distance(a, b, order, eps, keep), cosine_similarity(a, b, dim, eps), clamped(x, low?, high?)
 * var(x, dims?, correction, keep), std, var_mean and std_mean likewise
 * lerp(a, b, w), lerp_by(a, b, w: float), addcdiv(c, a, b, value)
 * grid_sampler(x, grid, interpolation, padding, align)
 * lstm(x, [h, c], weights, biases, layers, dropout, train, both, first) -> (Tensor, Tensor, Tensor)
 * lstm_packed(x, sizes, [h, c], weights, ..., both) -> (Tensor, Tensor, Tensor)
 * recurrent_layer(mode, x, h, weights, ..., first) -> (Tensor, Tensor); modes: 1 GRU, 2 tanh, 3 ReLU
 * recurrent_packed(mode, x, sizes, h, weights, ..., both) -> (Tensor, Tensor)
 * lstm_cell(x, [h, c], wi, wh, bi?, bh?) -> (Tensor, Tensor), recurrent_cell(mode, x, h, wi, wh, bi?, bh?)
 * mul(a, b), div(a, b), matmul(a, b), bmm(a, b), baddbmm(c, a, b, beta, alpha), addcmul(c, a, b, value)
 * einsum(equation, tensors), sdpa(q, k, v, mask?, dropout, causal, scale?, gqa)
 * </pre>
 *
 * @param method the library's method
 * @param arguments in order
 */
public record CanonicalCall(String method, List<Expr> arguments) {
    /** Methods of a library that return two tensors and have the name of no operator. */
    private static final Set<String> PAIRS =
            Set.of("median_dim", "max_dim", "min_dim", "recurrent_layer", "recurrent_packed");

    /** Returns how many tensors a method of a rule library returns. */
    public static int results(String method) {
        Operator like = Operator.of(method);
        if (like.form().isEmpty()) {
            return PAIRS.contains(method) ? 2 : method.equals("lstm_packed") ? 3 : 1;
        }
        return like.result().startsWith("2") ? 2 : like.result().equals("3") ? 3 : 1;
    }

    /**
     * Brings a call into its canonical form.
     *
     * @param operator the operator, without namespace and without the underscore of writing in place
     * @param types gives static types
     * @return the form; null if the operator has none, or the arguments do not fit
     */
    public static @Nullable CanonicalCall of(String operator, Expr.Call call, Function<Expr, @Nullable Type> types) {
        Operator row = Operator.of(operator);
        if (row.form().isEmpty()) {
            return null;
        }
        Map<String, Expr> bound = Schema.of(row.schema()).bind(call);
        return bound == null ? null : new CallReader(operator, bound, types).read(row.form());
    }
}
