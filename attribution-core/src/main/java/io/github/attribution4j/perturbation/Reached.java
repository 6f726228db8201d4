// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.run.Budget;
import java.util.Map;

/** What of a budget was reached, in an outcome. */
final class Reached {
    private Reached() {}

    /** Returns the outcome with measures of what rounds reached, and says what they did not. */
    static Outcome in(Outcome outcome, Rounds rounds, Evaluator evaluator) {
        Outcome measured = outcome;
        for (Map.Entry<String, double[]> measure : rounds.measures().entrySet()) {
            measured = measured.measure(measure.getKey(), measure.getValue());
        }
        rounds.notice().ifPresent(evaluator::notice);
        Outcome said = measured;
        return rounds.again()
                .map(again -> said.recomputedBy(Budget.SETTING.name(), again))
                .orElse(said);
    }
}
