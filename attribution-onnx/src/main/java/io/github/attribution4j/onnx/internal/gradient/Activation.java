// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A function within a recurrent layer, and its slope.
 *
 * @param name as the operators of such layers call it
 * @param alpha its first number, if it has one
 * @param beta its second number, if it has one
 */
record Activation(String name, double alpha, double beta) {
    /** The numbers that a function has if none are said. */
    private static final Map<String, double[]> USUAL = Map.of(
            "Affine", new double[] {1, 0},
            "Elu", new double[] {1},
            "HardSigmoid", new double[] {0.2, 0.5},
            "LeakyRelu", new double[] {0.01},
            "ScaledTanh", new double[] {1, 1},
            "ThresholdedRelu", new double[] {1});

    /**
     * Reads the functions of a layer.
     *
     * @param gates how many gates a layer of this kind has
     * @param directions how many there are
     */
    static List<Activation> of(Step s, int gates, int directions) {
        List<String> usual = gates == 1
                ? List.of("Tanh")
                : List.of("Sigmoid", "Tanh", "Tanh").subList(0, gates - 1);
        Attribute said = s.node().attributes().get("activations");
        List<String> names = new ArrayList<>();
        for (int d = 0; d < directions; d++) {
            names.addAll(usual);
        }
        if (said != null) {
            names = said.texts();
        }
        float[] alphas = reals(s, "activation_alpha");
        float[] betas = reals(s, "activation_beta");
        int nextAlpha = 0;
        int nextBeta = 0;
        List<Activation> found = new ArrayList<>();
        for (String name : names) {
            double[] numbers = USUAL.getOrDefault(name, new double[0]);
            double alpha = numbers.length > 0 ? numbers[0] : 0;
            double beta = numbers.length > 1 ? numbers[1] : 0;
            if (numbers.length > 0 && nextAlpha < alphas.length) {
                alpha = alphas[nextAlpha++];
            }
            if (numbers.length > 1 && nextBeta < betas.length) {
                beta = betas[nextBeta++];
            }
            found.add(new Activation(name, alpha, beta));
        }
        return found;
    }

    private static float[] reals(Step s, String name) {
        Attribute attribute = s.node().attributes().get(name);
        return attribute == null ? new float[0] : attribute.reals();
    }

    /** Writes the function. */
    String of(Words w, String x) {
        return switch (name) {
            case "Sigmoid", "Tanh", "Relu", "Softsign", "Softplus" -> w.op(name, x);
            case "Elu", "LeakyRelu", "ThresholdedRelu" -> w.op(name, List.of(Attribute.of("alpha", (float) alpha)), x);
            case "HardSigmoid" ->
                w.op(name, List.of(Attribute.of("alpha", (float) alpha), Attribute.of("beta", (float) beta)), x);
            case "Affine" -> w.add(w.times(x, alpha), w.number(beta));
            case "ScaledTanh" -> w.times(w.op("Tanh", w.times(x, beta)), alpha);
            default -> throw w.refuse("its activation '" + name + "' is not known");
        };
    }

    /**
     * Writes the slope.
     *
     * @param x what the function was given
     * @param y what it gave
     */
    String slope(Words w, String x, String y) {
        String one = w.number(1);
        return switch (name) {
            case "Sigmoid" -> w.mul(y, w.sub(one, y));
            case "Tanh" -> w.sub(one, w.mul(y, y));
            case "Relu" -> w.mask(w.op("Greater", y, w.number(0)));
            case "LeakyRelu" -> w.where(w.op("Greater", x, w.number(0)), one, w.number(alpha));
            case "ThresholdedRelu" -> w.mask(w.op("Greater", x, w.number(alpha)));
            case "Elu" -> w.where(w.op("Greater", x, w.number(0)), one, w.add(y, w.number(alpha)));
            case "HardSigmoid" ->
                w.keep(w.op("And", w.op("Greater", y, w.number(0)), w.op("Less", y, one)), w.number(alpha));
            case "Softsign" -> {
                String wide = w.add(one, w.op("Abs", x));
                yield w.op("Reciprocal", w.mul(wide, wide));
            }
            case "Softplus" -> w.op("Sigmoid", x);
            case "Affine" -> w.expand(w.number(alpha), w.op("Shape", x));
            default -> {
                String tanh = w.op("Tanh", w.times(x, beta));
                yield w.times(w.sub(one, w.mul(tanh, tanh)), alpha * beta);
            }
        };
    }
}
