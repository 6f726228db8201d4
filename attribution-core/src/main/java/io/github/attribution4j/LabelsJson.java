// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import static io.github.attribution4j.ExplanationJson.GSON;
import static io.github.attribution4j.ExplanationJson.list;
import static io.github.attribution4j.ExplanationJson.numbers;
import static io.github.attribution4j.ExplanationJson.readNumbers;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.tensor.Shape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The part of an explanation's JSON that says what is what: targets, classes, names of features, groups. */
final class LabelsJson {
    private LabelsJson() {}

    /** Contributions of groups are written for other programs, and not read back. */
    static JsonObject write(Explanation explanation) {
        Labels labels = explanation.labels();
        JsonObject json = new JsonObject();
        json.add("targets", GSON.toJsonTree(labels.targets()));
        json.add("classes", GSON.toJsonTree(labels.classes()));
        json.addProperty("ofInputs", labels.ofInputs());
        JsonArray features = new JsonArray();
        for (int i = 0; i < labels.names().size(); i++) {
            JsonObject one = new JsonObject();
            FeatureNames names = labels.names().get(i);
            one.add("axes", axes(names, explanation.scores().length));
            if (!names.categories().isEmpty()) {
                one.add("categories", GSON.toJsonTree(names.categories()));
            }
            one.add("values", numbers(labels.values().get(i)));
            features.add(one);
        }
        json.add("features", features);
        if (labels.groups() != null) {
            json.add("groups", groups(labels.groups(), explanation));
        }
        if (!labels.conditions().isEmpty()) {
            json.add("conditions", GSON.toJsonTree(labels.conditions()));
        }
        return json;
    }

    private static JsonArray axes(FeatureNames names, int examples) {
        JsonArray axes = new JsonArray();
        for (int axis : names.axes()) {
            JsonObject one = new JsonObject();
            one.addProperty("axis", axis);
            if (names.isEach(axis)) {
                JsonArray each = new JsonArray();
                for (int row = 0; row < examples; row++) {
                    each.add(GSON.toJsonTree(names.along(axis, row)));
                }
                one.add("namesOfEach", each);
            } else {
                one.add("names", GSON.toJsonTree(names.along(axis, 0)));
            }
            axes.add(one);
        }
        return axes;
    }

    private static JsonObject groups(ElementGroups groups, Explanation explanation) {
        int examples = explanation.scores().length;
        JsonObject json = new JsonObject();
        json.addProperty("shared", groups.shared());
        if (groups.names().size() > 1) {
            JsonArray each = new JsonArray();
            for (int example = 0; example < examples; example++) {
                each.add(GSON.toJsonTree(groups.names(example)));
            }
            json.add("namesOfEach", each);
        } else {
            json.add("names", GSON.toJsonTree(groups.names(0)));
        }
        JsonArray contributions = new JsonArray();
        JsonArray errors = new JsonArray();
        boolean sampled = groups.shared() && !explanation.standardErrors().isEmpty();
        for (int example = 0; example < examples; example++) {
            Features features = explanation.features(example);
            double[] deviations = new double[features.size()];
            for (int i = 0; i < deviations.length; i++) {
                deviations[i] = features.standardError(i);
            }
            contributions.add(numbers(features.contributions()));
            errors.add(numbers(deviations));
        }
        json.add("contributions", contributions);
        if (sampled) {
            json.add("standardErrors", errors);
        }
        JsonArray elements = new JsonArray();
        for (int i = 0; i < groups.shapes().size(); i++) {
            JsonObject one = new JsonObject();
            boolean each = groups.shapes().get(i).dim(0) != 1;
            Shape row = groups.shapes().get(i).row();
            JsonArray ids = new JsonArray();
            for (int example = 0; example < (each ? examples : 1); example++) {
                for (int number : groups.numbers(i, example, row)) {
                    ids.add(number);
                }
            }
            one.add("shape", GSON.toJsonTree(row.prepend(each ? examples : 1).dims()));
            one.add("numbers", ids);
            elements.add(one);
        }
        json.add("elements", elements);
        return json;
    }

    static Labels read(JsonObject json) {
        List<FeatureNames> names = new ArrayList<>();
        List<double[]> values = new ArrayList<>();
        for (JsonElement feature : json.getAsJsonArray("features")) {
            JsonObject one = feature.getAsJsonObject();
            FeatureNames read = readAxes(one.getAsJsonArray("axes"));
            if (one.has("categories")) {
                for (Map.Entry<String, JsonElement> words :
                        one.getAsJsonObject("categories").entrySet()) {
                    read = read.categories(
                            words.getKey(), readTexts(words.getValue().getAsJsonArray()));
                }
            }
            names.add(read);
            values.add(readNumbers(one.getAsJsonArray("values")));
        }
        return new Labels(
                names,
                values,
                json.get("ofInputs").getAsBoolean(),
                json.has("groups") ? readGroups(json.getAsJsonObject("groups")) : null,
                readTexts(json.getAsJsonArray("classes")),
                readTexts(json.getAsJsonArray("targets")),
                json.has("conditions")
                        ? list(json.getAsJsonArray("conditions"), row -> readTexts(row.getAsJsonArray()))
                        : List.of());
    }

    private static FeatureNames readAxes(JsonArray axes) {
        FeatureNames names = FeatureNames.none();
        for (JsonElement element : axes) {
            JsonObject one = element.getAsJsonObject();
            int axis = one.get("axis").getAsInt();
            JsonArray each = one.getAsJsonArray("namesOfEach");
            names = each == null
                    ? names.along(axis, readTexts(one.getAsJsonArray("names")))
                    : names.alongEach(axis, list(each, row -> readTexts(row.getAsJsonArray())));
        }
        return names;
    }

    private static ElementGroups readGroups(JsonObject json) {
        List<Shape> shapes = new ArrayList<>();
        List<int[]> ids = new ArrayList<>();
        for (JsonElement element : json.getAsJsonArray("elements")) {
            JsonObject one = element.getAsJsonObject();
            shapes.add(Shape.of(GSON.fromJson(one.get("shape"), long[].class)));
            ids.add(GSON.fromJson(one.get("numbers"), int[].class));
        }
        List<List<String>> names = json.has("namesOfEach")
                ? list(json.getAsJsonArray("namesOfEach"), row -> readTexts(row.getAsJsonArray()))
                : List.of(readTexts(json.getAsJsonArray("names")));
        if (names.size() == 1 && names.get(0).isEmpty()) {
            names = List.of();
        }
        for (int i = 0; i < shapes.size(); i++) {
            int[] own = ids.get(i);
            boolean numbered = own.length == shapes.get(i).size();
            for (int at = 0; numbered && at < own.length; at++) {
                // Numbers of one row for all examples have the names of the first.
                int row = Math.min(
                        names.size() - 1,
                        at / Math.toIntExact(shapes.get(i).row().size()));
                numbered = own[at] >= 0 && (row < 0 || own[at] < names.get(row).size());
            }
            if (!numbered) {
                throw new IllegalStateException("group numbers do not fit the elements or the names");
            }
        }
        return new ElementGroups(shapes, ids, names, json.get("shared").getAsBoolean(), null);
    }

    private static List<String> readTexts(JsonArray array) {
        return list(array, JsonElement::getAsString);
    }
}
