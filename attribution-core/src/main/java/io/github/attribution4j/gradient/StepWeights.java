// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The weights of a quadrature, applied to rows that come as the nodes of one example after another: the same for all
 * examples, or those of each.
 */
final class StepWeights {
    private final double[] nodes;
    private final double[] weights;

    private StepWeights(double[] nodes, double[] weights) {
        this.nodes = nodes;
        this.weights = weights;
    }

    /**
     * Returns the weights for a method when it is constructed. No run waits for them, so no deadline can pass. If the
     * quadrature refuses the number of nodes, the run reports it.
     */
    static StepWeights of(Quadrature quadrature, int nodes) {
        Quadrature.Rule rule = quadrature.rule(quadrature.takes(nodes) ? nodes : quadrature.minimumNodes());
        return new StepWeights(rule.nodes(), rule.weights());
    }

    /**
     * Returns weights whose nodes are spread by what the score gains: each of some intervals of equal width gets steps
     * in proportion to the square root of the change of the score in it, and a rule of its own.
     *
     * @param scores for each example the scores at the borders of the intervals, the ends among them
     * @param steps of each example, at least the quadrature's least for each interval
     */
    static StepWeights byChange(Quadrature quadrature, int steps, double[][] scores) {
        double[] nodes = new double[scores.length * steps];
        double[] weights = new double[nodes.length];
        int at = 0;
        for (double[] borders : scores) {
            int[] shares = shares(borders, steps, quadrature.minimumNodes());
            for (int i = 0; i < shares.length; i++) {
                Quadrature.Rule rule = quadrature.rule(shares[i]);
                double[] inside = rule.nodes();
                double[] ofRule = rule.weights();
                for (int k = 0; k < inside.length; k++) {
                    nodes[at] = (i + inside[k]) / shares.length;
                    weights[at++] = ofRule[k] / shares.length;
                }
            }
        }
        return new StepWeights(nodes, weights);
    }

    /** Divides steps among intervals; what rounding leaves goes to the largest remainders, the first of equal ones. */
    private static int[] shares(double[] borders, int steps, int least) {
        int intervals = borders.length - 1;
        double[] wanted = new double[intervals];
        for (int i = 0; i < intervals; i++) {
            wanted[i] = Math.sqrt(Math.abs(borders[i + 1] - borders[i]));
        }
        double total = Arrays.stream(wanted).sum();
        int free = steps - intervals * least;
        int[] shares = new int[intervals];
        int left = free;
        for (int i = 0; i < intervals; i++) {
            wanted[i] = total == 0 ? (double) free / intervals : wanted[i] / total * free;
            shares[i] = least + (int) wanted[i];
            left -= (int) wanted[i];
        }
        Integer[] order = new Integer[intervals];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble(i -> (int) wanted[i] - wanted[i]));
        for (int k = 0; k < left; k++) {
            shares[order[k]]++;
        }
        return shares;
    }

    int count() {
        return nodes.length;
    }

    double[] nodes() {
        return nodes;
    }

    /** Returns the rows, the first of which has number {@code from}, each times the weight of its node. */
    List<Tensor> times(List<Tensor> rows, long from) {
        List<Tensor> weighted = new ArrayList<>(rows.size());
        for (Tensor each : rows) {
            double[] ofRows = new double[Math.toIntExact(each.shape().dim(0))];
            for (int r = 0; r < ofRows.length; r++) {
                ofRows[r] = weights[(int) ((from + r) % weights.length)];
            }
            Shape scale = each.shape().rowScale(ofRows.length);
            weighted.add(each.mul(each.tensors().of(ofRows, each.dataType(), scale)));
        }
        return weighted;
    }
}
