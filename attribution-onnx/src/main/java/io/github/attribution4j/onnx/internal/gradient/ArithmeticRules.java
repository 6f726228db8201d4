// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Operators of several operands that are broadcast, and those of one operand that are no formula. */
final class ArithmeticRules {
    private static final double SQRT_HALF = Math.sqrt(0.5);
    private static final double SQRT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double ONE_OVER_SQRT_TWO_PI = 1 / Math.sqrt(2 * Math.PI);

    /** Steps beyond the range of every quantized type, which the runtime can still count. */
    private static final double BEYOND = 1e6;

    private static final double BEYOND_OF_HALF = 6e4;

    /** The share of a step by which a value may lie outside the range: the scale itself is rounded. */
    private static final double SPARE = 1e-3;

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
        table.put("QuantizeLinear", ArithmeticRules::quantize);
        table.put("DequantizeLinear", ArithmeticRules::dequantize);
        table.put("DynamicQuantizeLinear", s -> s.give(0, s.div(s.g(), s.node().output(1))));
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

    /**
     * Counts as x / scale + zero point within the range of the type: nothing is rounded, and what lies outside has a
     * slope of zero. A quantizer that has taken the place of a ReLU is one by its range.
     */
    private static void quantize(Step s) {
        String x = s.isWhole(s.x()) ? s.cast(s.x(), s.element()) : s.x();
        String scale = forElements(s, s.x(1));
        double beyond = s.element() == ElementType.FLOAT16 ? BEYOND_OF_HALF : BEYOND;
        String spare = s.times(scale, SPARE);
        String inside = s.op(
                "And",
                s.op("GreaterOrEqual", x, s.sub(end(s, s.times(scale, -beyond)), spare)),
                s.op("LessOrEqual", x, s.add(end(s, s.times(scale, beyond)), spare)));
        String gradient = s.keep(inside, s.div(s.g(), scale));
        if (s.needs(0)) {
            s.give(0, gradient);
        }
        if (s.needs(1)) {
            s.give(1, ofScale(s, s.neg(s.mul(gradient, s.div(x, scale)))));
        }
    }

    /** An end of the range, as a real, which the runtime itself is asked for. */
    private static String end(Step s, String beyond) {
        String far = isOne(s, s.x(1)) ? beyond : s.expand(beyond, s.shape(s.x()));
        List<Attribute> how = new ArrayList<>(s.node().attributes().values());
        how.removeIf(attribute -> attribute.name().equals("saturate"));
        String end = s.op("QuantizeLinear", how, far, s.x(1), s.x(2));
        return s.op("DequantizeLinear", placing(s), end, s.x(1), s.x(2));
    }

    /** The attributes that say which scale belongs to an element. */
    private static List<Attribute> placing(Step s) {
        return s.node().attributes().values().stream()
                .filter(attribute -> Set.of("axis", "block_size").contains(attribute.name()))
                .toList();
    }

    private static void dequantize(Step s) {
        ElementType type = s.type(1).element();
        String g = s.type(s.y()).element() == type ? s.g() : s.cast(s.g(), type);
        if (s.needs(0)) {
            s.give(0, s.mul(g, forElements(s, s.x(1))));
        }
        if (s.needs(1)) {
            String one = s.expand(s.number(type, 1), s.shape(s.x(1)));
            s.give(1, ofScale(s, s.mul(g, s.op("DequantizeLinear", placing(s), s.x(), one, s.x(2)))));
        }
    }

    private static String ofScale(Step s, String gradient) {
        if (!isOne(s, s.x(1))) {
            throw s.refuse("its scales depend on what is attributed, and there are several");
        }
        return s.shapedLike(s.sumOfAll(gradient), s.x(1));
    }

    /** Whether there is one scale for all elements. */
    private static boolean isOne(Step s, String scale) {
        ValueType type = s.type(scale);
        return type.rank() == 0 || (type.rank() == 1 && type.dim(0).size() == 1);
    }

    /** Scales as they are multiplied: one, one for each place of an axis, or one for each block. */
    private static String forElements(Step s, String scale) {
        if (isOne(s, scale)) {
            return scale;
        }
        int rank = s.rank(s.x());
        int axis = s.axis(s.x(), s.integer("axis", 1));
        if (s.rank(scale) == 1) {
            long[] sizes = new long[rank - axis];
            Arrays.fill(sizes, 1);
            sizes[0] = -1;
            return s.reshape(scale, sizes);
        }
        long block = s.integer("block_size", 0);
        if (block <= 0 || !s.type(scale).fixed()) {
            throw s.refuse("its scales have " + s.rank(scale) + " axes of open sizes");
        }
        long[] times = new long[rank + 1];
        Arrays.fill(times, 1);
        times[axis + 1] = block;
        long[] sizes = s.type(scale).sizes();
        sizes[axis] *= block;
        String repeated = s.op("Tile", s.unsqueeze(scale, axis + 1L), s.ints(times));
        return s.slice(s.reshape(repeated, sizes), s.ints(0), s.sizes(s.x(), axis), s.ints(axis));
    }
}
