// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.random.RandomGenerator;

/**
 * LIME: the coefficients of a linear model that is fitted to the score around x.
 *
 * <p>Each sample keeps every group with probability 1/2 and replaces the others by the baseline. With z = 1 for a group
 * that is kept and 0 for one that is not, the surrogate c + β · z is fitted to the scores f of the samples, which count
 * by their similarity to x:
 *
 * <pre>
 * attribution = β of   min over c, β of  Σ w (f − c − β · z)² + penalty(β)
 * </pre>
 *
 * <p>x itself is the first sample. The fit is one of
 *
 * <ul>
 *   <li>{@link Fit#RIDGE}: penalty strength · |β|²,
 *   <li>{@link Fit#LASSO}: penalty 2 Σw · strength · Σ|β|, by coordinate descent to full precision,
 *   <li>{@link Fit#LEAST_SQUARES}: none; where samples do not determine β, the one of least norm.
 * </ul>
 *
 * <p>{@link io.github.attribution4j.Explanation#measures} holds {@code intercept}, c, and {@code r-squared}, the part
 * of the weighted variance of the scores that the surrogate explains. Where that is small, the score is not linear
 * around x and the attributions tell little.
 *
 * <p>The attribution of a group stands at each of its elements. Attributions do not add up to the score.
 *
 * <p>If the baseline is a set of samples, f is the mean over all of them, and each coalition costs as many rows; see
 * {@link Coalitions}. Its weight is the mean of the rows' weights.
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> At most {@code samples} forward rows for each example, F(x) among them; equal samples are evaluated
 * once. The fit takes about samples · M² multiplications; M is at most 2048.
 *
 * <p><b>Differences to Captum.</b> {@link #captum} has the defaults of Captum's {@code Lime}: 25 samples, lasso of
 * strength 0.01, cosine similarity of width 1. On the same samples the coefficients are the same. Without it the
 * defaults are those of the paper's code for images and texts, with 1000 samples. Captum does not include x among the
 * samples, takes one similarity over all examples of a batch, solves the lasso to a tolerance of 1e-4, and does not
 * report how well the surrogate fits.
 *
 * <p>Ribeiro, Singh and Guestrin, "Why Should I Trust You? Explaining the Predictions of Any Classifier", 2016.
 */
public final class Lime extends CoalitionMethod<Lime> {
    /** How the surrogate is fitted. */
    public enum Fit {
        /** Least squares with a penalty on squared coefficients. */
        RIDGE,
        /** Least squares with a penalty on absolute coefficients, which makes some of them 0. */
        LASSO,
        /** Least squares. */
        LEAST_SQUARES;

        @Override
        public String toString() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }

    /** Says how much a sample counts. */
    @FunctionalInterface
    public interface Weight {
        /**
         * Returns the weight of a sample.
         *
         * @param kept for each group whether the sample keeps it
         * @param cosine 1 − the cosine of the angle between x and the sample, over all attributed inputs
         * @param euclidean the length of the difference between x and the sample, over all attributed inputs
         * @return at least 0
         */
        double of(boolean[] kept, double cosine, double euclidean);
    }

    /**
     * How similar samples are to x: exp(−d² / (2 width²)) of a distance d, or any other function. Immutable.
     */
    public static final class Kernel {
        /** Kernels as values of a setting. */
        static final Kind<Kernel> KIND =
                Kind.of("groups:WIDTH, cosine:WIDTH or euclidean:WIDTH, such as groups:0.25", Kernel::parse);

        private final String text;
        private final Weight weight;
        private final boolean byElements;

        private Kernel(String text, Weight weight, boolean byElements) {
            this.text = text;
            this.weight = weight;
            this.byElements = byElements;
        }

        /**
         * The distance between kept groups: 1 − √(kept groups / all groups), one minus the cosine between z and ones.
         * The paper's code takes it for images and texts.
         */
        public static Kernel groups(double width) {
            return exponential("groups", width, false, (kept, cosine, euclidean) -> {
                int count = 0;
                for (boolean one : kept) {
                    count += one ? 1 : 0;
                }
                return 1 - Math.sqrt((double) count / kept.length);
            });
        }

        /** The distance 1 − cos(x, sample), over the elements of all attributed inputs. */
        public static Kernel cosine(double width) {
            return exponential("cosine", width, true, (kept, cosine, euclidean) -> cosine);
        }

        /** The distance |x − sample|, over the elements of all attributed inputs. */
        public static Kernel euclidean(double width) {
            return exponential("euclidean", width, true, (kept, cosine, euclidean) -> euclidean);
        }

        /**
         * A similarity of the user's own. A provenance holds its description only, so {@code Methods.of} cannot make
         * the method again.
         *
         * @param description for the provenance
         * @param weight must give the same for the same sample
         */
        public static Kernel of(String description, Weight weight) {
            return new Kernel(description, Objects.requireNonNull(weight, "weight"), true);
        }

        private static Kernel exponential(String name, double width, boolean byElements, Weight distance) {
            if (!(width > 0) || Double.isInfinite(width)) {
                throw new IllegalArgumentException(
                        "kernel " + name + ": width " + width + " must be more than 0; it is in units of the distance");
            }
            return new Kernel(
                    name + ":" + width,
                    (kept, cosine, euclidean) -> {
                        double d = distance.of(kept, cosine, euclidean);
                        return Math.exp(-d * d / (2 * width * width));
                    },
                    byElements);
        }

        private static Kernel parse(String text) {
            String[] parts = text.strip().split(":", 2);
            double width = parts.length == 2 ? Numbers.of(parts[1])[0] : 1;
            return switch (parts[0]) {
                case "groups" -> groups(width);
                case "cosine" -> cosine(width);
                case "euclidean" -> euclidean(width);
                default -> throw new IllegalArgumentException("choose groups:WIDTH, cosine:WIDTH or euclidean:WIDTH");
            };
        }

        /** Returns the text that names it on the command line, or its description. */
        @Override
        public String toString() {
            return text;
        }
    }

    private static final int MOST_GROUPS = 2048;
    private static final long PURPOSE = 0x11E;

    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 1000, 2, "random coalitions for each example, the input itself among them")
            .trial(8);
    private static final Setting<Fit> FIT =
            Setting.of("fit", Kind.choice(Fit.class), Fit.RIDGE, "how the linear surrogate is fitted");
    private static final Setting<Double> STRENGTH = Setting.of(
                    "strength", Kind.NUMBER, 1.0, "how much ridge or lasso shrink coefficients")
            .where("at least 0", strength -> strength >= 0 && Double.isFinite(strength));
    private static final Setting<Kernel> KERNEL = Setting.of(
            "kernel", Kernel.KIND, Kernel.groups(0.25), "how samples count, by their distance from the input");

    /** What the method says of itself. */
    public static final Description<Lime> DESCRIPTION = Description.<Lime>of(
                    "lime",
                    Need.FORWARD,
                    "coefficients of a linear model fitted to the score around the input",
                    Lime::new,
                    SAMPLES,
                    FIT,
                    STRENGTH,
                    KERNEL,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(CoalitionMethod::betterWithMask);

    private Lime(Settings<Lime> settings) {
        super(settings);
    }

    /**
     * Creates the method with 1000 samples, ridge of strength 1, the kernel {@code groups} of width 0.25, a baseline of
     * zeros, element by element.
     */
    public Lime() {
        this(DESCRIPTION.defaults());
    }

    /** Returns the method with the defaults of Captum 0.8: 25 samples, lasso of strength 0.01, cosine of width 1. */
    public static Lime captum() {
        return new Lime().samples(25).fit(Fit.LASSO).strength(0.01).kernel(Kernel.cosine(1));
    }

    /** Returns a copy that takes this many samples for each example, x among them, at least 2; 1000 unless set. */
    public Lime samples(int newSamples) {
        return with(SAMPLES, newSamples);
    }

    /** Returns a copy that fits the surrogate in another way; ridge unless set. */
    public Lime fit(Fit newFit) {
        return with(FIT, newFit);
    }

    /** Returns a copy that shrinks coefficients by this much, at least 0; 1 unless set. */
    public Lime strength(double newStrength) {
        return with(STRENGTH, newStrength);
    }

    /** Returns a copy in which samples count by another similarity; {@code Kernel.groups(0.25)} unless set. */
    public Lime kernel(Kernel newKernel) {
        return with(KERNEL, newKernel);
    }

    @Override
    protected void check(Problems problems, int groups) {
        problems.require(
                groups <= MOST_GROUPS,
                "lime: the mask makes " + groups + " groups, and the fit has a matrix of " + groups + " x " + groups
                        + "; give a mask with at most " + MOST_GROUPS + " groups, or use shapley-sampling");
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Run run = coalitions.evaluator().run();
        double[] scores = coalitions.scores();
        RandomCoalitions[] drawn = new RandomCoalitions[scores.length];
        for (int example = 0; example < drawn.length; example++) {
            RandomGenerator random = run.random(PURPOSE, run.exampleKey(example));
            drawn[example] = new RandomCoalitions(coalitions.groups(example), value(SAMPLES) - 1, random);
        }
        double[][] evaluated = coalitions.scores(
                example -> drawn[example].count(), (example, row, kept) -> drawn[example].fill(row, kept));
        double[][] values = new double[scores.length][];
        double[] intercepts = new double[scores.length];
        double[] fits = new double[scores.length];
        for (int example = 0; example < drawn.length; example++) {
            Surrogate surrogate = fit(coalitions, example, drawn[example], evaluated[example], scores[example]);
            values[example] = surrogate.coefficients();
            intercepts[example] = surrogate.intercept();
            fits[example] = surrogate.rSquared();
        }
        return coalitions
                .outcome(values)
                .scores(scores)
                .measure("intercept", intercepts)
                .measure("r-squared", fits);
    }

    private Surrogate fit(
            Coalitions coalitions, int example, RandomCoalitions drawn, double[] evaluated, double score) {
        int groups = coalitions.groups(example);
        int rows = drawn.count() + 1;
        boolean[][] kept = new boolean[rows][groups];
        double[] responses = new double[rows];
        double[] weights = new double[rows];
        Arrays.fill(kept[0], true);
        responses[0] = score;
        weights[0] = 1 + drawn.full();
        for (int row = 1; row < rows; row++) {
            drawn.fill(row - 1, kept[row]);
            responses[row] = evaluated[row - 1];
            weights[row] = drawn.times(row - 1);
        }
        similar(coalitions, example, kept, weights);
        return Surrogate.fit(value(FIT), value(STRENGTH), kept, weights, responses);
    }

    /** Multiplies weights by the similarity of their samples to x. */
    private void similar(Coalitions coalitions, int example, boolean[][] kept, double[] weights) {
        Kernel kernel = value(KERNEL);
        int samples = kernel.byElements ? coalitions.samples() : 1;
        double[] similarity = new double[kept.length];
        double[][] products = kernel.byElements ? coalitions.products(example) : new double[0][];
        for (int sample = 0; sample < samples; sample++) {
            for (int row = 0; row < kept.length; row++) {
                Distances distances = Distances.of(kept[row], products, sample);
                double weight = kernel.weight.of(kept[row].clone(), distances.cosine(), distances.euclidean());
                if (!(weight >= 0) || Double.isInfinite(weight)) {
                    throw new IllegalArgumentException("kernel " + kernel + ": it gave the weight " + weight
                            + " to a sample; weights must be at least 0 and finite");
                }
                similarity[row] += weight * (kernel.byElements ? coalitions.weight(sample) : 1);
            }
        }
        for (int row = 0; row < kept.length; row++) {
            weights[row] *= similarity[row];
        }
    }

    /** Coalitions that keep each group with probability 1/2, each distinct one once, with how often it was drawn. */
    private static final class RandomCoalitions {
        private final List<BitSet> distinct;
        private final List<Integer> times;
        private final int full;

        /**
         * Draws coalitions, group after group.
         *
         * @param groups M
         * @param samples how many
         */
        RandomCoalitions(int groups, int samples, RandomGenerator random) {
            Map<BitSet, Integer> drawn = new LinkedHashMap<>();
            for (int i = 0; i < samples; i++) {
                BitSet coalition = new BitSet(groups);
                for (int group = 0; group < groups; group++) {
                    coalition.set(group, random.nextDouble() < 0.5);
                }
                drawn.merge(coalition, 1, Integer::sum);
            }
            BitSet all = new BitSet(groups);
            all.set(0, groups);
            Integer whole = drawn.remove(all);
            full = whole == null ? 0 : whole;
            distinct = new ArrayList<>(drawn.keySet());
            times = new ArrayList<>(drawn.values());
        }

        /** Returns how many distinct coalitions there are, without that of all groups. */
        int count() {
            return distinct.size();
        }

        /** Fills in a coalition; {@code kept} is {@code false} everywhere before. */
        void fill(int coalition, boolean[] kept) {
            distinct.get(coalition).stream().forEach(group -> kept[group] = true);
        }

        /** Returns how often a coalition was drawn. */
        int times(int coalition) {
            return times.get(coalition);
        }

        /** Returns how often the coalition of all groups was drawn. */
        int full() {
            return full;
        }
    }

    /** Distances of a sample from x. */
    private record Distances(double cosine, double euclidean) {
        /** {@code products}: see {@link Coalitions#products}; none where no distance is needed. */
        static Distances of(boolean[] kept, double[][] products, int sample) {
            if (products.length == 0) {
                return new Distances(0, 0);
            }
            double xx = 0;
            double xs = 0;
            double ss = 0;
            double difference = 0;
            for (int group = 0; group < kept.length; group++) {
                double own = products[0][group];
                double mixed = products[1 + 2 * sample][group];
                double other = products[2 + 2 * sample][group];
                xx += own;
                xs += kept[group] ? own : mixed;
                ss += kept[group] ? own : other;
                difference += kept[group] ? 0 : own - 2 * mixed + other;
            }
            double lengths = Math.sqrt(xx) * Math.sqrt(ss);
            // A sample of zeros has no direction: its cosine counts as 0.
            return new Distances(lengths == 0 ? 1 : 1 - xs / lengths, Math.sqrt(Math.max(0, difference)));
        }
    }
}
