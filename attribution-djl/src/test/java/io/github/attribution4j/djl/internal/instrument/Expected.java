// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.djl.internal.Zoo;
import io.github.attribution4j.djl.internal.wire.Value;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What eager PyTorch computed, from {@code expected.json}. */
record Expected(
        List<JsonElement> inputs,
        List<String> modules,
        JsonElement output,
        List<JsonElement> gradients,
        List<Call> calls) {

    /**
     * One call of a module: its path, which call of that module it is, its tensors and their gradients, JSON null where
     * there is none.
     */
    record Call(String path, int number, List<JsonElement> tensors, List<JsonElement> gradients) {}

    static Expected of(String archive) {
        JsonObject all;
        try {
            all = JsonParser.parseString(Files.readString(Zoo.file("expected.json")))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        JsonObject entry = all.getAsJsonObject("archives").getAsJsonObject(archive);
        JsonObject model =
                all.getAsJsonObject("models").getAsJsonObject(entry.get("model").getAsString());
        Map<String, Integer> counts = new LinkedHashMap<>();
        List<Call> calls = new ArrayList<>();
        for (JsonElement element : model.getAsJsonArray("calls")) {
            JsonObject call = element.getAsJsonObject();
            String path = call.get("path").getAsString();
            int number = counts.merge(path, 1, Integer::sum) - 1;
            calls.add(new Call(
                    path, number, list(call.getAsJsonArray("tensors")), list(call.getAsJsonArray("gradients"))));
        }
        List<String> modules = list(entry.getAsJsonArray("modules")).stream()
                .map(JsonElement::getAsString)
                .toList();
        return new Expected(
                list(entry.getAsJsonArray("inputs")),
                modules,
                model.get("output"),
                list(model.getAsJsonArray("gradients")),
                calls);
    }

    private static List<JsonElement> list(JsonArray array) {
        List<JsonElement> list = new ArrayList<>();
        array.forEach(list::add);
        return list;
    }

    List<Value<NDArray>> arguments(NDManager manager) {
        List<Value<NDArray>> arguments = new ArrayList<>();
        inputs.forEach(i -> arguments.add(value(manager, i)));
        return arguments;
    }

    private static Value<NDArray> value(NDManager manager, JsonElement json) {
        JsonObject object = json.getAsJsonObject();
        if (object.has("tensor")) {
            return new Value.Tensor<>(tensor(manager, object.get("tensor")));
        }
        if (object.has("dict")) {
            Map<Object, Value<NDArray>> entries = new LinkedHashMap<>();
            object.getAsJsonArray("dict")
                    .forEach(e -> entries.put(
                            e.getAsJsonArray().get(0).getAsString(),
                            value(manager, e.getAsJsonArray().get(1))));
            return new Value.Entries<>(entries);
        }
        if (object.has("scalar")) {
            return new Value.Scalar<>(object.get("scalar").getAsDouble());
        }
        List<Value<NDArray>> items = new ArrayList<>();
        object.getAsJsonArray(object.has("tuple") ? "tuple" : "list").forEach(e -> items.add(value(manager, e)));
        return new Value.Items<>(items);
    }

    static NDArray tensor(NDManager manager, JsonElement json) {
        JsonArray array = json.getAsJsonArray();
        List<JsonElement> sizes = list(array.get(1).getAsJsonArray());
        Shape shape = new Shape(sizes.stream().mapToLong(JsonElement::getAsLong).toArray());
        List<JsonElement> values = list(array.get(2).getAsJsonArray());
        if (array.get(0).getAsString().equals("int64")) {
            return manager.create(
                    values.stream().mapToLong(JsonElement::getAsLong).toArray(), shape);
        }
        float[] floats = new float[values.size()];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = values.get(i).getAsFloat();
        }
        return manager.create(floats, shape);
    }

    /** The tensors inside the expected output, in order. */
    List<JsonElement> outputs() {
        List<JsonElement> tensors = new ArrayList<>();
        collect(output, tensors);
        return tensors;
    }

    private static void collect(JsonElement json, List<JsonElement> tensors) {
        JsonObject object = json.getAsJsonObject();
        if (object.has("tensor")) {
            tensors.add(object.get("tensor"));
        } else if (object.has("dict")) {
            object.getAsJsonArray("dict")
                    .forEach(e -> collect(e.getAsJsonArray().get(1), tensors));
        } else if (object.has("tuple") || object.has("list")) {
            object.getAsJsonArray(object.has("tuple") ? "tuple" : "list").forEach(e -> collect(e, tensors));
        }
    }
}
