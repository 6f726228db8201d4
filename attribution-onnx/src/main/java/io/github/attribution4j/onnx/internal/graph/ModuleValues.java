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
 * The results of modules of an exported program, as far as the file has them. A call of a module is a sequence of
 * consecutive nodes inside it, and its result is the value that nodes outside read. If there are several such values,
 * the result is the one that is computed from all others, if there is one: values that exporters compute once and read
 * again elsewhere, such as masks, are computed earlier.
 *
 * <p>Exporters join a convolution with the batch norm after it. The value of the joined node is that of the batch norm.
 * One exporter gives the node the batch norm's name. The other exporter gives it the convolution's name, but gives the
 * weights names without a module. So the convolution's own value is refused in both cases.
 */
public final class ModuleValues {
    private static final BitSet NONE = new BitSet();

    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, String> refusals = new LinkedHashMap<>();
    private final Map<String, String> kinds = new LinkedHashMap<>();

    /** The nodes of one call, in order. */
    private record Call(List<Node> nodes) {}

    /**
     * Finds the constants of a graph.
     *
     * @param wanted the values that may be results: those of floating types that are computed from inputs
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
                address,
                "the file has no floating-point value that the module computes from the numbers of inputs and that the"
                        + " output uses"));
    }

    /**
     * The results of all calls of modules that have one, by address: the path, followed by # and a number for
     * later calls.
     */
    public Map<String, String> values() {
        return values;
    }

    /**
     * The classes of modules, by address, if the exporter recorded them; else {@code Module} for a module with others
     * inside. Modules of which only operators are known are missing.
     */
    public Map<String, String> kinds() {
        return kinds;
    }

    /** Why a module has no result, by address. */
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
     * Whether sequences of nodes are separate calls, and not one call with other nodes in between: they have the same
     * operators, or read the same weights.
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

    /** The values of a call that are read outside it, without those from which others of them are computed. */
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

    /** Whether this is a convolution whose weights have names without a module. */
    private static boolean joinedNameless(Node node) {
        return node.is("Conv") && node.input(1).matches("onnx::Conv_\\d+");
    }

    /** The module whose weight a node reads; empty if the weight's name does not contain it. */
    private static String owner(Node node) {
        String weight = node.input(1);
        return weight.endsWith(".weight") ? weight.substring(0, weight.length() - ".weight".length()) : "";
    }
}
