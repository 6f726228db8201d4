// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;

/**
 * The derivative of each operation of a graph.
 *
 * <p>SameDiff's own gradient function belongs to one loss and one set of variables, prints a line for each operation,
 * and cannot begin in the middle. Here each operation is differentiated once, by itself, with a placeholder for what
 * comes back to each of its results. So one set of derivatives serves every output, every layer and every cut.
 *
 * <p>Only the operations of {@link Trusted} go back by what SameDiff says of them.
 */
public final class Derivatives {
    private final Graph graph;
    private final Map<Step, Way> ways = new HashMap<>();
    private int placeholders;

    /**
     * The way back through one operation.
     *
     * @param rule the derivative in Java; null if SameDiff's operations are it
     * @param sent for each result of the operation the value that stands for what comes back to it
     * @param makers the operations of the derivative, by the values that they make
     * @param arriving for each input of the operation the value that arrives there
     * @param refusal why there is no derivative; null if there is one
     */
    record Way(
            @Nullable Rule rule,
            List<String> sent,
            Map<String, Step> makers,
            List<String> arriving,
            @Nullable String refusal) {
        static Way refused(String why) {
            return new Way(null, List.of(), Map.of(), List.of(), why);
        }
    }

    /**
     * Differentiates operations. The graph must not run meanwhile.
     *
     * @param steps the operations that are asked for
     */
    public Derivatives(Graph graph, List<Step> steps) {
        this.graph = graph;
        for (Step step : steps) {
            if (step.outputs().stream().anyMatch(graph::isFloating)
                    && step.inputs().stream().anyMatch(graph::isFloating)) {
                ways.put(step, way(step));
            }
        }
    }

    /** Returns the way back through an operation; null if it has no floating-point input and result. */
    @Nullable
    Way of(Step step) {
        return ways.get(step);
    }

    /** Returns why nothing goes back through an operation; null if something does. */
    public @Nullable String refusal(Step step) {
        Way way = ways.get(step);
        return way == null ? null : way.refusal();
    }

    private Way way(Step step) {
        if (Runner.isIdentity(step)) {
            return new Way(given -> List.of(given.gradient().dup('c')), List.of(), Map.of(), List.of(), null);
        }
        Rule rule = OwnRules.of(step);
        if (rule != null) {
            return new Way(rule, List.of(), Map.of(), List.of(), null);
        }
        String distrust = Trusted.refusal(step);
        if (distrust != null) {
            return Way.refused(distrust);
        }
        try {
            return differentiated(step);
        } catch (RuntimeException e) {
            return Way.refused("SameDiff does not differentiate it"
                    + (e.getMessage() == null
                            ? ""
                            : ": " + e.getMessage().lines().findFirst().orElse("")));
        }
    }

    private Way differentiated(Step step) {
        SameDiff samediff = graph.samediff();
        Set<String> operations = new HashSet<>(samediff.getOps().keySet());
        Set<String> variables = new HashSet<>(samediff.getVariables().keySet());
        List<SDVariable> sent = new ArrayList<>();
        for (String output : step.outputs()) {
            placeholders++;
            sent.add(samediff.placeHolder(
                    "attribution4j-sent-" + placeholders,
                    graph.type(output),
                    samediff.getVariable(output).getShape()));
        }
        List<SDVariable> arriving = step.operation().doDiff(new ArrayList<>(sent));
        if (arriving == null || arriving.size() < step.inputs().size()) {
            // What is missing belongs to inputs that take none, such as axes, and these come last.
            List<SDVariable> all = new ArrayList<>(arriving == null ? List.of() : arriving);
            for (String input : step.inputs().subList(all.size(), step.inputs().size())) {
                if (graph.isFloating(input)) {
                    return Way.refused("SameDiff gives no derivative by its input '" + input + "'");
                }
                all.add(sent.get(0));
            }
            arriving = all;
        }
        Map<String, Step> makers = new HashMap<>();
        for (Map.Entry<String, SameDiffOp> made : samediff.getOps().entrySet()) {
            if (!operations.contains(made.getKey())) {
                Step part = Graph.step(samediff, made.getValue());
                String refusal = Runner.refusal(graph, part);
                if (refusal != null) {
                    return Way.refused("its derivative has " + part.kind() + ", and " + refusal);
                }
                part.outputs().forEach(output -> makers.put(output, part));
            }
        }
        samediff.getVariables().forEach((name, variable) -> {
            VariableType type = variable.getVariable().getVariableType();
            if (!variables.contains(name) && (type == VariableType.CONSTANT || type == VariableType.VARIABLE)) {
                graph.addConstant(name, variable.getVariable().getArr());
            }
        });
        return new Way(
                null,
                sent.stream().map(SDVariable::name).toList(),
                makers,
                arriving.stream()
                        .limit(step.inputs().size())
                        .map(SDVariable::name)
                        .toList(),
                null);
    }
}
