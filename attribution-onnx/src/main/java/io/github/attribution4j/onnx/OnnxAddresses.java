// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import static java.util.Objects.requireNonNull;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Lookups;
import io.github.attribution4j.onnx.internal.graph.ModuleValues;
import io.github.attribution4j.onnx.internal.graph.ModuleValues.Argument;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.OnnxFile;
import io.github.attribution4j.onnx.internal.graph.Widened;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Resolves addresses of values inside a model: a module's path, as the exporter recorded it, or the value's own name. A
 * text that is the path of a module means that module. The address of another value with the same name begins with
 * a slash.
 */
final class OnnxAddresses {
    private static final Pattern CALL = Pattern.compile("(.+)#(\\d{1,9})", Pattern.DOTALL);

    private static final Pattern ELEMENT = Pattern.compile("(?<=:in)\\[\\d{1,9}]$");

    /** The kind of a lookup of vectors, for all nodes that do it. */
    private static final String EMBEDDING = "Embedding";

    /** The inputs, by their names in the file. */
    private final Set<String> given;

    private final String output;
    private final Map<String, ElementType> elements;
    private final Constants constants;
    private final Set<String> read;
    private final Set<String> dependent;

    private final List<Cut.Point> points;
    /** Those, modules of which only arguments are known, and other addresses of modules. */
    private final List<Cut.Point> named;

    private final Map<Cut.Point, Value> values = new HashMap<>();
    private final Map<String, String> refusals;
    private final Map<Cut.Point, String> notes = new HashMap<>();
    private final List<Cut.Point> arguments = new ArrayList<>();

    /**
     * A value of the graph.
     *
     * @param argument the call that takes it, if only that is meant; else null
     */
    record Value(String name, @Nullable Argument argument) {}

    /**
     * Finds the addresses of a graph.
     *
     * @param output the explained output
     * @param elements the types of its values
     */
    OnnxAddresses(Graph graph, String output, Map<String, ElementType> elements) {
        this.output = output;
        this.elements = elements;
        this.constants = new Constants(graph);
        this.read = new HashSet<>(Set.of(output));
        Graph.upstream(graph.nodes(), List.of(output)).forEach(node -> read.addAll(node.reads()));
        Set<String> given = new HashSet<>();
        graph.inputs().forEach(input -> given.add(Widened.named(input.name())));
        this.given = given;
        Map<String, String> ids = Lookups.of(graph, constants);
        this.dependent = Lookups.dependent(graph, ids.keySet());
        Map<String, Node> producers = new LinkedHashMap<>();
        for (Node node : graph.nodes()) {
            for (String value : node.outputs()) {
                if (!value.isEmpty()
                        && !OnnxFile.added(value)
                        && !given.contains(value)
                        && whyNot(value).isEmpty()) {
                    producers.put(value, node);
                }
            }
        }
        ModuleValues modules = new ModuleValues(graph, producers::containsKey, this::isTaken);
        this.refusals = modules.refusals();
        List<Cut.Point> all = new ArrayList<>();
        modules.values().forEach((address, value) -> {
            Cut.Point point = point(
                    address,
                    ids.containsKey(value)
                            ? EMBEDDING
                            : modules.kinds()
                                    .getOrDefault(
                                            address,
                                            requireNonNull(producers.get(value)).type()));
            add(all, point, value);
            addArguments(point, modules.arguments().getOrDefault(address, List.of()));
            if (ids.containsKey(value)) {
                lookedUp(point, requireNonNull(ids.remove(value)));
            }
            notes.put(withoutKind(point), "value " + value);
        });
        List<Cut.Point> silent = new ArrayList<>();
        modules.arguments().forEach((address, taken) -> {
            if (!modules.values().containsKey(address)) {
                silent.add(point(address, modules.kinds().getOrDefault(address, "Module")));
                addArguments(silent.get(silent.size() - 1), taken);
            }
        });
        producers.forEach((value, node) -> {
            String path = value;
            while (refusals.containsKey(path) || !value.equals(modules.values().getOrDefault(path, value))) {
                path = "/" + path;
            }
            if (!modules.values().containsKey(path)) {
                boolean lookup = ids.containsKey(value);
                Cut.Point point = new Cut.Point(path, lookup ? EMBEDDING : node.type(), 0);
                add(all, point, value);
                if (lookup) {
                    lookedUp(point, requireNonNull(ids.remove(value)));
                }
            }
        });
        modules.others().forEach((address, listed) -> {
            Cut.Point other = point(address, "Module");
            Cut.Point point = point(listed, "Module");
            silent.add(other);
            copy(point, other);
            for (int i = 0; values.containsKey(withoutKind(point.input(i))); i++) {
                copy(point.input(i), other.input(i));
            }
        });
        this.points = List.copyOf(all);
        all.addAll(silent);
        this.named = List.copyOf(all);
    }

    /** The point of the result of a module's call. */
    private static Cut.Point point(String address, String kind) {
        Matcher called = CALL.matcher(address);
        return called.matches()
                ? new Cut.Point(called.group(1), kind, Integer.parseInt(called.group(2)))
                : new Cut.Point(address, kind, 0);
    }

    private void copy(Cut.Point from, Cut.Point to) {
        Value value = values.get(withoutKind(from));
        if (value != null) {
            values.put(withoutKind(to), value);
        }
    }

    private void addArguments(Cut.Point point, List<Argument> taken) {
        for (int i = 0; i < taken.size(); i++) {
            Cut.Point argument = point.input(i);
            values.put(withoutKind(argument), new Value(taken.get(i).value(), taken.get(i)));
            notes.put(withoutKind(argument), "value " + taken.get(i).value());
            arguments.add(argument);
        }
    }

    /** Adds the ids of a lookup as an argument of it, unless they are one already. */
    private void lookedUp(Cut.Point vectors, String ids) {
        int element = 0;
        Value taken = values.get(withoutKind(vectors.input(0)));
        while (taken != null) {
            if (taken.name().equals(ids)) {
                return;
            }
            element++;
            taken = values.get(withoutKind(vectors.input(element)));
        }
        arguments.add(vectors.input(element));
        values.put(withoutKind(vectors.input(element)), new Value(ids, null));
    }

    /** What modules take, and the ids of lookups. Values that are not of floating types can only be tapped. */
    List<Cut.Point> arguments() {
        return arguments;
    }

    private void add(List<Cut.Point> all, Cut.Point point, String value) {
        values.put(withoutKind(point), new Value(value, null));
        all.add(point);
    }

    /** Whether a value may be an argument of a module. */
    private boolean isTaken(String value) {
        return elements.containsKey(value) && dependent.contains(value);
    }

    /** Why a value is not a cut point; empty if it is one. */
    private Optional<String> whyNot(String value) {
        ElementType element = elements.get(value);
        if (element == null) {
            return Optional.of("it is a sequence or a map, no tensor");
        }
        if (!element.carriesGradient()) {
            return Optional.of("it is of type " + element.name().toLowerCase(Locale.ROOT)
                    + ", and only floating-point values can be cut");
        }
        if (constants.constant(value)) {
            return Optional.of("it is the same for all inputs");
        }
        if (!dependent.contains(value)) {
            return Optional.of("it is computed without the numbers of any input, from their sizes at most");
        }
        return read.contains(value)
                ? Optional.empty()
                : Optional.of("the output '" + output + "' is not computed from it");
    }

    private static Cut.Point withoutKind(Cut.Point point) {
        return point.kind().isEmpty()
                ? point
                : new Cut.Point(point.path(), "", point.call(), point.side(), point.element());
    }

    /** The modules, from the outside in and in the order of the file, then the values. */
    List<Cut.Point> points() {
        return points;
    }

    /** The value at a point. */
    Value value(Cut.Point point) {
        Value value = values.get(withoutKind(point));
        if (value == null) {
            throw missing(point.toString());
        }
        return value;
    }

    /** The point of an address. */
    Cut.Point cutPoint(String address) {
        Optional<Cut.Point> found = LayeredModel.find(named, address);
        if (found.isEmpty() || !values.containsKey(withoutKind(found.get()))) {
            throw missing(address);
        }
        return found.get();
    }

    private RuntimeException missing(String address) {
        String taken = ELEMENT.matcher(address).replaceFirst("");
        String refusal = refusals.getOrDefault(
                taken, taken.endsWith(":in") ? refusals.get(taken.substring(0, taken.length() - 3)) : null);
        if (refusal == null && elements.containsKey(address) && !OnnxFile.added(address)) {
            refusal = given.contains(address)
                    ? "it is an input of the model"
                    : whyNot(address).orElse(null);
        }
        return refusal == null
                ? new UnknownLayerException(
                        address, points.stream().map(Cut.Point::toString).toList())
                : new UnsupportedModelException("layer '" + address + "' cannot be cut: " + refusal);
    }

    /** A remark on a point: the name of a module's value. */
    String note(Cut.Point point) {
        return notes.getOrDefault(withoutKind(point), "");
    }
}
