// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.onnx.internal.gradient.Rules;
import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;

/**
 * An element-wise function of what a layer with weights computes, bias and all: the positive and the negative summands
 * of that layer get multipliers of their own. They come back to what the layer reads, past the layer itself.
 */
final class RevealCancel {
    private final double near;

    RevealCancel(double near) {
        this.near = near;
    }

    /** The rule of a function where such a layer comes before, and another one elsewhere. */
    Rule or(Group function, Family.Around around, Rule elsewhere) {
        return s -> {
            long needing = IntStream.range(0, s.node().inputs().size())
                    .filter(s::needs)
                    .count();
            if (function.isOne() && needing != 1) {
                elsewhere.apply(s);
                return;
            }
            String x = Slopes.source(s, function);
            Place before = around.before(x);
            Node layer = before == null || before.kind() != Operation.Kind.WEIGHTED
                    ? null
                    : before.group().nodes().get(0);
            if (layer == null || !s.needsValue(layer.input(0)) || s.touched(layer.input(1))) {
                elsewhere.apply(s);
            } else {
                apply(s, function, x, layer);
            }
        };
    }

    private void apply(Step s, Group function, String source, Node layer) {
        String zero = s.number(0);
        String read = layer.input(0);
        String change = s.sub(read, s.past(read));
        String half = s.number(0.5);
        String tie = s.mul(s.mask(s.op("Equal", change, zero)), half);
        String ups = s.add(s.mask(s.op("Greater", change, zero)), tie);
        String downs = s.add(s.mask(s.op("Less", change, zero)), tie);
        String weights = layer.input(1);
        String raising = s.like(s.op("Max", weights, zero), weights);
        String falling = s.like(s.op("Min", weights, zero), weights);
        String up = s.mul(change, ups);
        String down = s.mul(change, downs);
        String rise = s.like(s.add(map(s, layer, up, raising), map(s, layer, down, falling)), source);
        String fall = s.like(s.add(map(s, layer, up, falling), map(s, layer, down, raising)), source);

        Pair x = Pair.of(s, source);
        Pair y = Pair.of(s, Operations.result(function.end()));
        String risen = again(s, function, source, s.like(s.sub(x.now(), fall), source));
        String fallen = again(s, function, source, s.like(s.sub(x.now(), rise), source));
        String climb = s.mul(s.add(s.sub(risen, y.then()), s.sub(y.now(), fallen)), half);
        String drop = s.mul(s.add(s.sub(fallen, y.then()), s.sub(y.now(), risen)), half);
        String derivative = Slopes.derivative(s, function, source, y.now());
        String size = s.add(s.op("Abs", x.now()), s.op("Abs", y.now()));
        String byRise = s.mul(s.g(), Slopes.quotient(s, climb, rise, size, derivative, near));
        String byFall = s.mul(s.g(), Slopes.quotient(s, drop, fall, size, derivative, near));
        String toUps = s.add(back(s, layer, byRise, raising), back(s, layer, byFall, falling));
        String toDowns = s.add(back(s, layer, byRise, falling), back(s, layer, byFall, raising));
        s.giveBeyond(read, s.add(s.mul(toUps, ups), s.mul(toDowns, downs)));
    }

    /** The function of other numbers. */
    private static String again(Step s, Group function, String source, String x) {
        Map<String, String> now = new HashMap<>(Map.of(source, x));
        String last = x;
        for (Node node : function.nodes()) {
            String[] inputs = node.inputs().stream()
                    .map(value -> now.getOrDefault(value, value))
                    .toArray(String[]::new);
            last = s.op(node.type(), List.copyOf(node.attributes().values()), inputs);
            now.put(Operations.result(node), last);
        }
        return last;
    }

    /** The layer without its bias, with other weights. */
    private static String map(Step s, Node layer, String x, String weights) {
        return s.op(layer.type(), List.copyOf(layer.attributes().values()), x, weights);
    }

    /** What comes back to the layer's input, with other weights. */
    private static String back(Step s, Node layer, String g, String weights) {
        Step step = s.at(layer);
        List<String> inputs = new ArrayList<>(layer.inputs());
        inputs.set(1, weights);
        return Objects.requireNonNull(
                step.asked(Objects.requireNonNull(Rules.of(layer)), inputs, Collections.singletonList(g))
                        .get(0));
    }
}
