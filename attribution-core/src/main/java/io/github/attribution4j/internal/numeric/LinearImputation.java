// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;

/**
 * Fills the gaps of a plane: each missing element becomes the weighted mean of those around it, a missing one among
 * them, so that all are found together from a sparse linear system. The four direct neighbors have weight 1/6, the four
 * diagonal ones 1/12; weights of neighbors beyond the border are left out, and the others divided by their sum.
 *
 * <p>The system is symmetric and positive definite where anything is left, and solved by conjugate gradients. Where
 * nothing is left, all elements become 0.
 */
public final class LinearImputation {
    private static final double DIRECT = 1.0 / 6;
    private static final double DIAGONAL = 1.0 / 12;
    /** Norm of the residual relative to that of the right-hand side. */
    private static final double TOLERANCE = 1e-10;

    private final int height;
    private final int width;
    /** Positions of the missing elements, in planes with a border of one element. */
    private final int[] missing;
    /** For each missing element the sum of the weights within the plane. */
    private final double[] diagonal;

    /**
     * Prepares a plane.
     *
     * @param known for each element, row-major, whether it is left
     */
    public LinearImputation(boolean[] known, int height, int width) {
        this.height = height;
        this.width = width;
        int[] found = new int[known.length];
        double[] sums = new double[known.length];
        int count = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                if (!known[y * width + x]) {
                    int across = (x > 0 ? 1 : 0) + (x < width - 1 ? 1 : 0);
                    int down = (y > 0 ? 1 : 0) + (y < height - 1 ? 1 : 0);
                    sums[count] = DIRECT * (across + down) + DIAGONAL * across * down;
                    found[count++] = at(y, x);
                }
            }
        }
        missing = Arrays.copyOf(found, count);
        diagonal = Arrays.copyOf(sums, count);
    }

    private int at(int y, int x) {
        return (y + 1) * (width + 2) + x + 1;
    }

    /**
     * Fills the gaps.
     *
     * @param plane row-major; what it has at missing elements is not read
     * @return a copy without gaps
     */
    public double[] fill(double[] plane) {
        double[] filled = plane.clone();
        double[] around = bordered(plane);
        double[] right = new double[missing.length];
        weigh(around, right);
        double[] solution = solve(right);
        for (int i = 0; i < missing.length; i++) {
            int row = missing[i] / (width + 2) - 1;
            int column = missing[i] % (width + 2) - 1;
            filled[row * width + column] = solution[i];
        }
        return filled;
    }

    /** Returns the known elements, and 0 in the gaps and on the border. */
    private double[] bordered(double[] plane) {
        double[] around = new double[(height + 2) * (width + 2)];
        for (int y = 0; y < height; y++) {
            System.arraycopy(plane, y * width, around, at(y, 0), width);
        }
        for (int position : missing) {
            around[position] = 0;
        }
        return around;
    }

    /** Sums, for each missing element, its neighbors by their weights. */
    private void weigh(double[] around, double[] into) {
        int line = width + 2;
        for (int i = 0; i < into.length; i++) {
            int at = missing[i];
            double direct = around[at - line] + around[at - 1] + around[at + 1] + around[at + line];
            double diagonals =
                    around[at - line - 1] + around[at - line + 1] + around[at + line - 1] + around[at + line + 1];
            into[i] = DIRECT * direct + DIAGONAL * diagonals;
        }
    }

    private double[] solve(double[] right) {
        double[] solution = new double[right.length];
        double[] residual = right.clone();
        double[] way = right.clone();
        double[] image = new double[right.length];
        double[] around = new double[(height + 2) * (width + 2)];
        double squares = product(residual, residual);
        double enough = squares * TOLERANCE * TOLERANCE;
        // Rounding can keep the residual above the limit; more steps than unknowns never help.
        for (int step = 0; step < right.length && squares > enough; step++) {
            for (int i = 0; i < way.length; i++) {
                around[missing[i]] = way[i];
            }
            weigh(around, image);
            for (int i = 0; i < way.length; i++) {
                image[i] = diagonal[i] * way[i] - image[i];
            }
            double length = squares / product(way, image);
            for (int i = 0; i < way.length; i++) {
                solution[i] += length * way[i];
                residual[i] -= length * image[i];
            }
            double next = product(residual, residual);
            for (int i = 0; i < way.length; i++) {
                way[i] = residual[i] + next / squares * way[i];
            }
            squares = next;
        }
        return solution;
    }

    private static double product(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }
}
