// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Checks how deep functions and methods call each other, and how large the program gets once all calls are inlined.
 * libtorch compiles calls by recursion, on the stack of the thread that loads or runs, and inlines them before it runs.
 * A program beyond the limits would crash the process, so it is refused.
 */
public final class CallChains {
    /** Far above any real model. libtorch needs some 5 KiB of stack for each call. */
    static final int MAX_DEPTH = 80;

    /** The most statements after inlining. */
    static final long MAX_STATEMENTS = 1_000_000;

    /** A function by its full name, or a method of a class. */
    private record Key(String owner, String name) {
        @Override
        public String toString() {
            return owner + "." + name;
        }
    }

    /** What a function calls, with repetitions, and its number of statements. */
    private static final class Node {
        final List<Key> calls = new ArrayList<>();
        long statements;
        int depth = -1;
        long size;
    }

    private record Visit(Node node, Iterator<Key> rest) {}

    private final String archive;
    private final ProgramIndex index;
    private final Map<Key, Node> nodes = new LinkedHashMap<>();

    private CallChains(String archive, ProgramIndex index) {
        this.archive = archive;
        this.index = index;
    }

    /** Checks all functions and methods. */
    public static void check(String archive, ProgramIndex index) {
        CallChains chains = new CallChains(archive, index);
        for (Stmt.File file : index.files().values()) {
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.Def function) {
                    chains.nodes.put(new Key(file.module(), function.name()), new Node());
                } else if (statement instanceof Stmt.ClassDef type) {
                    String name = file.module() + "." + type.name();
                    for (Stmt member : type.members()) {
                        if (member instanceof Stmt.Def method) {
                            chains.nodes.put(new Key(name, method.name()), new Node());
                        }
                    }
                }
            }
        }
        for (Stmt.File file : index.files().values()) {
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.Def function) {
                    chains.read(new Key(file.module(), function.name()), "", function);
                } else if (statement instanceof Stmt.ClassDef type) {
                    String name = file.module() + "." + type.name();
                    for (Stmt member : type.members()) {
                        if (member instanceof Stmt.Def method) {
                            chains.readMethod(new Key(name, method.name()), name, method);
                        }
                    }
                }
            }
        }
        chains.nodes.forEach(chains::measure);
    }

    private void readMethod(Key key, String type, Stmt.Def method) {
        if (method.parameters().isEmpty()) {
            throw new RewriteException(archive + ": method " + key + " has no parameter for its object");
        }
        read(key, type, method);
    }

    private void read(Key key, String type, Stmt.Def function) {
        Node node = nodes.get(key);
        if (node == null) {
            return;
        }
        Map<String, String> types = new HashMap<>();
        for (Stmt.Parameter parameter : function.parameters()) {
            Type declared = parameter.type();
            types.put(parameter.name(), declared == null ? type : declared.name());
        }
        if (!type.isEmpty()) {
            types.put(function.parameters().get(0).name(), type);
        }
        statements(function.body(), types, node);
    }

    private void statements(List<Stmt> statements, Map<String, String> types, Node node) {
        for (Stmt statement : statements) {
            node.statements++;
            Trees.parts(
                    statement,
                    expression -> Trees.map(expression, part -> {
                        call(part, types, node);
                        return part;
                    }),
                    UnaryOperator.identity());
            if (statement instanceof Stmt.Assign assign) {
                assigned(assign, types);
            }
            Trees.blocks(statement).forEach(block -> statements(block, types, node));
        }
    }

    private void assigned(Stmt.Assign assign, Map<String, String> types) {
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        for (int i = 0; i < assign.targets().size(); i++) {
            if (assign.targets().get(i) instanceof Expr.Name name) {
                Type declared = assign.type();
                Expr value = pairwise ? assign.values().get(i) : name;
                String full = Trees.dotted(value);
                String type = declared == null ? type(value, types) : declared.name();
                types.put(name.id(), full.startsWith("__torch__.") ? "=" + full : type == null ? "?" : type);
            }
        }
    }

    private void call(Expr expression, Map<String, String> types, Node node) {
        if (!(expression instanceof Expr.Call call)) {
            return;
        }
        String name = resolved(Trees.dotted(call.callee()), types);
        int dot = name.lastIndexOf('.');
        if (name.startsWith("__torch__.") && dot > 0) {
            add(new Key(name.substring(0, dot), name.substring(dot + 1)), node);
            add(new Key(name, "__init__"), node);
        }
        if (call.callee() instanceof Expr.Attribute method) {
            String type = type(method.value(), types);
            if (type != null) {
                add(new Key(type, method.name()), node);
            }
        }
    }

    private void add(Key key, Node node) {
        if (nodes.containsKey(key)) {
            node.calls.add(key);
        }
    }

    /** Returns the full name behind a variable that stands for a function. */
    private static String resolved(String name, Map<String, String> types) {
        String value = types.getOrDefault(name, "");
        return value.startsWith("=") ? value.substring(1) : name;
    }

    /** Returns the class of an expression's value; null if the text does not show it. */
    private @Nullable String type(Expr expression, Map<String, String> types) {
        if (expression instanceof Expr.Parens parens) {
            return type(parens.value(), types);
        }
        if (expression instanceof Expr.Name name) {
            return types.get(name.id());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return attribute(type(attribute.value(), types), attribute.name());
        }
        if (expression instanceof Expr.Call call
                && call.callee() instanceof Expr.Name name
                && name.id().equals("getattr")
                && call.arguments().size() == 2
                && call.arguments().get(1) instanceof Expr.Text text) {
            return attribute(type(call.arguments().get(0), types), text.value());
        }
        return null;
    }

    private @Nullable String attribute(@Nullable String owner, String name) {
        Stmt.ClassDef definition = owner == null ? null : index.definition(owner);
        if (owner == null || definition == null) {
            return null;
        }
        Type declared = ProgramIndex.attributes(definition).get(name);
        String concrete = declared == null ? null : index.concrete(owner, name, declared.name());
        return declared == null || concrete != null ? concrete : declared.name();
    }

    /** Measures depth and size without recursion. Circular calls count once; libtorch refuses those itself. */
    private void measure(Key start, Node first) {
        Deque<Visit> open = new ArrayDeque<>();
        enter(first, open);
        while (!open.isEmpty()) {
            Visit visit = open.element();
            if (visit.rest().hasNext()) {
                Node called = nodes.get(visit.rest().next());
                if (called != null) {
                    enter(called, open);
                }
            } else {
                open.pop();
                finish(visit.node());
            }
            if (open.size() > MAX_DEPTH) {
                throw tooDeep(start);
            }
        }
        if (first.depth > MAX_DEPTH) {
            throw tooDeep(start);
        }
        if (first.size > MAX_STATEMENTS) {
            throw new RewriteException(archive + ": with all calls inlined, " + start + " has more than "
                    + MAX_STATEMENTS + " statements; such a program is not loaded");
        }
    }

    private RewriteException tooDeep(Key start) {
        return new RewriteException(archive + ": calls from " + start + " are nested more than " + MAX_DEPTH + " deep");
    }

    private static void enter(Node node, Deque<Visit> open) {
        if (node.depth < 0) {
            node.depth = 0;
            open.push(new Visit(node, node.calls.iterator()));
        }
    }

    private void finish(Node node) {
        int depth = 0;
        long size = node.statements;
        for (Key key : node.calls) {
            Node called = nodes.get(key);
            if (called != null) {
                depth = Math.max(depth, called.depth);
                size = Math.min(Long.MAX_VALUE / 2, size + called.size);
            }
        }
        node.depth = depth + 1;
        node.size = size;
    }
}
