// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.numeric.Proportion;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Scores of the concepts at one layer for one target.
 *
 * @param cavs the vectors there
 * @param derivatives for each vector the directional derivative at each input
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record LayerScores(List<Cav> cavs, double[][] derivatives) {
    /** Returns for each random concept the mean over the others of what a test compares. */
    List<Double> chance(Significance test) {
        Map<String, List<Double>> numbers = new LinkedHashMap<>();
        for (int i = 0; i < cavs.size(); i++) {
            if (cavs.get(i).role() == Cav.Role.RANDOM) {
                add(numbers, cavs.get(i).concept(), test.number(forEachUnit(i, 1)));
                add(numbers, cavs.get(i).against(), test.number(forEachUnit(i, -1)));
            }
        }
        return numbers.values().stream()
                .map(all ->
                        all.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN))
                .toList();
    }

    private static void add(Map<String, List<Double>> numbers, String concept, double number) {
        numbers.computeIfAbsent(concept, name -> new ArrayList<>()).add(number);
    }

    /** Returns the derivatives along a vector brought to length 1, or along its opposite. */
    private double[] forEachUnit(int cav, int sign) {
        double factor = sign / cavs.get(cav).length();
        return Arrays.stream(derivatives[cav]).map(value -> value * factor).toArray();
    }

    /**
     * Returns what a test compares for single vectors between random concepts, each concept once with each sign at
     * most: the first against the second, the second against the third, and so on.
     */
    private double[] single(Significance test) {
        List<String> names = cavs.stream()
                .filter(cav -> cav.role() == Cav.Role.RANDOM)
                .flatMap(cav -> Stream.of(cav.concept(), cav.against()))
                .distinct()
                .toList();
        List<Double> numbers = new ArrayList<>();
        for (int i = 0; i < cavs.size(); i++) {
            Cav cav = cavs.get(i);
            if (cav.role() == Cav.Role.RANDOM) {
                int from = names.indexOf(cav.concept());
                int to = names.indexOf(cav.against());
                if (to == from + 1) {
                    numbers.add(test.number(forEachUnit(i, 1)));
                } else if (from == 0 && to == names.size() - 1) {
                    numbers.add(test.number(forEachUnit(i, -1)));
                }
            }
        }
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** Returns the scores, whose probabilities are not adjusted yet. */
    List<ConceptScore> scores(int target, String explained, Significance test, double level) {
        Map<List<String>, List<Integer>> groups = new LinkedHashMap<>();
        for (int i = 0; i < cavs.size(); i++) {
            Cav cav = cavs.get(i);
            if (cav.role() != Cav.Role.RANDOM) {
                boolean relative = cav.role() == Cav.Role.RELATIVE;
                groups.computeIfAbsent(
                                List.of(cav.role().name(), cav.concept(), relative ? cav.against() : ""),
                                key -> new ArrayList<>())
                        .add(i);
            }
        }
        double[] means = chance(test).stream().mapToDouble(Double::doubleValue).toArray();
        List<ConceptScore> scores = new ArrayList<>();
        for (List<Integer> group : groups.values()) {
            Cav first = cavs.get(group.get(0));
            double[][] own = group.stream().map(i -> derivatives[i]).toArray(double[][]::new);
            double accuracy = group.stream()
                    .mapToDouble(i -> cavs.get(i).accuracy())
                    .average()
                    .orElse(Double.NaN);
            double[] numbers = group.stream()
                    .mapToDouble(i -> test.number(forEachUnit(i, 1)))
                    .toArray();
            double probability = test.probability(numbers, first.role() == Cav.Role.RELATIVE ? single(test) : means);
            scores.add(new ConceptScore(
                    first,
                    target,
                    explained,
                    own,
                    accuracy,
                    Proportion.interval(accuracy, first.tested()),
                    probability,
                    Double.NaN,
                    level));
        }
        return scores;
    }
}
