// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows that a method evaluates. They are not all made at once: the {@link Evaluator} asks for the rows of
 * each call.
 */
@Experimental
public interface Rows {
    /**
     * Returns rows of given tensors, row = example.
     *
     * @param tensors for each attributed input a tensor of {@code count} rows, or of one row for all
     */
    static Rows of(List<Tensor> tensors, long count) {
        return new TensorRows(tensors, count);
    }

    /**
     * Returns for each of some rows the tensor's row of its example. If the tensor has one row for all, it is returned
     * itself; if all rows are of one example, only its row is returned.
     *
     * @param perExample a row for each example, or one for all
     * @param examples for each row its example
     */
    static Tensor ofExamples(Tensor perExample, long... examples) {
        if (perExample.shape().dim(0) == 1) {
            return perExample;
        }
        for (long example : examples) {
            if (example != examples[0]) {
                return perExample.select(0, examples);
            }
        }
        return perExample.rows(examples[0], examples[0] + 1);
    }

    /** Returns the number of rows. */
    long count();

    /**
     * Returns the size of a group: how many consecutive rows belong together, such as the steps of one path. It divides
     * {@link #count()}. A range consists of whole groups or lies within one group. Where a group is split depends only
     * on its size and that of the batches, so the arithmetic on one group does not depend on the others.
     */
    default long group() {
        return 1;
    }

    /** Returns the example that a row belongs to, which determines its fixed inputs and its target. */
    long example(long row);

    /**
     * Returns the example that each row of a range belongs to.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default long[] examples(long from, long to) {
        long[] examples = new long[Math.toIntExact(to - from)];
        for (int r = 0; r < examples.length; r++) {
            examples[r] = example(from + r);
        }
        return examples;
    }

    /**
     * Makes a range of rows. A row must not depend on the range in which it is made.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @return for each attributed input, in order, a tensor of {@code to - from} rows, owned by the current scope
     */
    List<Tensor> attributed(long from, long to);

    /**
     * Returns a range of these rows. It has the same groups if it consists of whole ones.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default Rows range(long from, long to) {
        return new RowRange(this, from, to);
    }

    /**
     * Collects tensors that are made {@linkplain Evaluator.Part part} by part, and joins them along axis 0 at the end.
     * Not thread-safe.
     */
    final class Collected {
        private final List<List<Tensor>> parts = new ArrayList<>();

        /** Starts with no parts. */
        public Collected() {}

        /** Adds the tensors made from the next part, which must outlive it; their number is the same for all parts. */
        public void add(Evaluator.Part part, List<Tensor> tensors) {
            add(part.batch(), tensors);
        }

        /**
         * Adds tensors that must outlive a scope.
         *
         * @param batch the innermost scope, which ends later
         */
        public void add(TensorScope batch, List<Tensor> tensors) {
            parts.add(batch.keepAll(tensors));
        }

        boolean isEmpty() {
            return parts.isEmpty();
        }

        /** Adds the only tensor made from the next part. */
        public void add(Evaluator.Part part, Tensor tensor) {
            add(part, List.of(tensor));
        }

        /** Returns the tensors of all parts, joined: axis 0 counts all rows. */
        public List<Tensor> joined() {
            List<Tensor> joined = new ArrayList<>();
            for (int i = 0; i < parts.get(0).size(); i++) {
                List<Tensor> one = new ArrayList<>(parts.size());
                for (List<Tensor> part : parts) {
                    one.add(part.get(i));
                }
                joined.add(join(one));
            }
            return joined;
        }

        /** Returns tensors joined along axis 0; a single tensor is returned itself. */
        public static Tensor join(List<Tensor> tensors) {
            return tensors.size() == 1
                    ? tensors.get(0)
                    : tensors.get(0).tensors().concat(tensors, 0);
        }

        /** Returns the number of parts. */
        @Override
        public String toString() {
            return "Collected[" + parts.size() + (parts.size() == 1 ? " part]" : " parts]");
        }
    }

    /**
     * Sum, mean and variance over {@linkplain Rows#group() groups} of rows, such as the samples of one example. They
     * are collected from batches, on the device, without keeping the rows.
     *
     * <p>Squared deviations are taken from the mean of each batch and batches are merged (Chan, Golub and LeVeque,
     * 1983): the variance is a sum of squares, never a difference of large numbers, and so never negative. Open this
     * inside a {@link TensorScope} that outlives the batches. Not thread-safe.
     */
    final class GroupMoments {
        private final long group;
        private final boolean squares;
        private final List<Sums> perInput = new ArrayList<>();

        private GroupMoments(long group, boolean squares) {
            this.group = group;
            this.squares = squares;
        }

        /** Returns a collection for sum and mean of groups of this many rows. */
        public static GroupMoments ofFirstOrder(long group) {
            return new GroupMoments(group, false);
        }

        /** Returns a collection for sum, mean and variance of groups of this many rows. */
        public static GroupMoments ofSecondOrder(long group) {
            return new GroupMoments(group, true);
        }

        /** Adds values made from a part of the rows; see {@link #add(TensorScope, long, long, List)}. */
        public void add(Evaluator.Part part, List<Tensor> values) {
            add(part.batch(), part.from(), part.to(), values);
        }

        /**
         * Adds a range of rows; ranges come in order, without gaps, and are whole groups or lie within one.
         *
         * @param batch the innermost scope, which ends after this call
         * @param from first row, inclusive
         * @param to last row, exclusive
         * @param values for each input a tensor of {@code to - from} rows
         */
        public void add(TensorScope batch, long from, long to, List<Tensor> values) {
            while (perInput.size() < values.size()) {
                perInput.add(new Sums());
            }
            boolean whole = from % group == 0 && (to - from) % group == 0;
            if (!whole && from / group != (to - 1) / group) {
                throw new IllegalArgumentException(
                        "rows " + from + " to " + to + " are neither whole groups of " + group + " nor part of one");
            }
            for (int i = 0; i < values.size(); i++) {
                Sums sums = perInput.get(i);
                if (whole) {
                    sums.addGroups(batch, values.get(i));
                } else {
                    sums.addPart(batch, values.get(i), to % group == 0);
                }
            }
        }

        /** Returns for each input the sum of each group, axis 0 counts groups. */
        public List<Tensor> sums() {
            return perInput.stream().map(sums -> Collected.join(sums.sums)).toList();
        }

        /** Returns for each input the mean of each group. */
        public List<Tensor> means() {
            return sums().stream().map(sum -> sum.mul(1.0 / group)).toList();
        }

        /** Returns for each input the population variance of each group, Σ (a − mean)² / n. */
        public List<Tensor> variances() {
            return deviations().stream().map(sum -> sum.mul(1.0 / group)).toList();
        }

        /**
         * Returns for each input the standard error of each group's mean, √(Σ (a − mean)² / (n (n − 1))); empty for
         * groups of one row.
         */
        public List<Tensor> standardErrors() {
            if (group < 2) {
                return List.of();
            }
            double scale = 1.0 / group / (group - 1);
            return deviations().stream().map(sum -> sum.mul(scale).sqrt()).toList();
        }

        private List<Tensor> deviations() {
            if (!squares) {
                throw new IllegalStateException("only sums were collected; use GroupMoments.ofSecondOrder");
            }
            return perInput.stream()
                    .map(sums -> Collected.join(sums.deviations))
                    .toList();
        }

        /** Returns the size of the groups, and whether squares are summed, in words. */
        @Override
        public String toString() {
            return "GroupMoments[" + group + (group == 1 ? " row each" : " rows each")
                    + (squares ? ", with squares]" : "]");
        }

        /** The sums of one input: those of finished groups, and that of the current group. */
        private final class Sums {
            private final List<Tensor> sums = new ArrayList<>();
            private final List<Tensor> deviations = new ArrayList<>();
            private long count;
            private @Nullable Tensor sum;
            private @Nullable Tensor deviation;

            void addGroups(TensorScope batch, Tensor values) {
                Shape row = values.shape().row();
                long groups = values.shape().dim(0) / group;
                Tensor grid = values.reshape(row.prepend(group).prepend(groups));
                Tensor total = grid.sum(1);
                sums.add(batch.keep(total));
                if (squares) {
                    Tensor mean = total.mul(1.0 / group).reshape(row.prepend(1).prepend(groups));
                    Tensor away = grid.sub(mean);
                    deviations.add(batch.keep(away.mul(away).sum(1)));
                }
            }

            void addPart(TensorScope batch, Tensor values, boolean last) {
                long rows = values.shape().dim(0);
                Shape one = values.shape().withRows(1);
                Tensor total = values.sum(0).reshape(one);
                Tensor newDeviation = null;
                if (squares) {
                    Tensor mean = total.mul(1.0 / rows);
                    Tensor away = values.sub(mean);
                    newDeviation = away.mul(away).sum(0).reshape(one);
                    if (sum != null && deviation != null) {
                        Tensor apart = mean.sub(sum.mul(1.0 / count));
                        double weight = (double) count * rows / (count + rows);
                        newDeviation =
                                deviation.add(newDeviation).add(apart.mul(apart).mul(weight));
                    }
                }
                Tensor newSum = sum == null ? total : sum.add(total);
                free(sum);
                free(deviation);
                sum = batch.keep(newSum);
                deviation = newDeviation == null ? null : batch.keep(newDeviation);
                count += rows;
                if (last) {
                    sums.add(sum);
                    if (deviation != null) {
                        deviations.add(deviation);
                    }
                    sum = null;
                    deviation = null;
                    count = 0;
                }
            }

            private static void free(@Nullable Tensor tensor) {
                if (tensor != null) {
                    tensor.close();
                }
            }
        }
    }
}
