// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensor.Lifetime;
import java.util.Arrays;
import java.util.List;

/** Replays the cases of {@code golden/propagation} on a model. */
public final class RuledReplay {
    private RuledReplay() {}

    /** Returns whether a case names a module: at a layer, towards a unit, or by rules for modules. */
    public static boolean namesModules(GoldenCase given) {
        boolean byModule = given.options().has("rules")
                && given.options().objects("rules").stream().anyMatch(rule -> rule.has("module"));
        return given.isInside() || byModule;
    }

    /**
     * Makes the request of a case and compares all expected results. Fails if one differs by more than its tolerance,
     * or if tensors remain open.
     *
     * @return the largest difference, in tolerances
     */
    public static double replay(GoldenModel<? extends RuledModel> model, GoldenCase given) {
        long live = Lifetime.count();
        Requests requests = new Requests(model, given);
        double worst = 0;
        try (Explanation explanation = new RuledRequests(requests, given)
                .method()
                .attribute(model.model(), model.inputs(), requests.target(), requests.run())) {
            List<Tensor> attributions = explanation.attributions();
            for (GoldenCase.Expected expected : given.expected()) {
                double[] actual = expected.name().equals("delta")
                        ? explanation.completenessGap()
                        : attributions
                                .get(Integer.parseInt(expected.name().substring("attribution_".length())))
                                .toDoubleArray();
                worst = Math.max(
                        worst, compare(expected, model.array(expected.array()).toDoubleArray(), actual));
            }
        }
        assertThat(Lifetime.count()).as("open tensors").isEqualTo(live);
        return worst;
    }

    private static double compare(GoldenCase.Expected expected, double[] wanted, double[] actual) {
        assertThat(actual).as(expected.name()).hasSameSizeAs(wanted);
        double scale = expected.scale()
                .orElseGet(() -> Arrays.stream(wanted).map(Math::abs).max().orElseThrow());
        double difference = 0;
        for (int i = 0; i < wanted.length; i++) {
            double one = Math.abs(actual[i] - wanted[i]) / scale;
            difference = Double.isNaN(one) ? Double.POSITIVE_INFINITY : Math.max(difference, one);
        }
        assertThat(difference)
                .as("%s: largest difference, relative to %s", expected.name(), scale)
                .isLessThanOrEqualTo(expected.relative());
        return difference / expected.relative();
    }
}
