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
    static final Setting<Integer> STEPS = Setting.of(
                    "steps", Kind.INTEGER, 50, "gradients taken along the path from the baseline")
            .range("at least 1, for trapezoids 2")
            .trial(1);
    static final Setting<Quadrature> QUADRATURE = Setting.of(
            "quadrature",
            Kind.choice(Quadrature.class),
            Quadrature.GAUSS_LEGENDRE,
            "where on the path, and with which weights");

    private PathSettings() {}

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
