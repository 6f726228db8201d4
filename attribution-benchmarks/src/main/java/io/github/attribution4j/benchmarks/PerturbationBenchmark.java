// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmarks;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.NullUnmarked;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Perturbation methods on a model without cost: only the library is measured. */
@NullUnmarked // JMH calls the setup before anything else.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 3)
@Measurement(iterations = 5, time = 3)
@Fork(1)
public class PerturbationBenchmark {
    private FreeModels models;

    /** Makes the image and the model. */
    @Setup(Level.Trial)
    public void open() {
        models = new FreeModels();
    }

    /** Closes them. */
    @TearDown(Level.Trial)
    public void close() {
        models.close();
    }

    /** Sampled Shapley values of 16 groups of a 3×224×224 image, about 400 evaluations. */
    @Benchmark
    public long shapleySampling() {
        return models.shapley();
    }

    /** Occlusion of a 3×224×224 image by 32×32 windows every 10 pixels. */
    @Benchmark
    public long occlusion() {
        return models.occlusion();
    }
}
