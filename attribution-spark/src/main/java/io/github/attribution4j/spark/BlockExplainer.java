// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.table.TableEncoder.Attributed;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Explains blocks of rows with a loaded model. A block that fails is divided until the rows that fail are alone. Not
 * shared between threads.
 */
final class BlockExplainer {
    /** An encoder names the row of its list, which here is a row of a block that nobody knows. */
    private static final Pattern ROW = Pattern.compile("row \\d+, ");

    /**
     * A row to explain.
     *
     * @param values by column
     * @param key null if rows have none, or if this one's is missing
     */
    record Keyed(
            Map<String, @Nullable Object> values, @Nullable Object key) {}

    private final Request request;
    private final TableEncoder encoder;
    private final Attribution<Model> method;
    private final Target target;
    private final Model model;
    private final Run run;

    @SuppressWarnings("unchecked") // The model is checked to be what the method needs.
    BlockExplainer(Request request, LoadedModels models) {
        this.request = request;
        this.encoder = request.encoder();
        Attribution<? super RuledModel> read = request.method();
        this.method = (Attribution<Model>) read;
        this.target = request.target();
        this.run = request.run();
        requireFit(models.model());
        this.model = together() ? models.inCallsOf(request.callRows) : models.model();
    }

    private void requireFit(Model opened) {
        boolean fits = switch (method.need()) {
            case FORWARD, METHOD -> true;
            case GRADIENTS -> opened instanceof DifferentiableModel;
            case LAYERS -> opened instanceof LayeredModel;
            case RULES -> opened instanceof RuledModel;
        };
        if (!fits) {
            throw new UnsupportedModelException("method '" + method.name() + "' needs "
                    + method.need().label() + ", and model '"
                    + opened.identity().name()
                    + "' has none; choose a method that runs the model forward, such as shapley-values");
        }
    }

    /**
     * Returns whether rows are explained together. Calls that look inside a model cannot be filled up to a fixed form,
     * so a row has all of its calls for itself.
     */
    private boolean together() {
        return method.need() == Need.FORWARD || method.need() == Need.GRADIENTS;
    }

    /** Returns how many rows are best explained in one block. */
    int blockRows() {
        return together() ? request.callRows : 1;
    }

    /** Explains rows; returns an answer for each. */
    List<Answer> explain(List<Keyed> rows) {
        @Nullable Answer[] answers = new Answer[rows.size()];
        long[] keys = new long[rows.size()];
        try (TensorScope scope = TensorScope.open()) {
            int[] sound = sound(rows, keys, answers);
            explain(rows, keys, sound, answers);
        }
        return Arrays.stream(answers).map(BlockExplainer::present).toList();
    }

    private static Answer present(@Nullable Answer answer) {
        if (answer == null) {
            throw new IllegalStateException("a row has no answer");
        }
        return answer;
    }

    /** Explains one row, and keeps the whole explanation. */
    Explanation explanation(Keyed row) {
        long key = key(row, 0, encoder.encode(List.of(row.values())).toDoubleArray());
        return attribute(List.of(row.values()), key);
    }

    /** Returns the rows that can be encoded and have a key, with their keys; the others are answered. */
    private int[] sound(List<Keyed> rows, long[] keys, @Nullable Answer[] answers) {
        try {
            double[] encoded =
                    encoder.encode(rows.stream().map(Keyed::values).toList()).toDoubleArray();
            for (int i = 0; i < keys.length; i++) {
                keys[i] = key(rows.get(i), i, encoded);
            }
            return IntStream.range(0, keys.length).toArray();
        } catch (IllegalArgumentException e) {
            return IntStream.range(0, keys.length)
                    .filter(i -> isSound(rows.get(i), i, keys, answers))
                    .toArray();
        }
    }

    private boolean isSound(Keyed row, int at, long[] keys, @Nullable Answer[] answers) {
        try {
            keys[at] = key(row, 0, encoder.encode(List.of(row.values())).toDoubleArray());
            return true;
        } catch (IllegalArgumentException e) {
            answers[at] =
                    Answer.failed(e, ROW.matcher(String.valueOf(e.getMessage())).replaceAll(""));
            return false;
        }
    }

    private long key(Keyed row, int at, double[] encoded) {
        int width = encoder.width();
        return request.key.isEmpty()
                ? RowKey.of(encoded, at * width, (at + 1) * width)
                : RowKey.of(request.key, row.key());
    }

    private void explain(List<Keyed> rows, long[] keys, int[] which, @Nullable Answer[] answers) {
        if (which.length == 0) {
            return;
        }
        RuntimeException failure;
        try (Explanation why = attribute(
                Arrays.stream(which).mapToObj(i -> rows.get(i).values()).toList(),
                Arrays.stream(which).mapToLong(i -> keys[i]).toArray())) {
            count(why);
            for (int i = 0; i < which.length; i++) {
                answers[which[i]] = answer(why, i);
            }
            return;
        } catch (UnsupportedModelException | CancelledException e) {
            // The method does not fit the model, or the task is killed: no row can be explained.
            throw e;
        } catch (RuntimeException e) {
            failure = e;
        }
        if (which.length == 1) {
            answers[which[0]] = Answer.failed(failure);
            return;
        }
        int middle = which.length / 2;
        explain(rows, keys, Arrays.copyOfRange(which, 0, middle), answers);
        explain(rows, keys, Arrays.copyOfRange(which, middle, which.length), answers);
    }

    private Explanation attribute(List<?> rows, long... keys) {
        return method.attribute(
                model, encoder.inputs(rows, model.tensors(), request.dataType), target, run.exampleKeys(keys));
    }

    private void count(Explanation why) {
        SparkProgress progress = request.progress;
        if (progress != null) {
            progress.count(why.counts());
        }
    }

    private Answer answer(Explanation why, int example) {
        List<Attributed> columns;
        try {
            columns = encoder.columns(why, example);
        } catch (IllegalArgumentException e) {
            throw new UnsupportedModelException(
                    "method '" + method.name() + "' does not attribute to the columns of a table: " + e.getMessage(),
                    e);
        }
        return new Answer(
                columns,
                why.scores()[example],
                why.baselineScores().map(scores -> scores[example]).orElse(Double.NaN),
                why.hasCompletenessGap() ? why.completenessGap()[example] : Double.NaN,
                why.target(example),
                null);
    }
}
