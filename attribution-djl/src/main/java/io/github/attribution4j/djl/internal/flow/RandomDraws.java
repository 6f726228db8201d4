// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.flow;

import io.github.attribution4j.djl.internal.archive.TorchArchive;
import io.github.attribution4j.djl.internal.operator.OperatorKinds;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.StaticTypes;
import io.github.attribution4j.djl.internal.script.Expr;
import io.github.attribution4j.djl.internal.script.Stmt;
import io.github.attribution4j.djl.internal.script.Trees;
import io.github.attribution4j.djl.internal.script.Type;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds the operations of a program that draw random numbers in every call: random operators, and dropout in training
 * mode. An operation is left out if it may not run, because no constant decides its branch, or if its flag is unknown.
 */
public final class RandomDraws {
    private static final Set<String> DRAWS = Set.of(
            "bernoulli",
            "multinomial",
            "rand",
            "randn",
            "randint",
            "randperm",
            "rand_like",
            "randn_like",
            "randint_like",
            "normal",
            "poisson",
            "binomial",
            "exponential",
            "uniform",
            "random",
            "cauchy",
            "log_normal",
            "geometric",
            "_sample_dirichlet",
            "_standard_gamma",
            "rrelu_with_noise");

    /**
     * Operators that draw if a flag is set, and the flag's position. The argument before it is the share; a share of 0
     * draws nothing.
     */
    private static final Map<String, Integer> FLAGGED = Map.ofEntries(
            Map.entry("dropout", 2),
            Map.entry("feature_dropout", 2),
            Map.entry("alpha_dropout", 2),
            Map.entry("feature_alpha_dropout", 2),
            Map.entry("native_dropout", 2),
            Map.entry("rrelu", 3),
            Map.entry("lstm", 6),
            Map.entry("gru", 6),
            Map.entry("rnn_tanh", 6),
            Map.entry("rnn_relu", 6));

    private static final Pattern NAMED = Pattern.compile(
            "\\btorch\\.(?:" + String.join("|", DRAWS) + "|" + String.join("|", FLAGGED.keySet()) + ")_?\\(");

    private final ProgramIndex index;
    private final Map<Writes.Place, String> flags;
    private final Set<String> followed = new HashSet<>();
    private final Set<String> found = new LinkedHashSet<>();
    /** Whether the statements that are followed run in every call. */
    private boolean certain = true;

    private RandomDraws(ProgramIndex index, Map<Writes.Place, String> flags) {
        this.index = index;
        this.flags = flags;
    }

    /**
     * Returns a phrase for each such operation, in the order of a call, such as
     * {@code rand_like at "encoder/rand_like"}.
     */
    public static List<String> list(TorchArchive archive) {
        if (archive.code().values().stream()
                .noneMatch(text -> NAMED.matcher(text).find())) {
            return List.of();
        }
        ProgramIndex index = ProgramIndex.of(archive);
        RandomDraws draws = new RandomDraws(index, StoredFlags.of(index, archive.root(), assigned(index)));
        String root = index.root().name();
        Stmt.Def forward = index.root().definition().method("forward");
        if (forward != null) {
            draws.follow(root + ".forward", root, forward, List.of(), "");
        }
        return List.copyOf(draws.found);
    }

    /** Returns, for each class of modules, all attributes with a name that is assigned in any class. */
    private static Set<Writes.Place> assigned(ProgramIndex index) {
        Set<String> names = new HashSet<>();
        Set<Writes.Place> all = new HashSet<>();
        for (ProgramIndex.Node node : index.nodes()) {
            for (Stmt member : node.type().definition().members()) {
                List<Stmt.Assign> assignments = new ArrayList<>();
                Trees.assignments(member instanceof Stmt.Def method ? method.body() : List.of(), assignments);
                for (Stmt.Assign assign : assignments) {
                    for (Expr target : assign.targets()) {
                        if (target instanceof Expr.Attribute attribute) {
                            names.add(attribute.name());
                        }
                    }
                }
            }
        }
        for (ProgramIndex.Node node : index.nodes()) {
            names.forEach(name -> all.add(new Writes.Place(node.type().name(), name)));
        }
        return all;
    }

    private void follow(
            String name, @Nullable String owner, Stmt.Def definition, List<String> constants, String module) {
        String at = owner == null ? module : pathOf(owner);
        if (followed.add(name + constants + at + certain)) {
            new Body(owner, definition, constants, at).follow(definition.body());
        }
    }

    /** Returns the path of the first module of a class. */
    private String pathOf(String type) {
        return index.nodes().stream()
                .filter(node -> node.type().name().equals(type))
                .map(ProgramIndex.Node::path)
                .findFirst()
                .orElse("");
    }

    private final class Body {
        private final StaticTypes types = new StaticTypes(index);
        private final Constants constants = new Constants(index, types, flags);
        private final String module;

        Body(@Nullable String owner, Stmt.Def definition, List<String> given, String module) {
            this.module = module;
            List<Stmt.Parameter> parameters = definition.parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Stmt.Parameter parameter = parameters.get(i);
                Type type = parameter.type() == null ? Type.TENSOR : parameter.type();
                types.declare(parameter.name(), i == 0 && owner != null ? Type.of(owner) : type);
                if (i < given.size() && !given.get(i).isEmpty()) {
                    constants.declare(parameter.name(), given.get(i));
                }
            }
        }

        void follow(List<Stmt> statements) {
            for (Stmt statement : statements) {
                Trees.parts(statement, this::seen, UnaryOperator.identity());
                boolean before = certain;
                certain &= !(statement instanceof Stmt.If branch)
                        || !constants.of(branch.condition()).isEmpty();
                constants.enter(statement).forEach(this::follow);
                certain = before;
            }
        }

        private Expr seen(Expr expression) {
            return Trees.map(expression, part -> {
                call(part);
                return part;
            });
        }

        private void call(Expr expression) {
            if (!(expression instanceof Expr.Call call)) {
                return;
            }
            String dotted = Trees.dotted(call.callee());
            if (dotted.startsWith("torch.") || dotted.startsWith("ops.aten.")) {
                operator(dotted.substring(dotted.lastIndexOf('.') + 1), call);
                return;
            }
            String function = types.freeFunction(call.callee());
            Stmt.Def definition = function == null ? null : index.function(function);
            if (function != null && definition != null) {
                RandomDraws.this.follow(function, null, definition, constants.of(call, definition, 0), module);
            } else if (call.callee() instanceof Expr.Attribute method) {
                Type owner = types.of(method.value());
                for (String type :
                        owner == null ? List.<String>of() : index.classesBehind(owner.name(), method.name())) {
                    Stmt.ClassDef behind = index.definition(type);
                    Stmt.Def called = behind == null ? null : behind.method(method.name());
                    if (called != null) {
                        String name = type + "." + method.name();
                        RandomDraws.this.follow(name, type, called, constants.of(call, called, 1), module);
                    }
                }
            }
        }

        private void operator(String written, Expr.Call call) {
            String operator = OperatorKinds.functional(written);
            Integer flag = FLAGGED.get(operator);
            boolean draws = flag == null
                    ? DRAWS.contains(operator)
                    : constants.of(call, flag).equals("True") && !isZero(call, flag - 1);
            if (draws && certain) {
                String place = module.isEmpty() ? "/" + written : module + "/" + written;
                found.add((flag == null ? operator : operator + " in training mode") + " at \"" + place + "\"");
            }
        }

        private static boolean isZero(Expr.Call call, int share) {
            return share < call.arguments().size()
                    && call.arguments().get(share) instanceof Expr.Literal number
                    && number.text().matches("0\\.?0*");
        }
    }
}
