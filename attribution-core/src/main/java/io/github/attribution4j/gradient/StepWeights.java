// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** The weights of a quadrature, applied to rows that come as the nodes of one example after another. */
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
