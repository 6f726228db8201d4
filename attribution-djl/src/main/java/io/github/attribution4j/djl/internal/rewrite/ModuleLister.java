/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.djl.internal.rewrite;

import io.github.attribution4j.djl.internal.rewrite.CallSite.ModuleRef;
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

/** Finds out which modules the instrumented program calls, and how. */
final class ModuleLister {
    /** A method of a class. */
    record Method(String type, String method) {}

    /** A way in which a module is called: at how many places, and whether all of them hand on a known value. */
    private record Form(int sites, boolean handsOn) {}

    /** One instance's method, with the instances that are passed to it. */
    private record Visit(int index, String type, String method, Map<String, Integer> modules) {}

    private final ProgramIndex index;
    private final Function<Method, List<CallSite>> sites;
    private final Map<Integer, Map<String, Form>> calls = new HashMap<>();

    ModuleLister(ProgramIndex index, Function<Method, List<CallSite>> sites) {
        this.index = index;
        this.sites = sites;
    }

    List<ModuleInfo> list() {
        follow();
        List<ModuleInfo> modules = new ArrayList<>();
        for (ProgramIndex.Node node : index.nodes()) {
            List<ModuleInfo.Call> forms = new ArrayList<>();
            boolean tensors = false;
            Map<String, Form> known = calls.getOrDefault(node.index(), Map.of());
            boolean handsOn = known.values().stream().allMatch(Form::handsOn);
            for (Map.Entry<String, Form> call : known.entrySet()) {
                Stmt.Def method = node.type().definition().method(call.getKey());
                if (method != null && CallSite.counts(call.getKey())) {
                    Type type = handsOn ? Type.TENSOR : ProgramIndex.resultType(method);
                    ModuleInfo.Call form = new ModuleInfo.Call(
                            call.getKey(),
                            call.getValue().sites(),
                            type,
                            index.structure(type),
                            index.parameters(method));
                    forms.add(form);
                    tensors |= form.result().hasTensors()
                            || form.parameters().stream()
                                    .anyMatch(p -> p.structure().hasTensors());
                }
            }
            modules.add(
                    new ModuleInfo(node.path(), node.index(), node.type().name(), forms, reason(node, forms, tensors)));
        }
        return modules;
    }

    private static String reason(ProgramIndex.Node node, List<ModuleInfo.Call> forms, boolean tensors) {
        if (forms.isEmpty()) {
            boolean callable = node.type().definition().members().stream()
                    .anyMatch(m -> m instanceof Stmt.Def def && CallSite.counts(def.name()));
            return callable
                    ? "the program never calls its forward in a way that can be followed: it is unused, chosen by a computed index, or stands"
                            + " for a module of another path"
                    : "it has no forward of its own; address one of its submodules";
        }
        return tensors
                ? ""
                : "the trace left it neither tensor arguments nor a tensor result, and does not say which value it hands on; address the"
                        + " module before it";
    }

    private void follow() {
        Deque<Visit> open = new ArrayDeque<>();
        Set<Visit> seen = new HashSet<>();
        Visit start = new Visit(0, index.root().name(), "forward", Map.of());
        calls.computeIfAbsent(0, k -> new LinkedHashMap<>()).put("forward", new Form(1, false));
        open.add(start);
        while (!open.isEmpty()) {
            Visit visit = open.remove();
            for (CallSite site : sites.apply(new Method(visit.type(), visit.method()))) {
                int target = absolute(visit, site.target());
                calls.computeIfAbsent(target, k -> new LinkedHashMap<>())
                        .merge(
                                site.method(),
                                new Form(1, site.handsOn()),
                                (a, b) -> new Form(a.sites() + b.sites(), a.handsOn() && b.handsOn()));
                Map<String, Integer> passed = new LinkedHashMap<>();
                site.modules().forEach((name, module) -> passed.put(name, absolute(visit, module)));
                Visit next = new Visit(target, site.target().type(), site.method(), passed);
                if (seen.add(next)) {
                    open.add(next);
                }
            }
        }
    }

    private static int absolute(Visit visit, ModuleRef ref) {
        return absolute(visit.index(), visit.modules(), ref);
    }

    /** The pre-order index of a module, seen from a method of the module {@code self} to which the modules {@code passed} are passed. */
    static int absolute(int self, Map<String, Integer> passed, ModuleRef ref) {
        if (ref.base().isEmpty()) {
            return ref.offset();
        }
        if (ref.base().equals(MethodCloner.INDEX)) {
            return self + ref.offset();
        }
        String parameter = ref.base().substring(MethodCloner.INDEX.length() + 1);
        return passed.getOrDefault(parameter, 0) + ref.offset();
    }
}
