// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.ActivationLayout;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cam.ScoreCam;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Layers whose axis 0 does not count rows, and programs that take one example without an axis of rows, against eager
 * PyTorch in float64, one row at a time.
 */
class RowAxesTest {
    private static final double CLOSE = 1e-10;
    private static final int THREADS = 8;

    /** Layers that do not depend on a floating input. */
    private static final List<String> UNREACHED = List.of("positions", "temperature", "species");

    private long live;

    @BeforeEach
    void countBefore() {
        live = Lifetime.count();
    }

    @AfterEach
    void countAfter() {
        assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
    }

    /** A model of {@code rows.json}, as one kind of archive. */
    record Case(String name, String kind, JsonObject json) {
        Path file() {
            return GoldenData.rows().resolve(name + "_" + kind + ".pt");
        }

        boolean unbatched() {
            return json.get("unbatched").getAsBoolean();
        }

        LoadOptions options() {
            LoadOptions options = TorchGolden.options();
            return unbatched() ? options.unbatched() : options;
        }

        TorchScriptModel load() {
            return TorchScriptModel.load(file(), options());
        }

        Map<String, Tensor> arrays(TorchScriptModel model) throws IOException {
            return NumpyFiles.readNpz(GoldenData.rows().resolve(name + ".npz"), model.tensors());
        }

        List<String> strings(String field) {
            List<String> strings = new ArrayList<>();
            json.getAsJsonArray(field).forEach(item -> strings.add(item.getAsString()));
            return strings;
        }

        List<String> layers() {
            return kind.equals("frozen") ? List.of() : strings("layers");
        }

        Target target() {
            long[] at = strings("target").stream().mapToLong(Long::parseLong).toArray();
            return at.length == 0 ? Target.output() : Target.at(at);
        }

        Inputs inputs(Map<String, Tensor> arrays) {
            Inputs inputs = Inputs.none();
            for (String input : strings("inputs")) {
                Tensor tensor = arrays.get("input/" + input);
                Inputs.Role role =
                        tensor.dataType().isFloating() || strings("inputs").size() == 1
                                ? Inputs.Role.ATTRIBUTED
                                : Inputs.Role.FIXED;
                inputs = inputs.with(new Inputs.Input(input, tensor, role));
            }
            for (String name : strings("constants")) {
                inputs = inputs.constant(name, arrays.get("input/" + name));
            }
            return inputs;
        }

        boolean differentiable(Inputs inputs) {
            return inputs.attributed().get(0).dataType().isFloating();
        }

        @Override
        public String toString() {
            return name + " " + kind;
        }
    }

    static Stream<Case> cases() throws IOException {
        return GoldenCase.objects(GoldenData.read(GoldenData.rows().resolve("rows.json"))).stream()
                .flatMap(json -> Stream.of("script", "trace", "frozen")
                        .map(kind -> new Case(json.get("name").getAsString(), kind, json)));
    }

    private static void same(Tensor actual, Tensor expected, String what) {
        assertThat(actual.shape()).as(what).isEqualTo(expected.shape());
        assertThat(actual.toDoubleArray()).as(what).containsExactly(expected.toDoubleArray(), within(CLOSE));
    }

    @ParameterizedTest
    @MethodSource("cases")
    void outputs_and_gradients(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = tried.arrays(model);
            Inputs inputs = tried.inputs(arrays);
            same(model.forward(inputs), arrays.get("output"), "output");
            same(model.forward(inputs.select(1)), arrays.get("output").rows(1, 2), "output of one row");
            assertThat(model.bytesPerRow(inputs.select(0), true)).isPresent();
            if (tried.differentiable(inputs)) {
                try (Explanation explanation = Saliency.signed().attribute(model, inputs, tried.target())) {
                    for (int i = 0; i < explanation.attributions().size(); i++) {
                        String name = inputs.attributedInputs().get(i).name();
                        same(explanation.attributions().get(i), arrays.get("gradient/" + name), "gradient");
                    }
                }
                try (Pullback pullback = model.pullback(inputs)) {
                    Tensor gradient = pullback.vjp(pullback.output()).get(0);
                    same(pullback.vjpLast(pullback.output()).get(0), gradient, "the last product");
                    assertThatThrownBy(() -> pullback.vjp(pullback.output())).isInstanceOf(IllegalStateException.class);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void layers(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = tried.arrays(model);
            Inputs inputs = tried.inputs(arrays);
            for (String layer : tried.layers()) {
                checkLayer(model, model.cut(layer), inputs, arrays, layer, tried.target());
                checkLayer(model, model.cut(layer), inputs.select(1), rowOf(arrays, 1), layer, tried.target());
            }
            assertThat(model.innerValues(inputs)).isNotEmpty();
            assertThat(model.values(inputs)).isNotEmpty();
        }
    }

    private static Map<String, Tensor> rowOf(Map<String, Tensor> arrays, int row) {
        Map<String, Tensor> rows = new HashMap<>();
        arrays.forEach((name, tensor) -> {
            if (name.startsWith("layer/")) {
                rows.put(name, tensor.rows(row, row + 1));
            }
        });
        return rows;
    }

    private static void checkLayer(
            LayeredModel model, Cut cut, Inputs inputs, Map<String, Tensor> arrays, String layer, Target target) {
        Tensor value = arrays.get("layer/" + layer + "/value");
        Tensor gradient = arrays.get("layer/" + layer + "/gradient");
        Tensor output = arrays.get("layer/" + layer + "/output");
        Tensor activation = cut.activations(inputs).get(0);
        // One row may serve all; whoever wants rows repeats it.
        same(activation.broadcast(value.shape()), value, layer);
        same(cut.head().forward(inputs).broadcast(value.shape()), value, layer + " by its head");
        try (Pullback pullback = cut.pullback(inputs)) {
            same(pullback.activations().get(0), value, layer + " of a pullback");
            Tensor cotangent = target.cotangent(pullback.output(), rows(inputs));
            same(pullback.vjpLast(cotangent).get(0), gradient, layer + " gradient");
        }
        Inputs behind = cut.tailInputs(inputs, value.mul(1.5));
        same(cut.tail().forward(behind), output, layer + " tail");
        try (Pullback pullback = cut.tail().pullback(cut.tailInputs(inputs, value))) {
            Tensor cotangent = target.cotangent(pullback.output(), rows(inputs));
            same(pullback.vjp(cotangent).get(0), gradient, layer + " gradient of the tail");
        }
        if (inputs.attributed().get(0).dataType().isFloating() && !UNREACHED.contains(layer)) {
            try (Pullback pullback = cut.head().pullback(inputs)) {
                same(pullback.output(), value, layer + " by a pullback of its head");
                double[] all = pullback.vjp(pullback.output()).get(0).toDoubleArray();
                double[] alone = new double[all.length];
                for (int row = 0; row < inputs.rows(); row++) {
                    try (Pullback one = cut.head().pullback(inputs.select(row))) {
                        double[] part = one.vjpLast(one.output()).get(0).toDoubleArray();
                        System.arraycopy(part, 0, alone, row * part.length, part.length);
                    }
                }
                assertThat(all).as(layer + " gradient of the head").containsExactly(alone, within(CLOSE));
            }
        }
        assertThat(model.cutPoints()).extracting(Cut.Point::path).contains(layer);
    }

    private static long[] rows(Inputs inputs) {
        long[] rows = new long[(int) inputs.rows()];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = i;
        }
        return rows;
    }

    /** What a method says of three rows at once, it says of each alone: at the input, at layers, behind rules. */
    @ParameterizedTest
    @MethodSource("cases")
    void methods_see_rows(Case tried) throws Exception {
        try (TorchScriptModel model = tried.load();
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = tried.inputs(tried.arrays(model));
            IntegratedGradients integrated = new IntegratedGradients().steps(6);
            List<Attribution<? super TorchScriptModel>> methods = new ArrayList<>();
            methods.add(new FeatureAblation());
            if (tried.differentiable(inputs)) {
                methods.add(integrated);
                methods.add(NoiseTunnel.smoothGrad(new Saliency()).samples(3));
            }
            for (String layer : tried.layers()) {
                if (layer.equals("temperature")) {
                    continue;
                }
                methods.add(integrated.at(layer));
                methods.add(new InputXGradient().at(layer));
                methods.add(new FeatureAblation().at(layer));
                if (!tried.name().equals("time_first")) {
                    methods.add(new DeepLift().at(layer));
                }
                if (tried.differentiable(inputs)) {
                    methods.add(new Conductance(layer).steps(6));
                }
            }
            if (!tried.layers().isEmpty() && tried.name().equals("image")) {
                methods.add(new GradCam("conv"));
                methods.add(new ScoreCam("conv"));
            }
            if (!tried.layers().isEmpty() && tried.name().equals("frames")) {
                methods.add(new GradCam("act").layout(ActivationLayout.channelsLast()));
            }
            for (Attribution<? super TorchScriptModel> method : methods) {
                checkRows(model, inputs, tried, method);
            }
        }
    }

    private static void checkRows(
            TorchScriptModel model, Inputs inputs, Case tried, Attribution<? super TorchScriptModel> method) {
        Target target = tried.target();
        String name = method.name() + " " + method.settings();
        boolean random = name.contains("samples");
        try (Explanation all = method.attribute(model, inputs, target)) {
            for (int row = 0; row < (random ? 1 : inputs.rows()); row++) {
                try (Explanation one = method.attribute(model, inputs.select(row), target)) {
                    for (int i = 0; i < one.attributions().size(); i++) {
                        same(
                                all.attributions().get(i).rows(row, row + 1),
                                one.attributions().get(i),
                                name);
                    }
                }
            }
            // What goes past the layer follows the baseline of the inputs, for which the layer does not account.
            boolean bypassed = tried.name().equals("charges") || name.contains("layer=positions");
            if (all.hasCompletenessGap()
                    && !bypassed
                    && !name.startsWith("integrated")
                    && !name.startsWith("conductance")) {
                assertThat(all.completenessGap()).as(name).containsExactly(new double[3], within(1e-9));
            }
        }
    }

    @Test
    void rules_see_rows() throws Exception {
        for (String name : List.of("choices_script", "windows_trace", "image_script", "vector_trace")) {
            Case tried = cases().filter(c -> (c.name() + "_" + c.kind()).equals(name))
                    .findFirst()
                    .orElseThrow();
            try (TorchScriptModel model = tried.load();
                    TensorScope scope = TensorScope.open()) {
                Inputs inputs = tried.inputs(tried.arrays(model));
                RuledModel.Copy copy = model.with(RuleSet.relus(new BackwardRule.GuidedRelu()));
                List<Tensor> expected = new ArrayList<>();
                List<Tensor> expectedAtLayer = new ArrayList<>();
                RuledModel.Copy copyAtLayer =
                        copy.cut(model.cut(tried.layers().get(0)).points());
                for (int row = 0; row < 3; row++) {
                    try (BackwardRun one = copy.run(inputs.select(row));
                            BackwardRun atLayer = copyAtLayer.run(inputs.select(row))) {
                        expected.add(one.back(one.output()).get(0));
                        expectedAtLayer.add(atLayer.back(atLayer.output()).get(0));
                    }
                }
                try (BackwardRun all = copy.run(inputs);
                        BackwardRun atLayer = copyAtLayer.run(inputs)) {
                    same(all.back(all.output()).get(0), model.tensors().concat(expected, 0), name);
                    same(atLayer.back(atLayer.output()).get(0), model.tensors().concat(expectedAtLayer, 0), name);
                }
                try (Explanation lift =
                        new DeepLift().baseline(Baseline.constant(0.1)).attribute(model, inputs, tried.target())) {
                    assertThat(lift.completenessGap()).containsExactly(new double[3], within(1e-9));
                }
            }
        }
    }

    /** What is found out about a layer on the first call is found out by eight threads at once. */
    @ParameterizedTest
    @MethodSource("cases")
    void many_threads_find_out_the_same(Case tried) throws Exception {
        if (tried.layers().isEmpty() || tried.kind().equals("trace")) {
            return;
        }
        try (TorchScriptModel model = tried.load();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = tried.arrays(model);
            Inputs inputs = tried.inputs(arrays);
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try {
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    int first = thread;
                    tasks.add(() -> {
                        for (int i = 0; i < tried.layers().size(); i++) {
                            String layer = tried.layers()
                                    .get((i + first) % tried.layers().size());
                            try (TensorScope own = TensorScope.open()) {
                                checkLayer(model, model.cut(layer), inputs, arrays, layer, tried.target());
                            }
                        }
                        return null;
                    });
                }
                for (Future<Void> task : pool.invokeAll(tasks)) {
                    task.get();
                }
            } finally {
                pool.shutdownNow();
            }
        }
    }

    /** Rows that are equal do not tell the order of parts; they are run one by one, and what follows is not misled. */
    @Test
    void equal_rows_decide_nothing() throws Exception {
        for (String name : List.of("frames", "siamese")) {
            Case tried = cases().filter(c -> c.name().equals(name)).findFirst().orElseThrow();
            try (TorchScriptModel model = tried.load();
                    TensorScope scope = TensorScope.open()) {
                Map<String, Tensor> arrays = tried.arrays(model);
                Inputs inputs = tried.inputs(arrays);
                Inputs equal = inputs.select(0, 0, 0);
                Tensor value = arrays.get("layer/encoder/value");
                same(model.cut("encoder").activations(equal).get(0), value.select(0, 0, 0, 0), name);
                checkLayer(model, model.cut("encoder"), inputs, arrays, "encoder", tried.target());
            }
        }
    }

    /** A layer that has one part for each row with some inputs has several with others. */
    @Test
    void the_number_of_parts_may_change() throws Exception {
        Case tried = cases().filter(c -> c.name().equals("frames")).findFirst().orElseThrow();
        try (TorchScriptModel model = tried.load();
                TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = tried.arrays(model);
            Inputs inputs = tried.inputs(arrays);
            Inputs short1 = Inputs.of(inputs.tensor(0).slice(1, 0, 1));
            Cut cut = model.cut("encoder");
            assertThat(cut.activations(short1).get(0).shape().dims()).containsExactly(3, 5);
            checkLayer(model, cut, inputs, arrays, "encoder", tried.target());
        }
    }

    /**
     * How a layer's value lies may depend on the numbers: what was found out for one call is looked at once more for
     * the next.
     */
    @Test
    void the_axis_of_rows_may_change_with_the_values() throws Exception {
        try (TorchScriptModel model =
                TorchScriptModel.load(GoldenData.axes().resolve("turning.pt"), TorchGolden.options())) {
            ExecutorService pool = Executors.newFixedThreadPool(THREADS);
            try {
                List<Callable<Void>> tasks = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    int first = thread;
                    tasks.add(() -> {
                        for (int turn = 0; turn < 6; turn++) {
                            checkTurning(model, (first + turn) % 2 == 0 ? 1 : -1);
                        }
                        return null;
                    });
                }
                for (Future<Void> task : pool.invokeAll(tasks)) {
                    task.get();
                }
            } finally {
                pool.shutdownNow();
            }
            checkTurning(model, 1);
            checkTurning(model, -1);
        }
    }

    /** All rows lie as the first number says, so that each alone is a row of all. */
    private static void checkTurning(TorchScriptModel model, int sign) {
        try (TensorScope scope = TensorScope.open()) {
            double[] values = new double[3 * 4];
            for (int i = 0; i < values.length; i++) {
                values[i] = i % 4 == 0 ? sign * (0.5 + i) : Math.cos(i);
            }
            Inputs inputs = Inputs.of(model.tensors().of(values, 3, 4));
            Cut cut = model.cut("act");
            // Before the turn nothing turns: what the layer is of.
            Tensor expected = model.cut("fc").activations(inputs).get(0);
            double[] before = expected.toDoubleArray();
            Tensor value = cut.activations(inputs).get(0);
            assertThat(value.shape().dims()).containsExactly(3, 5);
            double[] after = value.toDoubleArray();
            for (int i = 0; i < after.length; i++) {
                assertThat(after[i]).isCloseTo(Math.tanh(before[i]), within(CLOSE));
            }
            List<Tensor> gradients = new ArrayList<>();
            for (int row = 0; row < 3; row++) {
                try (Pullback one = cut.pullback(inputs.select(row))) {
                    gradients.add(one.vjp(one.output()).get(0).reshape(Shape.of(1, 5)));
                }
            }
            try (Pullback pullback = cut.pullback(inputs)) {
                same(pullback.activations().get(0), value, "turning");
                same(pullback.vjp(pullback.output()).get(0), model.tensors().concat(gradients, 0), "turning");
            }
            Tensor output = model.forward(inputs);
            same(cut.tail().forward(cut.tailInputs(inputs, value)), output, "tail of turning");
        }
    }

    @Test
    void without_the_option_it_is_refused_and_the_model_still_works() throws Exception {
        Case tried = cases().filter(c -> c.name().equals("energy")).findFirst().orElseThrow();
        try (TorchScriptModel model = TorchScriptModel.load(tried.file(), TorchGolden.options());
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = tried.inputs(tried.arrays(model));
            assertThatThrownBy(() -> new Saliency()
                            .attribute(model, inputs, Target.output())
                            .close())
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("axis 0 of the output must count rows");
            assertThat(model.forward(inputs).shape().rank()).isZero();
        }
    }
}
