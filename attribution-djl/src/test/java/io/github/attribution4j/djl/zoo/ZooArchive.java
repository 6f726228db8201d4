// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.zoo;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * An archive of the zoo and what eager PyTorch computed on its model; {@code golden/README.md} describes the files.
 *
 * @param folder where the files are
 * @param model name of the model
 * @param file name of the archive
 * @param kind scripted, traced, ...
 * @param modules how many modules the archive holds
 * @param json what all archives of the model share
 * @param layers what was hooked, by the address it has in this archive
 */
record ZooArchive(
        Path folder, String model, String file, String kind, int modules, JsonObject json, List<Layer> layers) {
    /**
     * A module of the eager model.
     *
     * @param address in the archive
     * @param type its class
     * @param values the first floating-point tensors that its first call returned
     */
    record Layer(String address, String type, List<Value> values) {}

    /**
     * A tensor that a module of the eager model returned.
     *
     * @param element its number among the tensors returned
     * @param activation key of the value
     * @param gradient key of the gradient; empty if the output does not depend on the value, or not differentiably
     */
    record Value(int element, String activation, String gradient) {}

    /** Models and forms of export that PyTorch itself refuses. */
    record Failure(String model, String kind, String reason) {}

    static List<ZooArchive> of(Path folder) {
        List<ZooArchive> archives = new ArrayList<>();
        for (JsonElement element : index(folder).getAsJsonArray("models")) {
            JsonObject model = element.getAsJsonObject();
            List<Layer> hooked = layers(model.getAsJsonArray("layers"));
            for (JsonElement each : model.getAsJsonArray("archives")) {
                JsonObject archive = each.getAsJsonObject();
                archives.add(new ZooArchive(
                        folder,
                        model.get("name").getAsString(),
                        archive.get("file").getAsString(),
                        archive.get("kind").getAsString(),
                        archive.get("modules").getAsInt(),
                        model,
                        archive.has("layers") ? layers(archive.getAsJsonArray("layers")) : hooked));
            }
        }
        return archives;
    }

    static List<Failure> failures(Path folder) {
        List<Failure> failures = new ArrayList<>();
        for (JsonElement element : index(folder).getAsJsonArray("failed")) {
            JsonObject failure = element.getAsJsonObject();
            failures.add(new Failure(
                    failure.get("model").getAsString(),
                    failure.get("kind").getAsString(),
                    failure.get("reason").getAsString()));
        }
        return failures;
    }

    private static JsonObject index(Path folder) {
        try {
            return JsonParser.parseString(Files.readString(folder.resolve("zoo.json")))
                    .getAsJsonObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Layer> layers(Iterable<JsonElement> list) {
        List<Layer> layers = new ArrayList<>();
        for (JsonElement element : list) {
            JsonObject layer = element.getAsJsonObject();
            List<Value> values = new ArrayList<>();
            for (JsonElement each : layer.getAsJsonArray("elements")) {
                JsonObject value = each.getAsJsonObject();
                JsonElement gradient = value.get("gradient");
                values.add(new Value(
                        value.get("element").getAsInt(),
                        value.get("activation").getAsString(),
                        gradient.isJsonNull() ? "" : gradient.getAsString()));
            }
            layers.add(
                    new Layer(layer.get("path").getAsString(), layer.get("type").getAsString(), values));
        }
        return layers;
    }

    Path path() {
        return folder.resolve(file);
    }

    /** Which tensor of the model's output was differentiated. */
    int output() {
        return json.get("output").getAsInt();
    }

    /** Keys of the gradients of the attributed inputs, in order; empty where there is none. */
    List<String> inputGradients() {
        List<String> keys = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("inputs")) {
            JsonObject input = element.getAsJsonObject();
            if (input.get("role").getAsString().equals("attributed")) {
                JsonElement key = input.get("gradient");
                keys.add(key.isJsonNull() ? "" : key.getAsString());
            }
        }
        return keys;
    }

    Map<String, Tensor> arrays() {
        try {
            return NumpyFiles.readNpz(folder.resolve(json.get("arrays").getAsString()), Tensors.ofJava());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Inputs inputs(Map<String, Tensor> arrays, Tensors tensors) {
        Inputs inputs = Inputs.none();
        for (JsonElement element : json.getAsJsonArray("inputs")) {
            JsonObject input = element.getAsJsonObject();
            Tensor tensor = tensors.bring(arrays.get(input.get("array").getAsString()));
            Inputs.Role role = switch (input.get("role").getAsString()) {
                case "attributed" -> Inputs.Role.ATTRIBUTED;
                case "fixed" -> Inputs.Role.FIXED;
                default -> Inputs.Role.CONSTANT;
            };
            inputs = inputs.with(new Inputs.Input(input.get("name").getAsString(), tensor, role));
        }
        return inputs;
    }
}
