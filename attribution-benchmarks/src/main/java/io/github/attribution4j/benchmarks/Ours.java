// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.Points;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** The library on one model and one input. */
final class Ours implements AutoCloseable {
    private static final Saliency SALIENCY = Saliency.signed();
    private static final DeepLift DEEP_LIFT = new DeepLift();
    private static final GuidedBackprop GUIDED_BACKPROP = new GuidedBackprop();

    private final LayeredModel model;
    private final Tensor input;
    private final Inputs inputs;

    Ours(BenchmarkModels which, Path archive) {
        this(which, TorchScriptModel.load(archive));
    }

    Ours(BenchmarkModels which, LayeredModel model) {
        this(which, model, DataType.FLOAT32);
    }

    private Ours(BenchmarkModels which, LayeredModel model, DataType type) {
        this.model = model;
        try (Tensor given = model.tensors().of(which.input(), Shape.of(which.shape(1)))) {
            this.input = given.to(type);
        }
        this.inputs = Inputs.of(input);
    }

    /** The same archive in float64, to which both engines are compared. */
    static Ours exact(BenchmarkModels which, Path archive) {
        LoadOptions options = LoadOptions.defaults().dataType(DataType.FLOAT64);
        return new Ours(which, TorchScriptModel.load(archive, options), DataType.FLOAT64);
    }

    float[] saliency(long target) {
        return explain(SALIENCY, target, Run.defaults());
    }

    float[] integratedGradients(long target, int steps, int batch) {
        IntegratedGradients method = new IntegratedGradients().steps(steps).quadrature(Quadrature.RIEMANN_MIDDLE);
        return explain(method, target, Run.defaults().batchRows(batch));
    }

    float[] layerIntegratedGradients(String layer, long target, int steps, int batch) {
        IntegratedGradients method = new IntegratedGradients().steps(steps).quadrature(Quadrature.RIEMANN_MIDDLE);
        return explain(method.at(layer), target, Run.defaults().batchRows(batch));
    }

    /** Explains many rows at once. */
    float[] explainRows(Attribution<? super RuledModel> method, Tensor rows, long target) {
        try (Explanation explanation = method.attribute((RuledModel) model, Inputs.of(rows), Target.index(target))) {
            return explanation.attribution().toFloatArray();
        }
    }

    /** Returns copies of the input, each of another brightness; closed by the caller. */
    Tensor rows(int count) {
        float[] one = input.toFloatArray();
        float[] rows = new float[one.length * count];
        for (int i = 0; i < rows.length; i++) {
            int row = i / one.length;
            rows[i] = one[i % one.length] * (1 - row / (2f * count));
        }
        return model.tensors().of(rows, input.shape().withRows(count));
    }

    float[] deepLift(long target) {
        return explainByRules(DEEP_LIFT, target, Run.defaults());
    }

    float[] guidedBackprop(long target) {
        return explainByRules(GUIDED_BACKPROP, target, Run.defaults());
    }

    float[] gradCam(String layer, long target) {
        try (Explanation explanation =
                new GradCam(layer).attribute(model, inputs, Target.index(target), Run.defaults())) {
            return floats(explanation.attribution());
        }
    }

    private static float[] floats(Tensor tensor) {
        if (tensor.dataType() == DataType.FLOAT32) {
            return tensor.toFloatArray();
        }
        try (Tensor numbers = tensor.to(DataType.FLOAT32)) {
            return numbers.toFloatArray();
        }
    }

    /** Runs the model up to its first layer, for which it is compiled with taps. */
    void firstLayer() {
        try (Tensor activation = model.cut(model.cutPoints().get(0)).head().forward(inputs)) {
            activation.toFloatArray();
        }
    }

    float[] forward() {
        try (Tensor output = model.forward(inputs)) {
            return output.toFloatArray();
        }
    }

    private float[] explain(Attribution<? super LayeredModel> method, long target, Run run) {
        try (Explanation explanation = method.attribute(model, inputs, Target.index(target), run)) {
            return floats(explanation.attribution());
        }
    }

    /** Explains by any method. */
    float[] explainByRules(Attribution<? super RuledModel> method, long target, Run run) {
        try (Explanation explanation = method.attribute((RuledModel) model, inputs, Target.index(target), run)) {
            return explanation.attribution().toFloatArray();
        }
    }

    /**
     * Returns images, and random attributions of them, to be judged by deletion and insertion.
     *
     * @param images copies of the input, each of another brightness
     */
    Curves curves(int images, long target) {
        try (TensorScope scope = TensorScope.open()) {
            float[] scales = new float[images];
            for (int i = 0; i < images; i++) {
                scales[i] = 1 - i / (2f * images);
            }
            long[] ones = new long[input.shape().rank()];
            Arrays.fill(ones, 1);
            ones[0] = images;
            Tensor all = scope.keep(input.mul(model.tensors().of(scales, Shape.of(ones))));
            Explanation explanation = new RandomAttribution().attribute(model, Inputs.of(all), Target.index(target));
            return new Curves(model, all, explanation, Target.index(target));
        }
    }

    /** Images that are judged by deletion and insertion. */
    record Curves(LayeredModel model, Tensor images, Explanation explanation, Target target) implements AutoCloseable {
        /** Returns the areas under the curves of deletion, then those of insertion, of all images. */
        float[] areas(int points, int batch) {
            List<double[]> areas =
                    judgements(points, batch).stream().map(Judgement::scores).toList();
            float[] all = new float[2 * areas.get(0).length];
            for (int i = 0; i < all.length; i++) {
                all[i] = (float) areas.get(i / areas.get(0).length)[i % areas.get(0).length];
            }
            return all;
        }

        /** Returns the number of rows that the model evaluates. */
        long rows(int points, int batch) {
            return judgements(points, batch).stream()
                    .mapToLong(judgement -> judgement.counts().forwardRows())
                    .sum();
        }

        private List<Judgement> judgements(int points, int batch) {
            return Stream.of(PerturbationCurve.deletion(), PerturbationCurve.insertion())
                    .map(metric -> metric.points(Points.steps(points))
                            .judge(
                                    model,
                                    Inputs.of(images),
                                    target,
                                    explanation,
                                    Run.defaults().batchRows(batch)))
                    .toList();
        }

        float[] pixels() {
            return images.toFloatArray();
        }

        float[] attributions() {
            return explanation.attribution().toFloatArray();
        }

        @Override
        public void close() {
            explanation.close();
            images.close();
        }
    }

    @Override
    public void close() {
        input.close();
        model.close();
    }
}
