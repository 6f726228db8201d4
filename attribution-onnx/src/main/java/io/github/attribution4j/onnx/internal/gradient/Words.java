// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.onnx.internal.graph.Attribute;
import io.github.attribution4j.onnx.internal.graph.Dim;
import io.github.attribution4j.onnx.internal.graph.ElementType;
import io.github.attribution4j.onnx.internal.graph.Initializer;
import io.github.attribution4j.onnx.internal.graph.Node;
import io.github.attribution4j.onnx.internal.graph.ValueType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * The Java methods by which rules write new nodes. A Java method that returns a text adds nodes and returns the name of
 * the value that they compute.
 */
public abstract class Words {
    private final Weaver weaver;
    private final Emitter emitter;

    Words(Weaver weaver) {
        this.weaver = weaver;
        this.emitter = weaver.emitter();
    }

    /** The type of numbers that are given without a type. */
    public abstract ElementType element();

    public abstract UnsupportedModelException refuse(String why);

    public ValueType type(String value) {
        return weaver.type(value);
    }

    /** The number of axes of a value, which must be known. */
    public int rank(String value) {
        int rank = type(value).rank();
        if (rank < 0) {
            throw refuse("the number of axes of '" + value
                    + "' is not known; export the model again with fixed sizes of its inputs");
        }
        return rank;
    }

    /** An axis counted from the start. */
    public int axis(String value, long axis) {
        return (int) (axis < 0 ? axis + rank(value) : axis);
    }

    // Constants

    public String number(double value) {
        return number(element(), value);
    }

    public String number(ElementType type, double value) {
        if (!type.carriesGradient()) {
            throw refuse("the type of a value that it reads is not known, or is none of floats");
        }
        return emitter.constant(type + " " + value, name -> Initializer.scalar(name, type, value));
    }

    /** A list of ints. */
    public String ints(long... values) {
        return emitter.constant("list " + Arrays.toString(values), name -> Initializer.of(name, values, values.length));
    }

    /** One int, without axes. */
    public String integer(long value) {
        return emitter.constant("int " + value, name -> Initializer.of(name, new long[] {value}));
    }

    public String freshName(String hint) {
        return emitter.freshName(hint);
    }

    // The reference run

    /** The same value in the reference run. */
    public String past(String value) {
        return weaver.reference(value);
    }

    /** Says that a value of the way back has the type and sizes of one of the forward run. */
    public String like(String made, String value) {
        weaver.alike(made, value);
        return made;
    }

    /** The mean of a value in both runs. */
    public String half(String value) {
        String then = past(value);
        if (then.equals(value)) {
            return value;
        }
        String mean = mul(add(value, then), number(type(value).element(), 0.5));
        return like(mean, value);
    }

    /** A value with zero in place of what is no finite number. */
    public String finite(ElementType type, String value) {
        double most = switch (type) {
            case DOUBLE -> Double.MAX_VALUE;
            case FLOAT16 -> 65504;
            case BFLOAT16 -> 0x1.fep127;
            default -> Float.MAX_VALUE;
        };
        return where(op("LessOrEqual", op("Abs", value), number(type, most)), value, number(type, 0));
    }

    // Words

    public String op(String type, String... inputs) {
        return emitter.emit(type, 1, List.of(), inputs).get(0);
    }

    public String op(String type, List<Attribute> attributes, String... inputs) {
        return emitter.emit(type, 1, attributes, inputs).get(0);
    }

    public List<String> ops(String type, int outputs, List<Attribute> attributes, String... inputs) {
        return emitter.emit(type, outputs, attributes, inputs);
    }

    /** A copy of a value with another name, because a graph may return a value only once, and none of its inputs. */
    public String copy(String a) {
        String name = freshName("copy");
        emitter.backward().add(Node.of("Identity", name, List.of(a), List.of(name)));
        return name;
    }

    public static Attribute set(String name, long value) {
        return Attribute.of(name, value);
    }

    public static Attribute set(String name, long... values) {
        return Attribute.of(name, values);
    }

    public static Attribute set(String name, String value) {
        return Attribute.of(name, value);
    }

    public String add(String a, String b) {
        return op("Add", a, b);
    }

    public String sub(String a, String b) {
        return op("Sub", a, b);
    }

    public String mul(String a, String b) {
        return op("Mul", a, b);
    }

    public String div(String a, String b) {
        return op("Div", a, b);
    }

    public String neg(String a) {
        return op("Neg", a);
    }

    public String times(String a, double factor) {
        return factor == 1 ? a : mul(a, number(factor));
    }

    public String where(String condition, String a, String b) {
        return op("Where", condition, a, b);
    }

    /** A value where the condition holds, zero elsewhere. */
    public String keep(String condition, String a) {
        return where(condition, a, number(0));
    }

    /** A value where it is finite, zero elsewhere. */
    public String finite(String a) {
        return keep(op("Less", op("Abs", a), number(Double.POSITIVE_INFINITY)), a);
    }

    /**
     * A value divided by another one that is moved away from zero; nothing where that is not finite.
     *
     * @param epsilon by how much it is moved
     */
    public String over(String a, String b, double epsilon) {
        if (epsilon == 0) {
            return mul(a, finite(op("Reciprocal", b)));
        }
        String e = number(epsilon);
        return div(a, where(op("Less", b, number(0)), sub(b, e), add(b, e)));
    }

    public String cast(String a, ElementType to) {
        return op("Cast", List.of(set("to", to.code())), a);
    }

    /** A truth value as 0 or 1. */
    public String mask(String condition) {
        return cast(condition, element());
    }

    public String matmul(String a, String b) {
        return op("MatMul", a, b);
    }

    public String transpose(String a, long... order) {
        return IntStream.range(0, order.length).allMatch(i -> order[i] == i)
                ? a
                : op("Transpose", List.of(set("perm", order)), a);
    }

    /** Swaps the last two axes of a value with so many axes. */
    public String transposed(String a, int rank) {
        long[] order = LongStream.range(0, rank).toArray();
        order[rank - 1] = rank - 2L;
        order[rank - 2] = rank - 1L;
        return transpose(a, order);
    }

    public String unsqueeze(String a, long... axes) {
        return axes.length == 0 ? a : op("Unsqueeze", a, ints(axes));
    }

    public String squeeze(String a, long... axes) {
        return axes.length == 0 ? a : op("Squeeze", a, ints(axes));
    }

    public String reshape(String a, String shape) {
        return op("Reshape", List.of(set("allowzero", 1)), a, shape);
    }

    public String reshape(String a, long... shape) {
        return op("Reshape", a, ints(shape));
    }

    public String flat(String a) {
        return reshape(a, -1);
    }

    /** Gives a value the sizes of another one. */
    public String shapedLike(String a, String value) {
        return reshape(a, shape(value));
    }

    public String expand(String a, String shape) {
        return op("Expand", a, shape);
    }

    public String expandLike(String a, String value) {
        return expand(a, shape(value));
    }

    public String sum(String a, boolean keep, long... axes) {
        return reduce("ReduceSum", a, keep, axes);
    }

    /** The sum of all elements, without axes. */
    public String sumOfAll(String a) {
        return op("ReduceSum", List.of(set("keepdims", 0)), a);
    }

    public String mean(String a, long... axes) {
        return reduce("ReduceMean", a, true, axes);
    }

    public String reduce(String type, String a, boolean keep, long... axes) {
        return op(type, List.of(set("keepdims", keep ? 1 : 0)), a, ints(axes));
    }

    public String concat(int axis, String... parts) {
        return parts.length == 1 ? parts[0] : op("Concat", List.of(set("axis", axis)), parts);
    }

    /**
     * A value with zeros before and after it along some axes, negative numbers of which are elements taken away. All
     * axes are written: ONNX Runtime's optimizer of transposes overlooks that a node names some only, and then fails.
     *
     * @param before how many, a list of one for each of these axes
     * @param like a value with as many axes
     */
    String padded(String value, String before, String after, String like, int... axes) {
        int first = axes.length == 0 ? 0 : axes[0];
        int rest = type(like).rank() - first - axes.length;
        if (rest < 0 || IntStream.range(0, axes.length).anyMatch(i -> axes[i] != first + i)) {
            long[] named = IntStream.of(axes).asLongStream().toArray();
            return op("Pad", value, concat(0, before, after), number(0), ints(named));
        }
        List<String> all = new ArrayList<>();
        for (String each : List.of(before, after)) {
            if (first > 0) {
                all.add(ints(new long[first]));
            }
            all.add(each);
            if (rest > 0) {
                all.add(ints(new long[rest]));
            }
        }
        return op("Pad", value, concat(0, all.toArray(new String[0])), number(0));
    }

    public String slice(String a, String starts, String ends, String axes) {
        return op("Slice", a, starts, ends, axes);
    }

    /**
     * Adds numbers to those at some places. ONNX Runtime adds none of 16 bits so.
     *
     * @param operator {@code ScatterElements} or {@code ScatterND}
     * @param type of both
     */
    public String addAt(
            String operator, List<Attribute> attributes, ElementType type, String to, String places, String g) {
        List<Attribute> all = new ArrayList<>(attributes);
        all.add(set("reduction", "add"));
        if (type.wide() == type) {
            return op(operator, all, to, places, g);
        }
        return cast(op(operator, all, cast(to, type.wide()), places, cast(g, type.wide())), type);
    }

    // Sizes

    /** The sizes of a value of the forward run, as a list of ints. */
    public String shape(String value) {
        ValueType type = type(value);
        return type.fixed() ? ints(type.sizes()) : emitter.shapeOf(weaver.original(value), type);
    }

    /** The sizes of some axes of a value. */
    public String sizes(String value, int... axes) {
        ValueType type = type(value);
        if (type.ranked() && IntStream.of(axes).allMatch(axis -> type.dim(axis).known())) {
            return ints(
                    IntStream.of(axes).mapToLong(axis -> type.dim(axis).size()).toArray());
        }
        return op(
                "Gather",
                List.of(set("axis", 0)),
                shape(value),
                ints(IntStream.of(axes).asLongStream().toArray()));
    }

    /** The number of elements of a value, as a list of one. */
    public String count(String value) {
        ValueType type = type(value);
        return type.fixed()
                ? ints(LongStream.of(type.sizes()).reduce(1, (a, b) -> a * b))
                : op("ReduceProd", List.of(set("keepdims", 1)), shape(value), ints(0));
    }

    public boolean isTensor(String value) {
        return weaver.isTensor(value);
    }

    public String zeros(String value) {
        if (!isTensor(value)) {
            return IndexRules.Sequences.zeros(this, value);
        }
        return expand(number(type(value).element(), 0), shape(value));
    }

    /** Zeros with the sizes of a value that is computed on the way back. */
    public String zerosOf(ElementType type, String value) {
        return expand(number(type, 0), op("Shape", value));
    }

    public String ones(String value) {
        return expand(number(type(value).element(), 1), shape(value));
    }

    /**
     * Sums a gradient over the axes along which a value was repeated.
     *
     * @param g shaped like {@code of}
     * @param of the result of an operation that broadcasts
     * @param to one of its operands
     */
    public String unbroadcast(String g, String of, String to) {
        List<Dim> from = type(of).dims();
        List<Dim> target = type(to).dims();
        if (from == null || target == null || target.size() > from.size()) {
            return sumToShape(g, to);
        }
        int more = from.size() - target.size();
        List<Long> inner = new ArrayList<>();
        for (int i = 0; i < target.size(); i++) {
            Dim have = from.get(i + more);
            Dim want = target.get(i);
            if (want.sameAs(have) || (want.known() && want.size() != 1)) {
                continue;
            }
            if (!want.known()) {
                return sumToShape(g, to);
            }
            inner.add((long) i + more);
        }
        long[] outer = LongStream.range(0, more).toArray();
        if (inner.isEmpty()) {
            return more == 0 ? g : sum(g, false, outer);
        }
        long[] axes = LongStream.concat(LongStream.of(outer), inner.stream().mapToLong(axis -> axis))
                .toArray();
        return squeeze(sum(g, true, axes), outer);
    }

    /** The same if sizes are known only at run time. */
    public String sumToShape(String g, String to) {
        return sumTo(g, shape(to));
    }

    /**
     * Sums a gradient over the axes along which a value was repeated.
     *
     * @param want the sizes of the value
     */
    public String sumTo(String g, String want) {
        String more = sub(op("Shape", op("Shape", g)), op("Shape", want));
        String padded = concat(0, expand(integer(1), more), want);
        String axes = flat(op("NonZero", op("Equal", padded, integer(1))));
        String summed = op("ReduceSum", List.of(set("keepdims", 1), set("noop_with_empty_axes", 1)), g, axes);
        return reshape(summed, want);
    }
}
