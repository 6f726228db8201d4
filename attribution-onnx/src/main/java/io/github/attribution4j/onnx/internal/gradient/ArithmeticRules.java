// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.Map;

/** Operators of several operands that are broadcast, and those of one operand that are no formula. */
final class ArithmeticRules {
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double ONE_OVER_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

    private ArithmeticRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("Add", s -> {
            back(s, 0, s.g());
            back(s, 1, s.g());
        });
        table.put("Sub", s -> {
            back(s, 0, s.g());
            if (s.needs(1)) {
                back(s, 1, s.neg(s.g()));
            }
        });
        table.put("Mul", s -> {
            if (s.needs(0)) {
                back(s, 0, s.mul(s.g(), s.x(1)));
            }
            if (s.needs(1)) {
                back(s, 1, s.mul(s.g(), s.x(0)));
            }
        });
        table.put("Div", s -> {
            String part = s.div(s.g(), s.x(1));
            back(s, 0, part);
            if (s.needs(1)) {
                back(s, 1, s.neg(s.mul(part, s.div(s.x(0), s.x(1)))));
            }
        });
        table.put("Pow", ArithmeticRules::pow);
        table.put("Mod", ArithmeticRules::mod);
        table.put("Sum", s -> {
            for (int i = 0; i < s.node().inputs().size(); i++) {
                back(s, i, s.g());
            }
        });
        table.put("Mean", s -> {
            String part = s.times(s.g(), 1.0 / s.node().inputs().size());
            for (int i = 0; i < s.node().inputs().size(); i++) {
                back(s, i, part);
            }
        });
        table.put("Max", ArithmeticRules::extreme);
        table.put("Min", ArithmeticRules::extreme);
        table.put("Where", s -> {
            if (s.needs(1)) {
                back(s, 1, s.where(s.x(0), s.g(), s.number(s.type(1).element(), 0)));
            }
            if (s.needs(2)) {
                back(s, 2, s.where(s.x(0), s.number(s.type(2).element(), 0), s.g()));
            }
        });
        table.put("PRelu", s -> {
            String right = s.op("Greater", s.x(), s.number(0));
            if (s.needs(0)) {
                back(s, 0, s.where(right, s.g(), s.mul(s.g(), s.x(1))));
            }
            if (s.needs(1)) {
                back(s, 1, s.where(right, s.number(0), s.mul(s.g(), s.x())));
            }
        });
        table.put("Clip", ArithmeticRules::clip);
        table.put("Gelu", ArithmeticRules::gelu);
        table.put("Cast", s -> s.give(0, s.cast(s.g(), s.element())));
        table.put("CastLike", s -> {
            s.give(0, s.cast(s.g(), s.element()));
            if (s.needs(1)) {
                s.give(1, s.zeros(s.x(1))); // of which only the type is taken
            }
        });
        table.put("Dropout", s -> {
            Double training = s.has(2) ? s.constants().number(s.x(2)) : Double.valueOf(0);
            if (training == null || training != 0) {
                throw s.refuse("it is in training mode; export the model in eval mode");
            }
            s.give(0, s.g());
        });
        table.put("Range", ArithmeticRules::range);
    }

    private static void back(Step s, int input, String gradient) {
        if (s.needs(input)) {
            s.give(input, s.unbroadcast(gradient, s.y(), s.x(input)));
        }
    }

    private static void pow(Step s) {
        ElementType type = s.element();
        Double constant = s.constants().number(s.x(1));
        if (s.needs(0)) {
            String slope;
            if (constant != null && constant == 2) {
                slope = s.times(s.x(), 2);
            } else if (constant != null && constant == 3) {
                slope = s.times(s.mul(s.x(), s.x()), 3);
            } else if (constant != null && constant == 0) {
                slope = s.zeros(s.x());
            } else if (constant != null) {
                slope = s.times(s.op("Pow", s.x(), s.number(constant - 1)), constant);
            } else {
                String exponent = exponent(s, type);
                String power = s.mul(exponent, s.op("Pow", s.x(), s.sub(exponent, s.number(1))));
                slope = s.where(s.op("Equal", exponent, s.number(0)), s.number(0), power); // and not 0 · ∞
            }
            back(s, 0, s.mul(s.g(), slope));
        }
        if (s.needs(1)) {
            String exponent = exponent(s, type);
            String flat = s.op("And", s.op("Equal", s.x(), s.number(0)), s.op("GreaterOrEqual", exponent, s.number(0)));
            String slope = s.where(flat, s.number(0), s.mul(s.y(), s.op("Log", s.x())));
            back(s, 1, s.cast(s.mul(s.g(), slope), s.type(1).element()));
        }
    }

    private static String exponent(Step s, ElementType type) {
        return s.type(1).element() == type ? s.x(1) : s.cast(s.x(1), type);
    }

    private static void mod(Step s) {
        back(s, 0, s.g());
        if (s.needs(1)) {
            // The remainder of floats has the sign of the dividend: x - y·trunc(x / y).
            String ratio = s.div(s.x(0), s.x(1));
            String whole = s.mul(s.op("Sign", ratio), s.op("Floor", s.op("Abs", ratio)));
            back(s, 1, s.neg(s.mul(s.g(), whole)));
        }
    }

    /** Equal elements share the gradient. */
    private static void extreme(Step s) {
        int count = s.node().inputs().size();
        if (count == 1) {
            s.give(0, s.g());
            return;
        }
        String sharers = null;
        String[] masks = new String[count];
        for (int i = 0; i < count; i++) {
            masks[i] = s.mask(s.op("Equal", s.x(i), s.y()));
            sharers = sharers == null ? masks[i] : s.add(sharers, masks[i]);
        }
        String part = s.div(s.g(), sharers == null ? s.number(1) : sharers);
        for (int i = 0; i < count; i++) {
            if (s.needs(i)) {
                back(s, i, s.mul(part, masks[i]));
            }
        }
    }

    private static void clip(Step s) {
        if (s.needs(1)) {
            String below = s.op("Less", s.x(), s.x(1));
            String bound = s.has(2) ? s.op("And", below, s.op("Less", s.x(1), s.x(2))) : below;
            s.give(1, s.shapedLike(s.sumOfAll(s.keep(bound, s.g())), s.x(1)));
        }
        if (s.needs(2)) {
            String above = s.op("Greater", s.x(), s.x(2));
            String bound = s.has(1) ? s.op("Or", above, s.op("Less", s.x(2), s.x(1))) : above;
            s.give(2, s.shapedLike(s.sumOfAll(s.keep(bound, s.g())), s.x(2)));
        }
        if (!s.needs(0)) {
            return;
        }
        String gradient = s.g();
        if (s.has(1)) {
            gradient = s.keep(s.op("GreaterOrEqual", s.x(), s.x(1)), gradient);
        }
        if (s.has(2)) {
            gradient = s.keep(s.op("LessOrEqual", s.x(), s.x(2)), gradient);
        }
        s.give(0, gradient);
    }

    private static void gelu(Step s) {
        String x = s.x();
        String squared = s.mul(x, x);
        if (s.text("approximate", "none").equals("tanh")) {
            String inner = s.times(s.add(x, s.times(s.mul(squared, x), 0.044715)), SQRT_TWO_OVER_PI);
            String tanh = s.op("Tanh", inner);
            String slope = s.times(s.add(s.number(1), s.times(squared, 3 * 0.044715)), SQRT_TWO_OVER_PI);
            String right = s.mul(s.mul(x, s.sub(s.number(1), s.mul(tanh, tanh))), slope);
            s.give(0, s.mul(s.g(), s.times(s.add(s.add(s.number(1), tanh), right), 0.5)));
            return;
        }
        String left = s.times(s.add(s.number(1), s.op("Erf", s.times(x, SQRT_HALF))), 0.5);
        String density = s.times(s.op("Exp", s.times(squared, -0.5)), ONE_OVER_SQRT_TWO_PI);
        s.give(0, s.mul(s.g(), s.add(left, s.mul(x, density))));
    }

    /** The end only determines how many there are. */
    private static void range(Step s) {
        if (s.needs(0)) {
            s.give(0, s.sumOfAll(s.g()));
        }
        if (s.needs(1)) {
            s.give(1, s.zeros(s.x(1)));
        }
        if (s.needs(2)) {
            String numbers = s.op("Range", s.integer(0), s.reshape(s.count(s.y()), new long[0]), s.integer(1));
            s.give(2, s.sumOfAll(s.mul(s.g(), s.cast(numbers, s.element()))));
        }
    }
}
