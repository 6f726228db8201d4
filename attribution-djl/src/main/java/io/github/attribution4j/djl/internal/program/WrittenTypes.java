// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Printer;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Changes the floating-point types that a program names: as an argument ({@code torch.to(x, 5)}, {@code dtype=15}), by
 * a variable, attribute or parameter that is used as such an argument, in a comparison with a tensor's type, and by
 * automatic casts.
 */
public final class WrittenTypes {
    private static final Pattern WHOLE_NUMBER = Pattern.compile("\\d+");

    private static final String PATH = "__torch__/a4j_types.py";
    private static final String FUNCTION = "__torch__.a4j_types.floating";

    /** PyTorch's numbers for float16, float32, float64 and bfloat16. */
    private static final Set<String> REAL = Set.of("5", "6", "7", "15");

    /** PyTorch's numbers for complex numbers made of float16, float32 and float64. */
    private static final Set<String> COMPLEX = Set.of("8", "9", "10");

    private static final Set<String> NARROW = Set.of("5", "15", "8");

    /** Operators that take a type by position, and the first position that it may have. Others take it by name. */
    private static final Map<String, Integer> POSITIONS = Map.of(
            "torch.to", 1,
            "torch.softmax", 2,
            "torch.log_softmax", 2,
            "torch.special_softmax", 2,
            "torch.special_log_softmax", 2,
            "torch.promote_types", 0,
            "ops.prims.convert_element_type", 1);

    private final boolean wide;
    private boolean narrow;
    private boolean called;

    private WrittenTypes(boolean wide) {
        this.wide = wide;
    }

    /**
     * Returns a copy whose text names one floating-point type only, and casts nothing automatically.
     *
     * @param archive the original, not changed
     * @param wide true for float64, false for float32
     * @return the copy
     * @throws io.github.attribution4j.djl.internal.script.ScriptException if a file is not in the serialized language
     */
    public static TorchArchive convert(TorchArchive archive, boolean wide) {
        WrittenTypes types = new WrittenTypes(wide);
        Map<String, String> texts = new LinkedHashMap<>();
        archive.code().forEach((path, text) -> {
            Stmt.File file = Parser.file(path, text);
            Stmt.File changed = types.file(file);
            if (!changed.equals(file)) {
                texts.put(path, Printer.print(changed));
            }
        });
        if (types.called) {
            String type = wide ? "7" : "6";
            String complex = wide ? "10" : "9";
            texts.put(
                    PATH,
                    "def floating(t: int) -> int:\n  r = t\n  if torch.__contains__([5, 6, 7, 15], t):\n    r = " + type
                            + "\n  else:\n    if torch.__contains__([8, 9, 10], t):\n      r = " + complex
                            + "\n    else:\n      pass\n  return r\n");
        }
        return texts.isEmpty() ? archive : archive.withCode(texts);
    }

    /** Returns whether a program names a 16-bit type. */
    public static boolean narrow(Collection<Stmt.File> files) {
        WrittenTypes types = new WrittenTypes(false);
        files.forEach(types::file);
        return types.narrow;
    }

    private Stmt.File file(Stmt.File file) {
        return new Stmt.File(
                file.path(),
                file.statements().stream().map(s -> statement(s, Set.of())).toList());
    }

    private Stmt statement(Stmt statement, Set<String> numbers) {
        if (statement instanceof Stmt.ClassDef definition) {
            Set<String> own = new HashSet<>();
            for (Stmt member : definition.members()) {
                if (member instanceof Stmt.Declaration declaration && isNumber(declaration.type())) {
                    own.add(declaration.name());
                }
            }
            return new Stmt.ClassDef(
                    definition.name(),
                    definition.base(),
                    definition.members().stream().map(m -> statement(m, own)).toList());
        }
        return statement instanceof Stmt.Def method ? new Method(method, numbers).changed() : statement;
    }

    private static boolean isNumber(@Nullable Type type) {
        return type != null
                && (type.name().equals("int")
                        || (type.name().equals("Final") && type.arguments().equals(List.of(Type.of("int")))));
    }

    /** One method or function. */
    private final class Method {
        private final Stmt.Def method;
        private final Set<String> attributes;
        private final Set<String> numbers = new HashSet<>();
        private final Set<String> types = new HashSet<>();
        private final Set<String> casts = new HashSet<>();

        Method(Stmt.Def method, Set<String> attributes) {
            this.method = method;
            this.attributes = attributes;
            for (Stmt.Parameter parameter : method.parameters()) {
                if (isNumber(parameter.type())) {
                    numbers.add(parameter.name());
                }
            }
            List<Stmt.Assign> assignments = new ArrayList<>();
            Trees.assignments(method.body(), assignments);
            for (Stmt.Assign assign : assignments) {
                if (assign.targets().size() == 1
                        && assign.targets().get(0) instanceof Expr.Name name
                        && assign.values().size() == 1) {
                    learn(name.id(), assign.values().get(0));
                }
            }
        }

        private void learn(String name, Expr value) {
            if (value instanceof Expr.Literal literal
                    && WHOLE_NUMBER.matcher(literal.text()).matches()) {
                numbers.add(name);
            } else if (value instanceof Expr.Attribute attribute
                    && attribute.value() instanceof Expr.Name
                    && attributes.contains(attribute.name())) {
                numbers.add(name);
            } else if (isType(value)) {
                types.add(name);
            } else if (value instanceof Expr.Call call
                    && Trees.dotted(call.callee()).endsWith(".autocast.__new__")) {
                casts.add(name);
            }
        }

        Stmt changed() {
            return new Stmt.Def(
                    method.name(),
                    method.parameters(),
                    method.result(),
                    Trees.mapAll(withoutCasts(method.body()), this::expression));
        }

        /** Switches off automatic casts that are set up attribute by attribute. */
        private List<Stmt> withoutCasts(List<Stmt> statements) {
            List<Stmt> changed = new ArrayList<>();
            for (Stmt statement : statements) {
                boolean enables = statement instanceof Stmt.Assign assign
                        && assign.targets().size() == 1
                        && assign.targets().get(0) instanceof Expr.Attribute attribute
                        && attribute.name().equals("_enabled")
                        && attribute.value() instanceof Expr.Name name
                        && casts.contains(name.id());
                if (enables) {
                    Stmt.Assign assign = (Stmt.Assign) statement;
                    narrow = true;
                    changed.add(new Stmt.Assign(
                            assign.targets(), assign.unpack(), assign.type(), List.of(new Expr.Literal("False"))));
                } else {
                    changed.add(Trees.parts(statement, UnaryOperator.identity(), this::withoutCasts));
                }
            }
            return changed;
        }

        private Expr expression(Expr expression) {
            if (!(expression instanceof Expr.Call call)) {
                return expression;
            }
            String name = Trees.dotted(call.callee());
            if (call.callee() instanceof Expr.Attribute callee
                    && callee.name().equals("__init__")
                    && receiver(callee.value()) instanceof Expr.Name cast
                    && casts.contains(cast.id())) {
                narrow = true;
                return with(
                        call,
                        call.arguments().stream().map(WrittenTypes::disabled).toList());
            }
            if (name.equals("torch._autocast_to_reduced_precision")
                    || name.equals("torch._autocast_to_full_precision")) {
                narrow = true;
                return call.arguments().get(0);
            }
            if (name.equals("torch.eq") || name.equals("torch.ne")) {
                boolean compares = call.arguments().stream().anyMatch(this::isType);
                return compares ? with(call, each(call.arguments(), this::literal)) : call;
            }
            if (name.equals("torch.__contains__")
                    && call.arguments().size() == 2
                    && isType(call.arguments().get(1))) {
                return with(
                        call,
                        List.of(
                                Trees.children(call.arguments().get(0), this::literal),
                                call.arguments().get(1)));
            }
            return typed(call, name);
        }

        private Expr typed(Expr.Call call, String name) {
            int from = POSITIONS.getOrDefault(name, Integer.MAX_VALUE);
            List<Expr> arguments = new ArrayList<>();
            for (int i = 0; i < call.arguments().size(); i++) {
                arguments.add(
                        i >= from
                                ? type(call.arguments().get(i))
                                : call.arguments().get(i));
            }
            List<Expr.Keyword> keywords = new ArrayList<>();
            for (Expr.Keyword keyword : call.keywords()) {
                boolean type = keyword.name().equals("dtype");
                keywords.add(type ? new Expr.Keyword(keyword.name(), type(keyword.value())) : keyword);
            }
            return new Expr.Call(call.callee(), arguments, keywords, call.trailingComma());
        }

        private static Expr receiver(Expr value) {
            return value instanceof Expr.Parens parens ? parens.value() : value;
        }

        private static Expr with(Expr.Call call, List<Expr> arguments) {
            return new Expr.Call(call.callee(), arguments, call.keywords(), call.trailingComma());
        }

        private static List<Expr> each(List<Expr> expressions, UnaryOperator<Expr> change) {
            return expressions.stream().map(change).toList();
        }

        /** Returns whether an expression is the type of a tensor. */
        private boolean isType(Expr expression) {
            return (expression instanceof Expr.Call call
                            && Trees.dotted(call.callee()).equals("ops.prim.dtype"))
                    || (expression instanceof Expr.Name name && types.contains(name.id()));
        }

        /** Changes an expression that is used as a type. */
        private Expr type(Expr expression) {
            boolean number = (expression instanceof Expr.Name name && numbers.contains(name.id()))
                    || (expression instanceof Expr.Attribute attribute
                            && attribute.value() instanceof Expr.Name
                            && attributes.contains(attribute.name()));
            if (number) {
                narrow = true;
                called = true;
                return new Expr.Call(Trees.dotted(FUNCTION), List.of(expression), List.of(), true);
            }
            return literal(expression);
        }

        private Expr literal(Expr expression) {
            if (!(expression instanceof Expr.Literal literal)) {
                return expression;
            }
            narrow |= NARROW.contains(literal.text());
            if (REAL.contains(literal.text())) {
                return new Expr.Literal(wide ? "7" : "6");
            }
            return COMPLEX.contains(literal.text()) ? new Expr.Literal(wide ? "10" : "9") : expression;
        }
    }

    private static Expr disabled(Expr expression) {
        return expression instanceof Expr.Literal literal && literal.text().equals("True")
                ? new Expr.Literal("False")
                : expression;
    }
}
