// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.stream.IntStream;

/** The points of a {@link PerturbationCurve}: how many of an example's groups are changed at each. Immutable. */
public final class Points {
    static final Kind<Points> KIND =
            Kind.of("each, a number of steps such as 50, or shares: 0.01,0.05,0.1", Points::parse);

    private final int steps;
    private final double[] shares;

    private Points(int steps, double... shares) {
        this.steps = steps;
        this.shares = shares;
    }

    /** Returns a point for every group, and one for none. */
    public static Points each() {
        return new Points(0);
    }

    /** Returns points at equal distances, from none to all groups. */
    public static Points steps(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("points " + count + ": must be at least 1 step");
        }
        return new Points(count);
    }

    /**
     * Returns points at given shares of the groups, and one for none.
     *
     * @param ascending above 0, at most 1; a share of a group is rounded to the next, at least one group
     */
    public static Points shares(double... ascending) {
        double before = 0;
        for (double share : ascending) {
            if (!(share > before && share <= 1)) {
                throw new IllegalArgumentException(
                        "points " + Numbers.listed(ascending) + ": shares must ascend, above 0 and at most 1");
            }
            before = share;
        }
        if (ascending.length == 0) {
            throw new IllegalArgumentException("points: no shares given; give at least one");
        }
        return new Points(0, ascending.clone());
    }

    private static Points parse(String text) {
        if (text.strip().equals("each")) {
            return each();
        }
        return text.contains(".") || text.contains(",") || text.contains("[")
                ? shares(Numbers.of(text))
                : steps(Integer.parseInt(text.strip()));
    }

    /** Returns how many of the groups are changed at each point, ascending from 0; equal points are one. */
    int[] of(int groups) {
        IntStream counts = shares.length > 0
                ? IntStream.concat(
                        IntStream.of(0),
                        Arrays.stream(shares).mapToInt(share -> Math.max(1, (int) Math.rint(share * groups))))
                : IntStream.rangeClosed(0, parts(groups)).map(step -> (int) ((long) step * groups / parts(groups)));
        return counts.distinct().toArray();
    }

    private int parts(int groups) {
        return steps == 0 ? groups : Math.min(steps, groups);
    }

    @Override
    public String toString() {
        return shares.length > 0 ? Arrays.toString(shares) : steps == 0 ? "each" : Integer.toString(steps);
    }
}
