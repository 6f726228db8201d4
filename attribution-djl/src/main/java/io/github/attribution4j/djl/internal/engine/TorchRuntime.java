// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.engine;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineException;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.JniUtils;
import ai.djl.util.Utils;
import io.github.attribution4j.djl.internal.wire.Toolbox;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.DataType;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Starts and tests the engine, loads and calls modules, and translates native failures. Together with
 * {@link TorchOperations} and {@link ThreadSettings} it is all that touches DJL's native interface.
 *
 * <p>{@link ThreadSettings} sets libtorch's settings of the thread for every call of a module; nothing else here
 * depends on them. No lock is held while libtorch computes.
 */
public final class TorchRuntime {
    private static final String ENGINE = "PyTorch";
    private static final String EXTRA = "PYTORCH_EXTRA_LIBRARY_PATH";

    /**
     * DJL collects all arrays of such a name into one list argument. Every handle here gets this name when it is made.
     */
    private static final String LIST_ARGUMENT = "x[]";

    private static volatile @Nullable TorchRuntime instance;

    private final Engine engine;
    private final Map<Device, TorchTensors> tensors = new ConcurrentHashMap<>();
    private final PtSymbolBlock toolbox;
    private final PtNDArray bilinear;
    private final PtNDArray giveStorages;
    private final GradientCalls gradients;
    private final TorchOperations operations = new TorchOperations(this);

    private TorchRuntime(Engine engine) {
        this.engine = engine;
        PtNDManager cpu = (PtNDManager) engine.newBaseManager(Device.cpu());
        tensors.put(Device.cpu(), TorchTensors.create(Device.cpu(), cpu));
        this.toolbox = loadBytes(Toolbox.create().toBytes(), cpu);
        this.bilinear = method(Toolbox.BILINEAR, cpu);
        this.giveStorages = method(Toolbox.GIVE_STORAGES, cpu);
        this.gradients = new GradientCalls(
                this, toolbox, method(Toolbox.PRODUCT, cpu), method(Toolbox.SINGLE, cpu), method(Toolbox.SWEEP, cpu));
    }

    /**
     * Returns the runtime. The first call starts the engine and tests it.
     *
     * @throws UnsupportedModelException if the engine is missing, or one of its parts has another version
     */
    public static TorchRuntime get() {
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

    /** Returns the engine's name and versions, for provenance. */
    public String description() {
        return "PyTorch " + engine.getVersion() + " through DJL " + Engine.getDjlVersion();
    }

    /**
     * Returns the tensors of a device, after a check that the device exists. libtorch itself would fail late, with a
     * long message.
     */
    public TorchTensors tensors(Device device) {
        TorchTensors known = tensors.get(device);
        if (known != null) {
            return known;
        }
        if (device.isGpu() && device.getDeviceId() >= gpus()) {
            throw new UnsupportedModelException("device " + TorchTensors.name(device) + " was asked for, but "
                    + (gpus() == 0 ? "there is no CUDA here (" + description() + ")" : "there are only " + gpus())
                    + "; use cpu"
                    + (gpus() == 0 ? ", or run with a CUDA build of libtorch on a machine with a GPU" : ""));
        }
        return tensors.computeIfAbsent(
                device, key -> TorchTensors.create(key, (PtNDManager) engine.newBaseManager(key)));
    }

    private int gpus() {
        return engine.hasCapability(StandardCapabilities.CUDA) ? engine.getGpuCount() : 0;
    }

    public TorchOperations operations() {
        return operations;
    }

    /** Runs an operation of the engine and translates its failure. */
    static <T> T guard(Supplier<T> operation) {
        try {
            return operation.get();
        } catch (EngineException e) {
            throw Failures.of(e);
        }
    }

    /**
     * Loads an archive so that gradients can pass through its parameters.
     *
     * @param file the archive; not needed afterwards
     * @param manager owner of the block
     * @throws EngineException if libtorch refuses it
     */
    public PtSymbolBlock load(Path file, PtNDManager manager) {
        // Without trainParam the parameters would be inference tensors, which no gradient can pass.
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
     * Puts a module into evaluation mode, gives it the parameters that its archive lacks, and freezes all of them, so
     * that their gradients are never computed, or leaves gradients possible.
     *
     * @param learning whether gradients by parameters are possible
     * @return the floating type of the parameters; null if they have several types, or there are none
     */
    public @Nullable DataType freeze(
            PtSymbolBlock block, PtNDManager manager, SharedParameters shared, boolean learning) {
        Set<ai.djl.ndarray.types.DataType> types = EnumSet.noneOf(ai.djl.ndarray.types.DataType.class);
        try (NDManager temporary = manager.newSubManager()) {
            NDList parameters = JniUtils.moduleGetParams(block, (PtNDManager) temporary);
            shared.giveTo(parameters);
            for (NDArray parameter : parameters) {
                if (parameter.getDataType().isFloating()) {
                    types.add(parameter.getDataType());
                    JniUtils.attachGradient((PtNDArray) parameter, learning);
                }
            }
        }
        JniUtils.enableInferenceMode(block);
        return types.size() == 1 ? Types.fromDjl(types.iterator().next()) : null;
    }

    /**
     * Returns the names of a module's floating parameters, of each tensor the first one: parameters that an archive
     * shares are one tensor in libtorch, or several with the same elements.
     */
    Set<String> distinctParameters(PtSymbolBlock block, PtNDManager manager) {
        Set<String> distinct = new HashSet<>();
        try (NDManager temporary = manager.newSubManager()) {
            List<PtNDArray> all = new ArrayList<>();
            for (NDArray parameter : JniUtils.moduleGetParams(block, (PtNDManager) temporary)) {
                if (parameter.getDataType().isFloating()) {
                    all.add((PtNDArray) parameter);
                }
            }
            // A mark that one handle sets is seen through every other handle of the same tensor.
            for (PtNDArray parameter : all) {
                if (JniUtils.requiresGrad(parameter)) {
                    distinct.add(parameter.getName());
                    JniUtils.attachGradient(parameter, false);
                }
            }
            all.forEach(parameter -> JniUtils.attachGradient(parameter, true));
        }
        return distinct;
    }

    /**
     * Returns new handles of some parameters of a module.
     *
     * @throws io.github.attribution4j.model.UnsupportedModelException if it has no parameter of a name
     */
    List<PtNDArray> parameters(PtSymbolBlock block, PtNDManager manager, List<String> names) {
        try (NDManager temporary = manager.newSubManager()) {
            Map<String, NDArray> all = new HashMap<>();
            for (NDArray parameter : JniUtils.moduleGetParams(block, (PtNDManager) temporary)) {
                all.put(parameter.getName(), parameter);
            }
            List<PtNDArray> found = new ArrayList<>();
            for (String name : names) {
                NDArray parameter = all.get(name);
                if (parameter == null) {
                    throw new UnsupportedModelException("parameter '" + name + "' of the archive is not among those of"
                            + " the loaded module, so that it has no gradient; export the model again");
                }
                found.add((PtNDArray) parameter);
            }
            for (PtNDArray parameter : found) {
                parameter.attach(manager);
                own(parameter);
            }
            return found;
        }
    }

    /** Resamples images of any number of channels to a size. */
    PtNDArray bilinear(PtNDArray four, PtNDArray size) {
        return call(toolbox, bilinear, List.of(four, size), false).get(0);
    }

    /**
     * Moves tensors into other storages, at the positions that their types, shapes, strides and offsets tell.
     *
     * @param pairs a tensor, then the bytes that become its storage, and so on
     */
    void giveStorages(List<PtNDArray> pairs) {
        pairs.forEach(this::own);
        guard(() -> call(toolbox, giveStorages, pairs, false));
    }

    /** Makes the handle that names a method in calls. It is never written to again, so threads may share it. */
    PtNDArray method(String name, PtNDManager manager) {
        PtNDArray marker = operations.scalar(manager, DataType.INT64, 0);
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

    /** Returns the calls for vector-Jacobian products. */
    public GradientCalls gradients() {
        return gradients;
    }

    /** Detaches an array from a DJL scope that the caller may have open, and gives it its lasting name. */
    PtNDArray own(PtNDArray array) {
        NDScope.unregister(array);
        array.setName(LIST_ARGUMENT);
        return array;
    }
}
