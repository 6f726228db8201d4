// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One question to a model: its arguments in order, some attributed, the others held fixed. Immutable; does not own or
 * change its tensors.
 *
 * <pre>{@code
 * Inputs.of(image);                                       // one attributed input
 * Inputs.builder().attribute("tokens", ids)               // argument order is the order of calls
 *         .fixed("mask", mask).constant("temperature", t).build();
 * }</pre>
 */
public final class Inputs {
    /** What happens to an input while a method evaluates many rows. */
    public enum Role {
        /** Changed row by row, and attributed. Axis 0, or the one said, counts rows. */
        ATTRIBUTED,
        /** Held fixed, one row for each example. Axis 0, or the one said, counts rows; tiled along with them. */
        FIXED,
        /** Passed as it is, whatever the number of rows: a scalar, a table shared by all rows. */
        CONSTANT,
        /**
         * What an attributed input is compared with by a {@link RuledModel}'s copy; see {@link Inputs#against}. Not an
         * argument of the model. Axis 0 counts rows; tiled along with them.
         */
        REFERENCE
    }

    /**
     * One argument of the model.
     *
     * @param name unique; the model's own parameter name where structure matters, such as {@code boxes} or {@code
     *     batch.mask} for an entry of a dict parameter, else any
     * @param tensor the value, not owned
     * @param role what happens to it
     * @param features what the positions on its axes are called
     * @param rowAxis the axis that counts rows; not 0 for such as the state of a recurrent layer, {@code (layers, rows, width)}
     */
    public record Input(String name, Tensor tensor, Role role, FeatureNames features, int rowAxis) {
        Input(String name, Tensor tensor, Role role, FeatureNames features) {
            this(name, tensor, role, features, 0);
        }

        Input(String name, Tensor tensor, Role role) {
            this(name, tensor, role, FeatureNames.none());
        }

        Input with(Tensor other) {
            return new Input(name, other, role, features, rowAxis);
        }

        Input select(long[] rows) {
            return new Input(name, tile(tensor, rowAxis, rows), role, features.select(rows), rowAxis);
        }

        private long rows() {
            return tensor.shape().dim(rowAxis);
        }

        /** Returns this with its rows on axis 0: itself, or with a copy of the tensor, which belongs to the current scope. */
        public Input rowsFirst() {
            return rowAxis == 0 ? this : new Input(name, RowAxis.first(tensor, rowAxis), role, features);
        }

        /** This, with a tensor whose rows are on axis 0. */
        private Input withRowsFirst(Tensor other) {
            return with(RowAxis.back(other, rowAxis));
        }
    }

    /**
     * Where a tail's inputs come from.
     *
     * @param inputs the inputs of the model before the cut
     * @param cut computes the activations from them
     */
    public record Origin(Inputs inputs, Cut cut) {}

    private final List<Input> all;
    private final long rows;
    private final @Nullable Origin origin;
    private final @Nullable Selection selection;
    private final boolean missing;

    private Inputs(List<Input> all, @Nullable Origin origin, @Nullable Selection selection, boolean missing) {
        this.all = List.copyOf(all);
        this.origin = origin;
        this.selection = selection;
        this.missing = missing;
        this.rows = checkedRows(this.all);
    }

    /** Which rows of which number of rows these inputs were selected from. */
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

    private static long checkedRows(List<Input> all) {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("inputs: none given; a model takes at least one");
        }
        Set<String> names = new HashSet<>();
        Input first = null;
        for (Input input : all) {
            if (!names.add(input.name())) {
                throw new IllegalArgumentException("inputs: two are named '" + input.name() + "'; names must differ");
            }
            if (input.role() == Role.CONSTANT) {
                continue;
            }
            Shape shape = input.tensor().shape();
            if (shape.rank() == 0) {
                throw new IllegalArgumentException("input '" + input.name() + "' is a scalar; an "
                        + "attributed or fixed input has rows (examples) on axis 0; pass a scalar as constant(...)");
            }
            if (first == null) {
                first = input;
            } else if (input.rows() != first.rows()) {
                throw new IllegalArgumentException("input '" + input.name() + "' has shape " + shape + " and input '"
                        + first.name() + "' " + first.tensor().shape() + "; axis "
                        + (input.rowAxis() == first.rowAxis()
                                ? input.rowAxis() + " counts"
                                : input.rowAxis() + " and axis " + first.rowAxis() + " count")
                        + " rows (examples) and must be equal; pass a tensor without rows as constant(...), or give all"
                        + " an axis of one row in front where the model has none (LoadOptions.unbatched)");
            }
        }
        if (first == null) {
            throw new IllegalArgumentException("inputs: all are constant; at least one must have rows (examples)");
        }
        long rows = first.rows();
        if (rows == 0) {
            throw new IllegalArgumentException("input '" + first.name() + "' has shape "
                    + first.tensor().shape() + ": no rows (examples) to explain; give at least one");
        }
        return rows;
    }

    /** Returns inputs that are all attributed, named {@code input0}, {@code input1}, ... */
    public static Inputs of(Tensor... attributed) {
        Builder builder = builder();
        for (int i = 0; i < attributed.length; i++) {
            builder.attribute(positionalName(i), attributed[i]);
        }
        return builder.build();
    }

    /** Returns a builder; inputs are added in the model's argument order. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * Returns these inputs with NaN allowed, in them and in baselines: for models to which NaN means that a value is
     * <i>missing</i>, such as XGBoost's trees. To everybody else NaN is a mistake, and is refused. Methods that take gradients
     * by an input refuse NaN in it all the same.
     */
    public Inputs allowMissing() {
        return new Inputs(all, origin, selection, true);
    }

    /** Returns whether NaN means that a value is missing; see {@link #allowMissing}. */
    public boolean allowsMissing() {
        return missing;
    }

    /**
     * Returns whether an argument's name was given by the user, rather than made from its position by {@link
     * #of(Tensor...)}: engines that bind by name are told given names only.
     *
     * @param index from 0
     */
    public boolean isNamed(int index) {
        return !all.get(index).name().equals(positionalName(index));
    }

    /** Returns the name of an argument that has none of its own: {@code input0}, {@code input1}, ... */
    public static String positionalName(int index) {
        return "input" + index;
    }

    /** Returns the number of arguments, of every role. */
    public int size() {
        return all.size();
    }

    /** Returns the arguments in order. */
    public List<Input> all() {
        return all;
    }

    /** Returns the tensor of an argument, in the layout in which the model takes it. */
    public Tensor tensor(int index) {
        return all.get(index).tensor();
    }

    /** Returns the tensors of all arguments in order. */
    public List<Tensor> tensors() {
        return all.stream().map(Input::tensor).toList();
    }

    /** Returns the number of rows (examples). */
    public long rows() {
        return rows;
    }

    /**
     * Returns which example of the request a row is: the row itself, or the one it was copied from by {@link #select}.
     * What is given once for each example (a baseline, a mask of features) is looked up under it, so that it still fits
     * when a method tiles the examples of another.
     */
    public long source(long row) {
        return selection == null ? row : selection.sources[Math.toIntExact(row)];
    }

    /** Returns the number of examples of the request: {@link #rows()}, or those of the inputs that were selected from. */
    public long sources() {
        return selection == null ? rows : selection.of;
    }

    /**
     * Returns the attributed arguments in order, as methods see them: axis 0 counts rows. Of one whose rows are counted by
     * another axis the tensor is a copy, which belongs to the current scope; {@link #all()} has it as the model takes it.
     */
    public List<Input> attributedInputs() {
        return attributedArguments().map(Input::rowsFirst).toList();
    }

    private List<Input> arguments() {
        return attributedArguments().toList();
    }

    private Stream<Input> attributedArguments() {
        return all.stream().filter(input -> input.role() == Role.ATTRIBUTED);
    }

    /**
     * Returns what belongs to the attributed arguments, such as gradients, with rows on axis 0. New tensors belong to the
     * current scope.
     *
     * @param tensors one for each attributed argument, in the layout in which the model takes it
     * @throws IllegalArgumentException if there are more or fewer
     */
    public List<Tensor> rowsFirst(List<Tensor> tensors) {
        List<Input> attributed = arguments();
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
        return attributedInputs().stream().map(Input::tensor).toList();
    }

    /** Returns where these inputs come from, if they are a tail's. */
    public Optional<Origin> origin() {
        return Optional.ofNullable(origin);
    }

    /**
     * Returns these inputs with a reference for each attributed one, at the end, named {@code <name> (reference)}: what a
     * copy whose rules compare two runs is asked with. References that are there already are replaced. New tensors belong to
     * the current scope.
     *
     * @param references one for each attributed input, in order, of its shape (axis 0 counts rows) and type; one row serves all
     * @throws IllegalArgumentException if number, shape or type do not fit
     */
    public Inputs against(List<Tensor> references) {
        List<Input> attributed = attributedInputs();
        if (references.size() != attributed.size()) {
            throw new IllegalArgumentException("references: " + references.size() + " tensors given for "
                    + attributed.size() + " attributed inputs");
        }
        List<Input> arguments = arguments();
        List<Input> changed = new ArrayList<>(withoutReferences().all);
        for (int i = 0; i < references.size(); i++) {
            Input input = attributed.get(i);
            Tensor reference = references.get(i);
            Shape shape = input.tensor().shape();
            boolean fits = reference.shape().rank() == shape.rank()
                    && reference.shape().withRows(1).equals(shape.withRows(1))
                    && (reference.shape().dim(0) == rows || reference.shape().dim(0) == 1)
                    && reference.dataType() == input.tensor().dataType();
            if (!fits) {
                throw new IllegalArgumentException("the reference of input '" + input.name() + "' is a "
                        + reference.dataType() + " tensor of shape " + reference.shape() + "; it must be a "
                        + input.tensor().dataType() + " tensor of shape " + shape + ", or of one such row");
            }
            Tensor spread = reference.shape().dim(0) == rows ? reference : reference.broadcast(shape);
            int axis = arguments.get(i).rowAxis();
            changed.add(new Input(
                    referenceName(input.name()),
                    RowAxis.back(spread, axis),
                    Role.REFERENCE,
                    FeatureNames.none(),
                    axis));
        }
        return new Inputs(changed, origin, selection, missing);
    }

    private static String referenceName(String name) {
        return name + " (reference)";
    }

    /** Returns the references, in the order of the attributed inputs that they were given for; none if there are none. */
    public List<Tensor> references() {
        return all.stream()
                .filter(input -> input.role() == Role.REFERENCE)
                .map(Input::tensor)
                .toList();
    }

    /** Returns whether an input has a reference. */
    public boolean hasReference(String input) {
        String name = referenceName(input);
        return all.stream()
                .anyMatch(
                        other -> other.role() == Role.REFERENCE && other.name().equals(name));
    }

    /** Returns the arguments without references: what a model takes. */
    public Inputs withoutReferences() {
        List<Input> arguments =
                all.stream().filter(input -> input.role() != Role.REFERENCE).toList();
        return arguments.size() == all.size() ? this : new Inputs(arguments, origin, selection, missing);
    }

    /**
     * Returns the arguments of the reference run: each input that has a reference replaced by it, and no references.
     */
    public Inputs atReferences() {
        List<Input> changed = new ArrayList<>();
        for (Input input : all) {
            if (input.role() != Role.REFERENCE) {
                String name = referenceName(input.name());
                changed.add(all.stream()
                        .filter(other ->
                                other.role() == Role.REFERENCE && other.name().equals(name))
                        .findFirst()
                        .map(reference -> input.with(reference.tensor()))
                        .orElse(input));
            }
        }
        return new Inputs(changed, null, selection, missing);
    }

    /**
     * Checks that there are no references, which a model without rules, or whose rules do not compare, does not look at.
     *
     * @throws ModelException naming the first
     */
    public void requireNoReferences() {
        for (Input input : all) {
            if (input.role() == Role.REFERENCE) {
                throw new ModelException(
                        "input '" + input.name() + "': this model compares with no reference; ask a copy "
                                + "whose rules do (RuledModel.with), or leave Inputs.against(...) out");
            }
        }
    }

    /**
     * Checks that there are references, which rules that compare need.
     *
     * @throws ModelException naming the first input that has none
     */
    public void requireReferences() {
        if (references().isEmpty()) {
            String names = arguments().stream().map(Input::name).collect(Collectors.joining("', '"));
            throw new ModelException(
                    "input '" + names + "': the rules of this model compare with a reference and none is "
                            + "given; use Inputs.against(references)");
        }
    }

    /**
     * Returns these inputs with other attributed tensors.
     *
     * @param attributed one for each attributed input, in order, with as many rows, counted by axis 0, as the fixed ones
     */
    public Inputs withAttributed(List<Tensor> attributed) {
        List<Input> changed = new ArrayList<>(all.size());
        int next = 0;
        for (Input input : all) {
            boolean replaced = input.role() == Role.ATTRIBUTED;
            if (replaced && next == attributed.size()) {
                break;
            }
            changed.add(replaced ? input.withRowsFirst(attributed.get(next++)) : input);
        }
        if (changed.size() != all.size() || next != attributed.size()) {
            throw new IllegalArgumentException("attributed: " + attributed.size() + " tensors given for "
                    + arguments().size() + " attributed inputs");
        }
        return new Inputs(changed, origin, selection, missing);
    }

    /**
     * Returns the inputs of many evaluated rows: the attributed tensors given, and the fixed tensors of the example that
     * each row belongs to. New tensors belong to the current scope.
     *
     * @param attributed one for each attributed input, axis 0 as long as {@code examples}
     * @param examples for each row the example (row of these inputs) that it belongs to
     */
    public Inputs expand(List<Tensor> attributed, long[] examples) {
        List<Input> changed = new ArrayList<>(all.size());
        int next = 0;
        for (Input input : all) {
            switch (input.role()) {
                // These are rows for a model, which does not look at names.
                case ATTRIBUTED ->
                    changed.add(new Input(
                            input.name(),
                            RowAxis.back(attributed.get(next++), input.rowAxis()),
                            input.role(),
                            FeatureNames.none(),
                            input.rowAxis()));
                case FIXED, REFERENCE ->
                    changed.add(new Input(
                            input.name(),
                            tile(input.tensor(), input.rowAxis(), examples),
                            input.role(),
                            FeatureNames.none(),
                            input.rowAxis()));
                case CONSTANT -> changed.add(input);
            }
        }
        return new Inputs(changed, origin, null, missing);
    }

    /**
     * Returns the rows named, in that order, of attributed and fixed inputs; {@link #source} tells where each came from.
     * New tensors belong to the current scope.
     */
    public Inputs select(long... examples) {
        List<Input> changed = new ArrayList<>(all.size());
        for (Input input : all) {
            changed.add(input.role() == Role.CONSTANT ? input : input.select(examples));
        }
        Origin selected = origin == null ? null : new Origin(origin.inputs().select(examples), origin.cut());
        Selection rowsSelected = selection == null ? new Selection(examples.clone(), rows) : selection.select(examples);
        return new Inputs(changed, selected, rowsSelected, missing);
    }

    private static Tensor tile(Tensor tensor, int axis, long[] examples) {
        Shape shape = tensor.shape();
        if (shape.dim(axis) == 1 && Arrays.stream(examples).allMatch(example -> example == 0)) {
            return tensor.broadcast(shape.with(axis, examples.length));
        }
        boolean same = examples.length == shape.dim(axis);
        for (int i = 0; same && i < examples.length; i++) {
            same = examples[i] == i;
        }
        return same ? tensor : tensor.select(axis, examples);
    }

    /** Returns these inputs on a backend; copies, which belong to the current scope, only where they are elsewhere. */
    public Inputs on(Tensors backend) {
        if (all.stream().allMatch(input -> backend.owns(input.tensor()))) {
            return this;
        }
        Origin moved = origin == null ? null : new Origin(origin.inputs().on(backend), origin.cut());
        return new Inputs(
                all.stream()
                        .map(input -> input.with(backend.bring(input.tensor())))
                        .toList(),
                moved,
                selection,
                missing);
    }

    /**
     * Returns a tail's inputs: activations attributed, named by their addresses, then all of these inputs, none attributed
     * any more; references stay those of the inputs that they were given for.
     *
     * @param cut which computes the activations from these inputs
     * @param activations one for each point of the cut, shape {@code (rows, ...)}
     */
    public Inputs behind(Cut cut, List<Tensor> activations) {
        List<CutPoint> points = cut.points();
        if (activations.size() != points.size()) {
            throw new IllegalArgumentException(
                    "activations: " + activations.size() + " tensors given for a cut at " + points);
        }
        List<Input> tail = new ArrayList<>(all.size() + points.size());
        for (int i = 0; i < points.size(); i++) {
            String unique = points.get(i).toString();
            while (hasName(unique)) {
                unique += "'";
            }
            tail.add(new Input(unique, activations.get(i), Role.ATTRIBUTED));
        }
        for (Input input : all) {
            tail.add(
                    input.role() == Role.ATTRIBUTED
                            ? new Input(input.name(), input.tensor(), Role.FIXED, input.features(), input.rowAxis())
                            : input);
        }
        return new Inputs(tail, new Origin(this, cut), selection, missing);
    }

    private boolean hasName(String name) {
        return all.stream().anyMatch(input -> input.name().equals(name));
    }

    /**
     * Returns these inputs with names for the features of the only attributed one.
     *
     * @param columns one for each position on its last axis
     * @throws IllegalArgumentException if there are several attributed inputs, or the names do not fit
     */
    public Inputs named(String... columns) {
        List<Input> attributed = arguments();
        if (attributed.size() != 1) {
            throw new IllegalArgumentException("feature names: there are " + attributed.size()
                    + " attributed inputs; say which they are of with Inputs.builder().features(input, names)");
        }
        return named(attributed.get(0).name(), FeatureNames.columns(columns));
    }

    /**
     * Returns these inputs with names for the features of one.
     *
     * @param input its name
     * @param names replace those that it has
     * @throws IllegalArgumentException if there is no such input, or the names do not fit
     */
    public Inputs named(String input, FeatureNames names) {
        List<Input> changed = new ArrayList<>();
        for (Input one : all) {
            changed.add(
                    one.name().equals(input)
                            ? new Input(
                                    input,
                                    one.tensor(),
                                    one.role(),
                                    names.fitting(
                                            input, RowAxis.first(one.tensor().shape(), one.rowAxis())),
                                    one.rowAxis())
                            : one);
        }
        if (!hasName(input)) {
            throw new IllegalArgumentException("feature names: there is no input '" + input + "'; "
                    + NearNames.hint(input, all.stream().map(Input::name).toList()));
        }
        return new Inputs(changed, origin, selection, missing);
    }

    /**
     * Checks that gradients can be asked for.
     *
     * @throws ModelException if no input is attributed, or an attributed one is of an integer type
     */
    public void requireDifferentiable() {
        List<Input> attributed = arguments();
        if (attributed.isEmpty()) {
            throw new ModelException("no input is attributed, so there is no gradient to take; mark one with "
                    + "Inputs.builder().attribute(name, tensor)");
        }
        for (Input input : attributed) {
            if (!input.tensor().dataType().isFloating()) {
                throw new ModelException("input '" + input.name() + "' is of type "
                        + input.tensor().dataType()
                        + ", which has no gradient; attribute by token, at the vectors that the model looks up for it"
                        + " (TokenAttribution.of(method)), at a layer (method.at(\"embedding\")), by a perturbation"
                        + " method, or pass it with fixed(...)");
            }
        }
    }

    /** Returns names, types and shapes; no values. */
    @Override
    public String toString() {
        return all.stream()
                .map(input -> input.name() + " " + input.tensor().dataType()
                        + input.tensor().shape())
                .collect(Collectors.joining(", ", "Inputs[", "]"));
    }

    /** Collects inputs in argument order. */
    public static final class Builder {
        private final List<Input> all = new ArrayList<>();
        private final Map<String, FeatureNames> features = new LinkedHashMap<>();

        private Builder() {}

        /** Adds an attributed input, shape {@code (rows, ...)}. */
        public Builder attribute(String name, Tensor tensor) {
            return add(name, tensor, Role.ATTRIBUTED);
        }

        /**
         * Adds an attributed input whose rows are counted by another axis than 0, as in the states of recurrent layers, {@code
         * (layers, rows, width)}, or in series that begin with time: the model gets it in this layout. Everything that is said of
         * it by examples has rows on axis 0 all the same, here {@code (rows, layers, width)}: attributions, baselines, masks, noise,
         * names of features.
         *
         * @param rowAxis the axis that counts rows
         */
        public Builder attribute(String name, Tensor tensor, int rowAxis) {
            return add(name, tensor, Role.ATTRIBUTED, rowAxis);
        }

        /** Adds an input held fixed, shape {@code (rows, ...)}: an integer side input, an attention mask. */
        public Builder fixed(String name, Tensor tensor) {
            return add(name, tensor, Role.FIXED);
        }

        /**
         * Adds an input held fixed whose rows are counted by another axis than 0, as in the states of recurrent layers, {@code
         * (layers, rows, width)}: the model gets it in this layout, with the rows that it is asked for.
         *
         * @param rowAxis the axis that counts rows
         */
        public Builder fixed(String name, Tensor tensor, int rowAxis) {
            return add(name, tensor, Role.FIXED, rowAxis);
        }

        /** Adds an input passed as it is, whatever the number of rows. */
        public Builder constant(String name, Tensor tensor) {
            return add(name, tensor, Role.CONSTANT);
        }

        /** Adds an input of a role. */
        public Builder add(String name, Tensor tensor, Role role) {
            all.add(new Input(name, tensor, role));
            return this;
        }

        /**
         * Adds an input of a role whose rows are counted by any axis.
         *
         * @param role not {@link Role#CONSTANT}, which has no rows, unless the axis is 0
         * @param rowAxis the axis that counts rows
         */
        public Builder add(String name, Tensor tensor, Role role, int rowAxis) {
            if (role == Role.CONSTANT && rowAxis == 0) {
                return add(name, tensor, role);
            }
            if (role == Role.CONSTANT) {
                throw new IllegalArgumentException(
                        "input '" + name + "' is constant, which has no rows, and rowAxis is " + rowAxis
                                + "; pass it with attribute(...) or fixed(...)");
            }
            if (rowAxis < 0 || rowAxis >= tensor.shape().rank()) {
                throw new IllegalArgumentException("input '" + name + "' has shape " + tensor.shape() + " and rowAxis "
                        + rowAxis + "; give an axis that it has, counted from 0");
            }
            all.add(new Input(name, tensor, role, FeatureNames.none(), rowAxis));
            return this;
        }

        /**
         * Names the features of an input: the columns of a table, the channels of series.
         *
         * @param input the name of an input, added before or after
         * @param columns one for each position on its last axis
         */
        public Builder features(String input, String... columns) {
            return features(input, FeatureNames.columns(columns));
        }

        /**
         * Names the features of an input along any axes.
         *
         * @param input the name of an input, added before or after
         * @param names what its positions are called
         */
        public Builder features(String input, FeatureNames names) {
            features.put(input, names);
            return this;
        }

        /**
         * Returns the inputs.
         *
         * @throws IllegalArgumentException if there are none, names repeat, rows differ, or names of features do not fit
         */
        public Inputs build() {
            Inputs inputs = new Inputs(all, null, null, false);
            for (Map.Entry<String, FeatureNames> one : features.entrySet()) {
                inputs = inputs.named(one.getKey(), one.getValue());
            }
            return inputs;
        }
    }
}
