// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.djl.LoadOptions;
import io.github.attribution4j.djl.TestModels;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import io.github.attribution4j.testkit.internal.golden.GoldenModel;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import java.util.stream.DoubleStream;
import org.jspecify.annotations.Nullable;

/**
 * A process that prints whether each golden model, by forward and by gradient, has the same bits in threads that
 * computed before, in new ones and, from Java 21, in virtual ones; and whether grad mode is as it was in the threads
 * that carry those.
 */
final class FreshThreads {
    /** How libtorch's number of threads is set: not at all, first, or after threads had computed with more. */
    enum Setting {
        UNSET,
        FIRST,
        LATE
    }

    static final String SAME = "same ";
    static final String DIFFERS = "differs ";

    private static final int THREADS = 8;
    private static final int VIRTUAL_CALLS = 64;

    /** Sums so long that MKL splits them, in forward and in the gradient. */
    private static final String LONG_SUMS = """
            def forward(self: __torch__.M, x: Tensor) -> Tensor:
              numbers = torch.arange(120000, dtype=6, layout=0, device=torch.device("cpu"), pin_memory=False)
              w = torch.sin(torch.view(numbers, [4, 30000]))
              return torch.matmul(torch.tanh(torch.matmul(x, w)), torch.t(w))
            """;

    private record Task(String name, Supplier<double[]> computation) {}

    private final PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    private final List<Task> tasks = new ArrayList<>();

    private FreshThreads() {}

    /** Runs it with one of the settings. */
    public static void main(String[] arguments) throws Exception {
        new FreshThreads().run(Setting.valueOf(arguments[0]));
        System.exit(0);
    }

    private void run(Setting setting) throws Exception {
        LoadOptions one = LoadOptions.defaults().threads(1);
        LoadOptions options = setting == Setting.FIRST ? one : LoadOptions.defaults();
        TorchScriptModel sums = TestModels.script(LONG_SUMS, options);
        add("long sums", sums, Inputs.of(sums.tensors().of(new float[] {1, -2, 0.5f, 3}, 1, 4)));
        for (GoldenData.Entry entry : GoldenData.entries()) {
            GoldenModel<TorchScriptModel> golden = TorchGolden.load(entry, options);
            add(entry.name(), golden.model(), golden.inputs());
        }
        ExecutorService old = Executors.newFixedThreadPool(THREADS);
        if (setting == Setting.LATE) {
            for (Task task : tasks) {
                results(old, THREADS, task);
            }
            TestModels.script(LONG_SUMS, one).close();
        }
        for (Task task : tasks) {
            double[] expected = computed(task);
            compare(task, "old", expected, results(old, THREADS, task));
            ExecutorService fresh = Executors.newFixedThreadPool(THREADS);
            compare(task, "new", expected, results(fresh, 2 * THREADS, task));
            fresh.shutdown();
            ExecutorService virtual = virtualThreads();
            if (virtual != null) {
                compare(task, "virtual", expected, results(virtual, VIRTUAL_CALLS, task));
                List<Future<Boolean>> modes =
                        virtual.invokeAll(Collections.nCopies(VIRTUAL_CALLS, (Callable<Boolean>) JniUtils::isGradMode));
                for (Future<Boolean> mode : modes) {
                    if (!mode.get()) {
                        out.println(DIFFERS + "grad mode of a carrier after " + task.name());
                    }
                }
                virtual.shutdown();
            }
        }
        old.shutdown();
    }

    private void add(String name, TorchScriptModel model, Inputs inputs) {
        tasks.add(new Task(name + " forward", () -> model.forward(inputs).toDoubleArray()));
        if (inputs.attributed().stream().allMatch(tensor -> tensor.dataType().isFloating())) {
            tasks.add(new Task(name + " gradient", () -> gradient(model, inputs)));
        }
    }

    private static double[] gradient(TorchScriptModel model, Inputs inputs) {
        try (Pullback pullback = model.pullback(inputs)) {
            Tensor output = pullback.output();
            double[] ones = new double[Math.toIntExact(output.shape().size())];
            Arrays.fill(ones, 1);
            Tensor cotangent = model.tensors().of(ones, output.shape()).to(output.dataType());
            return pullback.vjpLast(cotangent).stream()
                    .flatMapToDouble(gradient -> DoubleStream.of(gradient.toDoubleArray()))
                    .toArray();
        }
    }

    private void compare(Task task, String threads, double[] expected, List<double[]> results) {
        long differ = results.stream()
                .filter(result -> !Arrays.equals(result, expected))
                .count();
        out.println((differ == 0 ? SAME : DIFFERS) + task.name() + ", " + threads + " threads: " + differ + " of "
                + results.size());
    }

    private static double[] computed(Task task) {
        try (TensorScope scope = TensorScope.open()) {
            return task.computation().get();
        }
    }

    private static List<double[]> results(ExecutorService pool, int calls, Task task) throws Exception {
        Callable<double[]> call = () -> computed(task);
        List<Future<double[]>> futures = pool.invokeAll(Collections.nCopies(calls, call));
        List<double[]> results = new ArrayList<>();
        for (Future<double[]> future : futures) {
            results.add(future.get());
        }
        return results;
    }

    private static @Nullable ExecutorService virtualThreads() throws ReflectiveOperationException {
        return Runtime.version().feature() < 21
                ? null
                : (ExecutorService) Executors.class
                        .getMethod("newVirtualThreadPerTaskExecutor")
                        .invoke(null);
    }
}
