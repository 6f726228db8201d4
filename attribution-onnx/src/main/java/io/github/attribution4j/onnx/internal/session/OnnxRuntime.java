// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEnvironment.ThreadingOptions;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import ai.onnxruntime.OrtSession.SessionOptions.OptLevel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.List;

/**
 * The runtime of this process, and sessions in it. Sessions share one pool of threads: each with a pool of its own,
 * they would slow one another. Who has created the environment before has chosen; then sessions have the pools that it
 * gives them.
 */
public final class OnnxRuntime {
    private static final String FOLDER = "session.model_external_initializers_file_folder_path";
    private static final String NO_PACKING = "session.disable_prepacking";

    /**
     * From here on sessions use the weights where the file is mapped, which all of them share. The copies that they
     * otherwise make, in the order that their kernels like best, save some of the time of a run and take as much memory
     * as the weights, in every session.
     */
    private static final long LARGE = 512L << 20;

    /** Longer messages of the runtime are cut; the cause has them whole. */
    private static final int LONGEST = 400;

    private static final String NOT_TO_RUN = "optimization.disable_specified_optimizers";

    /**
     * Optimizers of the runtime that are not run, because with them a valid graph ends the process, gives other
     * numbers, or loses a value that is asked for. {@code golden/onnx_optimizers.py} has a graph for most of them.
     */
    private static final List<String> UNSAFE = List.of(
            // A Cast between Transpose and MatMul: a node without a schema stays behind, and the next pass reads it.
            "MatmulTransposeFusion",
            // A start of Range that is computed: reads a tensor that is not there. Any axis becomes the last one.
            "EmbedLayerNormFusion",
            // Other numbers: any axis becomes the last one; zeros become the padding of a maximum; steps without axes
            // are overlooked, sizes of zero too; constants of float64 are read as float32.
            "SkipLayerNormFusion",
            "Pad_Fusion",
            "EliminateSlice",
            "ExpandElimination",
            "NoopElimination",
            "MatMulScaleFusion",
            // Values between the joined nodes lose their producer, also where they are outputs.
            "MatMul_BatchNormalization_Fusion",
            "AttentionFusion",
            "GatherToSliceFusion",
            "FastGeluFusion");

    private static final OnnxRuntime INSTANCE = new OnnxRuntime();

    private final OrtEnvironment environment;
    private final boolean shared;

    private OnnxRuntime() {
        OrtEnvironment made = null;
        try (ThreadingOptions threads = new ThreadingOptions()) {
            made = OrtEnvironment.getEnvironment(
                    OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, OrtEnvironment.DEFAULT_NAME, threads);
        } catch (IllegalStateException e) {
            // The application has created it without a common pool.
        }
        this.shared = made != null;
        this.environment = made != null ? made : OrtEnvironment.getEnvironment();
        keepAlive();
    }

    /**
     * Counts one more user of the native environment, who never leaves. The Java interface releases its own count in a
     * shutdown hook, while other threads may still be inside the runtime: then they would read freed memory, and the
     * virtual machine would end with SIGSEGV instead of with its exit code. What counts is private to the interface; if
     * another version has it no more, everything else works as before.
     */
    private static void keepAlive() {
        try {
            Field api = Class.forName("ai.onnxruntime.OnnxRuntime").getDeclaredField("ortApiHandle");
            Method create = OrtEnvironment.class.getDeclaredMethod("createHandle", long.class, int.class, String.class);
            api.setAccessible(true);
            create.setAccessible(true);
            int errorsOnly = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR.getValue();
            create.invoke(null, api.getLong(null), errorsOnly, OrtEnvironment.DEFAULT_NAME);
        } catch (ReflectiveOperationException | RuntimeException e) {
            // Then a thread that is inside the runtime may still crash when the process ends.
        }
    }

    static OrtEnvironment environment() {
        return INSTANCE.environment;
    }

    /**
     * Makes a session of a graph.
     *
     * @param file where its weights lie
     * @param graph the graph
     * @param level how far the runtime may rewrite it
     */
    static OrtSession open(OnnxFile file, Graph graph, OptLevel level) {
        try (SessionOptions options = new SessionOptions()) {
            boolean large = file.weights() >= LARGE;
            // All optimizations reorder the weights of convolutions.
            options.setOptimizationLevel(large && level == OptLevel.ALL_OPT ? OptLevel.EXTENDED_OPT : level);
            if (large) {
                options.addConfigEntry(NO_PACKING, "1");
            }
            options.addConfigEntry(NOT_TO_RUN, String.join(";", UNSAFE));
            if (INSTANCE.shared) {
                options.disablePerSessionThreads();
            }
            Path path = file.path();
            if (path != null && path.getParent() != null) {
                options.addConfigEntry(FOLDER, path.getParent().toString());
            }
            return environment().createSession(file.write(graph), options);
        } catch (OrtException e) {
            throw failure("ONNX Runtime does not load the model", e);
        }
    }

    static ModelException failure(String what, OrtException e) {
        String message = String.valueOf(e.getMessage()).replaceFirst("^Error code - \\w+ - message: ", "");
        String line = message.strip().replaceAll("\\s*\\R\\s*", " ");
        int end = Math.min(line.length(), LONGEST);
        return new ModelException(what + ": " + line.substring(0, end) + (end < line.length() ? " ..." : ""), e);
    }
}
