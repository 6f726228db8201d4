// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import io.github.attribution4j.internal.numeric.Cholesky;
import io.github.attribution4j.path.Path.Quadrature;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What functions of coalitions are like that change sign with the complement: the kernel of a Gaussian process.
 *
 * <p>The kernel of coalitions S and T is slope · z(S) · z(T) / M + p(S, T) − p(S, Tᶜ), with z = 1 for groups that are
 * in and −1 for those that are not, and p the product, over the groups that are in one of the two and not in the other,
 * of exp(−2 order / M · importance of the group), where importance is 1 on average. The slope is the part of single
 * groups, and the rest holds interactions of every odd order, of about {@code order} groups; those of even order cancel
 * in pairs of complements. Values have noise besides, for what is rougher.
 *
 * <p>Shapley values of the kernel as a function of S are known: p is a product over groups, whose Shapley values are
 * the integral, over t from 0 to 1, of what a group adds where each other group is in with probability t (Owen, 1972).
 */
final class CoalitionCurve {
    private static final double[] ORDERS = {0.75, 1.5, 3, 6};
    private static final double[] SLOPES = {1, 10, 100};
    private static final double[] NOISES = {1e-4, 1e-2, 1e-1};
    private static final double[] POWERS = {0.5, 1};
    /** Values that the likelihood is computed of, spread evenly over all. */
    private static final int JUDGED = 120;
    /** Groups without importance count this much of the mean. */
    private static final double LEAST_IMPORTANCE = 1e-3;
    /**
     * The integrand is a polynomial in t, and no steeper than exp(2 order t): this many nodes are exact to rounding.
     */
    private static final int MOST_NODES = 24;

    /** What a group multiplies p with. */
    private final double[] factors;

    private final double all;
    private final double slope;
    private final double noise;
    /** For each byte of a coalition the product of the factors of the groups that are in. */
    private final double[][] products;
    /** Of the nodes of the integral over t. */
    private final double[] weights;
    /** For each node, for each group that is out and then for each that is in, what it multiplies p with on average. */
    private final double[][] means;
    /** For each group that is out and then for each that is in, what its factor gains. */
    private final double[] gains;

    private CoalitionCurve(double[] importance, double order, double slope, double noise) {
        int groups = importance.length;
        this.factors = Arrays.stream(importance)
                .map(one -> Math.exp(-2 * order / groups * one))
                .toArray();
        this.all = Arrays.stream(factors).reduce(1, (one, other) -> one * other);
        this.slope = slope / groups;
        this.noise = noise;
        // A search starts with a curve of no groups.
        int nodeCount = Math.max(1, Math.min(MOST_NODES, (groups + 1) / 2));
        Quadrature.Rule rule = Quadrature.GAUSS_LEGENDRE.rule(nodeCount);
        double[] nodes = rule.nodes();
        this.weights = rule.weights();
        this.means = new double[nodes.length][2 * groups];
        this.gains = new double[2 * groups];
        for (int group = 0; group < groups; group++) {
            double factor = factors[group];
            gains[group] = factor - 1;
            gains[groups + group] = 1 - factor;
            for (int node = 0; node < nodes.length; node++) {
                double t = nodes[node];
                means[node][group] = t * factor + (1 - t);
                means[node][groups + group] = t + (1 - t) * factor;
            }
        }
        this.products = new double[(groups + Byte.SIZE - 1) / Byte.SIZE][1 << Byte.SIZE];
        for (int at = 0; at < products.length; at++) {
            products[at][0] = 1;
            for (int bits = 1; bits < products[at].length; bits++) {
                int group = at * Byte.SIZE + Integer.numberOfTrailingZeros(bits);
                products[at][bits] = products[at][bits & (bits - 1)] * (group < groups ? factors[group] : 1);
            }
        }
    }

    private CoalitionCurve with(double newSlope, double newNoise) {
        return new CoalitionCurve(this, newSlope, newNoise);
    }

    private CoalitionCurve(CoalitionCurve other, double slope, double noise) {
        this.factors = other.factors;
        this.all = other.all;
        this.products = other.products;
        this.weights = other.weights;
        this.means = other.means;
        this.gains = other.gains;
        this.slope = slope;
        this.noise = noise;
    }

    /**
     * Returns the likeliest of a few, for a sample of values.
     *
     * @param sets coalitions
     * @param values at these
     */
    static CoalitionCurve likeliest(int groups, List<long[]> sets, double[] values) {
        int judged = Math.min(JUDGED, values.length);
        int[] some = IntStream.range(0, judged)
                .map(i -> (int) ((i + 1L) * values.length / judged) - 1)
                .toArray();
        Search search = new Search(
                Arrays.stream(some).mapToObj(sets::get).toList(),
                Arrays.stream(some).mapToDouble(i -> values[i]).toArray());
        double[] equal = new double[groups];
        Arrays.fill(equal, 1);
        for (double order : ORDERS) {
            search.judge(equal, order, SLOPES, NOISES);
        }
        double[] importance = search.importance();
        double slope = search.best.slope * groups;
        double noise = search.best.noise;
        for (double power : POWERS) {
            double[] relative = relative(importance, power);
            for (double order : ORDERS) {
                search.judge(relative, order, new double[] {slope}, new double[] {noise});
            }
        }
        return search.best;
    }

    private static double[] relative(double[] importance, double power) {
        double least = LEAST_IMPORTANCE * Arrays.stream(importance).average().orElse(0);
        double[] raised = Arrays.stream(importance)
                .map(one -> Math.pow(one + least, power))
                .toArray();
        double mean = Arrays.stream(raised).average().orElse(0);
        return Arrays.stream(raised).map(one -> mean == 0 ? 1 : one / mean).toArray();
    }

    /** The likeliest so far. */
    private static final class Search {
        private final List<long[]> sets;
        private final double[] values;
        private double likelihood = Double.NEGATIVE_INFINITY;
        private CoalitionCurve best = new CoalitionCurve(new double[0], 0, 0, 0);

        Search(List<long[]> sets, double[] values) {
            this.sets = sets;
            this.values = values;
        }

        void judge(double[] importance, double order, double[] slopes, double[] noises) {
            CoalitionCurve curved = new CoalitionCurve(importance, order, 0, 0);
            CoalitionCurve straight = curved.with(1.0 / importance.length, 0);
            double[][] curve = new double[sets.size()][];
            double[][] single = new double[curve.length][];
            for (int i = 0; i < curve.length; i++) {
                curve[i] = new double[i + 1];
                single[i] = new double[i + 1];
                for (int j = 0; j <= i; j++) {
                    double product = curved.product(sets.get(i), sets.get(j));
                    int apart = apart(sets.get(i), sets.get(j));
                    curve[i][j] = curved.kernel(product, apart);
                    single[i][j] = straight.kernel(product, apart) - curve[i][j];
                }
            }
            for (double slope : slopes) {
                double[][] gram = new double[curve.length][];
                for (int i = 0; i < gram.length; i++) {
                    gram[i] = curve[i].clone();
                    for (int j = 0; j <= i; j++) {
                        gram[i][j] += slope * single[i][j];
                    }
                }
                for (double noise : noises) {
                    judge(curved.with(slope / importance.length, noise), gram);
                }
            }
        }

        private void judge(CoalitionCurve curve, double[][] gram) {
            Optional<Cholesky> factor = Cholesky.of(gram, curve.noise, 0);
            if (factor.isEmpty()) {
                return;
            }
            double[] half = factor.get().half(values);
            int n = values.length;
            double square = Cholesky.dot(half, half, n);
            // Of the density of the values, with the amplitude that serves it best, but for a constant.
            double density = -n / 2.0 * Math.log(square / n) - factor.get().logDeterminant() / 2;
            if (density > likelihood) {
                likelihood = density;
                best = curve;
            }
        }

        /** Returns how large the attributions of groups are by the likeliest. */
        double[] importance() {
            double[] weights = best.through(best.gram(sets), values);
            double[] shapley = new double[best.factors.length];
            for (int i = 0; i < weights.length; i++) {
                best.addShapley(sets.get(i), weights[i], shapley);
            }
            return Arrays.stream(shapley).map(Math::abs).toArray();
        }
    }

    double noise() {
        return noise;
    }

    /** Returns the lower triangle of the kernel of all coalitions with each other, without the noise. */
    double[][] gram(List<long[]> sets) {
        double[][] gram = new double[sets.size()][];
        for (int i = 0; i < gram.length; i++) {
            gram[i] = new double[i + 1];
            for (int j = 0; j <= i; j++) {
                gram[i][j] = kernel(sets.get(i), sets.get(j));
            }
        }
        return gram;
    }

    /** Returns what the kernels of coalitions weigh in the mean function through values at these. */
    double[] through(double[][] gram, double[] values) {
        return Cholesky.of(gram, noise, 0)
                .orElseThrow(() -> new IllegalStateException("a kernel with noise is positive definite"))
                .solve(values);
    }

    /** Returns the kernel of two coalitions, each as the bits of its groups. */
    double kernel(long[] one, long[] other) {
        return kernel(product(one, other), apart(one, other));
    }

    private double kernel(double product, int apart) {
        return slope * (factors.length - 2 * apart) + product - all / product;
    }

    /** Returns in how many groups two coalitions differ. */
    private static int apart(long[] one, long[] other) {
        int apart = 0;
        for (int word = 0; word < one.length; word++) {
            apart += Long.bitCount(one[word] ^ other[word]);
        }
        return apart;
    }

    /** Returns p of two coalitions. */
    private double product(long[] one, long[] other) {
        double product = 1;
        for (int at = 0; at < products.length; at++) {
            int word = at / Long.BYTES;
            long differ = (one[word] ^ other[word]) >>> (at * Byte.SIZE);
            product *= products[at][(int) differ & 0xFF];
        }
        return product;
    }

    /** Adds multiples of the Shapley values of the kernel of a coalition, as a function of the other. */
    void addShapley(long[] set, double weight, double[] into) {
        int groups = factors.length;
        // The place of each group in arrays with a number for each group that is out, and then for each that is in.
        int[] places = new int[groups];
        for (int group = 0; group < groups; group++) {
            int in = (int) (set[group / Long.SIZE] >>> group & 1);
            places[group] = in * groups + group;
            into[group] += weight * 2 * slope * (2 * in - 1);
        }
        for (int node = 0; node < means.length; node++) {
            double[] mean = means[node];
            double product = 1;
            for (int place : places) {
                product *= mean[place];
            }
            // Twice, because p(S, Tᶜ) = p(Sᶜ, T) has the opposite Shapley values.
            double scale = 2 * weight * weights[node] * product;
            for (int group = 0; group < groups; group++) {
                int place = places[group];
                into[group] += scale * gains[place] / mean[place];
            }
        }
    }
}
