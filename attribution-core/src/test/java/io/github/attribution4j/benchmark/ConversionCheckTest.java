// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.benchmark.ConversionReport.Line;
import io.github.attribution4j.benchmark.ConversionReport.Part;
import io.github.attribution4j.benchmark.ConversionReport.Verdict;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class ConversionCheckTest {
    private static final ConversionCheck<RuledModel> CHECK = ConversionCheck.of();

    private TensorScope scope;
    private ParameterizedModel model;
    private Inputs inputs;

    @BeforeEach
    void make() {
        scope = TensorScope.open();
        model = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 5, 6, 4, 3);
        inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 4, 6, 5));
    }

    @AfterEach
    void close() {
        model.close();
        scope.close();
    }

    private static Model function(Function<double[], double[]> each) {
        return Model.of(rows -> Arrays.stream(rows).map(each).toArray(double[][]::new));
    }

    private ConversionReport compare(Model a, Model b) {
        return ConversionCheck.<Model>of().compare(a, inputs, b, inputs, Target.index(0), Run.defaults());
    }

    private static Line line(ConversionReport report, Part part, String name) {
        return report.lines().stream()
                .filter(line -> line.part() == part && line.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private ParameterizedModel changed(String weight, double factor) {
        return model.withParameters(Map.of(weight, model.weight(weight).mul(factor)));
    }

    @Test
    void a_copy_is_the_same_in_every_part() {
        try (ParameterizedModel copy = changed("fc2.weight", 1)) {
            ConversionReport report = ConversionCheck.of(
                            new IntegratedGradients().steps(8), new GradientShap().samples(3))
                    .within(0, 0)
                    .compare((RuledModel) model, inputs, (RuledModel) copy, inputs, Target.argmax(), Run.defaults());
            assertThat(report.isSame()).isTrue();
            assertThat(report.isComplete()).isTrue();
            assertThat(report.examples()).isEqualTo(6);
            assertThat(report.firstDifferentLayer()).isEmpty();
            assertThat(report.lines())
                    .extracting(Line::title)
                    .containsExactly(
                            "output",
                            "score",
                            "gradient input0",
                            "attribution integrated-gradients of input0",
                            "attribution gradient-shap of input0",
                            "layer fc1",
                            "layer act1",
                            "layer fc2",
                            "layer act2",
                            "layer fc3");
            assertThat(report.toString()).contains("6 examples").endsWith("all that was compared is the same\n");
        }
    }

    @Test
    void the_first_layer_that_differs_and_its_weight_are_named() {
        try (ParameterizedModel other = changed("fc2.bias", 1.5)) {
            ConversionReport report = CHECK.compare(
                    (RuledModel) model, inputs, (RuledModel) other, inputs, Target.argmax(), Run.defaults());
            assertThat(report.isSame()).isFalse();
            assertThat(report.firstDifferentLayer()).contains("fc2");
            assertThat(line(report, Part.LAYER, "act1").isSame()).isTrue();
            assertThat(report.notes()).anyMatch(note -> note.startsWith("weight fc2.bias differs: by at most"));
            assertThat(report.toString())
                    .contains("the first layer that differs: fc2")
                    .endsWith("the models differ\n");
            Line output = line(report, Part.OUTPUT, "");
            double[] a = model.forward(inputs).toDoubleArray();
            double[] b = other.forward(inputs).toDoubleArray();
            double most = 0;
            for (int i = 0; i < a.length; i++) {
                most = Math.max(most, Math.abs(a[i] - b[i]));
            }
            int at = (int) (output.place().get(0) * 3 + output.place().get(1));
            assertThat(output.difference()).isEqualTo(most).isEqualTo(Math.abs(a[at] - b[at]));
            assertThat(List.of(output.ofA(), output.ofB())).containsExactly(a[at], b[at]);
        }
    }

    /** Both run the same weights on different numbers, as where one file prepares its inputs and the other does not. */
    @Test
    void other_inputs_differ_from_the_first_layer_on_whose_weights_are_the_same() {
        Inputs scaled = Inputs.of(inputs.tensor(0).mul(0.5));
        ConversionReport report =
                CHECK.compare((RuledModel) model, inputs, (RuledModel) model, scaled, Target.argmax(), Run.defaults());
        assertThat(report.firstDifferentLayer()).contains("fc1");
        assertThat(report.notes())
                .anyMatch(note -> note.contains("the weights of fc1 that both files name are the same")
                        && note.contains("preparation of the inputs"));
    }

    @Test
    void the_tolerance_is_of_the_largest_element() {
        Model one = function(row -> new double[] {1000, 0});
        Model other = function(row -> new double[] {1000, 0.09});
        assertThat(compare(one, other).isSame()).isTrue();
        ConversionCheck<Model> strict = ConversionCheck.<Model>of().within(1e-5, 0);
        assertThat(strict.compare(one, inputs, other, inputs, Target.index(0), Run.defaults())
                        .isSame())
                .isFalse();
        assertThat(strict.within(1e-5, 0.1)
                        .compare(one, inputs, other, inputs, Target.index(0), Run.defaults())
                        .isSame())
                .isTrue();
        assertThatThrownBy(() -> strict.within(-1, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("neither may be negative");
        assertThatThrownBy(() -> strict.within(0, Double.NaN)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void what_conversions_do_to_outputs_is_recognized() {
        Function<double[], double[]> logits = row -> new double[] {row[0], 2 * row[1], row[2] - row[3]};
        Function<double[], double[]> softmax = row -> {
            double[] z = logits.apply(row);
            double sum = Arrays.stream(z).map(Math::exp).sum();
            return Arrays.stream(z).map(x -> Math.exp(x) / sum).toArray();
        };
        Model plain = function(logits);
        assertThat(compare(plain, function(softmax)).notes())
                .contains("the output of B is the softmax of that of A: B ends with one step more")
                .contains("the largest output is the same for every example");
        assertThat(compare(function(softmax), plain).notes())
                .contains("the output of A is the softmax of that of B: B ends with one step less");
        assertThat(compare(
                                plain,
                                function(row -> Arrays.stream(softmax.apply(row))
                                        .map(Math::log)
                                        .toArray()))
                        .notes())
                .contains("the output of B is the logarithm of the softmax of that of A: B ends with one step more");
        assertThat(compare(
                                plain,
                                function(row -> Arrays.stream(logits.apply(row))
                                        .map(x -> 1 / (1 + Math.exp(-x)))
                                        .toArray()))
                        .notes())
                .contains("the output of B is the sigmoid of that of A: B ends with one step more");
        assertThat(compare(plain, function(row -> {
                            double[] z = logits.apply(row);
                            return new double[] {z[2], z[0], z[1]};
                        }))
                        .notes())
                .contains("B has the outputs of A in another order, which is that of A's [2, 0, 1]");
        assertThat(compare(plain, function(row -> new double[] {row[4], row[0], row[1]}))
                        .notes())
                .noneMatch(note -> note.contains("order") || note.contains("step"));
        ConversionReport shapes = compare(plain, function(row -> Arrays.copyOf(logits.apply(row), 2)));
        assertThat(line(shapes, Part.OUTPUT, "").reason()).isEqualTo("shape (6, 3) in A, and (6, 2) in B");
        assertThat(shapes.isSame()).isFalse();
    }

    @Test
    void what_a_model_does_not_have_is_not_compared() {
        Model scores = function(row -> new double[] {row[0], row[1] * row[2]});
        ConversionReport report = ConversionCheck.<Model>of(new FeatureAblation())
                .compare(scores, inputs, scores, inputs, Target.index(1), Run.defaults());
        assertThat(report.isSame()).isTrue();
        assertThat(report.isComplete()).isFalse();
        assertThat(line(report, Part.GRADIENT, "").verdict()).isEqualTo(Verdict.NOT_COMPARED);
        assertThat(line(report, Part.ATTRIBUTION, "feature-ablation of input0").isSame())
                .isTrue();
        assertThat(report.toString())
                .contains("one of the models has no gradients")
                .endsWith("all that was compared is the same; not all could be compared\n");
    }

    @Test
    void no_numbers_are_the_same_only_as_no_numbers() {
        Line line = Line.of(Part.LAYER, "x", of(1, Double.NaN, 3), of(1, Double.NaN, 3), 1e-4, 0);
        assertThat(line.isSame()).isTrue();
        Line one = Line.of(Part.LAYER, "x", of(1, Double.NaN, 3), of(1, 2, 3), 1e-4, 0);
        assertThat(one.isDifferent()).isTrue();
        assertThat(one.beyond()).isEqualTo(1);
        assertThat(one.difference()).isNaN();
        assertThat(one.place()).containsExactly(1L);
        double inf = Double.POSITIVE_INFINITY;
        assertThat(Line.of(Part.LAYER, "x", of(1, inf), of(1, inf), 1e-4, 0).isSame())
                .isTrue();
        assertThat(Line.of(Part.LAYER, "x", of(1, inf), of(1, -inf), 1e-4, 0).isDifferent())
                .isTrue();
        assertThat(Line.of(Part.LAYER, "x", of(1, inf), of(1, 1e30), 1e-4, 0).isDifferent())
                .isTrue();
    }

    private static Tensor of(double... numbers) {
        return Tensors.ofJava().of(numbers, numbers.length);
    }

    /** The classes of the second model are not asked: their order may be what is wrong. */
    @Test
    void the_first_model_decides_the_target() {
        Model one = function(row -> new double[] {1, 2});
        Model other = function(row -> new double[] {2, 1});
        ConversionReport report =
                ConversionCheck.<Model>of().compare(one, inputs, other, inputs, Target.argmax(), Run.defaults());
        Line score = line(report, Part.SCORE, "");
        assertThat(score.ofA()).isEqualTo(2);
        assertThat(score.ofB()).isEqualTo(1);
        assertThat(report.notes()).contains("the largest output is another one for 6 of 6 examples");
    }

    @Test
    void a_model_that_does_not_run_on_its_inputs_is_named() {
        Model fails = Model.of("risk", "1", rows -> {
            throw new IllegalStateException("no such column");
        });
        Model runs = function(row -> new double[] {row[0], 1});
        assertThatThrownBy(() -> compare(runs, fails))
                .isInstanceOf(ModelException.class)
                .hasMessageContainingAll("model B ('risk')", "no such column");
        assertThatThrownBy(() -> compare(fails, runs))
                .isInstanceOf(ModelException.class)
                .hasMessageContaining("model A ('risk')");
        assertThatThrownBy(() -> ConversionCheck.<Model>of()
                        .compare(runs, inputs, runs, inputs, Target.index(7), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class);
        assertThatThrownBy(() -> ConversionCheck.<Model>of(new FeatureAblation())
                        .compare(
                                runs,
                                inputs,
                                runs,
                                inputs,
                                Target.index(0),
                                Run.defaults().deadline(Duration.ofNanos(1))))
                .isInstanceOf(DeadlineExceededException.class);
        assertThatThrownBy(() -> ConversionCheck.<Model>of(new FeatureAblation(), new FeatureAblation()))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void json_says_the_same() {
        try (ParameterizedModel other = changed("fc1.weight", 2)) {
            ConversionReport report = CHECK.layers(false)
                    .compare((RuledModel) model, inputs, (RuledModel) other, inputs, Target.index(1), Run.defaults());
            assertThat(report.lines()).noneMatch(line -> line.part() == Part.LAYER);
            JsonObject json = JsonParser.parseString(report.toJson()).getAsJsonObject();
            assertThat(json.get("same").getAsBoolean()).isFalse();
            assertThat(json.getAsJsonArray("compared")).hasSameSizeAs(report.lines());
            JsonObject output = json.getAsJsonArray("compared").get(0).getAsJsonObject();
            assertThat(output.get("part").getAsString()).isEqualTo("output");
            assertThat(output.get("verdict").getAsString()).isEqualTo("different");
            assertThat(output.get("difference").getAsDouble())
                    .isCloseTo(report.lines().get(0).difference(), within(0.0));
        }
    }
}
