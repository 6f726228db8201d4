/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.gradient;

import io.github.attribution4j.path.Quadrature;
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
     * Returns those of a method that is being made. No run waits for them, so no deadline passes meanwhile; a number that
     * the quadrature refuses is refused by the run.
     */
    static StepWeights of(Quadrature quadrature, int nodes) {
        Quadrature.Rule rule = quadrature.rule(quadrature.takes(nodes) ? nodes : quadrature.minimumNodes());
        return new StepWeights(rule.nodes(), rule.weights());
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
