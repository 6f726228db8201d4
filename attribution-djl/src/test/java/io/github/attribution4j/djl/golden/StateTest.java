// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.offset;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.internal.golden.GoldenCase;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Models that change themselves ({@code golden/state.py}): every call of every kind starts from the state of the file.
 */
class StateTest {
    private static final int FEATURES = 4;
    private static final int THREADS = 8;
    private static final double STORED_COUNT = 2;
    /** Of each kind of state one, to which rules are applied; each compiles a program of its own. */
    private static final List<String> RULED = List.of(
            "counts-buffer.pt",
            "assigns-tensor.pt",
            "appends.pt",
            "state-below.pt",
            "loops-over-state.pt",
            "traced.pt",
            "convolves.pt",
            "convolves-traced.pt");

    /** One archive with what PyTorch computes in float64, each row in a fresh copy. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Case(
            String file, String about, float[][] x, double[][] output, double[][] after, double[][][] gradient) {
        Path path() {
            return GoldenData.folder().resolve("state").resolve(file);
        }

        TorchScriptModel load() {
            return TorchScriptModel.load(path(), TorchGolden.options());
        }

        Inputs row(TorchScriptModel model, int row) {
            return Inputs.of(model.tensors().of(x[row], 1, FEATURES));
        }
    }

    private static Stream<DynamicTest> each(java.util.function.Consumer<Case> check) {
        return GoldenCase.objects(GoldenData.read(GoldenData.folder().resolve("state/state.json"))).stream()
                .map((JsonObject json) -> new Gson().fromJson(json, Case.class))
                .map(state -> DynamicTest.dynamicTest(state.file(), () -> {
                    long live = Lifetime.count();
                    try (TensorScope scope = TensorScope.open()) {
                        check.accept(state);
                    }
                    assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
                }));
    }

    @TestFactory
    Stream<DynamicTest> everyCallStartsFromTheStateOfTheFile() {
        return each(state -> {
            try (TorchScriptModel model = state.load()) {
                for (int round = 0; round < 3; round++) {
                    for (int row = 0; row < state.x().length; row++) {
                        checkForward(state, model, row);
                        checkGradient(state, model, row);
                    }
                    if (round == 1) {
                        layers(model).forEach(point -> runAtLayer(state, model, point));
                    }
                }
            }
        });
    }

    private static void checkForward(Case state, TorchScriptModel model, int row) {
        try (TensorScope scope = TensorScope.open()) {
            double[] output = model.forward(state.row(model, row)).toDoubleArray();
            assertThat(output).as("row %d", row).containsExactly(state.output()[row], offset(1e-5));
        }
    }

    private static void checkGradient(Case state, TorchScriptModel model, int row) {
        for (int unit = 0; unit < state.output()[row].length; unit++) {
            try (TensorScope scope = TensorScope.open();
                    Pullback pullback = model.pullback(state.row(model, row))) {
                float[] cotangent = new float[state.output()[row].length];
                cotangent[unit] = 1;
                Tensor ones = model.tensors().of(cotangent, 1, cotangent.length);
                for (int again = 0; again < 2; again++) {
                    double[] gradient = pullback.vjp(ones).get(0).toDoubleArray();
                    assertThat(gradient)
                            .as("gradient of output %d of row %d", unit, row)
                            .containsExactly(state.gradient()[row][unit], offset(1e-4));
                }
            }
        }
    }

    private static List<Cut.Point> layers(TorchScriptModel model) {
        List<Cut.Point> points = new ArrayList<>(model.cutPoints());
        points.addAll(model.innerPoints());
        // What is not computed from rows cannot be cut.
        points.removeIf(point -> !hasRows(model, point));
        return points;
    }

    private static boolean hasRows(TorchScriptModel model, Cut.Point point) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs rows = Inputs.of(model.tensors().of(new float[5 * FEATURES], 5, FEATURES));
            Shape shape = model.cut(point).activations(rows).get(0).shape();
            return shape.rank() > 0 && shape.dim(0) == 5;
        } catch (ModelException e) {
            return false;
        }
    }

    /**
     * A cut whose value is put back unchanged yields the output of the whole model, although the state changes after
     * it.
     */
    private static void runAtLayer(Case state, TorchScriptModel model, Cut.Point point) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs row = state.row(model, 0);
            io.github.attribution4j.model.Cut cut = model.cut(point);
            Tensor value = cut.activations(row).get(0);
            double[] output =
                    cut.tail().forward(cut.tailInputs(row, List.of(value))).toDoubleArray();
            assertThat(output).as("tail at %s", point).containsExactly(state.output()[0], offset(1e-5));
        }
    }

    private static List<Attribution<? super TorchScriptModel>> families(Case state, TorchScriptModel model) {
        IntegratedGradients integrated = new IntegratedGradients().steps(4);
        List<Attribution<? super TorchScriptModel>> families =
                new ArrayList<>(List.<Attribution<? super TorchScriptModel>>of(
                        new Saliency(),
                        new InputXGradient(),
                        integrated,
                        new FeatureAblation(),
                        new Occlusion(2),
                        new ShapleyValues(),
                        NoiseTunnel.smoothGrad(integrated).samples(3).stdev(0.1)));
        if (RULED.contains(state.file())) {
            families.add(new DeepLift().baseline(Baseline.constant(0.1)));
            families.add(new Lrp());
        }
        if (model.cutPoints().stream().anyMatch(point -> point.path().equals("conv"))) {
            families.add(new GuidedBackprop());
            families.add(new GradCam("conv"));
            families.add(GradCam.layerCam("conv"));
        }
        List<Cut.Point> points = layers(model);
        if (!points.isEmpty()) {
            families.add(new InputXGradient().at(points.get(0).toString()));
        }
        return families;
    }

    @TestFactory
    Stream<DynamicTest> everyFamilyGivesTheSameFromEightThreads() {
        return each(state -> {
            try (TorchScriptModel model = state.load()) {
                List<List<Double>> alone = explanations(state, model);
                ExecutorService pool = Executors.newFixedThreadPool(THREADS);
                try {
                    List<Callable<List<List<Double>>>> tasks = new ArrayList<>();
                    for (int i = 0; i < THREADS; i++) {
                        tasks.add(() -> explanations(state, model));
                    }
                    for (Future<List<List<Double>>> task : pool.invokeAll(tasks)) {
                        assertThat(task.get()).isEqualTo(alone);
                    }
                } catch (InterruptedException | java.util.concurrent.ExecutionException e) {
                    throw new AssertionError(e);
                } finally {
                    pool.shutdown();
                }
                checkForward(state, model, 1);
                checkGradient(state, model, 1);
            }
        });
    }

    private static List<List<Double>> explanations(Case state, TorchScriptModel model) {
        List<List<Double>> all = new ArrayList<>();
        for (Attribution<? super TorchScriptModel> method : families(state, model)) {
            try (TensorScope scope = TensorScope.open();
                    Explanation why = method.attribute(
                            model,
                            state.row(model, 0),
                            Target.index(1),
                            Run.defaults().seed(3).batchRows(1))) {
                List<Double> values = new ArrayList<>();
                for (double value : why.attribution().toDoubleArray()) {
                    values.add(value);
                }
                all.add(values);
            }
        }
        return all;
    }

    /** Weights are those of the file after any calls, and also with another start state. */
    @Test
    void weightsShowTheStateOfTheFile() {
        for (String name : List.of("counts-buffer.pt", "decays-its-weights.pt", "state-below.pt", "convolves.pt")) {
            Map<String, Tensor> start = name.equals("counts-buffer.pt")
                    ? Map.of("n", Tensors.ofJava().of(new float[] {8}, 1))
                    : Map.of();
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = TorchScriptModel.load(file(name));
                    TorchScriptModel called = TorchScriptModel.load(
                            file(name), TorchGolden.options().state(start))) {
                Inputs x = Inputs.of(called.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
                called.forward(x);
                new Saliency().attribute(called, x, Target.index(1)).close();
                assertThat(called.weightNames()).isEqualTo(model.weightNames());
                assertThat(called.weightNames()).as(name).containsAll(tensorsOf(called));
                for (String weight : model.weightNames()) {
                    assertThat(called.weight(weight).toDoubleArray())
                            .as("%s of %s", weight, name)
                            .isEqualTo(model.weight(weight).toDoubleArray());
                }
                if (name.equals("counts-buffer.pt")) {
                    assertThat(called.weight("n").toDoubleArray()).containsExactly(STORED_COUNT);
                }
            }
        }
    }

    private static List<String> tensorsOf(TorchScriptModel model) {
        return model.stateNames().stream()
                .filter(name ->
                        !name.equals("memory.calls") || model.weightNames().contains(name))
                .toList();
    }

    /**
     * The values at the reference start from the same state, so that the sum of DeepLIFT is the difference of the
     * outputs.
     */
    @Test
    void rulesStartFromTheStateOfTheFile() {
        List<String> complete = new ArrayList<>();
        List<String> refused = new ArrayList<>();
        for (JsonObject json : GoldenCase.objects(GoldenData.read(file("state.json")))) {
            Case state = new Gson().fromJson(json, Case.class);
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = state.load()) {
                for (int round = 0; round < 2; round++) {
                    try (Explanation why =
                            new DeepLift().attribute(model, state.row(model, 0), Target.index(1), Run.defaults())) {
                        double scale = Math.max(1, Math.abs(why.scores()[0]));
                        assertThat(why.completenessGap()[0] / scale)
                                .as(state.file())
                                .isCloseTo(0, offset(1e-4));
                        complete.add(state.file());
                    } catch (ModelException e) {
                        refused.add(state.file() + ": " + e.getMessage());
                    }
                }
                checkForward(state, model, 0);
            }
        }
        assertThat(complete).as("refused: %s", refused).hasSizeGreaterThan(20);
    }

    private static Path file(String name) {
        return GoldenData.folder().resolve("state").resolve(name);
    }

    private static double[] forward(String file, Map<String, Tensor> state) {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model =
                        TorchScriptModel.load(file(file), TorchGolden.options().state(state))) {
            double[] first = null;
            for (int i = 0; i < 2; i++) {
                Tensor x = model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES);
                double[] output = model.forward(Inputs.of(x)).toDoubleArray();
                assertThat(output).isEqualTo(first == null ? output : first);
                first = output;
            }
            return first;
        }
    }

    /**
     * A count of calls only scales the output, so another start is a factor; a hidden state of zero and one of its own
     * make the recurrence.
     */
    @Test
    void callsStartFromTheStateThatIsHandedIn() {
        Tensors java = Tensors.ofJava();
        try (TensorScope scope = TensorScope.open()) {
            double[] plain = forward("counts-buffer.pt", Map.of());
            double[] other = forward("counts-buffer.pt", Map.of("n", java.of(new float[] {8}, 1)));
            double[] number = forward("counts-int.pt", Map.of("n", java.of(new long[] {4}, 1)));
            double[] start = forward("counts-int.pt", Map.of());
            for (int i = 0; i < plain.length; i++) {
                assertThat(other[i]).isCloseTo(plain[i] * 3, offset(1e-5));
                assertThat(number[i]).isCloseTo(start[i] * 5 / 3, offset(1e-5));
            }
            double[] same = forward("assigns-tensor.pt", Map.of("h", java.of(new float[] {0.3f, -0.2f, 0.1f}, 1, 3)));
            assertThat(same).containsExactly(forward("assigns-tensor.pt", Map.of()), offset(1e-6));
            double[] below = forward("state-below.pt", Map.of("memory.calls", java.of(new float[] {0}, 1)));
            assertThat(below).containsExactly(forward("state-below.pt", Map.of()), offset(1e-6));
        }
    }

    /** Load options that change the numbers are in the provenance, and in its JSON. */
    @Test
    void provenanceTellsStateMethodTypeAndLayout() {
        Tensor start = Tensors.ofJava().of(new long[] {4}, 1);
        LoadOptions options =
                TorchGolden.options().method("again").dataType(DataType.FLOAT64).state(Map.of("n", start));
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(file("counts-int.pt"), options);
                TorchScriptModel plain = TorchScriptModel.load(file("counts-int.pt"), TorchGolden.options());
                TorchScriptModel alone = TorchScriptModel.load(
                        file("counts-int.pt"), TorchGolden.options().unbatched().output(0))) {
            Inputs x = Inputs.of(model.tensors().of(new double[] {1, 2, 3, 4}, 1, FEATURES));
            Map<String, String> expected = new LinkedHashMap<>();
            expected.put("method", "again");
            expected.put("dataType", "float64");
            expected.put("state n", "(1,) sha256:" + Provenance.digest(start));
            try (Explanation why = new InputXGradient().attribute(model, x, Target.index(0));
                    Explanation read = Explanation.fromJson(why.toJson())) {
                assertThat(why.provenance().model().loaded()).containsExactlyEntriesOf(expected);
                assertThat(read.provenance()).isEqualTo(why.provenance());
            }
            try (Explanation why = new InputXGradient().at("fc").attribute(model, x, Target.index(0))) {
                assertThat(why.provenance().model().loaded()).isEqualTo(expected);
            }
            assertThat(plain.identity().loaded()).isEmpty();
            assertThat(plain.identity().digest()).isEqualTo(model.identity().digest());
            assertThat(alone.identity().loaded()).isEqualTo(Map.of("output", "0", "unbatched", "true"));
            assertThat(options.toString()).contains("float64", "method 'again'", "state of n");
        }
    }

    @Test
    void aStateThatDoesNotFitIsRefusedByName() {
        Tensors java = Tensors.ofJava();
        try (TensorScope scope = TensorScope.open()) {
            assertThatThrownBy(() -> forward("counts-buffer.pt", Map.of("m", java.of(new float[] {8}, 1))))
                    .isInstanceOf(UnsupportedModelException.class)
                    .hasMessageEndingWith("state 'm' does not exist; the program changes n");
            assertThatThrownBy(() -> forward("counts-buffer.pt", Map.of("n", java.of(new float[] {8}, 1, 1))))
                    .hasMessageEndingWith(
                            "state 'n' is a Float tensor of shape [1] in the file; float32 (1, 1) does not fit it");
            assertThatThrownBy(() -> forward("counts-int.pt", Map.of("n", java.of(new float[] {8}, 1))))
                    .hasMessageEndingWith("state 'n' is of type int; give a tensor of one element, not float32 (1,)");
            assertThatThrownBy(() -> forward("appends.pt", Map.of("past", java.of(new float[] {8}, 1))))
                    .hasMessageEndingWith(
                            "state 'past' is of type List[Tensor]; only tensors, numbers and truth values "
                                    + "can be handed in");
        }
    }

    /**
     * Branches that truth values in the archive decide against keep nothing; nor do operators that only read, tables,
     * and numbers out of lists.
     */
    @Test
    void onlyWhatRunsIsState() {
        Map<String, List<String>> expected = Map.of(
                "flag-off", List.of(),
                "flag-on", List.of("seen"),
                "flag-of-one", List.of("one.seen", "other.seen"),
                "flag-cache", List.of("cache"),
                "flag-set", List.of("started", "n"),
                "flag-training", List.of());
        expected.forEach((name, state) -> {
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = TorchScriptModel.load(file(name + ".pt"), TorchGolden.options())) {
                assertThat(model.stateNames()).as(name).containsExactlyInAnyOrderElementsOf(state);
                Inputs x = Inputs.of(model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
                double[] first = model.forward(x).toDoubleArray();
                assertThat(model.forward(x).toDoubleArray()).as(name).isEqualTo(first);
            }
        });
    }

    /** The state that one call leaves is the start of the next: what PyTorch gives in calls one after the other. */
    @Test
    void aLoopHandsOnTheState() {
        Map<String, String> refused = new LinkedHashMap<>();
        int looped = 0;
        for (JsonObject json : GoldenCase.objects(GoldenData.read(file("state.json")))) {
            Case state = new Gson().fromJson(json, Case.class);
            try (TensorScope episode = TensorScope.open()) {
                Map<String, Tensor> before = Map.of();
                for (int row = 0; row < state.x().length; row++) {
                    LoadOptions options =
                            TorchGolden.options().dataType(DataType.FLOAT64).state(before);
                    try (TorchScriptModel model = TorchScriptModel.load(state.path(), options)) {
                        Inputs step = Inputs.of(
                                model.tensors().of(state.x()[row], 1, FEATURES).to(DataType.FLOAT64));
                        double[] output = model.forward(step).toDoubleArray();
                        assertThat(output)
                                .as("step %d of %s", row, state.file())
                                .containsExactly(state.after()[row], offset(1e-5));
                        Map<String, Tensor> after = model.stateAfter(step);
                        assertThat(after.keySet()).containsExactlyElementsOf(model.stateNames());
                        // The call was one of its own.
                        assertThat(model.stateAfter(step).toString()).isEqualTo(after.toString());
                        assertThat(model.forward(step).toDoubleArray()).isEqualTo(output);
                        before = after;
                    }
                }
                looped++;
            } catch (UnsupportedModelException e) {
                refused.put(state.file(), e.getMessage());
            }
        }
        assertThat(looped).as("%s", refused).isEqualTo(23);
        assertThat(refused)
                .containsOnlyKeys("appends.pt", "keeps-containers.pt", "keeps-objects.pt", "writes-to-constant.pt");
        assertThat(refused.values())
                .allSatisfy(message -> assertThat(message)
                        .contains("only tensors, numbers and truth values can be read and handed in again"));
    }

    @Test
    void theStateAfterOneExampleWithoutAnAxisOfRows() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(
                        file("counts-buffer.pt"), TorchGolden.options().unbatched())) {
            Tensor rows = model.tensors().of(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, FEATURES);
            Tensor count = model.stateAfter(Inputs.of(rows.rows(0, 1))).get("n");
            assertThat(count.shape()).isEqualTo(Shape.of(1));
            assertThat(count.toDoubleArray()).containsExactly(STORED_COUNT + 1);
            assertThatThrownBy(() -> model.stateAfter(Inputs.of(rows)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageStartingWith("inputs have 2 rows, and the program takes one example a call");
        }
    }

    @Test
    void aModelThatKeepsNoStateLeavesNone() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(file("flag-off.pt"), TorchGolden.options())) {
            Inputs x = Inputs.of(model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
            assertThat(model.stateAfter(x)).isEmpty();
        }
    }

    /** The second program is compiled once, whoever asks first, and ends with the model. */
    @Test
    void eightThreadsReadTheStateAtOnce() throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(THREADS);
        TorchScriptModel model = TorchScriptModel.load(file("convolves.pt"), TorchGolden.options());
        try {
            List<Callable<double[]>> tasks = new ArrayList<>();
            for (int i = 0; i < THREADS; i++) {
                tasks.add(() -> {
                    try (TensorScope scope = TensorScope.open()) {
                        Inputs x = Inputs.of(model.tensors().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
                        return model.stateAfter(x).get("n").toDoubleArray();
                    }
                });
            }
            for (Future<double[]> task : pool.invokeAll(tasks)) {
                assertThat(task.get()).containsExactly(1.5);
            }
        } finally {
            pool.shutdownNow();
            model.close();
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs x = Inputs.of(Tensors.ofJava().of(new float[] {1, 2, 3, 4}, 1, FEATURES));
            assertThatThrownBy(() -> model.stateAfter(x)).isInstanceOf(IllegalStateException.class);
        }
    }
}
