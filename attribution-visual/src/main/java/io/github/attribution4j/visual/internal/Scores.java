// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.util.OptionalDouble;

/** What the attributions should add up to: the score at the baseline, at the input, and the completeness gap. */
public record Scores(OptionalDouble baseline, OptionalDouble prediction, OptionalDouble gap) {

    public static Scores unknown() {
        return new Scores(OptionalDouble.empty(), OptionalDouble.empty(), OptionalDouble.empty());
    }

    public Scores withBaseline(double score) {
        return new Scores(OptionalDouble.of(Checks.finite("baselineScore", score)), prediction, gap);
    }

    public Scores withPrediction(double score) {
        return new Scores(baseline, OptionalDouble.of(Checks.finite("score", score)), gap);
    }

    public Scores withGap(double value) {
        return new Scores(baseline, prediction, OptionalDouble.of(Checks.finite("completenessGap", value)));
    }

    /** Returns the gap as given, or from the two scores: the sum of the attributions minus what it should be. */
    public OptionalDouble gap(double total) {
        if (gap.isPresent() || baseline.isEmpty() || prediction.isEmpty()) {
            return gap;
        }
        return OptionalDouble.of(total - (prediction.getAsDouble() - baseline.getAsDouble()));
    }

    /** Returns one line from which a reader can check the sum. ASCII only. */
    public String line(double total) {
        StringBuilder out = new StringBuilder();
        if (baseline.isPresent()) {
            out.append("baseline score ")
                    .append(Numbers.score(baseline.getAsDouble()))
                    .append(" + sum of attributions ")
                    .append(Numbers.score(total))
                    .append(" = ")
                    .append(Numbers.score(baseline.getAsDouble() + total));
        } else {
            out.append("sum of attributions ").append(Numbers.score(total));
        }
        prediction.ifPresent(p -> out.append("; score ").append(Numbers.score(p)));
        gap(total).ifPresent(g -> out.append("; completeness gap ").append(Numbers.plain(g)));
        return out.toString();
    }

    /** Returns the same line for a picture. */
    public String typographicLine(double total) {
        return line(total).replaceAll("(?<![0-9eE])-(?=[ 0-9])", String.valueOf(Numbers.MINUS));
    }
}
