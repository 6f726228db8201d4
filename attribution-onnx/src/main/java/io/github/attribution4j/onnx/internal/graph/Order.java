// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;

/**
 * The order of nodes: each after those whose values it reads. The standard demands it. ONNX Runtime does not, so there
 * are files without it.
 */
final class Order {
    private Order() {}

    /** The same nodes in order; those that may stay where they are do. */
    static List<Node> of(List<Node> nodes) {
        Map<String, Integer> makers = new HashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            for (String value : nodes.get(i).outputs()) {
                makers.put(value, i);
            }
        }
        makers.remove("");
        boolean ordered = true;
        for (int i = 0; i < nodes.size() && ordered; i++) {
            int reader = i;
            ordered = nodes.get(i).reads().stream().allMatch(value -> makers.getOrDefault(value, -1) < reader);
        }
        return ordered ? nodes : sorted(nodes, makers);
    }

    private static List<Node> sorted(List<Node> nodes, Map<String, Integer> makers) {
        List<Set<Integer>> readers = new ArrayList<>();
        nodes.forEach(node -> readers.add(new HashSet<>()));
        int[] open = new int[nodes.size()];
        for (int i = 0; i < open.length; i++) {
            for (String value : nodes.get(i).reads()) {
                Integer maker = makers.get(value);
                if (maker != null && readers.get(maker).add(i)) {
                    open[i]++;
                }
            }
        }
        PriorityQueue<Integer> ready = new PriorityQueue<>();
        for (int i = 0; i < open.length; i++) {
            if (open[i] == 0) {
                ready.add(i);
            }
        }
        List<Node> sorted = new ArrayList<>();
        for (Integer next = ready.poll(); next != null; next = ready.poll()) {
            sorted.add(nodes.get(next));
            for (int reader : readers.get(next)) {
                if (--open[reader] == 0) {
                    ready.add(reader);
                }
            }
        }
        if (sorted.size() < nodes.size()) {
            List<Node> rest = new ArrayList<>(nodes);
            rest.removeAll(new HashSet<>(sorted));
            throw new FormatException(
                    Reason.CORRUPT,
                    "nodes read each other's values in a circle, " + rest.get(0) + " among them; the file is damaged");
        }
        return Collections.unmodifiableList(sorted);
    }
}
