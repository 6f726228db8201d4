// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.Locale;
import java.util.random.RandomGenerator;

/**
 * How parameters are drawn again. Both keep their scale, so that the random network does not go silent or overflow. A
 * parameter whose elements are all equal, or that has one element, stays as it is.
 */
public enum Draw {
    /** From the normal distribution with the mean and the standard deviation of the parameter's own elements. */
    NORMAL,
    /** The parameter's own elements in a random order. */
    PERMUTATION;

    static final Kind<Draw> KIND = Kind.choice(Draw.class);

    double[] of(double[] elements, RandomGenerator random) {
        double[] drawn = new double[elements.length];
        if (this == PERMUTATION) {
            int[] order = RandomStream.permutation(random, elements.length);
            Arrays.setAll(drawn, i -> elements[order[i]]);
            return drawn;
        }
        double mean = Arrays.stream(elements).average().orElse(0);
        double squares = Arrays.stream(elements)
                .map(element -> (element - mean) * (element - mean))
                .sum();
        boolean varies = Arrays.stream(elements).anyMatch(element -> element != elements[0]);
        double deviation = Math.sqrt(squares / elements.length);
        Arrays.setAll(drawn, i -> varies ? mean + deviation * random.nextGaussian() : elements[i]);
        return drawn;
    }

    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
