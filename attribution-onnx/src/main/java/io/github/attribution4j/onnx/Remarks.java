// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.onnx.internal.graph.Constants;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Lookups;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.quantized.Dequantized;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** What the nodes before an output say of it: random draws, lost gradients, rows that depend on others. */
final class Remarks {
    private static final Map<String, String> LOSSES = Map.of(
            "Round", "rounding",
            "Floor", "rounding",
            "Ceil", "rounding",
            "QuantizeLinear", "rounding",
            "DynamicQuantizeLinear", "rounding",
            "Sign", "a sign",
            "ArgMax", "an index",
            "ArgMin", "an index",
            "Mod", "a jump",
            "Bernoulli", "a random draw");

    /** The most places that a sentence names. */
    private static final int NAMED = 3;

    private final List<String> draws = new ArrayList<>();
    private final List<String> losses = new ArrayList<>();
    private boolean halves;
    private boolean quantizes;
    private Optional<String> oneRow = Optional.empty();

    Remarks(Graph graph, Constants constants, String output, Map<String, ElementType> elements) {
        Set<String> dependent =
                Lookups.dependent(graph, Lookups.of(graph, constants).keySet());
        for (Node node : Graph.upstream(graph.nodes(), List.of(output))) {
            lookForDraws(node, constants);
            if (node.domain().isEmpty() && node.readsNumbersOf().stream().anyMatch(dependent::contains)) {
                lookForLosses(node, elements);
            }
        }
    }

    private void lookForDraws(Node node, Constants constants) {
        String at = " at \"" + node.output(0) + "\"";
        for (Graph inner : node.graphs()) {
            Constants within = new Constants(inner, constants);
            inner.nodes().forEach(each -> lookForDraws(each, within));
        }
        if (node.draws() && node.graphs().isEmpty()) {
            draws.add(node.type() + at);
        } else if (node.is("Dropout") && trains(constants, node)) {
            draws.add("dropout in training mode" + at);
        }
    }

    private void lookForLosses(Node node, Map<String, ElementType> elements) {
        String at = " at \"" + node.output(0) + "\"";
        quantizes |= Dequantized.rounds(node);
        String loss = LOSSES.get(node.type());
        ElementType from = elements.get(node.input(0));
        ElementType to = elements.get(node.output(0));
        boolean floating = from != null && from.carriesGradient();
        if (loss != null && floating) {
            losses.add(loss + at);
        } else if (node.is("Cast") && floating && to != null && !to.carriesGradient()) {
            losses.add("a cast to whole numbers" + at);
        }
        if (to != null && to.isHalf() && !halves) {
            halves = true;
            losses.add("rounding to " + to.name().toLowerCase(Locale.ROOT) + at + " and from there on");
        }
        if (node.is("DynamicQuantizeLinear") && oneRow.isEmpty()) {
            oneRow = Optional.of("the model quantizes by the range of all rows of a call (DynamicQuantizeLinear)");
        }
    }

    private static boolean trains(Constants constants, Node node) {
        long[] mode = node.input(2).isEmpty() ? null : constants.longs(node.input(2));
        return mode != null && mode.length == 1 && mode[0] != 0;
    }

    /**
     * Says why gradients are not those of what is computed.
     *
     * @param straight the quantizers that they pass
     */
    static Optional<String> approximation(List<Node> straight) {
        if (straight.isEmpty()) {
            return Optional.empty();
        }
        String named = straight.stream()
                .limit(NAMED)
                .map(node -> node.type() + " at \"" + node.output(0) + "\"")
                .collect(Collectors.joining(", "));
        String more = straight.size() > NAMED ? " and " + (straight.size() - NAMED) + " more" : "";
        return Optional.of("quantizers (" + named + more + ") count as if they did not round, and have a slope of zero"
                + " outside their ranges; the model as it was before it was quantized has exact ones");
    }

    /** Whether numbers that depend on the inputs are quantized on their way to the output. */
    boolean quantizes() {
        return quantizes;
    }

    List<String> draws() {
        return List.copyOf(draws);
    }

    List<String> losses() {
        return List.copyOf(losses);
    }

    Optional<String> oneRow() {
        return oneRow;
    }
}
