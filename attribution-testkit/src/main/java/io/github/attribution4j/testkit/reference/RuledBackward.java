// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.BackwardRule.Family;
import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.model.rule.RuleSet;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The way back through a {@link Graph} by other rules than the derivative, as the formulas in the papers: row by row,
 * operation by operation, with explicit products with R and weights as matrices. Other implementations are compared
 * with it.
 */
final class RuledBackward {
    /** ε of the relevance of an operation that is treated as gradient. */
    private static final double STABILIZER = 1e-6;

    private final Graph graph;
    private final boolean[] imposed;
    private final int output;
    private final Family family;
    private final List<@Nullable BackwardRule> rules = new ArrayList<>();
    /** Whether a value depends on what is attributed, through operations that pass something back. */
    private final boolean[] depends;

    /**
     * Assigns rules.
     *
     * @param imposed for each node whether its value is replaced
     * @param attributed for each node whether it is attributed
     * @throws UnsupportedModelException if something must go back through an operation without a rule
     */
    RuledBackward(Graph graph, RuleSet set, boolean[] imposed, boolean[] attributed, int output) {
        this.graph = graph;
        this.imposed = imposed;
        this.output = output;
        this.family = set.family();
        this.depends = new boolean[output + 1];
        List<io.github.attribution4j.model.rule.Operation> all = graph.operations();
        boolean[] reaches = graph.reaches(output, imposed);
        for (int i = 0; i <= output; i++) {
            int node = i;
            BackwardRule rule = all.stream()
                    .filter(operation -> operation.order() == node)
                    .findFirst()
                    .flatMap(operation -> set.ruleFor(operation, all))
                    .orElse(null);
            rules.add(rule);
            boolean through = graph.node(i).sources().stream().anyMatch(source -> depends[source]);
            depends[i] = imposed[i] ? attributed[i] : through && !(rule instanceof BackwardRule.Stop);
            if (!imposed[i] && depends[i] && reaches[i]) {
                check(i, rule);
            }
        }
    }

    private void check(int node, @Nullable BackwardRule rule) {
        Operation operation = operation(node);
        Kind kind = operation.ruleKind();
        if (rule == null && kind != Kind.RESHAPE) {
            throw new UnsupportedModelException("operation '" + graph.address(node) + "' is of kind " + kind
                    + " and has no rule; give it one (RuleSet.rule), or treat the rest as gradient "
                    + "(otherwise(new BackwardRule.Gradient()))");
        }
        boolean weighted = operation instanceof Operation.Weighted;
        boolean relu = operation.operator().equals("relu");
        boolean fits = !(rule instanceof BackwardRule.Weighted) || weighted;
        fits &= !(rule instanceof BackwardRule.GuidedRelu || rule instanceof BackwardRule.DeconvolutionRelu) || relu;
        fits &= !(rule instanceof BackwardRule.SoftmaxTaylor) || kind == Kind.SOFTMAX;
        fits &= !(rule instanceof BackwardRule.ConstantDeviation) || kind == Kind.NORMALIZATION;
        // The recurrent cell here is a single operation: nothing in it can follow a rule.
        fits &= kind != Kind.RECURRENT || rule instanceof BackwardRule.Gradient || rule instanceof BackwardRule.Stop;
        if (!fits) {
            throw new UnsupportedModelException("operation '" + graph.address(node) + "' is of kind " + kind
                    + " and rule " + rule + " is not for it; give it another");
        }
    }

    private Operation operation(int node) {
        Operation operation = graph.node(node).operation();
        if (operation == null) {
            throw new IllegalStateException("input '" + graph.node(node).name() + "' is no operation");
        }
        return operation;
    }

    /**
     * Goes back through one row.
     *
     * @param values of the nodes
     * @param references values of the nodes in the reference run, if rules compare
     * @param given what goes back from the output
     * @return what arrives at each node
     */
    double[][] back(double[][] values, double @Nullable [][] references, double[] given) {
        double[][] arrived = new double[values.length][];
        for (int i = 0; i <= output; i++) {
            arrived[i] = new double[values[i].length];
        }
        arrived[output] = given.clone();
        for (int i = output; i >= 0; i--) {
            if (imposed[i] || !depends[i] || graph.node(i).operation() == null) {
                continue;
            }
            if (family == Family.RELEVANCE) {
                relevance(i, values, arrived);
            } else if (family == Family.COMPARISON && references != null) {
                multipliers(i, values, references, arrived);
            } else {
                gradient(i, values, arrived);
            }
        }
        return arrived;
    }

    private void add(double[][] arrived, int node, double[][] parts) {
        List<Integer> sources = graph.node(node).sources();
        for (int s = 0; s < parts.length; s++) {
            add(arrived[sources.get(s)], parts[s]);
        }
    }

    private static void add(double[] to, double[] part) {
        for (int j = 0; j < to.length; j++) {
            to[j] += part[j];
        }
    }

    private void gradient(int node, double[][] values, double[][] arrived) {
        double[][] sources = graph.sources(values, node);
        double[] given = arrived[node];
        BackwardRule rule = rules.get(node);
        if (rule instanceof BackwardRule.GuidedRelu || rule instanceof BackwardRule.DeconvolutionRelu) {
            double[] passed = new double[given.length];
            for (int j = 0; j < passed.length; j++) {
                boolean open = rule instanceof BackwardRule.DeconvolutionRelu || sources[0][j] > 0;
                passed[j] = open ? Math.max(0, given[j]) : 0;
            }
            add(arrived, node, new double[][] {passed});
            return;
        }
        add(arrived, node, operation(node).vjp(sources, given));
    }

    private void multipliers(int node, double[][] values, double[][] references, double[][] arrived) {
        double[][] sources = graph.sources(values, node);
        double[][] before = graph.sources(references, node);
        BackwardRule rule = rules.get(node);
        double[] given = arrived[node];
        Operation operation = operation(node);
        if (rule instanceof BackwardRule.Rescale rescale) {
            add(arrived, node, operation.multipliers(sources, before, given, rescale.near()));
        } else if (rule instanceof BackwardRule.RevealCancel reveal) {
            int below = graph.node(node).sources().get(0);
            if (operation instanceof Operations.Pointwise pointwise
                    && !imposed[below]
                    && graph.node(below).operation() instanceof Operation.Weighted weighted) {
                int input = graph.node(below).sources().get(0);
                double[] parts = RevealCancel.multipliers(
                        pointwise.activation(), weighted, values[input], references[input], given, reveal.near());
                add(arrived[input], parts);
            } else {
                add(arrived, node, operation.multipliers(sources, before, given, reveal.near()));
            }
        } else {
            add(arrived, node, operation.vjp(sources, given));
        }
    }

    private void relevance(int node, double[][] values, double[][] arrived) {
        double[][] sources = graph.sources(values, node);
        Operation operation = operation(node);
        BackwardRule rule = rules.get(node);
        double[] relevance = arrived[node];
        double[] y = values[node];
        if (operation instanceof NormalizationOperations.BatchNorm2d norm && mergesWithBelow(node)) {
            int below = graph.node(node).sources().get(0);
            int input = graph.node(below).sources().get(0);
            WeightedMap map =
                    WeightedMap.of((Operation.Weighted) operation(below)).mergedWith(norm);
            if (rules.get(below) instanceof BackwardRule.Weighted weighted) {
                add(arrived[input], map.relevance(weighted, values[input], relevance));
            }
        } else if (rule == null) {
            add(arrived, node, operation.vjp(sources, relevance));
        } else if (rule instanceof BackwardRule.Weighted weighted) {
            double[] part = WeightedMap.of((Operation.Weighted) operation).relevance(weighted, sources[0], relevance);
            add(arrived, node, new double[][] {part});
        } else if (rule instanceof BackwardRule.Pass) {
            boolean maximum = operation.ruleKind() == Kind.MAX_POOLING;
            add(arrived, node, maximum ? operation.vjp(sources, relevance) : new double[][] {relevance.clone()});
        } else if (rule instanceof BackwardRule.SoftmaxTaylor
                && operation instanceof SoftmaxOperations.Softmax softmax) {
            add(arrived, node, new double[][] {taylor(softmax, sources[0], y, relevance)});
        } else if (rule instanceof BackwardRule.ConstantDeviation deviation) {
            double[][] back = operation.linearized(sources, divided(relevance, y, deviation.epsilon()));
            add(arrived, node, times(sources, back, 1));
        } else if (rule instanceof BackwardRule.Norm norm) {
            add(arrived, node, times(sources, operation.vjp(sources, divided(relevance, y, norm.epsilon())), 1));
        } else if (rule instanceof BackwardRule.Uniform uniform) {
            long dependent = graph.node(node).sources().stream()
                    .filter(source -> depends[source])
                    .count();
            double[][] back = operation.vjp(sources, divided(relevance, y, uniform.epsilon()));
            add(arrived, node, times(sources, back, 1.0 / dependent));
        } else {
            add(arrived, node, times(sources, operation.vjp(sources, divided(relevance, y, STABILIZER)), 1));
        }
    }

    private boolean mergesWithBelow(int node) {
        int below = graph.node(node).sources().get(0);
        return !imposed[below]
                && graph.node(below).operation() instanceof Operation.Weighted
                && rules.get(below) instanceof BackwardRule.Weighted;
    }

    /** Returns R / stab(y). */
    private static double[] divided(double[] relevance, double[] y, double epsilon) {
        double[] quotient = new double[y.length];
        for (int k = 0; k < y.length; k++) {
            quotient[k] = relevance[k] == 0 ? 0 : relevance[k] / WeightedMap.stabilized(y[k], epsilon);
        }
        return quotient;
    }

    private static double[][] times(double[][] sources, double[][] gradients, double share) {
        double[][] products = new double[gradients.length][];
        for (int s = 0; s < products.length; s++) {
            products[s] = new double[gradients[s].length];
            for (int j = 0; j < products[s].length; j++) {
                products[s][j] = share * sources[s][j] * gradients[s][j];
            }
        }
        return products;
    }

    /** Returns x (R − s ΣR) in each group. */
    private static double[] taylor(SoftmaxOperations.Softmax softmax, double[] x, double[] s, double[] relevance) {
        double[] result = new double[x.length];
        for (int start = 0; start < x.length; start += softmax.width()) {
            double total = 0;
            for (int j = start; j < start + softmax.width(); j++) {
                total += relevance[j];
            }
            for (int j = start; j < start + softmax.width(); j++) {
                result[j] = x[j] * (relevance[j] - s[j] * total);
            }
        }
        return result;
    }
}
