// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Replays golden cases on a model, within the tolerance of the manifest ({@code golden/README.md}).
 *
 * <p>Methods run unchanged. Those that draw take their random bits from the recording ({@link RecordedDraws}), so that
 * their use of random bits is tested too. If a sampling method is compared with its limit, the difference must be
 * within the method's standard errors, and those must be small. Layer cases are {@code method.at(layer)}, units
 * {@code method.towards(layer, unit)}, baselines of the inputs {@code throughHead()}.
 */
public final class GoldenReplay {
    /**
     * The most standard errors by which an estimate may miss its limit: once in a million for a normal distribution.
     */
    private static final double STANDARD_ERRORS = 5;

    /** Cases that cannot be requested from the library, each with the reason. No other case is left out. */
    private static final Map<String, String> NOT_EXPRESSED = Map.of(
            "kernel-shap-constrained",
            "a regression with equal weights over coalitions of the caller's choice; the library draws its own, by"
                    + " leverage or as Captum does");

    private GoldenReplay() {}

    /** Returns the cases that can be requested from the library. */
    public static List<GoldenCase> cases(GoldenData.Entry entry) {
        return entry.cases().stream()
                .filter(given -> !NOT_EXPRESSED.containsKey(given.id()))
                .toList();
    }

    /**
     * Makes the request of the case and compares all expected results. Fails if one differs by more than its tolerance,
     * or if tensors remain open.
     *
     * @return the largest difference, in tolerances
     */
    public static double replay(GoldenModel<?> model, GoldenCase given) {
        long live = Lifetime.count();
        double worst = 0;
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> actual = given.compare().equals("limit") ? Map.of() : compute(model, given);
            for (GoldenCase.Expected expected : given.expected()) {
                if (expected.name().equals("delta") && !actual.containsKey("delta")) {
                    // Captum compares a sum of gradients with a difference of scores; here no gap is claimed.
                    assertThat(given.options().flag("multiply-by-inputs", true)).isFalse();
                } else if (given.compare().equals("limit")) {
                    worst = Math.max(worst, compareWithLimit(model, given, expected));
                } else {
                    worst = Math.max(
                            worst,
                            compare(
                                    model,
                                    given,
                                    expected,
                                    Objects.requireNonNull(actual.get(expected.name()), expected.name())));
                }
            }
        }
        assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
        return worst;
    }

    private static Map<String, Tensor> compute(GoldenModel<?> model, GoldenCase given) {
        return switch (given.method()) {
            case "output" -> Map.of("output", model.model().forward(model.inputs()));
            case "pullback" -> pullback(model, given);
            case "grad-cam" ->
                given.options().flag("sum-channels", true) ? explain(model, given) : gradCamOfChannels(model, given);
            default -> explain(model, given);
        };
    }

    private static Map<String, Tensor> pullback(GoldenModel<?> model, GoldenCase given) {
        try (Pullback pullback = model.model().pullback(model.inputs())) {
            return named("gradient_", pullback.vjp(model.onDevice(given.given("cotangent"))));
        }
    }

    private static Map<String, Tensor> named(String prefix, List<Tensor> tensors) {
        Map<String, Tensor> named = new LinkedHashMap<>();
        for (Tensor tensor : tensors) {
            named.put(prefix + named.size(), tensor);
        }
        return named;
    }

    private static Map<String, Tensor> explain(GoldenModel<?> model, GoldenCase given) {
        Requests requests = new Requests(model, given);
        Explanation explanation =
                requests.method().attribute(model.model(), model.inputs(), requests.target(), requests.run());
        try (explanation) {
            List<Tensor> copies =
                    explanation.attributions().stream().map(Tensor::alias).toList();
            Map<String, Tensor> actual = named("attribution_", copies);
            if (given.expects("delta") && given.options().flag("multiply-by-inputs", true)) {
                double[] gap = given.options().has("gap") || given.id().endsWith("bypassed")
                        ? gapOfModel(model, requests, explanation)
                        : explanation.completenessGap();
                actual.put("delta", Tensors.ofJava().of(gap, gap.length));
            }
            if (given.target().has("resolved")) {
                assertThat(explanation.provenance().target())
                        .isEqualTo(
                                Target.indexes(GoldenCase.longs(given.target().get("resolved")))
                                        .describe());
            }
            return actual;
        }
    }

    /**
     * The gap as Captum measures it at a layer: with the score of the model at its inputs and at the baseline of its
     * inputs. The gap of the explanation is that of the tail, in which what bypasses the layer is as for the inputs.
     * Both are equal if nothing bypasses the layer.
     */
    private static double[] gapOfModel(GoldenModel<?> model, Requests requests, Explanation explanation) {
        Inputs inputs = model.inputs();
        long[] all = {0, 1, 2};
        List<Tensor> references = new ArrayList<>();
        for (Tensor reference : requests.unlifted().references(inputs, requests.run())) {
            references.add(reference.broadcast(reference.shape().withRows(inputs.rows())));
        }
        Tensor atBaseline = model.model().forward(inputs.withAttributed(references));
        double[] baselineScores = requests.target().score(atBaseline, all).toDoubleArray();
        double[] scores =
                requests.target().score(model.model().forward(inputs), all).toDoubleArray();
        double[] gap = new double[scores.length];
        for (Tensor attribution : explanation.attributions()) {
            double[] values = attribution.toDoubleArray();
            for (int i = 0; i < values.length; i++) {
                gap[i / (values.length / gap.length)] += values[i];
            }
        }
        for (int example = 0; example < gap.length; example++) {
            gap[example] -= scores[example] - baselineScores[example];
        }
        return gap;
    }

    /**
     * Captum can return channels separately, which GradCam here does not: gradients averaged over positions, times
     * activations.
     */
    private static Map<String, Tensor> gradCamOfChannels(GoldenModel<?> model, GoldenCase given) {
        Cut cut = model.model().cut(given.layer());
        Target target = new Requests(model, given).target();
        try (Explanation gradients =
                Saliency.signed().at(given.layer()).attribute(model.model(), model.inputs(), target)) {
            Tensor gradient = gradients.attribution();
            Shape weights = gradient.shape().with(2, 1).with(3, 1);
            Tensor activation = cut.head().forward(model.inputs());
            return Map.of("attribution_0", gradient.mean(2, 3).reshape(weights).mul(activation));
        }
    }

    private static double compare(GoldenModel<?> model, GoldenCase given, GoldenCase.Expected expected, Tensor actual) {
        Tensor wanted = model.array(expected.array());
        if (given.method().endsWith("gradient-shap") && expected.name().equals("delta")) {
            // Captum gives a gap for each sample; the explanation has their mean.
            wanted = wanted.reshape(model.inputs().rows(), given.options().integer("samples"))
                    .mean(1);
        }
        assertThat(actual.shape()).as(expected.name()).isEqualTo(wanted.shape());
        double[] values = wanted.toDoubleArray();
        double scale = expected.scale()
                .orElse(Arrays.stream(values).map(Math::abs).max().orElseThrow());
        double difference = difference(actual.toDoubleArray(), values) / scale;
        assertThat(difference)
                .as("%s: largest difference, relative to %s", expected.name(), scale)
                .isLessThanOrEqualTo(expected.relative());
        return difference / expected.relative();
    }

    private static double difference(double[] actual, double[] wanted) {
        double largest = 0;
        for (int i = 0; i < wanted.length; i++) {
            double difference = Math.abs(actual[i] - wanted[i]);
            largest = Double.isNaN(difference) ? Double.POSITIVE_INFINITY : Math.max(largest, difference);
        }
        return largest;
    }

    private static double compareWithLimit(GoldenModel<?> model, GoldenCase given, GoldenCase.Expected expected) {
        Requests requests = new Requests(model, given);
        try (Explanation explanation =
                requests.method().attribute(model.model(), model.inputs(), requests.target(), requests.run())) {
            double[] wanted = model.array(expected.array()).toDoubleArray();
            double[] actual = explanation.attribution().toDoubleArray();
            double[] errors = explanation.standardError().toDoubleArray();
            double scale = Arrays.stream(wanted).map(Math::abs).max().orElseThrow();
            double worst = 0;
            for (int i = 0; i < wanted.length; i++) {
                // Groups that interact with no other have no error but rounding.
                double allowed = STANDARD_ERRORS * errors[i] + expected.relative() * scale;
                worst = Math.max(worst, Math.abs(actual[i] - wanted[i]) / allowed);
                assertThat(errors[i]).as("standard error").isLessThan(scale / 20);
            }
            assertThat(worst).as("difference, in what is allowed").isLessThanOrEqualTo(1);
            return worst;
        }
    }
}
