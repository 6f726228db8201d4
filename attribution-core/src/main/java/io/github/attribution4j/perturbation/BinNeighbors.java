// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.numeric.SampleCount;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Run;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;

/**
 * Rows each of whose groups has the values of a row of the background, drawn for each group alone. A group is kept if
 * these are in the bins of the example. A row follows from its example and number, so it is drawn again whenever it is
 * needed.
 */
final class BinNeighbors implements Neighbors {
    private static final long PURPOSE = 0x11EB;
    private static final int LISTED = 5;

    private final Coalitions coalitions;
    private final Bins bins;
    private final List<SampleCount> samples;
    /** The sums of the weights of the rows of the background up to each. */
    private final double[] ends;

    /** The example that {@link #shared} is of. */
    private int current = -1;

    private boolean[][] shared = new boolean[0][];

    /** Fits the bins. */
    BinNeighbors(Coalitions coalitions, Discretizer discretizer) {
        this.coalitions = coalitions;
        samples = IntStream.range(0, coalitions.evaluator().examples())
                .mapToObj(example -> new SampleCount(Neighbors.enough(coalitions.groups(example))))
                .toList();
        bins = new Bins(discretizer, coalitions);
        ends = new double[coalitions.samples()];
        double sum = 0;
        for (int row = 0; row < ends.length; row++) {
            sum += coalitions.weight(row);
            ends[row] = sum;
        }
    }

    @Override
    public List<SampleCount> samples() {
        return samples;
    }

    @Override
    public double[][] scores(int[] first, int[] end) {
        return coalitions.mixedScores(
                example -> end[example] - first[example],
                (example, sample, rows) -> draw(example, first[example] + sample, rows));
    }

    /** Draws for each group of a sample its row of the background. */
    private void draw(int example, int sample, int[] rows) {
        Run run = coalitions.evaluator().run();
        RandomGenerator random = run.random(PURPOSE, run.exampleKey(example), sample);
        for (int group = 0; group < coalitions.groups(example); group++) {
            int at = Arrays.binarySearch(ends, random.nextDouble());
            rows[group] = Math.min(at >= 0 ? at + 1 : -at - 1, ends.length - 1);
        }
    }

    /** Returns for each row of the background which groups are in the bins of the example. */
    private boolean[][] shared(int example) {
        if (example != current) {
            shared = bins.shared(example);
            current = example;
        }
        return shared;
    }

    @Override
    public void keep(int example, int sample, boolean[] kept) {
        int[] rows = new int[kept.length];
        draw(example, sample, rows);
        for (int group = 0; group < kept.length; group++) {
            kept[group] = shared(example)[rows[group]][group];
        }
    }

    @Override
    public double[] weights(int example, boolean[][] kept, Lime.Kernel kernel) {
        double[] weights = new double[kept.length];
        double[][] products = kernel.byElements() ? coalitions.products(example) : new double[0][];
        boolean[] own = new boolean[coalitions.groups(example)];
        int[] rows = new int[own.length];
        for (int row = 0; row < kept.length; row++) {
            Arrays.fill(own, row == 0);
            if (row > 0 && kernel.byElements()) {
                draw(example, row - 1, rows);
            }
            Distances distances = kernel.byElements() ? Distances.of(own, rows, products) : Distances.UNKNOWN;
            weights[row] = kernel.weight(kept[row], distances);
        }
        return weights;
    }

    @Override
    public int times(int example, int row) {
        return row == 0 ? 0 : 1;
    }

    @Override
    public boolean[] fixed(int example) {
        boolean[] fixed = new boolean[coalitions.groups(example)];
        for (int group = 0; group < fixed.length; group++) {
            int count = sharing(example, group);
            fixed[group] = count == 0 || count == ends.length;
        }
        return fixed;
    }

    /** Returns how many rows of the background are in the example's bins of a group. */
    private int sharing(int example, int group) {
        int count = 0;
        for (boolean[] row : shared(example)) {
            count += row[group] ? 1 : 0;
        }
        return count;
    }

    @Override
    public Outcome outcome(double[][] values) {
        Set<String> always = new TreeSet<>();
        Set<String> never = new TreeSet<>();
        List<List<String>> conditions = new ArrayList<>();
        for (int example = 0; example < values.length; example++) {
            conditions.add(bins.conditions(example));
            List<String> labels = coalitions.labels(example);
            for (int group = 0; group < labels.size(); group++) {
                int count = sharing(example, group);
                String name = labels.get(group).isEmpty() ? "group " + group : labels.get(group);
                if (count == ends.length) {
                    always.add(name);
                } else if (count == 0) {
                    never.add(name);
                }
            }
        }
        if (!always.isEmpty()) {
            coalitions
                    .evaluator()
                    .notice("lime: all rows of the background are in the input's bin of " + listed(always)
                            + ", so no sample differs there and the coefficient is 0; give more rows, or other bins");
        }
        if (!never.isEmpty()) {
            coalitions
                    .evaluator()
                    .notice("lime: no row of the background is in the input's bin of " + listed(never)
                            + ", so the coefficient rests on the score of the input alone; give such rows, or"
                            + " other bins");
        }
        boolean some = conditions.stream().flatMap(List::stream).anyMatch(one -> !one.isEmpty());
        return some ? coalitions.outcome(values, conditions) : coalitions.outcome(values);
    }

    private static String listed(Set<String> names) {
        String some = String.join("', '", names.stream().limit(LISTED).toList());
        return "'" + some + "'" + (names.size() > LISTED ? " and " + (names.size() - LISTED) + " more" : "");
    }
}
