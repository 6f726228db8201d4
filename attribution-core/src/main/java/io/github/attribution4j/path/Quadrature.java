// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Approximates an integral over [0, 1] by a weighted sum of n values: ∫ f(t) dt ≈ Σ weights[k] f(nodes[k]).
 *
 * <p>Nodes and weights are computed in double precision, in time proportional to n. The weights of all but
 * {@link #CAPTUM_TRAPEZOID} sum to 1.
 */
public enum Quadrature {
    /**
     * The Gauss-Legendre rule: exact for polynomials of degree below 2n, and the best choice for smooth functions. No
     * node is at an end. n ≥ 1.
     */
    GAUSS_LEGENDRE(1) {
        @Override
        Rule compute(int n) {
            return GaussLegendre.rule(n);
        }
    },
    /** Left sum: nodes 0, 1/n, ..., (n-1)/n. n ≥ 1. */
    RIEMANN_LEFT(1) {
        @Override
        Rule compute(int n) {
            return riemann(n, 0);
        }
    },
    /** Right sum: nodes 1/n, 2/n, ..., 1; the rule of the first implementation of integrated gradients. n ≥ 1. */
    RIEMANN_RIGHT(1) {
        @Override
        Rule compute(int n) {
            return riemann(n, 1);
        }
    },
    /** Midpoint sum: nodes 1/2n, 3/2n, ..., (2n-1)/2n; exact for polynomials of degree 1. n ≥ 1. */
    RIEMANN_MIDDLE(1) {
        @Override
        Rule compute(int n) {
            return riemann(n, 0.5);
        }
    },
    /** Trapezoidal rule: nodes 0, 1/(n-1), ..., 1, the two end weights halved; exact for degree 1. n ≥ 2. */
    TRAPEZOID(2) {
        @Override
        Rule compute(int n) {
            return trapezoid(n, n - 1);
        }
    },
    /**
     * The rule that Captum calls {@code riemann_trapezoid}: the nodes of {@link #TRAPEZOID}, but weights of 1/n with
     * the two ends halved, which sum to 1 - 1/n. All attributions are too small by that factor, 2 % at n = 50. Use it
     * only to reproduce Captum's numbers. n ≥ 2.
     */
    CAPTUM_TRAPEZOID(2) {
        @Override
        Rule compute(int n) {
            return trapezoid(n, n);
        }
    };

    /** The most nodes: a million gradients of one example take hours, and no integral needs more. */
    private static final int MAXIMUM = 1_000_000;

    private final int minimum;

    Quadrature(int minimum) {
        this.minimum = minimum;
    }

    abstract Rule compute(int n);

    /** Returns the least number of nodes. */
    public int minimumNodes() {
        return minimum;
    }

    /**
     * Returns the rule of n nodes.
     *
     * @param n a number for which {@link #takes} is true
     */
    public Rule rule(int n) {
        if (!takes(n)) {
            throw new IllegalArgumentException(refusal(n));
        }
        return compute(n);
    }

    /** Returns whether there is a rule of n nodes: from {@link #minimumNodes()} to a million. */
    public boolean takes(int n) {
        return n >= minimum && n <= MAXIMUM;
    }

    /** Returns the sentence that refuses n nodes. */
    public String refusal(int n) {
        return "steps " + n + ": must be at "
                + (n > MAXIMUM
                        ? "most " + MAXIMUM + "; 50 to 300 are enough for most models"
                        : "least " + minimum + " with quadrature " + this);
    }

    /**
     * Returns the quadrature with a name, such as {@code gauss-legendre}.
     *
     * @throws IllegalArgumentException listing the names, if there is no such name
     */
    public static Quadrature of(String name) {
        return Arrays.stream(values())
                .filter(quadrature -> quadrature.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("quadrature '" + name + "' is unknown; choose one of "
                        + Arrays.stream(values()).map(Quadrature::toString).collect(Collectors.joining(", "))));
    }

    /** Returns the name in lower case with hyphens, such as {@code gauss-legendre}. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static Rule riemann(int n, double offset) {
        double[] nodes = new double[n];
        double[] weights = new double[n];
        for (int k = 0; k < n; k++) {
            nodes[k] = (k + offset) / n;
            weights[k] = 1.0 / n;
        }
        return new Rule(nodes, weights);
    }

    private static Rule trapezoid(int n, double intervals) {
        double[] nodes = new double[n];
        double[] weights = new double[n];
        for (int k = 0; k < n; k++) {
            nodes[k] = k / (n - 1.0);
            weights[k] = (k == 0 || k == n - 1 ? 0.5 : 1.0) / intervals;
        }
        return new Rule(nodes, weights);
    }

    /** Nodes in [0, 1], ascending, and their weights. Immutable. */
    public static final class Rule {
        private final double[] nodes;
        private final double[] weights;

        Rule(double[] nodes, double[] weights) {
            this.nodes = nodes;
            this.weights = weights;
        }

        /** Returns the number of nodes. */
        public int size() {
            return nodes.length;
        }

        /** Returns the nodes; a copy. */
        public double[] nodes() {
            return nodes.clone();
        }

        /** Returns the weights; a copy. */
        public double[] weights() {
            return weights.clone();
        }

        /** Returns the number of nodes. */
        @Override
        public String toString() {
            return "Rule[" + nodes.length + (nodes.length == 1 ? " node]" : " nodes]");
        }
    }
}
