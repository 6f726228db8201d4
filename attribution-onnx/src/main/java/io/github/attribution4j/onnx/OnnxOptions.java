// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.onnx.internal.session.GraphSession;
import io.github.attribution4j.onnx.internal.session.SessionSettings;
import io.github.attribution4j.tensor.DataType;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How {@link OnnxModel} loads a model. Immutable; every method returns changed options.
 *
 * <pre>{@code
 * OnnxModel.load(file, OnnxOptions.defaults().threads(4).output("logits"));
 * }</pre>
 */
public final class OnnxOptions {
    private static final OnnxOptions DEFAULTS = new OnnxOptions(new Parts());
    private static final int MOST_SESSIONS = 32;

    /** How far ONNX Runtime may rewrite a graph before it runs it. */
    public enum Optimization {
        /** Not at all. */
        NONE,
        /** Constants are computed once, and what does nothing is left out: the same numbers on every processor. */
        BASIC,
        /** Operators are joined too. */
        EXTENDED,
        /** Memory is laid out for the processor too: the fastest, above all for convolutions. */
        ALL
    }

    private final Parts parts;

    private OnnxOptions(Parts parts) {
        this.parts = parts;
    }

    private static final class Parts extends Fields<Parts> {
        private int cuda = -1;
        private int threads;
        private Optimization optimization = Optimization.ALL;
        private boolean memoryArena = true;
        private int sessions = MOST_SESSIONS;
        private @Nullable String output;
        private int outputIndex = -1;
        private boolean unbatched;
        private @Nullable DataType dataType;
    }

    private OnnxOptions with(Consumer<Parts> change) {
        return new OnnxOptions(parts.with(change));
    }

    /** Returns: the CPU, ONNX Runtime's own number of threads, all optimizations, the first floating-point output. */
    public static OnnxOptions defaults() {
        return DEFAULTS;
    }

    /**
     * Returns options with a device. CUDA needs {@code com.microsoft.onnxruntime:onnxruntime_gpu} on the class path
     * instead of {@code onnxruntime}; inputs and results are in memory of the CPU nevertheless.
     *
     * @param device {@code cpu}, {@code cuda} or {@code cuda:} and an index
     */
    public OnnxOptions device(String device) {
        String name = device.toLowerCase(Locale.ROOT);
        int cuda;
        if (name.equals("cpu")) {
            cuda = -1;
        } else if (name.equals("cuda")) {
            cuda = 0;
        } else if (name.matches("cuda:\\d{1,3}")) {
            cuda = Integer.parseInt(name.substring(name.indexOf(':') + 1));
        } else {
            throw new IllegalArgumentException(
                    "device '" + device + "' is unknown; use cpu, cuda, or cuda:0, cuda:1, ... for a GPU");
        }
        return with(parts -> parts.cuda = cuda);
    }

    /**
     * Returns options with the number of threads that one operator uses. All sessions of the process share one pool. It
     * is made for the first model and not changed afterwards. A later model with another number has separate threads,
     * and so has every model if the application made its {@code OrtEnvironment} itself, without a common pool. With
     * many calling threads, 1 is often best.
     *
     * @param threads at least 1
     */
    public OnnxOptions threads(int threads) {
        return with(parts -> parts.threads = positive("threads", threads));
    }

    private static int positive(String name, int number) {
        if (number < 1) {
            throw new IllegalArgumentException(name + " " + number + ": must be at least 1");
        }
        return number;
    }

    /**
     * Returns options with another optimization level. Levels above {@link Optimization#BASIC} compute sums in another
     * order, which may tip a maximum of two nearly equal values: then another one gets the gradient.
     */
    public OnnxOptions optimization(Optimization level) {
        return with(parts -> parts.optimization = level);
    }

    /**
     * Returns options that say whether ONNX Runtime keeps memory for later runs. Without, each run allocates its memory
     * and frees it: slower, and a process that explains now and then stays small.
     */
    public OnnxOptions memoryArena(boolean keep) {
        return with(parts -> parts.memoryArena = keep);
    }

    /**
     * Returns options with the number of sessions that are kept. Each kind of question (forward, gradient, at a layer)
     * needs one or two, made at the first such question; the one that was not used for the longest time is closed.
     *
     * @param sessions at least 1; 32 by default
     */
    public OnnxOptions sessions(int sessions) {
        return with(parts -> parts.sessions = positive("sessions", sessions));
    }

    /** Returns options that choose the output to explain by its position in the file, from 0. */
    public OnnxOptions output(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("output " + index + ": positions count from 0");
        }
        return with(parts -> {
            parts.output = null;
            parts.outputIndex = index;
        });
    }

    /** Returns options that choose the output to explain by its name, or any other value inside the model by its. */
    public OnnxOptions output(String name) {
        return with(parts -> {
            parts.output = name;
            parts.outputIndex = -1;
        });
    }

    /**
     * Returns options for a model that takes one example without an axis of rows: an image {@code (1, 28, 28)} to
     * scores {@code (10)}. Inputs have rows nevertheless, {@code (examples, 1, 28, 28)}. Before each call, axis 0 of
     * attributed and fixed inputs is removed, and after it an axis is added in front of the output and of the values of
     * layers. Constants are unchanged. Rows are run one by one.
     */
    public OnnxOptions unbatched() {
        return with(parts -> parts.unbatched = true);
    }

    /**
     * Returns options that compute in another type than the file says. What is float16 or bfloat16 in the file becomes
     * float32: inputs, weights, results and casts on the way, so that nothing is rounded to 16 bits. It is the model
     * that PyTorch's {@code model.float()} makes of the same weights. Values of other types are unchanged. Weights stay
     * in the file; every session converts them once, and holds them in float32. Without this option a model computes,
     * and has its gradients, in the types of its file: those of float16 are rounded to 11 bits, and below 6e-8 they are
     * zero.
     *
     * @param type {@link DataType#FLOAT32}
     */
    public OnnxOptions dataType(DataType type) {
        if (type != DataType.FLOAT32) {
            throw new IllegalArgumentException("dataType " + type
                    + ": an ONNX model computes in the types of its file or, where they have 16 bits, in float32");
        }
        return with(parts -> parts.dataType = type);
    }

    boolean isInFloat32() {
        return parts.dataType != null;
    }

    String device() {
        return parts.cuda < 0 ? "cpu" : "cuda:" + parts.cuda;
    }

    SessionSettings settings() {
        return new SessionSettings(
                GraphSession.Optimization.valueOf(parts.optimization.name()),
                parts.threads,
                parts.memoryArena,
                parts.cuda,
                true);
    }

    int sessions() {
        return parts.sessions;
    }

    @Nullable
    String output() {
        return parts.output;
    }

    /** -1 if none was chosen by position. */
    int outputIndex() {
        return parts.outputIndex;
    }

    boolean isUnbatched() {
        return parts.unbatched;
    }

    /** What changes the numbers, as provenance tells it. */
    Map<String, String> changes() {
        Map<String, String> changes = new LinkedHashMap<>();
        if (parts.output != null || parts.outputIndex >= 0) {
            changes.put("output", parts.output != null ? parts.output : Integer.toString(parts.outputIndex));
        }
        if (parts.optimization != Optimization.ALL) {
            changes.put("optimization", parts.optimization.name().toLowerCase(Locale.ROOT));
        }
        if (parts.dataType != null) {
            changes.put("dataType", parts.dataType.label());
        }
        if (parts.unbatched) {
            changes.put("unbatched", "true");
        }
        return changes;
    }

    @Override
    public String toString() {
        Map<String, String> said = changes();
        return "OnnxOptions[device " + device()
                + (parts.threads == 0 ? "" : ", threads " + parts.threads)
                + (parts.memoryArena ? "" : ", no memory arena")
                + (said.isEmpty() ? "" : ", " + said)
                + "]";
    }
}
