// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.Map;

/**
 * The models of golden/background.py, golden/lime.py, golden/efficiency.py and golden/efficiency_held_out.py: the sum
 * of w x, Σ x q x, w2 tanh(w1 x + b1), trees of depth 3 and b2, as far as they have them, through a sigmoid or not.
 */
public final class GoldenNetwork {
    private static final int INNER = 7;
    private static final int LEAVES = 8;

    private final Map<String, Tensor> golden;
    private final double[] w;
    private final double[] q;
    private final double[] w1;
    private final double[] b1;
    private final double[] w2;
    private final double[] split;
    private final double[] threshold;
    private final double[] leaf;
    private final double b2;
    private final boolean sigmoid;

    private GoldenNetwork(Map<String, Tensor> golden) {
        this.golden = golden;
        w = numbers("w");
        q = numbers("q");
        w1 = numbers("w1");
        b1 = numbers("b1");
        w2 = numbers("w2");
        split = numbers("split");
        threshold = numbers("threshold");
        leaf = numbers("leaf");
        b2 = golden.containsKey("b2") ? numbers("b2")[0] : 0;
        sigmoid = !golden.containsKey("sigmoid") || numbers("sigmoid")[0] != 0;
    }

    private double[] numbers(String name) {
        return golden.containsKey(name) ? golden.get(name).toDoubleArray() : new double[0];
    }

    /** Returns the model of these arrays; without the sigmoid if an array of this name is 0. */
    public static Model of(Map<String, Tensor> golden) {
        GoldenNetwork network = new GoldenNetwork(golden);
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {network.score(row)})
                .toArray(double[][]::new));
    }

    private double score(double[] row) {
        double sum = b2;
        for (int i = 0; i < w.length; i++) {
            sum += w[i] * row[i];
        }
        for (int at = 0; at < q.length; at++) {
            sum += q[at] * row[at / row.length] * row[at % row.length];
        }
        for (int unit = 0; unit < b1.length; unit++) {
            double hidden = b1[unit];
            for (int i = 0; i < row.length; i++) {
                hidden += w1[unit * row.length + i] * row[i];
            }
            sum += w2[unit] * Math.tanh(hidden);
        }
        for (int tree = 0; tree < leaf.length / LEAVES; tree++) {
            int node = 0;
            while (node < INNER) {
                int at = tree * INNER + node;
                node = 2 * node + (row[(int) split[at]] > threshold[at] ? 2 : 1);
            }
            sum += leaf[tree * LEAVES + node - INNER];
        }
        return sigmoid ? 1 / (1 + Math.exp(-sum)) : sum;
    }
}
