// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.program.Program.RowForm;
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
 * Finds the forms in which values inside a program have rows on axis 0.
 *
 * <p>Axis 0 of most values counts the rows of the run. For others, axis 0 counts rows times parts (frames, choices, the
 * two sides of a siamese network), another axis counts rows (time comes first), or no axis does (a table computed
 * once). The form is found once for each value and rank of the inputs, from the first run and one with another number
 * of rows. Their values are compared if the order of parts is unclear. If a value fits no form, or the form remains
 * unclear, the program runs one row at a time, and the whole value belongs to that row.
 */
final class RowForms {
    private static final double SAME = 1e-3;

    /** {@code ranks}: those of the inputs, since the form does not depend on extents such as the lengths of texts. */
    private record Key(Cut.Point point, List<Integer> ranks, boolean several) {}

    private enum Kind {
        /** Axis 0 counts rows. */
        ROWS,
        /** Another axis counts rows. */
        AXIS,
        /** Axis 0 counts rows times parts, the parts of a row together. */
        MAJOR,
        /** Axis 0 counts parts times rows. */
        MINOR,
        /** One row for any number of rows. */
        SHARED,
        /** Anything else: the program runs one row at a time. */
        OTHER
    }

    private record Form(Kind kind, int axis) {
        Form(Kind kind) {
            this(kind, 0);
        }

        /** Whether the values of a run of several rows can be arranged in rows. */
        boolean together() {
            return kind != Kind.OTHER && kind != Kind.SHARED;
        }

        RowForm seen(long rows) {
            return switch (kind) {
                case ROWS, SHARED -> RowForm.ROWS;
                case AXIS -> new RowForm(RowForm.Kind.AXIS, axis);
                case MAJOR -> new RowForm(RowForm.Kind.MAJOR, rows);
                case MINOR -> new RowForm(RowForm.Kind.MINOR, rows);
                case OTHER -> RowForm.ALONE;
            };
        }
    }

    private final Program program;
    private final Map<Key, Form> known = new ConcurrentHashMap<>();
    /**
     * Values whose form has changed once: it depends on the data, and is found again for each run.
     */
    private final Set<Key> changing = ConcurrentHashMap.newKeySet();

    RowForms(Program program) {
        this.program = program;
    }

    /** A way to run the program for the values of some points. */
    interface Run<T> {
        /** Runs with the values in given forms. */
        T seen(List<Place> places);

        /** Runs each row of the inputs alone. */
        T rowByRow();

        /** The values of the places in a result of {@link #seen}. */
        List<Tensor> values(T result);

        /** Frees a result that is not used. */
        void close(T result);
    }

    /** Returns whether all values have rows on axis 0 by declaration. */
    boolean areFirst() {
        return program.rowLayout() == Program.RowLayout.FIRST;
    }

    /** Returns whether the program takes one example without an axis of rows, and there are several. */
    boolean takesOne(Inputs inputs) {
        return program.rowLayout() == Program.RowLayout.NONE && inputs.rows() > 1;
    }

    /** Returns points whose values are not rearranged. */
    static List<Place> asTheyAre(List<Cut.Point> points) {
        return places(points, RowForm.ROWS);
    }

    private static List<Place> places(List<Cut.Point> points, RowForm form) {
        return points.stream().map(point -> new Place(point, form)).toList();
    }

    /**
     * Runs the program with forms in which axis 0 of each value counts the rows of the inputs, or row by row if there
     * are none. The first run also finds the forms. Most values have rows on axis 0, and then the result of that run
     * is used.
     *
     * @param inputs of the whole model
     * @param shared whether a value of one row may be used for all
     */
    <T> T run(Inputs inputs, List<Cut.Point> points, boolean shared, Run<T> run) {
        if (program.rowLayout() != Program.RowLayout.VARIES) {
            List<Place> seen = of(inputs, points, shared);
            return seen == null ? run.rowByRow() : run.seen(seen);
        }
        List<Form> forms = known(inputs, points);
        if (forms == null) {
            List<Place> plain = asTheyAre(points);
            T first = run.seen(plain);
            List<Place> seen = seen(inputs, points, find(inputs, points, run.values(first)), shared);
            if (plain.equals(seen)) {
                return first;
            }
            run.close(first);
            return seen == null ? run.rowByRow() : run.seen(seen);
        }
        List<Place> seen = seen(inputs, points, forms, shared);
        if (seen == null) {
            return run.rowByRow();
        }
        T result = run.seen(seen);
        if (!contradicts(inputs, points, run.values(result))) {
            return result;
        }
        // The forms are found again only once, because the axes of some values depend on the data.
        run.close(result);
        List<Place> again = of(inputs, points, shared);
        return again == null ? run.rowByRow() : run.seen(again);
    }

    /**
     * Returns the forms in which axis 0 of each value counts the rows of a run of these inputs, or null if that takes a
     * run for each row.
     *
     * @param inputs of the whole model
     * @param shared whether a value of one row may be used for all
     */
    @Nullable
    List<Place> of(Inputs inputs, List<Cut.Point> points, boolean shared) {
        return switch (program.rowLayout()) {
            case FIRST -> asTheyAre(points);
            case NONE -> inputs.rows() == 1 ? places(points, RowForm.ALONE) : null;
            case VARIES -> {
                List<Form> forms = known(inputs, points);
                yield seen(inputs, points, forms == null ? find(inputs, points) : forms, shared);
            }
        };
    }

    private static @Nullable List<Place> seen(Inputs inputs, List<Cut.Point> points, List<Form> forms, boolean shared) {
        boolean one = inputs.rows() == 1;
        for (Form form : forms) {
            if (!one && !form.together() && !(shared && form.kind() == Kind.SHARED)) {
                return null;
            }
        }
        List<Place> seen = new ArrayList<>();
        for (int i = 0; i < points.size(); i++) {
            seen.add(new Place(points.get(i), forms.get(i).seen(inputs.rows())));
        }
        return seen;
    }

    /** Removes known forms that values of a run contradict; returns whether there are any. */
    private boolean contradicts(Inputs inputs, List<Cut.Point> points, List<Tensor> values) {
        boolean wrong = false;
        for (int i = 0; i < points.size(); i++) {
            Shape shape = values.get(i).shape();
            long first = shape.rank() == 0 ? 0 : shape.dim(0);
            if (first != inputs.rows() && first != 1) {
                Key key = key(inputs, points.get(i));
                // Another thread may have seen it first.
                wrong |= known.remove(key) != null || changing.contains(key);
                changing.add(key);
            }
        }
        return wrong;
    }

    private static Key key(Inputs inputs, Cut.Point point) {
        List<Integer> ranks =
                inputs.tensors().stream().map(tensor -> tensor.shape().rank()).toList();
        return new Key(point, ranks, inputs.rows() > 1);
    }

    private @Nullable List<Form> known(Inputs inputs, List<Cut.Point> points) {
        List<Form> forms = new ArrayList<>();
        for (Cut.Point point : points) {
            Key key = key(inputs, point);
            Form form = known.get(key);
            if (form == null || changing.contains(key)) {
                return null;
            }
            forms.add(form);
        }
        return forms;
    }

    private List<Tensor> values(Inputs inputs, List<Cut.Point> points) {
        return program.forward(new Question(inputs, List.of(), asTheyAre(points), null));
    }

    /** Finds forms by a run of two rows at most. */
    private List<Form> find(Inputs inputs, List<Cut.Point> points) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs few = inputs.rows() > 1 ? OneByOne.rows(inputs, 0, 1) : inputs;
            return find(few, points, values(few, points));
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            // The model does not run two rows, or does not reach the value with them; the actual run reports that.
            return Collections.nCopies(points.size(), new Form(Kind.ROWS));
        }
    }

    /**
     * Finds forms from the values of a run and of another one: of a row alone, or if the run has a single row, of two
     * copies of it.
     */
    private List<Form> find(Inputs inputs, List<Cut.Point> points, List<Tensor> values) {
        boolean several = inputs.rows() > 1;
        boolean look = several || !values.stream().allMatch(RowForms::startsWithOne);
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> one = several ? values(OneByOne.rows(inputs, 0), points) : values;
            List<Tensor> more = several || !look ? values : values(OneByOne.rows(inputs, 0, 0), points);
            List<Form> forms = new ArrayList<>();
            for (int i = 0; i < points.size(); i++) {
                Form form = look ? form(inputs, points, i, one.get(i), more.get(i)) : new Form(Kind.ROWS);
                if (form != null) {
                    learn(key(inputs, points.get(i)), form);
                }
                forms.add(form == null ? new Form(Kind.OTHER) : form);
            }
            return forms;
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            // One row runs and two do not, or the other way round: the forms cannot be found.
            return Collections.nCopies(points.size(), new Form(several ? Kind.ROWS : Kind.OTHER));
        }
    }

    /**
     * Another thread may have found another form at the same time: then the form depends on the data, and neither
     * is kept.
     */
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

    /** Returns the form of a value, or null if these rows leave it open. */
    private @Nullable Form form(Inputs inputs, List<Cut.Point> points, int number, Tensor one, Tensor more) {
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
        Tensor other = values(OneByOne.rows(inputs, 1), points).get(number);
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

    /** Returns the one axis whose extent is multiplied by the number of rows; -1 if there is not exactly one. */
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
