// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.status.Experimental;
import java.util.List;

/** The training rows of most influence on each explained example. Immutable; holds no tensors. */
@Experimental
public final class Ranking {
    /**
     * A training row.
     *
     * @param row its number, from 0
     * @param score its influence
     */
    public record Ranked(long row, double score) {}

    private final List<TopRows> tops;
    private final Report report;

    Ranking(List<TopRows> tops, Report report) {
        this.tops = tops;
        this.report = report;
    }

    /** Returns the number of explained examples. */
    public int examples() {
        return tops.size();
    }

    /** Returns the rows of the highest influence on an example, highest first; equal ones by their number. */
    public List<Ranked> proponents(int example) {
        return tops.get(example).highest();
    }

    /** Returns the rows of the lowest influence on an example, lowest first; equal ones by their number. */
    public List<Ranked> opponents(int example) {
        return tops.get(example).lowest();
    }

    /** Returns where the influences come from. */
    public Report report() {
        return report;
    }

    /** Returns for each example its first proponent and opponent. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("Ranking[");
        for (int example = 0; example < examples(); example++) {
            text.append(example == 0 ? "" : "; ").append(example).append(": ");
            text.append(proponents(example).get(0))
                    .append(" to ")
                    .append(opponents(example).get(0));
        }
        return text.append(']').toString();
    }
}
