// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Inputs.Input;
import io.github.attribution4j.model.Inputs.Role;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The arguments of one call in order, and what is computed from them one by one; {@link Inputs} has the examples that
 * their rows belong to.
 */
record Arguments(List<Input> all) {
    Arguments {
        all = List.copyOf(all);
    }

    /** Returns these and one more; names of its features must fit its shape. */
    Arguments and(Input input) {
        List<Input> more = new ArrayList<>(all);
        more.add(input.features().isEmpty() ? input : fitting(input, input.features()));
        return new Arguments(more);
    }

    private static Input fitting(Input input, FeatureNames names) {
        Shape shape = RowAxis.first(input.tensor().shape(), input.rowAxis());
        return input.named(names.fitting(input.name(), shape));
    }

    private Arguments each(UnaryOperator<Input> change) {
        return new Arguments(all.stream().map(change).toList());
    }

    /**
     * Checks that names differ and that all arguments with rows have equally many, and returns that number; 0 if no
     * argument has rows.
     */
    long rows() {
        Set<String> names = new HashSet<>();
        Input first = null;
        for (Input input : all) {
            if (!names.add(input.name())) {
                throw new IllegalArgumentException("inputs: two are named '" + input.name() + "'; names must differ");
            }
            if (input.role() != Role.CONSTANT) {
                requireSameRows(first, input);
                first = first == null ? input : first;
            }
        }
        if (first != null && first.rows() == 0) {
            throw new IllegalArgumentException("input '" + first.name() + "' has shape "
                    + first.tensor().shape() + ": no rows (examples) to explain; give at least one");
        }
        return first == null ? 0 : first.rows();
    }

    private static void requireSameRows(@Nullable Input first, Input input) {
        Shape shape = input.tensor().shape();
        if (shape.rank() == 0) {
            throw new IllegalArgumentException("input '" + input.name() + "' is a scalar; an "
                    + "attributed or fixed input has rows (examples) on axis 0; pass a scalar as constant(...)");
        }
        if (first != null && input.rows() != first.rows()) {
            throw new IllegalArgumentException("input '" + input.name() + "' has shape " + shape + " and input '"
                    + first.name() + "' " + first.tensor().shape() + "; axis "
                    + (input.rowAxis() == first.rowAxis()
                            ? input.rowAxis() + " counts"
                            : input.rowAxis() + " and axis " + first.rowAxis() + " count")
                    + " rows (examples) and must be equal; pass a tensor without rows as constant(...), or give all"
                    + " an axis of one row in front where the model has none and is loaded as unbatched");
        }
    }

    void requireRows() {
        if (all.isEmpty()) {
            throw new IllegalArgumentException("inputs: none given; a model takes at least one");
        }
        if (rows() == 0) {
            throw new IllegalArgumentException("inputs: all are constant; at least one must have rows (examples)");
        }
    }

    List<Input> attributed() {
        return of(Role.ATTRIBUTED);
    }

    List<Input> references() {
        return of(Role.REFERENCE);
    }

    /** Every explanation asks this several times: the usual answers, all and none, cost no list. */
    private List<Input> of(Role role) {
        int count = 0;
        for (Input input : all) {
            count += input.role() == role ? 1 : 0;
        }
        if (count == all.size()) {
            return all;
        }
        List<Input> some = new ArrayList<>(count);
        for (Input input : all) {
            if (input.role() == role) {
                some.add(input);
            }
        }
        return some;
    }

    private static String referenceName(String name) {
        return name + " (reference)";
    }

    /** Returns the reference of an input, if it has one. */
    Optional<Input> reference(String input) {
        String name = referenceName(input);
        return references().stream().filter(other -> other.name().equals(name)).findFirst();
    }

    Arguments against(List<Tensor> references) {
        List<Input> attributed = attributed();
        if (references.size() != attributed.size()) {
            throw new IllegalArgumentException("references: " + references.size() + " tensors given for "
                    + attributed.size() + " attributed inputs");
        }
        List<Input> changed = new ArrayList<>(withoutReferences().all);
        for (int i = 0; i < references.size(); i++) {
            changed.add(reference(attributed.get(i), references.get(i)));
        }
        return new Arguments(changed);
    }

    /** Returns a reference as an argument, in the layout of the input that it is for. */
    private static Input reference(Input of, Tensor reference) {
        Shape shape = RowAxis.first(of.tensor().shape(), of.rowAxis());
        boolean fits = reference.shape().rank() == shape.rank()
                && reference.shape().withRows(1).equals(shape.withRows(1))
                && (reference.shape().dim(0) == of.rows() || reference.shape().dim(0) == 1)
                && reference.dataType() == of.tensor().dataType();
        if (!fits) {
            throw new IllegalArgumentException("the reference of input '" + of.name() + "' is a "
                    + reference.dataType() + " tensor of shape " + reference.shape() + "; it must be a "
                    + of.tensor().dataType() + " tensor of shape " + shape + ", or of one such row");
        }
        Tensor spread = reference.shape().dim(0) == of.rows() ? reference : reference.broadcast(shape);
        return of.withRowsFirst(spread)
                .as(referenceName(of.name()), Role.REFERENCE)
                .named(FeatureNames.none());
    }

    Arguments withoutReferences() {
        if (references().isEmpty()) {
            return this;
        }
        List<Input> arguments = new ArrayList<>(all);
        arguments.removeIf(input -> input.role() == Role.REFERENCE);
        return new Arguments(arguments);
    }

    Arguments atReferences() {
        return withoutReferences()
                .each(input -> reference(input.name())
                        .map(reference -> input.with(reference.tensor()))
                        .orElse(input));
    }

    void requireNoReferences() {
        List<Input> references = references();
        if (!references.isEmpty()) {
            throw new ModelException(
                    "input '" + references.get(0).name() + "': this model compares with no reference; ask a copy "
                            + "whose rules do (RuledModel.with), or leave Inputs.against(...) out");
        }
    }

    void requireReferences() {
        if (references().isEmpty()) {
            String names = attributed().stream().map(Input::name).collect(Collectors.joining("', '"));
            throw new ModelException(
                    "input '" + names + "': the rules of this model compare with a reference and none is "
                            + "given; use Inputs.against(references)");
        }
    }

    Arguments withAttributed(List<Tensor> attributed) {
        int expected = attributed().size();
        if (attributed.size() != expected) {
            throw new IllegalArgumentException(
                    "attributed: " + attributed.size() + " tensors given for " + expected + " attributed inputs");
        }
        List<Input> changed = new ArrayList<>(all.size());
        int next = 0;
        for (Input input : all) {
            changed.add(input.role() == Role.ATTRIBUTED ? input.withRowsFirst(attributed.get(next++)) : input);
        }
        return new Arguments(changed);
    }

    Arguments expand(List<Tensor> attributed, long[] examples) {
        List<Input> changed = new ArrayList<>(all.size());
        int next = 0;
        for (Input input : all) {
            // These are rows for a model, which does not use the names of features.
            switch (input.role()) {
                case ATTRIBUTED ->
                    changed.add(input.withRowsFirst(attributed.get(next++)).named(FeatureNames.none()));
                case FIXED, REFERENCE ->
                    changed.add(input.with(tile(input.tensor(), input.rowAxis(), examples))
                            .named(FeatureNames.none()));
                case CONSTANT -> changed.add(input);
            }
        }
        return new Arguments(changed);
    }

    Arguments select(long[] examples) {
        return each(input -> input.role() == Role.CONSTANT
                ? input
                : input.with(tile(input.tensor(), input.rowAxis(), examples))
                        .named(input.features().select(examples)));
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

    Arguments on(Tensors backend) {
        return each(input -> input.with(backend.bring(input.tensor())));
    }

    /** Returns the arguments of a tail: first the activations, then these, of which none is attributed any more. */
    Arguments behind(List<Cut.Point> points, List<Tensor> activations) {
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
            tail.add(input.role() == Role.ATTRIBUTED ? input.as(input.name(), Role.FIXED) : input);
        }
        return new Arguments(tail);
    }

    private boolean hasName(String name) {
        return all.stream().anyMatch(input -> input.name().equals(name));
    }

    Arguments named(String input, FeatureNames names) {
        if (!hasName(input)) {
            throw new IllegalArgumentException("feature names: there is no input '" + input + "'; "
                    + NearNames.hint(input, all.stream().map(Input::name).toList()));
        }
        return each(one -> one.name().equals(input) ? fitting(one, names) : one);
    }

    void requireDifferentiable() {
        List<Input> attributed = attributed();
        if (attributed.isEmpty()) {
            throw new ModelException("no input is attributed, so there is no gradient to take; mark one with "
                    + "Inputs.attribute(name, tensor)");
        }
        for (Input input : attributed) {
            DataType type = input.tensor().dataType();
            if (!type.isFloating()) {
                throw new ModelException("input '" + input.name() + "' is of type " + type
                        + ", which has no gradient; attribute by token, at the vectors that the model looks up for"
                        + " it (TokenAttribution.of(method)), at a layer (method.at(\"embedding\")), by a"
                        + " perturbation method, or pass it with fixed(...)");
            }
        }
    }
}
