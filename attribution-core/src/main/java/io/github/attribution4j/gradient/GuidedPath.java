// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import java.util.Arrays;

/** The path of {@link GuidedIntegratedGradients} for one example, as far as it was walked. */
final class GuidedPath {
    /** Distances as near as this, by share or by difference, are equal. */
    private static final double CLOSE = 1e-9;

    private final double[] start;
    private final double[] end;
    private final int steps;
    private final double fraction;
    private final double distance;
    private final double length;
    private final double[] here;
    private final double[] attributions;

    GuidedPath(double[] start, double[] end, int steps, double fraction, double distance) {
        this.start = start;
        this.end = end;
        this.steps = steps;
        this.fraction = fraction;
        this.distance = distance;
        this.here = start.clone();
        this.attributions = new double[start.length];
        this.length = away(end, start);
    }

    double[] here() {
        return here;
    }

    double[] attributions() {
        return attributions;
    }

    private static double away(double[] to, double[] from) {
        double sum = 0;
        for (int i = 0; i < to.length; i++) {
            sum += Math.abs(to[i] - from[i]);
        }
        return sum;
    }

    private double at(int i, double position) {
        return start[i] + position * (end[i] - start[i]);
    }

    /**
     * Walks one step.
     *
     * @param step from 1
     * @param gradient where the path has arrived
     */
    void step(int step, double[] gradient) {
        double position = (double) step / steps;
        double least = Math.max(position - distance, 0);
        double most = Math.min(position + distance, 1);
        double left = length * (1 - position);
        catchUp(least, gradient);
        double[] ranks = new double[here.length];
        double away = away(end, here);
        while (Math.abs(away - left) > CLOSE * Math.max(1, Math.max(away, left))) {
            double reach = 0;
            boolean[] chosen = chosen(ranks, gradient, most);
            for (int i = 0; i < here.length; i++) {
                if (chosen[i]) {
                    reach += Math.abs(at(i, most) - here[i]);
                }
            }
            double part = reach > 0 ? (away - left) / reach : Double.POSITIVE_INFINITY;
            for (int i = 0; i < here.length; i++) {
                if (chosen[i]) {
                    move(i, part > 1 ? at(i, most) : here[i] + part * (at(i, most) - here[i]), gradient);
                }
            }
            if (part <= 1 || reach == 0) {
                break;
            }
            away = away(end, here);
        }
    }

    private void catchUp(double least, double[] gradient) {
        for (int i = 0; i < here.length; i++) {
            if (end[i] != start[i] && (here[i] - start[i]) / (end[i] - start[i]) < least) {
                move(i, at(i, least), gradient);
            }
        }
    }

    private void move(int i, double to, double[] gradient) {
        attributions[i] += (to - here[i]) * gradient[i];
        here[i] = to;
    }

    /** Chooses the share of elements with the smallest gradients, but those that have arrived where they may go. */
    private boolean[] chosen(double[] ranks, double[] gradient, double most) {
        for (int i = 0; i < ranks.length; i++) {
            ranks[i] = here[i] == at(i, most) ? Double.POSITIVE_INFINITY : Math.abs(gradient[i]);
        }
        double[] sorted = ranks.clone();
        Arrays.sort(sorted);
        double threshold = sorted[(int) Math.floor(fraction * (sorted.length - 1))];
        boolean[] chosen = new boolean[ranks.length];
        for (int i = 0; i < chosen.length; i++) {
            chosen[i] = ranks[i] <= threshold && ranks[i] < Double.POSITIVE_INFINITY;
        }
        return chosen;
    }
}
