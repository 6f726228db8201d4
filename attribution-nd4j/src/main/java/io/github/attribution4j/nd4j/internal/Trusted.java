// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ops.DynamicCustomOp;

/**
 * The operations whose derivative in SameDiff was compared with differences in float64 and found right, with the shapes
 * and settings of the tests.
 */
final class Trusted {
    private static final Set<String> KINDS =
            Set.of(("abs acos acosh add_scalar amax amean amin asin asinh asum atan atanh avgpool2d"
                            + " avgpool3dnew batch_to_space biasadd cast ceil ClipByValue concat conv1d conv2d"
                            + " conv3dnew cos cosh cosinedistance cosinesimilarity crelu cube deconv2d"
                            + " depth_to_space depthwise_conv2d diag diag_part div_scalar dot"
                            + " dot_product_attention dynamic_partition elu entropy erf erfc euclidean exp"
                            + " expand_dims expm1 flatten_2d floor floordiv fmod_scalar gelu hard_sigmoid"
                            + " hardtanh im2col jaccarddistance layer_norm leakyrelu log log1p log_softmax log_x"
                            + " logsigmoid manhattan matmul max_scalar maxpool2d maxpool3dnew mergeadd mergeavg"
                            + " mergemax moments mul_scalar neg ones_as pad permute pow prelu rational_tanh"
                            + " rdiv_scalar Reciprocal rectified_tanh reduce_max reduce_mean reduce_min"
                            + " reduce_norm1 reduce_norm2 reduce_normmax reduce_prod reduce_sqnorm reduce_sum"
                            + " relu relu6 relu_layer reshape reverse reverse_sequence round rsqrt rsub_scalar"
                            + " scalar_min scatter_add scatter_div scatter_max scatter_min scatter_mul"
                            + " scatter_sub sconv2d segment_max segment_mean segment_min segment_prod"
                            + " segment_sum selu set_scalar shannonentropy sigmoid sign sin sinh slice softmax"
                            + " softplus softsign space_to_batch space_to_depth split sqrt square squeeze stack"
                            + " standardize std step strided_slice sub_scalar swish tan tanh thresholdedrelu"
                            + " tile trace transpose triu unsorted_segment_max unsorted_segment_mean"
                            + " unsorted_segment_min unsorted_segment_prod unsorted_segment_sqrt_n"
                            + " unsorted_segment_sum unstack upsampling3d var xw_plus_b zeroslike")
                    .split(" "));

    private Trusted() {}

    /** Returns the names of the operations. */
    static Set<String> kinds() {
        return KINDS;
    }

    /** Returns why SameDiff's derivative of an operation is not used; null if it is. */
    static @Nullable String refusal(Step step) {
        if (!KINDS.contains(step.kind())) {
            return "SameDiff's derivative of it is wrong, fails, or was not compared with differences";
        }
        if (Runner.takesAxes(step.operation(), step.inputs().size())) {
            return "SameDiff's derivative of it fails where the axes are a value of the graph; give them as numbers";
        }
        if (step.kind().equals("pad") && ((DynamicCustomOp) step.operation()).iArgs()[0] != 0) {
            return "SameDiff's derivative of it is wrong for reflected edges";
        }
        return null;
    }
}
