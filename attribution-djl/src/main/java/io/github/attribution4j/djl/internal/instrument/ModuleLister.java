// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.SharedModules;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Finds which modules the instrumented program calls, and how. In go the modules and the calls in each method; out
 * comes a {@link ModuleInfo} for each module, with a reason if it cannot be addressed.
 */
final class ModuleLister {
    /** A method of a class. */
    record Method(String type, String method) {}

    /**
     * One way in which a module is called: the number of places, whether a known value passes through at all of them,
     * and whether one may run again.
     */
    private record Form(int sites, boolean passesThrough, boolean repeated) {
        Form and(Form other) {
            return new Form(sites + other.sites, passesThrough && other.passesThrough, repeated || other.repeated);
        }
    }

    /** A call that leads from one method to another. */
    private record Edge(Visit from, CallSite site, Visit to) {}

    /** The method of one instance, with the instances that are passed to it. */
    private record Visit(int index, String type, String method, Map<String, Integer> modules) {}

    private final ProgramIndex index;
    private final PickleValue.Instance root;
    private final Function<Method, List<CallSite>> sites;
    private final Map<Integer, Map<String, Form>> calls = new HashMap<>();

    ModuleLister(ProgramIndex index, PickleValue.Instance root, Function<Method, List<CallSite>> sites) {
        this.index = index;
        this.root = root;
        this.sites = sites;
    }

    List<ModuleInfo> list() {
        follow();
        List<ModuleInfo> modules = new ArrayList<>();
        for (ProgramIndex.Node node : index.nodes()) {
            List<ModuleInfo.Call> forms = new ArrayList<>();
            boolean tensors = false;
            Map<String, Form> known = calls.getOrDefault(node.index(), Map.of());
            boolean passesThrough = known.values().stream().allMatch(Form::passesThrough);
            for (Map.Entry<String, Form> call : known.entrySet()) {
                Stmt.Def method = node.type().definition().method(call.getKey());
                if (method != null && CallSite.counts(node.type().definition(), call.getKey())) {
                    Type type = passesThrough ? Type.TENSOR : ProgramIndex.resultType(method);
                    ModuleInfo.Call form = new ModuleInfo.Call(
                            call.getKey(),
                            call.getValue().sites(),
                            type,
                            Structure.of(index, type),
                            Signature.parameters(index, method),
                            passesThrough,
                            call.getValue().repeated());
                    forms.add(form);
                    tensors |= form.result().hasTensors()
                            || form.parameters().stream()
                                    .anyMatch(p -> p.structure().hasTensors());
                }
            }
            modules.add(new ModuleInfo(
                    node.path(), node.index(), node.type().name(), forms, reason(node, forms, tensors), ""));
        }
        return named(modules);
    }

    /** Adds, for modules that are never called, the names by which the program may call them. */
    private List<ModuleInfo> named(List<ModuleInfo> modules) {
        Set<String> called = new HashSet<>();
        for (ModuleInfo info : modules) {
            if (info.index() > 0 && info.addressable()) {
                called.add(info.path());
            }
        }
        if (called.size() + 1 >= modules.size()) {
            return modules;
        }
        SharedModules shared = new SharedModules(root, index.nodes());
        return modules.stream()
                .map(info -> info.index() > 0 && info.calls().isEmpty() ? named(info, shared, called) : info)
                .toList();
    }

    private static ModuleInfo named(ModuleInfo info, SharedModules shared, Set<String> called) {
        List<String> certain = shared.otherPaths(info.path(), true).stream()
                .filter(called::contains)
                .toList();
        List<String> likely = certain.isEmpty()
                ? shared.otherPaths(info.path(), false).stream()
                        .filter(called::contains)
                        .toList()
                : certain;
        if (likely.isEmpty()) {
            return info;
        }
        String names = "'" + String.join("' and '", likely) + "'";
        boolean alias = certain.size() == 1;
        String reason = alias
                ? "the program calls it as " + names
                : "the program never calls it under this name; it has the weights of " + names
                        + ", which the program calls: address that if they are one module";
        return new ModuleInfo(
                info.path(), info.index(), info.type(), info.calls(), reason, alias ? certain.get(0) : "");
    }

    private static String reason(ProgramIndex.Node node, List<ModuleInfo.Call> forms, boolean tensors) {
        if (forms.isEmpty()) {
            boolean callable = node.type().definition().members().stream()
                    .anyMatch(m -> m instanceof Stmt.Def def
                            && CallSite.counts(node.type().definition(), def.name()));
            return callable
                    ? "the program never calls its forward in a way that can be followed: it is unused,"
                            + " chosen by a computed index, or stands for a module of another path"
                    : "it has no forward of its own; address one of its submodules";
        }
        return tensors
                ? ""
                : "the trace left it neither tensor arguments nor a tensor result, and does not say"
                        + " which value passes through; address the module before it";
    }

    private void follow() {
        Deque<Visit> open = new ArrayDeque<>();
        Map<Visit, Integer> entries = new HashMap<>();
        List<Edge> edges = new ArrayList<>();
        Visit start = new Visit(0, index.root().name(), "forward", Map.of());
        calls.computeIfAbsent(0, k -> new LinkedHashMap<>()).put("forward", new Form(1, false, false));
        open.add(start);
        entries.put(start, 1);
        while (!open.isEmpty()) {
            Visit visit = open.remove();
            for (CallSite site : sites.apply(new Method(visit.type(), visit.method()))) {
                Map<String, Integer> passed = new LinkedHashMap<>();
                site.modules().forEach((name, module) -> passed.put(name, absolute(visit, module)));
                Visit next =
                        new Visit(absolute(visit, site.target()), site.target().type(), site.method(), passed);
                edges.add(new Edge(visit, site, next));
                if (entries.merge(next, 1, Integer::sum) == 1) {
                    open.add(next);
                }
            }
        }
        Set<Visit> repeated = repeated(edges, entries);
        for (Edge edge : edges) {
            boolean again = edge.site().loop() || repeated.contains(edge.from());
            calls.computeIfAbsent(edge.to().index(), k -> new LinkedHashMap<>())
                    .merge(edge.site().method(), new Form(1, edge.site().passesThrough(), again), Form::and);
        }
    }

    /** Returns the methods that are entered from more than one place or from a loop, and all methods that they call. */
    private static Set<Visit> repeated(List<Edge> edges, Map<Visit, Integer> entries) {
        Map<Visit, List<Visit>> callees = new HashMap<>();
        Deque<Visit> open = new ArrayDeque<>();
        for (Edge edge : edges) {
            callees.computeIfAbsent(edge.from(), k -> new ArrayList<>()).add(edge.to());
            if (edge.site().loop() || entries.getOrDefault(edge.to(), 0) > 1) {
                open.add(edge.to());
            }
        }
        Set<Visit> repeated = new HashSet<>();
        while (!open.isEmpty()) {
            Visit visit = open.remove();
            if (repeated.add(visit)) {
                open.addAll(callees.getOrDefault(visit, List.of()));
            }
        }
        return repeated;
    }

    private static int absolute(Visit visit, ModuleRef ref) {
        return absolute(visit.index(), visit.modules(), ref);
    }

    /**
     * Returns the pre-order index of a module, seen from a method of the module {@code self} to which the modules
     * {@code passed} are passed.
     */
    static int absolute(int self, Map<String, Integer> passed, ModuleRef ref) {
        if (ref.base().isEmpty()) {
            return ref.offset();
        }
        if (ref.base().equals(AddedNames.INDEX)) {
            return self + ref.offset();
        }
        String parameter = ref.base().substring(AddedNames.INDEX.length() + 1);
        return passed.getOrDefault(parameter, 0) + ref.offset();
    }
}
