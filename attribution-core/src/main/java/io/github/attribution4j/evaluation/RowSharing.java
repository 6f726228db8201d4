// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.RowMemory.Finding;
import io.github.attribution4j.evaluation.RowMemory.Way;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds out, in one evaluation, whether rows of a model share calls, and keeps the result for the next.
 *
 * <p>Before the result of a call of several rows is used, one of its rows is run alone and compared. This ends once it
 * has shown, for the model and the shape of rows, that rows do not change each other. So no result has to be withdrawn.
 * If rows do change each other, or a call of several rows fails and its rows alone do not, the rows are run again one
 * by one, and so are all rows from then on. A row that fails alone is run with a copy of itself, or as many times as
 * there are examples, which a program traced for that many rows takes.
 */
final class RowSharing {
    private final RowMemory memory;
    private final RowMemory.Question question;
    private final int examples;
    private final Consumer<String> notices;
    private final Consumer<Counts> counts;
    private Finding finding;
    /** Why a call of several rows failed, until each of its rows succeeded alone. */
    private @Nullable ModelException pending;

    private long pendingTo;

    RowSharing(
            Model model,
            RowMemory memory,
            RowMemory.Question question,
            int examples,
            Consumer<String> notices,
            Consumer<Counts> counts) {
        this.memory = memory;
        this.question = question;
        this.examples = examples;
        this.notices = notices;
        this.counts = counts;
        Optional<String> said = model.oneRowAtATime();
        Finding known = memory.finding(question);
        this.finding = said.isPresent()
                ? known.with(Way.SINGLE, known.copies(), said.get() + ": explained row by row")
                : known;
    }

    /** Returns whether calls get one row each. */
    boolean single() {
        return finding.way() == Way.SINGLE;
    }

    /** Returns how many copies of the row a call of one row has. */
    int copies() {
        return finding.copies();
    }

    /** Adds notices about calls that are not made in the usual way, if it makes a difference. */
    void tell(long rows) {
        if (rows > 1 || finding.copies() > 1) {
            finding.reasons().forEach(notices);
        }
    }

    /** Computes a batch; null if its rows have to be run one by one. */
    Batch.@Nullable Computed compute(Batch batch, Batch.Computation computation) {
        boolean several = batch.to() - batch.from() > 1;
        Batch.Computed computed;
        try {
            computed = several ? computation.compute(batch) : alone(batch, 0, computation);
        } catch (ModelException.OutOfMemory | ModelException.OnRows | UnsupportedModelException e) {
            throw e;
        } catch (ModelException e) {
            if (!several) {
                throw first(e);
            }
            return oneByOne(batch, computation, e);
        }
        if (!several && pending != null && batch.to() == pendingTo) {
            pending = null;
            memory.learn(question, finding);
        }
        return several && finding.way() == Way.UNKNOWN && !independent(batch, computation, computed) ? null : computed;
    }

    private ModelException first(ModelException failure) {
        if (pending == null) {
            return failure;
        }
        pending.addSuppressed(failure);
        return pending;
    }

    private Batch.@Nullable Computed oneByOne(Batch batch, Batch.Computation computation, ModelException failure) {
        try {
            alone(batch, 0, computation);
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            failure.addSuppressed(e);
            throw failure;
        }
        count(batch.row(0, copies()), 1);
        pending = failure;
        pendingTo = batch.to();
        single("a call of " + batch.rows() + " rows failed (" + line(failure) + ") and one of a single row did not");
        return null;
    }

    private void single(String why) {
        String reason = why + ": explained row by row";
        finding = finding.with(Way.SINGLE, finding.copies(), reason);
        notices.accept(reason);
        if (pending == null) {
            memory.learn(question, finding);
        }
    }

    /** Computes one row of a batch alone, or with a copy of itself if the model refuses it alone. */
    private Batch.Computed alone(Batch batch, int row, Batch.Computation computation) {
        Batch one = batch.rows() == copies() && batch.to() - batch.from() == 1 ? batch : batch.row(row, copies());
        try {
            return computation.compute(one);
        } catch (ModelException.OutOfMemory | ModelException.OnRows | UnsupportedModelException e) {
            throw e;
        } catch (ModelException e) {
            if (finding.copies() > 1) {
                throw e;
            }
            return beside(batch, row, computation, e);
        }
    }

    /** Computes a row that fails alone among copies of itself: two, or as many as there are examples. */
    private Batch.Computed beside(Batch batch, int row, Batch.Computation computation, ModelException failure) {
        int copies = 2;
        Batch.Computed computed = tried(batch.row(row, copies), computation, failure);
        if (computed == null && examples > copies) {
            copies = examples;
            computed = tried(batch.row(row, copies), computation, failure);
        }
        if (computed == null || !equalRows(computed.values(), copies)) {
            throw failure;
        }
        String reason = "a call of one row failed (" + line(failure)
                + (copies == 2
                        ? ") and one of the row and its copy did not: each single row was run beside a copy of itself"
                        : ") and one of " + copies + " copies of the row did not: each single row was run beside "
                                + (copies - 1) + " copies of itself; the model was saved for " + copies + " rows");
        finding = finding.with(finding.way(), copies, reason);
        notices.accept(reason);
        if (pending == null) {
            memory.learn(question, finding);
        }
        return computed;
    }

    /**
     * Returns whether all copies have equal values. If not, axis 0 counts something else of the same extent, or the
     * place in a call matters.
     */
    private static boolean equalRows(List<Tensor> values, int copies) {
        for (int copy = 1; copy < copies; copy++) {
            if (RowDifference.between(values, 0, values, copy).verdict() == RowDifference.Verdict.DIFFERENT) {
                return false;
            }
        }
        return true;
    }

    private static Batch.@Nullable Computed tried(Batch batch, Batch.Computation computation, ModelException failure) {
        try {
            return computation.compute(batch);
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            failure.addSuppressed(e);
            return null;
        }
    }

    /** Compares rows of a call with themselves alone; returns whether the result of the call can be used. */
    private boolean independent(Batch batch, Batch.Computation computation, Batch.Computed computed) {
        RowDifference.Chosen chosen = RowDifference.choose(batch.inputs());
        for (int row : chosen.rows()) {
            Batch.Computed alone;
            try {
                alone = alone(batch, row, computation);
            } catch (ModelException.OutOfMemory e) {
                throw e;
            } catch (ModelException e) {
                if (!sameAmongCopies(batch, row, 0, computation, computed)) {
                    throw e;
                }
                continue;
            }
            count(batch.row(row, copies()), 1);
            RowDifference found = RowDifference.between(alone.values(), 0, computed.values(), row);
            boolean same = found.verdict() == RowDifference.Verdict.SAME
                    || (found.verdict() == RowDifference.Verdict.CLOSE
                            && sameAmongCopies(batch, row, row, computation, computed));
            if (!same) {
                String where = "row " + (batch.from() + row);
                single(
                        isRandom(batch, row, computation, alone)
                                ? "the model is random: " + where + " alone gave other values when it was run again,"
                                        + " and so will this explanation; save the model in evaluation mode"
                                : "the model's rows change each other: of " + where + " in a call of " + batch.rows()
                                        + " rows, " + found.text());
                return false;
            }
        }
        if (chosen.telling() != RowDifference.Telling.NOTHING) {
            finding = chosen.telling() == RowDifference.Telling.ALL
                    ? finding.with(Way.SHARED, finding.copies(), null)
                    : finding.comparedAgain();
            memory.learn(question, finding);
        }
        return true;
    }

    /** Returns whether a row alone gives other values than before. */
    private boolean isRandom(Batch batch, int row, Batch.Computation computation, Batch.Computed before) {
        Batch.Computed again = alone(batch, row, computation);
        count(batch.row(row, copies()), 1);
        return RowDifference.between(again.values(), 0, before.values(), 0).verdict() != RowDifference.Verdict.SAME;
    }

    /**
     * Returns whether a row has the same values among copies of itself, in a call of as many rows: then the arithmetic
     * is the same to the last bit, in whatever types the model computes, unless values of the other rows matter.
     */
    private boolean sameAmongCopies(
            Batch batch, int row, int place, Batch.Computation computation, Batch.Computed computed) {
        Batch copies = batch.copies(row);
        Batch.Computed among = computation.compute(copies);
        count(copies, copies.rows());
        return RowDifference.between(among.values(), place, computed.values(), row)
                        .verdict()
                == RowDifference.Verdict.SAME;
    }

    private void count(Batch batch, int rows) {
        counts.accept(new Counts(0, 0, 0, 0, Math.max(rows, batch.rows())));
    }

    private static String line(ModelException failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }
}
