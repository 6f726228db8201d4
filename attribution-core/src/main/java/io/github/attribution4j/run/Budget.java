// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * When a method that estimates from a sample has enough: after so many evaluations, once the error is small, or both.
 * Immutable.
 *
 * <pre>{@code
 * new ShapleySampling().budget(Budget.ofError(0.01).evaluations(20_000))
 * new KernelShap().budget(Budget.unset().anytime())
 * }</pre>
 *
 * <p><b>Evaluations</b> are scores that the estimator asks for, for each example: of coalitions, the input and the
 * baseline among them. A score is one row of the model, or one for each sample of a background. What was evaluated
 * before is not evaluated again, so that there may be fewer rows. Of a noise tunnel and of GradientSHAP an evaluation
 * is a sample, whatever it costs.
 *
 * <p><b>Error.</b> The sample grows in rounds, each a quarter larger than the one before, until the 95 % intervals of
 * all attributions of an example together are no wider than ± error. Together means: in 95 of 100 runs all attributions
 * are that near, not only each of them (Bonferroni). Intervals are those of Student's t, and the first is looked at
 * when the sample is large enough for one. Without a number of evaluations the sample grows to
 * {@value #MOST_EVALUATIONS} at most.
 *
 * <p><b>Anytime.</b> When the deadline of the {@link Run} passes, the method answers with the rounds that are complete,
 * and their error, and fails only if there is none. The provenance then has a number of rounds in place of
 * {@code anytime}, so that the answer can be computed again, without a clock. It does not work inside another method,
 * such as a noise tunnel.
 *
 * <p>The explanation's {@link io.github.attribution4j.Explanation#measures() measures} say for each example what was
 * reached: {@code evaluations}; {@code half-width}, the half of the widest interval; and, with an error,
 * {@code error-reached}, 1 if the error was reached and 0 if evaluations or time ran out first, which a notice says
 * too. Rounds depend on nothing but the example, so results do not depend on batches, other examples or threads.
 *
 * @param evaluations the most evaluations of an example; 0 if not given
 * @param error the largest half-width, in the unit of the score; 0 if not given
 * @param isAnytime whether a deadline gives the estimate so far
 * @param rounds the most rounds; 0 if not given
 */
public record Budget(long evaluations, double error, boolean isAnytime, int rounds) {
    /** The most evaluations of an example if their number is not given. */
    public static final long MOST_EVALUATIONS = 20_000_000;

    private static final Budget UNSET = new Budget(0, 0, false, 0);

    /** Budgets as values of a setting. */
    public static final Kind<Budget> KIND = Kind.of(
            "samples, or EVALUATIONS, error:HALF-WIDTH, anytime, or several, such as 2000,error:0.01", Budget::parse);

    /** The setting of methods that have one. */
    public static final Setting<Budget> SETTING = Setting.of(
            "budget",
            KIND,
            UNSET,
            "when the sample is large enough: what samples says, a number of evaluations, the half-width of 95 %"
                    + " intervals, or what a deadline leaves");

    private static final String BY_SAMPLES = "samples";

    /**
     * What of a budget was reached, for all examples of a request.
     *
     * @param measures for each example, by name
     * @param notice what the user should know
     * @param again the budget that computes the same again without a clock, if that is another
     */
    public record Reached(Map<String, double[]> measures, Optional<String> notice, Optional<Budget> again) {
        /** Takes the numbers over. */
        public Reached {
            measures = Collections.unmodifiableMap(new LinkedHashMap<>(measures));
        }
    }

    /** Checks the numbers. */
    public Budget {
        require(evaluations >= 0, "evaluations " + evaluations + ": must be at least 1");
        require(
                error >= 0 && Double.isFinite(error),
                "error " + error + ": must be more than 0, in units of the score");
        require(rounds >= 0, "rounds " + rounds + ": must be at least 1");
    }

    private static void require(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException("budget: " + problem);
        }
    }

    /** Returns the budget of methods unless set: the number that their setting {@code samples} gives. */
    public static Budget unset() {
        return UNSET;
    }

    /** Returns a budget of this many evaluations for each example, at least 1. */
    public static Budget ofEvaluations(long most) {
        return UNSET.evaluations(most);
    }

    /** Returns a budget that ends with this half-width, more than 0. */
    public static Budget ofError(double halfWidth) {
        return UNSET.error(halfWidth);
    }

    /** Returns a copy that ends after this many evaluations of each example at the latest, at least 1. */
    public Budget evaluations(long most) {
        require(most >= 1, "evaluations " + most + ": must be at least 1");
        return new Budget(most, error, isAnytime, rounds);
    }

    /**
     * Returns a copy that ends when all attributions of an example are this near.
     *
     * @param halfWidth half of the width of the widest 95 % interval, more than 0, in the unit of the score
     */
    public Budget error(double halfWidth) {
        require(halfWidth > 0, "error " + halfWidth + ": must be more than 0, in units of the score");
        return new Budget(evaluations, halfWidth, isAnytime, rounds);
    }

    /** Returns a copy that answers with the estimate so far when the deadline passes. */
    public Budget anytime() {
        return new Budget(evaluations, error, true, rounds);
    }

    /** Returns a copy that fails at a deadline, as methods do unless told otherwise. */
    public Budget withoutDeadline() {
        return new Budget(evaluations, error, false, rounds);
    }

    /** Returns a copy that ends after this many rounds and does not look at a deadline: what a deadline left. */
    public Budget rounds(int most) {
        require(most >= 1, "rounds " + most + ": must be at least 1");
        return new Budget(evaluations, error, false, most);
    }

    /** Returns whether there is an error to reach. */
    public boolean hasError() {
        return error > 0;
    }

    /**
     * Returns the most evaluations of an example.
     *
     * @param bySamples the number if neither evaluations nor an error are given
     */
    public long most(long bySamples) {
        return evaluations > 0 ? evaluations : hasError() ? MOST_EVALUATIONS : bySamples;
    }

    private static Budget parse(String text) {
        Budget budget = UNSET;
        for (String part : text.split(",", -1)) {
            String[] words = part.strip().split(":", 2);
            String value = words.length == 2 ? words[1] : "";
            budget = switch (words[0]) {
                case BY_SAMPLES -> budget;
                case "error" -> budget.error(Numbers.of(value)[0]);
                case "rounds" -> budget.rounds(Integer.parseInt(value.strip()));
                case "anytime" -> budget.anytime();
                default -> budget.evaluations(Long.parseLong(words[0]));
            };
        }
        return budget;
    }

    /** Returns the text that names it on the command line, such as {@code 2000,error:0.01}. */
    @Override
    public String toString() {
        List<String> parts = new ArrayList<>();
        if (evaluations > 0) {
            parts.add(Long.toString(evaluations));
        }
        if (hasError()) {
            parts.add("error:" + error);
        }
        if (isAnytime) {
            parts.add("anytime");
        }
        if (rounds > 0) {
            parts.add("rounds:" + rounds);
        }
        return parts.isEmpty() ? BY_SAMPLES : String.join(",", parts);
    }
}
