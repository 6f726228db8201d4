// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.session;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtEnvironment.ThreadingOptions;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtSession.SessionOptions;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.gradient.Woven;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.session.GraphSession.Optimization;
import java.io.IOException;
import java.lang.reflect.Field;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The runtime of this process, and its sessions. Sessions share one pool of threads, because separate pools would slow
 * each other down. The pool is made with the runtime, and cannot be changed. If the application has made the runtime
 * before, without a pool, every session has separate threads.
 */
public final class OnnxRuntime {
    private static final String FOLDER = "session.model_external_initializers_file_folder_path";
    private static final String NO_PACKING = "session.disable_prepacking";
    private static final String NO_QUANTIZED = "session.disable_quant_qdq";
    private static final String SPINNING = "session.intra_op.allow_spinning";

    private static final long STACK = 8L << 20;
    private static final long STACK_OF_CHARACTER = 512;
    private static final int LONG_COMMAND_LINE = 1 << 17;

    private static final String NOT_TO_RUN = "optimization.disable_specified_optimizers";

    /**
     * Optimizers of the runtime that are not run, because with them a valid graph ends the process, gives other
     * numbers, or loses a value that is used. {@code golden/onnx_optimizers.py} has a graph for most of them.
     */
    private static final List<String> UNSAFE = List.of(
            // A Cast between Transpose and MatMul: leaves a node without a schema, which the next pass reads.
            "MatmulTransposeFusion",
            // A computed start of Range: reads a tensor that does not exist. Any axis becomes the last one.
            "EmbedLayerNormFusion",
            // Wrong numbers: any axis becomes the last one; zeros become the padding of a maximum; steps without axes
            // are ignored, and so are sizes of zero; constants of float64 are read as float32.
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

    private static final Pattern OPERATOR = Pattern.compile(
            "In Node, \\(\"(.*?)\", (\\w+), .*No Op registered for (\\w+) with domain_version of (\\d+)");
    private static final Pattern FOREIGN = Pattern.compile("Fatal error: (\\S+?)\\(-?\\d+\\) is not a registered");
    private static final Pattern DOMAIN =
            Pattern.compile("In Node, \\(\"(.*?)\", (\\w+), .*No opset import for domain '(.*)'");
    private static final Pattern FORMAT =
            Pattern.compile("Unsupported model IR version: (\\d+), max supported IR version: (\\d+)");
    private static final Pattern OPSET =
            Pattern.compile("Opset (\\d+) is under development.*support for domain (\\S+) is till opset (\\d+)");
    private static final Pattern REFUSED =
            Pattern.compile("Name:'" + Pattern.quote(Woven.REFUSED) + "(.*)' Status Message: ");
    private static final Pattern MEMORY =
            Pattern.compile("(?i)failed to allocate memory|bad[ _]alloc|out of memory|CUDA failure 2:");

    private static @Nullable OnnxRuntime instance;

    private final OrtEnvironment environment;
    /** The threads asked for when the pool was made; 0 for the runtime's choice. */
    private final int threads;
    /** Whether there is a pool; of the runtime of somebody else only a session tells. */
    private volatile boolean pooled = true;

    private OnnxRuntime(int wanted) {
        OrtEnvironment made = null;
        try (ThreadingOptions pool = new ThreadingOptions()) {
            if (wanted > 0) {
                pool.setGlobalIntraOpNumThreads(wanted);
            }
            made = OrtEnvironment.getEnvironment(
                    OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, OrtEnvironment.DEFAULT_NAME, pool);
        } catch (IllegalStateException e) {
            // The application has made it.
        } catch (OrtException e) {
            throw failure("ONNX Runtime does not start with " + wanted + " threads", e);
        }
        this.threads = made != null ? wanted : 0;
        this.environment = made != null ? made : OrtEnvironment.getEnvironment();
        keepAlive();
    }

    /**
     * Adds a reference to the native environment that is never released. The Java interface releases its own reference
     * in a shutdown hook, while other threads may still be inside the runtime: they would then read freed memory, and
     * the virtual machine would end with SIGSEGV instead of its exit code. The counter is private to the interface; if
     * another version does not have it, everything else works as before.
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
            // Without the counter, a thread inside the runtime may crash when the process ends.
        }
    }

    private static synchronized OnnxRuntime instance(int threads) {
        OnnxRuntime known = instance;
        if (known == null) {
            known = started(threads);
            instance = known;
        }
        return known;
    }

    /**
     * Starts the runtime on a thread with a large stack. When it starts, it matches the command line of the process
     * with a regular expression, which takes some 250 bytes of stack for each character: a class path of 4,000
     * characters would end the process.
     */
    private static OnnxRuntime started(int threads) {
        FutureTask<OnnxRuntime> task = new FutureTask<>(() -> new OnnxRuntime(threads));
        new Thread(null, task, "attribution4j starts ONNX Runtime", STACK + STACK_OF_CHARACTER * commandLine()).start();
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    Throwable cause = e.getCause();
                    if (cause instanceof RuntimeException runtime) {
                        throw runtime;
                    }
                    if (cause instanceof Error error) {
                        throw error;
                    }
                    throw new IllegalStateException(cause);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Returns the length of the command line, or the longest usual one where it is not known. */
    private static long commandLine() {
        try {
            return Files.readAllBytes(Path.of("/proc/self/cmdline")).length;
        } catch (IOException | RuntimeException e) {
            return ProcessHandle.current()
                    .info()
                    .commandLine()
                    .map(String::length)
                    .orElse(LONG_COMMAND_LINE);
        }
    }

    static OrtEnvironment environment() {
        return instance(0).environment;
    }

    /**
     * Makes a session for a graph.
     *
     * @param file with its weights
     * @param graph the graph
     */
    static OrtSession open(OnnxFile file, Graph graph, SessionSettings settings) {
        if (settings.cuda() >= 0 && !OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA)) {
            throw new UnsupportedModelException("device cuda:" + settings.cuda()
                    + ": this ONNX Runtime has no CUDA; put com.microsoft.onnxruntime:onnxruntime_gpu on the class path"
                    + " in the place of onnxruntime, or use the CPU");
        }
        return instance(settings.threads()).session(file, graph, settings);
    }

    private OrtSession session(OnnxFile file, Graph graph, SessionSettings settings) {
        byte[] model;
        try {
            model = file.write(graph);
        } catch (FormatException e) {
            throw new ModelException(String.valueOf(e.getMessage()), e);
        }
        boolean common = pooled && (settings.threads() == 0 || settings.threads() == threads);
        try {
            return session(file, model, settings, common);
        } catch (OrtException e) {
            if (!common || !String.valueOf(e.getMessage()).contains("GlobalThreadPools")) {
                throw notLoaded(file, e);
            }
        }
        pooled = false;
        try {
            return session(file, model, settings, false);
        } catch (OrtException e) {
            throw notLoaded(file, e);
        }
    }

    private static ModelException notLoaded(OnnxFile file, OrtException e) {
        ModelException failure = failure("ONNX Runtime does not load the model", e);
        return failure instanceof ModelException.OutOfMemory || !file.hasHalves()
                ? failure
                : new UnsupportedModelException(
                        String.valueOf(failure.getMessage()).replaceFirst("\\.$", "")
                                + "; it computes with floats of 16 bits, which not all operators take:"
                                + " load it with OnnxOptions.dataType(DataType.FLOAT32)",
                        failure);
    }

    private OrtSession session(OnnxFile file, byte[] model, SessionSettings settings, boolean common)
            throws OrtException {
        try (SessionOptions options = new SessionOptions()) {
            boolean large = file.graph().isLarge();
            // All optimizations reorder the weights of convolutions.
            Optimization level = settings.optimization();
            options.setOptimizationLevel((large && level == Optimization.ALL ? Optimization.EXTENDED : level).level());
            if (large) {
                options.addConfigEntry(NO_PACKING, "1");
            }
            if (!settings.joinsQuantizers()) {
                options.addConfigEntry(NO_QUANTIZED, "1");
            }
            options.addConfigEntry(NOT_TO_RUN, String.join(";", UNSAFE));
            options.setCPUArenaAllocator(settings.arena());
            if (common) {
                options.disablePerSessionThreads();
            } else {
                // Threads of several sessions that wait by spinning take the processors from one another.
                options.addConfigEntry(SPINNING, "0");
                if (settings.threads() > 0) {
                    options.setIntraOpNumThreads(settings.threads());
                }
            }
            Path folder = file.folder();
            if (folder != null) {
                options.addConfigEntry(FOLDER, folder.toString());
            }
            if (settings.cuda() >= 0) {
                options.addCUDA(settings.cuda());
            }
            return environment.createSession(model, options);
        }
    }

    static ModelException failure(String what, OrtException e) {
        Matcher refused = REFUSED.matcher(String.valueOf(e.getMessage()));
        if (refused.find()) {
            return new UnsupportedModelException(
                    "these inputs take a branch of an If that no gradient passes: " + refused.group(1), e);
        }
        String line = Failures.words(String.valueOf(e.getMessage()));
        if (MEMORY.matcher(line).find()) {
            return new ModelException.OutOfMemory(what + ": " + line, e);
        }
        String known = known(line);
        return known == null ? new ModelException(what + ": " + line, e) : new UnsupportedModelException(known, e);
    }

    /** What a file has that this runtime does not know, in our words; null if it is something else. */
    private static @Nullable String known(String line) {
        Matcher format = FORMAT.matcher(line);
        if (format.find()) {
            return "the model has version " + format.group(1)
                    + " of the format, and this ONNX Runtime reads versions up to " + format.group(2)
                    + "; use a newer onnxruntime, or save it with an older ir_version";
        }
        Matcher opset = OPSET.matcher(line);
        if (opset.find()) {
            return "the model has opset " + opset.group(1) + " of " + opset.group(2)
                    + ", and this ONNX Runtime knows opsets up to " + opset.group(3)
                    + "; use a newer onnxruntime, or export it with an older opset";
        }
        Matcher operator = OPERATOR.matcher(line);
        if (operator.find()) {
            return "the model's operator " + operator.group(2) + " (node '" + operator.group(1) + "') is not in opset "
                    + operator.group(4) + " of the standard; export it with operators of the standard";
        }
        Matcher foreign = FOREIGN.matcher(line);
        if (foreign.find()) {
            return "the model's operator " + foreign.group(1) + " is of a domain that this ONNX Runtime does not know;"
                    + " export it with operators of the standard";
        }
        Matcher domain = DOMAIN.matcher(line);
        return domain.find()
                ? "the model's operator " + domain.group(2) + " (node '" + domain.group(1) + "') is of the domain '"
                        + domain.group(3) + "', of which the file imports no version; export it again"
                : null;
    }
}
