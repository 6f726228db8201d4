// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import static io.github.attribution4j.onnx.internal.gradient.Step.set;

import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Products of matrices, sums of products in general, and attention. */
public final class ContractionRules {
    private ContractionRules() {}

    static void addTo(Map<String, Rules.Rule> table) {
        table.put("MatMul", ContractionRules::matMul);
        table.put("Gemm", ContractionRules::gemm);
        table.put("Einsum", ContractionRules::einsum);
        table.put("Attention", s -> new Attention(s).apply());
        // Turned by an angle; on the way back by its negative.
        table.put("RotaryEmbedding", s -> {
            String[] inputs = s.node().inputs().toArray(new String[0]);
            inputs[0] = s.g();
            inputs[2] = s.neg(inputs[2]);
            s.give(0, s.op("RotaryEmbedding", List.copyOf(s.node().attributes().values()), inputs));
        });
    }

    private static void matMul(Step s) {
        int left = s.rank(s.x(0));
        int right = s.rank(s.x(1));
        String a = left == 1 ? s.unsqueeze(s.x(0), 0) : s.x(0);
        String b = right == 1 ? s.unsqueeze(s.x(1), 1) : s.x(1);
        String g = s.g();
        int rank = Math.max(Math.max(left, right), 2);
        if (right == 1) {
            g = s.unsqueeze(g, -1);
        }
        if (left == 1) {
            g = s.unsqueeze(g, -2);
        }
        if (s.needs(0)) {
            if (right == 2 && left > 1 && s.sharesWeights() && s.constants().constant(b)) {
                // The weights are read as they lie, and need not be turned.
                String rows = s.op("Reshape", g, s.concat(0, s.ints(-1), s.sizes(b, 1)));
                s.give(0, s.shapedLike(s.op("Gemm", List.of(set("transB", 1)), rows, b), s.x(0)));
            } else {
                String back = s.matmul(g, s.transposed(b, Math.max(right, 2)));
                s.give(0, left == 1 ? rows(s, back, rank, 0, s.x(0)) : batches(s, back, 0, left, right));
            }
        }
        if (s.needs(1)) {
            if (right == 2 && left > 2) {
                // One product of long matrices instead of many products and a sum.
                String flat = s.op("Reshape", a, s.concat(0, s.ints(-1), s.sizes(s.x(0), -1)));
                String back = s.op("Reshape", g, s.concat(0, s.ints(-1), s.sizes(s.x(1), -1)));
                s.give(1, s.matmul(s.transpose(flat, 1, 0), back));
                return;
            }
            String back = s.matmul(s.transposed(a, Math.max(left, 2)), g);
            s.give(1, right == 1 ? rows(s, back, rank, 1, s.x(1)) : batches(s, back, 1, right, left));
        }
    }

    /** For a vector: the sum over all matrices. */
    private static String rows(Step s, String back, int rank, int side, String vector) {
        long[] axes = new long[rank - 1];
        for (int i = 0, axis = 0; axis < rank; axis++) {
            if (axis != (side == 0 ? rank - 1 : rank - 2)) {
                axes[i++] = axis;
            }
        }
        return s.shapedLike(s.sum(back, false, axes), vector);
    }

    /** For matrices that were repeated: the sum over the repetitions. */
    private static String batches(Step s, String back, int input, int rank, int other) {
        ValueType own = s.type(input);
        ValueType theirs = s.type(1 - input);
        int outer = Math.max(rank, other) - 2;
        List<Long> summed = new ArrayList<>();
        for (int i = 0; i < outer; i++) {
            int mine = i - (Math.max(rank, other) - rank);
            int its = i - (Math.max(rank, other) - other);
            if (mine < 0) {
                summed.add((long) i);
                continue;
            }
            Dim have = its < 0 ? Dim.of(1) : theirs.dim(its);
            Dim want = own.dim(mine);
            if (have.sameAs(want) || (want.known() && want.size() != 1) || (have.known() && have.size() == 1)) {
                continue;
            }
            if (!want.known()) {
                return s.sumToShape(back, s.x(input));
            }
            summed.add((long) i);
        }
        if (summed.isEmpty()) {
            return back;
        }
        String sum = s.sum(back, true, summed.stream().mapToLong(axis -> axis).toArray());
        return s.shapedLike(sum, s.x(input));
    }

    private static void gemm(Step s) {
        double alpha = s.real("alpha", 1);
        double beta = s.real("beta", 1);
        boolean leftTurned = s.integer("transA", 0) != 0;
        boolean rightTurned = s.integer("transB", 0) != 0;
        if (s.needs(0)) {
            s.give(
                    0,
                    leftTurned
                            ? product(s, s.x(1), s.g(), rightTurned, true, alpha)
                            : product(s, s.g(), s.x(1), false, !rightTurned, alpha));
        }
        if (s.needs(1)) {
            s.give(
                    1,
                    rightTurned
                            ? product(s, s.g(), s.x(0), true, leftTurned, alpha)
                            : product(s, s.x(0), s.g(), !leftTurned, false, alpha));
        }
        if (s.needs(2)) {
            s.give(2, s.unbroadcast(s.times(s.g(), beta), s.y(), s.x(2)));
        }
    }

    private static String product(Step s, String a, String b, boolean turnA, boolean turnB, double alpha) {
        return s.op(
                "Gemm",
                List.of(set("transA", turnA ? 1 : 0), set("transB", turnB ? 1 : 0), Attribute.of("alpha", (float)
                        alpha)),
                a,
                b);
    }

    private static void einsum(Step s) {
        String equation = s.text("equation", "").replace(" ", "");
        int arrow = equation.indexOf("->");
        if (arrow < 0) {
            arrow = equation.length();
            equation += "->" + unsaid(equation);
        }
        String[] operands = equation.substring(0, arrow).split(",", -1);
        String result = equation.substring(arrow + 2);
        String dots = ellipsis(s, operands);
        for (int i = 0; i < operands.length; i++) {
            int more = operands[i].contains("...") ? s.rank(s.x(i)) - (operands[i].length() - 3) : 0;
            operands[i] = operands[i].replace("...", dots.substring(dots.length() - more));
        }
        result = result.replace("...", dots);
        for (int i = 0; i < operands.length; i++) {
            if (s.needs(i)) {
                s.give(i, operand(s, operands, result, i));
            }
        }
    }

    /** Unused letters, for the axes that three dots mean. */
    private static String ellipsis(Step s, String[] operands) {
        int most = 0;
        StringBuilder used = new StringBuilder();
        for (int i = 0; i < operands.length; i++) {
            used.append(operands[i]);
            if (operands[i].contains("...")) {
                most = Math.max(most, s.rank(s.x(i)) - (operands[i].length() - 3));
            }
        }
        StringBuilder letters = new StringBuilder();
        for (char c = 'A'; letters.length() < most && c <= 'Z'; c++) {
            if (used.indexOf(String.valueOf(c)) < 0) {
                letters.append(c);
            }
        }
        return letters.toString();
    }

    private static String operand(Step s, String[] operands, String result, int input) {
        String written = operands[input];
        StringBuilder once = new StringBuilder();
        written.chars().distinct().forEach(letter -> once.append((char) letter));
        String own = once.toString();
        List<String> values = new ArrayList<>(List.of(s.g()));
        StringBuilder left = new StringBuilder(result);
        Set<Character> there = new LinkedHashSet<>();
        addLetters(there, result);
        for (int i = 0; i < operands.length; i++) {
            if (i != input) {
                left.append(',').append(operands[i]);
                values.add(s.x(i));
                addLetters(there, operands[i]);
            }
        }
        // An axis that is summed in this operand alone gets the same gradient at each of its positions.
        StringBuilder kept = new StringBuilder();
        List<Long> missing = new ArrayList<>();
        for (int i = 0; i < own.length(); i++) {
            if (there.contains(own.charAt(i))) {
                kept.append(own.charAt(i));
            } else {
                missing.add((long) i);
            }
        }
        String back = s.op("Einsum", List.of(set("equation", left + "->" + kept)), values.toArray(new String[0]));
        if (!missing.isEmpty()) {
            back = s.unsqueeze(back, missing.stream().mapToLong(axis -> axis).toArray());
        }
        back = sized(s, back, own, operands, result, input);
        return own.equals(written) ? back : diagonal(s, back, own, written, input);
    }

    /** The letters that occur once, in their order. */
    private static String unsaid(String operands) {
        StringBuilder result = new StringBuilder(operands.contains("...") ? "..." : "");
        operands.chars()
                .filter(Character::isLetter)
                .filter(letter -> operands.indexOf(letter) == operands.lastIndexOf(letter))
                .sorted()
                .forEach(letter -> result.append((char) letter));
        return result.toString();
    }

    /** If a letter occurs several times, only elements with equal positions on these axes are read. */
    private static String diagonal(Step s, String back, String own, String written, int input) {
        StringBuilder operands = new StringBuilder(own);
        StringBuilder result = new StringBuilder();
        List<String> values = new ArrayList<>(List.of(back));
        char free = 'A';
        for (int i = 0; i < written.length(); i++) {
            char letter = written.charAt(i);
            if (written.indexOf(letter) < i) {
                while (written.indexOf(free) >= 0) {
                    free++;
                }
                String size = s.sizes(s.x(input), i);
                values.add(s.op("EyeLike", s.expand(s.number(0), s.concat(0, size, size))));
                operands.append(',').append(letter).append(free);
                letter = free++;
            }
            result.append(letter);
        }
        return s.op("Einsum", List.of(set("equation", operands + "->" + result)), values.toArray(new String[0]));
    }

    /**
     * Gives a gradient the sizes of its operand: an axis that is summed in others of one element is repeated, and one
     * of one element that was repeated is summed.
     */
    private static String sized(Step s, String back, String own, String[] operands, String result, int input) {
        boolean repeat = false;
        boolean sum = false;
        List<Long> ones = new ArrayList<>();
        for (int i = 0; i < own.length(); i++) {
            char letter = own.charAt(i);
            Dim size = s.type(input).dim(operands[input].indexOf(letter));
            boolean same = false;
            boolean longer = false;
            for (int k = 0; k < operands.length; k++) {
                int axis = k == input ? -1 : operands[k].indexOf(letter);
                if (axis >= 0) {
                    Dim other = s.type(k).dim(axis);
                    same |= other.sameAs(size);
                    longer |= !other.sameAs(size) && !other.equals(Dim.of(1));
                }
            }
            if (size.equals(Dim.of(1))) {
                ones.add((long) i);
            } else {
                repeat |= !same && result.indexOf(letter) < 0;
                sum |= longer && !size.known();
            }
        }
        String sizes = repeat || sum
                ? s.sizes(s.x(input), own.chars().map(operands[input]::indexOf).toArray())
                : "";
        String whole = repeat ? s.expand(back, sizes) : back;
        if (sum) {
            return s.sumTo(whole, sizes);
        }
        return ones.isEmpty()
                ? whole
                : s.sum(whole, true, ones.stream().mapToLong(axis -> axis).toArray());
    }

    private static void addLetters(Set<Character> letters, String subscripts) {
        for (int i = 0; i < subscripts.length(); i++) {
            letters.add(subscripts.charAt(i));
        }
    }

    /**
     * Attention of opset 23 and later. On the way back the runtime's own node gives the weights of all keys once more.
     * All values are (rows, heads of keys, queries of each, places, sizes).
     */
    private static final class Attention {
        private final Step s;
        private final AttentionWords words;

        Attention(Step s) {
            this.s = s;
            this.words = new AttentionWords(s);
            if (s.arrived(3)) {
                throw s.refuse("a gradient comes to its weights themselves (output 4)");
            }
        }

        void apply() {
            String q = words.queries(s.x(0));
            String k = words.whole(s.x(1), s.x(4));
            String v = words.whole(s.x(2), s.x(5));
            String g = words.queries(s.g());
            double cap = s.real("softcap", 0);
            String weights = words.grouped(inner(3));
            String back = s.matmul(g, s.transpose(v, 0, 1, 2, 4, 3));
            String along = s.sum(s.mul(back, weights), true, -1);
            String scores = s.mul(weights, s.sub(back, along));
            if (cap != 0) {
                String bounded = s.times(words.grouped(inner(1)), 1 / cap);
                scores = s.mul(scores, s.sub(s.number(1), s.mul(bounded, bounded)));
            }
            if (s.needs(3)) {
                if (cap != 0) {
                    throw s.refuse("its mask depends on what is attributed and softcap bounds it");
                }
                s.give(3, s.sumToShape(s.op("Reshape", scores, s.op("Shape", inner(3))), s.x(3)));
            }
            String scaled = s.mul(scores, words.scale(q));
            if (s.needs(0)) {
                words.giveQueries(s.matmul(scaled, k));
            }
            words.give(1, 4, s.sum(s.matmul(s.transpose(scaled, 0, 1, 2, 4, 3), q), false, 2));
            words.give(2, 5, s.sum(s.matmul(s.transpose(weights, 0, 1, 2, 4, 3), g), false, 2));
        }

        private String inner(int mode) {
            return words.inner(mode, s.node().inputs());
        }
    }

    /**
     * The values of an attention node as (rows, heads of keys, queries of each, places, sizes), for its gradient and
     * for rules.
     */
    public static final class AttentionWords {
        private final Step s;
        private final boolean joined;
        private final String keyHeads;

        public AttentionWords(Step s) {
            this.s = s;
            this.joined = s.rank(s.x()) == 3;
            this.keyHeads = joined ? s.ints(s.integer("kv_num_heads", 0)) : s.sizes(s.x(1), 1);
        }

        /** What the node computes within for some inputs, by the number of its mode. */
        public String inner(int mode, List<String> inputs) {
            List<Attribute> attributes = new ArrayList<>(s.node().attributes().values());
            attributes.removeIf(attribute -> attribute.name().equals("qk_matmul_output_mode"));
            attributes.add(set("qk_matmul_output_mode", mode));
            return s.ops("Attention", 4, attributes, inputs.toArray(new String[0]))
                    .get(3);
        }

        private String heads(String value, String count) {
            if (!joined) {
                return value;
            }
            String split = s.op("Reshape", value, s.ints(0, 0, s.integer(count, 0), -1));
            return s.transpose(split, 0, 2, 1, 3);
        }

        /** Queries, or what has their form. */
        public String queries(String value) {
            return grouped(heads(value, "q_num_heads"));
        }

        /** Several heads of queries may share one of keys. */
        public String grouped(String value) {
            String rest = s.op("Shape", List.of(set("start", 2)), value);
            return s.op("Reshape", value, s.concat(0, s.ints(0), keyHeads, s.ints(-1), rest));
        }

        /** Keys or values, behind those of the past, whose name is empty if there is none. */
        public String whole(String value, String past) {
            String now = heads(value, "kv_num_heads");
            return s.unsqueeze(past.isEmpty() ? now : s.concat(2, past, now), 2);
        }

        public String scale(String q) {
            if (s.set("scale")) {
                return s.number(s.real("scale", 1));
            }
            String size = s.op("Shape", List.of(set("start", -1)), q);
            return s.op("Reciprocal", s.op("Sqrt", s.cast(size, s.element())));
        }

        /** Hands on what comes to the queries. */
        public void giveQueries(String came) {
            String all = s.reshape(came, s.op("Shape", heads(s.x(0), "q_num_heads")));
            s.give(0, joined ? s.shapedLike(s.transpose(all, 0, 2, 1, 3), s.x(0)) : all);
        }

        /** Hands on what comes to keys or values, also what came to them as a result. */
        public void give(int input, int past, String came) {
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
}
