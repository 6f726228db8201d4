// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Changes a program such that libtorch 2.7.1 can load and differentiate it. The result of the program stays the same.
 *
 * <ul>
 * <li>Fused attention, which has no derivative, becomes ordinary operations, or calls of the submodules if these are
 *     known ({@link FusedAttention}). Traces made under {@code no_grad} contain it.
 * <li>Operators that libtorch 2.7.1 does not know are replaced by equal functions. An operator without an equal is
 *     replaced by a known operator of the same signature after an error: exporters name such operators in branches that
 *     do not run.
 * <li>Operators that {@code optimize_for_mobile} packs are unpacked ({@link Prepacked}).
 * <li>Quantized operators raise an error if a gradient would have to pass them. libtorch would silently pass none.
 * <li>{@code print} is removed, because its text would appear in the output of the program that uses the model.
 * <li>Gradients that a program computes itself keep their graph, so that gradients pass through the program's outputs
 *     too.
 * </ul>
 *
 * <p>The functions that replace operators are in a file of their own, which is added if it is needed.
 */
public final class Repairs {
    private static final Pattern QUANTIZED = Pattern.compile("ops\\.quantized\\.("
            + "(linear|conv[123]d|conv_transpose[123]d)\\w*_dynamic(_fp16)?|quantized_\\w+_cell_dynamic"
            + "|conv\\w*_dynamic_fp16)"
            + "|torch\\.(quantized_(lstm|gru)|quantize_per_tensor(_dynamic)?|quantize_per_channel)");
    private static final Pattern ADD_RELU = Pattern.compile("torch\\._add_relu_?");

    private static final String PATH = "__torch__/a4j_repairs.py";

    /**
     * A function that returns its argument, and raises an error if that needs a gradient. Its result is no value of the
     * program.
     */
    public static final String NO_DERIVATIVE = AddedNames.REPAIRS + ".no_derivative";

    /** A function that returns its argument as one that needs a gradient. Its result is no value of the program. */
    public static final String WATCHED = AddedNames.REPAIRS + ".watched";

    private static final Map<String, String> SUBSTITUTES =
            Map.of("torch._upsample_lanczos2d_aa", "torch._upsample_bicubic2d_aa");

    private static final Set<String> GRADIENTS = Set.of("torch.grad", "torch.autograd.grad", "ops.aten.grad");

    private static final Map<String, String> EQUALS = Map.of("torch._fused_rms_norm", "_fused_rms_norm");

    private static final String SOURCE = """
            def no_derivative(x: Tensor, name: str) -> Tensor:
              if ops.prim.requires_grad(x):
                ops.prim.RaiseException(torch.format("operator {} has no derivative, \
            so no gradient passes it; cut the model at a layer after it, or use a perturbation method", name), \
            "builtins.RuntimeError")
              else:
                pass
              return x
            def watched(x: Tensor, wanted: bool) -> Tensor:
              y = torch.requires_grad_(x, wanted)
              if wanted:
                torch.retain_grad(y)
              else:
                pass
              return y
            def _fused_rms_norm(input: Tensor, normalized_shape: List[int], weight: Optional[Tensor], \
            eps: Optional[float]) -> Tuple[Tensor, Tensor]:
              if torch.__isnot__(eps, None):
                least = unchecked_cast(float, eps)
              else:
                if torch.eq(ops.prim.dtype(input), 7):
                  least = 2.220446049250313e-16
                else:
                  least = 1.1920928955078125e-07
              dims = annotate(List[int], [])
              for i in range(torch.len(normalized_shape)):
                _0 = torch.append(dims, torch.sub(-1, i))
              rstd = torch.rsqrt(torch.add(torch.mean(torch.mul(input, input), dims, True), least))
              y = torch.mul(input, rstd)
              if torch.__isnot__(weight, None):
                z = torch.mul(y, unchecked_cast(Tensor, weight))
              else:
                z = y
              return (z, rstd)
            """;

    private final Map<String, Integer> counts = new TreeMap<>();
    private final List<String> missing = new ArrayList<>();
    private final List<PickleValue> constants;
    private final Set<String> packed = new TreeSet<>();
    private boolean functions;
    private boolean printing;
    private boolean takesGradients;

    /**
     * Makes the repairs of one program.
     *
     * @param constants the values that it calls {@code CONSTANTS.c0} and so on
     */
    public Repairs(List<PickleValue> constants) {
        this.constants = constants;
    }

    /** Returns what was repaired, one line for each repair. */
    public List<String> done() {
        List<String> lines = new ArrayList<>(missing);
        counts.forEach((line, places) -> lines.add(places == 1 ? line : line + " (" + places + " places)"));
        return List.copyOf(lines);
    }

    public Map<String, Stmt.File> repair(Map<String, Stmt.File> files) {
        FusedAttention attention = new FusedAttention(files);
        Map<String, Stmt.File> repaired = new LinkedHashMap<>();
        attention
                .replace()
                .forEach((path, file) ->
                        repaired.put(path, new Stmt.File(path, Trees.mapAll(file.statements(), e -> call(path, e)))));
        if (printing) {
            repaired.replaceAll((path, file) -> new Stmt.File(path, withoutPrint(file.statements())));
        }
        attention
                .counts()
                .forEach((operator, places) -> counts.put(
                        "operator " + operator + ", which has no derivative, is replaced by ordinary operations",
                        places));
        if (functions || !packed.isEmpty() || !attention.counts().isEmpty()) {
            String source = SOURCE
                    + packed.stream().map(Prepacked::source).collect(Collectors.joining())
                    + (attention.counts().isEmpty() ? "" : attention.source());
            repaired.put(PATH, Parser.file(PATH, source));
        }
        return repaired;
    }

    /** Removes calls of {@code print}. Their arguments are still computed if they call something. */
    private static List<Stmt> withoutPrint(List<Stmt> statements) {
        List<Stmt> result = new ArrayList<>();
        for (Stmt statement : statements) {
            if (statement instanceof Stmt.Evaluate evaluate && isPrint(evaluate.value())) {
                List<Expr> printed = ((Expr.Call) evaluate.value()).arguments();
                boolean calls = printed.stream().anyMatch(argument -> argument instanceof Expr.Call);
                result.add(calls ? new Stmt.Evaluate(new Expr.TupleOf(printed, true)) : new Stmt.Pass());
            } else {
                result.add(Trees.parts(statement, UnaryOperator.identity(), Repairs::withoutPrint));
            }
        }
        return result;
    }

    private static boolean isPrint(Expr expression) {
        return expression instanceof Expr.Call call
                && Trees.dotted(call.callee()).equals("print");
    }

    /** Returns whether a call computes gradients of tensors that it is given. */
    public static boolean isGradient(Expr expression) {
        return expression instanceof Expr.Call call && GRADIENTS.contains(Trees.dotted(call.callee()));
    }

    /** Returns whether the program computes gradients itself. */
    public boolean takesGradients() {
        return takesGradients;
    }

    /**
     * Returns {@code grad(outputs, inputs, grad_outputs, retain_graph, create_graph, allow_unused)} with the graph
     * kept.
     */
    private Expr gradient(Expr.Call call) {
        takesGradients = true;
        List<Expr> arguments = new ArrayList<>(call.arguments());
        while (arguments.size() < 5) {
            arguments.add(new Expr.Literal("None"));
        }
        arguments.set(3, new Expr.Literal("True"));
        arguments.set(4, new Expr.Literal("True"));
        return new Expr.Call(call.callee(), arguments, call.keywords(), call.trailingComma());
    }

    /**
     * Returns {@code backward(output, gradient, retain_graph, create_graph)} with the graph kept, because gradients of
     * the outputs pass it afterwards.
     */
    private Expr backward(Expr.Call call) {
        takesGradients = true;
        List<Expr> arguments = new ArrayList<>(call.arguments());
        while (arguments.size() < 3) {
            arguments.add(new Expr.Literal("None"));
        }
        arguments.set(2, new Expr.Literal("True"));
        List<Expr.Keyword> keywords = call.keywords().stream()
                .filter(keyword -> !keyword.name().equals("retain_graph"))
                .toList();
        return new Expr.Call(call.callee(), arguments, keywords, call.trailingComma());
    }

    /**
     * Marks the tensors whose {@code grad} the program reads. An attributed tensor is no leaf, and stores its gradient
     * only if asked to.
     */
    private Expr watched(Expr.Call call) {
        functions = true;
        List<Expr> arguments = new ArrayList<>(call.arguments());
        call.keywords().forEach(keyword -> arguments.add(keyword.value()));
        if (arguments.size() < 2) {
            arguments.add(new Expr.Literal("True"));
        }
        return new Expr.Call(Trees.dotted(WATCHED), arguments, List.of(), true);
    }

    private Expr call(String path, Expr expression) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        if (name.equals("print")) {
            printing = true;
            counts.merge("print is left out", 1, Integer::sum);
            return expression;
        }
        if (call.arguments().isEmpty()) {
            return expression;
        }
        if (GRADIENTS.contains(name) && call.arguments().size() > 1) {
            return gradient(call);
        }
        if (name.equals("torch.autograd.backward") || name.equals("torch.backward")) {
            return backward(call);
        }
        if (name.equals("torch.requires_grad_")) {
            return watched(call);
        }
        String operator = name.substring(name.indexOf('.') + 1);
        String substitute = SUBSTITUTES.get(name);
        if (substitute != null) {
            String line = path + ": operator " + operator
                    + " is not in libtorch 2.7.1; the model loads and fails only where it is used";
            if (!missing.contains(line)) {
                missing.add(line);
            }
            return guarded(call, Trees.dotted(substitute), AddedNames.MISSING, operator);
        }
        String equal = EQUALS.get(name);
        if (equal != null) {
            functions = true;
            counts.merge(
                    "operator " + operator + ", which is not in libtorch 2.7.1, is replaced by ordinary operations",
                    1,
                    Integer::sum);
            return new Expr.Call(
                    Trees.dotted(AddedNames.REPAIRS + "." + equal), call.arguments(), call.keywords(), true);
        }
        if (Prepacked.isPacked(name, call)) {
            packed.add(name);
            counts.merge(
                    "operator " + operator
                            + ", which is made for phones and has no derivative, is replaced by ordinary "
                            + "operations",
                    1,
                    Integer::sum);
            return Prepacked.unpacked(name, call, constants);
        }
        if (ADD_RELU.matcher(name).matches()) {
            counts.merge(
                    "operator " + operator + ", which has no derivative, is replaced by ordinary operations",
                    1,
                    Integer::sum);
            String end = name.endsWith("_") ? "_" : "";
            Expr sum = new Expr.Call(Trees.dotted("torch.add" + end), call.arguments(), call.keywords(), false);
            return new Expr.Call(Trees.dotted("torch.relu" + end), List.of(sum), List.of(), false);
        }
        if (isQuantized(name)) {
            functions = true;
            counts.merge(
                    "operator " + operator + " has no derivative: gradients that would pass it are refused",
                    1,
                    Integer::sum);
            return guarded(call, call.callee(), NO_DERIVATIVE, operator);
        }
        return expression;
    }

    /** Passes the first argument through a function that gets the operator's name. */
    private static Expr guarded(Expr.Call call, Expr callee, String guard, String operator) {
        List<Expr> arguments = new ArrayList<>(call.arguments());
        arguments.set(
                0,
                new Expr.Call(Trees.dotted(guard), List.of(arguments.get(0), Expr.Text.of(operator)), List.of(), true));
        return new Expr.Call(callee, arguments, call.keywords(), call.trailingComma());
    }

    /** Returns whether an operator takes a tensor of activations first and computes its result by integers. */
    private static boolean isQuantized(String name) {
        return QUANTIZED.matcher(name).matches();
    }
}
