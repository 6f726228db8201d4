// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.gradient.ContractionRules.AttentionWords;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.List;

/**
 * Attention of opset 23 and later, step by step: the product of queries and keys, a bound if there is one, softmax, and
 * the product with the values. All values are (rows, heads of keys, queries of each, places, sizes).
 */
final class Attending {
    private final Step s;
    private final AttentionWords words;

    Attending(Step s) {
        this.s = s;
        this.words = new AttentionWords(s);
        if (s.arrived(3)) {
            throw s.refuse("a multiplier comes to its weights themselves (output 4), and no rule is known for that");
        }
    }

    void apply() {
        Pair q = new Pair(words.queries(s.x(0)), words.queries(s.past(s.x(0))));
        Pair k = new Pair(words.whole(s.x(1), s.x(4)), words.whole(s.past(s.x(1)), s.past(s.x(4))));
        Pair v = new Pair(words.whole(s.x(2), s.x(5)), words.whole(s.past(s.x(2)), s.past(s.x(5))));
        Pair weights = inner(3);
        double cap = s.real("softcap", 0);
        boolean keys = s.needs(1) || s.needs(4);
        boolean scores = s.needs(0) || keys || s.needs(3);
        boolean values = s.needs(2) || s.needs(5);
        String g = words.queries(s.g());
        if (values) {
            String mean = scores ? mean(weights) : weights.now();
            words.give(2, 5, s.sum(s.matmul(s.transpose(mean, 0, 1, 2, 4, 3), g), false, 2));
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
                            s.op(
                                    "Reshape",
                                    back,
                                    s.op("Shape", words.inner(3, s.node().inputs()))),
                            s.x(3)));
        }
        if (cap != 0) {
            Pair bounded = inner(1);
            Pair before = inner(0);
            s.like(before.now(), s.x());
            String tanh = s.times(bounded.now(), 1 / cap);
            String derivative = s.sub(s.number(1), s.mul(tanh, tanh));
            back = s.mul(back, Slopes.slope(s, before, bounded, derivative, 0));
        }
        String scaled = s.mul(back, words.scale(q.now()));
        boolean both = s.needs(0) && keys;
        if (s.needs(0)) {
            words.giveQueries(s.matmul(scaled, both ? mean(k) : k.now()));
        }
        if (keys) {
            String turned = s.transpose(scaled, 0, 1, 2, 4, 3);
            words.give(1, 4, s.sum(s.matmul(turned, both ? mean(q) : q.now()), false, 2));
        }
    }

    private String mean(Pair pair) {
        return Slopes.halfOf(s, pair.now(), pair.then());
    }

    /** What the node computes within, by the number of its mode, in both runs. */
    private Pair inner(int mode) {
        List<String> now = s.node().inputs();
        return new Pair(
                words.grouped(words.inner(mode, now)),
                words.grouped(words.inner(mode, now.stream().map(s::past).toList())));
    }
}
