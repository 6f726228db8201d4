// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.Device;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * How {@link TorchScriptModel} loads an archive. Immutable; every method returns changed options.
 *
 * <pre>{@code
 * TorchScriptModel.load(file, LoadOptions.defaults().device("cuda:0").output("logits"));
 * }</pre>
 */
public final class LoadOptions {
    private static final String FORWARD = "forward";
    private static final LoadOptions DEFAULTS =
            new LoadOptions(Device.cpu(), 0, 0, null, List.of(), null, false, FORWARD, Map.of());

    private final Device device;
    private final int threads;
    private final int interOpThreads;
    private final @Nullable String output;
    private final List<String> argumentNames;
    private final @Nullable DataType dataType;
    private final boolean unbatched;
    private final String method;
    private final Map<String, Tensor> state;

    private LoadOptions(
            Device device,
            int threads,
            int interOpThreads,
            @Nullable String output,
            List<String> argumentNames,
            @Nullable DataType dataType,
            boolean unbatched,
            String method,
            Map<String, Tensor> state) {
        this.device = device;
        this.threads = threads;
        this.interOpThreads = interOpThreads;
        this.output = output;
        this.argumentNames = List.copyOf(argumentNames);
        this.dataType = dataType;
        this.unbatched = unbatched;
        this.method = method;
        this.state = Map.copyOf(state);
    }

    /**
     * Returns the defaults: the CPU, libtorch's own thread settings, the model's only output, the parameter names of
     * the archive.
     */
    public static LoadOptions defaults() {
        return DEFAULTS;
    }

    /** Returns options with a device. */
    public LoadOptions device(Device device) {
        return new LoadOptions(
                device, threads, interOpThreads, output, argumentNames, dataType, unbatched, method, state);
    }

    /**
     * Returns options with a device.
     *
     * @param device {@code cpu}, {@code cuda} or {@code cuda:} and an index
     */
    public LoadOptions device(String device) {
        return device(parse(device));
    }

    private static Device parse(String device) {
        String name = device.toLowerCase(Locale.ROOT);
        if (name.equals("cpu")) {
            return Device.cpu();
        }
        if (name.equals("cuda")) {
            return Device.gpu(0);
        }
        if (name.matches("cuda:\\d{1,3}")) {
            return Device.gpu(Integer.parseInt(name.substring(name.indexOf(':') + 1)));
        }
        throw new IllegalArgumentException(
                "device '" + device + "' is unknown; use cpu, cuda, or cuda:0, cuda:1, ... for a GPU");
    }

    /**
     * Returns options with the number of threads that one operation of libtorch uses. This setting belongs to the
     * process and is made when the model is loaded, so it holds for every model. With many calling threads, 1 is
     * often best.
     *
     * @param threads at least 1
     */
    public LoadOptions threads(int threads) {
        return new LoadOptions(
                device,
                positive("threads", threads),
                interOpThreads,
                output,
                argumentNames,
                dataType,
                unbatched,
                method,
                state);
    }

    /**
     * Returns options with the number of threads between operations of libtorch, which models that fork use. This
     * setting belongs to the process; libtorch takes it only once, before its first parallel work.
     *
     * @param threads at least 1
     */
    public LoadOptions interOpThreads(int threads) {
        return new LoadOptions(
                device,
                this.threads,
                positive("interOpThreads", threads),
                output,
                argumentNames,
                dataType,
                unbatched,
                method,
                state);
    }

    private static int positive(String name, int threads) {
        if (threads < 1) {
            throw new IllegalArgumentException(name + " " + threads + ": must be at least 1");
        }
        return threads;
    }

    /**
     * Returns options that choose one of several output tensors by position, from 0, in the order of the model's
     * output, nested parts depth first.
     */
    public LoadOptions output(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("output " + index + ": positions count from 0");
        }
        return new LoadOptions(
                device,
                threads,
                interOpThreads,
                Integer.toString(index),
                argumentNames,
                dataType,
                unbatched,
                method,
                state);
    }

    /**
     * Returns options that choose one of several output tensors by name: the key in a dict, or its path in nested
     * outputs, such as {@code logits} or {@code hidden.0}.
     */
    public LoadOptions output(String name) {
        return new LoadOptions(
                device, threads, interOpThreads, name, argumentNames, dataType, unbatched, method, state);
    }

    /**
     * Returns options with names for the model's parameters, in order. Inputs are bound by these names, and messages
     * use them. Useful for traced archives, whose own names may not be descriptive.
     */
    public LoadOptions argumentNames(String... names) {
        return new LoadOptions(
                device, threads, interOpThreads, output, List.of(names), dataType, unbatched, method, state);
    }

    /**
     * Returns options that convert the model's floating-point weights, buffers and constants to a type: float64 to
     * check float32 results, float32 for a model in 16 bits or with automatic casts to 16 bits. Inputs are then of this
     * type too, and so is every floating type that is named in the program's text. The copy is made in memory.
     *
     * @param newType {@link DataType#FLOAT32} or {@link DataType#FLOAT64}
     */
    public LoadOptions dataType(DataType newType) {
        if (!newType.isFloating()) {
            throw new IllegalArgumentException("dataType " + newType + ": weights become float32 or float64");
        }
        return new LoadOptions(
                device, threads, interOpThreads, output, argumentNames, newType, unbatched, method, state);
    }

    /**
     * Returns options for a program that takes one example without an axis of rows: positions {@code (atoms, 3)} to an
     * energy, an image {@code (1, 28, 28)} to scores. Inputs have rows nevertheless, {@code (examples, atoms, 3)}.
     * Before each call, axis 0 of attributed and fixed inputs is removed, and after it an axis is added in front of the
     * output and of the values of layers, so that an energy has shape {@code (examples)}. Constants are unchanged. Rows
     * are run one by one.
     */
    public LoadOptions unbatched() {
        return new LoadOptions(device, threads, interOpThreads, output, argumentNames, dataType, true, method, state);
    }

    boolean isUnbatched() {
        return unbatched;
    }

    /**
     * Returns options that call another method of the model instead of {@code forward}, such as {@code encode}. That
     * method is explained, and layers are the modules that it calls. Loading refuses a name that does not exist and
     * lists the methods.
     *
     * @param name a method of the model's root, with its parameters as inputs and its result as output
     */
    public LoadOptions method(String name) {
        return new LoadOptions(
                device, threads, interOpThreads, output, argumentNames, dataType, unbatched, name, state);
    }

    /**
     * Returns options with another state from which every call starts, instead of that in the file: for a model that
     * keeps a state between calls ({@link TorchScriptModel#stateNames}), the state at the moment to explain.
     *
     * @param values by the names of {@link TorchScriptModel#stateNames}. A tensor has the number of axes in the file,
     *     and its type, or any floating type if that is floating. A number or truth value is a tensor of one element.
     *     Names that are left out remain as in the file. Values are read while loading, which refuses by name what does
     *     not fit; at most 65,536 elements each
     */
    public LoadOptions state(Map<String, Tensor> values) {
        return new LoadOptions(
                device, threads, interOpThreads, output, argumentNames, dataType, unbatched, method, values);
    }

    Map<String, Tensor> state() {
        return state;
    }

    /** The options that change the numbers, for provenance. */
    Map<String, String> changes() {
        Map<String, String> changes = new LinkedHashMap<>();
        if (output != null) {
            changes.put("output", output);
        }
        if (!method.equals(FORWARD)) {
            changes.put("method", method);
        }
        if (dataType != null) {
            changes.put("dataType", dataType.label());
        }
        if (unbatched) {
            changes.put("unbatched", "true");
        }
        new TreeMap<>(state)
                .forEach((name, value) ->
                        changes.put("state " + name, value.shape() + " sha256:" + Provenance.digest(value)));
        return changes;
    }

    String method() {
        return method;
    }

    Optional<DataType> dataType() {
        return Optional.ofNullable(dataType);
    }

    Device device() {
        return device;
    }

    OptionalInt threads() {
        return threads == 0 ? OptionalInt.empty() : OptionalInt.of(threads);
    }

    OptionalInt interOpThreads() {
        return interOpThreads == 0 ? OptionalInt.empty() : OptionalInt.of(interOpThreads);
    }

    Optional<String> output() {
        return Optional.ofNullable(output);
    }

    List<String> argumentNames() {
        return argumentNames;
    }

    @Override
    public String toString() {
        return "LoadOptions[device " + device
                + (output == null ? "" : ", output '" + output + "'")
                + (dataType == null ? "" : ", " + dataType)
                + (unbatched ? ", one example without a batch axis" : "")
                + (method.equals(FORWARD) ? "" : ", method '" + method + "'")
                + (state.isEmpty() ? "" : ", state of " + String.join(", ", new TreeMap<>(state).keySet()))
                + "]";
    }
}
