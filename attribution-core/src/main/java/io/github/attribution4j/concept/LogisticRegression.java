// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.internal.numeric.Cholesky;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * See {@link LinearClassifier#logistic()}. Rows of more elements than there are rows are first written in as many
 * coordinates as there are rows: those of the Cholesky factor L of their inner products, K = L Lᵀ. At the minimum, λ w
 * is the mean of (p − y) x with its sign changed, which gives w without a way back from the coordinates.
 *
 * @param strengths the penalties, strongest first
 */
record LogisticRegression(List<Double> strengths) implements LinearClassifier {
    static final List<Double> STRENGTHS = List.of(1.0, 0.1, 0.01, 1e-3, 1e-4);

    private static final int PARTS = 5;
    private static final int STEPS = 100;
    private static final double EXACT = 1e-10;
    /** What is added to inner products of rows, relative to their mean square of 1, because centered ones depend. */
    private static final double JITTER = 1e-10;

    LogisticRegression {
        if (strengths.isEmpty() || strengths.stream().anyMatch(one -> !(one > 0 && Double.isFinite(one)))) {
            throw new IllegalArgumentException("logistic: strengths " + strengths + ": give one or more above 0");
        }
        strengths = strengths.stream().sorted(Comparator.reverseOrder()).toList();
    }

    @Override
    public Plane fit(double[][] rows, boolean[] positive, RandomGenerator random) {
        double[] mean = new double[rows[0].length];
        for (double[] row : rows) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += row[i] / rows.length;
            }
        }
        double squares = 0;
        double[][] scaled = new double[rows.length][mean.length];
        for (int r = 0; r < rows.length; r++) {
            for (int i = 0; i < mean.length; i++) {
                scaled[r][i] = rows[r][i] - mean[i];
                squares += scaled[r][i] * scaled[r][i];
            }
        }
        double divisor = squares == 0 ? 1 : Math.sqrt(squares / rows.length);
        for (double[] row : scaled) {
            for (int i = 0; i < row.length; i++) {
                row[i] /= divisor;
            }
        }
        double[][] coordinates = coordinates(scaled);
        double strength = strengths.size() == 1 ? strengths.get(0) : chosen(coordinates, positive, random);
        Model model =
                new Model(coordinates, positive, IntStream.range(0, rows.length).toArray());
        double[] residuals = new double[rows.length];
        for (double one : strengths) {
            if (one >= strength) {
                residuals = model.fit(one);
            }
        }
        double[] weights = new double[mean.length];
        double bias = model.bias();
        for (int r = 0; r < rows.length; r++) {
            double part = residuals[r] / (strength * rows.length * divisor);
            for (int i = 0; i < weights.length; i++) {
                weights[i] += part * scaled[r][i];
            }
        }
        for (int i = 0; i < weights.length; i++) {
            bias -= weights[i] * mean[i];
        }
        return new Plane(weights, bias);
    }

    private static double[][] coordinates(double[][] rows) {
        int count = rows.length;
        if (rows[0].length <= count) {
            return rows;
        }
        double[][] products = new double[count][count];
        for (int i = 0; i < count; i++) {
            for (int j = 0; j <= i; j++) {
                products[i][j] = Cholesky.dot(rows[i], rows[j], rows[i].length);
            }
        }
        Optional<Cholesky> factor = Cholesky.of(products, JITTER, 0);
        return factor.map(Cholesky::rows).orElse(rows);
    }

    /** Returns the penalty of the least loss on rows left out; each part has its share of both sides. */
    private double chosen(double[][] rows, boolean[] positive, RandomGenerator random) {
        int[] part = new int[rows.length];
        int[] seen = new int[2];
        for (int row : RandomStream.permutation(random, rows.length)) {
            part[row] = seen[positive[row] ? 1 : 0]++ % PARTS;
        }
        double[] losses = new double[strengths.size()];
        for (int out = 0; out < PARTS; out++) {
            int left = out;
            int[] kept = IntStream.range(0, rows.length)
                    .filter(row -> part[row] != left)
                    .toArray();
            Model model = new Model(rows, positive, kept);
            for (int s = 0; s < losses.length; s++) {
                model.fit(strengths.get(s));
                for (int row = 0; row < rows.length; row++) {
                    losses[s] += part[row] == out ? model.loss(row) : 0;
                }
            }
        }
        int best = 0;
        for (int s = 1; s < losses.length; s++) {
            best = losses[s] < losses[best] ? s : best;
        }
        return strengths.get(best);
    }

    /** A fit to some of the rows, which starts where the one with the penalty before ended. */
    private static final class Model {
        private final double[][] rows;
        private final boolean[] positive;
        private final int[] kept;
        /** Weights, and the bias at the end. */
        private double[] solution;

        Model(double[][] rows, boolean[] positive, int[] kept) {
            this.rows = rows;
            this.positive = positive;
            this.kept = kept;
            solution = new double[rows[0].length + 1];
        }

        double bias() {
            return solution[solution.length - 1];
        }

        private double side(double[] of, int row) {
            return Cholesky.dot(rows[row], of, rows[row].length) + of[of.length - 1];
        }

        double loss(int row) {
            return loss(solution, row);
        }

        private double loss(double[] of, int row) {
            double margin = positive[row] ? side(of, row) : -side(of, row);
            return margin > 0 ? Math.log1p(Math.exp(-margin)) : Math.log1p(Math.exp(margin)) - margin;
        }

        private double objective(double[] of, double strength) {
            double sum = 0;
            for (int row : kept) {
                sum += loss(of, row);
            }
            double squares = 0;
            for (int i = 0; i < of.length - 1; i++) {
                squares += of[i] * of[i];
            }
            return sum / kept.length + strength / 2 * squares;
        }

        /** Newton's method; a step that does not lower the objective is halved. Returns y − p of the kept rows. */
        double[] fit(double strength) {
            int unknowns = solution.length;
            double value = objective(solution, strength);
            double[] residuals = new double[kept.length];
            for (int step = 0; step < STEPS; step++) {
                double[] gradient = new double[unknowns];
                double[][] hessian = new double[unknowns][unknowns];
                for (int k = 0; k < kept.length; k++) {
                    int row = kept[k];
                    double p = 1 / (1 + Math.exp(-side(solution, row)));
                    residuals[k] = (positive[row] ? 1 : 0) - p;
                    add(rows[row], p * (1 - p) / kept.length, hessian);
                    for (int i = 0; i < unknowns; i++) {
                        gradient[i] += residuals[k] * (i < unknowns - 1 ? rows[row][i] : 1) / kept.length;
                    }
                }
                double size = 0;
                for (int i = 0; i < unknowns; i++) {
                    // A bias that the loss does not hold, because all rows are far on their side, stays where it is.
                    hessian[i][i] += i < unknowns - 1 ? strength : 1e-14;
                    gradient[i] -= i < unknowns - 1 ? strength * solution[i] : 0;
                    size = Math.max(size, Math.abs(gradient[i]));
                }
                Optional<Cholesky> factor = Cholesky.of(hessian, 0, 0);
                if (size <= EXACT * Math.min(1, strength) || factor.isEmpty()) {
                    break;
                }
                double[] direction = factor.get().solve(gradient);
                double[] next = solution;
                double reached = Double.POSITIVE_INFINITY;
                for (double part = 1; part > 1e-6 && !(reached < value); part /= 2) {
                    next = solution.clone();
                    for (int i = 0; i < unknowns; i++) {
                        next[i] += part * direction[i];
                    }
                    reached = objective(next, strength);
                }
                if (!(reached < value)) {
                    break;
                }
                solution = next;
                value = reached;
            }
            return residuals;
        }

        private static void add(double[] row, double weight, double[][] hessian) {
            int last = row.length;
            for (int i = 0; i < last; i++) {
                double scaled = weight * row[i];
                for (int j = 0; j <= i; j++) {
                    hessian[i][j] += scaled * row[j];
                }
                hessian[last][i] += scaled;
            }
            hessian[last][last] += weight;
        }
    }

    @Override
    public String toString() {
        return strengths.equals(STRENGTHS)
                ? "logistic"
                : "logistic:" + strengths.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
