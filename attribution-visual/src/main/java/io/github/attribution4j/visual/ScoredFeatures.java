// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Ranking;
import io.github.attribution4j.visual.internal.Scores;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;

/**
 * The features of one example by the size of their attributions, with their values and the scores between which the
 * attributions lead.
 *
 * @param <S> the picture itself
 */
abstract class ScoredFeatures<S extends ScoredFeatures<S>> {
    final double[] attributions;
    final IntFunction<String> names;

    /** The settings of all such pictures. */
    static class Settings extends Look {
        IntFunction<String> values = Ranking.noValues();
        Scores scores = Scores.unknown();
        int top = 12;
    }

    ScoredFeatures(IntFunction<String> names, double[] attributions) {
        this.names = names;
        this.attributions = attributions;
    }

    abstract S changed(Consumer<Settings> change);

    /**
     * Returns a copy with the values of the features, shown beside their names with four digits.
     *
     * @param values one per feature; missing ones may be NaN
     * @throws IllegalArgumentException if their number differs from that of the attributions
     */
    public S values(double[] values) {
        return changed(settings -> settings.values = Ranking.texts(values, attributions.length));
    }

    /**
     * Returns a copy with the values of the features as text, for categories.
     *
     * @param values one per feature; may be empty strings
     * @throws IllegalArgumentException if their number differs from that of the attributions
     */
    public S values(String[] values) {
        return changed(settings -> settings.values = Ranking.texts(values, attributions.length));
    }

    /**
     * Returns a copy with the values of very many features: only those that are shown are made.
     *
     * @param values returns the value of a feature by its index, NaN if it has none
     */
    public S values(IntToDoubleFunction values) {
        return changed(settings -> settings.values = Ranking.texts(values));
    }

    /**
     * Returns a copy with the score of the baseline, from which the attributions start.
     *
     * @param score finite
     * @throws IllegalArgumentException if it is not finite
     */
    public S baselineScore(double score) {
        return changed(settings -> settings.scores = settings.scores.withBaseline(score));
    }

    /**
     * Returns a copy with the score that is explained.
     *
     * @param score finite
     * @throws IllegalArgumentException if it is not finite
     */
    public S score(double score) {
        return changed(settings -> settings.scores = settings.scores.withPrediction(score));
    }

    /**
     * Returns a copy with a completeness gap. It follows from the two scores if both are given.
     *
     * @param gap Σ attributions − (score − baseline score), finite
     * @throws IllegalArgumentException if it is not finite
     */
    public S completenessGap(double gap) {
        return changed(settings -> settings.scores = settings.scores.withGap(gap));
    }

    /**
     * Returns a copy that shows another number of features, the largest. The remaining ones share one bar or line; a
     * single one is shown itself.
     *
     * @param features at least 1; 12 by default
     * @throws IllegalArgumentException if it is less than 1
     */
    public S top(int features) {
        return changed(settings -> settings.top = Checks.atLeast("features", features, 1));
    }
}
