// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import ai.djl.ndarray.NDArray;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Gradient methods and the bare loop that evaluates the same rows. */
@NullUnmarked // JMH calls the setup before anything else.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 5)
@Measurement(iterations = 5, time = 5)
@Fork(1)
public class GradientBenchmark {
    /** The model. */
    @Param({"mlp", "small-cnn", "resnet18"})
    public String model;

    private Ours ours;
    private BareLoop bare;
    private NDArray input;

    /** Loads the model twice: through the library, and through DJL alone. */
    @Setup(Level.Trial)
    public void load() {
        BenchmarkModels which = BenchmarkModels.of(model);
        Path archive = which.write();
        ours = new Ours(which, archive);
        bare = new BareLoop(archive);
        input = bare.input(which.input(), which.shape(1));
    }

    /** Closes both. */
    @TearDown(Level.Trial)
    public void close() {
        input.close();
        bare.close();
        ours.close();
    }

    /** Saliency through the library. */
    @Benchmark
    public float[] saliency() {
        return ours.saliency(3);
    }

    /** The same rows through DJL alone. */
    @Benchmark
    public float[] saliencyBare() {
        BareLoop.prepareThread();
        return bare.saliency(input, 3);
    }

    /** Integrated gradients of 20 steps in batches of 10 through the library. */
    @Benchmark
    public float[] integratedGradients() {
        return ours.integratedGradients(3, 20, 10);
    }

    /** The same rows through DJL alone. */
    @Benchmark
    public float[] integratedGradientsBare() {
        BareLoop.prepareThread();
        return bare.integratedGradients(input, 3, 20, 10);
    }
}
