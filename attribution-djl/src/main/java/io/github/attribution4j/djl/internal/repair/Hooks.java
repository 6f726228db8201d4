// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Moves scripted forward hooks and pre-hooks into the modules that have them. A program writes hooks beside each call:
 * {@code post(m, inputs, (m).forward(x, ), )}. They are functions that have a class as their module, and only
 * libtorch's own import can call them. Here each module with hooks gets a method that runs its hooks and its forward.
 * So a tap sees what a hook on the eager model sees.
 *
 * <p>This includes hooks of the root. {@code forward} alone leaves them out, and {@code model(x)} runs them.
 */
public final class Hooks {
    private static final String PLAIN = "a4j_unhooked";
    private static final String BEFORE = "__forward_pre_hooks__";
    private static final String AFTER = "__forward_hooks__";
    private static final String FORWARD = "forward";

    /** A hook of a class. */
    private record Hook(String owner, Stmt.Def method, boolean before) {
        /** Returns whether its result replaces what it was given. */
        boolean replaces() {
            return !result().name().equals("NoneType");
        }

        Type result() {
            return ProgramIndex.resultType(method);
        }
    }

    /** What is known of the calls in one body. */
    private static final class Calls {
        private final Map<String, Hook> aliases = new HashMap<>();
        /** By receiver, as written. */
        private final Map<String, Map<Hook, Integer>> hooks = new HashMap<>();

        private final Map<String, Integer> forwards = new HashMap<>();
    }

    private final ProgramIndex index;
    private final Map<String, Map<String, Hook>> hooks = new LinkedHashMap<>();

    private Hooks(ProgramIndex index) {
        this.index = index;
        index.files()
                .values()
                .forEach(file -> file.statements().forEach(statement -> {
                    if (statement instanceof Stmt.ClassDef definition) {
                        find(file.module() + "." + definition.name(), definition);
                    }
                }));
    }

    /** Rewrites a program. Returns the same files if nothing has hooks. */
    public static Map<String, Stmt.File> apply(ProgramIndex index) {
        Hooks all = new Hooks(index);
        if (all.hooks.isEmpty()) {
            return index.files();
        }
        Map<String, Stmt.File> files = new LinkedHashMap<>();
        index.files().forEach((path, file) -> files.put(path, all.file(file)));
        return files;
    }

    private void find(String owner, Stmt.ClassDef definition) {
        for (Stmt member : definition.members()) {
            String list = list(member);
            if (!list.isEmpty() && ((Stmt.Assign) member).values().get(0) instanceof Expr.ListOf names) {
                for (Expr name : names.items()) {
                    Stmt.Def method = name instanceof Expr.Text text ? definition.method(text.value()) : null;
                    if (method != null) {
                        hooks.computeIfAbsent(owner, key -> new LinkedHashMap<>())
                                .put(method.name(), new Hook(owner, method, list.equals(BEFORE)));
                    }
                }
            }
        }
    }

    /** Returns the name of a member that lists hooks; empty if the member is another. */
    private static String list(Stmt member) {
        return member instanceof Stmt.Assign assign
                        && assign.targets().get(0) instanceof Expr.Name name
                        && (name.id().equals(BEFORE) || name.id().equals(AFTER))
                ? name.id()
                : "";
    }

    private @Nullable Hook hook(Expr callee, Calls calls) {
        String dotted = Trees.dotted(callee);
        Hook alias = calls.aliases.get(dotted);
        int dot = dotted.lastIndexOf('.');
        return alias != null || dot < 0
                ? alias
                : hooks.getOrDefault(dotted.substring(0, dot), Map.of()).get(dotted.substring(dot + 1));
    }

    private Stmt.File file(Stmt.File file) {
        List<Stmt> statements = new ArrayList<>();
        for (Stmt statement : file.statements()) {
            if (statement instanceof Stmt.ClassDef definition) {
                statements.add(definition(file.module() + "." + definition.name(), definition));
            } else if (statement instanceof Stmt.Def function) {
                // The serializer writes each hook twice: as a member, and as a function whose module is the class.
                if (!hooks.getOrDefault(file.module(), Map.of()).containsKey(function.name())) {
                    statements.add(method(function));
                }
            } else {
                statements.add(statement);
            }
        }
        return new Stmt.File(file.path(), statements);
    }

    private Stmt.ClassDef definition(String name, Stmt.ClassDef definition) {
        Map<String, Hook> own = hooks.getOrDefault(name, Map.of());
        Stmt.Def forward = definition.method(FORWARD);
        boolean root = name.equals(index.root().name());
        List<Stmt> members = new ArrayList<>();
        for (Stmt member : definition.members()) {
            if (!list(member).isEmpty()) {
                continue;
            }
            Stmt changed = member instanceof Stmt.Def def ? method(def) : member;
            if (!own.isEmpty() && forward != null && member.equals(forward)) {
                Stmt.Def plain = (Stmt.Def) changed;
                members.add(new Stmt.Def(PLAIN, plain.parameters(), plain.result(), plain.body()));
                members.add(root ? called(FORWARD, forward, own) : plain);
                if (!root) {
                    members.add(called(AddedNames.HOOKED, forward, own));
                }
            } else {
                members.add(changed);
            }
        }
        return new Stmt.ClassDef(definition.name(), definition.base(), members);
    }

    /** Returns the method that runs the hooks in order around the module's own forward. */
    private static Stmt.Def called(String name, Stmt.Def forward, Map<String, Hook> own) {
        List<Stmt.Parameter> parameters =
                forward.parameters().subList(1, forward.parameters().size());
        StringBuilder tuple = new StringBuilder("(");
        parameters.forEach(p -> tuple.append(p.name()).append(", "));
        StringBuilder text = new StringBuilder("def f() -> Tensor:\n  a4j_0 = ")
                .append(
                        parameters.size() == 1
                                ? tuple.toString().strip()
                                : tuple.substring(0, Math.max(1, tuple.length() - 2)))
                .append(")\n");
        int given = 0;
        int values = 0;
        String self = forward.parameters().get(0).name();
        for (Hook hook : own.values()) {
            if (hook.before()) {
                String call = "(" + self + ")." + hook.method().name() + "(a4j_" + given + ", )";
                String value = hook.replaces() && isWrapped(hook, parameters) ? "(" + call + ",)" : call;
                text.append("  a4j_")
                        .append(++values)
                        .append(" = ")
                        .append(value)
                        .append('\n');
                given = hook.replaces() ? values : given;
            }
        }
        StringBuilder arguments = new StringBuilder();
        for (int i = 0; i < parameters.size(); i++) {
            arguments.append("(a4j_").append(given).append(")[").append(i).append("], ");
        }
        text.append("  a4j_")
                .append(++values)
                .append(" = (")
                .append(self)
                .append(").")
                .append(PLAIN)
                .append('(');
        text.append(arguments).append(")\n");
        int result = values;
        Type type = ProgramIndex.resultType(forward);
        for (Hook hook : own.values()) {
            if (!hook.before()) {
                text.append("  a4j_")
                        .append(++values)
                        .append(" = (")
                        .append(self)
                        .append(").");
                text.append(hook.method().name())
                        .append("(a4j_")
                        .append(given)
                        .append(", a4j_")
                        .append(result);
                text.append(", )\n");
                result = hook.replaces() ? values : result;
                type = hook.replaces() ? hook.result() : type;
            }
        }
        text.append("  return a4j_").append(result).append('\n');
        return new Stmt.Def(
                name,
                forward.parameters(),
                type,
                Parser.function(text.toString()).body());
    }

    /**
     * Returns whether a result must become a tuple. A pre-hook returns all inputs as a tuple, or a single input as it
     * is.
     */
    private static boolean isWrapped(Hook hook, List<Stmt.Parameter> parameters) {
        Type given = parameters.size() == 1 ? parameters.get(0).type() : null;
        return !hook.result().name().equals("Tuple") || hook.result().equals(given);
    }

    private Stmt.Def method(Stmt.Def method) {
        Calls calls = new Calls();
        List<Stmt.Assign> all = new ArrayList<>();
        Trees.assignments(method.body(), all);
        for (Stmt.Assign assign : all) {
            Hook hook = alias(assign);
            if (hook != null) {
                calls.aliases.put(Trees.dotted(assign.targets().get(0)), hook);
            }
        }
        Trees.forEach(method.body(), expression -> count(expression, calls));
        if (calls.hooks.isEmpty()) {
            return method;
        }
        List<Stmt> body = Trees.mapAll(without(method.body()), expression -> changed(expression, calls));
        return new Stmt.Def(method.name(), method.parameters(), method.result(), body);
    }

    /** Returns the hook that a variable stands for after an assignment; null if it is none. */
    private @Nullable Hook alias(Stmt.Assign assign) {
        return assign.targets().size() == 1 && assign.values().size() == 1 && !assign.unpack()
                ? hook(assign.values().get(0), new Calls())
                : null;
    }

    private List<Stmt> without(List<Stmt> statements) {
        List<Stmt> kept = new ArrayList<>();
        for (Stmt statement : statements) {
            if (!(statement instanceof Stmt.Assign assign) || alias(assign) == null) {
                kept.add(Trees.parts(statement, UnaryOperator.identity(), this::without));
            }
        }
        return kept;
    }

    private void count(Expr expression, Calls calls) {
        if (!(expression instanceof Expr.Call call)) {
            return;
        }
        Hook hook = hook(call.callee(), calls);
        if (hook != null && call.arguments().size() >= 2) {
            calls.hooks
                    .computeIfAbsent(receiver(call.arguments().get(0)), key -> new HashMap<>())
                    .merge(hook, 1, Integer::sum);
        } else if (call.callee() instanceof Expr.Attribute method
                && method.name().equals(FORWARD)) {
            calls.forwards.merge(receiver(method.value()), 1, Integer::sum);
        }
    }

    private static String receiver(Expr module) {
        return module instanceof Expr.Parens parens ? receiver(parens.value()) : Printer.print(module);
    }

    /**
     * Returns whether each call of a module's forward in a body is among calls of all its hooks. Otherwise the forward
     * is called without them.
     */
    private boolean isWhole(String receiver, Calls calls) {
        Map<Hook, Integer> counts = calls.hooks.getOrDefault(receiver, Map.of());
        if (counts.isEmpty()) {
            return false;
        }
        String owner = counts.keySet().iterator().next().owner();
        int sites = calls.forwards.getOrDefault(receiver, 0);
        return hooks.getOrDefault(owner, Map.of()).values().stream().allMatch(h -> counts.getOrDefault(h, 0) == sites);
    }

    private Expr changed(Expr expression, Calls calls) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        Hook hook = hook(call.callee(), calls);
        List<Expr> arguments = call.arguments();
        if (hook == null) {
            return call.callee() instanceof Expr.Attribute method
                            && method.name().equals(FORWARD)
                            && isWhole(receiver(method.value()), calls)
                    ? new Expr.Call(
                            new Expr.Attribute(method.value(), AddedNames.HOOKED), arguments, call.keywords(), true)
                    : expression;
        }
        if (!isWhole(receiver(arguments.get(0)), calls)) {
            Expr callee = new Expr.Attribute(
                    new Expr.Parens(arguments.get(0)), hook.method().name());
            return new Expr.Call(callee, arguments.subList(1, arguments.size()), call.keywords(), true);
        }
        if (!hook.replaces()) {
            return new Expr.Literal("None");
        }
        Stmt.ClassDef owner = index.definition(hook.owner());
        Stmt.Def forward = owner == null ? null : owner.method(FORWARD);
        boolean wrapped = hook.before()
                && forward != null
                && isWrapped(
                        hook,
                        forward.parameters().subList(1, forward.parameters().size()));
        Expr value = arguments.get(hook.before() ? 1 : 2);
        return wrapped ? new Expr.Index(new Expr.Parens(value), List.of(new Expr.Literal("0"))) : value;
    }
}
