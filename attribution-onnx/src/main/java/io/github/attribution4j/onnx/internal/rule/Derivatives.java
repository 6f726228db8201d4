// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Node;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The derivative of an operation, of one node or of several. */
final class Derivatives {
    private Derivatives() {}

    /** Returns what the derivative passes back for something that comes to the result, by the names of values. */
    static Map<String, String> of(Step s, Group group, String sent) {
        Map<String, String> arrived = new HashMap<>(Map.of(Operations.result(group.end()), sent));
        Map<String, String> left = new LinkedHashMap<>();
        List<Node> nodes = group.nodes();
        for (int i = nodes.size() - 1; i >= 0; i--) {
            List<@Nullable String> cotangents = new ArrayList<>();
            for (String output : nodes.get(i).outputs()) {
                cotangents.add(arrived.get(output));
            }
            s.derivative(nodes.get(i), cotangents).forEach((value, part) -> {
                boolean inside = nodes.stream().anyMatch(node -> node.outputs().contains(value));
                (inside ? arrived : left).merge(value, part, s::add);
            });
        }
        return left;
    }

    /** Passes on what the derivative gives for something that is sent in place of what came. */
    static void pass(Step s, Group group, String sent) {
        of(s, group, sent).forEach(s::giveBeyond);
    }
}
