// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import io.github.attribution4j.nd4j.internal.OperationCase.Build;
import io.github.attribution4j.nd4j.internal.OperationCase.Drawn;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.enums.DataFormat;
import org.nd4j.enums.ImageResizeMethod;
import org.nd4j.enums.PadMode;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv1DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv3DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.DeConv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.LocalResponseNormalizationConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling3DConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMActivations;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDataFormat;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDirectionMode;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMLayerConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.weights.LSTMLayerWeights;
import org.nd4j.linalg.factory.Nd4j;

/** Every operation that SameDiff's builders make and that a network may have on the way of a gradient. */
final class OperationCases {
    private final List<OperationCase> cases = new ArrayList<>();

    private OperationCases() {
        elementwise();
        pairs();
        reductions();
        shapes();
        indices();
        layers();
        grids();
        recurrent();
        others();
    }

    static List<OperationCase> all() {
        return new OperationCases().cases;
    }

    private void add(String name, String kind, Build build, Drawn... inputs) {
        cases.add(new OperationCase(name, kind, build, List.of(inputs)));
    }

    private static Drawn in(long... shape) {
        return Drawn.of(shape);
    }

    private static Drawn in(double low, double high, long... shape) {
        return new Drawn(low, high, shape);
    }

    private void one(String kind, double low, double high, BiFunction<SameDiff, SDVariable, SDVariable> build) {
        add(kind, kind, (sd, in) -> build.apply(sd, in[0]), in(low, high, 3, 4));
    }

    private void one(String kind, BiFunction<SameDiff, SDVariable, SDVariable> build) {
        one(kind, -2, 2, build);
    }

    private void elementwise() {
        one("abs", (sd, x) -> sd.math().abs(x));
        one("acos", -0.9, 0.9, (sd, x) -> sd.math().acos(x));
        one("acosh", 1.2, 3, (sd, x) -> sd.math().acosh(x));
        one("asin", -0.9, 0.9, (sd, x) -> sd.math().asin(x));
        one("asinh", (sd, x) -> sd.math().asinh(x));
        one("atan", (sd, x) -> sd.math().atan(x));
        one("atanh", -0.9, 0.9, (sd, x) -> sd.math().atanh(x));
        one("ceil", (sd, x) -> sd.math().ceil(x));
        one("ClipByValue", (sd, x) -> sd.math().clipByValue(x, -0.9, 1.1));
        one("cos", (sd, x) -> sd.math().cos(x));
        one("cosh", (sd, x) -> sd.math().cosh(x));
        one("cube", (sd, x) -> sd.math().cube(x));
        one("erf", (sd, x) -> sd.math().erf(x));
        one("erfc", (sd, x) -> sd.math().erfc(x));
        one("exp", (sd, x) -> sd.math().exp(x));
        one("expm1", (sd, x) -> sd.math().expm1(x));
        one("floor", (sd, x) -> sd.math().floor(x));
        one("log", 0.3, 3, (sd, x) -> sd.math().log(x));
        add("log base 3", "log_x", (sd, in) -> sd.math().log(in[0], 3), in(0.3, 3, 3, 4));
        one("log1p", 0.3, 3, (sd, x) -> sd.math().log1p(x));
        one("neg", (sd, x) -> sd.math().neg(x));
        one("rational_tanh", (sd, x) -> sd.math().rationalTanh(x));
        one("rectified_tanh", (sd, x) -> sd.math().rectifiedTanh(x));
        one("Reciprocal", 0.3, 3, (sd, x) -> sd.math().reciprocal(x));
        one("round", (sd, x) -> sd.math().round(x));
        one("rsqrt", 0.3, 3, (sd, x) -> sd.math().rsqrt(x));
        one("sign", (sd, x) -> sd.math().sign(x));
        one("sin", (sd, x) -> sd.math().sin(x));
        one("sinh", (sd, x) -> sd.math().sinh(x));
        one("sqrt", 0.3, 3, (sd, x) -> sd.math().sqrt(x));
        one("square", (sd, x) -> sd.math().square(x));
        one("step", (sd, x) -> sd.math().step(x, 0.1));
        one("tan", -1, 1, (sd, x) -> sd.math().tan(x));
        one("tanh", (sd, x) -> sd.math().tanh(x));
        one("elu", (sd, x) -> sd.nn().elu(x));
        one("gelu", (sd, x) -> sd.nn().gelu(x));
        one("precise_gelu", (sd, x) -> sd.nn().preciseGelu(x));
        one("hard_sigmoid", -4, 4, (sd, x) -> sd.nn().hardSigmoid(x));
        one("hardtanh", (sd, x) -> sd.nn().hardTanh(x));
        one("leakyrelu", (sd, x) -> sd.nn().leakyRelu(x, 0.2));
        one("logsigmoid", (sd, x) -> sd.nn().logSigmoid(x));
        one("relu", (sd, x) -> sd.nn().relu(x, 0));
        add("relu with a cutoff", "relu", (sd, in) -> sd.nn().relu(in[0], 0.5), in(3, 4));
        one("relu6", -4, 9, (sd, x) -> sd.nn().relu6(x, 0));
        add("relu6 with a cutoff", "relu6", (sd, in) -> sd.nn().relu6(in[0], 0.5), in(-4.0, 9, 3, 4));
        one("selu", (sd, x) -> sd.nn().selu(x));
        one("sigmoid", (sd, x) -> sd.nn().sigmoid(x));
        one("softplus", (sd, x) -> sd.nn().softplus(x));
        one("softsign", (sd, x) -> sd.nn().softsign(x));
        one("swish", (sd, x) -> sd.nn().swish(x));
        one("mish", (sd, x) -> new org.nd4j.linalg.api.ops.impl.transforms.strict.Mish(sd, x, false).outputVariable());
        one(
                "thresholdedrelu",
                (sd, x) ->
                        new org.nd4j.linalg.api.ops.impl.transforms.custom.ThresholdRelu(sd, x, 0.5).outputVariable());
        one("crelu", (sd, x) -> sd.nn().cReLU(x));
        add("prelu", "prelu", (sd, in) -> sd.nn().prelu(in[0], in[1], 2, 3), in(2, 3, 2, 2), in(0.1, 0.4, 3, 1, 1));
        one("identity", (sd, x) -> sd.identity(x));
        one("dropout", (sd, x) -> sd.nn().dropout(x, 0.5));
        one("dropout_inverted", (sd, x) -> sd.nn().dropoutInverted(x, 0.5));
        one("hardtanhderivative", (sd, x) -> sd.nn().hardTanhDerivative(x));
    }

    private void pairs() {
        pair("add", false, (sd, in) -> in[0].add(in[1]));
        pair("subtract", false, (sd, in) -> in[0].sub(in[1]));
        pair("multiply", false, (sd, in) -> in[0].mul(in[1]));
        pair("divide", true, (sd, in) -> in[0].div(in[1]));
        pair("reversesubtract", false, (sd, in) -> in[0].rsub(in[1]));
        pair("reversedivide", true, (sd, in) -> in[0].rdiv(in[1]));
        pair("Pow", true, (sd, in) -> sd.math().pow(in[0], in[1]));
        pair("maximum", false, (sd, in) -> sd.math().max(in[0], in[1]));
        pair("minimum", false, (sd, in) -> sd.math().min(in[0], in[1]));
        pair("squaredsubtract", false, (sd, in) -> sd.math().squaredDifference(in[0], in[1]));
        two("floordiv", (sd, in) -> sd.math().floorDiv(in[0], in[1]));
        two("floormod", (sd, in) -> sd.math().floorMod(in[0], in[1]));
        two("mod", (sd, in) -> sd.math().mod(in[0], in[1]));
        pair("tf_atan2", true, (sd, in) -> sd.math().atan2(in[0], in[1]));
        two("mergeadd", (sd, in) -> sd.math().mergeAdd(in[0], in[0].mul(in[1])));
        two("mergeavg", (sd, in) -> sd.math().mergeAvg(in[0], in[0].mul(in[1])));
        two("mergemax", (sd, in) -> sd.math().mergeMax(in[0], in[0].mul(in[1])));
        add("a value twice", "multiply", (sd, in) -> in[0].mul(in[0]), in(3, 4));
        scalar("add_scalar", (sd, x) -> x.add(1.5));
        scalar("sub_scalar", (sd, x) -> x.sub(1.5));
        scalar("mul_scalar", (sd, x) -> x.mul(1.5));
        scalar("div_scalar", (sd, x) -> x.div(1.5));
        scalar("rsub_scalar", (sd, x) -> x.rsub(1.5));
        scalar("rdiv_scalar", (sd, x) -> x.rdiv(1.5));
        scalar("pow", (sd, x) -> sd.math().pow(x, 2.5));
        scalar("max_scalar", (sd, x) -> sd.scalarMax(x, 1.2));
        scalar("scalar_min", (sd, x) -> sd.scalarMin(x, 1.2));
        scalar("fmod_scalar", (sd, x) -> sd.scalarFloorMod(x, 1.2));
        scalar("set_scalar", (sd, x) -> sd.scalarSet(x, 1.2));
    }

    private void scalar(String kind, BiFunction<SameDiff, SDVariable, SDVariable> build) {
        one(kind, 0.3, 3, build);
    }

    private void pair(String kind, boolean positive, Build build) {
        double low = positive ? 0.4 : -2;
        add(kind, kind, build, in(low, 2, 3, 4), in(low, 2, 3, 4));
        add(kind + ", a row", kind, build, in(low, 2, 3, 4), in(low, 2, 4));
        add(kind + ", a column", kind, build, in(low, 2, 3, 4), in(low, 2, 3, 1));
        add(kind + ", a scalar", kind, build, in(low, 2, 3, 4), in(low, 2));
        add(kind + ", of a row", kind, build, in(low, 2, 4), in(low, 2, 3, 4));
        add(kind + ", both", kind, build, in(low, 2, 3, 1, 2), in(low, 2, 4, 1));
    }

    private void two(String kind, Build build) {
        add(kind, kind, build, in(0.4, 2, 3, 4), in(0.4, 2, 3, 4));
    }

    private void reductions() {
        reduction("reduce_sum", (sd, x, keep, axes) -> sd.math().sum(x, keep, axes));
        reduction("reduce_mean", (sd, x, keep, axes) -> sd.math().mean(x, keep, axes));
        reduction("reduce_max", (sd, x, keep, axes) -> sd.math().reduceMax(x, keep, axes));
        reduction("reduce_min", (sd, x, keep, axes) -> sd.math().reduceMin(x, keep, axes));
        reduction("reduce_prod", (sd, x, keep, axes) -> sd.math().prod(x, keep, axes));
        reduction("reduce_norm1", (sd, x, keep, axes) -> sd.math().norm1(x, keep, axes));
        reduction("reduce_norm2", (sd, x, keep, axes) -> sd.math().norm2(x, keep, axes));
        reduction("reduce_normmax", (sd, x, keep, axes) -> sd.math().normMax(x, keep, axes));
        reduction("reduce_sqnorm", (sd, x, keep, axes) -> sd.math().squaredNorm(x, keep, axes));
        reduction("asum", (sd, x, keep, axes) -> sd.math().asum(x, keep, axes));
        reduction("amax", (sd, x, keep, axes) -> sd.math().reduceAMax(x, keep, axes));
        reduction("amin", (sd, x, keep, axes) -> sd.math().reduceAmin(x, keep, axes));
        reduction("amean", (sd, x, keep, axes) -> sd.math().reduceAmean(x, keep, axes));
        reduction("std", (sd, x, keep, axes) -> sd.standardDeviation(x, false, keep, axes));
        reduction("var", (sd, x, keep, axes) -> sd.variance(x, false, keep, axes));
        add("std corrected", "std", (sd, in) -> sd.standardDeviation(in[0], true, 1), in(3, 4));
        add("var corrected", "var", (sd, in) -> sd.variance(in[0], true, 1), in(3, 4));
        reduction("reduce_logsumexp", (sd, x, keep, axes) -> sd.math().logSumExp(x, axes));
        reduction("entropy", (sd, x, keep, axes) -> sd.math().entropy(sd.math().abs(x), keep, axes));
        reduction(
                "logentropy",
                (sd, x, keep, axes) -> sd.math().logEntropy(sd.math().abs(x), keep, axes));
        reduction(
                "shannonentropy",
                (sd, x, keep, axes) -> sd.math().shannonEntropy(sd.math().abs(x), keep, axes));
        add("moments, mean", "moments", (sd, in) -> sd.math().moments(in[0], new int[] {1}, false)[0], in(3, 4));
        add("moments, variance", "moments", (sd, in) -> sd.math().moments(in[0], new int[] {1}, false)[1], in(3, 4));
        add(
                "cosinesimilarity",
                "cosinesimilarity",
                (sd, in) -> sd.math().cosineSimilarity(in[0], in[1], 1),
                in(3, 4),
                in(3, 4));
        add(
                "cosinedistance",
                "cosinedistance",
                (sd, in) -> sd.math().cosineDistance(in[0], in[1], 1),
                in(3, 4),
                in(3, 4));
        add("euclidean", "euclidean", (sd, in) -> sd.math().euclideanDistance(in[0], in[1], 1), in(3, 4), in(3, 4));
        add("manhattan", "manhattan", (sd, in) -> sd.math().manhattanDistance(in[0], in[1], 1), in(3, 4), in(3, 4));
        add(
                "jaccarddistance",
                "jaccarddistance",
                (sd, in) -> sd.math().jaccardDistance(in[0], in[1], 1),
                in(0.2, 2, 3, 4),
                in(0.2, 2, 3, 4));
        add("dot", "dot", (sd, in) -> sd.dot(in[0], in[1], 1), in(3, 4), in(3, 4));
        add("cumsum", "cumsum", (sd, in) -> sd.cumsum(in[0], 1), in(3, 4));
        add("cumsum reversed", "cumsum", (sd, in) -> sd.cumsum(in[0], true, true, 1), in(3, 4));
        add("cumprod", "cumprod", (sd, in) -> sd.cumprod(in[0], 1), in(0.4, 2, 3, 4));
        add("cumprod reversed", "cumprod", (sd, in) -> sd.cumprod(in[0], true, true, 1), in(0.4, 2, 3, 4));
        add(
                "sum by axes of a constant",
                "reduce_sum",
                (sd, in) -> sd.math().sum(in[0], sd.constant(Nd4j.createFromArray(1)), false),
                in(3, 4, 2));
        add(
                "mean by axes of a constant",
                "reduce_mean",
                (sd, in) -> sd.math().mean(in[0], sd.constant(Nd4j.createFromArray(-1)), true),
                in(3, 4, 2));
    }

    /** Makes a reduction. */
    private interface Reduce {
        SDVariable of(SameDiff sd, SDVariable x, boolean keep, int... axes);
    }

    private void reduction(String kind, Reduce reduce) {
        add(kind + " of axis 1", kind, (sd, in) -> reduce.of(sd, in[0], false, 1), in(3, 4));
        add(kind + " of axis -1, kept", kind, (sd, in) -> reduce.of(sd, in[0], true, -1), in(3, 4));
        add(kind + " of axes 1 and 2", kind, (sd, in) -> reduce.of(sd, in[0], false, 1, 2), in(2, 3, 4));
        add(kind + " of all", kind, (sd, in) -> reduce.of(sd, in[0], false), in(3, 4));
        add(kind + " of axis 0 of a row", kind, (sd, in) -> reduce.of(sd, in[0], false, 0), in(1, 4));
        add(kind + " of axis 1 of a column", kind, (sd, in) -> reduce.of(sd, in[0], false, 1), in(4, 1));
        add(kind + " of axis 1 of a column, kept", kind, (sd, in) -> reduce.of(sd, in[0], true, 1), in(4, 1));
    }

    private void shapes() {
        add("reshape", "reshape", (sd, in) -> sd.reshape(in[0], 2, 6), in(3, 4));
        add("reshape, open", "reshape", (sd, in) -> sd.reshape(in[0], -1, 2), in(3, 4));
        add(
                "reshape by a shape",
                "reshape",
                (sd, in) -> sd.reshape(in[0], sd.constant(Nd4j.createFromArray(4L, 3L))),
                in(3, 4));
        add("permute", "permute", (sd, in) -> sd.permute(in[0], 2, 0, 1), in(2, 3, 4));
        add("transpose", "transpose", (sd, in) -> sd.transpose(in[0]), in(3, 4));
        add("expand_dims", "expand_dims", (sd, in) -> sd.expandDims(in[0], 1), in(3, 4));
        add("squeeze", "squeeze", (sd, in) -> sd.squeeze(in[0], 1), in(3, 1, 4));
        add("concat", "concat", (sd, in) -> sd.concat(1, in[0], in[1], in[0]), in(3, 2), in(3, 4));
        add("concat of axis 0", "concat", (sd, in) -> sd.concat(0, in[0], in[1]), in(2, 4), in(3, 4));
        add("concat of the last axis", "concat", (sd, in) -> sd.concat(-1, in[0], in[1]), in(3, 2), in(3, 4));
        add("stack", "stack", (sd, in) -> sd.stack(1, in[0], in[1]), in(3, 4), in(3, 4));
        add("unstack", "unstack", (sd, in) -> sd.unstack(in[0], 1, 3)[1], in(2, 3, 4));
        add("split", "split", (sd, in) -> sd.split(in[0], 2, 1)[1], in(3, 4));
        add(
                "split, both",
                "split",
                (sd, in) -> {
                    SDVariable[] parts = sd.split(in[0], 2, 1);
                    return parts[0].mul(parts[1]);
                },
                in(3, 4));
        add(
                "split_v",
                "split_v",
                (sd, in) -> sd.splitV(in[0], sd.constant(Nd4j.createFromArray(1, 3)), 2, 1)[1],
                in(3, 4));
        add("slice", "slice", (sd, in) -> sd.slice(in[0], new int[] {1, 1}, 2, 2), in(3, 4));
        add("slice to the end", "slice", (sd, in) -> sd.slice(in[0], new int[] {0, 1}, -1, 2), in(3, 4));
        add(
                "strided_slice",
                "strided_slice",
                (sd, in) -> sd.stridedSlice(in[0], new long[] {0, 0}, new long[] {3, 4}, 2, 2),
                in(3, 4));
        add(
                "strided_slice, shrunk",
                "strided_slice",
                (sd, in) ->
                        sd.stridedSlice(in[0], new long[] {0, 1}, new long[] {3, 2}, new long[] {1, 1}, 1, 1, 0, 0, 2),
                in(3, 4));
        add("tile", "tile", (sd, in) -> sd.tile(in[0], 2, 3), in(3, 2));
        add("repeat", "repeat", (sd, in) -> sd.repeat(in[0], sd.constant(Nd4j.createFromArray(2)), 1), in(3, 2));
        add("reverse", "reverse", (sd, in) -> sd.reverse(in[0], 1), in(3, 4));
        add(
                "pad",
                "pad",
                (sd, in) -> sd.nn().pad(in[0], sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {1, 2}})), 0.5),
                in(3, 4));
        add(
                "pad, reflected",
                "pad",
                (sd, in) -> sd.nn()
                        .pad(
                                in[0],
                                sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {1, 2}})),
                                PadMode.REFLECT,
                                0),
                in(3, 4));
        add(
                "pad, symmetric",
                "pad",
                (sd, in) -> sd.nn()
                        .pad(
                                in[0],
                                sd.constant(Nd4j.createFromArray(new int[][] {{0, 0}, {1, 2}})),
                                PadMode.SYMMETRIC,
                                0),
                in(3, 4));
        add(
                "flatten2d",
                "flatten_2d",
                (sd, in) -> new org.nd4j.linalg.api.ops.impl.shape.Flatten2D(sd, in[0], 1).outputVariable(),
                in(2, 3, 2));
        add("flatten", "flatten", (sd, in) -> sd.flatten(in[0], in[1]), in(2, 3), in(4));
        add("diag", "diag", (sd, in) -> sd.math().diag(in[0]), in(4));
        add("diag_part", "diag_part", (sd, in) -> sd.math().diagPart(in[0]), in(4, 4));
        add("trace", "trace", (sd, in) -> sd.math().trace(in[0]), in(3, 3));
        add("zeroslike", "zeroslike", (sd, in) -> sd.zerosLike(in[0]).add(in[0]), in(3, 4));
        add("ones_as", "ones_as", (sd, in) -> sd.onesLike(in[0]).add(in[0]), in(3, 4));
        add(
                "cast",
                "cast",
                (sd, in) -> sd.castTo(sd.castTo(in[0].mul(in[0]), DataType.DOUBLE), DataType.DOUBLE),
                in(3, 4));
        add(
                "batch_to_space",
                "batch_to_space",
                (sd, in) -> sd.cnn().batchToSpace(in[0], new int[] {2, 2}, new int[] {0, 0}, 0, 0),
                in(4, 2, 2, 1));
        add(
                "space_to_batch",
                "space_to_batch",
                (sd, in) -> sd.cnn().spaceToBatch(in[0], new int[] {2, 2}, new int[] {0, 0}, 0, 0),
                in(1, 4, 4, 1));
        add(
                "depth_to_space",
                "depth_to_space",
                (sd, in) -> sd.cnn().depthToSpace(in[0], 2, DataFormat.NCHW),
                in(1, 8, 2, 2));
        add(
                "space_to_depth",
                "space_to_depth",
                (sd, in) -> sd.cnn().spaceToDepth(in[0], 2, DataFormat.NCHW),
                in(1, 2, 4, 4));
    }

    private void indices() {
        add("gather", "gather", (sd, in) -> sd.gather(in[0], new int[] {2, 0, 2}, 1), in(2, 4));
        add(
                "gather of axis 0",
                "gather",
                (sd, in) -> sd.gather(in[0], sd.constant(Nd4j.createFromArray(new int[][] {{0, 2}, {1, 2}})), 0),
                in(3, 4));
        add(
                "gather_nd",
                "gather_nd",
                (sd, in) -> sd.gatherNd(in[0], sd.constant(Nd4j.createFromArray(new int[][] {{0, 2}, {1, 3}, {0, 2}}))),
                in(2, 4));
        add(
                "embedding_lookup",
                "embedding_lookup",
                (sd, in) -> sd.math()
                        .embeddingLookup(
                                in[0], sd.constant(Nd4j.createFromArray(1, 0, 1)), org.nd4j.enums.PartitionMode.MOD),
                in(3, 4));
        add(
                "scatter_add",
                "scatter_add",
                (sd, in) -> sd.scatterAdd(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        add(
                "scatter_sub",
                "scatter_sub",
                (sd, in) -> sd.scatterSub(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        add(
                "scatter_mul",
                "scatter_mul",
                (sd, in) -> sd.scatterMul(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        add(
                "scatter_div",
                "scatter_div",
                (sd, in) -> sd.scatterDiv(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(0.5, 2, 2, 4));
        add(
                "scatter_max",
                "scatter_max",
                (sd, in) -> sd.scatterMax(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        add(
                "scatter_min",
                "scatter_min",
                (sd, in) -> sd.scatterMin(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        add(
                "scatter_upd",
                "scatter_upd",
                (sd, in) -> sd.scatterUpdate(in[0], sd.constant(Nd4j.createFromArray(2, 0)), in[1]),
                in(3, 4),
                in(2, 4));
        String[] segments = {"max", "mean", "min", "prod", "sum"};
        for (String segment : segments) {
            add(
                    "segment_" + segment,
                    "segment_" + segment,
                    (sd, in) -> segment(sd, segment, in[0], false),
                    in(0.3, 2, 4, 2));
            add(
                    "unsorted_segment_" + segment,
                    "unsorted_segment_" + segment,
                    (sd, in) -> segment(sd, segment, in[0], true),
                    in(0.3, 2, 4, 2));
        }
        add(
                "unsorted_segment_sqrt_n",
                "unsorted_segment_sqrt_n",
                (sd, in) -> sd.unsortedSegmentSqrtN(in[0], sd.constant(Nd4j.createFromArray(1, 0, 1, 1)), 2),
                in(4, 2));
        add(
                "dynamic_partition",
                "dynamic_partition",
                (sd, in) -> sd.dynamicPartition(in[0], sd.constant(Nd4j.createFromArray(1, 0, 1)), 2)[1],
                in(3, 4));
        add(
                "dynamic_stitch",
                "dynamic_stitch",
                (sd, in) -> sd.dynamicStitch(
                        new SDVariable[] {
                            sd.constant(Nd4j.createFromArray(2, 0)), sd.constant(Nd4j.createFromArray(1, 3))
                        },
                        in[0],
                        in[1]),
                in(2, 4),
                in(2, 4));
        add("Where", "Where", (sd, in) -> sd.where(in[0], in[1], in[0].gt(0.1)), in(3, 4), in(3, 4));
        add(
                "replace_where",
                "cas",
                (sd, in) -> sd.replaceWhere(in[0], in[1], org.nd4j.linalg.indexing.conditions.Conditions.lessThan(0.1)),
                in(3, 4),
                in(3, 4));
        add(
                "replace_where by a number",
                "cas",
                (sd, in) -> sd.replaceWhere(in[0], 0.5, org.nd4j.linalg.indexing.conditions.Conditions.lessThan(0.1)),
                in(3, 4));
        add("top_k", "top_k", (sd, in) -> sd.nn().topK(in[0], 2, true)[0], in(3, 4));
        add(
                "reverse_sequence",
                "reverse_sequence",
                (sd, in) -> sd.reverseSequence(in[0], sd.constant(Nd4j.createFromArray(2, 4, 1)), 1, 0),
                in(3, 4));
    }

    private static SDVariable segment(SameDiff sd, String kind, SDVariable x, boolean unsorted) {
        SDVariable ids = sd.constant(unsorted ? Nd4j.createFromArray(1, 0, 1, 1) : Nd4j.createFromArray(0, 0, 1, 1));
        return switch (kind) {
            case "max" -> unsorted ? sd.unsortedSegmentMax(x, ids, 2) : sd.segmentMax(x, ids);
            case "mean" -> unsorted ? sd.unsortedSegmentMean(x, ids, 2) : sd.segmentMean(x, ids);
            case "min" -> unsorted ? sd.unsortedSegmentMin(x, ids, 2) : sd.segmentMin(x, ids);
            case "prod" -> unsorted ? sd.unsortedSegmentProd(x, ids, 2) : sd.segmentProd(x, ids);
            default -> unsorted ? sd.unsortedSegmentSum(x, ids, 2) : sd.segmentSum(x, ids);
        };
    }

    private void layers() {
        add("matmul", "matmul", (sd, in) -> sd.mmul(in[0], in[1]), in(3, 4), in(4, 2));
        add("matmul, batched", "matmul", (sd, in) -> sd.mmul(in[0], in[1]), in(2, 3, 4), in(2, 4, 2));
        add("matmul, transposed", "matmul", (sd, in) -> sd.mmul(in[0], in[1], true, true, false), in(4, 3), in(2, 4));
        add(
                "matmul, transposed first",
                "matmul",
                (sd, in) -> sd.mmul(in[0], in[1], true, false, false),
                in(4, 3),
                in(4, 2));
        add(
                "matmul, transposed second",
                "matmul",
                (sd, in) -> sd.mmul(in[0], in[1], false, true, false),
                in(3, 4),
                in(2, 4));
        add(
                "matmul, transposed result",
                "matmul",
                (sd, in) -> sd.mmul(in[0], in[1], false, false, true),
                in(3, 4),
                in(4, 2));
        add(
                "matmul, batched and transposed",
                "matmul",
                (sd, in) -> sd.mmul(in[0], in[1], false, true, false),
                in(2, 3, 4),
                in(2, 5, 4));
        add("matmul of a batch and a matrix", "matmul", (sd, in) -> sd.mmul(in[0], in[1]), in(2, 3, 4), in(4, 2));
        add("matmul of heads", "matmul", (sd, in) -> sd.mmul(in[0], in[1]), in(2, 2, 3, 4), in(2, 2, 4, 3));
        add("matmul of a vector", "matmul", (sd, in) -> sd.mmul(in[0], in[1]), in(3, 4), in(4));
        add(
                "batched_gemm",
                "batched_gemm",
                (sd, in) -> sd.batchMmul(new SDVariable[] {in[0]}, new SDVariable[] {in[1]}, false, false)[0],
                in(3, 4),
                in(4, 2));
        add(
                "tensordot",
                "tensormmul",
                (sd, in) -> sd.tensorMmul(in[0], in[1], new int[] {1}, new int[] {0}),
                in(3, 4),
                in(4, 2));
        add("xw_plus_b", "xw_plus_b", (sd, in) -> sd.nn().linear(in[0], in[1], in[2]), in(3, 4), in(4, 2), in(2));
        add("relu_layer", "relu_layer", (sd, in) -> sd.nn().reluLayer(in[0], in[1], in[2]), in(3, 4), in(4, 2), in(2));
        add("biasadd", "biasadd", (sd, in) -> sd.nn().biasAdd(in[0], in[1], true), in(2, 3, 2, 2), in(3));
        add("biasadd, last", "biasadd", (sd, in) -> sd.nn().biasAdd(in[0], in[1], false), in(2, 2, 2, 3), in(3));
        add("biasadd of a matrix", "biasadd", (sd, in) -> sd.nn().biasAdd(in[0], in[1], false), in(3, 4), in(4));
        add("softmax", "softmax", (sd, in) -> sd.nn().softmax(in[0], 1), in(3, 4));
        add("softmax of the last axis", "softmax", (sd, in) -> sd.nn().softmax(in[0], -1), in(2, 3, 4));
        add("softmax of axis 1", "softmax", (sd, in) -> sd.nn().softmax(in[0], 1), in(2, 3, 4));
        add("softmax by default", "softmax", (sd, in) -> sd.nn().softmax(in[0]), in(2, 3, 4));
        add("log_softmax", "log_softmax", (sd, in) -> sd.nn().logSoftmax(in[0], 1), in(3, 4));
        add("log_softmax of axis 1 of 3", "log_softmax", (sd, in) -> sd.nn().logSoftmax(in[0], 1), in(2, 3, 4));
        add("log_softmax by default", "log_softmax", (sd, in) -> sd.nn().logSoftmax(in[0]), in(3, 4));
        add(
                "layer_norm",
                "layer_norm",
                (sd, in) -> sd.nn().layerNorm(in[0], in[1], in[2], false, 1),
                in(3, 4),
                in(4),
                in(4));
        add(
                "layer_norm without a bias",
                "layer_norm",
                (sd, in) -> sd.nn().layerNorm(in[0], in[1], false, 1),
                in(3, 4),
                in(4));
        add(
                "layer_norm of a sequence",
                "layer_norm",
                (sd, in) -> sd.nn().layerNorm(in[0], in[1], in[2], false, 2),
                in(2, 3, 4),
                in(4),
                in(4));
        add(
                "layer_norm of channels",
                "layer_norm",
                (sd, in) -> sd.nn().layerNorm(in[0], in[1], in[2], true, 1, 2, 3),
                in(2, 3, 2, 2),
                in(3),
                in(3));
        add("standardize", "standardize", (sd, in) -> sd.math().standardize(in[0], 1), in(3, 4));
        add(
                "batchnorm",
                "batchnorm",
                (sd, in) -> sd.nn().batchNorm(in[0], in[1], in[2], in[3], in[4], 1e-3, 1),
                in(2, 3, 2, 2),
                in(3),
                in(0.5, 2, 3),
                in(3),
                in(3));
        add(
                "batchnorm, last axis",
                "batchnorm",
                (sd, in) -> sd.nn().batchNorm(in[0], in[1], in[2], in[3], in[4], 1e-3, 3),
                in(2, 2, 2, 3),
                in(3),
                in(0.5, 2, 3),
                in(3),
                in(3));
        add(
                "batchnorm of a matrix",
                "batchnorm",
                (sd, in) -> sd.nn().batchNorm(in[0], in[1], in[2], in[3], in[4], 1e-3, 1),
                in(4, 3),
                in(3),
                in(0.5, 2, 3),
                in(3),
                in(3));
        add(
                "batchnorm without scale",
                "batchnorm",
                (sd, in) -> sd.nn().batchNorm(in[0], in[1], in[2], null, null, 1e-3, 1),
                in(2, 3, 2),
                in(3),
                in(0.5, 2, 3));
        add(
                "dot_product_attention",
                "dot_product_attention",
                (sd, in) -> sd.nn().dotProductAttention(in[0], in[1], in[2], null, true),
                in(2, 4, 3),
                in(2, 4, 5),
                in(2, 4, 5));
        add(
                "multi_head_dot_product_attention",
                "multi_head_dot_product_attention",
                (sd, in) -> sd.nn()
                        .multiHeadDotProductAttention(in[0], in[1], in[2], in[3], in[4], in[5], in[6], null, true),
                in(2, 4, 3),
                in(2, 4, 3),
                in(2, 4, 3),
                in(2, 3, 4),
                in(2, 3, 4),
                in(2, 3, 4),
                in(6, 4));
    }

    private void grids() {
        for (boolean same : new boolean[] {false, true}) {
            String how = same ? ", same" : "";
            PaddingMode padding = same ? PaddingMode.SAME : PaddingMode.VALID;
            Conv2DConfig conv = Conv2DConfig.builder()
                    .kH(3)
                    .kW(2)
                    .sH(2)
                    .sW(1)
                    .pH(same ? 0 : 1)
                    .pW(0)
                    .paddingMode(padding)
                    .dataFormat("NCHW")
                    .build();
            add(
                    "conv2d" + how,
                    "conv2d",
                    (sd, in) -> sd.cnn().conv2d(in[0], in[1], in[2], conv),
                    in(2, 2, 5, 4),
                    in(3, 2, 2, 3),
                    in(3));
            Conv2DConfig last = Conv2DConfig.builder()
                    .kH(3)
                    .kW(2)
                    .sH(1)
                    .sW(2)
                    .paddingMode(padding)
                    .dataFormat("NHWC")
                    .build();
            add(
                    "conv2d, last" + how,
                    "conv2d",
                    (sd, in) -> sd.cnn().conv2d(in[0], in[1], last),
                    in(2, 5, 4, 2),
                    in(3, 2, 2, 3));
            Conv2DConfig dilated = Conv2DConfig.builder()
                    .kH(2)
                    .kW(2)
                    .dH(2)
                    .dW(2)
                    .paddingMode(padding)
                    .dataFormat("NCHW")
                    .build();
            add(
                    "conv2d, dilated" + how,
                    "conv2d",
                    (sd, in) -> sd.cnn().conv2d(in[0], in[1], dilated),
                    in(1, 2, 5, 5),
                    in(2, 2, 2, 3));
            add(
                    "depthwise_conv2d" + how,
                    "depthwise_conv2d",
                    (sd, in) -> sd.cnn().depthWiseConv2d(in[0], in[1], in[2], conv),
                    in(2, 2, 5, 4),
                    in(3, 2, 2, 2),
                    in(4));
            add(
                    "sconv2d" + how,
                    "sconv2d",
                    (sd, in) -> sd.cnn().separableConv2d(in[0], in[1], in[2], conv),
                    in(1, 2, 5, 4),
                    in(3, 2, 2, 2),
                    in(1, 1, 4, 3));
            Conv1DConfig conv1 = Conv1DConfig.builder()
                    .k(3)
                    .s(1)
                    .p(same ? 0 : 1)
                    .paddingMode(padding)
                    .dataFormat("NCW")
                    .build();
            add(
                    "conv1d" + how,
                    "conv1d",
                    (sd, in) -> sd.cnn().conv1d(in[0], in[1], in[2], conv1),
                    in(2, 2, 6),
                    in(3, 2, 3),
                    in(3));
            Conv3DConfig conv3 = Conv3DConfig.builder()
                    .kD(2)
                    .kH(2)
                    .kW(2)
                    .paddingMode(padding)
                    .dataFormat("NCDHW")
                    .build();
            add(
                    "conv3dnew" + how,
                    "conv3dnew",
                    (sd, in) -> sd.cnn().conv3d(in[0], in[1], in[2], conv3),
                    in(1, 2, 3, 3, 3),
                    in(2, 2, 2, 2, 3),
                    in(3));
            DeConv2DConfig deconv = DeConv2DConfig.builder()
                    .kH(2)
                    .kW(2)
                    .sH(2)
                    .sW(2)
                    .isSameMode(same)
                    .dataFormat("NCHW")
                    .build();
            add(
                    "deconv2d" + how,
                    "deconv2d",
                    (sd, in) -> sd.cnn().deconv2d(in[0], in[1], in[2], deconv),
                    in(2, 2, 3, 3),
                    in(2, 2, 3, 2),
                    in(3));
            Pooling2DConfig pool = Pooling2DConfig.builder()
                    .kH(2)
                    .kW(2)
                    .sH(2)
                    .sW(1)
                    .paddingMode(padding)
                    .isNHWC(false)
                    .build();
            add("maxpool2d" + how, "maxpool2d", (sd, in) -> sd.cnn().maxPooling2d(in[0], pool), in(2, 2, 5, 4));
            add("avgpool2d" + how, "avgpool2d", (sd, in) -> sd.cnn().avgPooling2d(in[0], pool), in(2, 2, 5, 4));
            Pooling2DConfig poolLast = Pooling2DConfig.builder()
                    .kH(2)
                    .kW(2)
                    .sH(2)
                    .sW(1)
                    .paddingMode(padding)
                    .isNHWC(true)
                    .build();
            add(
                    "maxpool2d, last" + how,
                    "maxpool2d",
                    (sd, in) -> sd.cnn().maxPooling2d(in[0], poolLast),
                    in(2, 5, 4, 2));
            add(
                    "avgpool2d, last" + how,
                    "avgpool2d",
                    (sd, in) -> sd.cnn().avgPooling2d(in[0], poolLast),
                    in(2, 5, 4, 2));
            Pooling3DConfig pool3 = Pooling3DConfig.builder()
                    .kD(2)
                    .kH(2)
                    .kW(2)
                    .sD(1)
                    .sH(1)
                    .sW(1)
                    .isSameMode(same)
                    .isNCDHW(true)
                    .build();
            add(
                    "maxpool3dnew" + how,
                    "maxpool3dnew",
                    (sd, in) -> sd.cnn().maxPooling3d(in[0], pool3),
                    in(1, 2, 3, 3, 3));
            add(
                    "avgpool3dnew" + how,
                    "avgpool3dnew",
                    (sd, in) -> sd.cnn().avgPooling3d(in[0], pool3),
                    in(1, 2, 3, 3, 3));
        }
        Pooling2DConfig padded = Pooling2DConfig.builder()
                .kH(3)
                .kW(3)
                .sH(2)
                .sW(2)
                .pH(1)
                .pW(1)
                .isNHWC(false)
                .build();
        add("maxpool2d, padded", "maxpool2d", (sd, in) -> sd.cnn().maxPooling2d(in[0], padded), in(1, 2, 5, 5));
        add("avgpool2d, padded", "avgpool2d", (sd, in) -> sd.cnn().avgPooling2d(in[0], padded), in(1, 2, 5, 5));
        add(
                "max_pool_with_argmax",
                "max_pool_with_argmax",
                (sd, in) -> sd.cnn().maxPoolWithArgmax(in[0], padded)[0],
                in(1, 2, 5, 5));
        Conv2DConfig columns = Conv2DConfig.builder().kH(2).kW(2).sH(1).sW(1).build();
        add("im2col", "im2col", (sd, in) -> sd.cnn().im2Col(in[0], columns), in(1, 2, 4, 4));
        add(
                "lrn",
                "lrn",
                (sd, in) -> sd.cnn()
                        .localResponseNormalization(
                                in[0],
                                LocalResponseNormalizationConfig.builder()
                                        .alpha(0.5)
                                        .beta(0.75)
                                        .bias(1)
                                        .depth(1)
                                        .build()),
                in(1, 2, 2, 4));
        add("upsampling2d", "upsampling2d", (sd, in) -> sd.cnn().upsampling2d(in[0], 2), in(1, 2, 3, 3));
        add(
                "upsampling2d, last",
                "upsampling2d",
                (sd, in) -> sd.cnn().upsampling2d(in[0], 2, 3, false),
                in(1, 3, 3, 2));
        add("upsampling3d", "upsampling3d", (sd, in) -> sd.cnn().upsampling3d(in[0], true, 2, 2, 2), in(1, 2, 2, 2, 2));
        add(
                "image_resize",
                "image_resize",
                (sd, in) -> sd.image()
                        .imageResize(in[0], sd.constant(Nd4j.createFromArray(6, 6)), ImageResizeMethod.ResizeBilinear),
                in(1, 3, 3, 2));
        add(
                "resize_bilinear",
                "resize_bilinear",
                (sd, in) -> sd.image().resizeBiLinear(in[0], 6, 6, false, false),
                in(1, 3, 3, 2));
        add("rgb_to_yuv", "rgb_to_yuv", (sd, in) -> sd.image().rgbToYuv(in[0]), in(0.1, 0.9, 2, 2, 3));
        add(
                "adjust_contrast",
                "adjust_contrast_v2",
                (sd, in) -> sd.image().adjustContrast(in[0], 1.5),
                in(0.1, 0.9, 2, 2, 3));
    }

    private void recurrent() {
        add(
                "gru",
                "gru",
                (sd, in) -> sd.rnn().gru(in[0], in[1], in[2], in[3], in[4]),
                in(3, 2, 4),
                in(2, 3),
                in(-0.5, 0.5, 4, 9),
                in(-0.5, 0.5, 3, 9),
                in(-0.5, 0.5, 9));
        for (LSTMDirectionMode mode :
                new LSTMDirectionMode[] {LSTMDirectionMode.FWD, LSTMDirectionMode.BWD, LSTMDirectionMode.BIDIR_CONCAT
                }) {
            LSTMLayerConfig config = LSTMLayerConfig.builder()
                    .lstmdataformat(LSTMDataFormat.NTS)
                    .directionMode(mode)
                    .gateAct(LSTMActivations.SIGMOID)
                    .cellAct(LSTMActivations.TANH)
                    .outAct(LSTMActivations.TANH)
                    .retFullSequence(true)
                    .retLastC(false)
                    .retLastH(false)
                    .build();
            boolean both = mode == LSTMDirectionMode.BIDIR_CONCAT;
            add(
                    "lstmLayer " + mode,
                    "lstmLayer",
                    (sd, in) -> sd.rnn()
                            .lstmLayer(
                                    in[0],
                                    LSTMLayerWeights.builder()
                                            .weights(in[1])
                                            .rWeights(in[2])
                                            .bias(in[3])
                                            .build(),
                                    config)[0],
                    in(2, 3, 4),
                    both ? in(-0.5, 0.5, 2, 4, 12) : in(-0.5, 0.5, 4, 12),
                    both ? in(-0.5, 0.5, 2, 3, 12) : in(-0.5, 0.5, 3, 12),
                    both ? in(-0.5, 0.5, 2, 12) : in(-0.5, 0.5, 12));
        }
    }

    private void others() {
        add("clipbynorm", "clipbynorm", (sd, in) -> sd.math().clipByNorm(in[0], 1.5, 1), in(3, 4));
        add("cross", "cross", (sd, in) -> sd.math().cross(in[0], in[1]), in(2, 3), in(2, 3));
        add("matrix_inverse", "matrix_inverse", (sd, in) -> sd.math().matrixInverse(in[0]), in(3, 3));
        add("matrix_determinant", "matrix_determinant", (sd, in) -> sd.math().matrixDeterminant(in[0]), in(3, 3));
        add("triu", "triu", (sd, in) -> sd.linalg().triu(in[0], 0), in(3, 3));
        add("l2 loss", "l2_loss", (sd, in) -> sd.loss().l2Loss(in[0]), in(2, 3));
    }
}
