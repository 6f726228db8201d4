// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.status.Experimental;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * How training rows are compared with explained examples: an immutable, thread-safe value that holds settings and
 * nothing else. Batches, deadline, cancellation, progress and seed are those of the {@link Run}.
 *
 * <p>Of each row, vectors are computed in each checkpoint. The influence of training row i on example e is
 * Σ over checkpoints of rate · similarity(i, e). A larger number means more influence for the explained answer, a
 * negative one against it. It depends on row i and example e alone: not on other rows, their order, batches or threads.
 *
 * <p><b>Memory.</b> The vectors of the explained examples are held, those of training rows pass by some hundreds at a
 * time. {@link #rank} holds nothing else; {@link #scores} holds the whole matrix.
 *
 * <p><b>Stored vectors.</b> Those of {@linkplain Examples#keptIn kept} examples are read from the directory if they are
 * there.
 *
 * @param <S> the value itself
 */
@Experimental
public abstract class Influence<S extends Influence<S>> extends DescribedRecipe<S> {
    Influence(Settings<S> settings) {
        super(settings);
    }

    /** Returns how the vectors of two rows are compared. */
    Similarity similarity() {
        return Similarity.DOT;
    }

    /** Returns whether each example needs a loss. */
    boolean needsLoss() {
        return true;
    }

    /**
     * Looks at one row of a checkpoint before all others, and checks what can only be checked so.
     *
     * @param evaluator of one row, whose vectors are computed afterwards
     */
    void checkOnce(Evaluator evaluator) {}

    /**
     * What computes the vectors of rows in a checkpoint.
     *
     * @param block takes an evaluator of the rows; axis 0 of the vectors counts them
     * @param counts what it cost to prepare
     * @param notices what a reader must know
     */
    record Vectors(Function<Evaluator, Block> block, Counts counts, List<String> notices) {
        /** Returns vectors that need no preparation. */
        static Vectors of(Function<Evaluator, Block> block) {
            return new Vectors(block, Counts.NONE, List.of());
        }
    }

    /** Returns what computes vectors in a checkpoint, after what it needs of all training rows. */
    abstract Vectors vectors(Checkpoint checkpoint, Examples training, Run run);

    /** Returns the most rows that are evaluated before vectors are computed. */
    long rowsBefore(Examples training) {
        return 0;
    }

    /** Returns whether vectors of a row depend on all training rows. */
    boolean needsTraining() {
        return false;
    }

    /** Returns whether vectors depend on the seed of the run. */
    boolean isRandom() {
        return false;
    }

    /** Returns what a reader must know about these vectors, if anything. */
    Optional<String> remark(Block block) {
        return Optional.empty();
    }

    /**
     * Returns for each explained example the training rows of the highest and of the lowest influence.
     *
     * @param checkpoints at least one
     * @param training rows that the model learned from
     * @param explained examples, whose vectors are held in memory
     * @param count of rows to return of both, at least 1; all if there are fewer
     * @throws InvalidRequestException listing all that is wrong with the request
     * @throws io.github.attribution4j.model.ModelException if a model fails
     * @throws DeadlineExceededException if the run's deadline passes
     * @throws CancelledException if the run is cancelled
     */
    public Ranking rank(List<Checkpoint> checkpoints, Examples training, Examples explained, int count, Run run) {
        if (count < 1) {
            throw new InvalidRequestException(List.of(name() + ": count " + count + " must be at least 1"));
        }
        Comparison comparison = new Comparison(this, checkpoints, training, explained, run);
        int most = (int) Math.min(count, training.count());
        List<TopRows> tops = IntStream.range(0, comparison.explained())
                .mapToObj(example -> new TopRows(most))
                .toList();
        comparison.run((from, rows, sums) -> {
            for (int row = 0; row < rows; row++) {
                for (int example = 0; example < tops.size(); example++) {
                    tops.get(example).add(from + row, sums[row * tops.size() + example]);
                }
            }
        });
        return new Ranking(tops, comparison.report());
    }

    /**
     * Returns the influence of every training row on every explained example. For many rows use {@link #rank}, which
     * does not hold them all.
     *
     * @param checkpoints at least one
     * @param training rows that the model learned from
     * @param explained examples, whose vectors are held in memory
     * @throws InvalidRequestException and others as for {@link #rank}
     */
    public InfluenceScores scores(List<Checkpoint> checkpoints, Examples training, Examples explained, Run run) {
        Comparison comparison = new Comparison(this, checkpoints, training, explained, run);
        double[][] scores = new double[comparison.explained()][Math.toIntExact(training.count())];
        comparison.run((from, rows, sums) -> {
            for (int row = 0; row < rows; row++) {
                for (int example = 0; example < scores.length; example++) {
                    scores[example][Math.toIntExact(from) + row] = sums[row * scores.length + example];
                }
            }
        });
        return new InfluenceScores(scores, comparison.report());
    }

    /**
     * Returns the influence of each training row on itself.
     *
     * @param checkpoints at least one
     * @param training rows that the model learned from
     * @throws InvalidRequestException and others as for {@link #rank}
     */
    SelfInfluence ofRowsOnThemselves(List<Checkpoint> checkpoints, Examples training, Run run) {
        List<double[]> parts = new ArrayList<>();
        Comparison comparison = new Comparison(this, checkpoints, training, run);
        comparison.run((from, rows, sums) -> parts.add(sums));
        return new SelfInfluence(parts.stream().flatMapToDouble(Arrays::stream).toArray(), comparison.report());
    }
}
