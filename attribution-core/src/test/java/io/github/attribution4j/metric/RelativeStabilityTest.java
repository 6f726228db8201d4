// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Relative stabilities, and the continuity of {@link Sensitivity}. */
class RelativeStabilityTest {
    private static final int FEATURES = 6;
    private static final int COPIES = 4;
    private static final LayeredModel MODEL = ReferenceModels.classifier(DataType.FLOAT64, 1, FEATURES, 8, 3);
    private static final Target TARGET = Target.index(1);
    private static final Attribution<DifferentiableModel> METHOD = new InputXGradient();
    /** Copy k is (1 + (k + 1) / 10) times the example, and another 0.05 k more. */
    private static final Perturbation STRETCHED = (rows, input, examples, samples, run) -> {
        double[] factors =
                Arrays.stream(samples).mapToDouble(k -> 1 + (k + 1) / 10.0).toArray();
        double[] added = Arrays.stream(samples).mapToDouble(k -> 0.05 * k).toArray();
        return rows.mul(Tensors.ofJava().of(factors, samples.length, 1))
                .add(Tensors.ofJava().of(added, samples.length, 1));
    };

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Tensor rows(int examples) {
        return ReferenceModels.normal(DataType.FLOAT64, 2, examples, FEATURES);
    }

    private static double[] explained(double[] row) {
        try (Explanation explanation =
                METHOD.attribute(MODEL, Inputs.of(Tensors.ofJava().of(row, 1, FEATURES)), TARGET)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static double[] output(double[] row) {
        return MODEL.forward(Inputs.of(Tensors.ofJava().of(row, 1, FEATURES))).toDoubleArray();
    }

    private static double[] activation(String layer, double[] row) {
        return MODEL.cut(layer)
                .activations(Inputs.of(Tensors.ofJava().of(row, 1, FEATURES)))
                .get(0)
                .toDoubleArray();
    }

    private static double distance(double[] from, double[] to, boolean relative) {
        double squares = 0;
        for (int i = 0; i < from.length; i++) {
            double change = from[i] - to[i];
            squares += Math.pow(relative ? change / (from[i] == 0 ? 1e-6 : from[i]) : change, 2);
        }
        return Math.sqrt(squares);
    }

    private static int top(double[] outputs) {
        int top = 0;
        for (int i = 1; i < outputs.length; i++) {
            top = outputs[i] > outputs[top] ? i : top;
        }
        return top;
    }

    @ParameterizedTest
    @ValueSource(strings = {"input", "output", "act1", "fc2", "continuity"})
    void the_score_is_that_of_the_paper_copy_by_copy(String compared) {
        Tensor x = rows(5);
        Metric metric = switch (compared) {
            case "input" -> RelativeStability.input().samples(COPIES).perturbation(STRETCHED);
            case "output" -> RelativeStability.output().samples(COPIES).perturbation(STRETCHED);
            case "continuity" -> Sensitivity.continuity().samples(COPIES).perturbation(STRETCHED);
            default ->
                RelativeStability.representation(compared).samples(COPIES).perturbation(STRETCHED);
        };
        double[] judged = metric.judge(MODEL, Inputs.of(x), TARGET, METHOD, Run.defaults())
                .scores();
        int left = 0;
        for (int example = 0; example < 5; example++) {
            double[] row = x.rows(example, example + 1).toDoubleArray();
            double worst = 0;
            for (int k = 0; k < COPIES; k++) {
                double[] copy = new double[FEATURES];
                for (int i = 0; i < FEATURES; i++) {
                    copy[i] = row[i] * (1 + (k + 1) / 10.0) + 0.05 * k;
                }
                if (compared.equals("continuity")) {
                    double[] before = explained(row);
                    double[] after = explained(copy);
                    double sum = 0;
                    for (int i = 0; i < FEATURES; i++) {
                        sum += Math.abs(before[i] - after[i]);
                    }
                    worst = Math.max(worst, sum / distance(row, copy, false));
                    left++;
                    continue;
                }
                if (top(output(row)) != top(output(copy))) {
                    continue;
                }
                left++;
                double size = switch (compared) {
                    case "input" -> distance(row, copy, true);
                    case "output" -> distance(output(row), output(copy), false);
                    default -> distance(activation(compared, row), activation(compared, copy), true);
                };
                worst = Math.max(worst, distance(explained(row), explained(copy), true) / Math.max(size, 1e-6));
            }
            assertThat(judged[example]).isCloseTo(worst, within(1e-9 * Math.max(1, worst)));
        }
        assertThat(left).isGreaterThan(10);
    }

    @Test
    void copies_are_rows_of_their_examples() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor copies = ReferenceModels.normal(DataType.FLOAT64, 7, 6, 3);
            RowsContract.check(new RelativeStability.CopyRows(List.of(copies), 4, 2));
        }
    }

    @Test
    void the_layer_is_the_last_but_one_unless_named() {
        RelativeStability named = RelativeStability.representation("fc2");
        assertThat(MODEL.cutPoints().get(MODEL.cutPoints().size() - 2)).hasToString("fc2");
        assertThat(score(RelativeStability.representation(), METHOD)).containsExactly(score(named, METHOD));
        assertThat(score(RelativeStability.representation("fc1"), METHOD)).isNotEqualTo(score(named, METHOD));
        assertThatThrownBy(() -> score(RelativeStability.representation("nowhere"), METHOD))
                .hasMessageContaining("layer 'nowhere' does not exist");
    }

    private static double[] score(RelativeStability metric, Attribution<? super LayeredModel> method) {
        return metric.judge(MODEL, Inputs.of(rows(4)), TARGET, method, Run.defaults())
                .scores();
    }

    @Test
    void what_never_changes_is_stable_and_scale_does_not_count() {
        for (RelativeStability metric : new RelativeStability[] {
            RelativeStability.input(), RelativeStability.output(), RelativeStability.representation()
        }) {
            // The gradient of a linear model is the same everywhere.
            LayeredModel linear = ReferenceModels.linear(DataType.FLOAT64, 3, FEATURES, 3);
            double[] stable = metric.judge(linear, Inputs.of(rows(3)), TARGET, new Saliency(), Run.defaults())
                    .scores();
            assertThat(stable).containsExactly(0, 0, 0);
            double[] once = score(metric, METHOD);
            Attribution<Model> ablation = new FeatureAblation();
            double[] one = metric.judge(MODEL, Inputs.of(rows(3)), Target.index(1), ablation, Run.defaults())
                    .scores();
            double[] seven = metric.judge(
                            MODEL,
                            Inputs.of(rows(3)),
                            Target.sum(
                                    Target.index(1),
                                    Target.index(1),
                                    Target.index(1),
                                    Target.index(1),
                                    Target.index(1),
                                    Target.index(1),
                                    Target.index(1)),
                            ablation,
                            Run.defaults())
                    .scores();
            for (int example = 0; example < 3; example++) {
                assertThat(seven[example]).isCloseTo(one[example], within(1e-6 * one[example]));
            }
            assertThat(Arrays.stream(once)).allMatch(value -> value > 0);
        }
    }

    @Test
    void copies_of_another_class_are_left_out() {
        // Class 1 while the feature is positive; every copy crosses over, or none does.
        Model sign = Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {0, row[0]}).toArray(double[][]::new));
        Perturbation back = (rows, input, examples, samples, run) -> rows.add(-1);
        RelativeStability metric = RelativeStability.input().perturbation(back);
        Tensor x = Tensors.ofJava().of(new double[] {0.5, 3}, 2, 1);
        Judgement judged = metric.judge(sign, Inputs.of(x), Target.index(1), new FeatureAblation(), Run.defaults());
        assertThat(judged.scores()[0]).isNaN();
        assertThat(judged.scores()[1]).isCloseTo(1, within(1e-12));
        assertThat(judged.mean()).isCloseTo(1, within(1e-12));
        assertThat(judged.notices()).anySatisfy(notice -> assertThat(notice).contains("have another class"));
    }

    @Test
    void a_model_without_layers_is_refused_by_representations_alone() {
        Model flat = Model.of(rows -> new double[rows.length][2]);
        Inputs inputs = Inputs.of(rows(2));
        assertThatThrownBy(() -> RelativeStability.representation()
                        .judge(flat, inputs, TARGET, new FeatureAblation(), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("compares activations of a layer, and this model shows none")
                .hasMessageContaining("use relative-input-stability or relative-output-stability");
        assertThat(RelativeStability.output()
                        .judge(flat, inputs, TARGET, new FeatureAblation(), Run.defaults())
                        .scores())
                .containsExactly(0, 0);
    }
}
