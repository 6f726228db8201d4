// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.nd4j.internal.Graph;
import io.github.attribution4j.nd4j.internal.Step;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The values of a graph by their names, and the results of its name scopes. */
final class SameDiffAddresses {
    /** The kind of a name scope; the kind of a value is its operation. */
    private static final String SCOPE = "Scope";

    private final Graph graph;
    private final SameDiffSignature signature;
    /** The value at each path. */
    private final Map<String, String> values = new LinkedHashMap<>();

    private final List<Cut.Point> points = new ArrayList<>();

    SameDiffAddresses(Graph graph, SameDiffSignature signature) {
        this.graph = graph;
        this.signature = signature;
        Set<String> dependent = Graph.computedFrom(signature.inputNames(), signature.steps(), value -> true);
        Map<String, String> kinds = new LinkedHashMap<>();
        for (Step step : signature.steps()) {
            for (String value : step.outputs()) {
                if (graph.isFloating(value) && dependent.contains(value)) {
                    kinds.put(value, step.kind());
                }
            }
        }
        scopes(kinds.keySet()).forEach((scope, value) -> {
            values.put(scope, value);
            points.add(new Cut.Point(scope, SCOPE, 0));
        });
        kinds.forEach((value, kind) -> {
            values.put(value, value);
            points.add(new Cut.Point(value, kind, 0));
        });
    }

    /** The scopes whose values are used outside of them in one place only, with the value that is. */
    private Map<String, String> scopes(Set<String> named) {
        Map<String, Set<String>> leaving = new LinkedHashMap<>();
        Map<String, Set<String>> users = new HashMap<>();
        for (Step step : signature.steps()) {
            for (String input : step.inputs()) {
                users.computeIfAbsent(input, key -> new HashSet<>()).addAll(step.outputs());
            }
        }
        for (String value : named) {
            for (int slash = value.indexOf('/'); slash >= 0; slash = value.indexOf('/', slash + 1)) {
                String scope = value.substring(0, slash);
                boolean leaves = value.equals(signature.output())
                        || users.getOrDefault(value, Set.of()).stream().anyMatch(user -> !user.startsWith(scope + "/"));
                Set<String> all = leaving.computeIfAbsent(scope, key -> new LinkedHashSet<>());
                if (leaves) {
                    all.add(value);
                }
            }
        }
        Map<String, String> scopes = new LinkedHashMap<>();
        leaving.forEach((scope, all) -> {
            if (all.size() == 1 && !graph.has(scope)) {
                scopes.put(scope, all.iterator().next());
            }
        });
        return scopes;
    }

    /** The scopes, then the values, in the order of the graph. */
    List<Cut.Point> points() {
        return List.copyOf(points);
    }

    /** The name of the value at a point. */
    String value(Cut.Point point) {
        String value = values.get(point.path());
        if (value == null || point.call() != 0 || point.element() != 0 || point.side() != Cut.Side.OUTPUT) {
            throw missing(point.toString());
        }
        return value;
    }

    /** The point of an address. */
    Cut.Point cutPoint(String address) {
        Optional<Cut.Point> found = LayeredModel.find(points, address);
        if (found.isEmpty() || !values.containsKey(found.get().path())) {
            throw missing(address);
        }
        value(found.get());
        return found.get();
    }

    private RuntimeException missing(String address) {
        String why = !graph.has(address)
                ? null
                : graph.placeholders().containsKey(address)
                        ? "it is an input of the model"
                        : graph.constant(address) != null
                                ? "it is the same for all inputs"
                                : !graph.isFloating(address)
                                        ? "it is of type " + graph.type(address)
                                                + ", and only floating-point values can be cut"
                                        : "the output '" + signature.output()
                                                + "' is not computed from it, or it is the same for all inputs";
        return why == null
                ? new UnknownLayerException(
                        address, points.stream().map(Cut.Point::toString).toList())
                : new UnsupportedModelException("layer '" + address + "' cannot be cut: " + why);
    }

    /** A remark on a point: the value of a scope. */
    String note(Cut.Point point) {
        String value = values.getOrDefault(point.path(), point.path());
        return value.equals(point.path()) ? "" : "value " + value;
    }
}
