// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.randomization.ParameterRandomization.Order;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The metrics of randomization against slow computations from the papers. */
@ExtendWith(LeakExtension.class)
class RandomizationTest {
    private static final Target TARGET = Target.index(1);
    private static final Attribution<DifferentiableModel> SALIENCY = new Saliency();

    private static ReferenceModel cnn() {
        return ReferenceModels.cnn(DataType.FLOAT64, 3, Activation.RELU, 1, 10);
    }

    private static Inputs images(int rows) {
        return Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 4, rows, 1, 10, 10));
    }

    /** An explanation that is the input, whatever the model. */
    private record Input(double factor) implements Attribution.Forward {
        @Override
        public String name() {
            return "input";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            try (TensorScope own = TensorScope.open()) {
                Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
                return Explanation.of(
                        evaluator, Outcome.of(List.of(inputs.attributed().get(0).mul(factor))));
            }
        }
    }

    private static double[] explained(
            DifferentiableModel model, Attribution<? super DifferentiableModel> method, Inputs inputs, Target target) {
        try (Explanation explanation = method.attribute(model, inputs, target)) {
            return explanation.attributions().get(0).toDoubleArray();
        }
    }

    /** Ranks by counting, then Pearson's formula. */
    private static double slowSpearman(double[] x, double[] y) {
        return slowPearson(slowRanks(x), slowRanks(y));
    }

    private static double[] slowRanks(double[] x) {
        return Arrays.stream(x)
                .map(value -> Arrays.stream(x).filter(other -> other < value).count()
                        + (Arrays.stream(x).filter(other -> other == value).count() - 1) / 2.0)
                .toArray();
    }

    private static double slowPearson(double[] x, double[] y) {
        int n = x.length;
        double sx = 0;
        double sy = 0;
        double sxx = 0;
        double sxy = 0;
        double syy = 0;
        for (int i = 0; i < n; i++) {
            sx += x[i];
            sy += y[i];
            sxx += x[i] * x[i];
            sxy += x[i] * y[i];
            syy += y[i] * y[i];
        }
        return (n * sxy - sx * sy) / Math.sqrt((n * sxx - sx * sx) * (n * syy - sy * sy));
    }

    /** The formula of 2004, window by window, on one plane. */
    private static double slowSsim(double[] x, double[] y, int side, double range) {
        double mx = Arrays.stream(x).map(Math::abs).max().orElseThrow();
        double my = Arrays.stream(y).map(Math::abs).max().orElseThrow();
        double sum = 0;
        int count = 0;
        for (int r = 0; r + 7 <= side; r++) {
            for (int c = 0; c + 7 <= side; c++) {
                List<double[]> pairs = new ArrayList<>();
                for (int i = r; i < r + 7; i++) {
                    for (int j = c; j < c + 7; j++) {
                        pairs.add(new double[] {x[i * side + j] / mx, y[i * side + j] / my});
                    }
                }
                double ux = pairs.stream().mapToDouble(p -> p[0]).average().orElseThrow();
                double uy = pairs.stream().mapToDouble(p -> p[1]).average().orElseThrow();
                double vx = pairs.stream()
                                .mapToDouble(p -> (p[0] - ux) * (p[0] - ux))
                                .sum()
                        / 48;
                double vy = pairs.stream()
                                .mapToDouble(p -> (p[1] - uy) * (p[1] - uy))
                                .sum()
                        / 48;
                double v = pairs.stream()
                                .mapToDouble(p -> (p[0] - ux) * (p[1] - uy))
                                .sum()
                        / 48;
                double c1 = Math.pow(0.01 * range, 2);
                double c2 = Math.pow(0.03 * range, 2);
                sum += (2 * ux * uy + c1) * (2 * v + c2) / ((ux * ux + uy * uy + c1) * (vx + vy + c2));
                count++;
            }
        }
        return sum / count;
    }

    /**
     * Draws a layer as the documentation says: key (purpose, number of the layer from the output, number
     * of the parameter).
     */
    private static Map<String, Tensor> draw(ReferenceModel model, List<String> layers, Draw draw) {
        Map<String, List<String>> byLayer = new LinkedHashMap<>();
        for (ParameterizedModel.Parameter each : model.parameters()) {
            byLayer.computeIfAbsent(each.layer(), key -> new ArrayList<>()).add(each.name());
        }
        List<String> order = List.copyOf(byLayer.keySet());
        Map<String, Tensor> values = new HashMap<>();
        for (String layer : layers) {
            List<String> names = byLayer.get(layer);
            for (int i = 0; i < names.size(); i++) {
                Tensor weight = model.weight(names.get(i));
                RandomGenerator random =
                        Run.defaults().started().random(0x8A9D, order.size() - 1 - order.indexOf(layer), i);
                values.put(
                        names.get(i),
                        Tensors.ofJava().of(slowDraw(weight.toDoubleArray(), draw, random), weight.shape()));
            }
        }
        return values;
    }

    private static double[] slowDraw(double[] weights, Draw draw, RandomGenerator random) {
        double[] drawn = weights.clone();
        if (draw == Draw.PERMUTATION) {
            for (int i = drawn.length - 1; i > 0; i--) {
                int j = random.nextInt(i + 1);
                double swapped = drawn[i];
                drawn[i] = drawn[j];
                drawn[j] = swapped;
            }
            return drawn;
        }
        double mean = Arrays.stream(weights).sum() / weights.length;
        double variance =
                Arrays.stream(weights).map(w -> (w - mean) * (w - mean)).sum() / weights.length;
        Arrays.setAll(drawn, i -> mean + Math.sqrt(variance) * random.nextGaussian());
        return drawn;
    }

    @ParameterizedTest
    @EnumSource(Order.class)
    void the_curve_is_that_of_the_paper(Order order) {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open()) {
            List<String> layers = new ArrayList<>(model.parameters().stream()
                    .map(ParameterizedModel.Parameter::layer)
                    .distinct()
                    .toList());
            assertThat(layers).hasSizeGreaterThan(2);
            if (order != Order.BOTTOM_UP) {
                Collections.reverse(layers);
            }
            Inputs inputs = images(2);
            for (Draw draw : Draw.values()) {
                for (Similarity similarity : Similarity.values()) {
                    ParameterRandomization metric = ParameterRandomization.ofLayers()
                            .order(order)
                            .draw(draw)
                            .similarity(similarity)
                            .magnitudes(similarity == Similarity.PEARSON);
                    assertThat(metric.layers(model)).isEqualTo(layers);
                    Judgement judged = metric.judge(model, inputs, TARGET, SALIENCY, Run.defaults());
                    double[] original = explained(model, SALIENCY, inputs, TARGET);
                    double[] means = new double[2];
                    for (int step = 0; step < layers.size(); step++) {
                        List<String> drawn =
                                order == Order.INDEPENDENT ? List.of(layers.get(step)) : layers.subList(0, step + 1);
                        try (ReferenceModel copy = model.withParameters(draw(model, drawn, draw))) {
                            double[] other = explained(copy, SALIENCY, inputs, TARGET);
                            for (int row = 0; row < 2; row++) {
                                double[] x = Arrays.copyOfRange(original, row * 100, row * 100 + 100);
                                double[] y = Arrays.copyOfRange(other, row * 100, row * 100 + 100);
                                double expected = switch (similarity) {
                                    case SPEARMAN -> slowSpearman(x, y);
                                    case PEARSON ->
                                        slowPearson(
                                                Arrays.stream(x).map(Math::abs).toArray(),
                                                Arrays.stream(y).map(Math::abs).toArray());
                                    case SSIM -> slowSsim(x, y, 10, 2);
                                };
                                assertThat(judged.curves().get(row).scores()[step])
                                        .isCloseTo(expected, within(1e-9));
                                assertThat(judged.curves().get(row).shares()[step])
                                        .isEqualTo((step + 1.0) / layers.size());
                                means[row] += expected / layers.size();
                            }
                        }
                    }
                    assertThat(judged.scores()).containsExactly(means, within(1e-9));
                }
            }
        }
    }

    @Test
    void the_smooth_test_is_the_test_of_the_smooth_explanation() {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open()) {
            double[] smooth = ParameterRandomization.smooth()
                    .samples(4)
                    .noise(0.3)
                    .judge(model, images(3), TARGET, SALIENCY, Run.defaults())
                    .scores();
            double[] tunnel = ParameterRandomization.ofLayers()
                    .judge(
                            model,
                            images(3),
                            TARGET,
                            NoiseTunnel.smoothGrad(SALIENCY).samples(4).stdev(0.3),
                            Run.defaults())
                    .scores();
            assertThat(smooth).containsExactly(tunnel);
        }
    }

    private static double slowEntropy(double[] values, int bins) {
        double least = Arrays.stream(values).min().orElseThrow();
        double most = Arrays.stream(values).max().orElseThrow();
        double entropy = 0;
        for (int bin = 0; bin < bins; bin++) {
            double from = least + (most - least) * bin / bins;
            double to = least + (most - least) * (bin + 1) / bins;
            boolean last = bin == bins - 1;
            double part = (double) Arrays.stream(values)
                            .filter(v -> v >= from && (v < to || last))
                            .count()
                    / values.length;
            entropy -= part == 0 ? 0 : part * Math.log(part);
        }
        return entropy;
    }

    @Test
    void the_efficient_test_is_the_rise_of_the_entropy() {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open();
                ReferenceModel copy = model.withParameters(draw(
                        model,
                        model.parameters().stream()
                                .map(ParameterizedModel.Parameter::layer)
                                .distinct()
                                .toList(),
                        Draw.NORMAL))) {
            Judgement judged = ParameterRandomization.efficient()
                    .bins(20)
                    .judge(model, images(1), TARGET, SALIENCY, Run.defaults());
            double before = slowEntropy(explained(model, SALIENCY, images(1), TARGET), 20);
            double after = slowEntropy(explained(copy, SALIENCY, images(1), TARGET), 20);
            assertThat(judged.scores()).containsExactly(new double[] {(after - before) / before}, within(1e-9));
            assertThat(judged.higherIsBetter()).isTrue();
        }
    }

    @Test
    void explanations_that_ignore_the_model_are_worst_and_gradients_change() {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open()) {
            for (Similarity similarity : Similarity.values()) {
                ParameterRandomization metric =
                        ParameterRandomization.ofLayers().similarity(similarity);
                assertThat(metric.judge(model, images(3), TARGET, new Input(2), Run.defaults())
                                .scores())
                        .containsExactly(new double[] {1, 1, 1}, within(1e-12));
                assertThat(metric.judge(model, images(3), TARGET, SALIENCY, Run.defaults())
                                .mean())
                        .isLessThan(0.6);
                assertThat(new RandomLogit()
                                .similarity(similarity)
                                .judge(model, images(3), TARGET, new Input(-1), Run.defaults())
                                .scores())
                        .containsExactly(new double[] {1, 1, 1}, within(1e-12));
            }
            assertThat(ParameterRandomization.efficient()
                            .judge(model, images(3), TARGET, new Input(2), Run.defaults())
                            .scores())
                    .containsExactly(0, 0, 0);
        }
    }

    @Test
    void zeros_are_alike_and_differ_from_all_else() {
        Maps zeros = maps(new double[4]);
        Maps other = maps(1, -2, 3, 0);
        for (Similarity similarity : Similarity.values()) {
            assertThat(similarity.of(zeros, zeros, 0, false)).isEqualTo(1);
            assertThat(similarity.of(zeros, other, 0, false)).isBetween(0.0, 0.01);
            assertThat(similarity.of(other, other, 0, false)).isCloseTo(1, within(1e-15));
            assertThat(similarity.of(maps(2, -4, 6, 0), other, 0, false)).isCloseTo(1, within(1e-15));
        }
        assertThat(Similarity.SPEARMAN.of(maps(-1, 2, -3, 0), other, 0, false)).isCloseTo(-1, within(1e-15));
        assertThat(Similarity.SPEARMAN.of(maps(-1, 2, -3, 0), other, 0, true)).isCloseTo(1, within(1e-15));
    }

    private static Maps maps(double... row) {
        try (Tensor tensor = Tensors.ofJava().of(row, Shape.of(1, row.length));
                TensorScope scope = TensorScope.open();
                Model model = Model.of(rows ->
                        Arrays.stream(rows).map(each -> new double[] {each[0]}).toArray(double[][]::new));
                Explanation explanation = new Input(1).attribute(model, Inputs.of(tensor), Target.output())) {
            return new Maps(explanation);
        }
    }

    @Test
    void the_other_class_is_drawn_for_each_example() {
        try (ReferenceModel model = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 4);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 40, 6));
            long[] own = new long[40];
            Arrays.setAll(own, i -> i % 4);
            double[] scores = new RandomLogit()
                    .similarity(Similarity.SPEARMAN)
                    .judge(model, inputs, Target.indexes(own), SALIENCY, Run.defaults())
                    .scores();
            double[] mine = explained(model, SALIENCY, inputs, Target.indexes(own));
            int[] drawn = new int[4];
            for (int i = 0; i < 40; i++) {
                double[] x = Arrays.copyOfRange(mine, i * 6, i * 6 + 6);
                int found = 0;
                for (int k = 0; k < 4; k++) {
                    double[] y =
                            Arrays.copyOfRange(explained(model, SALIENCY, inputs, Target.index(k)), i * 6, i * 6 + 6);
                    if (k != own[i] && Math.abs(slowSpearman(x, y) - scores[i]) < 1e-12) {
                        drawn[k]++;
                        found++;
                    }
                }
                assertThat(found).isPositive();
            }
            assertThat(drawn).doesNotContain(0);
        }
    }

    @Test
    void what_cannot_be_judged_is_refused() {
        ParameterRandomization metric = ParameterRandomization.ofLayers();
        Model plain = Model.of(rows -> rows);
        try (ReferenceModel model = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 2, 6));
            assertThatThrownBy(() -> metric.judge(plain, inputs, TARGET, new Input(1), Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("model: its parameters cannot be changed, which metric"
                            + " parameter-randomization needs; judge a model whose file holds its weights");
            LayeredModel head = model;
            assertThatThrownBy(() ->
                            new RandomLogit().judge(head, inputs, Target.probability(1), SALIENCY, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("is not one class, which metric random-logit compares with another");
            assertThatThrownBy(() -> new RandomLogit()
                            .judge(
                                    model,
                                    inputs,
                                    Target.output(),
                                    new Saliency()
                                            .towards(model.cutPoints().get(0).toString(), Target.at(1)),
                                    Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("explains a unit of a layer");
            assertThatThrownBy(
                            () -> metric.onLayers("fc1", "fc3").judge(model, inputs, TARGET, SALIENCY, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("layer 'fc3' has no learned parameters; did you mean 'fc1', 'fc2'?");
            assertThatThrownBy(() -> metric.bins(3)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void layers_and_units_are_judged_too() {
        try (ReferenceModel model = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 2, 6));
            String layer = model.cutPoints().get(0).toString();
            assertThat(ParameterRandomization.ofLayers()
                            .order(Order.INDEPENDENT)
                            .judge(model, inputs, TARGET, new Saliency().at(layer), Run.defaults())
                            .scores())
                    .hasSize(2)
                    .doesNotContain(1);
            Judgement unit = ParameterRandomization.ofLayers()
                    .judge(model, inputs, Target.output(), new Saliency().towards(layer, Target.at(1)), Run.defaults());
            // What comes after the unit does not change its explanation.
            assertThat(unit.curves().get(0).scores()[0]).isCloseTo(1, within(1e-12));
            assertThat(unit.curves().get(0).scores()[1]).isLessThan(0.99);
        }
    }

    @Test
    void chosen_layers_are_drawn_alone() {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open()) {
            double[][] curves = new double[2][];
            for (List<String> chosen : List.of(List.<String>of(), List.of("fc", "conv2"))) {
                ParameterRandomization metric =
                        ParameterRandomization.ofLayers().onLayers(chosen.toArray(new String[0]));
                curves[chosen.isEmpty() ? 0 : 1] = metric.judge(model, images(1), TARGET, SALIENCY, Run.defaults())
                        .curves()
                        .get(0)
                        .scores();
            }
            assertThat(curves[1]).containsExactly(curves[0][0], curves[0][1]);
        }
    }

    @Test
    void seeds_draw_other_parameters() {
        try (ReferenceModel model = cnn();
                TensorScope scope = TensorScope.open()) {
            ParameterRandomization metric = ParameterRandomization.ofLayers();
            double[] first = metric.judge(model, images(1), TARGET, SALIENCY, Run.defaults())
                    .scores();
            long other = new Random(1).nextLong();
            assertThat(metric.judge(
                                    model,
                                    images(1),
                                    TARGET,
                                    SALIENCY,
                                    Run.defaults().seed(other))
                            .scores())
                    .isNotEqualTo(first);
        }
    }
}
