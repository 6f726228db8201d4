// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A service: one model and one method shared by many threads, each request with a deadline and a memory budget. Results
 * have the same bits as from one thread.
 */
public final class Service implements AutoCloseable {
    private final TorchScriptModel model;
    private final IntegratedGradients method = new IntegratedGradients().steps(50);

    private Service(TorchScriptModel model) {
        this.model = model;
    }

    /** Explains one request within a deadline. */
    private float[] explain(float[] pixels, long digit, Duration time) {
        Run run = Run.defaults().deadline(time).memoryBudget(64L << 20);
        try (TensorScope scope = TensorScope.open()) {
            Tensor image = model.tensors().of(pixels, 1, 1, 8, 8);
            try (Explanation why = method.attribute(model, Inputs.of(image), Target.index(digit), run)) {
                return why.attribution().toFloatArray();
            }
        }
    }

    @Override
    public void close() {
        model.close();
    }

    /** Calls the service from eight threads at once, and once with a deadline that cannot be met. */
    public static void main(String[] args) throws IOException, InterruptedException, ExecutionException {
        try (InputStream archive = DemoFiles.open("digits.pt");
                // Many requests at once keep the cores busy: one thread for each operation is best.
                Service service = new Service(
                        TorchScriptModel.load(archive, LoadOptions.defaults().threads(1)))) {
            float[] pixels = pixels();
            float[] alone = service.explain(pixels, 3, Duration.ofMinutes(5));

            ExecutorService threads = Executors.newFixedThreadPool(8);
            try {
                List<Future<float[]>> answers = new ArrayList<>();
                for (int i = 0; i < 40; i++) {
                    answers.add(threads.submit(() -> service.explain(pixels, 3, Duration.ofMinutes(5))));
                }
                int same = 0;
                for (Future<float[]> answer : answers) {
                    same += Arrays.equals(alone, answer.get()) ? 1 : 0;
                }
                System.out.println(same + " of " + answers.size() + " answers are the same bits");
            } finally {
                threads.shutdown();
            }

            try {
                service.explain(pixels, 3, Duration.ofNanos(1));
            } catch (DeadlineExceededException e) {
                System.out.println("too late: " + e.getMessage());
            }
        }
    }

    private static float[] pixels() throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            return DemoFiles.array("digit-3.npz", Tensors.ofJava()).toFloatArray();
        }
    }
}
