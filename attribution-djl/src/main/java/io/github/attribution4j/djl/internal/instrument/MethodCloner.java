// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.CallSite.ModuleRef;
import io.github.attribution4j.djl.internal.program.PassThrough;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.djl.internal.state.State;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.djl.internal.wire.RuntimeSource;
import io.github.attribution4j.djl.internal.wire.TapeSource;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Clones one method so that it passes the tape to every module that it calls, and shows arguments and results to it.
 * Before and after, for a {@code block} with index 3:
 *
 * <pre>
 * y = (block).forward(x, )
 * y = (a4j_t).show(3, 0, 2, (block).a4j_c_forward(a4j_t, (a4j_t).show(3, 0, 7, x, ), ), )
 * </pre>
 *
 * <p>It follows the variables that hold modules through the statements in order. If it is not certain which module a
 * variable holds, calls of that module stay as they are.
 */
final class MethodCloner {
    private static final String FAST_PATH = "__torch__.torch.backends.mha.get_fastpath_enabled";

    private final ProgramIndex index;
    private final RuntimeSource runtime;
    private final BiFunction<String, String, Boolean> cloned;
    private final List<CallSite> sites = new ArrayList<>();
    private final StaticTypes types;
    private final @Nullable PlaceTaps taps;
    private final @Nullable Slice slice;
    /** The modules that the tape sees in a copy for a slice. */
    private final Set<Integer> shown;

    private boolean leavesOut;
    private List<Stmt> before = new ArrayList<>();
    private List<Stmt> after = new ArrayList<>();
    private int forks;
    private int loops;
    private IdentityHashMap<Stmt.Assign, String> passedThrough = new IdentityHashMap<>();
    private String passing = "";
    private ModuleVariables variables;

    /**
     * Makes a cloner for one method.
     *
     * @param cloned whether a method of a class has a clone, which must be called instead of it
     * @param taps shows values inside the method; null to show none
     * @param slice what the copy is made for; null for the whole program
     */
    MethodCloner(
            ProgramIndex index,
            RuntimeSource runtime,
            BiFunction<String, String, Boolean> cloned,
            StaticTypes types,
            @Nullable PlaceTaps taps,
            @Nullable Slice slice) {
        this.index = index;
        this.runtime = runtime;
        this.cloned = cloned;
        this.types = types;
        this.taps = taps;
        this.slice = slice;
        this.shown = slice == null ? Set.of() : slice.shown(index);
        this.variables = new ModuleVariables(index);
    }

    /** Returns the calls of modules found so far. */
    List<CallSite> sites() {
        return sites;
    }

    /** Returns whether the method calls modules that the tape sees, or would without the slice. */
    boolean changes() {
        return !sites.isEmpty() || leavesOut;
    }

    Stmt.Def clone(String className, Stmt.Def method) {
        Stmt.Parameter self = method.parameters().get(0);
        variables.put(self.name(), index.self(className));
        types.declare(self.name(), Type.of(className));
        method.parameters().stream()
                .skip(1)
                .forEach(p -> types.declare(p.name(), p.type() == null ? Type.TENSOR : p.type()));
        for (Stmt.Parameter parameter : modules(index, method)) {
            Type type = parameter.type();
            if (type != null) {
                variables.put(parameter.name(), new ModuleRef(type.name(), indexOf(parameter), 0));
            }
        }
        passedThrough = PassThrough.in(index, new StaticTypes(index, runtime::visited), className, method);
        List<Stmt> body = statements(method.body());
        // A call that changes the state must run even if its result is replaced.
        if (CallSite.counts(method.name()) && method.parameters().stream().noneMatch(State::isPart)) {
            body = skippable(className, method, body);
        }
        return new Stmt.Def(
                AddedNames.CLONE + method.name(), parameters(index, className, method), method.result(), body);
    }

    /** Clones a function. It gains the index of the module that calls it, and the tape. */
    Stmt.Def function(Stmt.Def function) {
        function.parameters().forEach(p -> types.declare(p.name(), p.type() == null ? Type.TENSOR : p.type()));
        List<Stmt.Parameter> parameters = new ArrayList<>(function.parameters());
        Type owner = parameters.isEmpty() ? null : parameters.get(0).type();
        boolean method = owner != null
                && index.isClass(owner.name())
                && function.equals(index.function(owner.name() + "." + function.name()));
        int first = method ? 1 : 0;
        parameters.add(first, new Stmt.Parameter(AddedNames.INDEX, Type.of("int"), null));
        parameters.add(first + 1, new Stmt.Parameter(AddedNames.TAPE, Type.of(RuntimeSource.PORT), null));
        return new Stmt.Def(
                AddedNames.CLONE + function.name(), parameters, function.result(), statements(function.body()));
    }

    /** Changes an entry method, which has the tape as a variable. Only its calls change. */
    Stmt.Def entry(String className, Stmt.Def method) {
        variables.put(method.parameters().get(0).name(), index.self(className));
        return new Stmt.Def(method.name(), method.parameters(), method.result(), statements(method.body()));
    }

    /** Moves the body into a branch, so that a call whose result is one replaced tensor is not computed. */
    private List<Stmt> skippable(String className, Stmt.Def method, List<Stmt> body) {
        boolean shown = Signature.parameters(index, method).stream()
                .anyMatch(p -> p.structure().hasTensors());
        if (!shown
                || !(Structure.of(index, ProgramIndex.resultType(method)) instanceof Structure.Tensor)
                || body.isEmpty()
                || !(body.get(body.size() - 1) instanceof Stmt.Return result)
                || result.values().size() != 1) {
            return body;
        }
        Expr.Name skip = new Expr.Name("a4j_s");
        Expr.Name value = new Expr.Name("a4j_r");
        List<Stmt> computed = new ArrayList<>(body.subList(0, body.size() - 1));
        computed.add(Stmt.Assign.of(value.id(), result.values().get(0)));
        Stmt given = Stmt.Assign.of(value.id(), TapeCalls.port("given", skip));
        return List.of(
                Stmt.Assign.of(skip.id(), TapeCalls.port("skip", TapeCalls.number(index.self(className)))),
                new Stmt.If(
                        new Expr.Call(Trees.dotted("torch.ge"), List.of(skip, new Expr.Literal("0")), List.of(), false),
                        List.of(given),
                        computed),
                new Stmt.Return(List.of(value)));
    }

    /**
     * Returns the parameters of a clone: the object, its index unless that is known, the tape, the indexes of module
     * parameters, then the old ones.
     */
    static List<Stmt.Parameter> parameters(ProgramIndex index, String className, Stmt.Def method) {
        List<Stmt.Parameter> parameters = new ArrayList<>();
        parameters.add(method.parameters().get(0));
        if (!index.self(className).base().isEmpty()) {
            parameters.add(new Stmt.Parameter(AddedNames.INDEX, Type.of("int"), null));
        }
        parameters.add(new Stmt.Parameter(AddedNames.TAPE, Type.of(RuntimeSource.PORT), null));
        for (Stmt.Parameter parameter : modules(index, method)) {
            parameters.add(new Stmt.Parameter(indexOf(parameter), Type.of("int"), null));
        }
        parameters.addAll(method.parameters().subList(1, method.parameters().size()));
        return parameters;
    }

    /** Returns the parameters that are modules. Traces have such. */
    static List<Stmt.Parameter> modules(ProgramIndex index, Stmt.Def method) {
        return method.parameters().stream()
                .skip(1)
                .filter(p -> p.type() != null && index.isModule(p.type().name()))
                .toList();
    }

    static String indexOf(Stmt.Parameter module) {
        return AddedNames.INDEX + "_" + module.name();
    }

    private List<Stmt> statements(List<Stmt> statements) {
        List<Stmt> outerBefore = before;
        List<Stmt> outerAfter = after;
        List<Stmt> result = new ArrayList<>(statements.size());
        for (Stmt statement : statements) {
            before = new ArrayList<>();
            after = new ArrayList<>();
            Stmt rewritten = statement(statement);
            result.addAll(before);
            result.add(rewritten);
            result.addAll(after);
        }
        before = outerBefore;
        after = outerAfter;
        return result;
    }

    private Stmt statement(Stmt statement) {
        if (statement instanceof Stmt.Assign assign) {
            return assign(assign);
        }
        if (statement instanceof Stmt.If branch) {
            Expr condition = expression(branch.condition());
            ModuleVariables earlier = variables.copy();
            List<Stmt> then = statements(branch.then());
            ModuleVariables afterThen = variables;
            variables = earlier;
            List<Stmt> otherwise = statements(branch.otherwise());
            variables.merge(afterThen);
            return new Stmt.If(condition, then, otherwise);
        }
        if (statement instanceof Stmt.For loop) {
            Expr iterable = expression(loop.iterable());
            loop.targets().forEach(variables::forget);
            types.loop(loop);
            return new Stmt.For(loop.targets(), iterable, loop(loop.body()));
        }
        if (statement instanceof Stmt.While loop) {
            return new Stmt.While(Trees.map(loop.condition(), this::rewrite), loop(loop.body()));
        }
        if (statement instanceof Stmt.Def closure) {
            List<Stmt> body = statements(closure.body());
            types.closure(closure.name(), body);
            return new Stmt.Def(closure.name(), closure.parameters(), closure.result(), body);
        }
        return Trees.parts(statement, this::expression, this::statements);
    }

    /**
     * Changes the body of a loop. A variable that gets another module in the body is uncertain in all of it, because
     * the end of one round is followed by the start of the next.
     */
    private List<Stmt> loop(List<Stmt> body) {
        List<Stmt.Assign> assigned = new ArrayList<>();
        Trees.assignments(body, assigned);
        assigned.forEach(assign -> assign.targets().forEach(variables::forget));
        ModuleVariables earlier = variables.copy();
        loops++;
        List<Stmt> result = statements(body);
        loops--;
        variables.merge(earlier);
        return result;
    }

    private Expr expression(Expr expression) {
        return taps == null ? Trees.map(expression, this::rewrite) : taps.expression(expression, this::rewrite, before);
    }

    private Stmt assign(Stmt.Assign assign) {
        passing = passedThrough.getOrDefault(assign, "");
        List<Expr> values = taps == null
                ? assign.values().stream().map(this::expression).toList()
                : taps.values(assign, this::rewrite, before);
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        Type type = assign.type();
        List<@Nullable ModuleRef> found = new ArrayList<>();
        for (int i = 0; i < assign.targets().size(); i++) {
            found.add(pairwise ? variables.resolve(assign.values().get(i)) : null);
        }
        for (int i = 0; i < assign.targets().size(); i++) {
            if (assign.targets().get(i) instanceof Expr.Name name) {
                ModuleRef ref = found.get(i);
                if (ref != null) {
                    variables.put(name.id(), ref);
                    // The concrete class, not the declared interface, has the new methods.
                    type = type != null && index.isInterface(type.name()) && ModuleVariables.isCertain(ref)
                            ? null
                            : type;
                } else {
                    variables.forget(name);
                }
            }
        }
        Stmt.Assign result = new Stmt.Assign(assign.targets(), assign.unpack(), type, values);
        types.assign(new Stmt.Assign(assign.targets(), assign.unpack(), assign.type(), values));
        if (taps != null) {
            taps.variables(assign, after);
        }
        return result;
    }

    private Expr rewrite(Expr expression) {
        if (expression instanceof Expr.Attribute && Trees.dotted(expression).equals(FAST_PATH)) {
            return Trees.dotted(AddedNames.RUNTIME + ".no_fast_path");
        }
        if (expression instanceof Expr.Call call
                && call.callee() instanceof Expr.Name name
                && name.id().equals("fork")) {
            return fork(call);
        }
        if (expression instanceof Expr.Call call && call.callee() instanceof Expr.Attribute method) {
            ModuleRef target = variables.resolve(method.value());
            if (target != null && ModuleVariables.isCertain(target)) {
                Expr changed = moduleCall(call, target, method);
                return changed == null ? call : changed;
            }
            Type receiver = target == null && taps != null ? types.of(method.value()) : null;
            boolean module =
                    receiver != null && (index.isInterface(receiver.name()) || index.isModule(receiver.name()));
            if (taps != null && (target != null || module)) {
                return taps.uncertain(call, method.name(), before);
            }
        }
        return expression;
    }

    /** Waits for a fork at once. Otherwise taps of concurrent tasks would come in any order. */
    private Expr fork(Expr.Call call) {
        Expr.Name future = new Expr.Name("a4j_f" + forks++);
        types.declare(future.id(), types.of(call));
        before.add(Stmt.Assign.of(future.id(), call));
        before.add(Stmt.Assign.of(
                future.id() + "w", new Expr.Call(Trees.dotted("torch.wait"), List.of(future), List.of(), false)));
        return future;
    }

    /** Returns whether the tape sees a module. Instances of one class have one text. */
    private boolean shows(ModuleRef module) {
        return slice == null
                || (module.base().isEmpty()
                        ? shown.contains(module.offset())
                        : shown.stream()
                                .anyMatch(one ->
                                        index.nodes().get(one).type().name().equals(module.type())));
    }

    /**
     * Returns the call of a module, of its clone if there is one, with arguments and result shown to the tape; null if
     * the call stays as it is.
     */
    private @Nullable Expr moduleCall(Expr.Call call, ModuleRef target, Expr.Attribute method) {
        Stmt.ClassDef definition = index.definition(target.type());
        Stmt.Def callee = definition == null ? null : definition.method(method.name());
        if (definition == null || callee == null) {
            return null;
        }
        if (!shows(target)) {
            return null;
        }
        boolean counts = CallSite.counts(definition, method.name());
        if (slice != null && counts && slice.leavesOut(target)) {
            leavesOut = true;
            int moment = TapeSource.CALL + TapeSource.FIRST;
            Expr given = TapeCalls.port("given", TapeCalls.port("skip", TapeCalls.number(target)));
            return show(target, Row.RESULT, moment, new Structure.Tensor(), given);
        }
        boolean clone = cloned.apply(target.type(), method.name());
        if (!clone && !counts) {
            return null;
        }
        List<Expr> arguments = new ArrayList<>();
        if (clone) {
            if (!index.self(target.type()).base().isEmpty()) {
                arguments.add(TapeCalls.number(target));
            }
            arguments.add(new Expr.Name(AddedNames.TAPE));
        }
        Map<String, ModuleRef> passed = new LinkedHashMap<>();
        for (Stmt.Parameter parameter : modules(index, callee)) {
            int position = callee.parameters().indexOf(parameter) - 1;
            ModuleRef module = position < call.arguments().size()
                    ? variables.resolve(call.arguments().get(position))
                    : null;
            if (module == null || !ModuleVariables.isCertain(module)) {
                return null;
            }
            passed.put(parameter.name(), module);
            if (clone) {
                arguments.add(TapeCalls.number(module));
            }
        }
        CallSite site = new CallSite(target, method.name(), passed, !passing.isEmpty(), loops > 0);
        sites.add(site);
        if (taps != null) {
            taps.call(site);
        }
        if (!passing.isEmpty()) {
            int moment = TapeSource.CALL + TapeSource.FIRST;
            Expr value = show(target, Row.RESULT, moment, new Structure.Tensor(), new Expr.Name(passing));
            after.add(Stmt.Assign.of(passing, value));
        }
        List<Signature.Parameter> parameters = Signature.parameters(index, callee);
        boolean shown = false;
        for (int i = 0; i < call.arguments().size(); i++) {
            Expr argument = call.arguments().get(i);
            Structure structure = i < parameters.size() ? parameters.get(i).structure() : null;
            if (counts && structure != null && structure.hasTensors()) {
                int moment = shown ? TapeSource.NEXT : TapeSource.CALL + TapeSource.FIRST;
                argument = show(target, Row.ARGUMENTS, moment, structure, argument);
                shown = true;
            }
            arguments.add(argument);
        }
        Expr changed = new Expr.Call(
                clone ? new Expr.Attribute(method.value(), AddedNames.CLONE + method.name()) : method,
                arguments,
                call.keywords(),
                true);
        Structure result = Structure.of(index, ProgramIndex.resultType(callee));
        int moment = shown ? TapeSource.FIRST : TapeSource.CALL + TapeSource.FIRST;
        return counts && result.hasTensors() ? show(target, Row.RESULT, moment, result, changed) : changed;
    }

    private Expr show(ModuleRef target, int side, int moment, Structure structure, Expr value) {
        return TapeCalls.show(runtime, target, 4 * side + moment, structure, value);
    }
}
