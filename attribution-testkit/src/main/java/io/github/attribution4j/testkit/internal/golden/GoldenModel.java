// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import com.google.gson.JsonObject;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** A model on the device of the test run, with its inputs there, and all arrays of its cases in Java. */
public final class GoldenModel<M extends LayeredModel> implements AutoCloseable {
    private final GoldenData.Entry entry;
    private final M model;
    private final Inputs inputs;
    private final Map<String, Tensor> arrays;

    private GoldenModel(GoldenData.Entry entry, M model, Inputs inputs, Map<String, Tensor> arrays) {
        this.entry = entry;
        this.model = model;
        this.inputs = inputs;
        this.arrays = arrays;
    }

    /**
     * Reads the arrays and cases of a model; closing this closes the model.
     *
     * @param entry its entry in the manifest
     * @param model the model
     */
    public static <M extends LayeredModel> GoldenModel<M> of(GoldenData.Entry entry, M model) {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> tensors = arrays(entry, "inputs_file", model.tensors());
            Inputs inputs = Inputs.none();
            for (JsonObject input : GoldenCase.objects(entry.json().get("inputs"))) {
                String name = input.get("name").getAsString();
                Tensor tensor = TensorScope.release(Objects.requireNonNull(tensors.get(name), name));
                if (input.get("role").getAsString().equals("attributed")) {
                    inputs = inputs.attribute(name, tensor);
                } else {
                    inputs = inputs.fixed(name, tensor);
                }
            }
            Map<String, Tensor> arrays = arrays(entry, "arrays_file", Tensors.ofJava());
            arrays.values().forEach(TensorScope::release);
            return new GoldenModel<>(entry, model, inputs, arrays);
        }
    }

    public static Map<String, Tensor> arrays(Path file, Tensors tensors) {
        try {
            return NumpyFiles.readNpz(file, tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Tensor> arrays(GoldenData.Entry entry, String key, Tensors tensors) {
        return arrays(entry.file(entry.json().get(key).getAsString()), tensors);
    }

    public GoldenData.Entry entry() {
        return entry;
    }

    public M model() {
        return model;
    }

    public Inputs inputs() {
        return inputs;
    }

    /** Returns an array, in Java. */
    public Tensor array(String key) {
        Tensor array = arrays.get(key);
        if (array == null) {
            throw new IllegalArgumentException(entry.name() + " has no array '" + key + "'");
        }
        return array;
    }

    /** Returns an array on the model's device, of the current scope. */
    public Tensor onDevice(String key) {
        return model.tensors().bring(array(key));
    }

    public List<GoldenCase> cases() {
        return entry.cases();
    }

    /** Returns one case. */
    public GoldenCase find(String id) {
        return cases().stream().filter(one -> one.id().equals(id)).findFirst().orElseThrow();
    }

    @Override
    public void close() {
        inputs.tensors().forEach(Tensor::close);
        arrays.values().forEach(Tensor::close);
        model.close();
    }
}
