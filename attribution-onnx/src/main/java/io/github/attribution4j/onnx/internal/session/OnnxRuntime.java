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
import java.nio.file.Path;

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

    private static final OnnxRuntime INSTANCE = new OnnxRuntime();

    private final OrtEnvironment environment;
    private final boolean shared;

    private OnnxRuntime() {
        OrtEnvironment made = null;
        try (ThreadingOptions threads = new ThreadingOptions()) {
            made = OrtEnvironment.getEnvironment(
                    OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, OrtEnvironment.DEFAULT_NAME, threads);
        } catch (IllegalStateException e) {
            // The application has created it without a common pool.
        }
        this.shared = made != null;
        this.environment = made != null ? made : OrtEnvironment.getEnvironment();
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
