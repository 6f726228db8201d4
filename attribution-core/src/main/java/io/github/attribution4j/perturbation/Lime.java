// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.internal.numeric.Estimate;
import io.github.attribution4j.internal.numeric.Rounds;
import io.github.attribution4j.mask.CoalitionMethod;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

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
 * <p><b>{@link #budget Budget}.</b> In place of a number of samples: a number of evaluations, or the error that is good
 * enough for all coefficients together. A coalition that is drawn again counts once. Where all 2^M are paid for, each
 * counts alike, and the coefficients are those of samples without end: in their limit a ridge, whose strength does not
 * grow with the samples, is least squares.
 *
 * <p><b>Standard errors</b> come with a budget, because they take about as long as three more fits. They say how far a
 * coefficient is from that of samples without end: the root of a variance, that of a sandwich over the draws (HC3), and
 * of a squared drift, which is what the ridge still takes and what x adds by being a sample that was not drawn. For the
 * lasso the variance is that of the coefficients before they are shrunk. Where groups are drawn independently, as here,
 * shrinking brings them no further apart, so that intervals are rather too wide, most of all around 0. There are none
 * where a group is kept, or not kept, by fewer than 10 draws.
 *
 * <p>The attribution of a group stands at each of its elements. Attributions do not add up to the score.
 *
 * <p>If the baseline is a set of samples, f is the mean over all of them, and each coalition costs as many rows; see
 * {@link Coalitions}. Its weight is the mean of the rows' weights.
 *
 * <p><b>Tables.</b> With a {@link #discretizer} the baseline is a background, a set of rows, and a sample has nothing
 * of x: each group takes its values from a row of the background, drawn by the weights of the rows and for each group
 * alone. z is 1 where all of the group's values are in the bins of x, and 0 elsewhere. So the draws are from the
 * product of the groups' distributions in the background, values within a bin come from rows too, and the coefficient
 * of a group is what the score gains where x's bin is taken rather than the others.
 * {@link io.github.attribution4j.Features#condition} says the bin, such as {@code 12.5 < age ≤ 30}. A sample is one
 * forward row, without a mean over the background.
 *
 * <pre>{@code
 * Explanation why = Lime.tabular()
 *         .baseline(encoder.background(customers))       // columns, categories and names are those of a TableEncoder
 *         .mask(encoder.mask())
 *         .attribute(risk, encoder.inputs(List.of(applicant)));
 * why.features(0).top(5).forEach(feature -> System.out.println(feature.label() + " " + feature.contribution()));
 * }</pre>
 *
 * <p><b>Shapes.</b> Attributions have the inputs' shapes. Their type is the input's, or for inputs of an integer type
 * float32 (float64 if the model's output is).
 *
 * <p><b>Cost.</b> At most {@code samples} forward rows for each example, F(x) among them; equal coalitions are
 * evaluated once. The fit takes about samples · M² multiplications; M is at most 2048. With an error to reach, or a
 * deadline, every round fits again, in all up to five times as long.
 *
 * <p><b>Differences to Captum.</b> {@link #captum} has the defaults of Captum's {@code Lime}: 25 samples, lasso of
 * strength 0.01, cosine similarity of width 1. On the same samples the coefficients are the same. Without it the
 * defaults are those of the paper's code for images and texts, with 1000 samples. Captum does not include x among the
 * samples, takes one similarity over all examples of a batch, solves the lasso to a tolerance of 1e-4, and does not
 * report how well the surrogate fits. It has nothing for tables.
 *
 * <p><b>Differences to {@code lime_tabular}.</b> {@link #tabular} has the defaults of the paper's code for tables,
 * {@code LimeTabularExplainer}: 5000 samples, quartiles, ridge of strength 1, and a weight exp(−d² / (2 width²)) where
 * d² counts the groups that are not kept and the width is 0.75 √M. Bins are drawn as there. Values within a bin are
 * those of a row; there they are drawn from a normal distribution with the bin's mean and deviation, cut off at its
 * ends, and so may be values that no row has. The numbers of a one-hot column can be one group; there each is a
 * feature. All groups are fitted at once; there the ten largest are fitted again without the others. A column with two
 * values at most is not cut, missing values are a bin, and there is no sampling around x and no entropy discretizer,
 * which would need labels.
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
        static final Kind<Kernel> KIND = Kind.of(
                "published, groups:WIDTH, hamming:WIDTH, cosine:WIDTH or euclidean:WIDTH, such as groups:0.25",
                Kernel::parse);

        private static final Kernel PUBLISHED = new Kernel("published", (kept, cosine, euclidean) -> 1, false);

        private final String text;
        private final Weight weight;
        private final boolean byElements;

        private Kernel(String text, Weight weight, boolean byElements) {
            this.text = text;
            this.weight = weight;
            this.byElements = byElements;
        }

        /**
         * The kernel of the paper's code: {@code groups(0.25)}, and with a discretizer {@code hamming(0.75)}.
         */
        public static Kernel published() {
            return PUBLISHED;
        }

        /**
         * The distance between kept groups: 1 − √(kept groups / all groups), one minus the cosine between z and ones.
         * The paper's code takes it for images and texts.
         */
        public static Kernel groups(double width) {
            return exponential("groups", width, false, (kept, cosine, euclidean) -> 1 - Math.sqrt(part(kept)));
        }

        /**
         * The distance √(groups not kept / all groups), the length of the difference between z and ones, divided by √M.
         * The paper's code takes it for tables, not divided, with a width of 0.75 √M.
         */
        public static Kernel hamming(double width) {
            return exponential("hamming", width, false, (kept, cosine, euclidean) -> Math.sqrt(1 - part(kept)));
        }

        private static double part(boolean[] kept) {
            int count = 0;
            for (boolean one : kept) {
                count += one ? 1 : 0;
            }
            return (double) count / kept.length;
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
            if (text.strip().equals(PUBLISHED.text)) {
                return PUBLISHED;
            }
            double width = parts.length == 2 ? Numbers.of(parts[1])[0] : 1;
            return switch (parts[0]) {
                case "groups" -> groups(width);
                case "hamming" -> hamming(width);
                case "cosine" -> cosine(width);
                case "euclidean" -> euclidean(width);
                default ->
                    throw new IllegalArgumentException(
                            "choose published, groups:WIDTH, hamming:WIDTH, cosine:WIDTH or euclidean:WIDTH");
            };
        }

        /** Returns the kernel itself, or what is published for samples that are made of bins or not. */
        private Kernel resolved(boolean bins) {
            return this == PUBLISHED ? bins ? hamming(0.75) : groups(0.25) : this;
        }

        /** Returns whether it needs distances over elements. */
        boolean byElements() {
            return byElements;
        }

        /** Returns the weight of a sample. */
        double weight(boolean[] kept, Distances distances) {
            double given = weight.of(kept.clone(), distances.cosine(), distances.euclidean());
            if (!(given >= 0) || Double.isInfinite(given)) {
                throw new IllegalArgumentException("kernel " + text + ": it gave the weight " + given + " to a sample; "
                        + (Double.isNaN(distances.euclidean())
                                ? "a value is missing, so its distance is unknown: choose groups or hamming"
                                : "weights must be at least 0 and finite"));
            }
            return given;
        }

        /** Returns the text that names it on the command line, or its description. */
        @Override
        public String toString() {
            return text;
        }
    }

    private static final int MOST_GROUPS = 2048;
    /** Evaluations of the input and of a sample. */
    private static final int LEAST = 2;

    private static final Setting<Integer> SAMPLES = Setting.count(
                    "samples", 1000, 2, "random samples for each example, the input itself among them")
            .trial(8);
    private static final Setting<Fit> FIT =
            Setting.of("fit", Kind.choice(Fit.class), Fit.RIDGE, "how the linear surrogate is fitted");
    private static final Setting<Double> STRENGTH = Setting.of(
                    "strength", Kind.NUMBER, 1.0, "how much ridge or lasso shrink coefficients")
            .where("at least 0", strength -> strength >= 0 && Double.isFinite(strength));
    private static final Setting<Kernel> KERNEL = Setting.of(
            "kernel",
            Kernel.KIND,
            Kernel.published(),
            "how samples count, by their distance from the input; published is groups:0.25, with a discretizer"
                    + " hamming:0.75");
    private static final Setting<Discretizer> DISCRETIZER = Setting.of(
            "discretizer",
            Discretizer.KIND,
            Discretizer.none(),
            "the bins of a table's columns, which samples take from the rows of the baseline");

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
                    DISCRETIZER,
                    Budget.SETTING,
                    BASELINE,
                    LINK,
                    MASK)
            .advising(CoalitionMethod::betterWithMask);

    private Lime(Settings<Lime> settings) {
        super(settings);
    }

    /**
     * Creates the method with 1000 samples, ridge of strength 1, the published kernel, no discretizer, a baseline of
     * zeros, element by element.
     */
    public Lime() {
        this(DESCRIPTION.defaults());
    }

    /** Returns the method with the defaults of Captum 0.8: 25 samples, lasso of strength 0.01, cosine of width 1. */
    public static Lime captum() {
        return new Lime().samples(25).fit(Fit.LASSO).strength(0.01).kernel(Kernel.cosine(1));
    }

    /**
     * Returns the method with the defaults of {@code lime_tabular}: 5000 samples, ridge of strength 1, the published
     * kernel, quartiles. It needs a background as its {@link #baseline}.
     */
    public static Lime tabular() {
        return new Lime().samples(5000).discretizer(Discretizer.quartiles());
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

    /** Returns a copy in which samples count by another similarity; {@code Kernel.published()} unless set. */
    public Lime kernel(Kernel newKernel) {
        return with(KERNEL, newKernel);
    }

    /**
     * Returns a copy for tables, whose samples take the bins of other rows; {@code Discretizer.none()} unless set. The
     * {@link #baseline} is then a set of at least two rows.
     */
    public Lime discretizer(Discretizer newDiscretizer) {
        return with(DISCRETIZER, newDiscretizer);
    }

    /**
     * Returns a copy that ends by another rule than its number of samples: after a number of evaluations, of x and of a
     * sample each, when the error is small enough, or both.
     */
    public Lime budget(Budget newBudget) {
        return with(Budget.SETTING, newBudget);
    }

    @Override
    protected void check(Problems problems, int groups) {
        Budget budget = value(Budget.SETTING);
        problems.require(
                budget.most(LEAST) >= LEAST,
                "lime: budget " + budget + " does not pay for a sample and the input; give at least " + LEAST
                        + " evaluations");
        problems.require(
                groups <= MOST_GROUPS,
                "lime: the mask makes " + groups + " groups, and the fit has a matrix of " + groups + " x " + groups
                        + "; give a mask with at most " + MOST_GROUPS + " groups, or use shapley-sampling");
        problems.require(
                value(DISCRETIZER).isNone() || value(BASELINE).sampleCount() > 1,
                "discretizer " + value(DISCRETIZER) + ": samples take their values from rows of a background, and the"
                        + " baseline " + value(BASELINE).describe() + " is "
                        + (value(BASELINE).sampleCount() == 1 ? "one row" : "none")
                        + "; give Baseline.samples(...) of at least 2 rows");
    }

    @Override
    protected Outcome explain(Coalitions coalitions) {
        Budget budget = value(Budget.SETTING);
        Discretizer discretizer = value(DISCRETIZER);
        Run run = coalitions.evaluator().run();
        boolean bySamples = budget.most(0) == 0;
        // A replay of what "anytime" gave before any deadline has no budget, and must be the same.
        boolean withErrors = !budget.withoutDeadline().equals(Budget.unset()) || Rounds.areNeeded(budget, run);
        Neighbors neighbors = discretizer.isNone()
                ? new CoalitionNeighbors(coalitions, bySamples ? value(SAMPLES) - 1 : Long.MAX_VALUE)
                : new BinNeighbors(coalitions, discretizer);
        Rounds rounds = new Rounds(budget, run, 1, example -> value(SAMPLES), neighbors.samples());
        double[] scores = coalitions.scores();
        if (withErrors) {
            run.plan(rounds.planned() * (discretizer.isNone() ? coalitions.samples() : 1));
        }
        Kernel kernel = value(KERNEL).resolved(!discretizer.isNone());
        Surrogates surrogates = new Surrogates(value(FIT), value(STRENGTH), kernel, neighbors, scores, withErrors);
        List<Estimate> estimates = rounds.estimates(surrogates);
        Outcome outcome = neighbors
                .outcome(estimates.stream().map(Estimate::values).toArray(double[][]::new))
                .scores(scores)
                .measure("intercept", surrogates.each(Surrogate::intercept))
                .measure("r-squared", surrogates.each(Surrogate::rSquared));
        if (withErrors && estimates.stream().allMatch(Estimate::hasErrors)) {
            outcome = outcome.standardErrors(
                    coalitions.spread(estimates.stream().map(Estimate::errors).toArray(double[][]::new)));
        } else if (withErrors) {
            coalitions.evaluator().notice(Surrogates.WITHOUT_ERRORS);
        }
        return outcome.reached(rounds.reached(), coalitions.evaluator());
    }
}
