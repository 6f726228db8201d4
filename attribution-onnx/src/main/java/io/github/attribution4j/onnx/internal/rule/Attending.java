// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import static io.github.attribution4j.onnx.internal.gradient.Words.set;

import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention of opset 23 and later, step by step: the product of queries and keys, a bound if there is one, softmax, and
 * the product with the values. All values are (rows, heads of keys, queries of each, places, sizes).
 */
final class Attending {
    private final Step s;
    private final boolean joined;
    private final String keyHeads;

    Attending(Step s) {
        this.s = s;
        this.joined = s.rank(s.x()) == 3;
        this.keyHeads = joined ? s.ints(s.integer("kv_num_heads", 0)) : s.sizes(s.x(1), 1);
        if (s.arrived(3)) {
            throw s.refuse("a multiplier comes to its weights themselves (output 4), and no rule is known for that");
        }
    }

    void apply() {
        Pair q = grouped(0);
        Pair k = new Pair(whole(s.x(1), s.x(4)), whole(s.past(s.x(1)), s.past(s.x(4))));
        Pair v = new Pair(whole(s.x(2), s.x(5)), whole(s.past(s.x(2)), s.past(s.x(5))));
        Pair weights = inner(3);
        double cap = s.real("softcap", 0);
        boolean keys = s.needs(1) || s.needs(4);
        boolean scores = s.needs(0) || keys || s.needs(3);
        boolean values = s.needs(2) || s.needs(5);
        String g = grouped(heads(s.g(), "q_num_heads"));
        if (values) {
            String mean = scores ? mean(weights) : weights.now();
            give(2, 5, s.sum(s.matmul(s.transpose(mean, 0, 1, 2, 4, 3), g), false, 2));
        }
        if (!scores) {
            return;
        }
        String came = s.matmul(g, s.transpose(values ? mean(v) : v.now(), 0, 1, 2, 4, 3));
        String back = Soft.back(s, came, inner(2), weights, -1);
        if (s.needs(3)) {
            s.give(
                    3,
                    s.sumToShape(
                            s.op("Reshape", back, s.op("Shape", raw(3, s.node().inputs()))), s.x(3)));
        }
        if (cap != 0) {
            Pair bounded = inner(1);
            Pair before = inner(0);
            s.like(before.now(), s.x());
            String tanh = s.times(bounded.now(), 1 / cap);
            String derivative = s.sub(s.number(1), s.mul(tanh, tanh));
            back = s.mul(back, Slopes.slope(s, before, bounded, derivative, 0));
        }
        String scaled = s.mul(back, scale(q.now()));
        boolean both = s.needs(0) && keys;
        if (s.needs(0)) {
            String all =
                    s.reshape(s.matmul(scaled, both ? mean(k) : k.now()), s.op("Shape", heads(s.x(0), "q_num_heads")));
            s.give(0, joined ? s.shapedLike(s.transpose(all, 0, 2, 1, 3), s.x(0)) : all);
        }
        if (keys) {
            String turned = s.transpose(scaled, 0, 1, 2, 4, 3);
            give(1, 4, s.sum(s.matmul(turned, both ? mean(q) : q.now()), false, 2));
        }
    }

    private String mean(Pair pair) {
        return Slopes.halfOf(s, pair.now(), pair.then());
    }

    /** What the node computes within, by the number of its mode, in both runs. */
    private Pair inner(int mode) {
        List<String> now = s.node().inputs();
        return new Pair(
                grouped(raw(mode, now)),
                grouped(raw(mode, now.stream().map(s::past).toList())));
    }

    private String raw(int mode, List<String> inputs) {
        List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
        attributes.removeIf(attribute -> attribute.name().equals("qk_matmul_output_mode"));
        attributes.add(set("qk_matmul_output_mode", mode));
        return s.ops("Attention", 4, attributes, inputs.toArray(new String[0])).get(3);
    }

    private String heads(String value, String count) {
        if (!joined) {
            return value;
        }
        String split = s.op("Reshape", value, s.ints(0, 0, s.integer(count, 0), -1));
        return s.transpose(split, 0, 2, 1, 3);
    }

    private Pair grouped(int input) {
        return new Pair(grouped(heads(s.x(input), "q_num_heads")), grouped(heads(s.past(s.x(input)), "q_num_heads")));
    }

    /** Several heads of queries may share one of keys. */
    private String grouped(String value) {
        String rest = s.op("Shape", List.of(set("start", 2)), value);
        return s.op("Reshape", value, s.concat(0, s.ints(0), keyHeads, s.ints(-1), rest));
    }

    /** Keys or values, behind those of the past. */
    private String whole(String value, String past) {
        String now = heads(value, "kv_num_heads");
        return s.unsqueeze(past.isEmpty() ? now : s.concat(2, past, now), 2);
    }

    private String scale(String q) {
        if (s.set("scale")) {
            return s.number(s.real("scale", 1));
        }
        String size = s.op("Shape", List.of(set("start", -1)), q);
        return s.op("Reciprocal", s.op("Sqrt", s.cast(size, s.element())));
    }

    /** Hands on what comes to keys or values, also what came to them as a result. */
    private void give(int input, int past, String came) {
        String all = s.arrived(input) ? s.add(came, s.g(input)) : came;
        String now = all;
        if (s.has(past)) {
            String length = s.sizes(s.x(past), 2);
            if (s.needs(past)) {
                s.give(past, s.slice(all, s.ints(0), length, s.ints(2)));
            }
            now = s.slice(all, length, s.ints(Long.MAX_VALUE), s.ints(2));
        }
        if (s.needs(input)) {
            s.give(input, joined ? s.shapedLike(s.transpose(now, 0, 2, 1, 3), s.x(input)) : now);
        }
    }
}
