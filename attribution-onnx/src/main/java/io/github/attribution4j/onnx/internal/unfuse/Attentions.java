// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Attention of several heads, with projections, masks, rotations and kept keys and values that were joined to it. */
final class Attentions {
    private static final double HIDDEN = -10_000;
    private static final double LOWEST = -3.4028234663852886e38;
    private static final double LOWEST_HALF = -65_504;
    private static final int PRESENT = 1;
    private static final int ROOTS = 2;

    private Attentions() {}

    static void addTo(Map<String, Unfusing> table) {
        table.put("Attention", Attentions::attention);
        table.put("MultiHeadAttention", Attentions::multiHead);
        table.put("GroupQueryAttention", Attentions::groupQuery);
        table.put("RotaryEmbedding", Attentions::rotary);
    }

    // com.microsoft.Attention

    private static void attention(Fused f) {
        refuse(f, f.integer("past_present_share_buffer", 0) != 0, "its past and present share memory");
        refuse(f, f.integer("do_rotary", 0) != 0, "it rotates queries and keys by a table that the file does not have");
        long[] sizes = f.integers("qkv_hidden_sizes");
        if (sizes.length != 3) {
            long third = f.known(f.x(1), 1) / 3;
            sizes = new long[] {third, third, third};
        }
        String projected = f.op("MatMul", f.x(0), f.x(1));
        projected = f.has(2) ? f.op("Add", projected, f.x(2)) : projected;
        attend(f, f.parts(projected, sizes), sizes[0]);
    }

    /** Attention of projected values: output, and present keys and values in one tensor. */
    private static void attend(Fused f, List<String> projected, long hidden) {
        long heads = heads(f, "num_heads");
        String query = heads(f, projected.get(0), heads);
        String key = heads(f, projected.get(1), heads);
        String value = heads(f, projected.get(2), heads);
        String past = "";
        if (f.has(4)) {
            past = f.op("Gather", f.x(4), f.integer(0));
            key = joined(f, past, key);
            value = joined(f, f.op("Gather", f.x(4), f.integer(1)), value);
        }
        if (f.gives(PRESENT)) {
            f.give(
                    PRESENT,
                    f.op(
                            "Concat",
                            Fused.with(Attribute.of("axis", 0)),
                            f.op("Unsqueeze", key, f.ints(0)),
                            f.op("Unsqueeze", value, f.ints(0))));
        }
        String scores = scores(f, query, key, hidden / heads);
        scores = masked(f, scores, f.x(3), query, key);
        scores = f.has(5) ? f.op("Add", scores, f.x(5)) : scores;
        f.give(0, merged(f, f.op("MatMul", softmax(f, causal(f, scores, query, key)), value)));
    }

    private static void refuse(Fused f, boolean so, String why) {
        if (so) {
            throw f.refuse(why + ", which the operators of the standard cannot say; save the model without it");
        }
    }

    private static long heads(Fused f, String name) {
        long heads = f.integer(name, 0);
        if (heads <= 0) {
            throw f.refuse("it has no " + name + "; the file is damaged");
        }
        return heads;
    }

    /** [rows, length, width] as [rows, heads, length, width of a head]. */
    private static String heads(Fused f, String x, long heads) {
        return f.transposed(f.reshaped(x, 0, 0, heads, -1), 0, 2, 1, 3);
    }

    private static String merged(Fused f, String heads) {
        return f.reshaped(f.transposed(heads, 0, 2, 1, 3), 0, 0, -1);
    }

    private static String joined(Fused f, String past, String now) {
        return f.op("Concat", Fused.with(Attribute.of("axis", 2)), past, now);
    }

    private static String softmax(Fused f, String scores) {
        return f.op("Softmax", Fused.with(Attribute.of("axis", -1)), scores);
    }

    /**
     * Products of queries and keys.
     *
     * @param width of a head; not positive if it is not known
     */
    private static String scores(Fused f, String query, String key, long width) {
        double scale = f.real("scale", 0);
        String scores = f.op("MatMul", query, f.transposed(key, 0, 1, 3, 2));
        if (scale == 0 && width <= 0) {
            return f.op("Div", scores, f.op("Sqrt", f.op("CastLike", f.sizeOf(query, 3), scores)));
        }
        return f.op("Mul", scores, f.number(scale == 0 ? 1 / Math.sqrt((double) width) : scale));
    }

    /** Scores to which a large negative number is added where a mask is 0, of each of the forms that masks have. */
    private static String masked(Fused f, String scores, String mask, String query, String key) {
        if (mask.isEmpty()) {
            return scores;
        }
        int rank = f.knownRank(mask);
        String seen = switch (rank) {
            case 1 -> within(f, mask, query, key);
            case 2 -> f.op("Unsqueeze", bool(f, mask), f.ints(1, 2));
            case 3 -> f.op("Unsqueeze", bool(f, mask), f.ints(1));
            default ->
                throw f.refuse("its mask has " + rank
                        + " axes, of which only a part is used; save the model with a mask of 2 or 3 axes");
        };
        double hidden = f.real("mask_filter_value", HIDDEN);
        return f.op("Add", scores, f.op("Where", seen, f.number(0), f.number(hidden)));
    }

    private static String bool(Fused f, String mask) {
        return f.op("Cast", Fused.with(Attribute.of("to", ElementType.BOOL.code())), mask);
    }

    /** Whether keys are before the ends that a mask lists for all rows, and not before starts that it may list then. */
    private static String within(Fused f, String mask, String query, String key) {
        String rows = f.sizeOf(query, 0);
        String none = f.op("Expand", f.op("CastLike", f.integer(0), mask), rows);
        String all = f.op("Concat", Fused.with(Attribute.of("axis", 0)), mask, none);
        String twice = f.op("Add", rows, rows);
        String places = f.op("CastLike", upTo(f, f.sizeOf(key, 2)), mask);
        String end = f.reshaped(f.op("Slice", all, f.ints(0), rows, f.ints(0)), -1, 1, 1, 1);
        String start = f.reshaped(f.op("Slice", all, rows, twice, f.ints(0)), -1, 1, 1, 1);
        return f.op("And", f.op("Less", places, end), f.op("GreaterOrEqual", places, start));
    }

    /** 0, 1, ..., as many as a list of one int says. */
    private static String upTo(Fused f, String size) {
        return f.op("Range", f.integer(0), f.op("Squeeze", size, f.ints(0)), f.integer(1));
    }

    /** Where a query may see a key if it sees none after it: [length of queries, length of keys]. */
    private static String notAfter(Fused f, String query, String key) {
        String queries = f.sizeOf(query, 2);
        String keys = f.sizeOf(key, 2);
        String own = f.op("Add", upTo(f, queries), f.op("Sub", keys, queries));
        return f.op("LessOrEqual", upTo(f, keys), f.op("Unsqueeze", own, f.ints(1)));
    }

    private static String causal(Fused f, String scores, String query, String key) {
        if (f.integer("unidirectional", 0) == 0) {
            return scores;
        }
        return hiddenUnless(f, notAfter(f, query, key), scores);
    }

    private static String hiddenUnless(Fused f, String seen, String scores) {
        boolean half = f.element(f.x(0)) == ElementType.FLOAT16;
        return f.op("Where", seen, scores, f.number(half ? LOWEST_HALF : LOWEST));
    }

    // com.microsoft.MultiHeadAttention

    private static void multiHead(Fused f) {
        refuse(f, f.has(8) || f.has(9), "its past and present share memory");
        long heads = heads(f, "num_heads");
        List<String> given = new ArrayList<>(List.of(f.x(0), f.x(1), f.x(2)));
        boolean ready = false;
        long width;
        if (!f.has(1)) {
            width = f.size(f.x(0), -1);
            for (int i = 0; i < 3; i++) {
                given.set(i, unpacked(f, f.x(0), i));
            }
        } else if (!f.has(2)) {
            width = f.size(f.x(1), -1);
            given.set(1, unpacked(f, f.x(1), 0));
            given.set(2, unpacked(f, f.x(1), 1));
        } else {
            width = f.size(f.x(0), -1) / heads;
            ready = f.knownRank(f.x(1)) == 4;
        }
        if (f.has(3)) {
            long all = f.known(f.x(3), 0);
            long own = width > 0 ? width * heads : all / 3;
            List<String> biases = f.parts(f.x(3), own, own, all - 2 * own);
            for (int i = 0; i < (ready ? 1 : 3); i++) {
                given.set(i, f.op("Add", given.get(i), biases.get(i)));
            }
        }
        String query = heads(f, given.get(0), heads);
        String key = ready ? given.get(1) : heads(f, given.get(1), heads);
        String value = ready ? given.get(2) : heads(f, given.get(2), heads);
        if (f.has(6)) {
            key = joined(f, f.x(6), key);
            value = joined(f, f.x(7), value);
        }
        f.give(1, key);
        f.give(2, value);
        String scores = masked(f, scores(f, query, key, width), f.x(4), query, key);
        scores = f.has(5) ? f.op("Add", scores, f.x(5)) : scores;
        f.give(0, merged(f, f.op("MatMul", softmax(f, causal(f, scores, query, key)), value)));
    }

    /** One of what is packed in the fourth of five axes, with the heads in one axis. */
    private static String unpacked(Fused f, String packed, long which) {
        return f.reshaped(f.op("Gather", Fused.with(Attribute.of("axis", 3)), packed, f.integer(which)), 0, 0, -1);
    }

    // com.microsoft.GroupQueryAttention

    private static void groupQuery(Fused f) {
        refuse(f, f.has(12) || f.has(13), "it keeps keys and values in few bits");
        refuse(f, f.integer("sliding_window_cache", 0) != 0, "it keeps a window of keys and values only");
        refuse(f, f.has(14) || f.has(15), "it normalizes queries and keys");
        long heads = heads(f, "num_heads");
        long kept = heads(f, "kv_num_heads");
        List<String> given = List.of(f.x(0), f.x(1), f.x(2));
        long width = f.size(f.x(0), -1) / (f.has(1) ? heads : heads + 2 * kept);
        if (!f.has(1)) {
            if (width <= 0) {
                throw f.refuse("the width of its heads is not known; save the model again from one with fixed sizes");
            }
            given = f.parts(f.x(0), heads * width, kept * width, kept * width);
        }
        String query = heads(f, given.get(0), heads);
        String key = heads(f, given.get(1), kept);
        String value = heads(f, given.get(2), kept);
        String now = f.sizeOf(query, 2);
        // One more than that is how many keys each row has; those of earlier calls come first.
        String last = f.op("Cast", Fused.with(Attribute.of("to", ElementType.INT64.code())), f.x(5));
        String rows = f.reshaped(last, -1, 1);
        String earlier = f.op("Max", f.op("Sub", f.op("Add", rows, f.ints(1)), now), f.ints(0));
        String places = f.op("Add", earlier, f.op("Unsqueeze", upTo(f, now), f.ints(0)));
        if (f.integer("do_rotary", 0) != 0) {
            String positions = f.has(9) ? f.x(9) : places;
            boolean pairs = f.integer("rotary_interleaved", 0) != 0;
            query = rotated(f, query, positions, f.x(7), f.x(8), pairs, 1);
            key = rotated(f, key, positions, f.x(7), f.x(8), pairs, 1);
        }
        if (f.has(3)) {
            key = behind(f, f.x(3), key, earlier);
            value = behind(f, f.x(4), value, earlier);
        }
        present(f, 1, key);
        present(f, 2, value);
        if (kept != heads) {
            key = repeated(f, key, heads / kept);
            value = repeated(f, value, heads / kept);
        }
        String scores = scores(f, query, key, width);
        double cap = f.real("softcap", 0);
        scores = cap > 0 ? f.times(f.op("Tanh", f.times(scores, 1 / cap)), cap) : scores;
        String keys = upTo(f, f.sizeOf(key, 2));
        String seen = f.op("LessOrEqual", keys, f.reshaped(last, -1, 1, 1, 1));
        if (f.integer("causal", 1) != 0) {
            String own = f.op("Unsqueeze", places, f.ints(1, 3));
            seen = f.op("And", seen, f.op("LessOrEqual", keys, own));
            long window = f.integer("local_window_size", -1);
            if (window > 0) {
                seen = f.op("And", seen, f.op("Greater", keys, f.op("Sub", own, f.ints(window))));
            }
        }
        scores = f.has(10) ? f.op("Add", scores, f.x(10)) : scores;
        String weights = sunk(f, hiddenUnless(f, seen, scores), heads);
        f.give(0, merged(f, f.op("MatMul", weights, value)));
    }

    /** New keys or values behind those of earlier calls, of which each row may have another number. */
    private static String behind(Fused f, String past, String now, String earlier) {
        String all = joined(f, past, now);
        String keys = f.op("Unsqueeze", upTo(f, f.sizeOf(all, 2)), f.ints(0));
        String skipped = f.op("Sub", f.sizeOf(past, 2), earlier);
        String from = f.op("Where", f.op("Less", keys, earlier), keys, f.op("Add", keys, skipped));
        String within = f.op("Min", from, f.op("Sub", f.sizeOf(all, 2), f.ints(1)));
        String place = f.op("Expand", f.op("Unsqueeze", within, f.ints(1, 3)), f.op("Shape", all));
        return f.op("GatherElements", Fused.with(Attribute.of("axis", 2)), all, place);
    }

    /** Keys or values for later calls: as many as there is room for, or as there are. */
    private static void present(Fused f, int output, String all) {
        if (f.gives(output)) {
            String total =
                    f.reshaped(f.op("Cast", Fused.with(Attribute.of("to", ElementType.INT64.code())), f.x(6)), 1);
            String room = f.has(3) ? f.op("Max", total, f.sizeOf(f.x(3), 2)) : total;
            f.give(output, f.op("Slice", all, f.ints(0), room, f.ints(2)));
        }
    }

    private static String repeated(Fused f, String x, long times) {
        String each = f.op("Unsqueeze", x, f.ints(2));
        String all = f.op("Expand", each, f.ints(1, 1, times, 1, 1));
        String rows = f.op("Shape", Fused.with(Attribute.of("end", 1)), x);
        String rest = f.op("Shape", Fused.with(Attribute.of("start", 2)), x);
        String sizes = f.op("Concat", Fused.with(Attribute.of("axis", 0)), rows, f.ints(-1), rest);
        return f.op("Reshape", all, sizes);
    }

    /** Weights of keys; a score without a key may take a part of them. */
    private static String sunk(Fused f, String scores, long heads) {
        boolean smooth = f.integer("smooth_softmax", -1) == 1;
        if (!smooth && !f.has(11)) {
            return softmax(f, scores);
        }
        String sizes = f.op("Shape", Fused.with(Attribute.of("end", 3)), scores);
        String one = f.op("Concat", Fused.with(Attribute.of("axis", 0)), sizes, f.ints(1));
        String sink = f.has(11) ? f.reshaped(f.x(11), 1, heads, 1, 1) : f.number(0);
        String all = f.op("Concat", Fused.with(Attribute.of("axis", 3)), scores, f.op("Expand", sink, one));
        return f.part(softmax(f, all), 0, -1, 3);
    }

    // com.microsoft.RotaryEmbedding

    private static void rotary(Fused f) {
        refuse(f, f.integer("is_packed_batching", 0) != 0, "it takes rows of several lengths as one");
        refuse(f, f.set("scale") && f.real("scale", 1) != 1, "it scales positions");
        int rank = f.knownRank(f.x(0));
        String positions = f.x(1);
        if (f.knownRank(positions) == 1) {
            String length = f.sizeOf(f.x(0), rank == 4 ? 2 : 1);
            positions = f.op("Unsqueeze", f.op("Add", upTo(f, length), positions), f.ints(0));
        }
        long heads = f.integer("num_heads", 0);
        long width = heads > 0 ? -1 : ROOTS * f.known(f.x(2), 1);
        String x = rank == 4
                ? f.x(0)
                : f.transposed(
                        heads > 0 ? f.reshaped(f.x(0), 0, 0, heads, -1) : f.reshaped(f.x(0), 0, 0, -1, width),
                        0,
                        2,
                        1,
                        3);
        String y = rotated(f, x, positions, f.x(2), f.x(3), f.integer("interleaved", 0) != 0, 1);
        f.give(0, rank == 4 ? y : f.op("Reshape", f.transposed(y, 0, 2, 1, 3), f.op("Shape", f.x(0))));
    }

    /**
     * The first elements of each head, rotated in pairs by angles of their positions.
     *
     * @param x [rows, heads, length, width]
     * @param positions [rows, length]
     * @param pairs whether the two of a pair are neighbours; else they are half of what is rotated apart
     * @param axis of the heads in tables that were looked up
     */
    private static String rotated(
            Fused f, String x, String positions, String cosines, String sines, boolean pairs, long axis) {
        long half = f.known(cosines, 1);
        String cos = f.op("Unsqueeze", f.op("Gather", cosines, positions), f.ints(axis));
        String sin = f.op("Unsqueeze", f.op("Gather", sines, positions), f.ints(axis));
        String turning = f.part(x, 0, ROOTS * half, 3);
        String left;
        String right;
        if (pairs) {
            left = f.op("Slice", turning, f.ints(0), f.ints(Long.MAX_VALUE), f.ints(3), f.ints(2));
            right = f.op("Slice", turning, f.ints(1), f.ints(Long.MAX_VALUE), f.ints(3), f.ints(2));
        } else {
            left = f.part(turning, 0, half, 3);
            right = f.part(turning, half, ROOTS * half, 3);
        }
        String first = f.op("Sub", f.op("Mul", left, cos), f.op("Mul", right, sin));
        String second = f.op("Add", f.op("Mul", right, cos), f.op("Mul", left, sin));
        String turned;
        if (pairs) {
            String both = f.op(
                    "Concat",
                    Fused.with(Attribute.of("axis", 4)),
                    f.op("Unsqueeze", first, f.ints(4)),
                    f.op("Unsqueeze", second, f.ints(4)));
            turned = f.op("Reshape", both, f.op("Shape", turning));
        } else {
            turned = f.op("Concat", Fused.with(Attribute.of("axis", 3)), first, second);
        }
        String rest = f.part(x, ROOTS * half, Long.MAX_VALUE, 3);
        return f.op("Concat", Fused.with(Attribute.of("axis", 3)), turned, rest);
    }
}
