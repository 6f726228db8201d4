// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ModelMemoryException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How values inside a program are seen as rows.
 *
 * <p>Axis 0 of most values counts the rows of the run. Of others it counts rows times parts (frames, choices, the two sides of
 * a siamese network), another axis counts rows (time comes first), or none does (a table computed once). Which it is, is found
 * out once for each value and rank of the inputs: by the first run and one of another number of rows, whose values are compared
 * where the order of parts is in question. What fits no form, or cannot be decided, is run one row at a time, when the value is that row.
 */
final class RowViews {
    private static final double SAME = 1e-3;

    /** {@code ranks}: of the inputs; lengths vary from text to text, and the form does not. */
    private record Key(Row row, List<Integer> ranks, boolean several) {}

    private enum Kind {
        /** Axis 0 counts rows. */
        ROWS,
        /** Another axis does. */
        AXIS,
        /** Axis 0 counts rows times parts, the parts of a row together. */
        MAJOR,
        /** Axis 0 counts parts times rows. */
        MINOR,
        /** One row, whatever the number of rows. */
        SHARED,
        /** Anything else: a row is what a run of one row gives. */
        OTHER
    }

    private record Form(Kind kind, int axis) {
        Form(Kind kind) {
            this(kind, 0);
        }

        /** Whether a run of several rows can be seen as rows. */
        boolean together() {
            return kind != Kind.OTHER && kind != Kind.SHARED;
        }

        long view(long rows) {
            return switch (kind) {
                case ROWS, SHARED -> Row.AS_IS;
                case AXIS -> Row.axis(axis);
                case MAJOR -> Row.rowMajor(rows);
                case MINOR -> Row.rowMinor(rows);
                case OTHER -> Row.ALONE;
            };
        }
    }

    private final TorchProgram program;
    private final Map<Key, Form> known = new ConcurrentHashMap<>();
    /** Values of which what was known was wrong once: how they lie depends on the data, and is found out for each run. */
    private final Set<Key> changing = ConcurrentHashMap.newKeySet();

    RowViews(TorchProgram program) {
        this.program = program;
    }

    /** Something that runs the program and shows the values of rows. */
    interface Run<T> {
        /** Runs with the values seen in a way. */
        T seen(List<Row> rows);

        /** Runs each row of the inputs alone. */
        T rowByRow();

        /** The values of the rows in a result of {@link #seen}. */
        List<Tensor> values(T result);

        /** Frees a result that is not used. */
        void close(T result);
    }

    /**
     * Runs the program with rows seen so that axis 0 of each value counts the rows of the inputs, or row by row where nothing else
     * gives that. How values lie is found out by the first run itself: most lie as they should, and that run then counts.
     *
     * @param inputs of the whole model
     * @param shared whether a value of one row may serve all
     */
    <T> T run(Inputs inputs, List<Row> rows, boolean shared, Run<T> run) {
        if (program.unbatched()) {
            return inputs.rows() == 1 ? run.seen(alone(rows)) : run.rowByRow();
        }
        List<Form> forms = known(inputs, rows);
        if (forms == null) {
            T first = run.seen(rows);
            List<Row> seen = seen(inputs, rows, find(inputs, rows, run.values(first)), shared);
            if (rows.equals(seen)) {
                return first;
            }
            run.close(first);
            return seen == null ? run.rowByRow() : run.seen(seen);
        }
        List<Row> seen = seen(inputs, rows, forms, shared);
        if (seen == null) {
            return run.rowByRow();
        }
        T result = run.seen(seen);
        if (!contradicts(inputs, rows, run.values(result))) {
            return result;
        }
        // Looked at once more, not again and again: the axes of some values depend on the data.
        run.close(result);
        List<Row> again = of(inputs, rows, shared);
        return again == null ? run.rowByRow() : run.seen(again);
    }

    /**
     * Returns rows seen so that axis 0 of each value counts the rows of a run of these inputs, or null if that takes a run for
     * each row.
     *
     * @param inputs of the whole model
     * @param shared whether a value of one row may serve all
     */
    @Nullable
    List<Row> of(Inputs inputs, List<Row> rows, boolean shared) {
        if (program.unbatched()) {
            return inputs.rows() == 1 ? alone(rows) : null;
        }
        List<Form> forms = known(inputs, rows);
        return seen(inputs, rows, forms == null ? find(inputs, rows) : forms, shared);
    }

    private static List<Row> alone(List<Row> rows) {
        return rows.stream().map(row -> row.seen(Row.ALONE)).toList();
    }

    private static @Nullable List<Row> seen(Inputs inputs, List<Row> rows, List<Form> forms, boolean shared) {
        boolean one = inputs.rows() == 1;
        for (Form form : forms) {
            if (!one && !form.together() && !(shared && form.kind() == Kind.SHARED)) {
                return null;
            }
        }
        List<Row> seen = new ArrayList<>();
        for (int i = 0; i < rows.size(); i++) {
            seen.add(rows.get(i).seen(forms.get(i).view(inputs.rows())));
        }
        return seen;
    }

    /** Forgets what is known if values of a run contradict it; returns whether they do. */
    private boolean contradicts(Inputs inputs, List<Row> rows, List<Tensor> values) {
        boolean wrong = false;
        for (int i = 0; i < rows.size(); i++) {
            Shape shape = values.get(i).shape();
            long first = shape.rank() == 0 ? 0 : shape.dim(0);
            if (first != inputs.rows() && first != 1) {
                Key key = key(inputs, rows.get(i));
                // Another thread may have been the first to see it.
                wrong |= known.remove(key) != null || changing.contains(key);
                changing.add(key);
            }
        }
        return wrong;
    }

    private static Key key(Inputs inputs, Row row) {
        List<Integer> ranks =
                inputs.tensors().stream().map(tensor -> tensor.shape().rank()).toList();
        return new Key(row.asLeaf(false), ranks, inputs.rows() > 1);
    }

    private @Nullable List<Form> known(Inputs inputs, List<Row> rows) {
        List<Form> forms = new ArrayList<>();
        for (Row row : rows) {
            Key key = key(inputs, row);
            Form form = known.get(key);
            if (form == null || changing.contains(key)) {
                return null;
            }
            forms.add(form);
        }
        return forms;
    }

    /** Finds forms by a run of two rows at most. */
    private List<Form> find(Inputs inputs, List<Row> rows) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs few = inputs.rows() > 1 ? OneByOne.rows(inputs, 0, 1) : inputs;
            return find(few, rows, program.activations(few, rows));
        } catch (ModelMemoryException e) {
            throw e;
        } catch (ModelException e) {
            // A model that does not run two rows, or does not reach the value with them: the run itself will say so.
            return Collections.nCopies(rows.size(), new Form(Kind.ROWS));
        }
    }

    /** Finds forms by the values of a run; a row alone is compared with it, or a single row with two of it. */
    private List<Form> find(Inputs inputs, List<Row> rows, List<Tensor> values) {
        boolean several = inputs.rows() > 1;
        boolean look = several || !values.stream().allMatch(RowViews::startsWithOne);
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> one = several ? program.activations(OneByOne.rows(inputs, 0), rows) : values;
            List<Tensor> more = several || !look ? values : program.activations(OneByOne.rows(inputs, 0, 0), rows);
            List<Form> forms = new ArrayList<>();
            for (int i = 0; i < rows.size(); i++) {
                Form form = look ? form(inputs, rows, i, one.get(i), more.get(i)) : new Form(Kind.ROWS);
                if (form != null) {
                    learn(key(inputs, rows.get(i)), form);
                }
                forms.add(form == null ? new Form(Kind.OTHER) : form);
            }
            return forms;
        } catch (ModelMemoryException e) {
            throw e;
        } catch (ModelException e) {
            // One row runs and two do not, or the other way round: nothing tells where the rows are.
            return Collections.nCopies(rows.size(), new Form(several ? Kind.ROWS : Kind.OTHER));
        }
    }

    /** Another thread may have found another form at the same time: then it depends on the data, and neither is kept. */
    private void learn(Key key, Form form) {
        Form before = known.putIfAbsent(key, form);
        if (before != null && !before.equals(form)) {
            changing.add(key);
        }
        if (changing.contains(key)) {
            known.remove(key);
        }
    }

    private static boolean startsWithOne(Tensor value) {
        return value.shape().rank() > 0 && value.shape().dim(0) == 1;
    }

    /** Returns the form of a value, or null if these rows do not tell. */
    private @Nullable Form form(Inputs inputs, List<Row> rows, int number, Tensor one, Tensor more) {
        Shape alone = one.shape();
        Shape all = more.shape();
        long count = Math.max(2, inputs.rows());
        if (alone.equals(all)) {
            return new Form(startsWithOne(one) ? Kind.SHARED : Kind.OTHER);
        }
        int axis = multiplied(alone, all, count);
        if (axis < 0) {
            return new Form(Kind.OTHER);
        }
        if (alone.dim(axis) == 1) {
            return axis == 0 ? new Form(Kind.ROWS) : new Form(Kind.AXIS, axis);
        }
        if (axis != 0 || inputs.rows() == 1) {
            return new Form(Kind.OTHER);
        }
        Tensor other = program.activations(OneByOne.rows(inputs, 1), rows).get(number);
        if (!other.shape().equals(alone)) {
            return new Form(Kind.OTHER);
        }
        long parts = alone.dim(0);
        boolean major = same(more.rows(0, parts), one) && same(more.rows(parts, 2 * parts), other);
        long[] dims = all.dims();
        long[] split = new long[dims.length + 1];
        System.arraycopy(dims, 1, split, 2, dims.length - 1);
        split[0] = parts;
        split[1] = count;
        Tensor sides = more.reshape(Shape.of(split));
        boolean minor = same(sides.slice(1, 0, 1).reshape(alone), one)
                && same(sides.slice(1, 1, 2).reshape(alone), other);
        if (major == minor) {
            return major ? null : new Form(Kind.OTHER);
        }
        return new Form(major ? Kind.MAJOR : Kind.MINOR);
    }

    /** Returns the one axis that is so many times as long for as many rows; -1 if there is no such. */
    private static int multiplied(Shape alone, Shape all, long count) {
        if (alone.rank() != all.rank()) {
            return -1;
        }
        int found = -1;
        for (int axis = 0; axis < alone.rank(); axis++) {
            if (all.dim(axis) != alone.dim(axis)) {
                if (found >= 0 || all.dim(axis) != count * alone.dim(axis)) {
                    return -1;
                }
                found = axis;
            }
        }
        return found;
    }

    private static boolean same(Tensor a, Tensor b) {
        double[] left = a.toDoubleArray();
        double[] right = b.toDoubleArray();
        double largest = 0;
        double difference = 0;
        for (int i = 0; i < left.length; i++) {
            largest = Math.max(largest, Math.abs(right[i]));
            difference = Math.max(difference, Math.abs(left[i] - right[i]));
        }
        return difference <= SAME * largest;
    }
}
