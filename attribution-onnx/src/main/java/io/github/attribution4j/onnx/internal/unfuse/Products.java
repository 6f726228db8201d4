// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** Convolutions, matrix products and sums, with what was joined to them: scales, transposes, functions. */
final class Products {
    private static final double ROOT_TWO = Math.sqrt(2);
    private static final double CUBE = 0.044715;
    private static final double SLOPE = Math.sqrt(2 / Math.PI);
    private static final double QUICK = 1.702;
    private static final double HARD = 1.0 / 6;
    private static final double LEAK = 0.01;
    private static final double HARD_SIGMOID = 0.2;

    /** Which attributes of a function the numbers of a joined one are, in their order. */
    private static final Map<String, List<String>> NUMBERS = Map.of(
            "LeakyRelu", List.of("alpha"),
            "Elu", List.of("alpha"),
            "Celu", List.of("alpha"),
            "ThresholdedRelu", List.of("alpha"),
            "HardSigmoid", List.of("alpha", "beta"),
            "Selu", List.of("alpha", "gamma"));

    private Products() {}

    static void addTo(Map<String, Unfusing> table) {
        table.put("FusedConv", Products::conv);
        table.put("NhwcConv", f -> channelsLast(f, "Conv", true));
        table.put("NhwcFusedConv", f -> channelsLast(f, "Conv", false));
        table.put("NhwcMaxPool", f -> channelsLast(f, "MaxPool", false));
        table.put("FusedGemm", Products::gemm);
        table.put("FusedMatMul", f -> f.give(0, product(f)));
        table.put("TransposeMatMul", f -> f.give(0, product(f)));
        table.put("FusedMatMulActivation", f -> f.give(0, function(f, f.text("activation"), product(f))));
        table.put("Gelu", f -> f.give(0, gelu(f, f.x(0))));
        table.put("BiasGelu", f -> f.give(0, gelu(f, biased(f, f.x(0), f.x(1)))));
        table.put("FastGelu", f -> f.give(0, fastGelu(f, biased(f, f.x(0), f.x(1)))));
        table.put("GemmFastGelu", f -> f.give(0, fastGelu(f, biased(f, f.op("MatMul", f.x(0), f.x(1)), f.x(2)))));
        table.put(
                "QuickGelu",
                f -> f.give(0, f.op("Mul", f.x(0), f.op("Sigmoid", f.times(f.x(0), f.real("alpha", QUICK))))));
        table.put("BiasSplitGelu", Products::splitGelu);
        table.put("BiasAdd", f -> f.give(0, f.op("Add", f.op("Add", f.x(0), f.x(1)), f.x(2))));
        table.put("BiasSoftmax", Products::softmax);
    }

    /** A sum with a bias, which may be left out. It belongs to the module of the first term. */
    static String biased(Fused f, String value, String bias) {
        return bias.isEmpty() ? value : f.before(Fused.beside(value, "Add"), "Add", List.of(), value, bias);
    }

    private static String gelu(Fused f, String x) {
        String error = f.op("Erf", f.op("Div", x, f.number(ROOT_TWO)));
        return f.times(f.op("Mul", x, f.op("Add", error, f.number(1))), 0.5);
    }

    private static String fastGelu(Fused f, String x) {
        String inner = f.op("Add", x, f.times(f.op("Pow", x, f.number(3)), CUBE));
        String tanh = f.op("Tanh", f.times(inner, SLOPE));
        return f.op("Mul", f.times(x, 0.5), f.op("Add", tanh, f.number(1)));
    }

    private static void splitGelu(Fused f) {
        List<String> halves = f.ops(
                "Split",
                2,
                Fused.with(Attribute.of("axis", -1), Attribute.of("num_outputs", 2)),
                biased(f, f.x(0), f.x(1)));
        f.give(0, f.op("Mul", halves.get(0), gelu(f, halves.get(1))));
    }

    /** Everything from an axis on is one distribution. */
    private static void softmax(Fused f) {
        String sum = f.op("Add", f.x(0), f.x(1));
        long axis = f.integer("axis", 1);
        if (axis == -1) {
            f.give(0, f.op("Softmax", Fused.with(Attribute.of("axis", -1)), sum));
            return;
        }
        String flat = f.op("Flatten", Fused.with(Attribute.of("axis", axis)), sum);
        String soft = f.op("Softmax", Fused.with(Attribute.of("axis", -1)), flat);
        f.give(0, f.op("Reshape", soft, f.op("Shape", sum)));
    }

    private static void conv(Fused f) {
        List<Attribute> settings = f.attributes("auto_pad", "dilations", "group", "kernel_shape", "pads", "strides");
        String y = f.before(f.name(), "Conv", settings, f.x(0), f.x(1), f.x(2));
        if (f.has(3)) {
            f.place(f.name(), f.output());
            y = f.op("Add", y, f.x(3));
            f.place(f.output(), "");
        }
        f.give(0, function(f, f.text("activation"), y));
    }

    /**
     * An operator on images whose channels are their last axis.
     *
     * @param weights whether the weights are in that order too
     */
    private static void channelsLast(Fused f, String type, boolean weights) {
        List<Attribute> settings =
                f.attributes("auto_pad", "ceil_mode", "dilations", "group", "kernel_shape", "pads", "strides");
        long[] kernel = f.integers("kernel_shape");
        int rank = kernel.length > 0 ? kernel.length + 2 : f.knownRank(f.x(1));
        long[] first = new long[rank];
        long[] last = new long[rank];
        for (int i = 0; i < rank; i++) {
            first[i] = i == 0 ? 0 : i == 1 ? rank - 1 : i - 1;
            last[i] = i == 0 ? 0 : i == rank - 1 ? 1 : i + 1;
        }
        List<String> inputs = new ArrayList<>(List.of(f.transposed(f.x(0), first)));
        if (type.equals("Conv")) {
            inputs.add(weights ? f.transposed(f.x(1), first) : f.x(1));
            inputs.add(f.x(2));
        }
        String y = f.transposed(f.op(type, settings, inputs.toArray(new String[0])), last);
        y = f.has(3) ? f.op("Add", y, f.x(3)) : y;
        f.give(0, function(f, f.text("activation"), y));
    }

    private static void gemm(Fused f) {
        String name = f.name().replaceFirst("^fused ", "");
        List<Attribute> settings = f.attributes("alpha", "beta", "transA", "transB");
        f.give(0, function(f, f.text("activation"), f.before(name, "Gemm", settings, f.x(0), f.x(1), f.x(2))));
    }

    private static String product(Fused f) {
        String a = turned(f, f.x(0), f.integer("transA", 0) != 0, f.integer("transBatchA", 0) != 0);
        String b = turned(f, f.x(1), f.integer("transB", 0) != 0, f.integer("transBatchB", 0) != 0);
        String name = f.name().replaceFirst("(/Mat[mM]ul\\w+Fusion)?/?$", "");
        return f.times(f.before(name, "MatMul", List.of(), a, b), f.real("alpha", 1));
    }

    /** A factor with its last two axes exchanged, after its first one went before the last. */
    private static String turned(Fused f, String x, boolean last, boolean batch) {
        int rank = f.rank(x);
        if ((!last && !batch) || rank == 1) {
            return x;
        }
        if (rank < 0 && !batch) {
            return f.op("Einsum", Fused.with(Attribute.of("equation", "...ij->...ji")), x);
        }
        int axes = f.knownRank(x);
        long[] order = LongStream.range(0, axes).toArray();
        if (batch) {
            System.arraycopy(order, 1, order, 0, axes - 2);
            order[axes - 2] = 0;
        }
        if (last) {
            long before = order[axes - 2];
            order[axes - 2] = order[axes - 1];
            order[axes - 1] = before;
        }
        return f.transposed(x, order);
    }

    /** A function that was joined to the node before it; none has no name. */
    static String function(Fused f, String name, String x) {
        float[] numbers = f.reals("activation_params");
        switch (name) {
            case "" -> {
                return x;
            }
            case "Clip" -> {
                double low = numbers.length > 0 ? numbers[0] : f.real("activation_alpha", -Float.MAX_VALUE);
                double high = numbers.length > 1 ? numbers[1] : f.real("activation_beta", Float.MAX_VALUE);
                return f.op("Clip", x, f.number(low), f.number(high));
            }
            case "HardSwish" -> {
                return f.op("Mul", x, f.op("HardSigmoid", settings(f, "HardSigmoid", HARD), x));
            }
            case "Softmax", "LogSoftmax" -> {
                return f.op(name, Fused.with(Attribute.of("axis", f.integer("activation_axis", -1))), x);
            }
            case "Relu", "Sigmoid", "Tanh", "Softplus", "Softsign" -> {
                return f.op(name, x);
            }
            default -> {
                if (!NUMBERS.containsKey(name)) {
                    throw f.refuse("its function '" + name + "' is not known; save the model at level BASIC");
                }
                return f.op(name, settings(f, name, name.equals("HardSigmoid") ? HARD_SIGMOID : LEAK), x);
            }
        }
    }

    private static List<Attribute> settings(Fused f, String name, double alpha) {
        float[] numbers = f.reals("activation_params");
        List<String> wanted = NUMBERS.getOrDefault(name, List.of());
        List<Attribute> found = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            String other = "activation_" + wanted.get(i);
            if (i < numbers.length) {
                found.add(Attribute.of(wanted.get(i), numbers[i]));
            } else if (f.set(other)) {
                found.add(Attribute.of(wanted.get(i), (float) f.real(other, 0)));
            } else if (name.equals("HardSigmoid") && i == 0) {
                found.add(Attribute.of(wanted.get(i), (float) alpha));
            }
        }
        return found;
    }
}
