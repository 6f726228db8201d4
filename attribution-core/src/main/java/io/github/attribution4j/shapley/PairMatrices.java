// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Matrices of pairs of groups as attributions. The entries of a pair are one feature.
 *
 * @param sums whether the entries of a matrix add up to the difference of scores
 */
record PairMatrices(Coalitions coalitions, boolean sums) implements Estimation.Result {
    private static final String NAME = "interactions";

    @Override
    public Outcome outcome(double[][] matrices, double[] baselineScores) {
        double[] scores = coalitions.scores();
        List<List<String>> names = new ArrayList<>();
        for (int example = 0; example < matrices.length; example++) {
            names.add(names(coalitions.labels(example)));
        }
        boolean alike = names.stream().distinct().count() == 1;
        List<List<String>> listed = alike ? names.subList(0, 1) : bySource(names);
        FeatureNames axes = alike
                ? FeatureNames.none().along(1, names.get(0)).along(2, names.get(0))
                : FeatureNames.none().alongEach(1, names).alongEach(2, names);
        int most = coalitions.mostGroups();
        int[] ids = new int[listed.size() * most * most];
        List<List<String>> pairs = new ArrayList<>();
        for (int row = 0; row < listed.size(); row++) {
            pairs.add(number(listed.get(row), most, ids, row * most * most));
        }
        Outcome outcome = Outcome.of(spread(matrices))
                .of(List.of(NAME), List.of(axes))
                .groups(List.of(Shape.of(listed.size(), most, most)), List.of(ids), pairs, !sums)
                .scores(scores)
                .baselineScores(baselineScores);
        return sums ? outcome.completenessGap(gap(matrices, scores, baselineScores)) : outcome;
    }

    /** Returns the names in the order of the examples of the request, of which those explained may be copies. */
    private List<List<String>> bySource(List<List<String>> names) {
        Inputs inputs = coalitions.evaluator().inputs();
        List<List<String>> ordered =
                new ArrayList<>(Collections.nCopies(Math.toIntExact(inputs.sources()), List.<String>of()));
        for (int example = 0; example < names.size(); example++) {
            ordered.set(Math.toIntExact(inputs.source(example)), names.get(example));
        }
        return ordered;
    }

    private static double[] gap(double[][] matrices, double[] scores, double[] baselineScores) {
        double[] gap = new double[scores.length];
        for (int example = 0; example < gap.length; example++) {
            gap[example] = Arrays.stream(matrices[example]).sum() - (scores[example] - baselineScores[example]);
        }
        return gap;
    }

    /** Numbers the pairs of an example's matrix and names them; what the example does not have is one more. */
    private static List<String> number(List<String> groups, int most, int[] ids, int from) {
        List<String> names = new ArrayList<>();
        int count = groups.size();
        Arrays.fill(ids, from, from + most * most, count * (count + 1) / 2);
        for (int i = 0; i < count; i++) {
            for (int j = i; j < count; j++) {
                ids[from + i * most + j] = names.size();
                ids[from + j * most + i] = names.size();
                names.add(i == j ? groups.get(i) : groups.get(i) + " × " + groups.get(j));
            }
        }
        if (count < most) {
            names.add("no pair");
        }
        return names;
    }

    /** Returns names that differ, none of them blank. */
    private static List<String> names(List<String> labels) {
        Set<String> used = new HashSet<>();
        List<String> names = new ArrayList<>();
        for (int group = 0; group < labels.size(); group++) {
            String label = labels.get(group).isBlank() ? "group " + group : labels.get(group);
            String name = label;
            for (int times = 2; !used.add(name); times++) {
                name = label + " (" + times + ")";
            }
            names.add(name);
        }
        return names;
    }

    @Override
    public List<Tensor> spread(double[][] matrices) {
        int most = coalitions.mostGroups();
        double[] entries = new double[Math.multiplyExact(matrices.length, most * most)];
        for (int example = 0; example < matrices.length; example++) {
            int count = coalitions.groups(example);
            for (int i = 0; i < count; i++) {
                System.arraycopy(matrices[example], i * count, entries, (example * most + i) * most, count);
            }
        }
        Tensor input = coalitions.evaluator().inputs().attributed().get(0);
        return List.of(input.tensors()
                .of(entries, coalitions.evaluator().attributionType(input), Shape.of(matrices.length, most, most)));
    }
}
