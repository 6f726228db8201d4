// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

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
    private static final Pattern NUMBERED = Pattern.compile("(.+)_(\\d+)", Pattern.DOTALL);

    private static final Pattern CALL = Pattern.compile("#\\d+$");

    /** Operators that exporters join with a batch norm after them. */
    private static final Set<String> JOINED = Set.of("Conv", "ConvTranspose", "Gemm");

    private final Map<String, String> values = new LinkedHashMap<>();
    private final Map<String, String> refusals = new LinkedHashMap<>();
    private final Map<String, String> kinds = new LinkedHashMap<>();
    private final Map<String, String> others = new LinkedHashMap<>();
    private final Map<String, List<Argument>> arguments = new LinkedHashMap<>();

    /** The nodes of one call, in order. */
    private record Call(List<Node> nodes) {}

    /** A value as one call of a module takes it. Others may read it too. An argument equals only itself. */
    public static final class Argument {
        private final String value;
        private final Set<Node> readers;

        private Argument(String value, Set<Node> readers) {
            this.value = value;
            this.readers = readers;
        }

        /** The name of the value. */
        public String value() {
            return value;
        }

        /** The nodes of the call that read it. */
        public Set<Node> readers() {
            return readers;
        }
    }

    /**
     * Finds the results and arguments of the modules of a graph.
     *
     * @param wanted the values that may be results: those of floating types that are computed from inputs
     * @param taken the values that may be arguments: tensors that are inputs or computed from them
     */
    public ModuleValues(Graph graph, Predicate<String> wanted, Predicate<String> taken) {
        Map<String, List<Node>> readers = new HashMap<>();
        graph.nodes()
                .forEach(node -> node.reads()
                        .forEach(value -> readers.computeIfAbsent(value, any -> new ArrayList<>())
                                .add(node)));
        Set<String> given = new HashSet<>();
        graph.outputs().forEach(output -> given.add(output.name()));
        List<String> empty = new ArrayList<>();
        Map<String, Call> calls = calls(graph);
        numbered(graph, calls);
        Map<String, Integer> made = new HashMap<>();
        graph.nodes().forEach(node -> node.outputs().forEach(value -> made.putIfAbsent(value, made.size())));
        calls.forEach((name, call) -> {
            String address = others.getOrDefault(name, name);
            if (refusals.containsKey(address)) {
                return;
            }
            arguments(address, call, made, taken);
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
            if (JOINED.contains(node.type())
                    && !owner.isEmpty()
                    && !values.containsKey(owner)
                    && !refusals.containsKey(owner)) {
                refusals.put(
                        owner,
                        "the exporter joined it with '" + Modules.around(node) + "', whose value is '" + node.output(0)
                                + "'; its own the file does not have");
                if (taken.test(node.input(0))) {
                    arguments.putIfAbsent(owner, List.of(new Argument(node.input(0), Set.of(node))));
                }
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
     * What calls of modules take, by address: values that are made before the call, in the order in which it
     * reads them.
     */
    public Map<String, List<Argument>> arguments() {
        return arguments;
    }

    /** Other addresses of results, by what they are instead in {@link #values}. */
    public Map<String, String> others() {
        return others;
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

    private Map<String, Call> calls(Graph graph) {
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
                addCalls(module, parts, calls);
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

    private void addCalls(String module, List<Call> parts, Map<String, Call> calls) {
        int number = 0;
        for (Call part : parts) {
            List<Call> inTurn = inTurn(module, part);
            long known = known(module, part);
            if (known == 0 ? inTurn.size() > 1 : known > 1 && known != inTurn.size()) {
                refusals.put(
                        module,
                        "the file does not say where each of its calls ends, or whether it repeats its operators"
                                + " within one call; give the name of a value");
                return;
            }
            for (Call call : known == 1 ? List.of(part) : inTurn) {
                calls.put(number == 0 ? module : module + "#" + number, call);
                number++;
            }
        }
    }

    /** How many calls a run of nodes is, if the file says it; else 0. */
    private static long known(String module, Call run) {
        Node first = run.nodes().get(0);
        if (!named(run)) {
            return Modules.runsOnce(first, module) ? inTurn(module, run).size() : 0;
        }
        // Each call has another name, but not for the modules inside it.
        return run.nodes().stream()
                .filter(node -> Modules.around(node).equals(module))
                .map(Modules::names)
                .distinct()
                .count();
    }

    /**
     * The calls of a module one directly after the other, each of which reads the same weights at the same nodes; one
     * if there is no such repetition.
     */
    private static List<Call> inTurn(String module, Call run) {
        List<List<String>> read = run.nodes().stream()
                .map(node -> read(node, value -> value.startsWith(module + ".")))
                .toList();
        List<String> first =
                read.stream().filter(each -> each.size() > 1).findFirst().orElse(List.of());
        int count = Collections.frequency(read, first);
        if (count < 2 || read.size() % count != 0) {
            return List.of(run);
        }
        int length = read.size() / count;
        List<Call> calls = new ArrayList<>();
        for (int from = 0; from < read.size(); from += length) {
            if (!read.subList(from, from + length).equals(read.subList(0, length))) {
                return List.of(run);
            }
            calls.add(new Call(run.nodes().subList(from, from + length)));
        }
        return calls;
    }

    /** The operator of a node, and some of the values that it reads. */
    private static List<String> read(Node node, Predicate<String> which) {
        return Stream.concat(Stream.of(node.type()), node.inputs().stream().filter(which))
                .toList();
    }

    /**
     * Finds modules that one exporter numbers in the name: {@code relu_1} is the second call of {@code relu}, or the
     * first of a module with that name. If both are in the file they have one name, and neither is known.
     */
    private void numbered(Graph graph, Map<String, Call> calls) {
        for (Map.Entry<String, Call> each : List.copyOf(calls.entrySet())) {
            Matcher name = NUMBERED.matcher(each.getKey());
            Call base = name.matches() ? calls.get(name.group(1)) : null;
            if (base == null || !named(each.getValue()) || !alike(graph, base, each.getValue())) {
                continue;
            }
            String call = name.group(1) + "#" + name.group(2);
            if (calls.containsKey(each.getKey() + "#1")) {
                String reason = "the exporter gave another module or another call the same name, '" + each.getKey()
                        + "'; give the name of a value";
                refusals.put(each.getKey(), reason);
                refusals.put(each.getKey() + "#1", reason);
                refusals.put(call, reason);
            } else if (!calls.containsKey(call)) {
                others.put(each.getKey(), call);
            }
        }
    }

    /** Whether modules are known by names of nodes. */
    private static boolean named(Call call) {
        return call.nodes().get(0).name().startsWith("/");
    }

    /** Whether two calls run the same operators on the same weights. */
    private static boolean alike(Graph graph, Call one, Call other) {
        Predicate<String> weight = value -> Widened.isWeight(graph, value);
        return one.nodes().stream()
                .map(node -> read(node, weight))
                .toList()
                .equals(other.nodes().stream().map(node -> read(node, weight)).toList());
    }

    private void arguments(String address, Call call, Map<String, Integer> made, Predicate<String> taken) {
        String module = CALL.matcher(address).replaceFirst("");
        for (Node node : call.nodes()) {
            String owner = owner(node);
            if (JOINED.contains(node.type())
                    && !named(call)
                    && !owner.isEmpty()
                    && !owner.equals(module)
                    && !owner.startsWith(module + ".")) {
                refusals.put(
                        address + ":in",
                        "the exporter joined the module with '" + owner
                                + "' before it; what was between them the file does not have");
                return;
            }
        }
        int first = call.nodes().get(0).outputs().stream()
                .mapToInt(value -> made.getOrDefault(value, 0))
                .min()
                .orElse(0);
        Map<String, Set<Node>> readers = new LinkedHashMap<>();
        for (Node node : call.nodes()) {
            for (String value : node.reads()) {
                if (made.getOrDefault(value, -1) < first && taken.test(value)) {
                    readers.computeIfAbsent(value, any -> new LinkedHashSet<>()).add(node);
                }
            }
        }
        List<Argument> found = new ArrayList<>();
        readers.forEach((value, nodes) -> found.add(new Argument(value, nodes)));
        if (!found.isEmpty()) {
            arguments.put(address, found);
        }
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

    /**
     * The module whose operation with weights a node is: where an exporter has joined it with a batch norm and gave the
     * node the batch norm's name, the module that the weight is named after.
     */
    public static String weighted(Node node) {
        String owner = JOINED.contains(node.type()) ? owner(node) : "";
        return owner.isEmpty() ? Modules.around(node) : owner;
    }

    /** The module whose weight a node reads; empty if the weight's name does not contain it. */
    private static String owner(Node node) {
        String weight = node.input(1);
        return weight.endsWith(".weight") ? weight.substring(0, weight.length() - ".weight".length()) : "";
    }
}
