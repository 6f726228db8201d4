// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.IntStream;

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
    private static final BitSet NONE = new BitSet();

    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, String> refusals = new LinkedHashMap<>();
    private final Map<String, String> kinds = new LinkedHashMap<>();

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
        List<String> empty = new ArrayList<>();
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
                kind(address, call, last).ifPresent(kind -> kinds.put(address, kind));
            } else if (returned.isEmpty()) {
                empty.add(address);
            } else {
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
        empty.forEach(address -> refusals.putIfAbsent(
                address, "the file has no floating-point value that the module computes and the output uses"));
    }

    /**
     * The value of every call of a module that has one, by address: its path, for later calls followed by # and
     * a number.
     */
    public Map<String, String> values() {
        return values;
    }

    /**
     * What modules are, by address: their classes, if the exporter noted them, else that of a module with others inside is {@code
     * Module}. Missing are modules of which only operators are known.
     */
    public Map<String, String> kinds() {
        return kinds;
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

    private static Optional<String> kind(String address, Call call, Node last) {
        int hash = address.lastIndexOf('#');
        for (String module : hash < 0 ? List.of(address) : List.of(address, address.substring(0, hash))) {
            int depth = Modules.path(last).indexOf(module);
            if (depth >= 0) {
                Optional<String> noted = Modules.kind(last, depth);
                boolean inner = call.nodes().stream()
                        .anyMatch(node -> Modules.path(node).size() > depth + 1);
                return noted.isPresent() || !inner ? noted : Optional.of("Module");
            }
        }
        return Optional.empty();
    }

    /** The values of a call that are read elsewhere, without those that others of them are computed of. */
    private static List<String> returned(
            Call call, Map<String, List<Node>> readers, Set<String> given, Predicate<String> wanted) {
        Set<Node> inside = new HashSet<>(call.nodes());
        List<String> leaving = new ArrayList<>();
        for (Node node : call.nodes()) {
            for (String value : node.outputs()) {
                if (wanted.test(value)
                        && (given.contains(value)
                                || readers.getOrDefault(value, List.of()).stream()
                                        .anyMatch(reader -> !inside.contains(reader)))) {
                    leaving.add(value);
                }
            }
        }
        Map<String, BitSet> sources = new HashMap<>();
        BitSet used = new BitSet();
        for (Node node : call.nodes()) {
            BitSet of = new BitSet();
            for (String value : node.reads()) {
                of.or(sources.getOrDefault(value, NONE));
            }
            for (String value : node.outputs()) {
                int number = leaving.indexOf(value);
                if (number >= 0) {
                    used.or(of);
                }
                BitSet here = number < 0 ? of : (BitSet) of.clone();
                if (number >= 0) {
                    here.set(number);
                }
                sources.put(value, here);
            }
        }
        return IntStream.range(0, leaving.size())
                .filter(number -> !used.get(number))
                .mapToObj(leaving::get)
                .toList();
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
