// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal.summary;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * An order of examples in which similar explanations are neighbors: that of the leaves of a tree of clusters (Ward,
 * 1963). Of more than a few hundred examples, close ones are first put into equal parts, and the parts are clustered,
 * so that time grows by n·log n rather than n².
 */
public final class Clustering {
    private static final int MOST_PARTS = 512;

    private final Examples examples;
    private final double[] ends;
    private final List<int[]> parts = new ArrayList<>();

    private Clustering(Examples examples) {
        this.examples = examples;
        this.ends = examples.ends();
    }

    /** Returns the examples by similarity of their attributions; within a branch, lower scores come first. */
    public static int[] order(Examples examples) {
        Clustering clustering = new Clustering(examples);
        int size = examples.size();
        clustering.split(IntStream.range(0, size).toArray(), Math.max(1, (size + MOST_PARTS - 1) / MOST_PARTS));
        return clustering.join();
    }

    /** Divides at the median of the feature that varies most, until the parts are small. */
    private void split(int[] part, int most) {
        if (part.length <= most) {
            parts.add(part);
            return;
        }
        int widest = 0;
        double largest = -1;
        for (int f = 0; f < examples.features(); f++) {
            double[] row = examples.attributions()[f];
            double mean = Arrays.stream(part).mapToDouble(e -> row[e]).average().orElse(0);
            double spread = Arrays.stream(part)
                    .mapToDouble(e -> (row[e] - mean) * (row[e] - mean))
                    .sum();
            if (spread > largest) {
                largest = spread;
                widest = f;
            }
        }
        int[] sorted = sorted(part, examples.attributions()[widest]);
        int half = sorted.length / 2;
        split(Arrays.copyOfRange(sorted, 0, half), most);
        split(Arrays.copyOfRange(sorted, half, sorted.length), most);
    }

    private static int[] sorted(int[] part, double[] by) {
        return Arrays.stream(part)
                .boxed()
                .sorted(Comparator.comparingDouble(e -> by[e]))
                .mapToInt(Integer::intValue)
                .toArray();
    }

    /** A cluster: its examples in order, the means of their attributions by feature, and of their scores. */
    private static final class Cluster {
        private final int[] members;
        private final double[] center;
        private final double end;

        Cluster(int[] members, double[] center, double end) {
            this.members = members;
            this.center = center;
            this.end = end;
        }

        double apart(Cluster other) {
            double sum = 0;
            for (int f = 0; f < center.length; f++) {
                sum += (center[f] - other.center[f]) * (center[f] - other.center[f]);
            }
            double a = members.length;
            double b = other.members.length;
            return sum * a * b / (a + b);
        }

        Cluster with(Cluster other) {
            Cluster first = end <= other.end ? this : other;
            Cluster second = first == this ? other : this;
            double share = (double) second.members.length / (members.length + other.members.length);
            int[] both = Arrays.copyOf(first.members, members.length + other.members.length);
            System.arraycopy(second.members, 0, both, first.members.length, second.members.length);
            double[] mean = new double[center.length];
            Arrays.setAll(mean, f -> first.center[f] + share * (second.center[f] - first.center[f]));
            return new Cluster(both, mean, first.end + share * (second.end - first.end));
        }
    }

    private Cluster cluster(int[] part) {
        double[] center = new double[examples.features()];
        Arrays.setAll(
                center,
                f -> Arrays.stream(part)
                        .mapToDouble(e -> examples.attributions()[f][e])
                        .average()
                        .orElse(0));
        double end = Arrays.stream(part).mapToDouble(e -> ends[e]).average().orElse(0);
        return new Cluster(sorted(part, ends), center, end);
    }

    /** Joins nearest neighbors: a chain of ever nearer ones ends at two that are nearest to each other. */
    private int[] join() {
        List<Cluster> open = new ArrayList<>(parts.stream().map(this::cluster).toList());
        List<Cluster> chain = new ArrayList<>();
        while (open.size() > 1) {
            if (chain.isEmpty()) {
                chain.add(open.get(0));
            }
            Cluster last = chain.get(chain.size() - 1);
            Cluster before = chain.size() > 1 ? chain.get(chain.size() - 2) : null;
            Cluster nearest = before;
            double distance = before == null ? Double.POSITIVE_INFINITY : last.apart(before);
            for (Cluster other : open) {
                double apart = other == last ? Double.POSITIVE_INFINITY : last.apart(other);
                if (apart < distance) {
                    distance = apart;
                    nearest = other;
                }
            }
            if (nearest == null || nearest == before) {
                Cluster partner = nearest == null ? open.get(open.get(0) == last ? 1 : 0) : nearest;
                open.removeIf(one -> one == last || one == partner);
                open.add(last.with(partner));
                chain.removeIf(one -> one == last || one == partner);
            } else {
                chain.add(nearest);
            }
        }
        return open.isEmpty() ? new int[0] : open.get(0).members;
    }
}
