// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.Fields;
import io.github.attribution4j.internal.numeric.FiniteValues;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The result of a method's computation: attributions, what they belong to, and how exact they are.
 * {@link Explanation#of(Evaluator, Outcome)} makes an explanation from it. Immutable; each setter returns a
 * changed copy.
 *
 * <pre>{@code
 * return Explanation.of(evaluator, Outcome.of(attributions).completeTo(scoresAtBaseline));
 * }</pre>
 */
public final class Outcome {
    private final Parts parts;

    private Outcome(Parts parts) {
        this.parts = parts;
    }

    private static final class Parts extends Fields<Parts> {
        private List<Tensor> attributions = List.of();
        private List<Tensor> standardErrors = List.of();
        private @Nullable List<String> names;
        private boolean ofInputs = true;
        private @Nullable List<FeatureNames> features;
        private @Nullable ElementGroups groups;
        private List<List<String>> conditions = List.of();
        private double @Nullable [] baselineScores;
        private double @Nullable [] gap;
        private Map<String, double[]> measures = Map.of();
        /** Settings of the provenance that are not those of the method. */
        private Map<String, String> recomputing = Map.of();
        /** Whether the gap is computed from the sums of the attributions. */
        private boolean sums;
        /** What sums are compared with; null for the scores at the explained inputs. */
        private double @Nullable [] scores;
        /** The scores to report; null for those at the explained inputs. */
        private double @Nullable [] reported;
    }

    private Outcome with(Consumer<Parts> change) {
        return new Outcome(parts.with(change));
    }

    /**
     * Returns the outcome of attributions alone.
     *
     * @param attributions one for each attributed input, axis 0 counts examples; the explanation will own them
     */
    public static Outcome of(List<Tensor> attributions) {
        return new Outcome(new Parts()).with(copy -> copy.attributions = List.copyOf(attributions));
    }

    /** Returns a copy whose attributions are of layers instead of the attributed inputs. */
    public Outcome ofLayers(List<String> names) {
        return with(copy -> {
            copy.names = List.copyOf(names);
            copy.ofInputs = false;
        });
    }

    /**
     * Returns a copy whose attributions are of something else than inputs and layers, such as pairs of features.
     *
     * @param names what each attribution is of
     * @param features names of the positions on the axes of each
     */
    public Outcome of(List<String> names, List<FeatureNames> features) {
        return ofLayers(names).with(copy -> copy.features = List.copyOf(features));
    }

    /** Returns a copy with standard errors: one tensor for each attribution, which the explanation will own. */
    public Outcome standardErrors(List<Tensor> errors) {
        return with(copy -> copy.standardErrors = List.copyOf(errors));
    }

    /**
     * Returns a copy that reports other scores than the target's at the explained inputs, such as log odds of them.
     *
     * @param scores for each example, in the unit of the attributions
     */
    public Outcome scores(double[] scores) {
        return with(copy -> copy.reported = scores.clone());
    }

    /** Returns a copy with the score at each example's baseline. */
    public Outcome baselineScores(double[] scores) {
        return with(copy -> copy.baselineScores = scores.clone());
    }

    /**
     * Returns a copy with one more measure; see {@link Explanation#measures}.
     *
     * @param name in lower case with hyphens
     * @param values one for each example
     */
    public Outcome measure(String name, double[] values) {
        return with(copy -> {
            copy.measures = new LinkedHashMap<>(copy.measures);
            copy.measures.put(name, values.clone());
        });
    }

    /**
     * Returns a copy whose provenance has another value of a setting: the one that computes the same again, where a
     * deadline decided how far the method came.
     *
     * @param setting its name
     * @param value what the method would be given
     */
    public Outcome recomputedBy(String setting, Object value) {
        return with(copy -> {
            copy.recomputing = new LinkedHashMap<>(copy.recomputing);
            copy.recomputing.put(setting, value.toString());
        });
    }

    /**
     * Returns a copy that says what of a budget was reached. What was not is a notice of the evaluator.
     *
     * @param evaluator what the outcome was computed by
     */
    public Outcome reached(Budget.Reached reached, Evaluator evaluator) {
        reached.notice().ifPresent(evaluator::notice);
        Outcome said = this;
        for (Map.Entry<String, double[]> measure : reached.measures().entrySet()) {
            said = said.measure(measure.getKey(), measure.getValue());
        }
        return reached.again().isEmpty()
                ? said
                : said.recomputedBy(Budget.SETTING.name(), reached.again().get());
    }

    /** Returns a copy with a gap: Σ attributions − (score − baseline score) of each example. */
    public Outcome completenessGap(double[] gap) {
        return with(copy -> copy.gap = gap.clone());
    }

    /**
     * Returns a copy that claims completeness: attributions sum to the score at the explained inputs minus the score at
     * the baseline. The completeness gap is computed from these. A gap of more than 5 % of the score's change gets a
     * notice, with the causes that the model reports.
     */
    public Outcome completeTo(double[] scoresAtBaseline) {
        return baselineScores(scoresAtBaseline).with(copy -> copy.sums = true);
    }

    /**
     * Returns what {@link #completeTo} returns, but with other scores than those at the explained inputs, such as means
     * over noisy inputs.
     */
    public Outcome completeBetween(double[] scoresAtBaseline, double[] scores) {
        return completeTo(scoresAtBaseline).with(copy -> copy.scores = scores.clone());
    }

    /**
     * Returns a copy with groups of elements. Each element has the whole contribution of its group.
     *
     * @param shapes for each attribution the shape of its numbers: axis 0 is 1, or counts the examples that the inputs
     *     were selected from; other axes are 1 or the attribution's
     * @param ids for each attribution the number of each element's group, row-major, from 0 without gaps in each
     *     example; not copied
     * @param groupNames a name for each group: none, one list for all examples, or one for each of the rows
     */
    public Outcome groups(List<Shape> shapes, List<int[]> ids, List<List<String>> groupNames) {
        return groups(shapes, ids, groupNames, true);
    }

    /**
     * Returns a copy with groups of elements; otherwise as {@link #groups(List, List, List)}.
     *
     * @param shared whether each element has the whole contribution of its group; if not, that is the sum over its
     *     elements
     */
    public Outcome groups(List<Shape> shapes, List<int[]> ids, List<List<String>> groupNames, boolean shared) {
        return with(copy -> copy.groups =
                new ElementGroups(List.copyOf(shapes), List.copyOf(ids), List.copyOf(groupNames), shared, null));
    }

    /**
     * Returns a copy whose attributions are of conditions on the features; see {@link Features#condition}.
     *
     * @param conditions for each example one for each feature, blank where there is none
     */
    public Outcome conditions(List<List<String>> conditions) {
        return with(copy -> copy.conditions = List.copyOf(conditions));
    }

    /** Returns a copy with the names and groups of an explanation of copies of the examples. */
    Outcome like(Explanation copies) {
        return with(copy -> {
            copy.names = copies.names();
            copy.ofInputs = copies.labels().ofInputs();
            copy.groups = copies.labels().groups();
            copy.features =
                    copies.labels().ofInputs() ? null : shared(copies.labels().names());
        });
    }

    /** Returns names that are the same for all examples; others belong to the copies. */
    private static List<FeatureNames> shared(List<FeatureNames> names) {
        return names.stream()
                .map(one -> one.axes().stream().anyMatch(one::isEach) ? FeatureNames.none() : one)
                .toList();
    }

    /** Returns the explanation, which takes its tensors out of all scopes and owns them. */
    Explanation explain(Evaluator evaluator) {
        List<Tensor> attributions = parts.attributions;
        List<String> names = parts.names != null
                ? parts.names
                : evaluator.inputs().attributedInputs().stream()
                        .map(Inputs.Input::name)
                        .toList();
        Labels labels = labels(evaluator, names);
        FiniteValues.requireFinite(names, attributions, labels.names());
        double[] gap = parts.sums && parts.baselineScores != null ? gap(evaluator, parts.baselineScores) : parts.gap;
        Explanation explanation = new Explanation(
                new ExplanationParts(Provenance.of(evaluator, parts.recomputing), labels).with(explained -> {
                    explained.names = names;
                    explained.attributions = attributions;
                    explained.standardErrors = parts.standardErrors;
                    explained.scores = parts.reported == null ? evaluator.scores() : parts.reported;
                    explained.baselineScores = parts.baselineScores;
                    explained.completenessGap = gap;
                    explained.measures = parts.measures;
                    explained.counts = evaluator.counts();
                    explained.elapsed = Duration.ofNanos(evaluator.run().elapsedNanos());
                    explained.notices = evaluator.notices();
                }));
        explanation.ownTensors();
        return explanation;
    }

    private Labels labels(Evaluator evaluator, List<String> names) {
        Labels none = Labels.none(parts.attributions.size(), evaluator.classes(), evaluator.words());
        Labels labels = (parts.features == null ? none : none.with(parts.features))
                .withGroups(parts.groups == null ? null : parts.groups.of(evaluator.sources()))
                .withConditions(parts.conditions);
        return parts.ofInputs ? labels.ofInputs(evaluator.inputs(), names, parts.attributions) : labels.ofLayers();
    }

    private double[] gap(Evaluator evaluator, double[] scoresAtBaseline) {
        double[] scores = parts.scores == null ? evaluator.scores() : parts.scores;
        double[] gap = new double[scores.length];
        for (Tensor attribution : parts.attributions) {
            long rows = attribution.shape().dim(0);
            double[] values = attribution.toDoubleArray();
            int rowSize = Math.toIntExact(values.length / rows);
            for (int i = 0; i < values.length; i++) {
                gap[i / rowSize] += values[i];
            }
        }
        double[] change = new double[gap.length];
        for (int i = 0; i < gap.length; i++) {
            change[i] = scores[i] - scoresAtBaseline[i];
            gap[i] -= change[i];
        }
        String large = evaluator.largeGap(gap, change, parts.attributions);
        if (!large.isEmpty()) {
            evaluator.notice(large);
        }
        return gap;
    }

    /** Says how many attributions there are, and their shapes. */
    @Override
    public String toString() {
        return "Outcome"
                + parts.attributions.stream()
                        .map(tensor -> tensor.shape().toString())
                        .toList();
    }
}
