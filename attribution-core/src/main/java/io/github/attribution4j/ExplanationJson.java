// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Explanations as JSON, version 2 (1 had no labels). Numbers keep every bit; NaN and ±Infinity are strings. No class
 * but this, {@link LabelsJson} and {@link io.github.attribution4j.internal.Json} uses Gson.
 */
final class ExplanationJson {
    static final String FORMAT = "attribution4j/explanation";
    static final int VERSION = 2;
    static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

    private ExplanationJson() {}

    static String write(Explanation explanation) {
        JsonObject json = new JsonObject();
        json.addProperty("format", FORMAT);
        json.addProperty("version", VERSION);
        json.add("attributions", tensors(explanation.names(), explanation.attributions()));
        if (!explanation.standardErrors().isEmpty()) {
            json.add("standardErrors", tensors(explanation.names(), explanation.standardErrors()));
        }
        json.add("scores", numbers(explanation.scores()));
        explanation.baselineScores().ifPresent(scores -> json.add("baselineScores", numbers(scores)));
        if (explanation.hasCompletenessGap()) {
            json.add("completenessGap", numbers(explanation.completenessGap()));
        }
        if (!explanation.measures().isEmpty()) {
            JsonObject measures = new JsonObject();
            explanation.measures().forEach((name, values) -> measures.add(name, numbers(values)));
            json.add("measures", measures);
        }
        json.add("counts", GSON.toJsonTree(explanation.counts().toMap()));
        json.addProperty("elapsedNanos", explanation.elapsed().toNanos());
        json.add("notices", GSON.toJsonTree(explanation.notices()));
        json.add("provenance", provenance(explanation.provenance()));
        json.add("labels", LabelsJson.write(explanation));
        if (!explanation.inputData().isEmpty()) {
            json.add(
                    "inputs",
                    tensors(
                            List.copyOf(explanation.inputData().keySet()),
                            List.copyOf(explanation.inputData().values())));
        }
        return GSON.toJson(json);
    }

    private static JsonArray tensors(List<String> names, List<Tensor> tensors) {
        JsonArray array = new JsonArray();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            JsonObject json = new JsonObject();
            json.addProperty("name", names.get(i));
            json.addProperty("dataType", tensor.dataType().label());
            json.add("shape", GSON.toJsonTree(tensor.shape().dims()));
            json.add("values", values(tensor));
            array.add(json);
        }
        return array;
    }

    private static JsonArray values(Tensor tensor) {
        JsonArray values = new JsonArray();
        switch (tensor.dataType()) {
            case FLOAT32 -> {
                for (float value : tensor.toFloatArray()) {
                    values.add(Float.isFinite(value) ? new JsonPrimitive(value) : new JsonPrimitive("" + value));
                }
            }
            case FLOAT64 -> values.addAll(numbers(tensor.toDoubleArray()));
            default -> {
                for (long value : tensor.toLongArray()) {
                    values.add(value);
                }
            }
        }
        return values;
    }

    static JsonArray numbers(double[] numbers) {
        JsonArray array = new JsonArray();
        for (double number : numbers) {
            array.add(Double.isFinite(number) ? new JsonPrimitive(number) : new JsonPrimitive("" + number));
        }
        return array;
    }

    static String write(Provenance provenance) {
        return GSON.toJson(provenance(provenance));
    }

    private static JsonObject provenance(Provenance provenance) {
        JsonObject json = new JsonObject();
        json.addProperty("method", provenance.method());
        json.add("settings", GSON.toJsonTree(provenance.settings()));
        json.addProperty("target", provenance.target());
        json.addProperty("seed", provenance.seed());
        json.addProperty("batching", provenance.batching());
        JsonObject model = new JsonObject();
        model.addProperty("name", provenance.model().name());
        if (!provenance.model().version().isEmpty()) {
            model.addProperty("version", provenance.model().version());
        }
        model.addProperty("digest", provenance.model().digest());
        model.addProperty("engine", provenance.model().engine());
        model.addProperty("device", provenance.model().device());
        if (!provenance.model().loaded().isEmpty()) {
            model.add("loaded", GSON.toJsonTree(provenance.model().loaded()));
        }
        json.add("model", model);
        JsonArray inputs = new JsonArray();
        for (Provenance.InputRecord input : provenance.inputs()) {
            JsonObject record = new JsonObject();
            record.addProperty("name", input.name());
            record.addProperty("role", input.role());
            record.addProperty("dataType", input.dataType());
            record.addProperty("shape", input.shape());
            record.addProperty("digest", input.digest());
            inputs.add(record);
        }
        json.add("inputs", inputs);
        json.addProperty("library", provenance.library());
        json.addProperty("java", provenance.java());
        json.addProperty("created", provenance.created().toString());
        return json;
    }

    static Explanation read(String text) {
        try (TensorScope scope = TensorScope.open()) {
            JsonObject json = JsonParser.parseString(text).getAsJsonObject();
            String format = json.has("format") ? json.get("format").getAsString() : "none";
            int version = json.has("version") ? json.get("version").getAsInt() : 0;
            if (!format.equals(FORMAT) || version < 1 || version > VERSION) {
                throw new IllegalArgumentException("explanation JSON: format '" + format + "' version " + version
                        + " is not known; this library reads '" + FORMAT + "' versions 1 to " + VERSION);
            }
            List<Tensor> attributions = readTensors(json, "attributions");
            JsonObject counts = json.getAsJsonObject("counts");
            Provenance provenance = readProvenance(json.getAsJsonObject("provenance"));
            Labels labels = version == 1
                    ? Labels.none(attributions.size(), List.of(), List.of(provenance.target()))
                    : LabelsJson.read(json.getAsJsonObject("labels"));
            Explanation explanation = new Explanation(new ExplanationParts(provenance, labels).with(read -> {
                read.names = readNames(json, "attributions");
                read.attributions = attributions;
                read.standardErrors = readTensors(json, "standardErrors");
                read.scores = readNumbers(json.getAsJsonArray("scores"));
                read.baselineScores = optionalNumbers(json, "baselineScores");
                read.completenessGap = optionalNumbers(json, "completenessGap");
                read.measures = readMeasures(json.getAsJsonObject("measures"));
                // Explanations of early versions have no check rows.
                read.counts = Counts.of(name -> name.equals("checkRows") && !counts.has(name)
                        ? 0
                        : counts.get(name).getAsLong());
                read.elapsed = Duration.ofNanos(json.get("elapsedNanos").getAsLong());
                read.notices = list(json.getAsJsonArray("notices"), JsonElement::getAsString);
                read.inputData = byName(readNames(json, "inputs"), readTensors(json, "inputs"));
            }));
            explanation.ownTensors();
            return explanation;
        } catch (RuntimeException e) {
            throw malformed("explanation JSON", "Explanation.toJson", e);
        }
    }

    /** Reads what {@link #write(Provenance)} wrote. */
    static Provenance readProvenance(String text) {
        try {
            return readProvenance(JsonParser.parseString(text).getAsJsonObject());
        } catch (RuntimeException e) {
            throw malformed("provenance JSON", "Provenance.toJson", e);
        }
    }

    /** Returns what to throw: Gson throws any of these for a missing or mistyped member. */
    private static RuntimeException malformed(String what, String writer, RuntimeException e) {
        boolean known = e instanceof JsonParseException
                || e instanceof NullPointerException
                || e instanceof ClassCastException
                || e instanceof UnsupportedOperationException
                || e instanceof IllegalStateException
                || e instanceof NumberFormatException
                || e instanceof DateTimeParseException;
        return known
                ? new IllegalArgumentException(
                        what + ": malformed or incomplete (" + e.getMessage() + "); give what " + writer + " wrote", e)
                : e;
    }

    private static Map<String, Tensor> byName(List<String> names, List<Tensor> tensors) {
        Map<String, Tensor> byName = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            byName.put(names.get(i), tensors.get(i));
        }
        return byName;
    }

    private static List<String> readNames(JsonObject json, String member) {
        return json.has(member)
                ? list(
                        json.getAsJsonArray(member),
                        element -> element.getAsJsonObject().get("name").getAsString())
                : List.of();
    }

    private static List<Tensor> readTensors(JsonObject json, String member) {
        return json.has(member) ? list(json.getAsJsonArray(member), ExplanationJson::readTensor) : List.of();
    }

    private static Tensor readTensor(JsonElement element) {
        JsonObject json = element.getAsJsonObject();
        DataType type = DataType.valueOf(json.get("dataType").getAsString().toUpperCase(Locale.ROOT));
        Shape shape = Shape.of(GSON.fromJson(json.get("shape"), long[].class));
        JsonArray values = json.getAsJsonArray("values");
        Tensors tensors = Tensors.ofJava();
        if (type == DataType.FLOAT32) {
            float[] floats = new float[values.size()];
            for (int i = 0; i < floats.length; i++) {
                floats[i] = Float.parseFloat(values.get(i).getAsString());
            }
            return tensors.of(floats, shape);
        }
        if (type == DataType.FLOAT64) {
            return tensors.of(readNumbers(values), shape);
        }
        return tensors.of(GSON.fromJson(values, long[].class), shape).to(type);
    }

    static double[] readNumbers(JsonArray array) {
        return list(array, element -> Double.parseDouble(element.getAsString())).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
    }

    private static Map<String, double[]> readMeasures(@Nullable JsonObject json) {
        Map<String, double[]> measures = new LinkedHashMap<>();
        if (json != null) {
            json.entrySet()
                    .forEach(entry -> measures.put(
                            entry.getKey(), readNumbers(entry.getValue().getAsJsonArray())));
        }
        return measures;
    }

    private static double @Nullable [] optionalNumbers(JsonObject json, String member) {
        return json.has(member) ? readNumbers(json.getAsJsonArray(member)) : null;
    }

    static <T> List<T> list(JsonArray array, Function<JsonElement, T> read) {
        List<T> list = new ArrayList<>(array.size());
        array.forEach(element -> list.add(read.apply(element)));
        return list;
    }

    private static Map<String, String> texts(JsonObject json) {
        Map<String, String> texts = new LinkedHashMap<>();
        json.entrySet()
                .forEach(entry -> texts.put(entry.getKey(), entry.getValue().getAsString()));
        return texts;
    }

    private static Provenance readProvenance(JsonObject json) {
        Map<String, String> settings = texts(json.getAsJsonObject("settings"));
        JsonObject model = json.getAsJsonObject("model");
        return new Provenance(
                json.get("method").getAsString(),
                settings,
                json.get("target").getAsString(),
                json.get("seed").getAsLong(),
                json.get("batching").getAsString(),
                new Model.Identity(
                        model.get("name").getAsString(),
                        model.has("version") ? model.get("version").getAsString() : "",
                        model.get("digest").getAsString(),
                        model.get("engine").getAsString(),
                        model.get("device").getAsString(),
                        model.has("loaded") ? texts(model.getAsJsonObject("loaded")) : Map.of()),
                list(json.getAsJsonArray("inputs"), element -> {
                    JsonObject input = element.getAsJsonObject();
                    return new Provenance.InputRecord(
                            input.get("name").getAsString(),
                            input.get("role").getAsString(),
                            input.get("dataType").getAsString(),
                            input.get("shape").getAsString(),
                            input.get("digest").getAsString());
                }),
                json.get("library").getAsString(),
                json.get("java").getAsString(),
                Instant.parse(json.get("created").getAsString()));
    }
}
