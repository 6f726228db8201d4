// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.path;

import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * For each example a curve γ(t), 0 ≤ t ≤ 1, from a reference to the explained inputs, in the space of the attributed
 * inputs. Immutable: it holds its ends and computes points on demand.
 *
 * <p>Path methods integrate ∇F(γ(t)) · γ'(t) along it. The tensors of a path must remain open while it is used.
 */
public interface Path {
    /**
     * How inputs that bypass a layer behave while the layer's activations follow a path of the inputs. Examples are a
     * residual connection, a mask, or a second input.
     */
    enum Bypass {
        /**
         * They follow the path: at position t the whole model runs at γ(t). Attributions of the layer account for the
         * change of the score through the layer; the change through the bypass is missing from their sum.
         */
        FOLLOW,
        /**
         * They remain at the explained inputs x: at position t the tail takes the activation of γ(t) and, for the
         * bypass, x. Attributions of the layer account for the whole change of the tail's score.
         */
        STAY;

        /**
         * Returns the constant with a name, {@code follow} or {@code stay}.
         *
         * @throws IllegalArgumentException listing the names, if there is no such name
         */
        public static Bypass of(String name) {
            return Arrays.stream(values())
                    .filter(bypass -> bypass.toString().equals(name))
                    .findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("bypass '" + name + "' is unknown; choose one"
                            + " of "
                            + Arrays.stream(values()).map(Bypass::toString).collect(Collectors.joining(", "))));
        }

        /** Returns the name in lower case. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * Returns the straight path γ(t) = start + t (end − start).
     *
     * @param start for each attributed input a tensor with a row for each example, or with one row for all
     * @param end for each attributed input a tensor with a row for each example, typed like {@code start}
     */
    static Path straight(List<Tensor> start, List<Tensor> end) {
        return StraightPath.between(start, end);
    }

    /** Returns γ(0) for each attributed input: a row for each example, or one row for all. */
    List<Tensor> start();

    /** Returns γ(1) for each attributed input: a row for each example. */
    List<Tensor> end();

    /**
     * Returns points of the paths of a range of examples, example by example.
     *
     * @param fromExample first example, inclusive
     * @param toExample last example, exclusive
     * @param positions values of t, each in [0, 1]
     * @return for each attributed input a tensor of {@code (toExample - fromExample) * positions.length} rows: all
     *     positions of the first example, then of the next; owned by the current scope
     */
    List<Tensor> at(long fromExample, long toExample, double[] positions);

    /**
     * Returns the derivative γ'(t) with respect to t, laid out as by {@link #at}.
     *
     * @param fromExample first example, inclusive
     * @param toExample last example, exclusive
     * @param positions values of t, each in [0, 1]
     */
    List<Tensor> derivative(long fromExample, long toExample, double[] positions);

    /**
     * Returns rows at points of the paths, example by example, for an {@link
     * io.github.attribution4j.evaluation.Evaluator}.
     *
     * @param examples their number
     * @param positions values of t, each in [0, 1], at least one; the rows of one example are a
     *     {@linkplain Rows#group() group}
     */
    default Rows rows(long examples, double... positions) {
        return new PathRows(this, examples, positions);
    }

    /**
     * Returns rows at points that differ from example to example.
     *
     * @param examples for each row its example
     * @param positions for each row a value of t in [0, 1]
     * @param group how many consecutive rows belong together; see {@link Rows#group()}
     */
    default Rows rows(long[] examples, double[] positions, int group) {
        return new PointRows(this, examples, positions, group);
    }

    /**
     * Returns a point of an example's path for each row.
     *
     * @param examples for each row its example
     * @param positions for each row a value of t in [0, 1]
     * @return for each attributed input a tensor of as many rows; owned by the current scope
     */
    default List<Tensor> points(long[] examples, double[] positions) {
        List<List<Tensor>> rows = new ArrayList<>();
        for (int r = 0; r < examples.length; r++) {
            rows.add(at(examples[r], examples[r] + 1, new double[] {positions[r]}));
        }
        List<Tensor> points = new ArrayList<>();
        for (int i = 0; i < rows.get(0).size(); i++) {
            int input = i;
            points.add(
                    Rows.Collected.join(rows.stream().map(row -> row.get(input)).toList()));
        }
        return points;
    }

    /**
     * Approximates an integral over [0, 1] by a weighted sum of n values: ∫ f(t) dt ≈ Σ weights[k] f(nodes[k]).
     *
     * <p>Nodes and weights are computed in double precision, in time proportional to n. The weights of all but
     * {@link #CAPTUM_TRAPEZOID} sum to 1.
     */
    enum Quadrature {
        /**
         * The Gauss-Legendre rule: exact for polynomials of degree below 2n, and the best choice for smooth functions.
         * No node is at an end. n ≥ 1.
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
         * The rule that Captum calls {@code riemann_trapezoid}: the nodes of {@link #TRAPEZOID}, but weights of 1/n
         * with the two ends halved, which sum to 1 - 1/n. All attributions are too small by that factor, 2 % at n = 50.
         * Use it only to reproduce Captum's numbers. n ≥ 2.
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
                    .orElseThrow(() -> new IllegalArgumentException("quadrature '" + name
                            + "' is unknown; choose one of "
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
}
