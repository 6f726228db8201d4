// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.target.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.UnaryOperator;
import java.util.stream.StreamSupport;

/** One entry of the manifest: a method with settings, and the expected results. */
public record GoldenCase(JsonObject json) {
    /** An expected result: the array that holds it, and the tolerance. */
    public record Expected(String name, String array, double relative, OptionalDouble scale) {}

    public String id() {
        return json.get("id").getAsString();
    }

    public String method() {
        return json.get("method").getAsString();
    }

    public String compare() {
        return json.get("compare").getAsString();
    }

    public JsonObject target() {
        return json.getAsJsonObject("target");
    }

    public Options options() {
        return new Options(json.getAsJsonObject("options"));
    }

    public boolean has(String key) {
        return json.has(key);
    }

    /** Returns whether the case needs layers of the model. */
    public boolean isInside() {
        return json.has("layer") || json.has("layers");
    }

    /** Returns the addresses of the layers. */
    public String[] layers() {
        List<JsonObject> places =
                json.has("layer") ? List.of(json.getAsJsonObject("layer")) : objects(json.get("layers"));
        return places.stream()
                .map(place -> place.get("path").getAsString()
                        + (place.get("side").getAsString().equals("input") ? ":in" : ""))
                .toArray(String[]::new);
    }

    /**
     * Returns the same case with other addresses of its layers.
     *
     * @param address returns the new address for the path of a module, or with {@code :in} for its input
     */
    public GoldenCase at(UnaryOperator<String> address) {
        JsonObject copy = json.deepCopy();
        JsonArray places = new JsonArray();
        for (String layer : layers()) {
            JsonObject place = new JsonObject();
            place.addProperty("path", address.apply(layer));
            place.addProperty("side", "output");
            places.add(place);
        }
        copy.remove("layer");
        copy.add("layers", places);
        return new GoldenCase(copy);
    }

    /** Returns the address of the only layer. */
    public String layer() {
        return layers()[0];
    }

    /** Returns the unit of the layer: coordinates, slices, or a function. */
    public Target unit() {
        JsonElement unit = json.get("unit");
        if (unit.isJsonArray()) {
            return Target.at(longs(unit));
        }
        JsonObject kind = unit.getAsJsonObject();
        return kind.has("slice")
                ? Target.slice(kind.get("slice").getAsString())
                : Targets.ofFunction(kind.get("function").getAsString());
    }

    public List<JsonObject> baselines() {
        return objects(json.get("baselines"));
    }

    public List<String> masks() {
        return elements(json.get("masks")).stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    public String given(String name) {
        return json.getAsJsonObject("given").get(name).getAsString();
    }

    public boolean hasDraws(String name) {
        return json.has("draws") && json.getAsJsonObject("draws").has(name);
    }

    public String draws(String name) {
        return json.getAsJsonObject("draws").get(name).getAsString();
    }

    public List<Expected> expected() {
        List<Expected> expected = new ArrayList<>();
        for (JsonObject one : objects(json.get("expected"))) {
            expected.add(new Expected(
                    one.get("name").getAsString(),
                    one.get("array").getAsString(),
                    one.get("relative").getAsDouble(),
                    one.has("scale") ? OptionalDouble.of(one.get("scale").getAsDouble()) : OptionalDouble.empty()));
        }
        return expected;
    }

    public boolean expects(String name) {
        return expected().stream().anyMatch(expected -> expected.name().equals(name));
    }

    public static List<JsonElement> elements(JsonElement array) {
        return StreamSupport.stream(((JsonArray) array).spliterator(), false).toList();
    }

    public static List<JsonObject> objects(JsonElement array) {
        return elements(array).stream().map(JsonElement::getAsJsonObject).toList();
    }

    public static long[] longs(JsonElement array) {
        return elements(array).stream().mapToLong(JsonElement::getAsLong).toArray();
    }

    public static double[] doubles(JsonElement array) {
        return elements(array).stream().mapToDouble(JsonElement::getAsDouble).toArray();
    }

    /** Settings by name. */
    public record Options(JsonObject json) {
        public boolean has(String name) {
            return json.has(name);
        }

        public int integer(String name) {
            return json.get(name).getAsInt();
        }

        public String text(String name) {
            return json.get(name).getAsString();
        }

        public boolean flag(String name, boolean otherwise) {
            return json.has(name) ? json.get(name).getAsBoolean() : otherwise;
        }

        public double[] numbers(String name) {
            return doubles(json.get(name));
        }

        public List<long[]> shapes(String name) {
            return elements(json.get(name)).stream().map(GoldenCase::longs).toList();
        }

        public List<JsonObject> objects(String name) {
            return GoldenCase.objects(json.get(name));
        }

        public Options inner(String name) {
            return new Options(json.getAsJsonObject(name));
        }
    }
}
