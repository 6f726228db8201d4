// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.run.Budget;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The notice about a large completeness gap: where it is, and its possible causes. */
final class CompletenessNotice {
    /** The share of the score's change above which a gap is reported. */
    private static final double LARGE = 0.05;

    /**
     * A gap below this share of the sum of all magnitudes is rounding. Without this limit, every gap would be large
     * where the score hardly changes.
     */
    private static final double ROUNDING = 1e-3;

    /** The most places that the notice names, so that it remains readable. */
    private static final int NAMED = 6;

    private CompletenessNotice() {}

    /**
     * Returns the notice, or an empty text if no example has a large gap.
     *
     * @param gap for each example
     * @param change of the score, for each example: what the attributions should sum to
     * @param attributions rows are examples
     * @param settings of the method, among them its number of steps or samples
     * @param losses of the model; called only if needed
     */
    static String of(
            double[] gap,
            double[] change,
            List<Tensor> attributions,
            Map<String, Object> settings,
            Supplier<List<String>> losses) {
        double[] sizes = sizes(gap.length, attributions);
        int worst = -1;
        int count = 0;
        for (int i = 0; i < gap.length; i++) {
            double miss = Math.abs(gap[i]);
            if (miss > LARGE * Math.abs(change[i]) && miss > ROUNDING * (sizes[i] + Math.abs(change[i]))) {
                count++;
                if (worst < 0 || miss > Math.abs(gap[worst])) {
                    worst = i;
                }
            }
        }
        if (worst < 0) {
            return "";
        }
        String share = change[worst] == 0
                ? ""
                : String.format(Locale.ROOT, ", %.0f %%", 100 * Math.abs(gap[worst] / change[worst]));
        String text = String.format(
                Locale.ROOT,
                "the attributions of example %d miss the change of its score, %.4g, by %.4g%s%s",
                worst,
                change[worst],
                gap[worst],
                share,
                count == 1 ? "" : " (more than 5 % at " + count + " of " + gap.length + " examples)");
        List<String> known = losses.get();
        return text + (known.isEmpty() ? "; no cause is known" : causes(known)) + taken(settings, known.isEmpty());
    }

    /** Adds that the number of steps or samples may be the cause, or another one. */
    private static String taken(Map<String, Object> settings, boolean onlyCause) {
        Object budget = settings.get(Budget.SETTING.name());
        if (budget != null && !budget.equals(Budget.unset())) {
            return onlyCause
                    ? ": a larger budget than " + budget + " closes a gap of the sum"
                    : "; the sum of the samples of budget " + budget + " may miss a part of it as well";
        }
        return Stream.of("steps", "samples")
                .filter(settings::containsKey)
                .findFirst()
                .map(kind -> onlyCause
                        ? ": more " + kind + " than the " + settings.get(kind) + " here close a gap of the sum"
                        : "; the sum of " + settings.get(kind) + " " + kind + " may miss a part of it as well")
                .orElse("");
    }

    /** The text after the name of an input or a layer that no gradient reaches. */
    static String unreached(List<String> known) {
        return ": its attributions are zero. The model's output may yet depend on it"
                + (known.isEmpty()
                        ? " by way of integers, rounding, comparisons, argmax or detach, where gradients end; a method"
                                + " that perturbs would see it"
                        : causes(known));
    }

    /** The text after the description of a gap, if the model reports causes. */
    static String causes(List<String> known) {
        return "; gradients are lost, or are not those of what is computed, at: "
                + known.stream().limit(NAMED).collect(Collectors.joining(", "))
                + (known.size() > NAMED ? " and " + (known.size() - NAMED) + " more places" : "")
                + "; a method that perturbs sees through them";
    }

    /** Σ |attribution| of each example. */
    private static double[] sizes(int examples, List<Tensor> attributions) {
        double[] sizes = new double[examples];
        for (Tensor attribution : attributions) {
            double[] values = attribution.toDoubleArray();
            int each = Math.max(1, values.length / examples);
            for (int i = 0; i < values.length; i++) {
                sizes[Math.min(examples - 1, i / each)] += Math.abs(values[i]);
            }
        }
        return sizes;
    }
}
