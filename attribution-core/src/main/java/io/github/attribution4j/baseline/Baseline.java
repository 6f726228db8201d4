// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What "absent" means: reference values for the attributed inputs, in the space of those inputs.
 *
 * <p>A zero input is not a zero activation. A baseline of the inputs becomes one of a layer only by
 * {@link #throughHead()}. Immutable and thread-safe. A baseline does not own its tensors; they must stay open while it
 * is used.
 */
public interface Baseline {
    /** What precedes a set of samples in the text of a method that takes the mean over all of them. */
    String MEAN_OVER = "interventional mean over ";

    /** The texts that name a baseline, for help. */
    String TEXTS = "a number (or one for each input: 0,0.5), a file with the inputs' arrays, mean:FILE or samples:FILE"
            + " (rows are samples), kmeans:CLUSTERS:FILE, blur:SIGMA, uniform:LOW,HIGH, normal:MEAN,STDEV, token:ID or"
            + " token:ID:KEPT,... (a reference token), head:BASELINE (of the model's inputs, lifted to the layer)";

    /** Baselines as values of a setting, which a text names: numbers, files, {@code blur:SIGMA} and so on. */
    Kind<Baseline> KIND = BaselineText.KIND;

    /**
     * Returns reference values for evaluated rows.
     *
     * @param inputs the explained inputs
     * @param examples the example of each row
     * @param samples the number of the draw for each row; a baseline that is not random ignores it
     * @param run supplies the random numbers of (seed, example, sample); a baseline that runs a model reports its cost
     *     to it
     * @return for each attributed input, in order, a tensor of its type and row shape with as many rows as {@code
     *     examples}, or with one row that serves all; owned by the current scope, or not new at all
     */
    List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run);

    /** Returns whether draws differ: whether this is a distribution rather than one reference for each example. */
    boolean isDistribution();

    /** Returns the number of samples of a distribution that is a finite set; 0 for any other, and for one reference. */
    default long sampleCount() {
        return 0;
    }

    /**
     * Returns all samples of a distribution that is a finite set, for methods that compare with every one of them.
     *
     * @param inputs the explained inputs
     * @param run takes the cost of a baseline that runs a model
     * @return for each attributed input, in order, a tensor of its type and row shape whose axis 0 counts samples,
     *     owned by the current scope or not new at all; none if {@link #sampleCount} is 0
     */
    default List<Tensor> samples(Inputs inputs, Run run) {
        return List.of();
    }

    /** Returns a weight for each of {@link #samples}; they add up to 1. None if all have the same. */
    default double[] weights() {
        return new double[0];
    }

    /** Checks that the baseline fits inputs; adds the problems. */
    void check(Inputs inputs, Problems problems);

    /**
     * Checks, for a method that compares with one reference for each example, that this is one and fits inputs, adding
     * what is wrong.
     *
     * @param method name, for the message
     */
    default void checkSingle(String method, Inputs inputs, Problems problems) {
        problems.require(
                !isDistribution(),
                "baseline " + describe() + " is a distribution, and " + method
                        + " compares with one reference for each example; give Baseline.mean(...), or one draw with "
                        + "Baseline.of(...)");
        check(inputs, problems);
    }

    /**
     * Checks, for a method that takes the mean over all samples, that this is one reference or a finite set, and fits
     * inputs, adding what is wrong.
     *
     * @param method name, for the message
     */
    default void checkListed(String method, Inputs inputs, Problems problems) {
        problems.require(
                !isDistribution() || sampleCount() > 0,
                "baseline " + describe() + " is a distribution without a list of samples, and " + method
                        + " takes the mean over all of them; give Baseline.samples(...), or one reference with "
                        + "Baseline.of(...)");
        check(inputs, problems);
    }

    /** Returns the baseline in words, for provenance; tensors by their digest. */
    String describe();

    /**
     * Returns one reference for each example: {@link #rows} of draw 0.
     *
     * @return for each attributed input a tensor with a row for each example, or with one row for all
     */
    default List<Tensor> references(Inputs inputs, Run run) {
        int examples = Math.toIntExact(inputs.rows());
        long[] all = new long[examples];
        for (int i = 0; i < examples; i++) {
            all[i] = i;
        }
        return rows(inputs, all, new long[examples], run);
    }

    /**
     * Returns this baseline, meant for the inputs of a model, lifted to the layer at which a method is applied: the
     * activation that the head of the cut computes from it, fixed inputs as they are.
     */
    default Baseline throughHead() {
        return new LiftedBaseline(this, null);
    }

    /** Returns this baseline lifted through an explicit head; see {@link #throughHead()}. */
    default Baseline through(Model head) {
        return new LiftedBaseline(this, head);
    }

    /** Zeros ({@code false} for bool). */
    static Baseline zeros() {
        return new ConstantBaseline(new double[] {0});
    }

    /**
     * One number for every element.
     *
     * @param perInput one for all attributed inputs, or one for each
     */
    static Baseline constant(double... perInput) {
        return new ConstantBaseline(perInput);
    }

    /**
     * Given references.
     *
     * @param perInput one for each attributed input, of its row shape, with one row (for all examples) or one for each
     *     example
     */
    static Baseline of(Tensor... perInput) {
        return new TensorBaseline(List.of(perInput));
    }

    /**
     * A set of samples, the background: methods that perturb groups take the mean over all of them, and methods that
     * average over draws, such as GradientShap, draw one at random, the same row of every tensor.
     *
     * @param perInput one for each attributed input, axis 0 counts samples
     */
    static Baseline samples(Tensor... perInput) {
        return SampleBaseline.ofAll(List.of(perInput));
    }

    /**
     * A summary of a set of samples: rows that stand for clusters of it, each weighted by its cluster's part of
     * the set.
     *
     * <p>Clusters are those of k-means: squared distances of columns divided by their standard deviations, first
     * centers by k-means++ (Arthur and Vassilvitskii, 2007), steps of Lloyd's until distances settle, at most 100, the
     * best of 10 starts, whose random numbers are fixed. A cluster is represented by its row that is nearest to its
     * center: never an average, which need not be possible, such as half a category. (SHAP's {@code kmeans} does not
     * scale columns, and joins values of different rows.) Fewer rows are returned if fewer are distinct.
     *
     * @param clusters at least 1
     * @param perInput one for each attributed input, axis 0 counts samples; read now and not needed afterwards
     */
    static Baseline kMeans(int clusters, Tensor... perInput) {
        return KMeans.summary(clusters, List.of(perInput));
    }

    /**
     * The mean of a set of samples.
     *
     * @param perInput one for each attributed input, axis 0 counts samples
     */
    static Baseline mean(Tensor... perInput) {
        return new MeanBaseline(List.of(perInput));
    }

    /** Noise uniform in [low, high), drawn anew for each example and draw. */
    static Baseline uniform(double low, double high) {
        return NoiseBaseline.uniform(low, high);
    }

    /** Normal noise, drawn anew for each example and draw. */
    static Baseline normal(double mean, double standardDeviation) {
        return NoiseBaseline.normal(mean, standardDeviation);
    }

    /**
     * One reference token in the place of every token of a text; {@link Token#keeping} leaves some where they are.
     *
     * @param id of the reference token (padding, mask, any other), 0 or more
     */
    static Token token(long id) {
        return new Token(Token.checked(id), new long[0]);
    }

    /**
     * The input itself, blurred over its last two axes by a Gaussian (cut off at 3 standard deviations, edges
     * repeated).
     *
     * @param sigma standard deviation in elements, more than 0
     */
    static Baseline blurred(double sigma) {
        return new BlurBaseline(sigma);
    }

    /**
     * The text with every token replaced by a reference token (padding, mask, any other), except those that carry the
     * text's structure, which stay. It is Captum's {@code TokenReferenceBase} with kept tokens.
     *
     * <p>A baseline of token ids. Methods that replace ids use it directly; for a method at an embedding, where
     * gradients exist, it is lifted:
     *
     * <pre>{@code
     * Baseline masked = Baseline.token(103).keeping(101, 102);               // [MASK], but for [CLS] and [SEP]
     * new FeatureAblation().baseline(masked);                   // on ids
     * new IntegratedGradients().baseline(masked.throughHead());    // at the embedding
     * }</pre>
     *
     * <p>Kept tokens equal their reference, so methods that compare with the baseline give them zero. All attributed
     * inputs are taken as ids of the same vocabulary; for types or positions besides, give ids by hand with
     * {@link Baseline#of}. Immutable and thread-safe.
     */
    final class Token implements Baseline {
        private final long token;
        private final long[] kept;

        private Token(long token, long[] kept) {
            this.token = token;
            this.kept = kept;
        }

        /**
         * Returns a copy that also keeps these tokens.
         *
         * @param tokens ids, such as those of the class and separator tokens, and of padding
         */
        public Token keeping(long... tokens) {
            Arrays.stream(tokens).forEach(Token::checked);
            long[] all = Arrays.copyOf(kept, kept.length + tokens.length);
            System.arraycopy(tokens, 0, all, kept.length, tokens.length);
            return new Token(token, Arrays.stream(all).sorted().distinct().toArray());
        }

        private static long checked(long token) {
            if (token < 0) {
                throw new IllegalArgumentException("token " + token + ": ids count from 0");
            }
            return token;
        }

        /**
         * Returns the reference of ids.
         *
         * @param ids of an integer type, any shape
         * @return the same type and shape, owned by the current scope
         */
        public Tensor of(Tensor ids) {
            Tensor reference = ids.tensors().full(ids.shape(), ids.dataType(), (double) token);
            for (long one : kept) {
                reference = ids.eq((double) one).where(ids, reference);
            }
            return reference;
        }

        @Override
        public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
            List<Tensor> references = new ArrayList<>();
            for (Tensor ids : inputs.attributed()) {
                references.add(of(ids.select(0, examples)));
            }
            return references;
        }

        @Override
        public boolean isDistribution() {
            return false;
        }

        @Override
        public void check(Inputs inputs, Problems problems) {
            for (Inputs.Input input : inputs.attributedInputs()) {
                problems.require(
                        !input.tensor().dataType().isFloating(),
                        "baseline " + describe() + " is one of token ids, and input '" + input.name() + "' is "
                                + input.tensor().dataType()
                                + "; for a method at an embedding give it with throughHead()");
            }
        }

        @Override
        public String describe() {
            return "token " + token + (kept.length == 0 ? "" : " keeping " + Arrays.toString(kept));
        }

        @Override
        public String toString() {
            return describe();
        }
    }
}
