// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.internal.engine.TorchModule;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Many threads ask one model for different layers: outputs and inputs of modules, activations, neurons. */
@ExtendWith(LeakExtension.class)
class LayerConcurrencyTest {
    private static final int THREADS = 8;
    private static final int ROUNDS = 25;

    private static List<Attribution<? super LayeredModel>> methods() {
        IntegratedGradients integrated = new IntegratedGradients().steps(4);
        return List.of(
                new GradCam("layer2"),
                new GradCam("layer1"),
                integrated.at("layer1"),
                integrated.at("layer2:in"),
                new InputXGradient().at("maxpool"),
                new LayerActivation("conv1", "fc"),
                Saliency.signed().towards("layer2", Target.at(1, 0, 0)),
                integrated.towards("fc", Target.at(2)));
    }

    private static List<List<Double>> bits(
            TorchScriptModel model, Inputs inputs, Attribution<? super LayeredModel> method) {
        Target target = method.ownScore().isPresent() ? Target.output() : Target.index(3);
        try (Explanation explanation = method.attribute(model, inputs, target, Run.defaults())) {
            List<List<Double>> bits = new ArrayList<>();
            for (Tensor tensor : explanation.attributions()) {
                bits.add(Arrays.stream(tensor.toDoubleArray()).boxed().toList());
            }
            return bits;
        }
    }

    @Test
    @DisplayName(
            "Eight threads at different layers of one model get the bits that one thread gets, and nothing is compiled"
                    + " again")
    void differentLayers() throws Exception {
        for (String archive : List.of("cnn.scripted.pt", "cnn.traced.pt")) {
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel model = TestModels.golden(archive)) {
                Inputs inputs = Inputs.of(TestModels.normal(model, DataType.FLOAT32, 2, 1, 3, 16, 16));
                List<Attribution<? super LayeredModel>> methods = methods();
                List<List<List<Double>>> alone = methods.stream()
                        .map(method -> bits(model, inputs, method))
                        .toList();
                TorchModule module = model.module();
                ExecutorService pool = Executors.newFixedThreadPool(THREADS);
                try {
                    CyclicBarrier together = new CyclicBarrier(THREADS);
                    List<Callable<List<String>>> tasks = new ArrayList<>();
                    for (int thread = 0; thread < THREADS; thread++) {
                        int first = thread;
                        tasks.add(() -> {
                            together.await();
                            List<String> differing = new ArrayList<>();
                            for (int round = 0; round < ROUNDS; round++) {
                                int number = (first + round) % methods.size();
                                if (!bits(model, inputs, methods.get(number)).equals(alone.get(number))) {
                                    differing.add(methods.get(number).name() + " in round " + round);
                                }
                            }
                            return differing;
                        });
                    }
                    for (Future<List<String>> task : pool.invokeAll(tasks)) {
                        assertThat(task.get()).as(archive).isEmpty();
                    }
                } finally {
                    pool.shutdownNow();
                }
                assertThat(model.module()).as("the native module").isSameAs(module);
            }
        }
    }
}
