// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import io.github.attribution4j.djl.internal.wire.GradientArchive;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one class that touches DJL's native interface: engine start and self-test, loading and calling modules, tensor
 * operations, native failures.
 *
 * <p>What libtorch keeps for each thread, {@link ThreadSettings} sets for every call of a module; nothing else here
 * depends on it. No lock is held while libtorch computes.
 */
final class TorchRuntime {
    private static final String ENGINE = "PyTorch";
    private static final String EXTRA = "PYTORCH_EXTRA_LIBRARY_PATH";

    /** DJL collects all arrays of such a name into one list argument. Every handle of ours has this name from birth. */
    private static final String LIST_ARGUMENT = "x[]";

    /** Up to this size the copy through a Java array is cheaper than a direct buffer with a manager of its own. */
    private static final int COPIED_BYTES = 1 << 14;

    /** Methods use few numbers, and the same again and again. */
    private static final int KEPT_SCALARS = 256;

    private record Scalar(DataType dataType, long bits) {}

    private static volatile @Nullable TorchRuntime instance;

    private final Engine engine;
    private final Map<Device, DjlTensors> tensors = new ConcurrentHashMap<>();
    private final KeptHandles<Scalar> scalars = new KeptHandles<>(KEPT_SCALARS);
    private final PtSymbolBlock toolbox;
    private final PtNDArray bilinear;
    private final PtNDArray giveStorages;
    private final GradientCalls gradients;
    private final Operations operations = new Operations(this);

    private TorchRuntime(Engine engine) {
        this.engine = engine;
        PtNDManager cpu = (PtNDManager) engine.newBaseManager(Device.cpu());
        tensors.put(Device.cpu(), DjlTensors.create(Device.cpu(), cpu));
        this.toolbox = loadBytes(Toolbox.archive(), cpu);
        this.bilinear = method(Toolbox.BILINEAR, cpu);
        this.giveStorages = method(Toolbox.GIVE_STORAGES, cpu);
        this.gradients = new GradientCalls(
                this,
                loadBytes(GradientArchive.create().toBytes(), cpu),
                method("forward", cpu),
                method(GradientArchive.SINGLE, cpu),
                method(GradientArchive.SWEEP, cpu));
    }

    /**
     * Returns the runtime; starts the engine and tests it on the first call.
     *
     * @throws UnsupportedModelException if the engine is missing, or one of its parts is of another version
     */
    static TorchRuntime get() {
        TorchRuntime started = instance;
        return started == null ? started() : started;
    }

    private static synchronized TorchRuntime started() {
        TorchRuntime runtime = instance;
        if (runtime == null) {
            runtime = start();
            instance = runtime;
        }
        return runtime;
    }

    private static TorchRuntime start() {
        Engine engine;
        try {
            engine = Engine.getEngine(ENGINE);
        } catch (EngineException | IllegalArgumentException | LinkageError e) {
            for (Throwable cause = e.getCause(); cause != null; cause = cause.getCause()) {
                if (cause instanceof FileNotFoundException || cause instanceof UnsatisfiedLinkError) {
                    String extra = Utils.getEnvOrSystemProperty(EXTRA);
                    if (extra != null) {
                        throw new UnsupportedModelException(
                                "the PyTorch engine of DJL does not start with " + EXTRA + " = '" + extra + "': "
                                        + Failures.line(cause)
                                        + "; it names files of libraries built for this libtorch, separated by commas",
                                e);
                    }
                }
            }
            throw new UnsupportedModelException(
                    "the PyTorch engine of DJL does not start (" + Failures.line(e) + "); the class path needs "
                            + "ai.djl.pytorch:pytorch-engine, pytorch-jni and pytorch-native-cpu of matching versions",
                    e);
        }
        TorchRuntime runtime = new TorchRuntime(engine);
        SelfTest.run(runtime);
        return runtime;
    }

    /** Returns the engine in words, for provenance. */
    String description() {
        return "PyTorch " + engine.getVersion() + " through DJL " + Engine.getDjlVersion();
    }

    /** Returns the tensors of a device, after a check that it exists: libtorch itself fails late and at length. */
    DjlTensors tensors(Device device) {
        DjlTensors known = tensors.get(device);
        if (known != null) {
            return known;
        }
        if (device.isGpu() && device.getDeviceId() >= gpus()) {
            throw new UnsupportedModelException("device " + DjlTensors.name(device) + " was asked for, but "
                    + (gpus() == 0 ? "there is no CUDA here (" + description() + ")" : "there are only " + gpus())
                    + "; use cpu"
                    + (gpus() == 0 ? ", or run with a CUDA build of libtorch on a machine with a GPU" : ""));
        }
        return tensors.computeIfAbsent(device, key -> DjlTensors.create(key, (PtNDManager) engine.newBaseManager(key)));
    }

    private int gpus() {
        return engine.hasCapability(StandardCapabilities.CUDA) ? engine.getGpuCount() : 0;
    }

    Operations operations() {
        return operations;
    }

    /** Runs an operation of the engine and translates its failure. */
    <T> T guard(Supplier<T> operation) {
        try {
            return operation.get();
        } catch (EngineException e) {
            throw Failures.of(e);
        }
    }

    // ---- modules ----

    /**
     * Loads an archive so that gradients can pass through its parameters.
     *
     * @param file the archive; not needed afterwards
     * @param manager owner of the block
     * @throws EngineException if libtorch refuses it
     */
    PtSymbolBlock load(Path file, PtNDManager manager) {
        // Without trainParam the parameters are inference tensors, through which no gradient can pass.
        return JniUtils.loadModule(manager, file, true, new String[0], new String[0], true);
    }

    private static PtSymbolBlock loadBytes(byte[] archive, PtNDManager manager) {
        try {
            PtSymbolBlock block = JniUtils.loadModule(manager, new ByteArrayInputStream(archive), true, false);
            JniUtils.enableInferenceMode(block);
            return block;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Puts a module into evaluation mode, gives it the parameters that its archive lacks and freezes all of them, so that no
     * gradient of theirs is ever computed.
     *
     * @return the floating type of the parameters, or null if they are of several types, or there are none
     */
    @Nullable
    DataType freeze(PtSymbolBlock block, PtNDManager manager, SharedParameters shared) {
        Set<ai.djl.ndarray.types.DataType> types = EnumSet.noneOf(ai.djl.ndarray.types.DataType.class);
        try (NDManager temporary = manager.newSubManager()) {
            NDList parameters = JniUtils.moduleGetParams(block, (PtNDManager) temporary);
            shared.giveTo(parameters);
            for (NDArray parameter : parameters) {
                if (parameter.getDataType().isFloating()) {
                    types.add(parameter.getDataType());
                    JniUtils.attachGradient((PtNDArray) parameter, false);
                }
            }
        }
        JniUtils.enableInferenceMode(block);
        return types.size() == 1 ? Types.fromDjl(types.iterator().next()) : null;
    }

    /**
     * Lets tensors lie in other storages, where their types, shapes, strides and offsets say.
     *
     * @param pairs a tensor, then the bytes it shall lie in, and so on
     */
    void giveStorages(List<PtNDArray> pairs) {
        pairs.forEach(this::own);
        guard(() -> call(toolbox, giveStorages, pairs, false));
    }

    /** Makes the handle that stands for a method in calls; it is never written to again, so threads may share it. */
    PtNDArray method(String name, PtNDManager manager) {
        PtNDArray marker = scalar(manager, DataType.INT64, 0);
        marker.setName("module_method:" + name);
        return marker;
    }

    /**
     * Calls a method of type {@code (List[Tensor]) -> List[Tensor]}.
     *
     * @param method from {@link #method}, of the manager that the results are to belong to
     * @param arguments handles from this runtime, not changed
     * @param gradients whether a graph is recorded
     * @throws EngineException if libtorch fails
     */
    List<PtNDArray> call(PtSymbolBlock block, PtNDArray method, List<PtNDArray> arguments, boolean gradients) {
        NDList list = new NDList(arguments.size() + 1);
        list.add(method);
        for (PtNDArray argument : arguments) {
            if (argument.getName() == null) {
                own(argument);
            }
            list.add(argument);
        }
        List<PtNDArray> results = new ArrayList<>();
        for (NDArray result : ThreadSettings.run(block, list, gradients)) {
            results.add(own((PtNDArray) result));
        }
        return results;
    }

    /** Vector-Jacobian products. */
    GradientCalls gradients() {
        return gradients;
    }

    /** Makes an int64 vector on the CPU. */
    PtNDArray int64(long... values) {
        return filled(
                tensors(Device.cpu()).manager(),
                Shape.of(values.length),
                DataType.INT64,
                Device.cpu(),
                bytes -> bytes.asLongBuffer().put(values));
    }

    /** Makes a float64 vector on the CPU. */
    PtNDArray float64(double... values) {
        return filled(
                tensors(Device.cpu()).manager(),
                Shape.of(values.length),
                DataType.FLOAT64,
                Device.cpu(),
                bytes -> bytes.asDoubleBuffer().put(values));
    }

    /** Reads an int64 vector. */
    long[] longs(PtNDArray array) {
        return read(array, bytes -> {
            long[] values = new long[bytes.remaining() / Long.BYTES];
            bytes.asLongBuffer().get(values);
            return values;
        });
    }

    /** Takes an array out of the reach of a DJL scope that the caller may have open, and names it once and for all. */
    PtNDArray own(PtNDArray array) {
        NDScope.unregister(array);
        array.setName(LIST_ARGUMENT);
        return array;
    }

    // ---- tensors ----

    /**
     * Computes with a number as a 0-dim tensor; the numbers first used are kept.
     *
     * @param computation must not keep or close the tensor
     */
    <T> T withScalar(DataType dataType, double value, Function<PtNDArray, T> computation) {
        return scalars.with(
                new Scalar(dataType, Double.doubleToLongBits(value)),
                key -> scalar(tensors(Device.cpu()).manager(), dataType, value),
                computation);
    }

    private PtNDArray scalar(PtNDManager manager, DataType dataType, double value) {
        return full(manager, Shape.scalar(), dataType, value, Device.cpu());
    }

    PtNDArray full(PtNDManager manager, Shape shape, DataType dataType, double value, Device device) {
        return guard(() ->
                JniUtils.full(manager, Types.toDjl(shape), value, Types.toDjl(dataType), device, SparseFormat.DENSE));
    }

    /** Makes a tensor in libtorch's own memory and lets Java write the elements straight into it. */
    PtNDArray filled(PtNDManager manager, Shape shape, DataType dataType, Device device, Consumer<ByteBuffer> writer) {
        boolean here = device.equals(Device.cpu());
        PtNDManager home = here ? manager : tensors(Device.cpu()).manager();
        PtNDArray array = guard(() -> JniUtils.createEmptyNdArray(
                home, Types.toDjl(shape), Types.toDjl(dataType), Device.cpu(), SparseFormat.DENSE));
        if (shape.size() > 0) {
            writer.accept(JniUtils.getByteBuffer(array, true));
        }
        if (here) {
            return array;
        }
        try (array) {
            return moved(array, manager);
        }
    }

    /** Makes a tensor of bytes and lets Java write them straight into it. */
    PtNDArray bytes(DjlTensors home, long count, Consumer<ByteBuffer> writer) {
        return own(filled(
                home.manager(), Shape.of(count), DataType.UINT8, home.manager().getDevice(), writer));
    }

    /** DJL hangs an array that changes its device on a new manager that nobody closes. */
    private PtNDArray moved(PtNDArray array, PtNDManager target) {
        PtNDArray moved = guard(() -> JniUtils.to(array, array.getDataType(), target.getDevice()));
        PtNDManager temporary = moved.getManager();
        if (temporary != array.getManager()) {
            moved.attach(target);
            temporary.close();
        }
        return moved;
    }

    /** Copies an array of any engine; what DJL's predictors return could not be saved for a gradient otherwise. */
    PtNDArray copy(NDArray array, PtNDManager manager) {
        Types.fromDjl(array.getDataType());
        if (!(array instanceof PtNDArray own)) {
            DataType dataType = Types.fromDjl(array.getDataType());
            NDArray known = array.toType(Types.toDjl(dataType), false);
            ByteBuffer bytes = known.toByteBuffer();
            return filled(manager, Types.fromDjl(array.getShape()), dataType, manager.getDevice(), b -> b.put(bytes));
        }
        PtNDArray copy = guard(() -> JniUtils.clone(own));
        copy.attach(manager);
        if (own.getDevice().equals(manager.getDevice())) {
            return copy;
        }
        try (copy) {
            return moved(copy, manager);
        }
    }

    /** Returns the array itself, or, where the facade lacks its type, a converted one in its place. */
    PtNDArray toKnownType(PtNDArray array) {
        ai.djl.ndarray.types.DataType type = array.getDataType();
        // DJL does not know bfloat16 and int16 when it sees them; both fit into float32.
        DataType known = type == ai.djl.ndarray.types.DataType.UNKNOWN ? DataType.FLOAT32 : Types.fromDjl(type);
        if (Types.toDjl(known) == type) {
            return array;
        }
        try (array) {
            return to(array, known);
        }
    }

    /** Hands the elements, in row-major order on the CPU, to a reader that must not keep the buffer. */
    <T> T read(PtNDArray array, Function<ByteBuffer, T> reader) {
        if (array.size() == 0) {
            return reader.apply(ByteBuffer.allocate(0));
        }
        if (!array.getDevice().equals(Device.cpu())) {
            try (PtNDArray here = moved(array, tensors(Device.cpu()).manager())) {
                return read(here, reader);
            }
        }
        if (array.size() * array.getDataType().getNumOfBytes() <= COPIED_BYTES) {
            return reader.apply(guard(() -> JniUtils.getByteBuffer(array, false)));
        }
        // DJL may make a contiguous copy and leave it to the manager.
        try (NDManager temporary = array.getManager().newSubManager()) {
            PtNDArray view = JniUtils.detachGradient(array);
            view.attach(temporary);
            return reader.apply(guard(() -> JniUtils.getByteBuffer(view, true)));
        }
    }

    /** Copies an array so that its elements lie in row-major order, whatever its strides. */
    PtNDArray denseCopy(PtNDArray array) {
        return guard(() -> {
            try (PtNDArray flat = JniUtils.reshape(array, new long[] {-1});
                    PtNDArray copy = JniUtils.clone(flat)) {
                return JniUtils.reshape(copy, array.getShape().getShape());
            }
        });
    }

    PtNDArray alias(PtNDArray array) {
        return JniUtils.detachGradient(array);
    }

    PtNDArray to(PtNDArray array, DataType dataType) {
        return guard(() -> JniUtils.to(array, Types.toDjl(dataType), array.getDevice()));
    }

    PtNDArray concat(PtNDArray[] arrays, int axis) {
        return guard(() -> JniUtils.cat(arrays, axis));
    }

    PtNDArray reshape(PtNDArray array, long... dims) {
        return guard(() -> JniUtils.reshape(array, dims));
    }

    PtNDArray broadcast(PtNDArray array, ai.djl.ndarray.types.Shape shape) {
        return guard(() -> JniUtils.broadcast(array, shape));
    }

    PtNDArray slice(PtNDArray array, int axis, long from, long to) {
        return guard(() -> JniUtils.slice(array, axis, from, to, 1));
    }

    PtNDArray where(PtNDArray mask, PtNDArray whenTrue, PtNDArray whenFalse) {
        return guard(() -> JniUtils.where(mask, whenTrue, whenFalse));
    }

    PtNDArray sum(PtNDArray array, long... dims) {
        ThreadSettings.useIntraOpThreads();
        // No axes at all means a scalar here, for which libtorch's "all" is the same.
        return guard(() -> dims.length == 0 ? JniUtils.sum(array) : JniUtils.sum(array, dims, false));
    }

    PtNDArray max(PtNDArray array) {
        return guard(() -> JniUtils.max(array));
    }

    PtNDArray max(PtNDArray array, int axis) {
        return guard(() -> JniUtils.max(array, axis, false));
    }

    /** The larger of two, element by element; NaN wins. */
    PtNDArray larger(PtNDArray a, PtNDArray b) {
        return guard(() -> JniUtils.max(a, b));
    }

    /** The smaller of two, element by element; NaN wins. */
    PtNDArray smaller(PtNDArray a, PtNDArray b) {
        return guard(() -> JniUtils.min(a, b));
    }

    PtNDArray argmax(PtNDArray array, int axis) {
        return guard(() -> JniUtils.argMax(array, axis, false));
    }

    PtNDArray gather(PtNDArray array, int axis, PtNDArray indexes) {
        return guard(() -> JniUtils.gather(array, indexes, axis));
    }

    /** Copies whole rows of a matrix; libtorch calls this an embedding. */
    PtNDArray rows(PtNDArray matrix, PtNDArray indexes) {
        return guard(() -> JniUtils.embedding(indexes, matrix, false));
    }

    PtNDArray nearest(PtNDArray four, long height, long width) {
        return guard(() -> JniUtils.interpolate(four, new long[] {height, width}, 0, false));
    }

    /** DJL's own bilinear mode always smooths when it shrinks (antialias), which PyTorch's default does not. */
    PtNDArray bilinear(PtNDArray four, long height, long width) {
        try (PtNDArray size = int64(height, width)) {
            PtNDArray result = guard(() -> call(toolbox, bilinear, List.of(four, size), false))
                    .get(0);
            result.attach(four.getManager());
            return result;
        }
    }
}
