// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.wire.Request;
import io.github.attribution4j.djl.internal.wire.Value;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Finds the inputs for each parameter of the program, before any native call.
 *
 * <p>If every input's name begins with the name of a parameter, inputs are bound by name, and the rest of the name is a
 * part of the parameter: {@code boxes.0}, {@code batch.mask}. Otherwise they are bound in order, and the names are the
 * keys of a parameter that is a dict.
 */
final class Arguments {
    private static final String KEY_ERROR = "KeyError: ";

    private final Signature signature;
    private final List<String> names;
    private final boolean oneTensor;
    private final boolean unbatched;

    Arguments(Signature signature, List<String> given, boolean unbatched) {
        this.signature = signature;
        this.unbatched = unbatched;
        List<String> own =
                signature.parameters().stream().map(Signature.Parameter::name).toList();
        if (given.size() > own.size()) {
            throw new IllegalArgumentException("argumentNames: " + given + " names " + given.size()
                    + " parameters, but the model takes " + own.size() + ": " + signature);
        }
        List<String> all = new ArrayList<>(given);
        all.addAll(own.subList(given.size(), own.size()));
        this.names = List.copyOf(all);
        this.oneTensor = own.size() == 1 && signature.parameters().get(0).structure() instanceof Structure.Tensor;
    }

    /**
     * Binds inputs to parameters.
     *
     * @param inputs in order
     * @return a request in which a tensor is the position of its input
     * @throws ModelException if they do not fit
     */
    Request<Integer> bind(List<Inputs.Input> inputs) {
        try {
            List<@Nullable Value<Integer>> values = byName(inputs) ? named(inputs) : positional(inputs);
            Request<Integer> request = new Request<>(signature, values);
            return unbatched ? request.single(single(request.tensors(), inputs)) : request;
        } catch (IllegalArgumentException e) {
            throw new ModelException(e.getMessage() + "; given: " + describe(inputs), e);
        }
    }

    /** The positions of the tensors with rows: all except constants. */
    private static List<Integer> single(List<Integer> positions, List<Inputs.Input> inputs) {
        for (Inputs.Input input : inputs) {
            if (input.rowAxis() != 0) {
                throw new IllegalArgumentException("input '" + input.name() + "' counts rows on axis " + input.rowAxis()
                        + ", and the program was loaded as one without an axis of rows (LoadOptions.unbatched); give it"
                        + " rows on axis 0");
            }
        }
        return IntStream.range(0, positions.size())
                .filter(number -> inputs.get(positions.get(number)).role() != Inputs.Role.CONSTANT)
                .boxed()
                .toList();
    }

    /** Whether the program takes one tensor and there is one input: then there is nothing to bind. */
    boolean isOneTensor(Inputs inputs) {
        if (!oneTensor || inputs.size() != 1) {
            return false;
        }
        String name = inputs.all().get(0).name();
        return name.indexOf('.') < 0 && name.indexOf('[') < 0;
    }

    private static String describe(List<Inputs.Input> inputs) {
        return inputs.stream()
                .map(input -> "'" + input.name() + "' " + input.tensor().dataType() + " "
                        + input.tensor().shape())
                .collect(Collectors.joining(", "));
    }

    private boolean byName(List<Inputs.Input> inputs) {
        return inputs.stream().allMatch(input -> names.contains(root(input.name())));
    }

    private static String root(String name) {
        int end = name.length();
        for (char separator : new char[] {'.', '['}) {
            int at = name.indexOf(separator);
            end = at < 0 ? end : Math.min(end, at);
        }
        return name.substring(0, end);
    }

    /** Parts of a name such as {@code boxes.0}, {@code boxes[0]} or {@code batch['mask']}. */
    private static List<String> parts(String name) {
        String plain =
                name.replace("['", ".").replace("']", "").replace('[', '.').replace("]", "");
        return List.of(plain.split("\\.", -1));
    }

    /** The input for one parameter, or the inputs for its parts. */
    private static final class Given {
        private final Map<String, Given> parts = new LinkedHashMap<>();
        private Inputs.@Nullable Input input;
        private int position;

        void add(List<String> path, Inputs.Input value, int at) {
            if (path.isEmpty()) {
                input = value;
                position = at;
            } else {
                parts.computeIfAbsent(path.get(0), key -> new Given()).add(path.subList(1, path.size()), value, at);
            }
        }
    }

    private List<@Nullable Value<Integer>> named(List<Inputs.Input> inputs) {
        Map<String, Given> given = new HashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            List<String> path = parts(inputs.get(i).name());
            given.computeIfAbsent(path.get(0), key -> new Given()).add(path.subList(1, path.size()), inputs.get(i), i);
        }
        List<@Nullable Value<Integer>> values = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            Given value = given.get(names.get(i));
            Signature.Parameter parameter = signature.parameters().get(i);
            values.add(value == null ? absent(parameter) : value(names.get(i), parameter.structure(), value));
        }
        return values;
    }

    /**
     * The value of a parameter without an input: its default, or None if its type allows that; else there is none.
     */
    private static @Nullable Value<Integer> absent(Signature.Parameter parameter) {
        boolean none = parameter.structure() instanceof Structure.Optional
                || parameter.structure().equals(new Structure.Scalar("NoneType"));
        return none && !parameter.hasDefault() ? new Value.None<>() : null;
    }

    private Value<Integer> value(String name, Structure structure, Given given) {
        if (structure instanceof Structure.Optional optional) {
            return value(name, optional.item(), given);
        }
        Inputs.Input input = given.input;
        if (input != null) {
            return leaf(name, structure, input, given.position);
        }
        if (structure instanceof Structure.ListOf list) {
            List<Value<Integer>> items = new ArrayList<>();
            for (int i = 0; i < given.parts.size(); i++) {
                items.add(value(name + "[" + i + "]", list.item(), part(name, given, Integer.toString(i))));
            }
            return new Value.Items<>(items);
        }
        if (structure instanceof Structure.TupleOf tuple) {
            List<Value<Integer>> items = new ArrayList<>();
            for (int i = 0; i < tuple.items().size(); i++) {
                String field = tuple.names().isEmpty()
                        ? Integer.toString(i)
                        : tuple.names().get(i);
                String key = given.parts.containsKey(field) ? field : Integer.toString(i);
                items.add(value(name + "." + field, tuple.items().get(i), part(name, given, key)));
            }
            return new Value.Items<>(items);
        }
        if (structure instanceof Structure.DictOf dict) {
            Map<Object, Value<Integer>> entries = new LinkedHashMap<>();
            given.parts.forEach((key, part) ->
                    entries.put(key(dict, name, key), value(name + "['" + key + "']", dict.item(), part)));
            return new Value.Entries<>(entries);
        }
        throw new IllegalArgumentException(
                "argument '" + name + "' has no parts " + given.parts.keySet() + ": " + signature);
    }

    private Object key(Structure.DictOf dict, String name, String key) {
        if (!dict.key().equals("int")) {
            return key;
        }
        if (!key.matches("-?\\d{1,18}")) {
            throw new IllegalArgumentException("argument '" + name + "' has whole numbers as keys, and not '" + key
                    + "'; name inputs such as '" + name + ".3': " + signature);
        }
        return Long.valueOf(key);
    }

    private Given part(String name, Given given, String key) {
        Given part = given.parts.get(key);
        if (part == null) {
            throw new IllegalArgumentException("argument '" + name + "' has no part '" + key + "', only "
                    + given.parts.keySet() + ": " + signature);
        }
        return part;
    }

    private Value<Integer> leaf(String name, Structure structure, Inputs.Input input, int position) {
        if (structure instanceof Structure.Tensor) {
            return new Value.Tensor<>(position);
        }
        if (structure instanceof Structure.Scalar scalar) {
            return new Value.Scalar<>(number(name, scalar, input.tensor()));
        }
        if (structure instanceof Structure.ListOf list && !(list.item() instanceof Structure.ListOf)) {
            return new Value.Items<>(List.of(leaf(name + "[0]", list.item(), input, position)));
        }
        throw new IllegalArgumentException(
                "argument '" + name + "' is made of several tensors; name its parts, such as "
                        + places(name, structure, "KEY")
                                .limit(3)
                                .map(part -> "'" + part + "'")
                                .collect(Collectors.joining(", "))
                        + ": " + signature);
    }

    /** Inputs for parameters that are numbers are tensors of one element. */
    private Object number(String name, Structure.Scalar scalar, Tensor tensor) {
        if (tensor.shape().size() != 1 || scalar.type().equals("str")) {
            throw new IllegalArgumentException(
                    "argument '" + name + "' is of type " + scalar.type() + " and was given a " + "tensor of shape "
                            + tensor.shape() + "; pass one number with constant(...): " + signature);
        }
        return switch (scalar.type()) {
            case "float" -> tensor.toDoubleArray()[0];
            case "bool" -> tensor.toBooleanArray()[0];
            case "number" ->
                tensor.dataType().isFloating() ? (Object) tensor.toDoubleArray()[0] : (Object) tensor.toLongArray()[0];
            default -> tensor.toLongArray()[0];
        };
    }

    private List<@Nullable Value<Integer>> positional(List<Inputs.Input> inputs) {
        List<Signature.Parameter> parameters = signature.parameters();
        List<@Nullable Value<Integer>> values = new ArrayList<>();
        int next = 0;
        for (int i = 0; i < parameters.size(); i++) {
            Structure structure = parameters.get(i).structure();
            int after = 0;
            for (Signature.Parameter later : parameters.subList(i + 1, parameters.size())) {
                after += later.hasDefault() ? 0 : least(later.structure());
            }
            int count = Math.min(most(structure), inputs.size() - next - after);
            if (count < least(structure) || count <= 0) {
                if (parameters.get(i).hasDefault() || (count == 0 && least(structure) == 0)) {
                    values.add(parameters.get(i).hasDefault() ? null : new Value.None<>());
                    continue;
                }
                throw misfit(inputs.size());
            }
            Given given = new Given();
            distribute(structure, given, inputs, next, count);
            values.add(value(names.get(i), structure, given));
            next += count;
        }
        if (next < inputs.size()) {
            throw misfit(inputs.size());
        }
        return values;
    }

    private IllegalArgumentException misfit(int given) {
        boolean flat = signature.parameters().stream().allMatch(parameter -> isFlat(parameter.structure()));
        return new IllegalArgumentException(
                "the model takes " + signature.parameters().size()
                        + " arguments and was given " + given + " inputs"
                        + (flat ? "" : "; bind them by names such as " + places(signature.parameters(), "KEY")) + ": "
                        + signature);
    }

    private static void distribute(Structure structure, Given given, List<Inputs.Input> inputs, int from, int count) {
        if (structure instanceof Structure.Optional optional) {
            distribute(optional.item(), given, inputs, from, count);
        } else if (structure instanceof Structure.TupleOf tuple) {
            int next = from;
            for (int i = 0; i < tuple.items().size(); i++) {
                Given part = given.parts.computeIfAbsent(Integer.toString(i), key -> new Given());
                int size = least(tuple.items().get(i));
                distribute(tuple.items().get(i), part, inputs, next, size);
                next += size;
            }
        } else if (structure instanceof Structure.ListOf || structure instanceof Structure.DictOf) {
            boolean dict = structure instanceof Structure.DictOf;
            for (int i = 0; i < count; i++) {
                String name = inputs.get(from + i).name();
                List<String> path = parts(name);
                if (path.size() == 1
                        || (dict
                                ? isFlat(((Structure.DictOf) structure).item())
                                : !path.get(0).matches("\\d+"))) {
                    path = List.of(dict ? name : Integer.toString(i));
                }
                given.add(path, inputs.get(from + i), from + i);
            }
        } else {
            given.add(List.of(), inputs.get(from), from);
        }
    }

    /** Whether one input is a whole value of this structure, so that a name with dots is one key. */
    private static boolean isFlat(Structure structure) {
        return structure instanceof Structure.Optional optional
                ? isFlat(optional.item())
                : structure instanceof Structure.Tensor || structure instanceof Structure.Scalar;
    }

    /**
     * Returns the remedy for a key or position that the program did not find in its inputs; empty for other failures.
     */
    static String missingPart(String failure, Signature signature, Inputs inputs) {
        boolean key = failure.startsWith(KEY_ERROR);
        if (!key && !failure.contains("list index out of range")) {
            return "";
        }
        return signature.parameters().stream().allMatch(parameter -> isFlat(parameter.structure()))
                ? ""
                : "; inputs are bound by names such as "
                        + places(signature.parameters(), key ? failure.substring(KEY_ERROR.length()) : "KEY") + ": "
                        + signature
                        + "; given: " + describe(inputs.all());
    }

    private static String places(List<Signature.Parameter> parameters, String key) {
        return parameters.stream()
                .flatMap(parameter -> places(parameter.name(), parameter.structure(), key))
                .map(name -> "'" + name + "'")
                .collect(Collectors.joining(", "));
    }

    /** The names by which inputs are bound: for a list its first two, for a dict one. */
    private static Stream<String> places(String name, Structure structure, String key) {
        if (structure instanceof Structure.Optional optional) {
            return places(name, optional.item(), key);
        }
        if (structure instanceof Structure.ListOf list) {
            return Stream.of("0", "1").flatMap(i -> places(name + "." + i, list.item(), key));
        }
        if (structure instanceof Structure.DictOf dict) {
            return places(name + "." + (dict.key().equals("int") && key.equals("KEY") ? "0" : key), dict.item(), "KEY");
        }
        if (structure instanceof Structure.TupleOf tuple) {
            return IntStream.range(0, tuple.items().size())
                    .boxed()
                    .flatMap(i -> places(
                            name + "."
                                    + (tuple.names().isEmpty()
                                            ? i
                                            : tuple.names().get(i)),
                            tuple.items().get(i),
                            key));
        }
        return Stream.of(name);
    }

    /** The least number of inputs that a value of this structure takes. */
    private static int least(Structure structure) {
        if (structure instanceof Structure.TupleOf tuple) {
            return tuple.items().stream().mapToInt(Arguments::least).sum();
        }
        return structure instanceof Structure.Tensor || structure instanceof Structure.Scalar ? 1 : 0;
    }

    private static int most(Structure structure) {
        if (structure instanceof Structure.TupleOf) {
            return least(structure);
        }
        if (structure instanceof Structure.Optional optional) {
            return most(optional.item());
        }
        return structure instanceof Structure.ListOf || structure instanceof Structure.DictOf ? Integer.MAX_VALUE : 1;
    }
}
