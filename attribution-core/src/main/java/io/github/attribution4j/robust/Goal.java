// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an attack wants of a model's output: a score that it raises or lowers, and when it has succeeded. Immutable.
 *
 * <pre>{@code
 * Goal.away(3, 5)                  // the right classes of two examples; any other class is a success
 * Goal.towards(7)                  // class 7
 * Goal.change()                    // away from what the model decides now
 * Goal.away(1).by(Loss.margin())   // with a loss whose gradients stay large where the model is sure
 * Goal.raise(Target.index(2)).reachedAt(0.9)
 * }</pre>
 *
 * <p>For classes the score is a {@link Loss}, cross-entropy of logits unless set: an attack away from labels raises
 * it, an attack towards classes lowers it. A model that returns one number for each row has the classes 0 and 1; see
 * {@link Loss#decision}.
 */
@Experimental
public final class Goal {
    /** Decides whether an output is what an attack wants. */
    @FunctionalInterface
    public interface Reached {
        /**
         * Returns whether it is.
         *
         * @param example number of the example in the request
         * @param output its row of the model's output, row-major
         */
        boolean at(int example, double[] output);
    }

    private enum Aim {
        AWAY,
        TOWARDS,
        CHANGE,
        RAISE,
        LOWER
    }

    /** When an attack has succeeded, if not by class or by any gain: by a test of the output, or at a score. */
    private record Success(String words, @Nullable Reached test, double score) {
        private static final Success USUAL = new Success("", null, Double.NaN);
    }

    private final Aim aim;
    private final long[] classes;
    private final Target score;
    private final Loss loss;
    private final Success success;
    private final long @Nullable [] sources;

    private Goal(Aim aim, long[] classes, Target score, Loss loss, Success success, long @Nullable [] sources) {
        this.aim = aim;
        this.classes = classes;
        this.score = score;
        this.loss = loss;
        this.success = success;
        this.sources = sources;
    }

    private static Goal ofClasses(Aim aim, long[] classes) {
        if (classes.length == 0) {
            throw new IllegalArgumentException("goal: no classes given; give one for all examples, or one for each");
        }
        return new Goal(aim, classes.clone(), Target.output(), Loss.crossEntropy(), Success.USUAL, null);
    }

    /**
     * Wants any class but these.
     *
     * @param labels the right classes: one for all examples, or one for each
     */
    public static Goal away(long... labels) {
        return ofClasses(Aim.AWAY, labels);
    }

    /**
     * Wants these classes: a targeted attack.
     *
     * @param wanted one for all examples, or one for each
     */
    public static Goal towards(long... wanted) {
        return ofClasses(Aim.TOWARDS, wanted);
    }

    /** Wants any class but the one that the model decides for at the unchanged input. */
    public static Goal change() {
        return new Goal(Aim.CHANGE, new long[0], Target.output(), Loss.crossEntropy(), Success.USUAL, null);
    }

    /** Wants a larger score; any gain is a success unless {@link #reachedAt} or {@link #reachedWhen} says more. */
    public static Goal raise(Target score) {
        return new Goal(Aim.RAISE, new long[0], score, Loss.crossEntropy(), Success.USUAL, null);
    }

    /** Wants a smaller score; any loss is a success unless {@link #reachedAt} or {@link #reachedWhen} says more. */
    public static Goal lower(Target score) {
        return new Goal(Aim.LOWER, new long[0], score, Loss.crossEntropy(), Success.USUAL, null);
    }

    /**
     * Returns a copy that measures the way to the goal by another loss, which also tells what the model's outputs are:
     * {@link Loss#crossEntropy} and {@link Loss#margin} take logits, {@link Loss#logLoss} probabilities.
     *
     * @throws IllegalArgumentException for a goal that has a score
     */
    public Goal by(Loss newLoss) {
        if (aim == Aim.RAISE || aim == Aim.LOWER) {
            throw new IllegalArgumentException("goal: loss " + newLoss + " is not used, since the goal has the score "
                    + score.describe() + "; give Target.loss(...) as score");
        }
        return new Goal(aim, classes, score, newLoss, success, sources);
    }

    /**
     * Returns a copy that is reached where the score is at least this, or at most this for one that is lowered: the
     * loss of classes, or the score given.
     */
    public Goal reachedAt(double least) {
        String words = (rises() ? "score at least " : "score at most ") + least;
        return new Goal(aim, classes, score, loss, new Success(words, null, least), sources);
    }

    /**
     * Returns a copy that is reached where a function of the model's output says so.
     *
     * @param words what it says, for provenance
     */
    public Goal reachedWhen(String words, Reached test) {
        return new Goal(aim, classes, score, loss, new Success(words, test, Double.NaN), sources);
    }

    /** Returns whether an attack raises the score; else it lowers it. */
    public boolean rises() {
        return aim != Aim.TOWARDS && aim != Aim.LOWER;
    }

    /**
     * Returns the score that an attack raises or lowers.
     *
     * @param examples how many are attacked
     * @throws InvalidRequestException if the classes are not one for all examples, or one for each
     */
    public Target target(long examples) {
        if (aim == Aim.CHANGE) {
            return new OwnClassTarget(loss);
        }
        if (aim == Aim.RAISE || aim == Aim.LOWER) {
            return score;
        }
        if (classes.length != 1 && classes.length != examples) {
            throw new InvalidRequestException(List.of("goal: " + classes.length + " classes for " + examples
                    + " examples; give one for all, or one for each"));
        }
        double[] labels = new double[Math.toIntExact(examples)];
        Arrays.setAll(labels, example -> classes[classes.length == 1 ? 0 : example]);
        return Target.loss(loss, labels);
    }

    /** Returns the score, or none if the goal does not fit the examples, which is added to the problems. */
    Target target(long examples, Problems problems) {
        return problems.found(() -> Optional.of(target(examples))).orElse(Target.output());
    }

    /** Returns the goal with everything decided that depends on the model's output at the unchanged inputs. */
    Goal decided(Tensor output) {
        return aim == Aim.CHANGE
                ? new Goal(Aim.AWAY, OwnClassTarget.decisions(loss, output), score, loss, success, sources)
                : new Goal(aim, classes, score.resolve(output), loss, success, sources);
    }

    /** Returns the goal of some of the examples. */
    Goal forExamples(long[] examples) {
        long[] own = classes.length <= 1
                ? classes
                : Arrays.stream(examples)
                        .map(example -> classes[Math.toIntExact(example)])
                        .toArray();
        long[] origins = Arrays.stream(examples).map(this::source).toArray();
        return new Goal(aim, own, score.forExamples(examples), loss, success, origins);
    }

    private long source(long example) {
        return sources == null ? example : sources[Math.toIntExact(example)];
    }

    /**
     * Returns whether each row of outputs has reached the goal, which is decided.
     *
     * @param examples the example of each row
     * @param scores of the rows
     * @param before the scores at the unchanged inputs, one for each example
     */
    boolean[] reached(Tensor output, long[] examples, double[] scores, double[] before) {
        Reached test = success.test;
        boolean byClass = test == null && Double.isNaN(success.score) && (aim == Aim.AWAY || aim == Aim.TOWARDS);
        double[][] rows = test != null || byClass ? OwnClassTarget.rows(output) : new double[0][];
        boolean[] reached = new boolean[examples.length];
        for (int row = 0; row < reached.length; row++) {
            int example = Math.toIntExact(examples[row]);
            if (test != null) {
                reached[row] = test.at(Math.toIntExact(source(example)), rows[row]);
            } else if (byClass) {
                boolean same = loss.decision(rows[row]) == classes[classes.length == 1 ? 0 : example];
                reached[row] = same == (aim == Aim.TOWARDS);
            } else if (Double.isNaN(success.score)) {
                reached[row] = rises() ? scores[row] > before[example] : scores[row] < before[example];
            } else {
                reached[row] = rises() ? scores[row] >= success.score : scores[row] <= success.score;
            }
        }
        return reached;
    }

    /** Returns the goal in words. */
    @Override
    public String toString() {
        String what = switch (aim) {
            case AWAY, TOWARDS -> (aim == Aim.AWAY ? "away from " : "towards ") + listed() + " by " + loss;
            case CHANGE -> "another class by " + loss;
            case RAISE -> "raise " + score.describe();
            case LOWER -> "lower " + score.describe();
        };
        return success.words.isEmpty() ? what : what + ", until " + success.words;
    }

    private String listed() {
        return Numbers.listed(Arrays.stream(classes).asDoubleStream().toArray());
    }
}
