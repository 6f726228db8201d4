// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.path.Quadrature;
import io.github.attribution4j.run.Problems;
import io.github.attribution4j.setting.Kind;
import io.github.attribution4j.setting.Setting;

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

    static void checkSteps(Quadrature quadrature, int steps, Problems problems) {
        problems.require(quadrature.takes(steps), quadrature.refusal(steps));
    }
}
