// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.mask;

import io.github.attribution4j.mask.Hierarchy.Linkage;
import io.github.attribution4j.mask.Hierarchy.Tree;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Distances 1 − |r| of the elements of a row, and the trees that follow from them. */
final class Correlations {
    private static final int MOST_ELEMENTS = 4096;

    private final List<Shape> rows;
    private final float[][] distances;

    private Correlations(List<Shape> rows, float[][] distances) {
        this.rows = rows;
        this.distances = distances;
    }

    static Correlations of(Tensor... background) {
        List<Shape> rows = new ArrayList<>();
        List<double[]> columns = new ArrayList<>();
        for (Tensor tensor : background) {
            Shape shape = tensor.shape();
            long samples = shape.rank() == 0 ? 0 : shape.dim(0);
            if (samples < 2 || samples != background[0].shape().dim(0)) {
                throw new IllegalArgumentException("hierarchy: a background of shape " + shape
                        + "; correlations need at least 2 rows, the same number for each input");
            }
            if (columns.size() + shape.row().size() > MOST_ELEMENTS) {
                throw new IllegalArgumentException("hierarchy: a row of the background has more than " + MOST_ELEMENTS
                        + " elements; use the hierarchy halves, or a tree by hand");
            }
            rows.add(shape.row());
            double[] values = tensor.toDoubleArray();
            int size = Math.toIntExact(shape.row().size());
            for (int element = 0; element < size; element++) {
                columns.add(standardized(values, element, size));
            }
        }
        float[][] distances = new float[columns.size()][columns.size()];
        for (int i = 0; i < distances.length; i++) {
            for (int j = 0; j < i; j++) {
                double[] a = columns.get(i);
                double[] b = columns.get(j);
                double r = 0;
                for (int row = 0; row < a.length; row++) {
                    r += a[row] * b[row];
                }
                distances[i][j] = Double.isNaN(r) ? 1 : (float) Math.max(0, 1 - Math.abs(r));
                distances[j][i] = distances[i][j];
            }
        }
        return new Correlations(rows, distances);
    }

    /** Returns a column of mean 0 and length 1; zeros if it does not vary. */
    private static double[] standardized(double[] values, int element, int size) {
        double[] column = new double[values.length / size];
        double mean = 0;
        for (int row = 0; row < column.length; row++) {
            column[row] = values[row * size + element];
            mean += column[row] / column.length;
        }
        double squares = 0;
        double largest = 0;
        for (int row = 0; row < column.length; row++) {
            largest = Math.max(largest, Math.abs(column[row]));
            column[row] -= mean;
            squares += column[row] * column[row];
        }
        // Equal values may differ from their mean by rounding.
        boolean varies = Math.sqrt(squares / column.length) > 1e-12 * largest;
        for (int row = 0; row < column.length; row++) {
            column[row] = varies ? column[row] / Math.sqrt(squares) : 0;
        }
        return column;
    }

    /** Joins the groups of an example, the nearest two first, by chains of nearest neighbors. */
    Optional<Tree> tree(Linkage linkage, Groups groups, Inputs inputs, int example, Problems problems) {
        List<Shape> explained =
                inputs.attributed().stream().map(tensor -> tensor.shape().row()).toList();
        if (!explained.equals(rows)) {
            problems.add("hierarchy: the background has rows of shapes " + rows + ", and the inputs " + explained
                    + "; the two must be equal");
            return Optional.empty();
        }
        List<List<Integer>> members = new ArrayList<>();
        for (int group = 0; group < groups.count(example); group++) {
            members.add(new ArrayList<>());
        }
        int element = 0;
        for (int input = 0; input < groups.inputs(); input++) {
            for (long group : groups.numbers(input, example)) {
                members.get((int) group).add(element++);
            }
        }
        return Optional.of(new Joining(linkage, members).tree());
    }

    private double distance(Linkage linkage, List<Integer> a, List<Integer> b) {
        double sum = 0;
        double largest = 0;
        for (int i : a) {
            for (int j : b) {
                sum += distances[i][j];
                largest = Math.max(largest, distances[i][j]);
            }
        }
        return linkage == Linkage.AVERAGE ? sum / a.size() / b.size() : largest;
    }

    /** Sets of groups that are joined. */
    private final class Joining {
        private final Linkage linkage;
        private final double[][] apart;
        private final double[] sizes;
        private final Tree[] trees;
        private final boolean[] gone;

        Joining(Linkage linkage, List<List<Integer>> members) {
            this.linkage = linkage;
            int count = members.size();
            apart = new double[count][count];
            sizes = new double[count];
            trees = new Tree[count];
            gone = new boolean[count];
            for (int i = 0; i < count; i++) {
                sizes[i] = members.get(i).size();
                trees[i] = Tree.of(i);
                for (int j = 0; j < i; j++) {
                    apart[i][j] = distance(linkage, members.get(i), members.get(j));
                    apart[j][i] = apart[i][j];
                }
            }
        }

        Tree tree() {
            List<Integer> chain = new ArrayList<>();
            for (int joined = 1; joined < trees.length; ) {
                if (chain.isEmpty()) {
                    chain.add(first());
                }
                int last = chain.get(chain.size() - 1);
                int before = chain.size() < 2 ? -1 : chain.get(chain.size() - 2);
                int nearest = nearest(last, before);
                if (nearest == before) {
                    chain.subList(chain.size() - 2, chain.size()).clear();
                    join(Math.min(last, before), Math.max(last, before));
                    joined++;
                } else {
                    chain.add(nearest);
                }
            }
            return trees[0];
        }

        private int first() {
            int first = 0;
            while (gone[first]) {
                first++;
            }
            return first;
        }

        /** Returns the nearest other; the one before in the chain, if none is nearer. */
        private int nearest(int of, int before) {
            int nearest = before;
            for (int other = 0; other < trees.length; other++) {
                if (other != of && !gone[other] && (nearest < 0 || apart[of][other] < apart[of][nearest])) {
                    nearest = other;
                }
            }
            return nearest;
        }

        /** Joins the second set to the first. */
        private void join(int one, int other) {
            for (int third = 0; third < trees.length; third++) {
                double distance = linkage == Linkage.AVERAGE
                        ? (sizes[one] * apart[one][third] + sizes[other] * apart[other][third])
                                / (sizes[one] + sizes[other])
                        : Math.max(apart[one][third], apart[other][third]);
                apart[one][third] = distance;
                apart[third][one] = distance;
            }
            sizes[one] += sizes[other];
            trees[one] = Tree.join(List.of(trees[one], trees[other]));
            gone[other] = true;
        }
    }
}
