// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.wire;

import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A request to {@code a4j_forward} or {@code a4j_run}: arguments, wanted gradients, and rows that tap or replace
 * values. {@link #control} and {@link #tensors} turn it into a vector of integers and a list of tensors.
 *
 * @param <T> the type of a tensor
 */
public final class Request<T> {
    private final Signature signature;
    private final List<Integer> wants = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<@Nullable T> replacements = new ArrayList<>();
    private final List<T> inputs = new ArrayList<>();
    private final List<String> inputNames = new ArrayList<>();
    private final List<Long> layout = new ArrayList<>();
    private @Nullable List<Integer> single;

    /**
     * Starts a request.
     *
     * @param signature the model's signature
     * @param arguments one value for each parameter, in order; null, or a shorter list, means the default
     * @throws IllegalArgumentException if an argument does not fit its parameter; the message names both
     */
    public Request(Signature signature, List<? extends @Nullable Value<T>> arguments) {
        this.signature = signature;
        List<Signature.Parameter> parameters = signature.parameters();
        if (arguments.size() > parameters.size()) {
            throw new IllegalArgumentException(
                    "the model takes " + parameters.size() + " arguments, not " + arguments.size() + ": " + signature);
        }
        for (int i = 0; i < parameters.size(); i++) {
            Signature.Parameter parameter = parameters.get(i);
            Value<T> value = i < arguments.size() ? arguments.get(i) : null;
            if (value == null && !parameter.hasDefault()) {
                throw new IllegalArgumentException("argument '" + parameter.name() + "' of type " + parameter.type()
                        + " is missing: " + signature);
            }
            if (parameter.hasDefault()) {
                boolean given = value != null && !parameter.structure().hasOpaque();
                layout.add(given ? 1L : 0L);
                if (value != null && !given) {
                    throw new IllegalArgumentException("argument '" + parameter.name() + "' of type " + parameter.type()
                            + " cannot be passed; leave it to its default " + parameter.preset());
                }
            }
            if (value != null) {
                write(parameter.name(), parameter.structure(), value);
            }
        }
    }

    private void write(String name, Structure structure, Value<T> value) {
        if (structure instanceof Structure.Tensor && value instanceof Value.Tensor<T> tensor) {
            inputs.add(tensor.tensor());
            inputNames.add(name);
        } else if (structure instanceof Structure.Optional optional) {
            boolean present = !(value instanceof Value.None<T>);
            layout.add(present ? 1L : 0L);
            if (present) {
                write(name, optional.item(), value);
            }
        } else if (structure instanceof Structure.ListOf list && value instanceof Value.Items<T> items) {
            layout.add((long) items.items().size());
            for (int i = 0; i < items.items().size(); i++) {
                write(name + "[" + i + "]", list.item(), items.items().get(i));
            }
        } else if (structure instanceof Structure.TupleOf tuple
                && value instanceof Value.Items<T> items
                && items.items().size() == tuple.items().size()) {
            for (int i = 0; i < items.items().size(); i++) {
                write(
                        name + Reply.item(tuple, i),
                        tuple.items().get(i),
                        items.items().get(i));
            }
        } else if (structure instanceof Structure.DictOf dict && value instanceof Value.Entries<T> entries) {
            layout.add((long) entries.entries().size());
            for (Map.Entry<Object, Value<T>> entry : entries.entries().entrySet()) {
                scalar(name, dict.key(), entry.getKey());
                write(name + "[" + Reply.key(entry.getKey()) + "]", dict.item(), entry.getValue());
            }
        } else if (structure instanceof Structure.Scalar scalar) {
            scalar(name, scalar.type(), value instanceof Value.Scalar<T> s ? s.value() : value);
        } else {
            throw misfit(name, RuntimeSource.typeOf(structure).toString(), value);
        }
    }

    private void scalar(String name, String type, Object value) {
        if (type.equals("number")) {
            boolean real = value instanceof Double;
            layout.add(real ? 1L : 0L);
            scalar(name, real ? "float" : "int", value);
            return;
        }
        if (type.equals("int") && (value instanceof Long || value instanceof Integer)) {
            layout.add(((Number) value).longValue());
        } else if (type.equals("float") && value instanceof Number number) {
            for (long part : Reals.split(number.doubleValue())) {
                layout.add(part);
            }
        } else if (type.equals("bool") && value instanceof Boolean flag) {
            layout.add(flag ? 1L : 0L);
        } else if (type.equals("str") && value instanceof String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            layout.add((long) bytes.length);
            for (byte b : bytes) {
                layout.add((long) (b & 0xFF));
            }
        } else if (!(type.equals("NoneType") && value instanceof Value.None)) {
            throw misfit(name, type, value);
        }
    }

    private IllegalArgumentException misfit(String name, String type, Object value) {
        String given = value instanceof Value<?> v
                ? v.getClass().getSimpleName()
                : value.getClass().getSimpleName();
        return new IllegalArgumentException(
                "argument '" + name + "' must be of type " + type + ", not " + given + ": " + signature);
    }

    /**
     * {@return the names of the input tensors in order, such as {@code x}, {@code pair[0]}, {@code features['left']}}
     */
    public List<String> inputNames() {
        return List.copyOf(inputNames);
    }

    /**
     * Asks for the gradient of an input tensor, which must be of a floating-point type.
     *
     * @param input its number among {@link #inputNames}
     * @return this
     */
    public Request<T> want(int input) {
        if (input < 0 || input >= inputs.size() || wants.contains(input)) {
            throw new IllegalArgumentException(
                    "input " + input + " does not exist or is asked for twice; inputs: " + inputNames);
        }
        wants.add(input);
        return this;
    }

    /**
     * Asks for a value inside the model. Only {@code a4j_run} sees it.
     *
     * @param row the value
     * @return this
     */
    public Request<T> tap(Row row) {
        rows.add(row);
        replacements.add(null);
        return this;
    }

    /**
     * Replaces a value inside the model by a tensor. The row is a tap too: the reply holds the tensor, as a leaf if the
     * row asks for one.
     *
     * @param row the value
     * @param replacement the tensor that replaces it
     * @return this
     */
    public Request<T> replace(Row row, T replacement) {
        rows.add(row);
        replacements.add(replacement);
        return this;
    }

    /** {@return the input tensors that are wanted, by number} */
    public List<Integer> wants() {
        return List.copyOf(wants);
    }

    /**
     * Sets the input tensors that hold one row each. A program for single examples, without an axis of rows, gets the
     * example in that row. Only a copy made for such a program reads these numbers.
     *
     * @param numbers the tensors, from 0
     * @return this
     */
    public Request<T> single(List<Integer> numbers) {
        single = List.copyOf(numbers);
        return this;
    }

    /** {@return the rows in the order given} */
    public List<Row> rows() {
        return List.copyOf(rows);
    }

    /** {@return the level that a copy must have for the rows} */
    public Level level() {
        return rows.stream().anyMatch(row -> row.side() > Row.ARGUMENTS || row.view() != Row.AS_IS)
                ? Level.VALUES
                : Level.MODULES;
    }

    /** {@return the first element of {@code a4j_x}, an int64 vector on the CPU} */
    public long[] control() {
        List<Long> control = new ArrayList<>();
        control.add((long) wants.size());
        wants.forEach(w -> control.add((long) w));
        if (single != null) {
            control.add((long) single.size());
            single.forEach(number -> control.add((long) number));
        }
        control.add((long) rows.size());
        long next = 0;
        for (int i = 0; i < rows.size(); i++) {
            Row row = rows.get(i);
            for (int field : new int[] {row.module(), row.call(), row.side(), row.element()}) {
                control.add((long) field);
            }
            control.add(replacements.get(i) == null ? -1L : next++);
            control.add(row.leaf() ? 1L : 0L);
            control.add(row.view());
        }
        control.addAll(layout);
        return control.stream().mapToLong(Long::longValue).toArray();
    }

    /** {@return the rest of {@code a4j_x}: input tensors, then replacements} */
    public List<T> tensors() {
        List<T> tensors = new ArrayList<>(inputs);
        for (T replacement : replacements) {
            if (replacement != null) {
                tensors.add(replacement);
            }
        }
        return tensors;
    }
}
