// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.operator.CanonicalCall;
import io.github.attribution4j.djl.internal.operator.OperatorTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Computes the types of variables and expressions of one method, so far as they tell where tensors are. A variable
 * keeps its type, so one walk in order is enough: after {@code y = torch.relu(x)}, {@code y} is a Tensor. Null means
 * unknown. An unknown value is not offered as a point, and its type is never guessed.
 */
public final class StaticTypes {
    private static final Pattern REALS = Pattern.compile("int|float");
    private static final Pattern SHORT_NUMBER = Pattern.compile("-?[0-9]{1,6}");
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?[0-9]+");
    private static final Pattern TENSOR_OPERATORS =
            Pattern.compile("(linear|conv|batch_norm|layer_norm|add|mul|relu|cat|matmul).*");

    private static final String CLOSURE = "a4j_closure";

    private final ProgramIndex index;
    private final Function<String, @Nullable Type> visitors;
    private final Map<String, Type> variables = new HashMap<>();
    private final Set<String> uncertain = new HashSet<>();
    private final Map<String, String> functions = new HashMap<>();

    /** Makes the types of a program as it was written. */
    public StaticTypes(ProgramIndex index) {
        this(index, name -> null);
    }

    /**
     * Makes the types of a program into which calls are being written.
     *
     * @param visitors the result type of a function that shows a value to the tape; null for other names
     */
    public StaticTypes(ProgramIndex index, Function<String, @Nullable Type> visitors) {
        this.index = index;
        this.visitors = visitors;
    }

    public void declare(String variable, @Nullable Type type) {
        if (type != null) {
            variables.put(variable, type);
        }
    }

    public @Nullable Type variable(String name) {
        return variables.get(name);
    }

    /** Records what an assignment makes known. */
    public void assign(Stmt.Assign assign) {
        boolean pairwise =
                !assign.unpack() && assign.targets().size() == assign.values().size();
        Type whole = pairwise ? null : of(assign.values().get(0));
        for (int i = 0; i < assign.targets().size(); i++) {
            if (assign.targets().get(i) instanceof Expr.Name name) {
                Expr value = pairwise ? assign.values().get(i) : null;
                if (assign.type() != null) {
                    declare(name.id(), assign.type());
                } else if (value != null) {
                    merge(name.id(), of(value));
                    String dotted = Trees.dotted(value);
                    if (index.function(dotted) != null) {
                        functions.put(name.id(), dotted);
                    }
                } else {
                    merge(name.id(), part(whole, i));
                }
            }
        }
    }

    /**
     * Merges the types that branches assign to a variable. If they have no common type, or one is unknown, the
     * variable's type is unknown afterwards.
     */
    private void merge(String variable, @Nullable Type type) {
        Type known = variables.get(variable);
        if (uncertain.contains(variable) || (known != null && !known.equals(type))) {
            Type either = known == null || type == null ? null : either(known, type);
            if (either == null) {
                uncertain.add(variable);
                variables.remove(variable);
            } else {
                variables.put(variable, either);
            }
        } else if (type == null) {
            uncertain.add(variable);
        } else {
            variables.put(variable, type);
        }
    }

    private static @Nullable Type either(Type a, Type b) {
        if (a.equals(b)) {
            return a;
        }
        if (a.name().equals("NoneType")) {
            return b.name().equals("Optional") ? b : Type.generic("Optional", b);
        }
        if (b.name().equals("NoneType")) {
            return either(b, a);
        }
        if (a.name().equals("number") && REALS.matcher(b.name()).matches()) {
            return a;
        }
        if (b.name().equals("number") && REALS.matcher(a.name()).matches()) {
            return b;
        }
        if (a.name().equals("Optional")) {
            return a.arguments().get(0).equals(b) ? a : null;
        }
        return b.name().equals("Optional") ? either(b, a) : null;
    }

    public void loop(Stmt.For loop) {
        boolean counts = loop.iterable() instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals("range");
        Type type = counts ? Type.generic("List", Type.of("int")) : of(loop.iterable());
        if (loop.targets().size() == 1
                && loop.targets().get(0) instanceof Expr.Name name
                && type != null
                && type.name().equals("List")) {
            declare(name.id(), part(type, 0));
        }
    }

    /**
     * Returns the type of part {@code i} of a value, counted from the end if negative. {@code Integer.MIN_VALUE} means
     * that the position is unknown.
     */
    private @Nullable Type part(@Nullable Type whole, int i) {
        if (whole == null) {
            return null;
        }
        List<Type> parts = switch (whole.name()) {
            case "Tuple" -> whole.arguments();
            case "List" -> List.of(whole.arguments().get(0));
            case "Dict" -> List.of(whole.arguments().get(1));
            case "str" -> List.of(whole);
            default ->
                index.isNamedTuple(whole.name())
                        ? List.copyOf(index.attributes(whole.name()).values())
                        : List.<Type>of();
        };
        if (parts.stream().distinct().count() == 1) {
            return parts.get(0);
        }
        int at = i < 0 ? i + parts.size() : i;
        return at >= 0 && at < parts.size() ? parts.get(at) : null;
    }

    /** Records the result type of a closure, after its body was read. */
    public void closure(String name, List<Stmt> body) {
        if (!body.isEmpty() && body.get(body.size() - 1) instanceof Stmt.Return result) {
            List<Expr> values = result.values();
            Type type = values.isEmpty()
                    ? Type.of("NoneType")
                    : values.size() == 1 ? of(values.get(0)) : of(new Expr.TupleOf(values, true));
            declare(name, type == null ? null : Type.generic(CLOSURE, type));
        }
    }

    /**
     * Returns the qualified name of the function, or of the method of an object, that a callee stands for; null if the
     * archive defines none.
     */
    public @Nullable String function(Expr callee) {
        String free = freeFunction(callee);
        return free == null && callee instanceof Expr.Attribute method ? classMethod(method) : free;
    }

    /** Returns the function without receiver that a callee stands for. */
    public @Nullable String freeFunction(Expr callee) {
        String dotted = Trees.dotted(callee);
        String alias = functions.get(dotted);
        if (alias != null) {
            return alias;
        }
        // A rewritten call names a clone, whose result has the type of the original's.
        int name = dotted.lastIndexOf('.') + 1;
        String original = dotted.substring(0, name) + AddedNames.original(dotted.substring(name));
        return index.function(original) != null ? original : null;
    }

    /** Returns the qualified name of a method of a class that is no module; null if the callee is something else. */
    private @Nullable String classMethod(Expr.Attribute method) {
        Type owner = of(method.value());
        if (owner == null) {
            return null;
        }
        String name = owner.name() + "." + AddedNames.original(method.name());
        return index.isClass(owner.name()) && index.function(name) != null ? name : null;
    }

    public @Nullable Type of(Expr expression) {
        if (expression instanceof Expr.Name name) {
            return variables.get(name.id());
        }
        if (expression instanceof Expr.Parens parens) {
            return of(parens.value());
        }
        if (expression instanceof Expr.Text) {
            return Type.of("str");
        }
        if (expression instanceof Expr.Literal literal) {
            return literal(literal.text());
        }
        if (expression instanceof Expr.Attribute attribute) {
            return attribute(attribute);
        }
        if (expression instanceof Expr.Call call) {
            return call(call);
        }
        if (expression instanceof Expr.Index item && item.indices().size() == 1) {
            Expr at = item.indices().get(0);
            int number = at instanceof Expr.Literal literal
                            && SHORT_NUMBER.matcher(literal.text()).matches()
                    ? Integer.parseInt(literal.text())
                    : Integer.MIN_VALUE;
            return part(of(item.value()), number);
        }
        if (expression instanceof Expr.ListOf list && !list.items().isEmpty()) {
            Type item = shared(list.items());
            return item == null ? null : Type.generic("List", item);
        }
        if (expression instanceof Expr.DictOf dict && !dict.entries().isEmpty()) {
            Type key = shared(dict.entries().stream().map(Expr.Entry::key).toList());
            Type value = shared(dict.entries().stream().map(Expr.Entry::value).toList());
            return key == null || value == null ? null : Type.generic("Dict", key, value);
        }
        if (expression instanceof Expr.TupleOf tuple) {
            List<Type> items = new ArrayList<>();
            for (Expr item : tuple.items()) {
                Type type = of(item);
                if (type == null) {
                    return null;
                }
                items.add(type);
            }
            return new Type("Tuple", items, true);
        }
        return null;
    }

    /** Returns the type that all items have; null if they differ or one is unknown. */
    private @Nullable Type shared(List<Expr> items) {
        Type common = of(items.get(0));
        for (Expr item : items) {
            Type type = of(item);
            common = common == null || type == null ? null : either(common, type);
        }
        return common;
    }

    private static Type literal(String text) {
        return Type.of(
                switch (text) {
                    case "True", "False" -> "bool";
                    case "None" -> "NoneType";
                    default -> WHOLE_NUMBER.matcher(text).matches() ? "int" : "float";
                });
    }

    private @Nullable Type attribute(Expr.Attribute attribute) {
        if (attribute.value() instanceof Expr.Name name && name.id().equals("CONSTANTS")) {
            return index.constant(attribute);
        }
        return attribute(attribute.value(), attribute.name());
    }

    private @Nullable Type attribute(Expr object, String name) {
        Type owner = of(object);
        if (owner == null) {
            String dotted = Trees.dotted(object);
            return index.enumeration(dotted) != null ? Type.of(dotted) : null;
        }
        Expr member = index.enumeration(owner.name());
        if (member != null) {
            return name.equals("value") ? of(member) : name.equals("name") ? Type.of("str") : null;
        }
        return index.attributes(owner.name()).get(name);
    }

    private @Nullable Type call(Expr.Call call) {
        String dotted = Trees.dotted(call.callee());
        if (dotted.startsWith(AddedNames.GUARDS + ".") || dotted.equals(AddedNames.READ)) {
            return Type.TENSOR;
        }
        if (dotted.startsWith("torch.") || dotted.startsWith("ops.")) {
            return operator(dotted, call);
        }
        String function = function(call.callee());
        Stmt.Def definition = function == null ? null : index.function(function);
        if (definition != null) {
            return ProgramIndex.resultType(definition);
        }
        if (dotted.equals(AddedNames.MISSING)) {
            return Type.TENSOR;
        }
        Type shown = visitors.apply(dotted);
        if (shown != null) {
            return shown;
        }
        if (index.definition(dotted) != null) {
            return Type.of(dotted);
        }
        if (dotted.endsWith(".__new__") && call.arguments().size() == 1) {
            return Type.of(Trees.dotted(call.arguments().get(0)));
        }
        if (call.callee() instanceof Expr.Name name) {
            return switch (name.id()) {
                case "fork" -> {
                    Type closure = call.arguments().isEmpty()
                            ? null
                            : of(call.arguments().get(0));
                    yield closure != null && closure.name().equals(CLOSURE)
                            ? Type.generic("Future", closure.arguments().get(0))
                            : null;
                }
                case "annotate", "unchecked_cast", "uninitialized" ->
                    call.arguments().isEmpty()
                            ? null
                            : Trees.type(call.arguments().get(0));
                case "int", "float", "bool", "str" -> Type.of(name.id());
                case "isinstance" -> Type.of("bool");
                case "getattr" ->
                    call.arguments().size() == 2 && call.arguments().get(1) instanceof Expr.Text attribute
                            ? attribute(call.arguments().get(0), attribute.value())
                            : null;
                default -> null;
            };
        }
        return call.callee() instanceof Expr.Attribute method ? method(method) : null;
    }

    private @Nullable Type method(Expr.Attribute method) {
        if (method.value() instanceof Expr.Parens parens
                && parens.value() instanceof Expr.Name name
                && name.id().equals(AddedNames.TAPE)) {
            return switch (CanonicalCall.results(method.name())) {
                case 1 -> Type.TENSOR;
                case 2 -> Type.generic("Tuple", Type.TENSOR, Type.TENSOR);
                default -> Type.generic("Tuple", Type.TENSOR, Type.TENSOR, Type.TENSOR);
            };
        }
        Type owner = of(method.value());
        Stmt.ClassDef definition = owner == null ? null : index.definition(owner.name());
        if (definition == null) {
            return null;
        }
        Stmt.Def called = definition.method(AddedNames.original(method.name()));
        return called == null ? null : ProgramIndex.resultType(called);
    }

    private @Nullable Type operator(String dotted, Expr.Call call) {
        String name = dotted.substring(dotted.lastIndexOf('.') + 1);
        if (dotted.startsWith("ops.prim.")) {
            return primitive(name, call);
        }
        if (dotted.startsWith("ops.")) {
            boolean quantized = dotted.startsWith("ops.quantized.")
                    && TENSOR_OPERATORS.matcher(name).matches();
            return quantized ? Type.TENSOR : null;
        }
        List<@Nullable Type> arguments = new ArrayList<>();
        call.arguments().forEach(argument -> arguments.add(of(argument)));
        return OperatorTypes.result(name, arguments);
    }

    /** Returns the result types of the compiler's own operators. */
    private @Nullable Type primitive(String name, Expr.Call call) {
        Type first = call.arguments().isEmpty() ? null : of(call.arguments().get(0));
        return switch (name) {
            case "NumToTensor", "data", "AutogradZero" -> Type.TENSOR;
            case "shape" -> Type.generic("List", Type.of("int"));
            case "dtype", "itemsize", "id", "layout" -> Type.of("int");
            case "requires_grad", "is_cuda", "is_cpu", "is_sparse", "is_quantized", "is_nested" -> Type.of("bool");
            case "device" -> Type.of("Device");
            case "min", "max", "abs" ->
                OperatorTypes.extreme(first, call.arguments().size());
            case "unchecked_unwrap_optional" ->
                first != null && first.name().equals("Optional")
                        ? first.arguments().get(0)
                        : first;
            case "grad" -> Type.generic("Optional", Type.TENSOR);
            default -> null;
        };
    }
}
