// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Clusters of rows by k-means, and the rows that stand for them. */
final class KMeans {
    private static final long SEED = 0x6B6D;
    private static final int STARTS = 10;
    private static final int MOST_STEPS = 100;
    /** A step that makes distances smaller by less than this part is the last. */
    private static final double SETTLED = 1e-4;

    private final double[][] rows;
    private double[][] centers = {};
    /** For each row the number of its cluster. */
    private final int[] clusters;

    private KMeans(double[][] rows) {
        this.rows = rows;
        this.clusters = new int[rows.length];
    }

    static SampleBaseline summary(int clusters, List<Tensor> perInput) {
        if (clusters < 1) {
            throw new IllegalArgumentException("kmeans: " + clusters + " clusters; give at least 1");
        }
        double[][] rows = columns(perInput);
        KMeans best = new KMeans(rows);
        double least = Double.POSITIVE_INFINITY;
        for (int start = 0; start < STARTS; start++) {
            KMeans candidate = new KMeans(rows);
            double spread = candidate.run(clusters, RandomStream.of(SEED, start));
            if (spread < least) {
                least = spread;
                best = candidate;
            }
        }
        return best.summary(perInput);
    }

    /** Returns rows of all inputs side by side, each column divided by its standard deviation. */
    private static double[][] columns(List<Tensor> perInput) {
        if (perInput.isEmpty()
                || perInput.stream().anyMatch(tensor -> tensor.shape().rank() == 0)) {
            throw new IllegalArgumentException(
                    "kmeans: give for each attributed input a tensor whose axis 0 counts rows");
        }
        int count = Math.toIntExact(perInput.get(0).shape().dim(0));
        for (Tensor tensor : perInput) {
            if (tensor.shape().dim(0) != count || count == 0) {
                throw new IllegalArgumentException("kmeans: tensors of " + count + " and "
                        + tensor.shape().dim(0) + " rows; a sample is one row of each, and there must be one at least");
            }
        }
        double[][] rows = new double[count][];
        for (Tensor tensor : perInput) {
            double[] values = tensor.toDoubleArray();
            int width = values.length / count;
            for (int r = 0; r < count; r++) {
                double[] row = Arrays.copyOfRange(values, r * width, (r + 1) * width);
                rows[r] = rows[r] == null ? row : joined(rows[r], row);
            }
        }
        for (int column = 0; column < rows[0].length; column++) {
            scale(rows, column);
        }
        return rows;
    }

    private static double[] joined(double[] a, double[] b) {
        double[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private static void scale(double[][] rows, int column) {
        double mean = 0;
        for (double[] row : rows) {
            mean += row[column] / rows.length;
        }
        double squares = 0;
        for (double[] row : rows) {
            squares += (row[column] - mean) * (row[column] - mean) / rows.length;
        }
        if (!Double.isFinite(squares)) {
            throw new IllegalArgumentException(
                    "kmeans: column " + column + " of the samples holds NaN or infinite values; fill or remove them");
        }
        double deviation = Math.sqrt(squares);
        for (double[] row : rows) {
            row[column] = deviation == 0 ? 0 : (row[column] - mean) / deviation;
        }
    }

    /** Finds clusters from one start and returns the sum of squared distances from their centers. */
    private double run(int most, RandomGenerator random) {
        start(most, random);
        double spread = assign();
        for (int step = 0; step < MOST_STEPS; step++) {
            center();
            double next = assign();
            boolean settled = next >= spread * (1 - SETTLED);
            spread = next;
            if (settled) {
                break;
            }
        }
        return spread;
    }

    /** Takes rows as first centers, each with a chance in proportion to its squared distance from those before. */
    private void start(int most, RandomGenerator random) {
        List<double[]> chosen = new ArrayList<>();
        chosen.add(rows[random.nextInt(rows.length)]);
        double[] nearest = new double[rows.length];
        Arrays.fill(nearest, Double.POSITIVE_INFINITY);
        while (chosen.size() < most) {
            double total = 0;
            for (int r = 0; r < rows.length; r++) {
                nearest[r] = Math.min(nearest[r], distance(rows[r], chosen.get(chosen.size() - 1)));
                total += nearest[r];
            }
            if (total == 0) {
                break;
            }
            double left = random.nextDouble() * total;
            int at = -1;
            for (int r = 0; r < rows.length && left >= 0; r++) {
                if (nearest[r] > 0) {
                    at = r;
                    left -= nearest[r];
                }
            }
            chosen.add(rows[at]);
        }
        centers = chosen.toArray(double[][]::new);
    }

    private double assign() {
        double spread = 0;
        for (int r = 0; r < rows.length; r++) {
            double least = Double.POSITIVE_INFINITY;
            for (int c = 0; c < centers.length; c++) {
                double distance = distance(rows[r], centers[c], least);
                if (distance < least) {
                    least = distance;
                    clusters[r] = c;
                }
            }
            spread += least;
        }
        return spread;
    }

    /** Moves centers to the means of their rows; one without rows stays. */
    private void center() {
        int[] sizes = sizes();
        double[][] means = new double[centers.length][rows[0].length];
        for (int r = 0; r < rows.length; r++) {
            double[] mean = means[clusters[r]];
            for (int column = 0; column < mean.length; column++) {
                mean[column] += rows[r][column] / sizes[clusters[r]];
            }
        }
        for (int c = 0; c < means.length; c++) {
            if (sizes[c] > 0) {
                centers[c] = means[c];
            }
        }
    }

    private int[] sizes() {
        int[] sizes = new int[centers.length];
        for (int cluster : clusters) {
            sizes[cluster]++;
        }
        return sizes;
    }

    /** Copies the rows that stand for clusters, so that the samples need not stay open. */
    private SampleBaseline summary(List<Tensor> perInput) {
        int[] sizes = sizes();
        List<Long> picked = new ArrayList<>();
        List<Double> shares = new ArrayList<>();
        for (int c = 0; c < centers.length; c++) {
            if (sizes[c] > 0) {
                picked.add(nearest(c));
                shares.add((double) sizes[c] / rows.length);
            }
        }
        long[] chosen = picked.stream().mapToLong(Long::longValue).toArray();
        List<Tensor> copies = new ArrayList<>();
        try (TensorScope scope = TensorScope.open()) {
            for (Tensor tensor : perInput) {
                copies.add(TensorScope.release(Tensors.ofJava().bring(tensor.select(0, chosen))));
            }
        }
        return new SampleBaseline(
                copies, shares, picked.size() + " clusters of samples " + BaselineShapes.digest(perInput));
    }

    private long nearest(int cluster) {
        int found = -1;
        for (int r = 0; r < rows.length; r++) {
            if (clusters[r] == cluster
                    && (found < 0 || distance(rows[r], centers[cluster]) < distance(rows[found], centers[cluster]))) {
                found = r;
            }
        }
        return found;
    }

    private static double distance(double[] a, double[] b) {
        return distance(a, b, Double.POSITIVE_INFINITY);
    }

    /** Returns the squared distance, or a part of it that is not below {@code least}. */
    private static double distance(double[] a, double[] b, double least) {
        double sum = 0;
        for (int i = 0; i < a.length && sum < least; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
