// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;

/** The settings of methods that take gradients along a path. */
final class PathSettings {
    /** The spacing that looks at no scores. */
    static final int EVEN = 1;

    private static final String NON_UNIFORM = "non-uniform:";

    static final Setting<Integer> STEPS = Setting.of(
                    "steps", Kind.INTEGER, 50, "gradients taken along the path from the baseline")
            .range("at least 1, for trapezoids 2")
            .trial(1);
    static final Setting<Quadrature> QUADRATURE = Setting.of(
            "quadrature",
            Kind.choice(Quadrature.class),
            Quadrature.GAUSS_LEGENDRE,
            "where on the path, and with which weights");

    static final Setting<Double> TOLERANCE = Setting.of(
                    "tolerance",
                    Kind.NUMBER,
                    0.0,
                    "steps are added where the score bends until the gap is at most this share of the score's change,"
                            + " or there are as many as steps says; 0: always as many as steps says")
            .where("0 or more, such as 0.01", value -> value >= 0 && Double.isFinite(value));
    static final Setting<Integer> SPACING = Setting.of(
            "spacing",
            Kind.of("even, or non-uniform:INTERVALS such as non-uniform:4", PathSettings::intervals)
                    .said(intervals -> intervals == EVEN ? "even" : NON_UNIFORM + intervals),
            EVEN,
            "whether steps are spread by the quadrature alone, or more of them go where the score changes more");

    private PathSettings() {}

    private static int intervals(String text) {
        String spacing = text.strip();
        if (spacing.equals("even")) {
            return EVEN;
        }
        if (!spacing.startsWith(NON_UNIFORM)) {
            throw new IllegalArgumentException("choose even, or non-uniform: and a number of intervals, 2 or more");
        }
        int intervals = Integer.parseInt(spacing.substring(NON_UNIFORM.length()));
        if (intervals < 2) {
            throw new IllegalArgumentException("intervals " + intervals + ": must be at least 2");
        }
        return intervals;
    }

    /** Adds problems of a tolerance and a spacing, and of what does not go with them. */
    static void checkPlacement(double tolerance, int intervals, Quadrature quadrature, int steps, Problems problems) {
        if (intervals != EVEN) {
            int least = intervals * quadrature.minimumNodes();
            problems.require(
                    steps >= least,
                    "steps " + steps + ": must be at least " + least + " with spacing " + NON_UNIFORM + intervals
                            + " and quadrature " + quadrature);
        }
        if (tolerance > 0) {
            problems.require(
                    intervals == EVEN,
                    "spacing " + NON_UNIFORM + intervals + ": a tolerance places steps by itself; leave one of them"
                            + " out");
            problems.require(
                    quadrature == Quadrature.GAUSS_LEGENDRE,
                    "quadrature " + quadrature + ": a tolerance sums trapezoids between steps that it places by"
                            + " itself; leave one of them out");
            problems.require(
                    steps >= AdaptiveSteps.LEAST,
                    "steps " + steps + ": must be at least " + AdaptiveSteps.LEAST + " with a tolerance");
        }
    }

    /**
     * Checks a baseline that is one reference for each example.
     *
     * @param averaging the class of the method that takes a distribution in its place
     */
    static void checkReference(Baseline baseline, String method, String averaging, Inputs inputs, Problems problems) {
        problems.require(
                !baseline.isDistribution(),
                "baseline " + baseline.describe() + " is a distribution, and " + method
                        + " starts from one reference for each example; give Baseline.mean(...) of the samples, or use "
                        + averaging + ", which averages over the distribution");
        baseline.check(inputs, problems);
    }

    static void checkSteps(Quadrature quadrature, int steps, Problems problems) {
        problems.require(quadrature.takes(steps), quadrature.refusal(steps));
    }
}
