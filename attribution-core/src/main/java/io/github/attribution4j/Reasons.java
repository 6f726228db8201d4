// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.Features.Feature;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Reason codes: the features that raised and lowered a score most.
 *
 * @param target what the score is of, in words
 * @param score the score
 * @param up the features with the largest positive contributions, largest first
 * @param down the features with the most negative contributions, largest magnitude first
 * @param complete whether contributions add up to a difference of scores, so that they are amounts of the score
 */
public record Reasons(String target, double score, List<Feature> up, List<Feature> down, boolean complete) {
    /** Copies the lists. */
    public Reasons {
        up = List.copyOf(up);
        down = List.copyOf(down);
    }

    /**
     * Returns a sentence for each feature, those that raised the score first:
     * {@code income = 5200 raised the score of 'granted' by 0.42.} Where contributions are not amounts of the score,
     * such as gradients: {@code income = 5200 has attribution +0.42 for the score of 'granted'.}
     */
    public List<String> sentences() {
        List<String> sentences = new ArrayList<>();
        up.forEach(feature -> sentences.add(sentence(feature)));
        down.forEach(feature -> sentences.add(sentence(feature)));
        return sentences;
    }

    private String sentence(Feature feature) {
        double contribution = feature.contribution();
        String error = Double.isNaN(feature.standardError()) || feature.standardError() == 0
                ? ""
                : " (standard error " + number(feature.standardError()) + ")";
        String amount = number(Math.abs(contribution));
        String sign = contribution < 0 ? "-" : "+";
        return feature.label()
                + (complete
                        ? (contribution < 0 ? " lowered " : " raised ") + scored() + " by " + amount + error
                        : " has attribution " + sign + amount + error + " for " + scored())
                + ".";
    }

    private String scored() {
        if (target.equals("output")) {
            return "the output";
        }
        return target.startsWith("index ") ? "output " + target.substring("index ".length()) : "the score of " + target;
    }

    private static String number(double value) {
        return String.format(Locale.ROOT, "%.3g", value);
    }
}
