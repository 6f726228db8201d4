// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.rule;

import io.github.attribution4j.onnx.internal.gradient.Rules.Rule;
import io.github.attribution4j.onnx.internal.gradient.Step;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.rule.Slopes.Pair;
import java.util.Map;
import java.util.Set;

/**
 * Comparisons, the logic of truth values, and choices by them. A truth value counts as the number 0 or 1: the
 * multiplier of a comparison is its change divided by the change of the difference that it looks at.
 */
final class Conditions {
    /** The operators whose results are truth values that multipliers go through. */
    static final Set<String> OPERATORS =
            Set.of("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "Not", "And", "Or", "Xor");

    private Conditions() {}

    static void addTo(Map<String, Rule> rules) {
        for (String operator : Set.of("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")) {
            rules.put(operator, Conditions::comparison);
        }
        rules.put("Not", s -> s.give(0, s.neg(s.g())));
        rules.put("And", s -> logic(s, 0));
        rules.put("Or", s -> logic(s, 1));
        rules.put("Xor", s -> logic(s, 2));
        rules.put("Where", Conditions::choice);
        rules.put("Cast", Conditions::cast);
    }

    private static void cast(Step s) {
        ElementType type = s.element();
        if (type == ElementType.BOOL) {
            s.give(0, s.g()); // of the type of what the truth value becomes
        } else if (s.type(s.y()).element() == ElementType.BOOL) {
            String change = s.sub(s.cast(s.y(), type), s.cast(s.past(s.y()), type));
            String slope = s.finite(type, s.div(change, s.sub(s.x(), s.past(s.x()))));
            s.give(0, s.mul(s.cast(s.g(), type), slope));
        } else {
            s.give(0, s.cast(s.g(), type));
        }
    }

    private static void comparison(Step s) {
        if (s.element() == ElementType.BOOL) {
            logicOfEquals(s);
            return;
        }
        ElementType type = s.element();
        String change = s.sub(s.cast(s.y(), type), s.cast(s.past(s.y()), type));
        Pair a = Pair.of(s, s.x(0));
        Pair b = Pair.of(s, s.x(1));
        String by = s.sub(s.sub(a.now(), b.now()), s.sub(a.then(), b.then()));
        String back = s.mul(s.cast(s.g(), type), s.finite(type, s.div(change, by)));
        if (s.needs(0)) {
            s.give(0, s.unbroadcast(back, s.y(), s.x(0)));
        }
        if (s.needs(1)) {
            s.give(1, s.unbroadcast(s.neg(back), s.y(), s.x(1)));
        }
    }

    /** Of truth values a and b: and is ab, or is a + b - ab, one of both is a + b - 2ab. */
    private static void logic(Step s, int product) {
        for (int i = 0; i < 2; i++) {
            if (s.needs(i)) {
                String slope = slope(s, s.x(1 - i), product);
                s.give(i, s.unbroadcast(times(s, s.g(), slope), s.y(), s.x(i)));
            }
        }
    }

    /** Both or none of two: 1 - a - b + 2ab. */
    private static void logicOfEquals(Step s) {
        for (int i = 0; i < 2; i++) {
            if (s.needs(i)) {
                String slope = slope(s, s.x(1 - i), 2);
                s.give(i, s.unbroadcast(s.neg(times(s, s.g(), slope)), s.y(), s.x(i)));
            }
        }
    }

    /** In float32, which every truth value and half of one has exactly. */
    private static String slope(Step s, String other, int product) {
        ElementType type = ElementType.FLOAT;
        String mean = s.mul(s.add(s.cast(other, type), s.cast(s.past(other), type)), s.number(type, 0.5));
        return product == 0 ? mean : s.sub(s.number(type, 1), s.mul(mean, s.number(type, product)));
    }

    private static String times(Step s, String g, String slope) {
        return s.mul(g, s.op("CastLike", slope, g));
    }

    /**
     * Where the condition is the same in both runs, a choice is linear. Where it changes, each of the two values has
     * half of its own change, and the condition half of what divides the two.
     */
    private static void choice(Step s) {
        ElementType type = s.type(1).element();
        String now = s.x(0);
        String then = s.past(now);
        if (!s.needs(0)) {
            if (s.needs(1)) {
                s.give(1, s.unbroadcast(s.where(now, s.g(), s.number(type, 0)), s.y(), s.x(1)));
            }
            if (s.needs(2)) {
                s.give(2, s.unbroadcast(s.where(now, s.number(type, 0), s.g()), s.y(), s.x(2)));
            }
            return;
        }
        Pair a = Pair.of(s, s.x(1));
        Pair b = Pair.of(s, s.x(2));
        String one = s.cast(now, type);
        String changes = s.op("Xor", now, then);
        String gap = s.mul(s.add(s.sub(a.now(), b.now()), s.sub(a.then(), b.then())), s.number(type, 0.5));
        // A value in place of what is infinite, such as a score that is masked, has no half of a change.
        String bounded = s.finite(type, s.sub(gap, gap));
        String sure = s.op("Equal", s.sub(gap, gap), bounded);
        String direct = s.mul(s.sub(s.y(), s.past(s.y())), s.sub(one, s.cast(then, type)));
        String zero = s.number(type, 0);
        String half = s.where(sure, s.number(type, 0.5), zero);
        String by = s.where(changes, s.where(sure, gap, s.finite(type, direct)), zero);
        s.give(0, s.unbroadcast(s.mul(s.g(), by), s.y(), s.x(0)));
        if (s.needs(1)) {
            s.give(1, s.unbroadcast(s.mul(s.g(), s.where(changes, half, one)), s.y(), s.x(1)));
        }
        if (s.needs(2)) {
            String other = s.sub(s.number(type, 1), one);
            s.give(2, s.unbroadcast(s.mul(s.g(), s.where(changes, half, other)), s.y(), s.x(2)));
        }
    }
}
