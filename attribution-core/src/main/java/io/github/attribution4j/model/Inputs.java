// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of a model in order, some attributed, the others held fixed. Immutable; does not own or change
 * its tensors.
 *
 * <pre>{@code
 * Inputs.of(image);                                       // one attributed input
 * Inputs.none().attribute("tokens", ids)                  // argument order is the order of calls
 *         .fixed("mask", mask).constant("temperature", t);
 * }</pre>
 */
public final class Inputs {
    /** What happens to an input while a method evaluates many rows. */
    public enum Role {
        /** Changed row by row, and attributed. Axis 0, or the row axis given, counts rows. */
        ATTRIBUTED,
        /**
         * Held fixed, one row for each example. Axis 0, or the row axis given, counts rows; repeated for all rows of
         * an example.
         */
        FIXED,
        /** Passed unchanged for any number of rows: a scalar, or a table that all rows share. */
        CONSTANT,
        /**
         * What a copy with rules compares an attributed input with; see {@link Inputs#against} and
         * {@link io.github.attribution4j.model.rule.RuledModel.Copy}. Not an argument of the model. Axis 0 counts rows;
         * repeated for all rows of an example.
         */
        REFERENCE
    }

    /**
     * One argument of the model.
     *
     * @param name unique; any name, or the model's own parameter name where the model binds by name, such as
     *     {@code boxes}, or {@code batch.mask} for an entry of a dict parameter
     * @param tensor the value, not owned
     * @param role what happens to it
     * @param features names of the positions on its axes
     * @param rowAxis the axis that counts rows; other than 0 for inputs such as the state of a recurrent layer,
     *     {@code (layers, rows, width)}
     */
    public record Input(String name, Tensor tensor, Role role, FeatureNames features, int rowAxis) {
        /** Checks that the tensor has the row axis. */
        public Input {
            if (rowAxis != 0 && role == Role.CONSTANT) {
                throw new IllegalArgumentException(
                        "input '" + name + "' is constant, which has no rows, and rowAxis is " + rowAxis
                                + "; pass it with attribute(...) or fixed(...)");
            }
            if (rowAxis < 0 || (rowAxis > 0 && rowAxis >= tensor.shape().rank())) {
                throw new IllegalArgumentException("input '" + name + "' has shape " + tensor.shape() + " and rowAxis "
                        + rowAxis + "; give an axis that it has, counted from 0");
            }
        }

        /** An input without names of features, whose rows, if it has any, are on axis 0. */
        public Input(String name, Tensor tensor, Role role) {
            this(name, tensor, role, FeatureNames.none(), 0);
        }

        Input with(Tensor other) {
            return new Input(name, other, role, features, rowAxis);
        }

        /** This in another role, or under another name. */
        Input as(String newName, Role newRole) {
            return new Input(newName, tensor, newRole, features, rowAxis);
        }

        Input named(FeatureNames names) {
            return new Input(name, tensor, role, names, rowAxis);
        }

        long rows() {
            return tensor.shape().dim(rowAxis);
        }

        /**
         * Returns this with its rows on axis 0: itself, or with a copy of the tensor, which belongs to the
         * current scope.
         */
        public Input rowsFirst() {
            return rowAxis == 0 ? this : new Input(name, RowAxis.first(tensor, rowAxis), role, features, 0);
        }

        /** This, with a tensor whose rows are on axis 0. */
        Input withRowsFirst(Tensor other) {
            return with(RowAxis.back(other, rowAxis));
        }
    }

    /**
     * The origin of a tail's inputs.
     *
     * @param inputs the inputs of the model before the cut
     * @param cut computes the activations from them
     */
    public record Origin(Inputs inputs, Cut cut) {}

    private static final Inputs NONE = new Inputs(new Arguments(List.of()), null, null, false);

    private final Arguments arguments;
    private final long rows;
    private final @Nullable Origin origin;
    private final @Nullable Selection selection;
    private final boolean missing;

    private Inputs(Arguments arguments, @Nullable Origin origin, @Nullable Selection selection, boolean missing) {
        this.arguments = arguments;
        this.origin = origin;
        this.selection = selection;
        this.missing = missing;
        this.rows = arguments.rows();
    }

    @SuppressWarnings("ReferenceEquality") // unchanged arguments are the same object
    private Inputs with(Arguments changed) {
        return new Inputs(changed, origin, selection, missing);
    }

    /** The rows that these inputs were selected from, and how many rows there were. */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Selection(long[] sources, long of) {
        Selection select(long[] rows) {
            return new Selection(
                    Arrays.stream(rows)
                            .map(row -> sources[Math.toIntExact(row)])
                            .toArray(),
                    of);
        }
    }

    /**
     * Returns inputs that are all attributed, named {@code input0}, {@code input1}, ...
     *
     * @throws IllegalArgumentException if there are none, or their rows differ
     */
    public static Inputs of(Tensor... attributed) {
        List<Input> all = new ArrayList<>(attributed.length);
        for (int i = 0; i < attributed.length; i++) {
            all.add(new Input(positionalName(i), attributed[i], Role.ATTRIBUTED));
        }
        Arguments arguments = new Arguments(all);
        arguments.requireRows();
        return new Inputs(arguments, null, null, false);
    }

    /**
     * Returns inputs without arguments, to which arguments are added one by one, in the order in which the model takes
     * them. {@link #rows()} throws until there is an argument with rows.
     */
    public static Inputs none() {
        return NONE;
    }

    /** Returns these inputs and one more, attributed, of shape {@code (rows, ...)}. */
    public Inputs attribute(String name, Tensor tensor) {
        return with(new Input(name, tensor, Role.ATTRIBUTED));
    }

    /**
     * Returns these inputs and one more, attributed, whose rows are counted by another axis than 0, such as the state
     * of a recurrent layer, {@code (layers, rows, width)}, or a series with time on axis 0. The model gets it in this
     * layout. Attributions, baselines, masks, noise and names of features have rows on axis 0 nevertheless, here
     * {@code (rows, layers, width)}.
     *
     * @param rowAxis the axis that counts rows
     */
    public Inputs attribute(String name, Tensor tensor, int rowAxis) {
        return with(new Input(name, tensor, Role.ATTRIBUTED, FeatureNames.none(), rowAxis));
    }

    /**
     * Returns these inputs and one more, held fixed, of shape {@code (rows, ...)}: an integer side input, an
     * attention mask.
     */
    public Inputs fixed(String name, Tensor tensor) {
        return with(new Input(name, tensor, Role.FIXED));
    }

    /**
     * Returns these inputs and one more, held fixed, whose rows are counted by another axis than 0, such as the state
     * of a recurrent layer, {@code (layers, rows, width)}. The model gets it in this layout, with the rows of
     * each call.
     *
     * @param rowAxis the axis that counts rows
     */
    public Inputs fixed(String name, Tensor tensor, int rowAxis) {
        return with(new Input(name, tensor, Role.FIXED, FeatureNames.none(), rowAxis));
    }

    /** Returns these inputs and one more, passed unchanged for any number of rows. */
    public Inputs constant(String name, Tensor tensor) {
        return with(new Input(name, tensor, Role.CONSTANT));
    }

    /**
     * Returns these inputs and one more, at the end.
     *
     * @throws IllegalArgumentException if another has its name, the number of its rows differs from that of the others,
     *     or names of its features do not fit its shape
     */
    public Inputs with(Input input) {
        return with(arguments.and(input));
    }

    /**
     * Returns these inputs with NaN allowed, in them and in baselines: for models in which NaN means that a value is
     * <i>missing</i>, such as XGBoost's trees. Without this, NaN is refused as a mistake. Methods that take gradients
     * by an input refuse NaN in that input in any case.
     */
    public Inputs allowMissing() {
        return new Inputs(arguments, origin, selection, true);
    }

    /** Returns whether NaN means that a value is missing; see {@link #allowMissing}. */
    public boolean allowsMissing() {
        return missing;
    }

    /**
     * Returns whether the user gave an argument's name. If not, {@link #of(Tensor...)} made it from the position;
     * engines that bind by name use only given names.
     *
     * @param index from 0
     */
    public boolean isNamed(int index) {
        return !all().get(index).name().equals(positionalName(index));
    }

    /** Returns the name of an argument whose name was not given: {@code input0}, {@code input1}, ... */
    public static String positionalName(int index) {
        return "input" + index;
    }

    /** Returns the number of arguments, of every role. */
    public int size() {
        return all().size();
    }

    /** Returns the arguments in order. */
    public List<Input> all() {
        return arguments.all();
    }

    /** Returns the tensor of an argument, in the layout in which the model takes it. */
    public Tensor tensor(int index) {
        return all().get(index).tensor();
    }

    /** Returns the tensors of all arguments in order. */
    public List<Tensor> tensors() {
        return all().stream().map(Input::tensor).toList();
    }

    /**
     * Returns the number of rows (examples).
     *
     * @throws IllegalArgumentException if there is no argument that has rows
     */
    public long rows() {
        requireRows();
        return rows;
    }

    private void requireRows() {
        if (rows == 0) {
            arguments.requireRows();
        }
    }

    /**
     * Returns the example of the request that a row belongs to: the row itself, or the one that {@link #select} copied
     * it from. Baselines and masks, which are given once for each example, are looked up by this number, so that they
     * still fit when a method copies the examples of another.
     */
    public long source(long row) {
        return selection == null ? row : selection.sources[Math.toIntExact(row)];
    }

    /**
     * Returns the number of examples of the request: {@link #rows()}, or those of the inputs that were selected from.
     */
    public long sources() {
        return selection == null ? rows : selection.of;
    }

    /**
     * Returns the attributed arguments in order, as methods see them: axis 0 counts rows. If another axis counts rows,
     * the tensor is a copy, which belongs to the current scope; {@link #all()} has it in the model's layout.
     */
    public List<Input> attributedInputs() {
        List<Input> rowsFirst = new ArrayList<>();
        for (Input input : arguments.attributed()) {
            rowsFirst.add(input.rowsFirst());
        }
        return List.copyOf(rowsFirst);
    }

    /**
     * Returns tensors that belong to the attributed arguments, such as gradients, with rows on axis 0. New tensors
     * belong to the current scope.
     *
     * @param tensors one for each attributed argument, in the layout in which the model takes it
     * @throws IllegalArgumentException if there are more or fewer
     */
    public List<Tensor> rowsFirst(List<Tensor> tensors) {
        List<Input> attributed = arguments.attributed();
        if (tensors.size() != attributed.size()) {
            throw new IllegalArgumentException("tensors: " + tensors.size() + " given for " + attributed.size()
                    + " attributed inputs; give one for each");
        }
        List<Tensor> moved = new ArrayList<>(tensors.size());
        for (int i = 0; i < tensors.size(); i++) {
            moved.add(RowAxis.first(tensors.get(i), attributed.get(i).rowAxis()));
        }
        return moved;
    }

    /** Returns the tensors of the attributed arguments in order, axis 0 counts rows; see {@link #attributedInputs}. */
    public List<Tensor> attributed() {
        List<Tensor> tensors = new ArrayList<>();
        for (Input input : arguments.attributed()) {
            tensors.add(input.rowsFirst().tensor());
        }
        return List.copyOf(tensors);
    }

    /** Returns the model's inputs and the cut, if these are a tail's inputs. */
    public Optional<Origin> origin() {
        return Optional.ofNullable(origin);
    }

    /**
     * Returns these inputs with a reference for each attributed one, at the end, named {@code <name> (reference)}.
     * Copies whose rules compare two runs take them. Former references are replaced. New tensors belong to the
     * current scope.
     *
     * @param references one for each attributed input, in order, of its shape and type, where axis 0 counts rows; one
     *     row is used for all
     * @throws IllegalArgumentException if number, shape or type do not fit
     */
    public Inputs against(List<Tensor> references) {
        return with(arguments.against(references));
    }

    /**
     * Returns the references, in the order of the attributed inputs that they were given for.
     */
    public List<Tensor> references() {
        return arguments.references().stream().map(Input::tensor).toList();
    }

    /** Returns whether an input has a reference. */
    public boolean hasReference(String input) {
        return arguments.reference(input).isPresent();
    }

    /** Returns these inputs without references: what a model takes. */
    public Inputs withoutReferences() {
        Arguments without = arguments.withoutReferences();
        return without.all().size() == arguments.all().size() ? this : with(without);
    }

    /**
     * Returns the arguments of the reference run: each input that has a reference replaced by it, and no references.
     */
    public Inputs atReferences() {
        return new Inputs(arguments.atReferences(), null, selection, missing);
    }

    /**
     * Checks that there are rows and no references: for a model without rules, or a copy whose rules do not compare.
     *
     * @throws ModelException naming the first
     * @throws IllegalArgumentException if there is no argument that has rows
     */
    public void requireNoReferences() {
        requireRows();
        arguments.requireNoReferences();
    }

    /**
     * Checks that every attributed input has a reference: for rules that compare.
     *
     * @throws ModelException naming the first input that has none
     */
    public void requireReferences() {
        arguments.requireReferences();
    }

    /**
     * Returns these inputs with other attributed tensors.
     *
     * @param attributed one for each attributed input, in order, with as many rows, counted by axis 0, as the
     *     fixed ones
     */
    public Inputs withAttributed(List<Tensor> attributed) {
        return with(arguments.withAttributed(attributed));
    }

    /**
     * Returns the inputs of many evaluated rows: the attributed tensors given, and the fixed tensors of the example
     * that each row belongs to. New tensors belong to the current scope.
     *
     * @param attributed one for each attributed input, axis 0 as long as {@code examples}
     * @param examples for each row the example (row of these inputs) that it belongs to
     */
    public Inputs expand(List<Tensor> attributed, long[] examples) {
        return new Inputs(arguments.expand(attributed, examples), origin, null, missing);
    }

    /**
     * Returns the given rows, in that order, of attributed and fixed inputs; {@link #source} returns the origin of
     * each. New tensors belong to the current scope.
     */
    public Inputs select(long... examples) {
        Arguments rowsOf = arguments.select(examples);
        Origin selected = origin == null ? null : new Origin(origin.inputs().select(examples), origin.cut());
        Selection rowsSelected = selection == null ? new Selection(examples.clone(), rows) : selection.select(examples);
        return new Inputs(rowsOf, selected, rowsSelected, missing);
    }

    /**
     * Returns these inputs on a backend. Tensors of another backend are copied; the copies belong to the current scope.
     */
    public Inputs on(Tensors backend) {
        if (all().stream().allMatch(input -> backend.owns(input.tensor()))) {
            return this;
        }
        Origin moved = origin == null ? null : new Origin(origin.inputs().on(backend), origin.cut());
        return new Inputs(arguments.on(backend), moved, selection, missing);
    }

    /**
     * Returns a tail's inputs: activations attributed, named by their addresses, then all of these inputs, none
     * attributed any more. References remain those of the inputs that they were given for.
     *
     * @param cut computes the activations from these inputs
     * @param activations one for each point of the cut, shape {@code (rows, ...)}
     */
    public Inputs behind(Cut cut, List<Tensor> activations) {
        return new Inputs(arguments.behind(cut.points(), activations), new Origin(this, cut), selection, missing);
    }

    /**
     * Returns these inputs with names for the features of the only attributed one.
     *
     * @param columns one for each position on its last axis
     * @throws IllegalArgumentException if there are several attributed inputs, or the names do not fit
     */
    public Inputs named(String... columns) {
        List<Input> attributed = arguments.attributed();
        if (attributed.size() != 1) {
            throw new IllegalArgumentException("feature names: there are " + attributed.size()
                    + " attributed inputs; say which they are of with Inputs.named(input, names)");
        }
        return named(attributed.get(0).name(), FeatureNames.columns(columns));
    }

    /**
     * Returns these inputs with names for the features of one input.
     *
     * @param input its name
     * @param names replace its former names
     * @throws IllegalArgumentException if there is no such input, or the names do not fit
     */
    public Inputs named(String input, FeatureNames names) {
        return with(arguments.named(input, names));
    }

    /**
     * Checks that gradients can be taken.
     *
     * @throws ModelException if no input is attributed, or an attributed one is of an integer type
     */
    public void requireDifferentiable() {
        arguments.requireDifferentiable();
    }

    /** Returns names, types and shapes, without elements. */
    @Override
    public String toString() {
        return all().stream()
                .map(input -> input.name() + " " + input.tensor().dataType()
                        + input.tensor().shape())
                .collect(Collectors.joining(", ", "Inputs[", "]"));
    }
}
