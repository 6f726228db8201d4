// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.localization;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.numeric.Correlation;
import io.github.attribution4j.metric.ElementScores;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Whether an explanation points where it should: into a {@link Region} that is given for each example.
 *
 * <p>With a the attributions of the region's positions, each summed over its elements, a⁺ = max(a, 0), and G the
 * positions inside, the score of an example is
 *
 * <ul>
 *   <li>{@link #pointingGame}: 1 if the largest attribution lies in G, else 0;
 *   <li>{@link #attributionLocalization}: Σ_{G} a⁺ / Σ a⁺; {@link #weighted}, times all positions / those of G;
 *   <li>{@link #topIntersection}: the part of G among the k largest attributions, 1000 or all unless set;
 *   <li>{@link #relevanceRank}: the same with k = |G|;
 *   <li>{@link #relevanceMass}: Σ_{G} |a| / Σ |a|;
 *   <li>{@link #auc}: the area under the ROC curve of a as a classifier of G: the chance that a position of G has a
 *       larger attribution than one outside;
 *   <li>{@link #focus}: Σ_{G} a⁺ / Σ a⁺ on a mosaic of images, G the images of the class that is explained.
 * </ul>
 *
 * <p>{@link #counted} says whether negative attributions count by their magnitude. Higher is better. Positions whose
 * attributions are equal share their places, as the mean over all orders. Where nothing counts because all is 0, a
 * quotient is 0, and a notice says so.
 *
 * <p><b>When it misleads.</b> The region is where a person looks. A model that decides by the background is explained
 * well by attributions outside, and gets a low score. A large region is easily hit: compare with random attributions.
 *
 * <p><b>Cost.</b> No rows, but those that decide an {@code argmax}.
 *
 * <p><b>Papers.</b> Zhang, Bargal, Lin, Brandt, Shen and Sclaroff, <i>Top-Down Neural Attention by Excitation
 * Backprop</i>, 2018 (pointing game); Kohlbrenner, Bauer, Nakajima, Binder, Samek and Lapuschkin, <i>Towards Best
 * Practice in Explaining Neural Network Decisions with LRP</i>, 2020 (attribution localization); Theiner,
 * Müller-Budack and Ewerth, <i>Interpretable Semantic Photo Geolocation</i>, 2022 (intersection of the largest); Arras,
 * Osman and Samek, <i>CLEVR-XAI</i>, 2022 (relevance rank and mass accuracy); Fawcett, <i>An introduction to ROC
 * analysis</i>, 2006 (AUC); Arias-Duart, Parés, Garcia-Gasulla and Giménez-Ábalos, <i>Focus! Rating XAI Methods and
 * Finding Biases</i>, 2022 (focus).
 */
public final class Localization extends DescribedRecipe<Localization> implements Metric {
    /** How negative attributions count. */
    public enum Counted {
        /** As the least, or not at all. */
        POSITIVE,
        /** By their magnitude. */
        ABSOLUTE;

        private static final Kind<Counted> KIND = Kind.choice(Counted.class);

        /** Returns {@code positive} or {@code absolute}. */
        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private static final Setting<Region> REGION =
            Setting.required("region", Region.KIND, "where an explanation should point in each example");
    private static final Setting<Counted> COUNTED = Setting.of(
            "counted", Counted.KIND, Counted.POSITIVE, "whether negative attributions count by their magnitude");
    private static final Setting<Counted> MAGNITUDES = Setting.of(
            "counted", Counted.KIND, Counted.ABSOLUTE, "whether negative attributions count by their magnitude");
    private static final Setting<Boolean> WEIGHTED =
            Setting.of("weighted", Kind.FLAG, false, "whether the share is divided by that of the region's size");
    private static final Setting<Integer> TOP = Setting.count("top", 1000, 1, "how many of the largest attributions");

    @SuppressWarnings("ImmutableEnumChecker") // A description is immutable.
    private enum Variation {
        POINTING("pointing-game", "whether the largest attribution lies inside", COUNTED),
        LOCALIZATION("attribution-localization", "share of the positive attributions inside", COUNTED, WEIGHTED),
        TOP_K("top-k-intersection", "share of the largest attributions that lies inside", COUNTED, TOP),
        RANK("relevance-rank-accuracy", "share of as many of the largest as lie inside", COUNTED),
        MASS("relevance-mass-accuracy", "share of the attributions inside", MAGNITUDES),
        AUC("localization-auc", "chance that one inside has more than one outside", COUNTED),
        FOCUS("focus", "share of the positive attributions on the right images of a mosaic", COUNTED);

        private final Description<Localization> description;
        private final Setting<Counted> counted;

        Variation(String name, String claim, Setting<Counted> counted, Setting<?>... more) {
            this.counted = counted;
            Setting<?>[] all = new Setting<?>[more.length + 2];
            all[0] = REGION;
            all[1] = counted;
            System.arraycopy(more, 0, all, 2, more.length);
            description = Description.of(
                    name, Need.FORWARD, claim + "; higher is better", given -> new Localization(this, given), all);
        }
    }

    private final Variation variation;

    private Localization(Variation variation, Settings<Localization> settings) {
        super(settings);
        this.variation = variation;
    }

    private static Localization of(Variation variation, Region region) {
        return variation.description.defaults().with(REGION, region).method();
    }

    /** Returns the descriptions of all. */
    public static List<Description<Localization>> descriptions() {
        return Arrays.stream(Variation.values())
                .map(variation -> variation.description)
                .toList();
    }

    /** Returns whether the largest attribution lies inside. */
    public static Localization pointingGame(Region region) {
        return of(Variation.POINTING, region);
    }

    /** Returns the share of the positive attributions inside. */
    public static Localization attributionLocalization(Region region) {
        return of(Variation.LOCALIZATION, region);
    }

    /** Returns the share of the largest attributions that lies inside. */
    public static Localization topIntersection(Region region, int top) {
        return of(Variation.TOP_K, region).with(TOP, top);
    }

    /** Returns the share of as many of the largest attributions as the region has positions. */
    public static Localization relevanceRank(Region region) {
        return of(Variation.RANK, region);
    }

    /** Returns the share of the attributions inside, by magnitude. */
    public static Localization relevanceMass(Region region) {
        return of(Variation.MASS, region);
    }

    /** Returns the area under the ROC curve; there must be positions inside and outside. */
    public static Localization auc(Region region) {
        return of(Variation.AUC, region);
    }

    /** Returns the share of the positive attributions on the right images of a mosaic. */
    public static Localization focus(Region region) {
        return of(Variation.FOCUS, region);
    }

    /** Returns a copy for another region. */
    public Localization region(Region region) {
        return with(REGION, region);
    }

    /** Returns a copy in which negative attributions count by their magnitude, or not. */
    public Localization counted(Counted counted) {
        return with(variation.counted, counted);
    }

    /** Returns a copy that divides by the region's share of the positions, or not; attribution localization only. */
    public Localization weighted(boolean weighted) {
        return with(WEIGHTED, weighted);
    }

    @Override
    public boolean higherIsBetter() {
        return true;
    }

    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Problems problems = new Problems();
            ElementScores.check(explanation, inputs, problems);
            problems.collect(() -> value(REGION).check(inputs, problems));
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run, problems);
            double[] judged = new double[evaluator.examples()];
            for (int example = 0; example < judged.length; example++) {
                Inputs there = evaluator.inputs();
                double[] values = value(REGION).pooled(ElementScores.of(explanation, there, example), there);
                boolean[] inside = value(REGION).inside(there, example);
                judged[example] = score(values, inside, evaluator);
            }
            return Judgement.of(evaluator, this, judged, List.of(), explanation.provenance());
        }
    }

    private double score(double[] attributions, boolean[] inside, Evaluator evaluator) {
        boolean absolute = value(variation.counted) == Counted.ABSOLUTE;
        double[] values = absolute ? Arrays.stream(attributions).map(Math::abs).toArray() : attributions;
        int positions = 0;
        for (boolean one : inside) {
            positions += one ? 1 : 0;
        }
        return switch (variation) {
            case POINTING -> top(values, inside, 1);
            case TOP_K -> {
                if (value(TOP) >= values.length) {
                    evaluator.notice("top " + value(TOP) + ": there are " + values.length
                            + " positions, so that all count whatever the explanation says; choose fewer");
                }
                yield top(values, inside, Math.min(value(TOP), values.length));
            }
            case RANK -> top(values, inside, positions);
            case AUC -> area(values, inside, positions, evaluator);
            case LOCALIZATION -> {
                double part = (double) positions / values.length;
                yield share(values, inside, evaluator) / (value(WEIGHTED) ? part : 1);
            }
            case MASS, FOCUS -> share(values, inside, evaluator);
        };
    }

    /** Returns the share of the k largest values that lies inside, as the mean over all orders of equal ones. */
    private static double top(double[] values, boolean[] inside, int k) {
        double[] ascending = values.clone();
        Arrays.sort(ascending);
        double last = ascending[ascending.length - k];
        double above = 0;
        double aboveInside = 0;
        double equal = 0;
        double equalInside = 0;
        for (int i = 0; i < values.length; i++) {
            if (values[i] > last) {
                above++;
                aboveInside += inside[i] ? 1 : 0;
            } else if (values[i] == last) {
                equal++;
                equalInside += inside[i] ? 1 : 0;
            }
        }
        return (aboveInside + (k - above) * equalInside / equal) / k;
    }

    private static double share(double[] values, boolean[] inside, Evaluator evaluator) {
        double all = 0;
        double own = 0;
        for (int i = 0; i < values.length; i++) {
            double counted = Math.max(values[i], 0);
            all += counted;
            own += inside[i] ? counted : 0;
        }
        if (all == 0) {
            evaluator.notice("attributions: none counts in some examples, whose scores are 0");
            return 0;
        }
        return own / all;
    }

    private static double area(double[] values, boolean[] inside, int positions, Evaluator evaluator) {
        double outside = values.length - positions;
        if (outside == 0) {
            evaluator.notice("region: covers some examples, whose scores are 0.5");
            return 0.5;
        }
        double[] ranks = Correlation.ranks(values);
        double sum = 0;
        for (int i = 0; i < ranks.length; i++) {
            sum += inside[i] ? ranks[i] : 0;
        }
        return (sum - positions * (positions - 1.0) / 2) / positions / outside;
    }
}
