/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
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
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Interpolation;
import io.github.attribution4j.tensor.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The one class that touches DJL's native interface: engine start and self-test, loading and calling modules, tensor
 * operations, native failures.
 *
 * <p>libtorch keeps two settings per thread: grad mode, and the graph executor's optimizer. Every call of a module sets
 * both and puts them back; nothing else here depends on them. No lock is held while libtorch computes.
 */
final class TorchRuntime {
    private static final String ENGINE = "PyTorch";

    /** DJL collects all arrays of such a name into one list argument. Every handle of ours has this name from birth. */
    private static final String LIST_ARGUMENT = "x[]";

    /** Up to this size the copy through a Java array is cheaper than a direct buffer with a manager of its own. */
    private static final int COPIED_BYTES = 1 << 14;

    private static volatile @Nullable TorchRuntime instance;

    private final Engine engine;
    private final Map<Device, DjlTensors> tensors = new ConcurrentHashMap<>();
    private final PtSymbolBlock toolbox;
    private final PtNDArray bilinear;
    private final PtNDArray gradients;

    private TorchRuntime(Engine engine) {
        this.engine = engine;
        PtNDManager cpu = (PtNDManager) engine.newBaseManager(Device.cpu());
        tensors.put(Device.cpu(), DjlTensors.create(Device.cpu(), cpu));
        this.toolbox = loadBytes(Toolbox.archive(), cpu);
        this.bilinear = method(Toolbox.BILINEAR, cpu);
        this.gradients = method(Toolbox.GRADIENTS, cpu);
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
     * Loads an archive for gradients: evaluation mode, parameters frozen, no inference tensors.
     *
     * @param file the archive; not needed afterwards
     * @param manager owner of the block
     * @throws EngineException if libtorch refuses it
     */
    PtSymbolBlock load(Path file, PtNDManager manager) {
        // Without trainParam the parameters are inference tensors, through which no gradient can pass.
        PtSymbolBlock block = JniUtils.loadModule(manager, file, true, new String[0], new String[0], true);
        freeze(block, manager);
        return block;
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

    private static void freeze(PtSymbolBlock block, PtNDManager manager) {
        try (NDManager temporary = manager.newSubManager()) {
            for (NDArray parameter : JniUtils.moduleGetParams(block, (PtNDManager) temporary)) {
                JniUtils.attachGradient((PtNDArray) parameter, false);
            }
        }
        JniUtils.enableInferenceMode(block);
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
        boolean before = JniUtils.isGradMode();
        JniUtils.setGradMode(gradients);
        JniUtils.setGraphExecutorOptimize(false);
        try {
            // "Training" here means only: no inference mode. The module stays in evaluation mode.
            NDList results = IValueUtils.forward(block, list, true);
            return results.stream().map(result -> own((PtNDArray) result)).toList();
        } finally {
            JniUtils.setGraphExecutorOptimize(optimizerElsewhere());
            JniUtils.setGradMode(before);
        }
    }

    /**
     * Returns the vector-Jacobian product of one output.
     *
     * @param output carries a graph
     * @param inputs tensors of that graph
     * @param retain whether the graph is kept for another product
     * @return int64 flags, 0 where a gradient is undefined, then a gradient for each input, zeros where undefined
     * @throws EngineException if libtorch fails
     */
    List<PtNDArray> gradients(PtNDArray output, List<PtNDArray> inputs, PtNDArray cotangent, boolean retain) {
        List<PtNDArray> arguments = new ArrayList<>(inputs.size() + 3);
        try (PtNDArray control = int64(1, inputs.size(), retain ? 1 : 0)) {
            arguments.add(control);
            arguments.add(output);
            arguments.addAll(inputs);
            arguments.add(cotangent);
            return call(toolbox, gradients, arguments, false);
        }
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

    /** libtorch does not tell a thread's setting of the optimizer; this is what DJL itself sets or leaves. */
    private static boolean optimizerElsewhere() {
        return Boolean.parseBoolean(System.getProperty("ai.djl.pytorch.graph_optimizer", "true"));
    }

    /** Takes an array out of the reach of a DJL scope that the caller may have open, and names it once and for all. */
    PtNDArray own(PtNDArray array) {
        NDScope.unregister(array);
        array.setName(LIST_ARGUMENT);
        return array;
    }

    /** Sets the threads that one operation uses, for the whole process. */
    void setIntraOpThreads(int threads) {
        JniUtils.setNumThreads(threads);
    }

    /** Sets the threads between operations, for the whole process; libtorch allows it once, before its first use. */
    void setInterOpThreads(int threads) {
        if (JniUtils.getNumInteropThreads() == threads) {
            return;
        }
        try {
            JniUtils.setNumInteropThreads(threads);
        } catch (EngineException e) {
            throw new ModelException(
                    "interOpThreads " + threads + ": libtorch takes this setting once, before its first parallel work, "
                            + "and has " + JniUtils.getNumInteropThreads()
                            + " now; set it with the first model, or leave it out",
                    e);
        }
    }

    // ---- tensors ----

    PtNDArray scalar(PtNDManager manager, DataType dataType, double value) {
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

    PtNDArray sum(PtNDArray array, int[] axes) {
        long[] dims = Arrays.stream(axes).asLongStream().toArray();
        return guard(() -> dims.length == 0 ? sumOfScalar(array) : JniUtils.sum(array, dims, false));
    }

    /** No axes at all: libtorch would read an empty list as "all", which is the same for a scalar only. */
    private static PtNDArray sumOfScalar(PtNDArray array) {
        return JniUtils.sum(array);
    }

    PtNDArray max(PtNDArray array, int[] axes, int rank) {
        if (axes.length == rank) {
            return guard(() -> JniUtils.max(array));
        }
        return guard(() -> {
            PtNDArray result = JniUtils.max(array, axes[axes.length - 1], false);
            for (int i = axes.length - 2; i >= 0; i--) {
                try (PtNDArray wider = result) {
                    result = JniUtils.max(wider, axes[i], false);
                }
            }
            return result;
        });
    }

    PtNDArray argmax(PtNDArray array, int axis) {
        return guard(() -> JniUtils.argMax(array, axis, false));
    }

    PtNDArray clamp(PtNDArray array, DataType dataType, double min, double max) {
        PtNDArray result = alias(array);
        if (min != Double.NEGATIVE_INFINITY) {
            result = bounded(result, dataType, min, true);
        }
        return max == Double.POSITIVE_INFINITY ? result : bounded(result, dataType, max, false);
    }

    private PtNDArray bounded(PtNDArray array, DataType dataType, double bound, boolean lower) {
        try (array;
                PtNDArray limit = scalar(array.getManager(), dataType, bound)) {
            return guard(() -> lower ? JniUtils.max(array, limit) : JniUtils.min(array, limit));
        }
    }

    boolean isFinite(PtNDArray array) {
        // x - x is 0 for finite x, else NaN: two passes by libtorch's vectorised loops.
        try (PtNDArray difference = guard(() -> JniUtils.sub(array, array));
                PtNDArray sum = guard(() -> JniUtils.sum(difference));
                PtNDArray number = to(sum, DataType.FLOAT64)) {
            return read(number, ByteBuffer::getDouble) == 0;
        }
    }

    PtNDArray select(PtNDArray array, Shape shape, int axis, long... indexes) {
        if (indexes.length == 0) {
            return slice(array, axis, 0, 0);
        }
        if (isRange(indexes)) {
            return slice(array, axis, indexes[0], indexes[0] + indexes.length);
        }
        long rest = axis == 0 && shape.dim(0) > 0 ? shape.size() / shape.dim(0) : 0;
        if (rest == 0) {
            return gather(array, axis, indexes, axis, shape.with(axis, indexes.length));
        }
        // What libtorch calls embedding is its copy of whole rows.
        try (PtNDArray positions = indexes(array, indexes);
                PtNDArray rows = reshape(array, shape.dim(0), rest);
                PtNDArray chosen = guard(() -> JniUtils.embedding(positions, rows, false))) {
            return reshape(chosen, shape.with(0, indexes.length).dims());
        }
    }

    private static boolean isRange(long... indexes) {
        for (int i = 1; i < indexes.length; i++) {
            if (indexes[i] != indexes[0] + i) {
                return false;
            }
        }
        return true;
    }

    /**
     * Gathers along an axis.
     *
     * @param along the axis along which the indexes vary
     * @param result shape of the result
     */
    PtNDArray gather(PtNDArray array, int axis, long[] indexes, int along, Shape result) {
        long[] dims = new long[result.rank()];
        Arrays.fill(dims, 1);
        dims[along] = indexes.length;
        try (PtNDArray flat = indexes(array, indexes);
                PtNDArray shaped = reshape(flat, dims);
                PtNDArray wide = broadcast(shaped, Types.toDjl(result))) {
            return guard(() -> JniUtils.gather(array, wide, axis));
        }
    }

    private PtNDArray indexes(PtNDArray array, long... indexes) {
        PtNDManager manager = array.getManager();
        return filled(
                manager,
                Shape.of(indexes.length),
                DataType.INT64,
                manager.getDevice(),
                bytes -> bytes.asLongBuffer().put(indexes));
    }

    PtNDArray oneHot(PtNDArray array, Shape shape, long classes, DataType dataType) {
        long[] all = new long[Math.toIntExact(classes)];
        Arrays.setAll(all, i -> i);
        long[] column = Arrays.copyOf(shape.dims(), shape.rank() + 1);
        column[shape.rank()] = 1;
        try (PtNDArray numbers = indexes(array, all);
                PtNDArray given = to(array, DataType.INT64);
                PtNDArray columns = reshape(given, column);
                PtNDArray hits = guard(() -> JniUtils.eq(columns, numbers))) {
            return to(hits, dataType);
        }
    }

    PtNDArray interpolate(PtNDArray four, long height, long width, Interpolation mode) {
        if (mode == Interpolation.NEAREST) {
            return guard(() -> JniUtils.interpolate(four, new long[] {height, width}, 0, false));
        }
        // DJL's own bilinear mode always smooths when it shrinks (antialias), which PyTorch's default does not.
        try (PtNDArray size = int64(height, width)) {
            PtNDArray result = guard(() -> call(toolbox, bilinear, List.of(four, size), false))
                    .get(0);
            result.attach(four.getManager());
            return result;
        }
    }
}
