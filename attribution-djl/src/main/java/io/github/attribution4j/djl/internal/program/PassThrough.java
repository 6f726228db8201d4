// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Resources;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the values that pass through modules of a trace. A module may return its input unchanged: {@code Identity},
 * stochastic depth in evaluation mode, an activation that was configured away. A trace keeps such a call without
 * arguments and without a result: {@code _0 = (identity).forward()}.
 *
 * <p>The text alone never shows which value passed through: it could be any value that exists there, and the result
 * could have been dropped. The class of the calling module can show it, if its code is known. So a table lists such
 * classes of {@code torch.nn}, torchvision and timm; for all others there is no answer. The text must also agree with
 * the table: the value must be a single tensor that the text computes and uses as the table implies.
 */
public final class PassThrough {
    private static final Pattern PLAIN = Pattern.compile("int|float|bool|str");

    private static final Map<String, Map<String, String>> ROLES = roles();

    private final ProgramIndex index;
    private final String className;
    private final Stmt.Def method;
    private final Map<String, String> roles;
    private final StaticTypes types;
    private final Map<String, String> members = new HashMap<>();
    private final Set<String> used = new HashSet<>();
    private final IdentityHashMap<Stmt.Assign, String> found = new IdentityHashMap<>();
    private String last = "";
    private List<String> unpacked = List.of();
    private boolean started;

    private PassThrough(
            ProgramIndex index, StaticTypes types, String className, Stmt.Def method, Map<String, String> roles) {
        this.index = index;
        this.className = className;
        this.method = method;
        this.roles = roles;
        this.types = types;
    }

    private static Map<String, Map<String, String>> roles() {
        Map<String, Map<String, String>> all = new HashMap<>();
        Resources.text(PassThrough.class, "pass-through.txt")
                .lines()
                .filter(line -> !line.startsWith("#"))
                .forEach(line -> {
                    Map<String, String> attributes = new HashMap<>();
                    String[] words = line.split(" ", -1);
                    for (int i = 1; i < words.length; i++) {
                        int end = words[i].replace(':', '[').indexOf('[');
                        String name = end < 0 ? words[i] : words[i].substring(0, end);
                        attributes.put(name, words[i].substring(name.length()));
                    }
                    all.put(words[0], Map.copyOf(attributes));
                });
        return Map.copyOf(all);
    }

    /**
     * Searches a method.
     *
     * @param types a fresh object
     * @return the variable whose value passes through, for each call where it is known, by identity
     */
    public static IdentityHashMap<Stmt.Assign, String> in(
            ProgramIndex index, StaticTypes types, String className, Stmt.Def method) {
        String name = className.replaceAll("\\.___torch_mangle_[0-9]+", "").replaceFirst("^__torch__\\.", "");
        Map<String, String> roles = ROLES.get(name);
        if (roles == null || !CallSite.counts(method.name())) {
            return new IdentityHashMap<>();
        }
        PassThrough search = new PassThrough(index, types, className, method, roles);
        search.search();
        return search.found;
    }

    private void search() {
        types.declare(method.parameters().get(0).name(), Type.of(className));
        method.parameters().stream()
                .skip(1)
                .forEach(p -> types.declare(p.name(), p.type() == null ? Type.TENSOR : p.type()));
        for (int i = 0; i < method.body().size(); i++) {
            Stmt statement = method.body().get(i);
            if (!(statement instanceof Stmt.Assign assign)) {
                forget();
            } else if (!isMember(assign)) {
                String attribute = droppedCall(assign);
                if (attribute == null) {
                    computed(assign);
                } else {
                    String variable = variable(roles.getOrDefault(attribute, roles.containsKey("*") ? "" : "?"));
                    if (!variable.isEmpty()
                            && names(method.body().subList(i + 1, method.body().size()))
                                    .contains(variable)) {
                        found.put(assign, variable);
                    }
                }
            }
            used.addAll(names(List.of(statement)));
        }
    }

    private void forget() {
        last = "";
        unpacked = List.of();
        started = true;
    }

    /** Records {@code x = self.member}. */
    private boolean isMember(Stmt.Assign assign) {
        types.assign(assign);
        if (assign.targets().size() != 1 || !(assign.targets().get(0) instanceof Expr.Name target)) {
            return false;
        }
        Expr value = assign.values().get(0);
        String self = method.parameters().get(0).name();
        if (value instanceof Expr.Attribute attribute
                && attribute.value() instanceof Expr.Name owner
                && owner.id().equals(self)) {
            member(target.id(), attribute.name());
            return true;
        }
        if (value instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals("getattr")
                && call.arguments().get(0) instanceof Expr.Name owner
                && owner.id().equals(self)
                && call.arguments().get(1) instanceof Expr.Text text) {
            member(target.id(), text.value());
            return true;
        }
        // This is a part of a member, or a constant: nothing is computed.
        return value instanceof Expr.Attribute || Trees.dotted(value).startsWith("CONSTANTS.");
    }

    private void member(String variable, String attribute) {
        members.put(variable, attribute);
        String type = index.module(className).children().get(attribute);
        types.declare(variable, type == null ? null : Type.of(type));
    }

    /** Returns the member that is called without arguments and result; null if the statement is something else. */
    private @Nullable String droppedCall(Stmt.Assign assign) {
        if (assign.values().size() != 1
                || !(assign.values().get(0) instanceof Expr.Call call)
                || !call.arguments().isEmpty()
                || !(call.callee() instanceof Expr.Attribute callee)
                || !(callee.value() instanceof Expr.Parens receiver)) {
            return null;
        }
        String attribute = members.get(Trees.dotted(receiver.value()));
        String type =
                attribute == null ? null : index.module(className).children().get(attribute);
        Stmt.ClassDef definition = type == null ? null : index.definition(type);
        Stmt.Def called = definition == null ? null : definition.method(callee.name());
        boolean dropped = called != null
                && CallSite.counts(callee.name())
                && called.parameters().size() == 1
                && ProgramIndex.resultType(called).name().equals("NoneType");
        return dropped ? attribute : null;
    }

    private void computed(Stmt.Assign assign) {
        if (assign.targets().size() != 1 || !(assign.targets().get(0) instanceof Expr.Name target)) {
            forget();
            List<String> names = new ArrayList<>();
            assign.targets().forEach(t -> names.add(Trees.dotted(t)));
            unpacked = assign.unpack() ? names : List.of();
            return;
        }
        Type type = types.variable(target.id());
        boolean number = Trees.dotted(
                        assign.values().get(0) instanceof Expr.Call call
                                ? call.callee()
                                : assign.values().get(0))
                .equals("ops.prim.NumToTensor");
        if (type == null || number || !type.equals(Type.TENSOR)) {
            boolean plain = type != null && PLAIN.matcher(type.name()).matches();
            if (!plain) {
                forget();
            }
            return;
        }
        forget();
        last = target.id();
    }

    /** Returns the variable that a role stands for here; empty if that is not certain. */
    private String variable(String role) {
        if (role.equals(":in") || (role.isEmpty() && roles.containsKey("*") && !started)) {
            List<String> tensors = method.parameters().stream()
                    .skip(1)
                    .filter(p -> p.type() == null || p.type().equals(Type.TENSOR))
                    .map(Stmt.Parameter::name)
                    .toList();
            return tensors.size() == 1 ? tensors.get(0) : "";
        }
        String variable = last;
        if (role.startsWith("[")) {
            int item = Integer.parseInt(role.substring(1, role.length() - 1));
            variable = item < unpacked.size() ? unpacked.get(item) : "";
        }
        boolean tensor = Type.TENSOR.equals(types.variable(variable));
        return role.equals("?") || !tensor || used.contains(variable) ? "" : variable;
    }

    /** Returns the variables that statements read. */
    private static Set<String> names(List<Stmt> statements) {
        Set<String> names = new HashSet<>();
        for (Stmt statement : statements) {
            Stmt read = statement instanceof Stmt.Assign assign
                    ? new Stmt.Assign(List.of(), assign.unpack(), assign.type(), assign.values())
                    : statement;
            Trees.forEach(List.of(read), expression -> {
                if (expression instanceof Expr.Name name) {
                    names.add(name.id());
                }
            });
        }
        return names;
    }
}
