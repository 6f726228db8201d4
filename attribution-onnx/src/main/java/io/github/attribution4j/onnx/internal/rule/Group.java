// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.Operation.Kind;
import io.github.attribution4j.onnx.internal.graph.Node;
import java.util.List;

/**
 * Nodes that are one operation. Most operations have one node. Exporters write some operations of PyTorch as several.
 *
 * @param kind what they do together
 * @param name in PyTorch
 * @param nodes in order; the last one computes the result, and nothing else reads what the others compute
 * @param source the value that they take; constants aside
 */
record Group(Kind kind, String name, List<Node> nodes, String source) {
    Node end() {
        return nodes.get(nodes.size() - 1);
    }

    boolean isOne() {
        return nodes.size() == 1;
    }
}
