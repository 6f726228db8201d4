// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What modules of an exported program return, as far as the file still has it. A call of a module is a run of nodes
 * that stand in it; it returns what others read of it. Of several such values it is the one that is computed of the
 * others, if there is one: what exporters compute once and read again elsewhere, such as masks, is computed before.
 *
 * <p>Exporters join convolutions with the batch norms behind them. The joined node's value is that of the batch norm.
 * One exporter gives it the batch norm's name; the other keeps the convolution's, but gives the weights names without a
 * module. So a convolution's own value is refused in both cases.
 */
public final class ModuleValues {
    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, String> refusals = new LinkedHashMap<>();

    /** The nodes of one call, in order. */
    private record Call(List<Node> nodes) {}

    /**
     * Looks at a graph.
     *
     * @param wanted which values count: those of floating types that are computed from inputs
     */
    public ModuleValues(Graph graph, Predicate<String> wanted) {
        Map<String, List<Node>> readers = new HashMap<>();
        graph.nodes()
                .forEach(node -> node.reads()
                        .forEach(value -> readers.computeIfAbsent(value, any -> new ArrayList<>())
                                .add(node)));
        Set<String> given = new HashSet<>();
        graph.outputs().forEach(output -> given.add(output.name()));
        calls(graph).forEach((address, call) -> {
            List<String> returned = returned(call, readers, given, wanted);
            if (returned.size() == 1) {
                String value = returned.get(0);
                Node last = call.nodes().stream()
                        .filter(node -> node.outputs().contains(value))
                        .findFirst()
                        .orElseThrow();
                if (joinedNameless(last)) {
                    refusals.put(
                            address,
                            "the exporter joined a batch norm with the convolution '" + last.name()
                                    + "', whose own value the file does not have; the batch norm's is '" + value + "'");
                } else {
                    values.put(address, value);
                }
            } else if (!returned.isEmpty()) {
                refusals.put(address, "the module returns several values, or the file does not say which: " + returned);
            }
        });
        for (Node node : graph.nodes()) {
            String owner = owner(node);
            if (node.is("Conv") && !owner.isEmpty() && !values.containsKey(owner) && !refusals.containsKey(owner)) {
                refusals.put(
                        owner,
                        "the exporter joined it with '" + Modules.around(node) + "', whose value is '" + node.output(0)
                                + "'; its own the file does not have");
            }
        }
    }

    /**
     * The value of every call of a module that has one, by address: its path, for later calls followed by # and
     * a number.
     */
    public Map<String, String> values() {
        return values;
    }

    /** Why a module has no value, by address. */
    public Map<String, String> refusals() {
        return refusals;
    }

    private static Map<String, Call> calls(Graph graph) {
        Map<String, List<Call>> runs = new LinkedHashMap<>();
        Map<String, Call> open = new HashMap<>();
        for (Node node : graph.nodes()) {
            if (node.is("Constant")) {
                continue;
            }
            List<String> path = Modules.path(node);
            open.keySet().retainAll(path);
            for (String module : path) {
                Call call = open.get(module);
                if (call == null) {
                    call = new Call(new ArrayList<>());
                    runs.computeIfAbsent(module, any -> new ArrayList<>()).add(call);
                    open.put(module, call);
                }
                call.nodes().add(node);
            }
        }
        Map<String, Call> calls = new LinkedHashMap<>();
        runs.forEach((module, parts) -> {
            if (parts.size() == 1 || repeated(module, parts)) {
                for (int i = 0; i < parts.size(); i++) {
                    calls.put(i == 0 ? module : module + "#" + i, parts.get(i));
                }
            } else {
                calls.put(
                        module,
                        new Call(parts.stream()
                                .flatMap(part -> part.nodes().stream())
                                .toList()));
            }
        });
        return calls;
    }

    /**
     * Whether runs are calls, and not one call between whose nodes others were put: each has the same operators, or
     * they read the same weights.
     */
    private static boolean repeated(String module, List<Call> runs) {
        Set<List<String>> operators = new HashSet<>();
        Set<String> weights = new HashSet<>();
        for (Call run : runs) {
            operators.add(run.nodes().stream().map(Node::type).sorted().toList());
            Set<String> read = new HashSet<>();
            run.nodes()
                    .forEach(node -> node.reads().stream()
                            .filter(value -> value.startsWith(module + "."))
                            .forEach(read::add));
            if (read.stream().anyMatch(weights::contains)) {
                return true;
            }
            weights.addAll(read);
        }
        return operators.size() == 1;
    }

    private static List<String> returned(
            Call call, Map<String, List<Node>> readers, Set<String> given, Predicate<String> wanted) {
        Set<Node> inside = new HashSet<>(call.nodes());
        List<String> leaving = new ArrayList<>();
        Map<String, Set<String>> before = new HashMap<>();
        for (Node node : call.nodes()) {
            Set<String> sources = new HashSet<>();
            for (String value : node.reads()) {
                sources.add(value);
                sources.addAll(before.getOrDefault(value, Set.of()));
            }
            for (String value : node.outputs()) {
                before.put(value, sources);
                if (wanted.test(value)
                        && (given.contains(value)
                                || readers.getOrDefault(value, List.of()).stream()
                                        .anyMatch(reader -> !inside.contains(reader)))) {
                    leaving.add(value);
                }
            }
        }
        List<String> last = new ArrayList<>();
        for (String value : leaving) {
            if (leaving.stream()
                    .noneMatch(other -> before.getOrDefault(other, Set.of()).contains(value))) {
                last.add(value);
            }
        }
        return last;
    }

    /** Whether this is a convolution whose weights have lost their module's name. */
    private static boolean joinedNameless(Node node) {
        return node.is("Conv") && node.input(1).matches("onnx::Conv_\\d+");
    }

    /** The module whose weight a node reads; empty if the name does not say. */
    private static String owner(Node node) {
        String weight = node.input(1);
        return weight.endsWith(".weight") ? weight.substring(0, weight.length() - ".weight".length()) : "";
    }
}
