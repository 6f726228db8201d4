// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Plan;
import io.github.attribution4j.run.Run;

/** Compares what was planned with what explanations count. */
public final class Planned {
    private Planned() {}

    /** Plans and explains every request: rows are equal, or at most as many where an error ends the method. */
    public static void rows(EveryMethod every) {
        Run run = Run.defaults().seed(7).batchRows(6);
        every.requests().forEach((name, request) -> {
            Plan plan = request.plan(run);
            try (Explanation why = request.explain(run)) {
                if (plan.isAtMost()) {
                    // It has a budget that ends it by an error.
                    assertThat(String.valueOf(request.method().settings().get("budget")))
                            .as(name)
                            .contains("error:");
                    assertThat(why.counts().forwardRows()).as(name).isLessThanOrEqualTo(plan.forwardRows());
                } else {
                    assertThat(plan.forwardRows())
                            .as(name)
                            .isEqualTo(why.counts().forwardRows());
                    assertThat(plan.backwardRows())
                            .as(name)
                            .isEqualTo(why.counts().backwardRows());
                }
            }
        });
    }
}
