// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ModelException;
import ai.djl.ndarray.NDList;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Plan;
import io.github.attribution4j.djl.DjlInputs;
import io.github.attribution4j.djl.DjlModel;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class ProductionTest {
    private final Path demo = Demo.FILES;

    // tag::service
    /** One for the whole service; every thread may call it at once. */
    static final class Explainer implements AutoCloseable {
        private final TorchScriptModel model;
        private final Attribution<DifferentiableModel> method = new IntegratedGradients().steps(50);
        private final Run run = Run.defaults().memoryBudget(256L << 20).deadline(Duration.ofSeconds(10));

        Explainer(Path archive) {
            model = TorchScriptModel.load(archive, LoadOptions.defaults().threads(1));
        }

        float[] explain(float[] pixels) {
            try (Tensor image = model.tensors().of(pixels, 1, 1, 8, 8);
                    Explanation why = method.attribute(model, Inputs.of(image), Target.argmax(), run)) {
                return why.attribution().toFloatArray();
            }
        }

        @Override
        public void close() {
            model.close();
        }
    }
    // end::service

    @Test
    void manyThreadsGiveTheBitsOfOne() throws Exception {
        float[] pixels;
        try (Tensor image = Demo.digit(5, Tensors.ofJava())) {
            pixels = image.toFloatArray();
        }
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try (Explainer explainer = new Explainer(demo.resolve("digits.pt"))) {
            float[] alone = explainer.explain(pixels);
            List<Future<float[]>> answers = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                answers.add(threads.submit(() -> explainer.explain(pixels)));
            }
            for (Future<float[]> answer : answers) {
                assertThat(answer.get()).isEqualTo(alone);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aStateGoesFromOneCallToTheNext() {
        Path archive = Demo.REPOSITORY.resolve("golden/state/assigns-tensor.pt");
        List<float[]> episode = List.of(new float[] {1, 2, 3, 4}, new float[] {-1, 0, 1, 0}, new float[] {-1, 0, 1, 0});
        IntegratedGradients method = new IntegratedGradients();
        List<float[]> told = new ArrayList<>();
        List<Double> scores = new ArrayList<>(); // hidden
        try (TensorScope scope = TensorScope.open()) {
            // tag::state
            Map<String, Tensor> state = Map.of(); // that of the file
            for (float[] observation : episode) {
                try (TorchScriptModel policy =
                        TorchScriptModel.load(archive, LoadOptions.defaults().state(state))) {
                    Inputs step = Inputs.of(policy.tensors().of(observation, 1, 4));
                    try (Explanation why = method.attribute(policy, step, Target.index(1))) {
                        told.add(why.attribution().toFloatArray());
                        scores.add(why.scores()[0]); // hidden
                    }
                    state = policy.stateAfter(step);
                }
            }
            // end::state
            assertThat(state).containsOnlyKeys("h");
        }
        assertThat(told).hasSize(3);
        // The same observation, with another state.
        assertThat(scores.get(2)).isNotCloseTo(scores.get(1), within(1e-4));
        assertThat(told.get(2)).isNotEqualTo(told.get(1));
    }

    @Test
    void plan() throws IOException {
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"));
                Tensor image = Demo.digit(3, model.tensors())) {
            Inputs inputs = Inputs.of(image);
            // tag::plan
            Plan plan = new IntegratedGradients().steps(100).plan(model, inputs, Target.argmax(), Run.defaults());
            long backward = plan.backwardRows(); // 100 for each example
            boolean tooLong = plan.time().compareTo(Duration.ofSeconds(2)) > 0;
            // end::plan
            assertThat(backward).isEqualTo(100);
            assertThat(tooLong).isEqualTo(plan.time().toMillis() > 2000);
            try (Explanation why = new IntegratedGradients().steps(100).attribute(model, inputs, Target.argmax())) {
                assertThat(why.counts().forwardRows()).isEqualTo(plan.forwardRows());
            }
        }
    }

    @Test
    void deadlinesAndCancellation() throws IOException {
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"));
                Tensor image = Demo.digit(3, model.tensors())) {
            IntegratedGradients method = new IntegratedGradients();
            Inputs inputs = Inputs.of(image);
            // tag::deadline
            Cancellation stop = new Cancellation(); // another thread calls stop.cancel()
            Run run = Run.defaults().deadline(Duration.ofMillis(800)).cancellation(stop);
            try (Explanation why = method.attribute(model, inputs, Target.argmax(), run)) {
                assertThat(why.elapsed()).isPositive(); // hidden
            } catch (DeadlineExceededException | CancelledException e) {
                // nothing is left behind; the model serves the next request
            }
            // end::deadline
            stop.cancel();
            assertThatThrownBy(() -> method.attribute(model, inputs, Target.argmax(), run))
                    .isInstanceOf(CancelledException.class);
        }
    }

    @Test
    void scopes() throws IOException {
        try (TorchScriptModel model = TorchScriptModel.load(demo.resolve("digits.pt"));
                Tensor image = Demo.digit(3, model.tensors())) {
            // tag::scope
            try (TensorScope scope = TensorScope.open()) {
                Tensor brighter = image.mul(1.2).clamp(0, 1); // both closed at the end of the block
                try (Explanation why = new Saliency().attribute(model, Inputs.of(brighter), Target.argmax())) {
                    assertThat(why.attribution().isFinite()).isTrue(); // hidden
                    assertThat(scope.owns(brighter)).isTrue(); // hidden
                } // an explanation owns its tensors: close it too, scope or not
            }
            // end::scope
        }
    }

    /** Pixels to logits, as in a service. */
    private static final class Pixels implements Translator<float[], float[]> {
        @Override
        public NDList processInput(TranslatorContext context, float[] pixels) {
            return new NDList(context.getNDManager().create(pixels, new ai.djl.ndarray.types.Shape(1, 8, 8)));
        }

        @Override
        public float[] processOutput(TranslatorContext context, NDList list) {
            return list.singletonOrThrow().toFloatArray();
        }
    }

    @Test
    void aServiceThatRunsDjl() throws IOException, ModelException {
        float[] pixels;
        try (Tensor image = Demo.digit(8, Tensors.ofJava())) {
            pixels = image.toFloatArray();
        }
        Criteria<float[], float[]> criteria = Criteria.builder()
                .setTypes(float[].class, float[].class)
                .optModelPath(demo.resolve("digits.pt"))
                .optEngine("PyTorch")
                .optTranslator(new Pixels())
                .build();
        // tag::djl
        try (ZooModel<float[], float[]> zoo = criteria.loadModel(); // what the service has already
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = DjlInputs.of(zoo).inputs(pixels); // by the service's own Translator

            try (DjlModel forward = DjlModel.of(zoo); // any engine: methods that perturb
                    Explanation why = new FeatureAblation().attribute(forward, inputs, Target.argmax())) {
                assertThat(why.attribution().isFinite()).isTrue(); // hidden
            }
            try (TorchScriptModel model = TorchScriptModel.reload(zoo); // a TorchScript archive: gradients as well
                    Explanation why = new IntegratedGradients().attribute(model, inputs, Target.argmax())) {
                assertThat(why.completenessGap()).hasSize(1); // hidden
                assertThat(scope.owns(inputs.tensor(0))).isTrue(); // hidden
            }
        }
        // end::djl
    }
}
