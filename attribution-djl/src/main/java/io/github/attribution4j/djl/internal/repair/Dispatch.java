// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Makes explicit which module is called when a program picks it from a container by a computed index. The text of such
 * a call names only an interface. So each container gets a method that compares the index with the names of its members
 * and calls the right one, and the call goes there (before and after):
 *
 * <pre>
 *                         a4j_k0 = k
 * m : I = list[k]         m : I = list[a4j_k0]
 * y = (m).forward(x, )    y = (list).a4j_pick_0_forward(a4j_k0, x, )
 * </pre>
 *
 * <p>The picking itself stays, so an index without a member fails as before.
 */
public final class Dispatch {
    /** The prefix of the names of added methods. */
    public static final String METHOD = "a4j_pick_";

    /** A call through an interface, for which a method is added. */
    private record Pick(String container, String face, String method, int arguments) {}

    /** What is known within one method: the classes of variables that hold modules, and the picked modules. */
    private static final class Scope {
        private final Map<String, String> modules = new HashMap<>();
        private final Map<String, Picked> picked = new HashMap<>();
        private final Map<String, Integer> assignments = new HashMap<>();
    }

    /** A variable that holds a picked module. */
    private record Picked(Expr container, String type, String face, Expr.Name key) {}

    private final ProgramIndex index;
    private final Map<Pick, String> picks = new LinkedHashMap<>();
    private int keys;

    private Dispatch(ProgramIndex index) {
        this.index = index;
    }

    /**
     * Rewrites a program.
     *
     * @param index the classes of the program
     * @param files its text, in which methods may have changed already
     * @return the text with picked calls redirected; the same object if there are none
     */
    public static Map<String, Stmt.File> apply(ProgramIndex index, Map<String, Stmt.File> files) {
        if (files.values().stream()
                .flatMap(file -> file.statements().stream())
                .noneMatch(s -> s instanceof Stmt.ClassDef d && "ModuleInterface".equals(d.base()))) {
            return files;
        }
        return new Dispatch(index).files(files);
    }

    private Map<String, Stmt.File> files(Map<String, Stmt.File> files) {
        Map<String, Stmt.File> redirected = each(files, (name, definition) -> {
            List<Stmt> members = new ArrayList<>();
            definition.members().forEach(m -> members.add(m instanceof Stmt.Def method ? method(name, method) : m));
            return members;
        });
        if (picks.isEmpty()) {
            return files;
        }
        return each(redirected, (name, definition) -> {
            List<Stmt> members = new ArrayList<>(definition.members());
            picks.forEach((pick, added) -> {
                if (pick.container().equals(name)) {
                    members.add(added(pick, added));
                }
            });
            return members;
        });
    }

    /** Changes the members of a class. */
    private interface Change {
        List<Stmt> members(String name, Stmt.ClassDef definition);
    }

    private static Map<String, Stmt.File> each(Map<String, Stmt.File> files, Change change) {
        Map<String, Stmt.File> changed = new LinkedHashMap<>();
        files.forEach((path, file) -> {
            List<Stmt> statements = new ArrayList<>();
            for (Stmt statement : file.statements()) {
                statements.add(
                        statement instanceof Stmt.ClassDef definition && "Module".equals(definition.base())
                                ? new Stmt.ClassDef(
                                        definition.name(),
                                        definition.base(),
                                        change.members(file.module() + "." + definition.name(), definition))
                                : statement);
            }
            changed.put(path, new Stmt.File(path, statements));
        });
        return changed;
    }

    private Stmt.Def method(String owner, Stmt.Def method) {
        Scope scope = new Scope();
        List<Stmt.Assign> all = new ArrayList<>();
        Trees.assignments(method.body(), all);
        all.forEach(a -> a.targets().forEach(t -> scope.assignments.merge(Trees.dotted(t), 1, Integer::sum)));
        if (method.parameters().isEmpty() || all.stream().noneMatch(a -> isPick(a))) {
            return method;
        }
        scope.modules.put(method.parameters().get(0).name(), owner);
        return new Stmt.Def(method.name(), method.parameters(), method.result(), statements(method.body(), scope));
    }

    private boolean isPick(Stmt.Assign assign) {
        return assign.type() != null
                && index.isInterface(assign.type().name())
                && assign.targets().size() == 1
                && assign.targets().get(0) instanceof Expr.Name
                && assign.values().get(0) instanceof Expr.Index item
                && item.indices().size() == 1;
    }

    private List<Stmt> statements(List<Stmt> statements, Scope scope) {
        List<Stmt> result = new ArrayList<>();
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.Assign s && isPick(s)) {
                pick(s, scope, result);
            } else {
                Stmt changed = Trees.parts(statement, e -> call(e, scope), block -> statements(block, scope));
                result.add(changed);
                if (changed instanceof Stmt.Assign s
                        && s.targets().size() == 1
                        && scope.assignments.getOrDefault(
                                        Trees.dotted(s.targets().get(0)), 0)
                                == 1) {
                    String type = module(s.values().get(0), scope);
                    if (type != null) {
                        scope.modules.put(Trees.dotted(s.targets().get(0)), type);
                    }
                }
            }
        }
        return result;
    }

    /** Keeps the index by which a variable was picked, if the container and the index are certain not to change. */
    private void pick(Stmt.Assign assign, Scope scope, List<Stmt> result) {
        Expr.Index item = (Expr.Index) assign.values().get(0);
        String variable = Trees.dotted(assign.targets().get(0));
        String container = module(item.value(), scope);
        boolean known = container != null
                && container.matches(".*\\.(ModuleList|ModuleDict|Sequential)")
                && scope.assignments.getOrDefault(variable, 0) == 1
                && assign.type() != null;
        if (!known || container == null || assign.type() == null) {
            result.add(assign);
            return;
        }
        Expr.Name key = new Expr.Name("a4j_k" + keys++);
        result.add(Stmt.Assign.of(key.id(), call(item.indices().get(0), scope)));
        Expr picked = new Expr.Index(item.value(), List.of(key));
        result.add(new Stmt.Assign(assign.targets(), assign.unpack(), assign.type(), List.of(picked)));
        scope.picked.put(
                variable, new Picked(item.value(), container, assign.type().name(), key));
    }

    private Expr call(Expr expression, Scope scope) {
        return Trees.map(expression, e -> redirected(e, scope));
    }

    private Expr redirected(Expr expression, Scope scope) {
        if (!(expression instanceof Expr.Call call)
                || !call.keywords().isEmpty()
                || !(call.callee() instanceof Expr.Attribute method)
                || !(method.value() instanceof Expr.Parens receiver)) {
            return expression;
        }
        Picked picked = scope.picked.get(Trees.dotted(receiver.value()));
        Stmt.ClassDef face = picked == null ? null : index.definition(picked.face());
        Stmt.Def declared = face == null ? null : face.method(method.name());
        if (picked == null
                || declared == null
                || declared.parameters().size() <= call.arguments().size()) {
            return expression;
        }
        Pick pick = new Pick(
                picked.type(), picked.face(), method.name(), call.arguments().size());
        String added = picks.computeIfAbsent(pick, p -> METHOD + picks.size() + "_" + method.name());
        List<Expr> arguments = new ArrayList<>();
        arguments.add(picked.key());
        arguments.addAll(call.arguments());
        return new Expr.Call(
                new Expr.Attribute(new Expr.Parens(picked.container()), added), arguments, List.of(), true);
    }

    /** Returns the class of the module that an expression stands for; null if it is none, or not certain. */
    private @Nullable String module(Expr expression, Scope scope) {
        if (expression instanceof Expr.Parens parens) {
            return module(parens.value(), scope);
        }
        if (expression instanceof Expr.Name name) {
            return scope.modules.get(name.id());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return child(module(attribute.value(), scope), attribute.name());
        }
        if (expression instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals("getattr")
                && call.arguments().size() == 2
                && call.arguments().get(1) instanceof Expr.Text text) {
            return child(module(call.arguments().get(0), scope), text.value());
        }
        return null;
    }

    private @Nullable String child(@Nullable String owner, String attribute) {
        return owner == null ? null : index.module(owner).children().get(attribute);
    }

    /** Returns the method that a container gets: {@code (self, key, arguments...)}. */
    private Stmt.Def added(Pick pick, String name) {
        Stmt.ClassDef face = index.definition(pick.face());
        Stmt.Def declared = face == null ? null : face.method(pick.method());
        if (declared == null) {
            throw new IllegalStateException("no method " + pick.method() + " in " + pick.face());
        }
        boolean named = pick.container().endsWith(".ModuleDict");
        Expr.Name self = new Expr.Name("self");
        Expr.Name key = new Expr.Name("a4j_key");
        List<Stmt.Parameter> parameters = new ArrayList<>();
        parameters.add(new Stmt.Parameter(self.id(), Type.of(pick.container()), null));
        parameters.add(new Stmt.Parameter(key.id(), Type.of(named ? "str" : "int"), null));
        List<Expr> arguments = new ArrayList<>();
        for (Stmt.Parameter parameter : declared.parameters().subList(1, pick.arguments() + 1)) {
            parameters.add(new Stmt.Parameter(parameter.name(), parameter.type(), null));
            arguments.add(new Expr.Name(parameter.name()));
        }
        Expr.Name member = new Expr.Name("a4j_m");
        Expr.Name value = new Expr.Name("a4j_v");
        List<Stmt> rest = List.of(
                new Stmt.Assign(
                        List.of(member), false, Type.of(pick.face()), List.of(new Expr.Index(self, List.of(key)))),
                Stmt.Assign.of(value.id(), called(member, pick.method(), arguments)));
        List<String> names =
                new ArrayList<>(index.module(pick.container()).children().keySet());
        for (int i = names.size() - 1; i >= 0; i--) {
            Expr literal = named ? Expr.Text.of(names.get(i)) : new Expr.Literal(names.get(i));
            Expr.Name child = new Expr.Name("a4j_m" + i);
            Expr get = new Expr.Call(
                    new Expr.Name("getattr"), List.of(self, Expr.Text.of(names.get(i))), List.of(), false);
            rest = List.of(new Stmt.If(
                    new Expr.Call(Trees.dotted("torch.eq"), List.of(key, literal), List.of(), false),
                    List.of(
                            Stmt.Assign.of(child.id(), get),
                            Stmt.Assign.of(value.id(), called(child, pick.method(), arguments))),
                    rest));
        }
        List<Stmt> body = new ArrayList<>(rest);
        body.add(new Stmt.Return(List.of(value)));
        return new Stmt.Def(name, parameters, declared.result(), body);
    }

    private static Expr called(Expr.Name module, String method, List<Expr> arguments) {
        return new Expr.Call(new Expr.Attribute(new Expr.Parens(module), method), arguments, List.of(), true);
    }
}
