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

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the instrumented copy of an archive. Methods that call modules are cloned, every call of a module goes through a wrapper that asks the tape whether the call is of interest, and
 * the root gains the two entry methods. The original methods stay, and so does the model's own {@code forward}.
 *
 * <p>A wrapper calls the wrapped method at one place only: libtorch inlines all calls, and two places a wrapper would double the program with every level of nesting.
 */
public final class Instrumenter {
    /** A class and one of its methods. */
    private record Key(String type, String method) {}

    private final TorchArchive archive;
    private final ProgramIndex index;
    private final Repairs repairs;
    private final RuntimeSource runtime;
    private final boolean inPlace;
    private final Map<Key, List<CallSite>> sites = new HashMap<>();
    private final Map<String, List<Stmt>> additions = new LinkedHashMap<>();
    private final Map<Key, Boolean> calling = new HashMap<>();

    private Instrumenter(TorchArchive archive, ProgramIndex index, Repairs repairs) {
        this.archive = archive;
        this.index = index;
        this.repairs = repairs;
        this.inPlace = InPlace.occursIn(index.files().values());
        this.runtime = new RuntimeSource(inPlace);
    }

    /**
     * Instruments an archive.
     *
     * @param archive the archive; not changed
     * @return the copy and what is known about the program
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if a file is not in the serialized language
     * @throws RewriteException if the program cannot be called
     */
    public static Instrumented instrument(TorchArchive archive) {
        if (archive.code().containsKey(RuntimeSource.PATH)) {
            throw new RewriteException(archive.name() + ": is an instrumented copy already; load the original");
        }
        ProgramIndex original = ProgramIndex.of(archive);
        Repairs repairs = new Repairs();
        ProgramIndex index = ProgramIndex.of(archive, repairs.repair(original.files()));
        return new Instrumenter(archive, index, repairs).run();
    }

    private Instrumented run() {
        Signature signature = index.signature();
        String root = index.root().name();
        add(root, entry(Instrumented.FORWARD, signature, false));
        cloneFrom(new Key(root, "forward"));
        add(root, entry(Instrumented.RUN, signature, true));
        Map<String, String> texts = new LinkedHashMap<>();
        index.files().forEach((path, file) -> {
            Stmt.File changed = extended(file);
            if (!changed.equals(file) || !repairs.done().isEmpty()) {
                texts.put(path, Printer.print(changed));
            }
        });
        texts.put(RuntimeSource.PATH, runtime.text());
        List<ModuleInfo> modules =
                new ModuleLister(index, k -> sites.getOrDefault(new Key(k.type(), k.method()), List.of())).list();
        return new Instrumented(archive.withCode(texts), signature, modules, repairs.done(), inPlace);
    }

    private void add(String type, Stmt member) {
        additions.computeIfAbsent(type, k -> new ArrayList<>()).add(member);
    }

    private Stmt.Def method(Key key) {
        Stmt.ClassDef definition = index.definition(key.type());
        Stmt.Def method = definition == null ? null : definition.method(key.method());
        if (method == null) {
            throw new RewriteException(archive.name() + ": class " + key.type() + " has no method " + key.method());
        }
        return method;
    }

    /** Clones all methods from which modules are called, starting at one; wraps all that count as calls. */
    private void cloneFrom(Key start) {
        Deque<Key> open = new ArrayDeque<>();
        Set<Key> seen = new LinkedHashSet<>();
        open.add(start);
        seen.add(start);
        while (!open.isEmpty()) {
            Key key = open.remove();
            boolean clone = callsModules(key);
            if (clone) {
                MethodCloner cloner = new MethodCloner(index, this::instrumented);
                add(key.type(), cloner.clone(key.type(), method(key)));
                sites.put(key, cloner.sites());
                for (CallSite site : cloner.sites()) {
                    Key called = new Key(site.target().type(), site.method());
                    if (seen.add(called)) {
                        open.add(called);
                    }
                }
            }
            if (CallSite.counts(key.method())) {
                add(key.type(), wrapper(key, clone));
            }
        }
    }

    /** Whether calls of a method are redirected: it counts as a call of its module, or calls modules itself. */
    private boolean instrumented(String type, String name) {
        Stmt.ClassDef definition = index.definition(type);
        if (definition == null || definition.method(name) == null) {
            return false;
        }
        return CallSite.counts(name) || callsModules(new Key(type, name));
    }

    private boolean callsModules(Key key) {
        Boolean known = calling.get(key);
        if (known != null) {
            return known;
        }
        calling.put(key, false); // A method that calls itself calls no modules by that.
        MethodCloner probe = new MethodCloner(index, this::instrumented);
        probe.clone(key.type(), method(key));
        boolean calls = !probe.sites().isEmpty();
        calling.put(key, calls);
        return calls;
    }

    private Stmt.Def wrapper(Key key, boolean clone) {
        Stmt.Def method = method(key);
        String self = method.parameters().get(0).name();
        Type resultType = ProgramIndex.resultType(method);
        Structure result = index.structure(resultType);
        StringBuilder text = new StringBuilder("def f():\n  a4j_n = (a4j_t).enter(a4j_p, )\n");
        StringBuilder arguments = new StringBuilder();
        if (clone) {
            arguments.append("a4j_p, a4j_t, ");
            MethodCloner.modules(index, method)
                    .forEach(m -> arguments.append(MethodCloner.indexOf(m)).append(", "));
        }
        String element = "0";
        int number = 0;
        for (Signature.Parameter parameter : index.parameters(method)) {
            if (parameter.structure().hasTensors()) {
                String next = "a4j_e" + number;
                text.append(
                        visit("a4j_x" + number, next, parameter.structure(), Row.ARGUMENTS, element, parameter.name()));
                arguments.append("a4j_x").append(number++).append(", ");
                element = parameter.structure() instanceof Structure.Tensor ? after(element) : next;
            } else {
                arguments.append(parameter.name()).append(", ");
            }
        }
        String call = "(" + self + ")." + (clone ? MethodCloner.CLONE : "") + method.name() + "("
                + arguments.toString().stripTrailing() + (arguments.length() > 0 ? " )" : ")");
        if (result instanceof Structure.Tensor) {
            text.append("  a4j_r = (a4j_t).replaced(a4j_p, a4j_n, )\n  if torch.ge(a4j_r, 0):\n");
            text.append("    a4j_z = a4j_t.values[a4j_r]\n  else:\n    a4j_z = ")
                    .append(call)
                    .append('\n');
        } else {
            text.append("  a4j_z = ").append(call).append('\n');
        }
        if (result.hasTensors()) {
            text.append(visit("a4j_y", "a4j_e", result, Row.RESULT, "0", "a4j_z"))
                    .append("  return a4j_y\n");
        } else {
            text.append("  return a4j_z\n");
        }
        return new Stmt.Def(
                MethodCloner.WRAPPER + method.name(),
                MethodCloner.parameters(index, method),
                resultType,
                Parser.function(text.toString()).body());
    }

    /** One line of a wrapper that shows a value to the tape. */
    private String visit(String target, String next, Structure structure, int side, String element, String value) {
        if (structure instanceof Structure.Tensor) {
            return "  " + target + " = (a4j_t).value(a4j_p, a4j_n, " + side + ", " + element + ", " + value + ", )\n";
        }
        return "  " + target + ", " + next + ", = " + runtime.visitor(structure) + "(a4j_t, a4j_p, a4j_n, " + side
                + ", " + element + ", " + value + ", )\n";
    }

    private static String after(String element) {
        return element.matches("[0-9]+")
                ? String.valueOf(Integer.parseInt(element) + 1)
                : "torch.add(" + element + ", 1)";
    }

    private Stmt.Def entry(String name, Signature signature, boolean instrumented) {
        StringBuilder text = new StringBuilder("def ")
                .append(name)
                .append("(self: ")
                .append(index.root().name());
        text.append(", a4j_x: List[Tensor]) -> List[Tensor]:\n  a4j_t = ")
                .append(RuntimeSource.MODULE)
                .append(".open(a4j_x, )\n");
        StringBuilder arguments = new StringBuilder(instrumented ? "0, a4j_t, " : "");
        List<Signature.Parameter> parameters = signature.parameters();
        for (int i = 0; i < parameters.size(); i++) {
            Signature.Parameter parameter = parameters.get(i);
            String function = runtime.argument(i, parameter);
            if (function == null) {
                throw new RewriteException(archive.name() + ": parameter '" + parameter.name()
                        + "' of the model has type " + parameter.type()
                        + ", which cannot be passed; wrap the model in a module that takes tensors");
            }
            text.append("  a4j_").append(i).append(" = ").append(function).append("(a4j_t, )\n");
            arguments.append("a4j_").append(i).append(", ");
        }
        text.append("  a4j_y = (self).")
                .append(instrumented ? MethodCloner.WRAPPER : "")
                .append("forward(");
        text.append(arguments.toString().stripTrailing()).append(arguments.length() > 0 ? " )\n" : ")\n");
        text.append("  a4j_out = annotate(List[Tensor], [])\n  a4j_layout = annotate(List[int], [])\n  _0 = ");
        text.append(runtime.writer(signature.result())).append("(a4j_out, a4j_layout, a4j_y, )\n");
        text.append("  return ").append(RuntimeSource.MODULE).append(".close(a4j_t, a4j_out, a4j_layout, )\n");
        return Parser.function(text.toString());
    }

    private Stmt.File extended(Stmt.File file) {
        List<Stmt> statements = new ArrayList<>();
        for (Stmt statement : file.statements()) {
            if (statement instanceof Stmt.ClassDef definition) {
                String name = file.module() + "." + definition.name();
                List<Stmt> members = new ArrayList<>();
                definition.members().forEach(m -> members.add(concrete(name, m)));
                members.addAll(additions.getOrDefault(name, List.of()));
                statements.add(new Stmt.ClassDef(definition.name(), definition.base(), members));
            } else {
                statements.add(statement);
            }
        }
        return new Stmt.File(file.path(), statements);
    }

    /** Declares an attribute of an interface type with the class that stands behind it, which has the new methods. */
    private Stmt concrete(String owner, Stmt member) {
        if (member instanceof Stmt.Declaration declaration
                && index.isInterface(declaration.type().name())) {
            String type =
                    index.concrete(owner, declaration.name(), declaration.type().name());
            return type == null ? member : new Stmt.Declaration(declaration.name(), Type.of(type));
        }
        if (member instanceof Stmt.Assign assign
                && assign.targets().get(0) instanceof Expr.Index key
                && key.indices().get(0) instanceof Expr.Text attribute
                && index.isInterface(Trees.dotted(assign.values().get(0)))) {
            String type = index.concrete(
                    owner, attribute.value(), Trees.dotted(assign.values().get(0)));
            return type == null
                    ? member
                    : new Stmt.Assign(assign.targets(), assign.unpack(), assign.type(), List.of(Trees.dotted(type)));
        }
        return member;
    }
}
