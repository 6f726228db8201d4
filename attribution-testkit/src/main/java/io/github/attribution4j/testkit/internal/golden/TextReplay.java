// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.text.TokenAttribution;
import java.util.List;
import java.util.Map;

/** Replays what Captum says about the tokens of text models: the cases of {@code golden/text}. */
public final class TextReplay {
    private static final double RELATIVE = 1e-4;

    private TextReplay() {}

    /**
     * Asks what a case asks and compares all that it expects.
     *
     * @param model the model
     * @param described its entry in {@code text.json}
     * @param golden the case
     * @param lookup the address of a lookup without a module
     */
    public static void check(LayeredModel model, JsonObject described, JsonObject golden, String lookup) {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = GoldenModel.arrays(GoldenData.text().resolve("arrays.npz"), model.tensors());
            String name = described.get("name").getAsString();
            Inputs inputs = inputs(described, golden, arrays);
            if (!golden.has("row")) {
                compare(
                        "output",
                        model.forward(inputs).toDoubleArray(),
                        array(arrays, name + ".output").toDoubleArray());
            }
            long[] classes = GoldenCase.longs(golden.get("target"));
            Target target = Target.indexes(classes);
            List<Tensor> expected = texts(golden.get("expected")).stream()
                    .map(key -> array(arrays, key))
                    .toList();
            if (!golden.has("layers")) {
                try (Explanation why =
                        TokenAttribution.of(method(golden, arrays)).attribute(model, inputs, target)) {
                    compare(
                            "ids",
                            why.attribution().toDoubleArray(),
                            expected.get(0).toDoubleArray());
                }
                return;
            }
            // Without an embedding module there is the place in the text where the table is read.
            boolean function = golden.get("layers").getAsJsonArray().isEmpty();
            List<String> layers = function ? List.of(lookup) : texts(golden.get("layers"));
            Attribution<LayeredModel> elements = TokenAttribution.of(method(golden, arrays))
                    .at(layers.toArray(String[]::new))
                    .reduction(TokenAttribution.Reduction.NONE);
            try (Explanation why = elements.attribute(model, inputs, target)) {
                assertThat(why.names()).isEqualTo(layers);
                for (int i = 0; i < expected.size(); i++) {
                    compare(
                            layers.get(i),
                            why.attributions().get(i).toDoubleArray(),
                            expected.get(i).toDoubleArray());
                }
                if (golden.has("delta")) {
                    double[] delta =
                            array(arrays, golden.get("delta").getAsString()).toDoubleArray();
                    for (int i = 0; i < delta.length; i++) {
                        assertThat(why.completenessGap()[i])
                                .isCloseTo(delta[i], org.assertj.core.api.Assertions.within(1e-4 * scale(expected)));
                    }
                }
            }
            if (function) {
                return;
            }
            checkSums(model, inputs, target, golden, arrays, layers, expected);
        }
    }

    /** The same in one call, with the places found rather than named, summed to tokens. */
    private static void checkSums(
            LayeredModel model,
            Inputs inputs,
            Target target,
            JsonObject golden,
            Map<String, Tensor> arrays,
            List<String> layers,
            List<Tensor> expected) {
        if (layers.get(0).endsWith("embeddings")
                && layers.size() == 1
                && !layers.get(0).endsWith("word_embeddings")) {
            return;
        }
        TokenAttribution<LayeredModel> byToken = TokenAttribution.of(method(golden, arrays));
        try (Explanation why = byToken.byEmbedding().attribute(model, inputs, target)) {
            for (String name : why.names()) {
                int i = layers.indexOf(name);
                assertThat(i).as(name).isNotNegative();
                Tensor values = expected.get(i);
                compare(
                        name,
                        why.attributions().get(why.names().indexOf(name)).toDoubleArray(),
                        values.sum(values.shape().rank() - 1).toDoubleArray());
            }
        }
        if (layers.size() == 3) {
            Tensor sum = expected.get(0);
            for (Tensor more : expected.subList(1, expected.size())) {
                sum = sum.add(more);
            }
            try (Explanation why = byToken.everyEmbedding().together().attribute(model, inputs, target)) {
                compare(
                        "together",
                        why.attribution().toDoubleArray(),
                        sum.sum(2).toDoubleArray());
                assertThat(why.attribution().shape())
                        .isEqualTo(Shape.of(sum.shape().dim(0), sum.shape().dim(1)));
            }
        }
    }

    private static Tensor array(Map<String, Tensor> arrays, String key) {
        Tensor array = arrays.get(key);
        if (array == null) {
            throw new IllegalArgumentException("no array '" + key + "'");
        }
        return array;
    }

    private static Inputs inputs(JsonObject described, JsonObject golden, Map<String, Tensor> arrays) {
        List<String> attributed = texts(golden.get("attributed"));
        String name = described.get("name").getAsString();
        Inputs inputs = Inputs.none();
        for (String input : texts(described.get("inputs"))) {
            Tensor tensor = array(arrays, name + "." + input);
            if (golden.has("row")) {
                long row = golden.get("row").getAsLong();
                tensor = tensor.rows(row, row + 1)
                        .slice(1, 0, golden.get("tokens").getAsLong());
            }
            inputs = inputs.with(new Inputs.Input(
                    input, tensor, attributed.contains(input) ? Inputs.Role.ATTRIBUTED : Inputs.Role.FIXED));
        }
        return inputs;
    }

    private static Attribution<? super DifferentiableModel> method(JsonObject golden, Map<String, Tensor> arrays) {
        String method = golden.get("method").getAsString();
        if (method.equals("input-x-gradient")) {
            return new InputXGradient();
        }
        Baseline reference = golden.has("references")
                ? Baseline.of(texts(golden.get("references")).stream()
                        .map(key -> array(arrays, key))
                        .toArray(Tensor[]::new))
                : Baseline.token(golden.get("token").getAsLong()).keeping(GoldenCase.longs(golden.get("keep")));
        return switch (method) {
            case "integrated-gradients" ->
                new IntegratedGradients().steps(golden.get("steps").getAsInt()).baseline(reference.throughHead());
            case "feature-ablation" -> new FeatureAblation().baseline(reference);
            case "shapley-values" -> new ShapleyValues().baseline(reference);
            default -> throw new IllegalStateException(method);
        };
    }

    private static List<String> texts(JsonElement array) {
        return array.getAsJsonArray().asList().stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    private static double scale(List<Tensor> tensors) {
        double largest = 0;
        for (Tensor tensor : tensors) {
            for (double value : tensor.toDoubleArray()) {
                largest = Math.max(largest, Math.abs(value));
            }
        }
        return largest;
    }

    private static void compare(String what, double[] actual, double[] expected) {
        assertThat(actual).as(what).hasSameSizeAs(expected);
        double scale = 1e-6;
        double gap = 0;
        for (int i = 0; i < expected.length; i++) {
            scale = Math.max(scale, Math.abs(expected[i]));
            gap = Math.max(gap, Math.abs(expected[i] - actual[i]));
        }
        assertThat(gap).as(what + ": furthest of " + scale).isLessThanOrEqualTo(RELATIVE * scale);
    }
}
