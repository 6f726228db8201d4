// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import io.github.attribution4j.onnx.internal.proto.OneLine;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Looks at everything in a file that names something: tensors that lie in other files, wherever they stand, and names
 * that no exporter writes. The runtime follows the names of files too, and is not asked before these are known to lie
 * in the model's folder.
 */
final class FileCheck {
    private static final int LONGEST_NAME = 10_000;

    private final @Nullable Path folder;
    private final Deque<Graph> open = new ArrayDeque<>();

    private FileCheck(@Nullable Path folder) {
        this.folder = folder;
    }

    /**
     * Checks.
     *
     * @param graph the model's graph
     * @param functions the nodes of the functions that the file defines
     * @param folder the folder of the model; null if the model is an array
     */
    static void of(Graph graph, Collection<Node> functions, @Nullable Path folder) {
        FileCheck check = new FileCheck(folder);
        functions.forEach(check::node);
        check.open.add(graph);
        while (!check.open.isEmpty()) {
            check.graph(check.open.pop());
        }
    }

    private void graph(Graph graph) {
        graph.inputs().forEach(input -> name("input", input.name()));
        graph.outputs().forEach(output -> name("output", output.name()));
        graph.initializers().values().forEach(tensor -> {
            name("tensor", tensor.name());
            tensor.check(folder);
        });
        graph.nodes().forEach(this::node);
    }

    private void node(Node node) {
        name("node", node.name());
        name("operator", node.type());
        name("operator's set", node.domain());
        node.inputs().forEach(value -> name("value", value));
        node.outputs().forEach(value -> name("value", value));
        node.attributes().forEach((name, attribute) -> {
            name("attribute", name);
            attribute.tensors().forEach(tensor -> tensor.check(folder));
        });
        open.addAll(node.graphs());
    }

    private static void name(String what, String name) {
        if (name.length() > LONGEST_NAME || !OneLine.fits(name)) {
            throw new FormatException(
                    Reason.CORRUPT,
                    "the name of a" + ("aeio".indexOf(what.charAt(0)) < 0 ? " " : "n ") + what
                            + (name.length() > LONGEST_NAME
                                    ? " has " + name.length() + " characters"
                                    : ", '" + name + "', has control characters")
                            + "; the file is damaged");
        }
    }
}
