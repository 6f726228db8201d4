// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.golden;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.target.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.stream.StreamSupport;

/** One entry of the manifest: a method with settings, and what comes out. */
record GoldenCase(JsonObject json) {
    /** What must come out: the array that holds it, and how near it must be. */
    record Expected(String name, String array, double relative, OptionalDouble scale) {}

    String id() {
        return json.get("id").getAsString();
    }

    String method() {
        return json.get("method").getAsString();
    }

    String compare() {
        return json.get("compare").getAsString();
    }

    JsonObject target() {
        return json.getAsJsonObject("target");
    }

    Options options() {
        return new Options(json.getAsJsonObject("options"));
    }

    boolean has(String key) {
        return json.has(key);
    }

    /** Returns whether the case looks inside the model. */
    boolean isInside() {
        return json.has("layer") || json.has("layers");
    }

    /** Returns the addresses of the layers. */
    String[] layers() {
        List<JsonObject> places =
                json.has("layer") ? List.of(json.getAsJsonObject("layer")) : objects(json.get("layers"));
        return places.stream()
                .map(place -> place.get("path").getAsString()
                        + (place.get("side").getAsString().equals("input") ? ":in" : ""))
                .toArray(String[]::new);
    }

    /** Returns the address of the only layer. */
    String layer() {
        return layers()[0];
    }

    /** Returns the unit of the layer: coordinates, slices, or a function. */
    Target unit() {
        JsonElement unit = json.get("unit");
        if (unit.isJsonArray()) {
            return Target.at(longs(unit));
        }
        JsonObject kind = unit.getAsJsonObject();
        return kind.has("slice")
                ? Target.slice(kind.get("slice").getAsString())
                : Targets.ofFunction(kind.get("function").getAsString());
    }

    List<JsonObject> baselines() {
        return objects(json.get("baselines"));
    }

    List<String> masks() {
        return elements(json.get("masks")).stream()
                .map(JsonElement::getAsString)
                .toList();
    }

    String given(String name) {
        return json.getAsJsonObject("given").get(name).getAsString();
    }

    boolean hasDraws(String name) {
        return json.has("draws") && json.getAsJsonObject("draws").has(name);
    }

    String draws(String name) {
        return json.getAsJsonObject("draws").get(name).getAsString();
    }

    List<Expected> expected() {
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

    boolean expects(String name) {
        return expected().stream().anyMatch(expected -> expected.name().equals(name));
    }

    static List<JsonElement> elements(JsonElement array) {
        return StreamSupport.stream(((JsonArray) array).spliterator(), false).toList();
    }

    static List<JsonObject> objects(JsonElement array) {
        return elements(array).stream().map(JsonElement::getAsJsonObject).toList();
    }

    static long[] longs(JsonElement array) {
        return elements(array).stream().mapToLong(JsonElement::getAsLong).toArray();
    }

    static double[] doubles(JsonElement array) {
        return elements(array).stream().mapToDouble(JsonElement::getAsDouble).toArray();
    }

    /** Settings by name. */
    record Options(JsonObject json) {
        boolean has(String name) {
            return json.has(name);
        }

        int integer(String name) {
            return json.get(name).getAsInt();
        }

        String text(String name) {
            return json.get(name).getAsString();
        }

        boolean flag(String name, boolean otherwise) {
            return json.has(name) ? json.get(name).getAsBoolean() : otherwise;
        }

        double[] numbers(String name) {
            return doubles(json.get(name));
        }

        List<long[]> shapes(String name) {
            return elements(json.get(name)).stream().map(GoldenCase::longs).toList();
        }

        List<JsonObject> objects(String name) {
            return GoldenCase.objects(json.get(name));
        }

        Options inner(String name) {
            return new Options(json.getAsJsonObject(name));
        }
    }
}
