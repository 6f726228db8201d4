// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What the operations before an output say of it: random draws, lost gradients. */
public final class Remarks {
    private static final Map<String, String> LOSSES = Map.of(
            "round", "rounding",
            "rint", "rounding",
            "floor", "rounding",
            "ceil", "rounding",
            "sign", "a sign",
            "argmax", "an index",
            "argmin", "an index",
            "stop_gradient", "detach");

    private final List<String> losses = new ArrayList<>();
    private final List<String> draws = new ArrayList<>();

    /**
     * Reads operations.
     *
     * @param inputs the names of the graph's inputs
     */
    public Remarks(Graph graph, List<Step> steps, List<String> inputs) {
        Set<String> dependent = Graph.computedFrom(inputs, steps, value -> true);
        for (Step step : steps) {
            if (Runner.draws(step)) {
                draws.add(step.described());
            }
            boolean floating =
                    step.inputs().stream().anyMatch(input -> dependent.contains(input) && graph.isFloating(input));
            String loss = LOSSES.get(step.kind());
            if (floating && loss != null) {
                losses.add(loss + " at \"" + step.outputs().get(0) + "\"");
            } else if (floating
                    && step.kind().equals("cast")
                    && !graph.isFloating(step.outputs().get(0))) {
                losses.add("a cast to whole numbers at \"" + step.outputs().get(0) + "\"");
            }
        }
    }

    /** Returns where gradients are lost. */
    public List<String> losses() {
        return List.copyOf(losses);
    }

    /** Returns where random numbers are drawn. */
    public List<String> draws() {
        return List.copyOf(draws);
    }
}
