// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.concept;

import io.github.attribution4j.internal.numeric.StudentT;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * How it is tested whether a concept matters: two-sided t-tests.
 *
 * <p>Against random concepts: each of K random concepts gets the mean of a number over the others, as the concept gets
 * its mean over the K. With m and s the mean and the standard deviation of the K means, t = (mean of the concept − m) /
 * (s √(1 + 1/K)) has K − 1 degrees of freedom if the concept is one more random one. So a random concept is called
 * significant about as seldom as the level says. A relative concept has one vector, and is compared with single vectors
 * between random concepts.
 */
public enum Significance {
    /** Against random concepts, by magnitudes along vectors of length 1. */
    MAGNITUDE,
    /**
     * Against random concepts, by sign counts. Where the gradient of the score hardly depends on the input, a random
     * concept has a sign count near 0 or 1 too, and nothing is significant.
     */
    SIGN_COUNT,
    /**
     * The paper's: whether the mean of the concept's sign counts, one for each random concept that it was told from, is
     * 0.5. All these vectors share the concept's examples, so that they agree for random examples too: this test calls
     * many random concepts significant, the more of them the more random concepts there are. Relative concepts have no
     * such test.
     */
    PAPER;

    static final Kind<Significance> KIND = Kind.choice(Significance.class);

    /**
     * Returns the probability.
     *
     * @param own the concept's numbers, one for each vector
     * @param chance what random concepts have in place of their mean
     */
    double probability(double[] own, double[] chance) {
        double[] compared = this == PAPER ? own : chance;
        double center = this == PAPER ? 0.5 : ConceptScore.mean(chance);
        if (compared.length < 2) {
            return Double.NaN;
        }
        double deviation = ConceptScore.deviation(compared);
        double share = this == PAPER ? 1.0 / own.length : 1 + 1.0 / chance.length;
        double distance = Math.abs(ConceptScore.mean(own) - center);
        return distance == 0 ? 1 : StudentT.probability(distance / (deviation * Math.sqrt(share)), compared.length - 1);
    }

    /** Returns probabilities adjusted by Holm: some of them are below a level by chance in that share of results. */
    static double[] adjusted(double... probabilities) {
        int[] order = IntStream.range(0, probabilities.length)
                .filter(i -> !Double.isNaN(probabilities[i]))
                .boxed()
                .sorted(Comparator.comparingDouble(i -> probabilities[i]))
                .mapToInt(i -> i)
                .toArray();
        double[] adjusted = new double[probabilities.length];
        Arrays.fill(adjusted, Double.NaN);
        double largest = 0;
        for (int place = 0; place < order.length; place++) {
            largest = Math.max(largest, Math.min(1, (order.length - place) * probabilities[order[place]]));
            adjusted[order[place]] = largest;
        }
        return adjusted;
    }

    /** Returns what is compared of a vector, from its directional derivatives for each unit of length. */
    double number(double... derivatives) {
        return this == MAGNITUDE ? ConceptScore.mean(derivatives) : ConceptScore.positive(derivatives);
    }

    /** Returns the name in lower case with hyphens. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
