// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.RunOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.run.Run;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A graph that the runtime has loaded. Any number of threads may run it at the same time. */
public final class GraphSession implements AutoCloseable {
    /** How far the runtime may rewrite a graph. */
    public enum Optimization {
        /** Not at all. */
        NONE(OptLevel.NO_OPT),
        /**
         * Constants are computed once, and nodes without effect are removed. Results have the same bits on all
         * processors of a kind.
         */
        BASIC(OptLevel.BASIC_OPT),
        /** Operators are joined. */
        EXTENDED(OptLevel.EXTENDED_OPT),
        /** Operators are joined, and the memory layout is adapted to the processor. */
        ALL(OptLevel.ALL_OPT);

        private final OptLevel level;

        Optimization(OptLevel level) {
            this.level = level;
        }

        OptLevel level() {
            return level;
        }
    }

    private final OrtSession session;
    private final Set<String> inputs;
    private final long weights;

    /** Loads with the runtime's own settings, but for the level. */
    public GraphSession(OnnxFile file, Graph graph, Optimization level) {
        this(file, graph, SessionSettings.DEFAULTS.with(level));
    }

    /**
     * Loads a graph.
     *
     * @param file with the weights
     * @param graph the graph
     * @param settings how it is optimized and run
     */
    public GraphSession(OnnxFile file, Graph graph, SessionSettings settings) {
        this.session = OnnxRuntime.open(file, graph, settings);
        this.inputs = Set.copyOf(session.getInputNames());
        this.weights = graph.initializers().values().stream()
                .mapToLong(Initializer::bytes)
                .sum();
    }

    /** The number of bytes of its constants. */
    long weights() {
        return weights;
    }

    /** The names of its inputs. */
    public Set<String> inputs() {
        return inputs;
    }

    /**
     * Runs the graph.
     *
     * @param values its inputs, and perhaps more
     * @return its outputs, to be closed by the caller
     */
    public Outputs run(Map<String, OnnxTensor> values) {
        return run(values::get);
    }

    /**
     * Runs.
     *
     * @param values gives what it takes
     * @return its outputs, to be closed by the caller
     */
    public Outputs run(Function<String, @Nullable OnnxTensor> values) {
        Map<String, OnnxTensor> taken = new HashMap<>(2 * inputs.size());
        for (String input : inputs) {
            OnnxTensor value = values.apply(input);
            if (value == null) {
                throw new IllegalArgumentException("input '" + input + "' is missing");
            }
            taken.put(input, value);
        }
        try {
            return Run.isStoppable() ? runStoppably(taken) : new Outputs(session.run(taken));
        } catch (OrtException e) {
            throw OnnxRuntime.failure("ONNX Runtime refuses these inputs or fails", e);
        }
    }

    /** The runtime looks between two nodes whether it should stop. */
    private Outputs runStoppably(Map<String, OnnxTensor> taken) throws OrtException {
        try (RunOptions options = new RunOptions()) {
            return Run.stoppable(() -> stop(options), () -> new Outputs(session.run(taken, options)));
        }
    }

    private static void stop(RunOptions options) {
        try {
            options.setTerminate(true);
        } catch (OrtException e) {
            throw OnnxRuntime.failure("a run cannot be stopped", e);
        }
    }

    @Override
    public void close() {
        try {
            session.close();
        } catch (OrtException e) {
            throw OnnxRuntime.failure("a session cannot be closed", e);
        }
    }

    /** The results of a run. */
    public static final class Outputs implements AutoCloseable {
        private final OrtSession.Result result;

        private Outputs(OrtSession.Result result) {
            this.result = result;
        }

        /** One output, open until this is closed. */
        public OnnxTensor get(String name) {
            return (OnnxTensor) result.get(name).orElseThrow(() -> new IllegalStateException("no output " + name));
        }

        /** Adds all of them to others, by name. */
        public void addTo(Map<String, OnnxTensor> values) {
            for (Map.Entry<String, OnnxValue> each : result) {
                values.put(each.getKey(), (OnnxTensor) each.getValue());
            }
        }

        @Override
        public void close() {
            result.close();
        }
    }
}
