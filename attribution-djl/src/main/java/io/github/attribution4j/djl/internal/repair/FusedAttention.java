// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.repair;

import io.github.attribution4j.djl.internal.program.AddedNames;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Parser;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Takes fused attention apart into ordinary operations. A trace made under {@code no_grad} holds
 * {@code _native_multi_head_attention} and {@code _transformer_encoder_layer_fwd}. These operators have no derivative,
 * and they hide the modules whose weights they use.
 *
 * <p>With a padding mask, such a trace may use nested tensors, which hold rows of different lengths and have no
 * derivative either. Here the padded rows become NaN instead. Only attention mixes rows, and it leaves the NaN rows
 * out; at its end the encoder writes zeros over them.
 *
 * <p>If the weights of a fused encoder layer are those of the submodules of {@code nn.TransformerEncoderLayer}, each
 * submodule gets a {@code forward} and is called, so that the model can be cut at it. Otherwise, as in a frozen
 * archive, a function computes the layer.
 */
final class FusedAttention {
    private static final String ATTENTION = "torch._native_multi_head_attention";
    private static final String LAYER = "torch._transformer_encoder_layer_fwd";
    private static final String NESTED = "torch._nested_tensor_from_mask";
    private static final String PADDED = "torch.to_padded_tensor";
    private static final String METHOD = "a4j_layer";

    /** The paths of a fused layer's weights, from its fourth argument on. Flags and eps are between them. */
    private static final List<List<String>> WEIGHTS = List.of(
            List.of("self_attn", "in_proj_weight"),
            List.of("self_attn", "in_proj_bias"),
            List.of("self_attn", "out_proj", "weight"),
            List.of("self_attn", "out_proj", "bias"),
            List.of(),
            List.of(),
            List.of(),
            List.of("norm1", "weight"),
            List.of("norm1", "bias"),
            List.of("norm2", "weight"),
            List.of("norm2", "bias"),
            List.of("linear1", "weight"),
            List.of("linear1", "bias"),
            List.of("linear2", "weight"),
            List.of("linear2", "bias"));

    private static final List<String> SUBMODULES = List.of(
            "self_attn", "norm1", "norm2", "linear1", "linear2", "dropout", "dropout1", "dropout2", "activation");

    private static final int FIRST_WEIGHT = 3;
    private static final int GELU = 7;
    private static final int NORM_FIRST = 8;
    private static final int EPS = 9;
    private static final int MASK = 18;
    private static final int MASK_TYPE = 19;

    private final Map<String, Stmt.File> files;
    private final Map<String, Stmt.ClassDef> classes = new LinkedHashMap<>();
    private final Map<String, Map<String, Stmt.Def>> added = new HashMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private boolean nested;

    FusedAttention(Map<String, Stmt.File> files) {
        this.files = files;
        for (Stmt.File file : files.values()) {
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef definition) {
                    classes.put(file.module() + "." + definition.name(), definition);
                }
            }
        }
    }

    /** Returns how many calls were replaced, by operator. */
    Map<String, Integer> counts() {
        return counts;
    }

    /** Returns the functions that the replacements call. */
    String source() {
        return FusedAttentionSource.of(nested);
    }

    Map<String, Stmt.File> replace() {
        files.values().forEach(file -> file.statements().forEach(this::findNested));
        Map<String, Stmt.File> replaced = new LinkedHashMap<>();
        files.forEach((path, file) -> {
            List<Stmt> statements = new ArrayList<>();
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef definition) {
                    String type = file.module() + "." + definition.name();
                    List<Stmt> members = new ArrayList<>();
                    definition.members().forEach(member -> members.add(replace(type, member)));
                    statements.add(new Stmt.ClassDef(definition.name(), definition.base(), members));
                } else {
                    statements.add(statement);
                }
            }
            replaced.put(path, new Stmt.File(path, statements));
        });
        return added.isEmpty() ? replaced : extended(replaced);
    }

    /** Adds the new methods to their classes. */
    private Map<String, Stmt.File> extended(Map<String, Stmt.File> replaced) {
        Map<String, Stmt.File> extended = new LinkedHashMap<>();
        replaced.forEach((path, file) -> {
            List<Stmt> statements = new ArrayList<>();
            for (Stmt statement : file.statements()) {
                if (statement instanceof Stmt.ClassDef definition) {
                    List<Stmt> members = new ArrayList<>(definition.members());
                    members.addAll(added.getOrDefault(file.module() + "." + definition.name(), Map.of())
                            .values());
                    statements.add(new Stmt.ClassDef(definition.name(), definition.base(), members));
                } else {
                    statements.add(statement);
                }
            }
            extended.put(path, new Stmt.File(path, statements));
        });
        return extended;
    }

    /** Looks for methods that make a nested tensor and return it padded. */
    private void findNested(Stmt statement) {
        if (statement instanceof Stmt.ClassDef definition) {
            definition.members().forEach(this::findNested);
        } else if (statement instanceof Stmt.Def method) {
            nested |= mask(method.body()) != null;
        }
    }

    /** Returns the mask of a method's nested tensor; null unless the method makes exactly one and pads it again. */
    private static @Nullable Expr mask(List<Stmt> body) {
        List<Expr.Call> made = new ArrayList<>();
        List<Expr.Call> padded = new ArrayList<>();
        unconditional(body, expression -> {
            if (expression instanceof Expr.Call call) {
                String name = Trees.dotted(call.callee());
                if (name.equals(NESTED)) {
                    made.add(call);
                } else if (name.equals(PADDED)) {
                    padded.add(call);
                }
            }
            return expression;
        });
        boolean one = made.size() == 1
                && padded.size() == 1
                && made.get(0).arguments().size() > 1;
        return one && made.get(0).arguments().get(1) instanceof Expr.Name name ? name : null;
    }

    private Stmt replace(String type, Stmt member) {
        if (!(member instanceof Stmt.Def method)) {
            return member;
        }
        Map<String, Expr> variables = new HashMap<>();
        for (Stmt statement : method.body()) {
            if (statement instanceof Stmt.Assign assign
                    && assign.targets().size() == 1
                    && assign.targets().get(0) instanceof Expr.Name name) {
                variables.put(name.id(), assign.values().get(0));
            }
        }
        String self =
                method.parameters().isEmpty() ? "" : method.parameters().get(0).name();
        Weights weights = new Weights(type, self, variables, mask(method.body()));
        return new Stmt.Def(
                method.name(),
                method.parameters(),
                method.result(),
                unconditional(method.body(), e -> replace(e, weights)));
    }

    /**
     * Changes only statements that always run. In a script, a branch decides whether to use the fused operator, and
     * that branch stays.
     */
    private static List<Stmt> unconditional(List<Stmt> body, UnaryOperator<Expr> change) {
        List<Stmt> changed = new ArrayList<>();
        for (Stmt statement : body) {
            boolean plain = statement instanceof Stmt.Assign
                    || statement instanceof Stmt.Evaluate
                    || statement instanceof Stmt.Return;
            changed.addAll(plain ? Trees.mapAll(List.of(statement), change) : List.of(statement));
        }
        return changed;
    }

    private Expr replace(Expr expression, Weights weights) {
        if (!(expression instanceof Expr.Call call)) {
            return expression;
        }
        String name = Trees.dotted(call.callee());
        if (name.equals(ATTENTION)) {
            counts.merge(ATTENTION.substring(6), 1, Integer::sum);
            return new Expr.Call(
                    Trees.dotted(AddedNames.REPAIRS + "._native_multi_head_attention"),
                    call.arguments(),
                    call.keywords(),
                    true);
        }
        Expr mask = weights.mask();
        if (mask != null && (name.equals(NESTED) || name.equals(PADDED))) {
            counts.merge(name.substring(6), 1, Integer::sum);
            List<Expr> arguments = call.arguments();
            return name.equals(NESTED)
                    ? new Expr.Call(
                            Trees.dotted(AddedNames.REPAIRS + ".nested"),
                            List.of(arguments.get(0), mask),
                            List.of(),
                            true)
                    : new Expr.Call(
                            Trees.dotted(AddedNames.REPAIRS + ".padded"),
                            List.of(arguments.get(0), mask, arguments.get(1)),
                            List.of(),
                            true);
        }
        if (!name.equals(LAYER)) {
            return expression;
        }
        counts.merge(LAYER.substring(6), 1, Integer::sum);
        if (call.keywords().isEmpty() && submodules(weights, call)) {
            Expr hidden = call.arguments().size() > MASK ? call.arguments().get(MASK) : new Expr.Literal("None");
            Expr self = new Expr.Parens(new Expr.Name(weights.self()));
            return new Expr.Call(
                    new Expr.Attribute(self, METHOD), List.of(call.arguments().get(0), hidden), List.of(), true);
        }
        return new Expr.Call(
                Trees.dotted(AddedNames.REPAIRS + "._transformer_encoder_layer_fwd"),
                call.arguments(),
                call.keywords(),
                true);
    }

    /** What the variables of a method stand for. */
    private record Weights(
            String type,
            String self,
            Map<String, Expr> variables,
            @Nullable Expr mask) {
        /**
         * Returns the attributes that lead from the module to a value; null if the value is no attribute of a
         * submodule.
         */
        @Nullable
        List<String> path(Expr expression, int depth) {
            if (depth > 20) {
                return null;
            }
            if (expression instanceof Expr.Name name) {
                if (name.id().equals(self)) {
                    return List.of();
                }
                Expr value = variables.get(name.id());
                return value == null ? null : path(value, depth + 1);
            }
            if (expression instanceof Expr.Attribute attribute) {
                List<String> owner = path(attribute.value(), depth + 1);
                if (owner == null) {
                    return null;
                }
                List<String> path = new ArrayList<>(owner);
                path.add(attribute.name());
                return path;
            }
            return null;
        }
    }

    /**
     * Gives methods to the submodules of a fused layer, and to the layer one that calls them. Returns false if the
     * submodules are not the expected ones.
     */
    private boolean submodules(Weights weights, Expr.Call call) {
        List<Expr> arguments = call.arguments();
        Map<String, String> attributes = attributes(weights.type());
        for (int i = 0; i < WEIGHTS.size(); i++) {
            List<String> path = weights.path(arguments.get(FIRST_WEIGHT + i), 0);
            if (!WEIGHTS.get(i).isEmpty() && !WEIGHTS.get(i).equals(path)) {
                return false;
            }
        }
        List<Expr> literals = List.of(
                arguments.get(1), arguments.get(2), arguments.get(GELU), arguments.get(NORM_FIRST), arguments.get(EPS));
        if (!literals.stream().allMatch(Expr.Literal.class::isInstance)
                || (arguments.size() > MASK_TYPE && !(arguments.get(MASK_TYPE) instanceof Expr.Literal))) {
            return false;
        }
        Map<String, Map<String, Stmt.Def>> methods = new HashMap<>();
        for (String name : SUBMODULES) {
            String type = attributes.get(name);
            if (type == null || !classes.containsKey(type)) {
                if (weights(name)) {
                    return false;
                }
                continue;
            }
            Stmt.Def forward = forward(name, type, arguments);
            Stmt.Def known = known(methods, type, "forward");
            if (known != null && !known.equals(forward)) {
                return false;
            }
            methods.computeIfAbsent(type, key -> new LinkedHashMap<>()).put("forward", forward);
        }
        Stmt.Def layer = layer(weights.type(), attributes, arguments);
        Stmt.Def known = known(methods, weights.type(), METHOD);
        if (known != null && !known.equals(layer)) {
            return false;
        }
        methods.computeIfAbsent(weights.type(), key -> new LinkedHashMap<>()).put(METHOD, layer);
        methods.forEach((type, defs) ->
                added.computeIfAbsent(type, key -> new LinkedHashMap<>()).putAll(defs));
        return true;
    }

    private static boolean weights(String name) {
        return !name.startsWith("dropout") && !name.equals("activation");
    }

    private Stmt.@Nullable Def known(Map<String, Map<String, Stmt.Def>> methods, String type, String method) {
        Stmt.ClassDef definition = classes.get(type);
        Stmt.Def own = definition == null ? null : definition.method(method);
        if (own != null) {
            return own;
        }
        Stmt.Def before = added.getOrDefault(type, Map.of()).get(method);
        return before != null ? before : methods.getOrDefault(type, Map.of()).get(method);
    }

    private Map<String, String> attributes(String type) {
        Map<String, String> attributes = new HashMap<>();
        Stmt.ClassDef definition = classes.get(type);
        if (definition != null) {
            for (Stmt member : definition.members()) {
                if (member instanceof Stmt.Declaration declaration) {
                    Type declared = declaration.type();
                    attributes.put(declaration.name(), declared.name());
                }
            }
        }
        return attributes;
    }

    private static String text(List<Expr> arguments, int position, String otherwise) {
        return position < arguments.size() && arguments.get(position) instanceof Expr.Literal literal
                ? literal.text()
                : otherwise;
    }

    private Stmt.Def forward(String name, String type, List<Expr> arguments) {
        String head = "def forward(self: " + type + ", x: Tensor) -> Tensor:\n";
        String body = switch (name) {
            case "self_attn" ->
                "  out_proj = self.out_proj\n  out, weights, = " + AddedNames.REPAIRS
                        + (nested ? "._nested_attention" : "._native_multi_head_attention") + "(x, x, x, "
                        + text(arguments, 1, "") + ", " + text(arguments, 2, "")
                        + ", self.in_proj_weight, self.in_proj_bias, out_proj.weight, out_proj.bias, mask, False, "
                        + "True, "
                        + text(arguments, MASK_TYPE, "None") + ", )\n  return out\n";
            case "norm1", "norm2" ->
                "  return torch.layer_norm(x, [" + text(arguments, 1, "") + "], self.weight, self.bias, "
                        + text(arguments, EPS, "") + ")\n";
            case "linear1", "linear2" -> "  return torch.linear(x, self.weight, self.bias)\n";
            case "activation" -> "  return torch." + activation(arguments) + "(x)\n";
            default -> "  return torch.dropout(x, 0., False)\n";
        };
        if (name.equals("self_attn")) {
            head = head.replace("x: Tensor", "x: Tensor, mask: Optional[Tensor]");
        }
        return Parser.function(head + body);
    }

    private static String activation(List<Expr> arguments) {
        return text(arguments, GELU, "").equals("True") ? "gelu" : "relu";
    }

    private static Stmt.Def layer(String type, Map<String, String> attributes, List<Expr> arguments) {
        boolean normFirst = text(arguments, NORM_FIRST, "").equals("True");
        StringBuilder text = new StringBuilder("def " + METHOD + "(self: " + type);
        text.append(", x: Tensor, mask: Optional[Tensor]) -> Tensor:\n");
        for (String name : SUBMODULES) {
            if (attributes.containsKey(name) && attributes.get(name).startsWith("__torch__")) {
                text.append("  ").append(name).append(" = self.").append(name).append('\n');
            }
        }
        text.append(normFirst ? "  x0 = (norm1).forward(x, )\n" : "  x0 = x\n");
        text.append("  x1 = (self_attn).forward(x0, mask, )\n");
        text.append("  x2 = torch.add(x, ")
                .append(through(attributes, "dropout1", "x1"))
                .append(")\n");
        text.append(
                normFirst ? "  x3 = x2\n  x4 = (norm2).forward(x2, )\n" : "  x3 = (norm1).forward(x2, )\n  x4 = x3\n");
        text.append("  x5 = (linear1).forward(x4, )\n  x6 = ");
        text.append(
                        attributes.getOrDefault("activation", "").startsWith("__torch__")
                                ? "(activation).forward(x5, )"
                                : "torch." + activation(arguments) + "(x5)")
                .append('\n');
        text.append("  x7 = (linear2).forward(")
                .append(through(attributes, "dropout", "x6"))
                .append(", )\n");
        text.append("  x8 = torch.add(x3, ")
                .append(through(attributes, "dropout2", "x7"))
                .append(")\n");
        text.append(normFirst ? "  return x8\n" : "  return (norm2).forward(x8, )\n");
        return Parser.function(text.toString());
    }

    private static String through(Map<String, String> attributes, String module, String value) {
        return attributes.getOrDefault(module, "").startsWith("__torch__")
                ? "(" + module + ").forward(" + value + ", )"
                : value;
    }
}
