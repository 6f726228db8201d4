// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What a service can ask wrongly of a TorchScript model: each gets one line that names the argument, the value, the
 * rule and the remedy, leaves nothing open, and the model answers the next request as before.
 */
@ExtendWith(LeakExtension.class)
class RequestRefusalTest {
    private static GoldenModel<TorchScriptModel> table;
    private static GoldenModel<TorchScriptModel> image;
    private static double[] answer;

    @BeforeAll
    static void load() {
        table = TorchGolden.load(GoldenData.entry("mlp_softmax/scripted"));
        image = TorchGolden.load(GoldenData.entry("cnn/traced"));
        answer = saliency();
    }

    @AfterAll
    static void unload() {
        table.close();
        image.close();
    }

    private static double[] saliency() {
        try (Explanation explanation = new Saliency().attribute(table.model(), table.inputs(), Target.index(1))) {
            return explanation.attribution().toDoubleArray();
        }
    }

    @AfterEach
    void theModelAnswersAsBefore() {
        assertThat(saliency()).isEqualTo(answer);
    }

    private static void refused(
            Class<? extends Throwable> type,
            String message,
            Attribution<? super LayeredModel> method,
            Function<Tensors, Inputs> inputs,
            Target target,
            Run run) {
        try (TensorScope scope = TensorScope.open()) {
            refused(type, message, () -> {
                TorchScriptModel model = table.model();
                method.attribute(model, inputs.apply(model.tensors()), target, run)
                        .close();
            });
        }
    }

    private static void refused(Class<? extends Throwable> type, String message, Runnable request) {
        Throwable failure = catchThrowable(request::run);
        assertThat(failure).isNotNull().isInstanceOf(type);
        assertThat(failure.getMessage()).doesNotContain("\n").isEqualTo(message);
    }

    private static void refused(String message, Attribution<? super LayeredModel> method, Target target) {
        refused(InvalidRequestException.class, message, method, tensors -> table.inputs(), target, Run.defaults());
    }

    private static void refused(Class<? extends Throwable> type, String message, Function<Tensors, Inputs> inputs) {
        refused(type, message, new Saliency(), inputs, Target.index(1), Run.defaults());
        refused(type, message, new FeatureAblation(), inputs, Target.index(1), Run.defaults());
    }

    private static Inputs row(Tensors tensors, int changed, float value) {
        float[] values = new float[12];
        values[changed] = value;
        return Inputs.none().attribute("x", tensors.of(values, 1, 12));
    }

    @Test
    void inputsOfAnotherShape() {
        refused(
                ModelException.class,
                "mat1 and mat2 shapes cannot be multiplied (3x11 and 12x32)",
                tensors -> Inputs.of(tensors.zeros(Shape.of(3, 11), DataType.FLOAT32)));
    }

    @Test
    void inputsOfAnotherType() {
        refused(
                ModelException.class,
                "mat1 and mat2 must have the same dtype, but got Double and Float; the model's weights are float32 and "
                        + "input 'x' is float64: convert it with to(DataType.FLOAT32)",
                tensors -> Inputs.none().attribute("x", tensors.zeros(Shape.of(3, 12), DataType.FLOAT64)));
        refused(
                InvalidRequestException.class,
                "input 'x' is of type int64, which has no gradient; attribute by token, at the vectors "
                        + "that the model looks up for it (TokenAttribution.of(method)), at a layer "
                        + "(method.at(\"embedding\")), by a perturbation method, or pass it with fixed(...)",
                new Saliency(),
                tensors -> Inputs.none().attribute("x", tensors.zeros(Shape.of(3, 12), DataType.INT64)),
                Target.index(1),
                Run.defaults());
        refused(
                ModelException.class,
                "mat1 and mat2 must have the same dtype, but got Long and Float; the model's weights are float32 and "
                        + "input 'x' is int64: store it as float32, in Java with to(DataType.FLOAT32)",
                new FeatureAblation(),
                tensors -> Inputs.none().attribute("x", tensors.zeros(Shape.of(3, 12), DataType.INT64)),
                Target.index(1),
                Run.defaults());
    }

    @Test
    void inputsOfAnotherNumber() {
        refused(
                ModelException.class,
                "the model takes 1 arguments and was given 2 inputs: forward(x: Tensor) -> Tensor; given: 'input0'"
                        + " float32 "
                        + "(3, 12), 'input1' float32 (3, 12)",
                tensors -> Inputs.of(
                        tensors.zeros(Shape.of(3, 12), DataType.FLOAT32),
                        tensors.zeros(Shape.of(3, 12), DataType.FLOAT32)));
    }

    @Test
    void inputsThatAreNotFinite() {
        String nan =
                "input 'x' of shape (1, 12) holds NaN at element 7 (row-major), 1 of 12 values are NaN or infinite; "
                        + "attributions of it have no meaning: replace the value";
        Function<Tensors, Inputs> inputs = tensors -> row(tensors, 7, Float.NaN);
        refused(InvalidRequestException.class, nan, new Saliency(), inputs, Target.index(1), Run.defaults());
        refused(
                InvalidRequestException.class,
                nan + ", or say with Inputs.allowMissing() that NaN is a missing value to the model",
                new FeatureAblation(),
                inputs,
                Target.index(1),
                Run.defaults());
        refused(
                InvalidRequestException.class,
                "input 'x' of shape (1, 12) holds -Infinity at element 0 (row-major), 1 of 12 values are NaN or"
                        + " infinite; "
                        + "attributions of it have no meaning: replace the value",
                tensors -> row(tensors, 0, Float.NEGATIVE_INFINITY));
    }

    @Test
    void targetsThatDoNotFit() {
        refused(
                "target [4]: 4 lies outside 0 to 3, axis 1 of the model's output of shape (3, 4)",
                new Saliency(),
                Target.index(4));
        refused(
                "target [-1]: -1 lies outside 0 to 3, axis 1 of the model's output of shape (3, 4)",
                new FeatureAblation(),
                Target.index(-1));
        refused(
                "target: none given, but the model's output has shape (3, 4), 4 values for each example; choose"
                        + " one, for "
                        + "instance Target.index(c), Target.at(...) or Target.argmax()",
                new IntegratedGradients(),
                Target.output());
        refused(
                "target index 0, 1: 2 targets for 3 examples; give one for all, or one for each",
                new ShapleySampling(),
                Target.indexes(0, 1));
        refused(
                "target [1, 1] has 2 coordinates, but the model's output has shape (3, 4), 1 axes after the rows;"
                        + " give one "
                        + "coordinate for each with Target.at(...)",
                new Saliency(),
                Target.at(1, 1));
    }

    @Test
    void masksThatDoNotFit() {
        refused(
                "mask for input 'x' has shape (1, 11) and the input (3, 12); axis 0 must be 1 or the number of"
                        + " examples, 3, and "
                        + "every other axis 1 or the input's",
                new FeatureAblation().mask(maskOf(new long[11])),
                Target.index(1));
        refused(
                "mask has groups up to 3 but no element in 1, 2; a group without elements has no attribution:"
                        + " renumber the "
                        + "groups, or use renumbered()",
                new ShapleySampling().mask(FeatureMask.ofIds(new long[] {0, 0, 0, 0, 0, 0, 3, 3, 3, 3, 3, 3})),
                Target.index(1));
        refused(
                "occlusion: window (13,) on axis 1 of input 'x' of shape (3, 12): 13 must be 1 to 12",
                new Occlusion(13),
                Target.index(1));
    }

    private static FeatureMask maskOf(long... ids) {
        try (Tensor row = Tensors.ofJava().of(ids, 1, ids.length)) {
            return FeatureMask.of(row);
        }
    }

    @Test
    void baselinesThatDoNotFit() {
        try (Tensor narrow = Tensors.ofJava().zeros(Shape.of(1, 11), DataType.FLOAT32)) {
            refusesBaseline(Baseline.of(narrow));
        }
    }

    private static void refusesBaseline(Baseline narrow) {
        refused(
                "baseline for input 'x' has shape (1, 11) and the input has shape (3, 12); all axes but the first"
                        + " must be "
                        + "equal",
                new IntegratedGradients().baseline(narrow),
                Target.index(1));
        refused(
                "baseline for input 'x' has shape (1, 11) and the input has shape (3, 12); all axes but the first"
                        + " must be "
                        + "equal",
                new FeatureAblation().baseline(narrow),
                Target.index(1));
    }

    @Test
    void tooFewSteps() {
        refused(
                "steps 0: must be at least 1 with quadrature gauss-legendre",
                new IntegratedGradients().steps(0),
                Target.index(1));
    }

    @Test
    void everythingWrongAtOnce() {
        refused(
                InvalidRequestException.class,
                "input 'x' of shape (1, 12) holds NaN at element 3 (row-major), 1 of 12 values are NaN or infinite; "
                        + "attributions of it have no meaning: replace the value; steps -2: must be at least 1 with"
                        + " quadrature "
                        + "gauss-legendre",
                new IntegratedGradients().steps(-2),
                tensors -> row(tensors, 3, Float.NaN),
                Target.index(1),
                Run.defaults());
    }

    @Test
    void layersThatDoNotExist() {
        refused(
                UnknownLayerException.class,
                "layer 'layer2.0.conv3' does not exist; did you mean 'layer2.0.conv1', 'layer2.0.conv2',"
                        + " 'layer1.0.conv1'?",
                () -> new GradCam("layer2.0.conv3").attribute(image.model(), image.inputs(), Target.index(0)));
        refused(
                UnknownLayerException.class,
                "layer 'rellu1' does not exist; did you mean 'relu1', 'relu2'?",
                () -> new Saliency().at("rellu1").attribute(table.model(), table.inputs(), Target.index(0)));
    }

    @Test
    void deadlines() {
        Throwable failure = catchThrowable(() -> new ShapleySampling()
                .samples(20_000)
                .attribute(
                        image.model(),
                        image.inputs(),
                        Target.index(0),
                        Run.defaults().deadline(Duration.ofMillis(30))));
        assertThat(failure).isInstanceOf(DeadlineExceededException.class);
        assertThat(failure.getMessage())
                .matches("shapley-sampling: the deadline of 30 ms passed after \\d+ of \\d+ rows; allow more time,"
                        + " or ask for "
                        + "fewer steps or samples");
    }

    @Test
    void cancellation() {
        Cancellation cancellation = new Cancellation();
        cancellation.cancel();
        refused(
                CancelledException.class,
                "saliency was cancelled after 0 of 3 rows",
                new Saliency(),
                tensors -> table.inputs(),
                Target.index(0),
                Run.defaults().cancellation(cancellation));
        Cancellation later = new Cancellation();
        Run run = Run.defaults().batchRows(4).cancellation(later).progress(progress -> {
            if (progress.fraction() >= 8 / 150.0) {
                later.cancel();
            }
        });
        refused(
                CancelledException.class,
                "integrated-gradients was cancelled after 8 of 150 rows",
                new IntegratedGradients(),
                tensors -> table.inputs(),
                Target.index(0),
                run);
    }

    @Test
    void closedModels() {
        try (GoldenModel<TorchScriptModel> other = TorchGolden.load(GoldenData.entry("mlp_softmax/traced"))) {
            LayeredModel model = other.model();
            LayeredModel closed = other.model();
            closed.close();
            for (Attribution<? super LayeredModel> method : List.<Attribution<? super LayeredModel>>of(
                    new Saliency(), new FeatureAblation(), new Saliency().at("relu1"))) {
                refused(
                        IllegalStateException.class,
                        "this model was closed; load it again",
                        () -> method.attribute(model, other.inputs(), Target.index(0)));
            }
        }
    }

    @Test
    void memoryBudgetsBelowOneRow() {
        Throwable failure = catchThrowable(() -> new IntegratedGradients()
                .attribute(
                        image.model(),
                        image.inputs(),
                        Target.index(0),
                        Run.defaults().memoryBudget(1000)));
        assertThat(failure).isInstanceOf(IllegalArgumentException.class);
        assertThat(failure.getMessage()).matches("memory budget 1000 bytes.*");
    }
}
