// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.model.OperationKind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What kind of operation each operator of libtorch is, for backward rules. What gives no value through which a gradient could pass has no kind: comparisons, shapes, indexes, new tensors.
 * Everything else that is not named here and may give floating tensors is {@link OperationKind#UNKNOWN}, never guessed.
 */
final class OperatorKinds {
    private static final Pattern BY_TENSORS = Pattern.compile("prelu|cl(amp(_min|_max)?|ip)_?");

    /** No gradient passes: integers, truth values, shapes, fresh tensors, and what is no tensor. */
    private static final Set<String> WITHOUT_GRADIENT = names("""
            eq ne lt le gt ge equal allclose isclose isnan isinf isfinite isneginf isposinf isreal isin is_nonzero any all logical_and
            logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_not bitwise_xor bitwise_left_shift bitwise_right_shift __and__
            __or__ __xor__ __lshift__ __rshift__ argmax argmin argsort nonzero count_nonzero searchsorted bucketize one_hot arange range
            linspace logspace eye zeros ones full empty empty_strided rand randn randint randperm normal bernoulli bernoulli_ uniform_
            normal_ random_ zeros_like ones_like full_like empty_like rand_like randn_like randint_like new_zeros new_ones new_full new_empty
            scalar_tensor tensor tril_indices triu_indices hamming_window hann_window bartlett_window blackman_window kaiser_window
            floor_divide floordiv dim size numel NumToTensor _shape_as_tensor detach detach_ requires_grad_ backward _nested_tensor_from_mask_left_aligned
            is_floating_point signbit bincount histc unique_consecutive _unique2 _unique unique_dim affine_grid_generator_size
            linear_prepack linear_prepack_fp16 linear_unpack linear_unpack_fp16 Float Int Bool item device dtype requires_grad type is_nested
            """);

    private static final Set<String> WEIGHTED = names("""
            conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d conv_tbc convolution _convolution _convolution_mode
            linear addmm
            """);

    private static final Set<String> LINEAR = names("""
            add sub subtract rsub neg negative positive sum mean cumsum diff trace col2im scatter_add index_add
            upsample_nearest1d upsample_nearest2d upsample_nearest3d upsample_linear1d upsample_bilinear2d upsample_trilinear3d
            upsample_bicubic2d _upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_nearest_exact1d _upsample_nearest_exact2d
            _upsample_nearest_exact3d affine_grid_generator
            """);

    /** Functions of one operand, element by element. Signs and roundings too: their derivative is zero, their value is not. */
    private static final Set<String> ACTIVATION = names("""
            relu relu6 clamp clamp_min clamp_max clip hardtanh threshold leaky_relu prelu rrelu elu selu celu gelu silu mish softplus
            softshrink hardshrink sigmoid hardsigmoid hardswish tanh log_sigmoid log_sigmoid_forward logit abs absolute square sqrt rsqrt
            pow reciprocal exp exp2 expm1 log log2 log10 log1p sin cos tan asin acos atan arcsin arccos arctan sinh cosh asinh acosh atanh
            erf erfc erfinv lgamma digamma sinc sign sgn floor ceil round trunc fix frac nan_to_num rad2deg deg2rad heaviside_
            """);

    private static final Set<String> MAX_POOLING = names("""
            max_pool1d max_pool2d max_pool3d max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices
            adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d amax amin max min maximum minimum fmax fmin logsumexp
            aminmax topk sort kthvalue median cummax cummin logcumsumexp logaddexp
            """);

    private static final Set<String> AVERAGE_POOLING = names("""
            avg_pool1d avg_pool2d avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d _adaptive_avg_pool2d
            _adaptive_avg_pool3d
            """);

    private static final Set<String> NORMALIZATION = names("""
            batch_norm layer_norm group_norm instance_norm rms_norm native_batch_norm _native_batch_norm_legit
            _native_batch_norm_legit_no_training native_layer_norm native_group_norm norm linalg_vector_norm linalg_norm frobenius_norm
            var std var_mean std_mean hypot
            """);

    private static final Set<String> SOFTMAX = names("softmax log_softmax _softmax _log_softmax");

    private static final Set<String> PRODUCT = names("""
            mul multiply div divide true_divide matmul bmm mm mv dot inner outer baddbmm einsum scaled_dot_product_attention addcmul addcdiv
            lerp glu tensordot bilinear cross grid_sampler grid_sampler_2d grid_sampler_3d kron cosine_similarity pairwise_distance addbmm
            addmv
            """);

    private static final Set<String> RESHAPE = names("""
            view view_as reshape reshape_as _unsafe_view _reshape_alias flatten unflatten ravel permute transpose t numpy_T swapaxes swapdims
            movedim moveaxis squeeze unsqueeze expand expand_as broadcast_to broadcast_tensors repeat repeat_interleave tile cat concat
            concatenate stack hstack vstack dstack column_stack atleast_1d atleast_2d atleast_3d split split_with_sizes chunk tensor_split
            hsplit vsplit dsplit unsafe_chunk unsafe_split unsafe_split_with_sizes unbind slice select narrow take take_along_dim gather
            index index_select masked_select diagonal diag diag_embed flip fliplr flipud roll rot90 tril triu masked_fill where fill zero
            index_put index_fill index_copy scatter masked_scatter slice_scatter select_scatter pad constant_pad_nd reflection_pad1d
            reflection_pad2d reflection_pad3d replication_pad1d replication_pad2d replication_pad3d unfold im2col pixel_shuffle
            pixel_unshuffle channel_shuffle native_channel_shuffle contiguous clone alias to type_as _to_copy copy copy_ lift_fresh cpu cuda
            float double half dropout feature_dropout alpha_dropout feature_alpha_dropout native_dropout embedding view_as_real
            view_as_complex as_strided wait list append pop __getitem__ dict values items meshgrid _pack_padded_sequence
            _pad_packed_sequence adjoint mT mH matrix_H _set_item insert extend __contains__ annotate _unwrap_optional len
            """);

    private static final Set<String> RECURRENT = names("""
            lstm gru rnn_tanh rnn_relu lstm_cell gru_cell rnn_tanh_cell rnn_relu_cell
            """);

    private static final Map<String, OperationKind> KINDS = new HashMap<>();

    static {
        put(WEIGHTED, OperationKind.WEIGHTED);
        put(LINEAR, OperationKind.LINEAR);
        put(ACTIVATION, OperationKind.ACTIVATION);
        put(MAX_POOLING, OperationKind.MAX_POOLING);
        put(AVERAGE_POOLING, OperationKind.AVERAGE_POOLING);
        put(NORMALIZATION, OperationKind.NORMALIZATION);
        put(SOFTMAX, OperationKind.SOFTMAX);
        put(PRODUCT, OperationKind.PRODUCT);
        put(RESHAPE, OperationKind.RESHAPE);
        put(RECURRENT, OperationKind.RECURRENT);
    }

    private OperatorKinds() {}

    private static Set<String> names(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    private static void put(Set<String> names, OperationKind kind) {
        names.forEach(name -> KINDS.put(name, kind));
    }

    /** The name of an operator that does the same without writing to its first operand. */
    static String functional(String operator) {
        boolean writes = operator.endsWith("_") && !operator.endsWith("__") && operator.length() > 1;
        return writes ? operator.substring(0, operator.length() - 1) : operator;
    }

    /**
     * The kind of a call; null if no gradient passes it.
     *
     * @param call the call, whose arguments may have been changed
     * @param arguments the static types of its positional arguments, null where not known
     */
    static @Nullable OperationKind of(Expr.Call call, List<@Nullable Type> arguments) {
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        if (WITHOUT_GRADIENT.contains(operator)
                || dotted.startsWith("ops.prim.")
                || dotted.startsWith("ops.profiler.")) {
            return null;
        }
        OperationKind kind = KINDS.getOrDefault(operator, KINDS.get(functional(operator)));
        if (kind == null) {
            boolean tensors = (operand(arguments) || untyped(arguments)) && !OperatorTypes.givesNoTensors(operator);
            return tensors ? OperationKind.UNKNOWN : null;
        }
        if (dotted.startsWith("ops.quantized.")) {
            return OperationKind.UNKNOWN;
        }
        long tensors = arguments.stream().filter(OperatorKinds::isTensor).count();
        return switch (kind) {
            case LINEAR -> !joinsLists(arguments) && (operand(arguments) || untyped(arguments)) ? kind : null;
            case ACTIVATION ->
                tensors == 1
                                || (tensors > 1 && BY_TENSORS.matcher(operator).matches())
                                || (tensors == 0 && untyped(arguments))
                        ? kind
                        : tensors == 0 ? null : OperationKind.UNKNOWN;
            case PRODUCT -> product(call, operator, tensors, arguments);
            case RESHAPE -> operand(arguments) ? kind : null;
            case MAX_POOLING -> operand(arguments) || untyped(arguments) ? kind : null;
            default -> kind;
        };
    }

    private static @Nullable OperationKind product(
            Expr.Call call, String operator, long tensors, List<@Nullable Type> arguments) {
        boolean rounded = call.keywords().stream().anyMatch(k -> k.name().equals("rounding_mode"));
        if (joinsLists(arguments) || (!operand(arguments) && !untyped(arguments))) {
            return null;
        }
        if (!Set.of("mul", "mul_", "div", "div_", "multiply", "divide", "true_divide")
                .contains(operator)) {
            return OperationKind.PRODUCT;
        }
        boolean scaled = tensors == 1 && arguments.stream().allMatch(type -> type != null);
        return rounded ? null : scaled ? OperationKind.LINEAR : OperationKind.PRODUCT;
    }

    /** Whether there may be tensors among the arguments. */
    private static boolean operand(List<@Nullable Type> arguments) {
        return listed(arguments) || arguments.stream().anyMatch(OperatorKinds::isTensor);
    }

    /** Sums of lists join them, their products repeat them. */
    private static boolean joinsLists(List<@Nullable Type> arguments) {
        Type first = arguments.isEmpty() ? null : arguments.get(0);
        return first != null && first.name().equals("List");
    }

    private static boolean listed(List<@Nullable Type> arguments) {
        return arguments.stream().anyMatch(t -> t != null && mayHold(t) && !isTensor(t));
    }

    /** Whether the text does not tell the type of an argument. It may be a tensor, and is never taken for a number. */
    private static boolean untyped(List<@Nullable Type> arguments) {
        return arguments.stream().anyMatch(t -> t == null);
    }

    /** Whether a value of a type may be a tensor or hold some. */
    static boolean mayHold(@Nullable Type type) {
        return type == null || type.name().equals("Any") || type.toString().contains("Tensor");
    }

    /** What rules call an operator: its name, or {@code relu} where the arguments make it one: {@code clamp_min(x, 0)}, {@code threshold(x, 0, 0)}. */
    static String name(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        List<Expr> arguments = call.arguments();
        boolean rectifies = switch (functional(operator)) {
            case "clamp_min" -> arguments.size() == 2 && isZero(arguments.get(1));
            case "clamp" ->
                (arguments.size() == 2 || (arguments.size() == 3 && isText(arguments.get(2), "None")))
                        && isZero(arguments.get(1));
            case "threshold" -> arguments.size() == 3 && isZero(arguments.get(1)) && isZero(arguments.get(2));
            default -> false;
        };
        return !rectifies || !call.keywords().isEmpty()
                ? operator
                : functional(operator).equals(operator) ? "relu" : "relu_";
    }

    private static boolean isZero(Expr expression) {
        return isText(expression, "0") || isText(expression, "0.");
    }

    private static boolean isText(Expr expression, String text) {
        return expression instanceof Expr.Literal literal && literal.text().equals(text);
    }

    static boolean isTensor(@Nullable Type type) {
        return type != null && type.equals(Type.TENSOR);
    }
}
