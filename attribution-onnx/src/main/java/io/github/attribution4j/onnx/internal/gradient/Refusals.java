// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Graph;
import io.github.attribution4j.onnx.internal.graph.Modules;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import io.github.attribution4j.onnx.internal.unfuse.Unfused;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Why gradients are refused: all reasons of a model, each kind once. */
final class Refusals {
    private static final int MOST = 10;

    /** For each exception the reason without the node, so that equal reasons are found. */
    private final Map<UnsupportedModelException, String> reasons = new LinkedHashMap<>();

    private final Map<String, List<UnsupportedModelException>> kinds = new LinkedHashMap<>();

    /** The nodes that were refused, and those with which others were. */
    private final Set<Node> nodes = new LinkedHashSet<>();

    /** Refuses one node, said to be somewhere. */
    UnsupportedModelException refuse(String where, String why) {
        UnsupportedModelException refusal = new UnsupportedModelException(where + ": " + why);
        reasons.put(refusal, why);
        return refusal;
    }

    /** Records a refusal and continues. */
    void add(Node node, UnsupportedModelException refusal) {
        nodes.add(node);
        String why = reasons.getOrDefault(refusal, String.valueOf(refusal.getMessage()));
        kinds.computeIfAbsent(node.domain() + " " + node.type() + " " + why, kind -> new ArrayList<>())
                .add(refusal);
    }

    void addAll(Refusals others) {
        nodes.addAll(others.nodes);
        reasons.putAll(others.reasons);
        others.kinds.forEach((kind, more) ->
                kinds.computeIfAbsent(kind, any -> new ArrayList<>()).addAll(more));
    }

    boolean isEmpty() {
        return kinds.isEmpty();
    }

    /** The refused nodes. */
    Set<Node> nodes() {
        return nodes;
    }

    /** All reasons, in one line. */
    String words() {
        List<String> said = new ArrayList<>();
        for (List<UnsupportedModelException> each : kinds.values()) {
            if (said.size() < MOST) {
                String first = String.valueOf(each.get(0).getMessage());
                said.add(each.size() == 1 ? first : first + " (and " + (each.size() - 1) + " more of this kind)");
            }
        }
        if (kinds.size() > MOST) {
            said.add("and " + (kinds.size() - MOST) + " more kinds");
        }
        return String.join("; ", said);
    }

    static String where(Node node) {
        String around = Modules.around(node);
        return node.type() + " at node '" + node.name() + "'" + (around.isEmpty() ? "" : " in module '" + around + "'");
    }

    static String remedy(Node node) {
        String unsaid = Unfused.reason(node);
        if (!unsaid.isEmpty()) {
            return unsaid;
        }
        if (node.domain().startsWith("com.microsoft") || node.domain().equals("com.ms.internal.nhwc")) {
            return "ONNX Runtime's optimizer has added it; give the model as it was before it was optimized";
        }
        if (node.domain().equals("ai.onnx.ml")) {
            return "it is a step of a classical model, such as a tree or an encoder; perturb the inputs instead";
        }
        if (!node.domain().isEmpty()) {
            return "it belongs to '" + node.domain()
                    + "', not to the standard; inline it with onnx.inliner if it is a function, or export without it";
        }
        return "no rule is known for it; perturb the inputs instead, or attribute a layer after it";
    }

    /** The refusal if every way from what is attributed to the output ends before it. */
    static UnsupportedModelException cut(
            Graph graph,
            String output,
            Set<String> carried,
            Function<String, ValueType> type,
            Function<Set<Node>, String> beyond) {
        Set<String> ends = new LinkedHashSet<>();
        Set<Node> last = new LinkedHashSet<>();
        for (Node node : Graph.upstream(graph.nodes(), List.of(output))) {
            if (node.readsNumbersOf().stream().anyMatch(carried::contains)
                    && node.outputs().stream().noneMatch(carried::contains)) {
                last.add(node);
                ElementType element = type.apply(node.output(0)).element();
                ends.add(where(node) + ", "
                        + (element.carriesGradient()
                                ? Rules.cuts(node)
                                        ? "whose slope is zero everywhere"
                                        : "which counts as a constant by its rule"
                                : "which gives " + element + ", and only floats carry gradients"));
            }
        }
        if (ends.isEmpty()) {
            ends.add("the output itself, which is " + type.apply(output).element());
        }
        String more = ends.size() > MOST ? " and at " + (ends.size() - MOST) + " more" : "";
        return new UnsupportedModelException("no gradient comes back from '" + output + "': every way ends at "
                + ends.stream().limit(MOST).collect(Collectors.joining("; at ")) + more
                + "; attribute an output or a layer of floats, or perturb the inputs instead" + beyond.apply(last));
    }
}
