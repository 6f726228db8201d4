// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Archives whose rows change each other, or which take one row only or not one: explained as PyTorch explains each row
 * alone.
 */
@ExtendWith(LeakExtension.class)
class RowsTogetherTest {
    private static final double RELATIVE = 1e-4;
    private static final int ROWS = 4;
    private static final int THREADS = 8;
    private static final Target TARGET = Target.index(1);
    private static final FeatureMask LINES = FeatureMask.ranges(2, 1, 1, 1, 1, 1);

    private record Together(JsonObject json) {
        TorchScriptModel load() {
            return TorchScriptModel.load(
                    GoldenData.together().resolve(json.get("file").getAsString()));
        }

        Tensor inputs(TorchScriptModel model, int rows) {
            float[] given = new float[rows * 25];
            double[] all = flat(json.get("inputs"));
            for (int i = 0; i < given.length; i++) {
                given[i] = (float) all[i % all.length];
            }
            return model.tensors().of(given, rows, 1, 5, 5);
        }

        String kind() {
            return json.get("kind").getAsString();
        }

        boolean hasGradient() {
            return !json.getAsJsonArray("gradients").isEmpty();
        }

        @Override
        public String toString() {
            return kind();
        }
    }

    private static double[] flat(JsonElement element) {
        List<Double> values = new ArrayList<>();
        collect(element, values);
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void collect(JsonElement element, List<Double> values) {
        if (element instanceof JsonArray array) {
            array.forEach(item -> collect(item, values));
        } else {
            values.add(element.getAsDouble());
        }
    }

    static Stream<Together> archives() {
        return GoldenCase.objects(GoldenData.read(GoldenData.together().resolve("together.json"))).stream()
                .map(Together::new);
    }

    private static void close(double[] actual, double[] expected) {
        assertThat(actual).hasSameSizeAs(expected);
        double scale = 0;
        for (double value : expected) {
            scale = Math.max(scale, Math.abs(value));
        }
        for (int i = 0; i < actual.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i])).as("element " + i).isLessThanOrEqualTo(RELATIVE * scale);
        }
    }

    @ParameterizedTest
    @MethodSource("archives")
    void scores_gradients_and_ablations_are_those_of_each_row_alone(Together together) {
        String says = together.json().get("says").getAsString();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = together.load()) {
            Inputs inputs = Inputs.of(together.inputs(model, ROWS));
            double[] outputs = flat(together.json().get("outputs"));
            try (Explanation why = new FeatureAblation().mask(LINES).attribute(model, inputs, TARGET)) {
                for (int row = 0; row < ROWS; row++) {
                    close(new double[] {why.scores()[row]}, new double[] {outputs[row * 3 + 1]});
                }
                double[] expected = flat(together.json().get("ablations"));
                double[] actual = why.attribution().toDoubleArray();
                for (int i = 0; i < expected.length; i++) {
                    assertThat(Math.abs(actual[i * 5] - expected[i])).isLessThan(1e-4);
                }
                assertThat(why.notices()).anyMatch(line -> line.contains(says));
            }
        }
        if (together.hasGradient()) {
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = together.load();
                    Explanation why =
                            Saliency.signed().attribute(model, Inputs.of(together.inputs(model, ROWS)), TARGET)) {
                double[] expected = flat(together.json().get("gradients"));
                close(why.attribution().toDoubleArray(), expected);
                assertThat(why.notices()).anyMatch(line -> line.contains(says));
            }
        }
    }

    private static Map<String, Attribution<? super RuledModel>> methods(boolean layers) {
        Map<String, Attribution<? super RuledModel>> methods = new LinkedHashMap<>();
        IntegratedGradients integrated = new IntegratedGradients().steps(6);
        methods.put("integrated gradients", integrated);
        methods.put("gradient shap", new GradientShap().samples(3).baseline(Baseline.normal(0, 1)));
        methods.put(
                "smooth grad", NoiseTunnel.smoothGrad(new Saliency()).samples(3).stdev(0.1));
        methods.put("occlusion", new Occlusion(1, 2, 2));
        methods.put("shapley sampling", new ShapleySampling().samples(2).mask(LINES));
        methods.put("deep lift", new DeepLift());
        methods.put("lrp", new Lrp());
        methods.put("guided backprop", new GuidedBackprop());
        if (layers) {
            methods.put("layer activation", new LayerActivation("conv"));
            methods.put("gradient x activation", new GradientXActivation("conv"));
            methods.put("layer integrated gradients", integrated.at("relu"));
            methods.put("neuron", Saliency.signed().towards("conv", Target.at(1, 2, 2)));
            methods.put("conductance", new Conductance("relu").steps(4));
            methods.put("grad-cam", new GradCam("relu"));
            methods.put("layer-cam", GradCam.layerCam("relu"));
            methods.put("score-cam", new ScoreCam("relu"));
            methods.put("layer deep lift", new DeepLift().at("relu"));
        }
        return methods;
    }

    private static double @Nullable [] tried(
            TorchScriptModel model, Attribution<? super RuledModel> method, Inputs inputs, Run run) {
        // A neuron is what is explained already.
        Target target = method.ownScore().isPresent() ? Target.output() : TARGET;
        try (Explanation why = method.attribute(model, inputs, target, run)) {
            return why.attributions().stream()
                    .flatMapToDouble(tensor -> Arrays.stream(tensor.toDoubleArray()))
                    .toArray();
        } catch (ModelException e) {
            return null;
        }
    }

    @ParameterizedTest
    @MethodSource("archives")
    void every_family_gives_each_row_what_it_gives_the_row_alone(Together together) {
        boolean layers = !List.of("TimeFirst", "SortedLengths", "StateForOneRow", "Dynamic")
                .contains(together.kind());
        try (TorchScriptModel another = together.load()) {
            methods(layers).forEach((name, method) -> compare(together, name, method, another));
        }
    }

    private static void compare(
            Together together, String name, Attribution<? super RuledModel> method, TorchScriptModel another) {
        // A model of its own for each method: each has to find out for itself.
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = together.load()) {
            Inputs inputs = Inputs.of(together.inputs(model, ROWS));
            List<double[]> alone = new ArrayList<>();
            for (int row = 0; row < ROWS; row++) {
                Run run = Run.defaults().exampleKeys(row).batchRows(1);
                alone.add(tried(another, method, inputs.select(row), run));
            }
            double[] together4 = tried(model, method, inputs, Run.defaults());
            if (alone.contains(null)) {
                assertThat(together4).as(name + " is refused for a row alone").isNull();
                return;
            }
            assertThat(together4).as(name).isNotNull();
            int width = together4.length / ROWS;
            for (int row = 0; row < ROWS; row++) {
                double[] part = Arrays.copyOfRange(together4, row * width, (row + 1) * width);
                double scale =
                        Arrays.stream(alone.get(row)).map(Math::abs).max().orElse(0);
                for (int i = 0; i < width; i++) {
                    assertThat(Math.abs(part[i] - alone.get(row)[i]))
                            .as(name + ", row " + row + ", element " + i)
                            .isLessThanOrEqualTo(1e-5 * scale);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("archives")
    void eight_threads_that_find_out_at_once_agree(Together together) throws InterruptedException, ExecutionException {
        FeatureAblation ablation = new FeatureAblation().mask(LINES);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = together.load()) {
            List<Future<double[]>> results = new ArrayList<>();
            for (int i = 0; i < 2 * THREADS; i++) {
                results.add(pool.submit(() -> {
                    try (TensorScope own = TensorScope.open();
                            Explanation why =
                                    ablation.attribute(model, Inputs.of(together.inputs(model, ROWS)), TARGET)) {
                        return why.attribution().toDoubleArray();
                    }
                }));
            }
            double[] first = results.get(0).get();
            for (Future<double[]> result : results) {
                close(result.get(), first);
            }
            double[] expected = flat(together.json().get("ablations"));
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs(first[i * 5] - expected[i])).isLessThan(1e-4);
            }
        } finally {
            pool.shutdown();
        }
    }

    /** Sizes, numbers that weights hold, and checks that raise: none of them is a reason to run rows one by one. */
    @Test
    void numbers_that_do_not_join_rows_do_not_part_them() {
        Together checked = new Together(
                GoldenData.read(GoldenData.together().resolve("checked.json")).getAsJsonObject());
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = checked.load();
                Explanation why = new FeatureAblation()
                        .mask(LINES)
                        .attribute(model, Inputs.of(checked.inputs(model, ROWS)), TARGET)) {
            double[] expected = flat(checked.json().get("ablations"));
            double[] actual = why.attribution().toDoubleArray();
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs(actual[i * 5] - expected[i])).isLessThan(1e-4);
            }
            assertThat(model.oneRowAtATime()).isEmpty();
            assertThat(why.notices()).noneMatch(line -> line.contains("row by row"));
        }
    }

    /**
     * The number of examples is the number of rows that the program was saved for; no method needs another number of
     * rows.
     */
    @Test
    void a_model_saved_for_four_rows_explains_four_examples() {
        Together saved = new Together(
                GoldenData.read(GoldenData.together().resolve("saved.json")).getAsJsonObject());
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = saved.load()) {
            Inputs inputs = Inputs.of(saved.inputs(model, ROWS));
            try (Explanation why = new FeatureAblation().mask(LINES).attribute(model, inputs, TARGET)) {
                double[] outputs = flat(saved.json().get("outputs"));
                double[] expected = flat(saved.json().get("ablations"));
                double[] actual = why.attribution().toDoubleArray();
                for (int row = 0; row < ROWS; row++) {
                    close(new double[] {why.scores()[row]}, new double[] {outputs[row * 3 + 1]});
                }
                for (int i = 0; i < expected.length; i++) {
                    assertThat(Math.abs(actual[i * 5] - expected[i])).isLessThan(1e-4);
                }
                assertThat(why.notices()).anyMatch(line -> line.endsWith("the model was saved for 4 rows"));
            }
            try (Explanation why = Saliency.signed().attribute(model, inputs, TARGET)) {
                close(why.attribution().toDoubleArray(), flat(saved.json().get("gradients")));
            }
            methods(true).forEach((name, method) -> {
                double[] all = Objects.requireNonNull(tried(model, method, inputs, Run.defaults()), name);
                double[] single = Objects.requireNonNull(
                        tried(model, method, inputs, Run.defaults().batchRows(1)), name);
                double largest = Arrays.stream(single).map(Math::abs).max().orElseThrow();
                assertThat(largest).as(name).isPositive();
                assertThat(all).as(name).containsExactly(single, offset(1e-5 * largest));
            });
        }
    }

    @Test
    void a_model_saved_for_four_rows_refuses_one_example() {
        Together saved = new Together(
                GoldenData.read(GoldenData.together().resolve("saved.json")).getAsJsonObject());
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = saved.load()) {
            Inputs one = Inputs.of(saved.inputs(model, 1));
            assertThatThrownBy(() -> new FeatureAblation().attribute(model, one, TARGET))
                    .isInstanceOf(ModelException.class);
            Inputs four = Inputs.of(saved.inputs(model, ROWS));
            assertThat(tried(model, new FeatureAblation(), four, Run.defaults()))
                    .hasSize(ROWS * 25);
        }
    }

    @Test
    void states_whose_axis_1_counts_rows_follow_their_examples() {
        JsonObject json =
                GoldenData.read(GoldenData.together().resolve("states.json")).getAsJsonObject();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        GoldenData.together().resolve(json.get("file").getAsString()))) {
            Inputs inputs = Inputs.none()
                    .attribute("x", floats(model, json, "x", 3, 2, 5))
                    .fixed("h", floats(model, json, "h", 2, 3, 4), 1)
                    .fixed("c", floats(model, json, "c", 2, 3, 4), 1);
            for (int batch : new int[] {1, 2, 100}) {
                Run run = Run.defaults().batchRows(batch);
                try (Explanation why = Saliency.signed().attribute(model, inputs, TARGET, run)) {
                    close(why.attribution().toDoubleArray(), flat(json.get("gradients")));
                    double[] outputs = flat(json.get("outputs"));
                    close(why.scores(), new double[] {outputs[1], outputs[4], outputs[7]});
                    assertThat(why.notices()).noneMatch(line -> line.contains("row by row"));
                }
                // Tiled and taken: many rows of each example, and one example alone.
                FeatureAblation ablation = new FeatureAblation();
                double[] together = tried(model, ablation, inputs, run);
                for (int row = 0; row < 3; row++) {
                    double[] alone = tried(model, ablation, inputs.select(row), run);
                    close(Arrays.copyOfRange(together, row * 10, row * 10 + 10), alone);
                }
                double[] path = tried(model, new IntegratedGradients().steps(5), inputs.select(2, 0), run);
                double[] first = tried(model, new IntegratedGradients().steps(5), inputs.select(0), run);
                close(Arrays.copyOfRange(path, 10, 20), first);
            }
        }
    }

    private static Tensor floats(TorchScriptModel model, JsonObject json, String name, long... dims) {
        double[] all = flat(json.get(name));
        float[] values = new float[all.length];
        for (int i = 0; i < all.length; i++) {
            values[i] = (float) all[i];
        }
        return model.tensors().of(values, dims);
    }

    /** All but those whose rows share calls. */
    static Stream<Together> oneByOne() {
        return archives().filter(together -> !together.kind().startsWith("Squeezed"));
    }

    @ParameterizedTest
    @MethodSource("oneByOne")
    void bits_do_not_depend_on_how_many_examples_there_are(Together together) {
        FeatureAblation ablation = new FeatureAblation().mask(LINES);
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = together.load()) {
            // Known from here on.
            tried(model, ablation, Inputs.of(together.inputs(model, ROWS)), Run.defaults());
            double[] few = tried(model, ablation, Inputs.of(together.inputs(model, ROWS)), Run.defaults());
            double[] many = tried(model, ablation, Inputs.of(together.inputs(model, 3 * ROWS)), Run.defaults());
            assertThat(few).isNotNull();
            assertThat(Arrays.copyOf(many, few.length)).containsExactly(few);
        }
    }
}
