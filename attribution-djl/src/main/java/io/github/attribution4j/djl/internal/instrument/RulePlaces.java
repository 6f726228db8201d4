// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.operator.CanonicalCall;
import io.github.attribution4j.djl.internal.operator.InPlace;
import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.rule.RuleSource;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Redirects operations to the methods of a rule library on the tape.
 *
 * <pre>
 * dedicated      torch.linear(x, w)        -&gt;  (a4j_t).dense(P, K, x, w, None, )
 * generic        torch.add(x, y, alpha=1)  -&gt;  (a4j_t).linear(P, K, torch.add((a4j_t).before(P, K, x, ),
 *                                                  (a4j_t).before(P, K, y, ), alpha=1), )
 * in place       torch.relu_(x)            -&gt;  (a4j_t).stored(P, K, (a4j_t).activation(P, K,
 *                                                  torch.relu((a4j_t).before(P, K, (a4j_t).held(P, K, x, ), )), ), )
 * without rule   torch.foo(x)              -&gt;  (a4j_t).unknown(P, K, torch.foo((a4j_t).unknown(P, K, x, )), )
 * without type   torch.foo(x)              -&gt;  a4j_h = (a4j_t).hidden(P, K, x, ); torch.foo(x)
 * </pre>
 *
 * <p>P is the index of the module that runs, and K the number of the place in the text. An operator that writes to its
 * operand is computed on a copy without writing, and its result is written afterwards.
 */
final class RulePlaces {
    /** The suffix of methods that take and return lists. */
    static final String LIST = "_list";

    private static final String UNKNOWN = "unknown";

    private final RuleSource source;
    private final StaticTypes types;
    private final RuntimeSource runtime;
    private final ConditionPlaces conditions;

    RulePlaces(RuleSource source, StaticTypes types, RuntimeSource runtime) {
        this.source = source;
        this.types = types;
        this.runtime = runtime;
        this.conditions = new ConditionPlaces(this, source, types);
    }

    /** Receives the assignments of the text whose calls follow. */
    void scan(List<Stmt.Assign> assignments) {
        conditions.scan(assignments);
    }

    /** Redirects an operator that passes no gradient, such as a comparison, which may be part of a condition. */
    Expr redirect(Expr.Call call, Here here, List<Stmt> before) {
        return conditions.redirect(call, here, before);
    }

    /** A place, as rules see it. */
    record Here(Expr module, int place) {}

    /**
     * Redirects a call.
     *
     * @param kind the operator's kind
     * @param result the static type of the result; null if unknown
     * @param before receives statements that must come first
     * @return the redirected call, or the call itself if it stays as it is
     */
    Expr redirect(Expr.Call call, Operation.Kind kind, @Nullable Type result, Here here, List<Stmt> before) {
        if (kind == Operation.Kind.RESHAPE) {
            return conditions.redirect(call, here, before);
        }
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        String functional = OperatorKinds.functional(operator);
        boolean writes = InPlace.writes(call);
        boolean stored = !functional.equals(operator);
        if (dotted.startsWith("torch.") && writes == stored) {
            Expr.Call pure = stored ? withoutWriting(call, dotted, here) : call;
            CanonicalCall canonical = CanonicalCall.of(functional, pure, types::of);
            if (canonical != null && source.has(canonical.method())) {
                List<Expr> arguments = new ArrayList<>(canonical.arguments());
                if (kind == Operation.Kind.NORMALIZATION) {
                    // Rules cover the normalized value; weights and statistics are constants.
                    for (int i = 1; i < arguments.size(); i++) {
                        arguments.set(i, refusing(arguments.get(i), UNKNOWN, here, before));
                    }
                }
                Expr value = port(canonical.method(), here, arguments);
                return stored ? port("stored", here, List.of(value)) : value;
            }
            String method = generic(kind, functional, call);
            if (method.equals(RuleSource.UNCHANGED)) {
                return call;
            }
            if (!method.equals(RuleSource.UNKNOWN)
                    && kind != Operation.Kind.RECURRENT
                    && OperatorKinds.isTensor(result)) {
                Expr value = port(method, here, List.of(operands(pure, kind, method, here, before)));
                return stored ? port("stored", here, List.of(value)) : value;
            }
        }
        boolean unchanged = generic(kind, functional, call).equals(RuleSource.UNCHANGED);
        return unchanged
                ? call
                : refusing(call, kind == Operation.Kind.RECURRENT ? "recurrent" : UNKNOWN, result, here, before);
    }

    /** Returns the method for activations of a name that are written in several operators; empty for none. */
    String activation(String name) {
        Expr.Call call = new Expr.Call(Trees.dotted("torch." + name), List.of(), List.of(), false);
        String method = generic(Operation.Kind.ACTIVATION, name, call);
        return method.equals(RuleSource.UNKNOWN) ? RuleSource.UNCHANGED : method;
    }

    private String generic(Operation.Kind kind, String operator, Expr.Call call) {
        return source.generic(kind, operator, call);
    }

    /** Returns whether a value is a constant of the archive. */
    private static boolean isWeight(Expr value) {
        return value instanceof Expr.Attribute attribute
                && attribute.value() instanceof Expr.Name owner
                && owner.id().equals("CONSTANTS");
    }

    Expr.Call withoutWriting(Expr.Call call, String dotted, Here here) {
        List<Expr> arguments = new ArrayList<>(call.arguments());
        arguments.set(0, port("held", here, List.of(arguments.get(0))));
        return new Expr.Call(Trees.dotted(dotted.substring(0, dotted.length() - 1)), arguments, call.keywords(), false);
    }

    /**
     * Returns the call with its operands shown. All other arguments that may be tensors, such as weights, slopes,
     * bounds, and those of unknown type, refuse if they depend on what is attributed. So no dependence is overlooked.
     */
    private Expr operands(Expr.Call call, Operation.Kind kind, String method, Here here, List<Stmt> before) {
        if (!source.showsOperands(method)) {
            return call;
        }
        boolean several =
                kind == Operation.Kind.LINEAR || kind == Operation.Kind.PRODUCT || kind == Operation.Kind.UNKNOWN;
        boolean shifted = Trees.dotted(call.callee()).equals("torch.addmm");
        List<Expr> arguments = new ArrayList<>();
        int shown = 0;
        for (int i = 0; i < call.arguments().size(); i++) {
            Expr argument = call.arguments().get(i);
            boolean tensor = OperatorKinds.isTensor(types.of(argument)) || (i == 0 && isTensor(call, kind));
            boolean counts = tensor && (several || shown == 0) && !(shifted && i == 0);
            shown += counts ? 1 : 0;
            arguments.add(counts ? port("before", here, List.of(argument)) : refusing(argument, UNKNOWN, here, before));
        }
        return new Expr.Call(call.callee(), arguments, keywords(call, UNKNOWN, here, before), call.trailingComma());
    }

    /** Returns whether the first argument of a call is a tensor because the operator takes nothing else there. */
    private static boolean isTensor(Expr.Call call, Operation.Kind kind) {
        String dotted = Trees.dotted(call.callee());
        String operator = dotted.substring(dotted.lastIndexOf('.') + 1);
        return kind != Operation.Kind.LINEAR
                && kind != Operation.Kind.PRODUCT
                && kind != Operation.Kind.UNKNOWN
                && !OperatorTypes.isMixed(operator);
    }

    private List<Expr.Keyword> keywords(Expr.Call call, String code, Here here, List<Stmt> before) {
        List<Expr.Keyword> keywords = new ArrayList<>();
        for (Expr.Keyword keyword : call.keywords()) {
            boolean target = keyword.name().equals("out");
            keywords.add(
                    target ? keyword : new Expr.Keyword(keyword.name(), refusing(keyword.value(), code, here, before)));
        }
        return keywords;
    }

    /** Makes the call refuse if an operand, or the result for operands that cannot be seen, carries a gradient. */
    private Expr refusing(Expr.Call call, String code, @Nullable Type result, Here here, List<Stmt> before) {
        boolean writes = InPlace.writes(call);
        List<Expr> arguments = new ArrayList<>();
        for (int i = 0; i < call.arguments().size(); i++) {
            Expr argument = call.arguments().get(i);
            if (argument instanceof Expr.ListOf list) {
                List<Expr> items = new ArrayList<>();
                list.items().forEach(item -> items.add(refusing(item, code, here, before)));
                arguments.add(new Expr.ListOf(items, list.trailingComma()));
            } else {
                arguments.add(refusing(argument, code, here, before));
            }
        }
        Expr changed =
                new Expr.Call(call.callee(), arguments, keywords(call, code, here, before), call.trailingComma());
        return OperatorKinds.isTensor(result) && !writes ? port(code, here, List.of(changed)) : changed;
    }

    private Expr refusing(Expr value, String code, Here here, List<Stmt> before) {
        Type type = types.of(value);
        if (type != null && type.equals(Type.generic("List", Type.TENSOR))) {
            return port(code + LIST, here, List.of(value));
        }
        if (OperatorKinds.isTensor(type)) {
            return isWeight(value) ? value : port(code, here, List.of(value));
        }
        boolean empty = value instanceof Expr.ListOf list && list.items().isEmpty();
        return OperatorKinds.mayHold(type) && !empty ? hidden(value, here, before) : value;
    }

    /** Returns a value of unknown type after a statement that checks it at run time. */
    Expr hidden(Expr value, Here here, List<Stmt> before) {
        Expr seen = value;
        if (!(value instanceof Expr.Name)) {
            seen = new Expr.Name("a4j_h" + here.place() + "_" + before.size());
            before.add(Stmt.Assign.of(((Expr.Name) seen).id(), value));
        }
        before.add(Stmt.Assign.of("a4j_h", port("hidden", here, List.of(seen))));
        return seen;
    }

    Expr port(String method, Here here, List<Expr> values) {
        runtime.addCall(method);
        List<Expr> arguments = new ArrayList<>();
        arguments.add(here.module());
        arguments.add(new Expr.Literal(String.valueOf(here.place())));
        arguments.addAll(values);
        Expr receiver = new Expr.Parens(new Expr.Name(AddedNames.TAPE));
        return new Expr.Call(new Expr.Attribute(receiver, method), arguments, List.of(), true);
    }
}
