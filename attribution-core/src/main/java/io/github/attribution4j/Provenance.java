// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.internal.numeric.Digests;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Where an explanation comes from: enough to compute it again. It identifies inputs by digest and never holds them.
 *
 * @param method name of the method
 * @param settings every setting of the method, in order, as text
 * @param target the target in words, with argmax replaced by the class found
 * @param seed the run's seed
 * @param batching the run's batching, and the rows of its largest batch
 * @param model the model
 * @param inputs the inputs in argument order
 * @param library version of attribution4j
 * @param java version and vendor of the Java runtime
 * @param created when the computation ended
 */
public record Provenance(
        String method,
        Map<String, String> settings,
        String target,
        long seed,
        String batching,
        Model.Identity model,
        List<InputRecord> inputs,
        String library,
        String java,
        Instant created) {
    /** Copies the collections. */
    public Provenance {
        settings = Collections.unmodifiableMap(new LinkedHashMap<>(settings));
        inputs = List.copyOf(inputs);
    }

    /**
     * Returns the SHA-256, in hexadecimal, of a tensor's type, shape and elements, by which provenance identifies it.
     */
    public static String digest(Tensor tensor) {
        return Digests.ofTensor(tensor);
    }

    /** Returns the version of this library. */
    public static String libraryVersion() {
        return Versions.LIBRARY;
    }

    /** Returns the provenance as JSON, as an explanation's JSON has it. */
    public String toJson() {
        return ExplanationJson.write(this);
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws IllegalArgumentException if the text is not such JSON
     */
    public static Provenance fromJson(String json) {
        return ExplanationJson.readProvenance(json);
    }

    /** Returns a run with this seed and batching. */
    public Run run() {
        String asked = batching.contains(",") ? batching.substring(0, batching.indexOf(',')) : batching;
        return Run.defaults().seed(seed).batching(Run.Batching.parse(asked));
    }

    /**
     * Returns what differs from another provenance and can be the reason why numbers differ: method, settings, target,
     * seed, batching, model, inputs, versions. The time of the computation is left out.
     */
    public List<String> differences(Provenance other) {
        Map<String, String> here = words();
        Map<String, String> there = other.words();
        Set<String> names = new LinkedHashSet<>(here.keySet());
        names.addAll(there.keySet());
        List<String> differences = new ArrayList<>();
        for (String name : names) {
            String mine = here.getOrDefault(name, "none");
            String others = there.getOrDefault(name, "none");
            if (!mine.equals(others)) {
                differences.add(name + ": " + mine + ", and " + others);
            }
        }
        return differences;
    }

    private Map<String, String> words() {
        Map<String, String> words = new LinkedHashMap<>();
        words.put("method", method);
        settings.forEach((name, value) -> words.put("setting " + name, value));
        words.put("target", target);
        words.put("seed", Long.toString(seed));
        words.put("batching", batching);
        words.put("model", model.name() + (model.version().isEmpty() ? "" : " " + model.version()));
        words.put("model digest", model.digest());
        words.put("engine", model.engine());
        words.put("device", model.device());
        words.put("model loaded", model.loaded().toString());
        inputs.forEach(input -> words.put("input " + input.name(), input.toString()));
        words.put("library", library);
        words.put("java", java);
        return words;
    }

    /** Returns the provenance of a computation that ends now: a method's, a metric's, or any other recipe's. */
    public static Provenance of(Evaluator evaluation) {
        return of(evaluation, Map.of());
    }

    /**
     * Returns the provenance of a method's computation. That of a method inside another has no settings and inputs; the
     * outer method adds its own.
     *
     * @param changed values of settings that compute the same again, where they are not those of the method
     */
    static Provenance of(Evaluator evaluation, Map<String, String> changed) {
        Run run = evaluation.run();
        Map<String, String> settings = new LinkedHashMap<>();
        if (!run.isNested()) {
            settings.putAll(settingsOf(evaluation.recipe()));
            settings.putAll(changed);
        }
        return new Provenance(
                evaluation.recipe().name(),
                settings,
                evaluation.target().describe(),
                run.seed(),
                run.batching() + ", largest batch " + evaluation.counts().largestBatch() + " rows",
                evaluation.model().identity(),
                run.isNested() ? List.of() : records(evaluation.inputs(), evaluation.digests()),
                libraryVersion(),
                System.getProperty("java.version") + " (" + System.getProperty("java.vendor") + ")",
                Instant.now());
    }

    /**
     * Returns the identity of a copy with other parameters ({@code ParameterizedModel}): that of its model, with the
     * digest of each changed one. For bindings.
     *
     * @param values by the names of the parameters, of their types
     */
    public static Model.Identity changed(Model.Identity model, Map<String, Tensor> values) {
        Map<String, String> loaded = new LinkedHashMap<>(model.loaded());
        values.forEach((name, value) -> loaded.put("parameter " + name, value.shape() + " sha256:" + digest(value)));
        return new Model.Identity(
                model.name(), model.version(), model.digest(), model.engine(), model.device(), loaded);
    }

    /** Returns this provenance, of a method inside another, as that of the outer method. */
    Provenance madeBy(Recipe outer, Model.Identity asked, Inputs given) {
        return new Provenance(
                outer.name(),
                settingsOf(outer),
                target,
                seed,
                batching,
                asked,
                records(given, List.of()),
                library,
                java,
                created);
    }

    private static Map<String, String> settingsOf(Recipe recipe) {
        Map<String, String> settings = new LinkedHashMap<>();
        recipe.settings().forEach((name, value) -> settings.put(name, String.valueOf(value)));
        return settings;
    }

    /** {@code digests}: one for each input, or none if they have not been made. */
    private static List<InputRecord> records(Inputs inputs, List<String> digests) {
        List<InputRecord> records = new ArrayList<>();
        for (Inputs.Input input : inputs.all()) {
            records.add(new InputRecord(
                    input.name(),
                    input.role().name().toLowerCase(Locale.ROOT)
                            + (input.rowAxis() == 0 ? "" : ", rows on axis " + input.rowAxis()),
                    input.tensor().dataType().label(),
                    input.tensor().shape().toString(),
                    digests.isEmpty() ? Digests.ofTensor(input.tensor()) : digests.get(records.size())));
        }
        return records;
    }

    /**
     * One input, by digest.
     *
     * @param name its name
     * @param role attributed, fixed, constant or reference; with the axis that counts rows where it is not 0
     * @param dataType element type
     * @param shape extents
     * @param digest SHA-256, in hexadecimal, of type, shape and elements
     */
    public record InputRecord(String name, String role, String dataType, String shape, String digest) {}
}
