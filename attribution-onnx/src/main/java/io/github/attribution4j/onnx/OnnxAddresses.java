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

/**
 * Resolves addresses of values inside a model: a module's path, as the exporter recorded it, or the value's own name. A
 * text that is the path of a module means that module. The address of another value with the same name begins with
 * a slash.
 */
final class OnnxAddresses {
    private static final Pattern CALL = Pattern.compile("(.+)#(\\d{1,9})", Pattern.DOTALL);

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
    private final Map<Cut.Point, String> values = new LinkedHashMap<>();
    private final Map<String, String> refusals;
    private final Map<Cut.Point, String> notes = new HashMap<>();
    private final List<Cut.Point> lookups = new ArrayList<>();

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
        ModuleValues modules = new ModuleValues(graph, producers::containsKey);
        this.refusals = modules.refusals();
        List<Cut.Point> all = new ArrayList<>();
        modules.values().forEach((address, value) -> {
            Matcher called = CALL.matcher(address);
            boolean again = called.matches() && modules.values().containsKey(called.group(1));
            Cut.Point point = new Cut.Point(
                    again ? called.group(1) : address,
                    ids.containsKey(value)
                            ? EMBEDDING
                            : modules.kinds()
                                    .getOrDefault(
                                            address,
                                            requireNonNull(producers.get(value)).type()),
                    again ? Integer.parseInt(called.group(2)) : 0);
            add(all, point, value);
            if (ids.containsKey(value)) {
                lookedUp(point, requireNonNull(ids.remove(value)));
            }
            notes.put(withoutKind(point), "value " + value);
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
        this.points = List.copyOf(all);
    }

    private void lookedUp(Cut.Point vectors, String ids) {
        lookups.add(vectors.input(0));
        values.put(withoutKind(vectors.input(0)), ids);
    }

    /** The ids of lookups, as inputs of the lookups. They can be tapped. */
    List<Cut.Point> lookups() {
        return lookups;
    }

    private void add(List<Cut.Point> all, Cut.Point point, String value) {
        values.put(withoutKind(point), value);
        all.add(point);
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
    String value(Cut.Point point) {
        String value = values.get(withoutKind(point));
        if (value == null) {
            throw missing(point.toString());
        }
        return value;
    }

    /** The point of an address. */
    Cut.Point cutPoint(String address) {
        Optional<Cut.Point> found = LayeredModel.find(points, address);
        if (found.isEmpty() || !values.containsKey(withoutKind(found.get()))) {
            throw missing(address);
        }
        return found.get();
    }

    private RuntimeException missing(String address) {
        String refusal = refusals.get(address);
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
