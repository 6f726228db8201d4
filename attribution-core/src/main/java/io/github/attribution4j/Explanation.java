// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.Features.Reasons;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The result of a method: attributions, how far they are from complete or how uncertain they are, what they cost, and
 * where they come from.
 *
 * <p>An explanation owns its tensors; closing it closes them. Arrays returned are copies.
 */
public final class Explanation implements AutoCloseable {
    private final ExplanationParts parts;

    Explanation(ExplanationParts parts) {
        this.parts = parts.unmodifiable();
    }

    private Explanation with(Consumer<ExplanationParts> change) {
        return new Explanation(parts.with(change));
    }

    /**
     * Makes an explanation of attributions alone, without standard errors or a completeness gap. It takes them out of
     * all scopes and owns them.
     *
     * @param evaluator what ran the model
     * @param attributions one for each attributed input, axis 0 counts examples
     * @throws io.github.attribution4j.model.ModelException if an attribution is NaN or infinite
     */
    public static Explanation of(Evaluator evaluator, List<Tensor> attributions) {
        return of(evaluator, Outcome.of(attributions));
    }

    /**
     * Makes an explanation of the result of a method. It takes the tensors out of all scopes and owns them.
     *
     * @param evaluator what ran the model
     * @throws io.github.attribution4j.model.ModelException if an attribution is NaN or infinite
     */
    public static Explanation of(Evaluator evaluator, Outcome outcome) {
        Explanation explanation = outcome.explain(evaluator);
        evaluator.run().finished(evaluator.recipe().name());
        return explanation;
    }

    /** Returns the names of the attributed inputs, in order. */
    public List<String> names() {
        return parts.names;
    }

    /** Returns the attributions of each attributed input, in order; axis 0 counts examples. */
    public List<Tensor> attributions() {
        return parts.attributions;
    }

    /**
     * Returns the attributions of the only attributed input.
     *
     * @throws IllegalStateException if there are several
     */
    public Tensor attribution() {
        return only(parts.attributions, "attributions");
    }

    /**
     * Returns for each attributed input the standard error of each attribution; empty for methods that do not sample.
     */
    public List<Tensor> standardErrors() {
        return parts.standardErrors;
    }

    /**
     * Returns the standard errors of the only attributed input.
     *
     * @throws IllegalStateException if there are several, or none were computed
     */
    public Tensor standardError() {
        if (parts.standardErrors.isEmpty()) {
            throw new IllegalStateException(parts.provenance.method() + " computes no standard errors");
        }
        return only(parts.standardErrors, "standard errors");
    }

    private Tensor only(List<Tensor> tensors, String what) {
        if (tensors.size() != 1) {
            throw new IllegalStateException("there are " + what + " for " + tensors.size() + " inputs, " + parts.names
                    + "; ask for the list and choose one");
        }
        return tensors.get(0);
    }

    /** Returns the target's score at each explained example. */
    public double[] scores() {
        return parts.scores.clone();
    }

    /** Returns the target's score at each example's baseline, for methods that compare with one. */
    public Optional<double[]> baselineScores() {
        return Optional.ofNullable(parts.baselineScores).map(double[]::clone);
    }

    /** Returns whether the method has a completeness gap. */
    public boolean hasCompletenessGap() {
        return parts.completenessGap != null;
    }

    /**
     * Returns for each example Σ attributions − (score − baseline score): 0 if the attributions account for all of it.
     * Elements that a mask makes one group share one attribution, which counts once.
     *
     * @throws IllegalStateException if the method does not claim completeness
     */
    public double[] completenessGap() {
        if (parts.completenessGap == null) {
            throw new IllegalStateException(
                    parts.provenance.method() + " does not claim completeness, so it has no gap");
        }
        return parts.completenessGap.clone();
    }

    /**
     * Returns what else the method measured, by name, one number for each example, such as how well a surrogate fits.
     * The page and the Javadoc of the method say what each is.
     */
    public Map<String, double[]> measures() {
        Map<String, double[]> copies = new LinkedHashMap<>();
        parts.measures.forEach((name, values) -> copies.put(name, values.clone()));
        return copies;
    }

    /** Returns what the computation cost. */
    public Counts counts() {
        return parts.counts;
    }

    /** Returns the wall time from the start of {@code attribute} to its end. */
    public Duration elapsed() {
        return parts.elapsed;
    }

    /** Returns the notices, such as those about unused inputs, or about smaller batches because memory ran out. */
    public List<String> notices() {
        return parts.notices;
    }

    /** Returns where the explanation comes from. */
    public Provenance provenance() {
        return parts.provenance;
    }

    /**
     * Returns copies of the inputs by name, in order, if {@link #withInputData} kept them; else an empty map.
     */
    public Map<String, Tensor> inputData() {
        return parts.inputData;
    }

    /**
     * Returns the features of an example: the groups of a mask, or without a mask the elements of the attributed
     * inputs. Names are those given with the inputs ({@link Inputs#named(String...)}) and the mask.
     *
     * @throws IllegalArgumentException if there is no such example
     */
    public Features features(int example) {
        if (example < 0 || example >= parts.scores.length) {
            throw new IllegalArgumentException("example " + example + ": the explanation has " + parts.scores.length
                    + "; choose one from 0 to " + (parts.scores.length - 1));
        }
        return new Features(parts.labels, example, parts.names, parts.attributions, parts.standardErrors);
    }

    /**
     * Returns the k features of the largest magnitude of the only example, largest first.
     *
     * @throws IllegalStateException if there are several examples
     */
    public List<Feature> top(int k) {
        if (parts.scores.length != 1) {
            throw new IllegalStateException(
                    "there are " + parts.scores.length + " examples; choose one with features(example).top(k)");
        }
        return features(0).top(k);
    }

    /** Returns what each feature of an example contributed, by name; see {@link Features#asMap}. */
    public Map<String, Double> asMap(int example) {
        return features(example).asMap();
    }

    /**
     * Returns the reason codes of an example: the features that raised and lowered the score most.
     *
     * @param k how many of each, at most
     */
    public Reasons reasons(int example, int k) {
        Features features = features(example);
        return new Reasons(
                parts.labels.target(example),
                parts.scores[example],
                features.up(k),
                features.down(k),
                parts.completenessGap != null);
    }

    /**
     * Compares the numbers of another explanation with these, bit by bit: attributions, standard errors, scores,
     * baseline scores, completeness gaps. Returns one line for each difference; none if all agree.
     */
    public List<String> differences(Explanation other) {
        return BitDifference.of(this, other);
    }

    /** Returns in words which score of an example is explained, with the name of its class if classes have names. */
    public String target(int example) {
        return parts.labels.target(example);
    }

    /** Returns the names of the model's classes, if they were given with {@link Target#named}; else none. */
    public List<String> classes() {
        return parts.labels.classes();
    }

    /** Returns whether elements are grouped: whether one attribution may belong to several elements. */
    public boolean isGrouped() {
        return parts.labels.groups() != null;
    }

    /**
     * Returns the group of every element of an example, row-major: which elements are one feature.
     *
     * @param attribution position among the attributed inputs
     * @param example a row
     * @throws IllegalStateException if elements are not grouped
     */
    public int[] groupNumbers(int attribution, int example) {
        ElementGroups groups = parts.labels.groups();
        if (groups == null) {
            throw new IllegalStateException("elements are not grouped: each is a feature");
        }
        return groups.numbers(
                attribution,
                example,
                parts.attributions.get(attribution).shape().row());
    }

    /**
     * Returns this explanation with its elements grouped. The contribution of a group is the sum over its elements,
     * which suits gradient and path methods, because they attribute by element.
     * {@link io.github.attribution4j.mask.FeatureMask#sums} makes the numbers. This explanation's tensors move to the
     * result; close that one.
     *
     * @param shapes for each attribution the shape of its numbers: axis 0 is 1 or counts examples, other axes are 1 or
     *     the attribution's
     * @param ids for each attribution the number of each element's group, row-major, from 0 without gaps in
     *     each example
     * @param groupNames a name for each group, blank where it has none: none, one list for all examples, or one for
     *     each example
     * @throws IllegalStateException if elements are grouped already
     */
    public Explanation groupedBy(List<Shape> shapes, List<int[]> ids, List<List<String>> groupNames) {
        if (isGrouped()) {
            throw new IllegalStateException(parts.provenance.method() + " was given a mask, whose groups these are: "
                    + "elements within a group have one attribution together");
        }
        ElementGroups groups =
                new ElementGroups(List.copyOf(shapes), List.copyOf(ids), List.copyOf(groupNames), false, null);
        return with(copy -> copy.labels = parts.labels.withGroups(groups));
    }

    /** Returns what the positions on the axes of an attribution are called; no names if none were given. */
    public FeatureNames featureNames(int attribution) {
        return parts.labels.names().get(attribution);
    }

    Labels labels() {
        return parts.labels;
    }

    /**
     * Returns this explanation with copies of the inputs' values, which {@link #toJson()} then writes too. Without
     * this, an explanation has only the digests of its inputs. This explanation's tensors move to the result; close
     * that one.
     *
     * @param inputs what was explained
     */
    public Explanation withInputData(Inputs inputs) {
        Map<String, Tensor> copies = new LinkedHashMap<>();
        try (TensorScope scope = TensorScope.open()) {
            for (Inputs.Input input : inputs.all()) {
                Tensor tensor = input.tensor();
                Tensor copy = tensor.tensors().of(tensor.toByteBuffer(), tensor.dataType(), tensor.shape());
                copies.put(input.name(), copy);
            }
            copies.values().forEach(TensorScope::release);
        }
        return with(copy -> copy.inputData = copies);
    }

    /**
     * Returns this explanation without input data: without what {@link #withInputData} kept, and without the values of
     * named features. This explanation's other tensors move to the result; close that one.
     */
    public Explanation withoutInputData() {
        parts.inputData.values().forEach(Tensor::close);
        return with(copy -> {
            copy.inputData = Map.of();
            copy.labels = parts.labels.withoutValues();
        });
    }

    /**
     * Returns the explanation as JSON, format {@code attribution4j/explanation} version 2. Numbers keep every bit, and
     * {@link #fromJson} gives back an equal explanation. Inputs are identified by digest. Their elements are written
     * only if {@link #withInputData} kept them. Values of named features are written too, in rows of up to 1,024 of
     * them, unless {@link #withoutInputData} left them out.
     */
    public String toJson() {
        return ExplanationJson.write(this);
    }

    /**
     * Reads what {@link #toJson()} wrote; tensors come on the plain-Java backend.
     *
     * @throws IllegalArgumentException if the text is not such JSON, or of an unknown version
     */
    public static Explanation fromJson(String json) {
        return ExplanationJson.read(json);
    }

    /**
     * Writes a {@code .npz} file for NumPy: {@code attribution_0}, {@code attribution_1}, ... in input order, {@code
     * standard_error_0}, ..., {@code scores}, {@code baseline_scores}, {@code completeness_gap} and
     * {@code measure_NAME} where there are any.
     *
     * <p>Where features have names, {@code feature_names_0} holds those of a table's columns,
     * {@code feature_names_0_axis_2} those along an axis of other inputs, and {@code class_names} those of classes.
     * Where elements are grouped, {@code group_contributions} of shape {@code (examples, groups)} has each group once
     * (NaN after the last group of an example that has fewer), with {@code group_standard_errors} and
     * {@code group_names} where there are any, and {@code groups_0}, ... the group of each element.
     */
    public void writeNpz(Path file) throws IOException {
        ExplanationNpz.write(this, file);
    }

    /** Takes all tensors out of the scopes of this thread, to live until {@link #close()}. */
    void ownTensors() {
        forEachTensor(TensorScope::release);
    }

    /** Closes the tensors. Idempotent. */
    @Override
    public void close() {
        forEachTensor(Tensor::close);
    }

    private void forEachTensor(Consumer<Tensor> action) {
        parts.attributions.forEach(action);
        parts.standardErrors.forEach(action);
        parts.inputData.values().forEach(action);
    }

    /**
     * Returns this explanation as the result of an outer method, which computed it with another method or on a part of
     * the model. The tensors move to it: close the result only.
     *
     * @param method the outer method
     * @param model the model that the outer method explains
     * @param inputs what the outer method was given
     * @param more cost of what the outer method evaluated in addition
     */
    public Explanation madeBy(Recipe method, Model.Identity model, Inputs inputs, Counts more) {
        return with(copy -> {
            copy.counts = parts.counts.plus(more);
            copy.provenance = parts.provenance.madeBy(method, model, inputs);
        });
    }

    /**
     * Returns this explanation with other attributions, computed from its own, such as their sums over an axis.
     * Standard errors are left out, because those of a sum do not follow from those of its terms; a notice says so.
     * Groups and names of features are left out too, because they belong to the former elements. This explanation's
     * attributions are closed, everything else moves to the result; close that one.
     *
     * @param newNames what the attributions are of
     * @param newAttributions one for each name, axis 0 counts examples; the result will own them
     * @param features names of positions, one for each name, such as {@link FeatureNames#none()}
     * @param sameSums whether each example's attributions still have the same sum, so that the completeness gap remains
     *     true; if not, the result has none
     * @throws IllegalArgumentException if names do not fit the attributions' shapes
     */
    public Explanation withAttributions(
            List<String> newNames, List<Tensor> newAttributions, List<FeatureNames> features, boolean sameSums) {
        List<FeatureNames> fitting = new ArrayList<>();
        for (int i = 0; i < newNames.size(); i++) {
            fitting.add(features.get(i)
                    .fitting(newNames.get(i), newAttributions.get(i).shape()));
        }
        List<String> told = new ArrayList<>(parts.notices);
        if (!parts.standardErrors.isEmpty()) {
            told.add("the standard errors of single elements do not give those of the sums: left out");
        }
        newAttributions.forEach(TensorScope::release);
        parts.attributions.forEach(Tensor::close);
        parts.standardErrors.forEach(Tensor::close);
        return with(copy -> {
            copy.names = newNames;
            copy.attributions = newAttributions;
            copy.standardErrors = List.of();
            copy.completenessGap = sameSums ? parts.completenessGap : null;
            copy.notices = told;
            copy.labels = parts.labels.with(fitting);
        });
    }

    @Override
    public String toString() {
        return "Explanation[" + parts.provenance.method() + ", target " + parts.provenance.target() + ", "
                + parts.scores.length
                + (parts.scores.length == 1 ? " example" : " examples") + ", attributions of "
                + String.join(", ", parts.names)
                + "]";
    }
}
