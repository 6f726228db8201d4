// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j.internal;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * Derivatives in Java of operations whose derivative in SameDiff is wrong, fails, or writes past the end of an array,
 * as that of a maximum of arrays of different shapes does.
 */
final class OwnRules {
    private static final Map<String, Rule> RULES = Map.ofEntries(
            Map.entry("batchnorm", OwnRules::batchNorm),
            Map.entry("precise_gelu", OwnRules::preciseGelu),
            Map.entry("gather", OwnRules::gather),
            pair("add", (given, a, b) -> partials(ones(given), ones(given))),
            pair("subtract", (given, a, b) -> partials(ones(given), minusOnes(given))),
            pair("reversesubtract", (given, a, b) -> partials(minusOnes(given), ones(given))),
            pair("multiply", (given, a, b) -> partials(b, a)),
            pair("divide", OwnRules::quotient),
            pair("reversedivide", (given, a, b) -> {
                INDArray[] swapped = quotient(given, b, a);
                return partials(swapped[1], swapped[0]);
            }),
            pair("maximum", (given, a, b) -> larger(given, a, b)),
            pair("minimum", (given, a, b) -> larger(given, b, a)),
            pair("squaredsubtract", (given, a, b) -> {
                INDArray twice = given.scratch().of(given.scratch().of(a.sub(b)).mul(2));
                return partials(twice, given.scratch().of(twice.neg()));
            }),
            pair("Pow", OwnRules::power),
            pair("tf_atan2", OwnRules::angle));

    private OwnRules() {}

    /** Returns the rule for an operation; null if there is none. */
    static @Nullable Rule of(Step step) {
        return RULES.get(step.kind());
    }

    /** The names of the operations that have a rule here. */
    static Set<String> kinds() {
        return RULES.keySet();
    }

    /** The derivatives of an operation of two inputs by each of them, at every element of the result. */
    @FunctionalInterface
    private interface Partials {
        INDArray[] of(Rule.Given given, INDArray a, INDArray b);
    }

    private static INDArray[] partials(INDArray a, INDArray b) {
        return new INDArray[] {a, b};
    }

    /** An operation of two inputs, which are repeated along axes that the other one has more of. */
    private static Map.Entry<String, Rule> pair(String kind, Partials partials) {
        return Map.entry(kind, given -> {
            Scratch scratch = given.scratch();
            INDArray a = full(given, given.input(0));
            INDArray b = full(given, given.input(1));
            INDArray[] by = partials.of(given, a, b);
            return List.of(
                    summed(scratch, scratch.of(given.gradient().mul(by[0])), given.input(0)),
                    summed(scratch, scratch.of(given.gradient().mul(by[1])), given.input(1)));
        });
    }

    private static INDArray ones(Rule.Given given) {
        return given.scratch().of(given.gradient().like().assign(1));
    }

    private static INDArray minusOnes(Rule.Given given) {
        return given.scratch().of(given.gradient().like().assign(-1));
    }

    private static INDArray[] quotient(Rule.Given given, INDArray a, INDArray b) {
        Scratch scratch = given.scratch();
        INDArray inverse = scratch.of(b.rdiv(1));
        INDArray square = scratch.of(inverse.mul(inverse));
        return partials(inverse, scratch.of(scratch.of(square.mul(a)).neg()));
    }

    /** The gradient goes to the larger one, to the first if both are equal. */
    private static INDArray[] larger(Rule.Given given, INDArray a, INDArray b) {
        Scratch scratch = given.scratch();
        INDArray second = scratch.of(scratch.of(b.gt(a)).castTo(a.dataType()));
        return partials(scratch.of(second.rsub(1)), second);
    }

    private static INDArray[] power(Rule.Given given, INDArray a, INDArray b) {
        Scratch scratch = given.scratch();
        INDArray before = scratch.of(Transforms.pow(a, scratch.of(b.sub(1)), true));
        INDArray log = scratch.of(Transforms.log(scratch.of(Transforms.abs(a, true)), true));
        INDArray byExponent = scratch.of(given.output().mul(log));
        // 0 to a power is 0 whatever that is; below 0 there is no derivative by the exponent.
        INDArray positive = scratch.of(a.gt(0));
        INDArray chosen = scratch.of(a.like().assign(0));
        choose(chosen, byExponent, positive);
        return partials(scratch.of(before.mul(b)), chosen);
    }

    private static void choose(INDArray into, INDArray from, INDArray where) {
        for (long i = 0; i < into.length(); i++) {
            if (where.data().getNumber(i).intValue() != 0) {
                into.data().put(i, from.data().getDouble(i));
            }
        }
    }

    /** The angle of the point (b, a): atan2(a, b). */
    private static INDArray[] angle(Rule.Given given, INDArray a, INDArray b) {
        Scratch scratch = given.scratch();
        INDArray square = scratch.of(scratch.of(a.mul(a)).add(scratch.of(b.mul(b))));
        return partials(
                scratch.of(b.div(square)), scratch.of(scratch.of(a.div(square)).neg()));
    }

    /** Repeats an input to the shape of the result, as a new array. */
    private static INDArray full(Rule.Given given, INDArray input) {
        long[] shape = given.output().shape();
        if (Arrays.equals(shape, input.shape())) {
            return input;
        }
        long[] padded = new long[shape.length];
        Arrays.fill(padded, 1);
        System.arraycopy(input.shape(), 0, padded, shape.length - input.rank(), input.rank());
        INDArray full = given.scratch().of(given.output().like());
        INDArray copy = given.scratch().of(input.dup('c'));
        return full.assign(copy.reshape('c', padded).broadcast(shape));
    }

    /** Sums over the axes along which an input was repeated, as a new array of its shape. */
    private static INDArray summed(Scratch scratch, INDArray gradient, INDArray input) {
        int more = gradient.rank() - input.rank();
        int[] axes = IntStream.range(0, gradient.rank())
                .filter(axis -> gradient.size(axis) != 1 && (axis < more || input.size(axis - more) == 1))
                .toArray();
        INDArray sum = sum(scratch, gradient, axes);
        return sum.dup('c').reshape('c', input.shape());
    }

    private static INDArray sum(Scratch scratch, INDArray array, int... axes) {
        return axes.length == 0 ? array : scratch.of(array.sum(axes));
    }

    /**
     * Batch norm with given statistics: y = γ(x − μ)/√(σ² + ε) + β. SameDiff's derivative fails; that of DL4J is the
     * one of training, in which μ and σ² are those of the batch.
     */
    private static List<INDArray> batchNorm(Rule.Given given) {
        Scratch scratch = given.scratch();
        DynamicCustomOp operation = (DynamicCustomOp) given.step().operation();
        long[] settings = operation.iArgs();
        boolean gamma = settings[0] != 0;
        boolean beta = settings[1] != 0;
        INDArray x = given.input(0);
        long[] shape = x.shape().clone();
        boolean[] along = new boolean[shape.length];
        for (int i = 2; i < settings.length; i++) {
            along[(int) Math.floorMod(settings[i], (long) shape.length)] = true;
        }
        if (settings.length == 2) {
            along[shape.length - 1] = true;
        }
        int[] axes =
                IntStream.range(0, shape.length).filter(axis -> !along[axis]).toArray();
        for (int axis : axes) {
            shape[axis] = 1;
        }
        INDArray mean = stretched(scratch, given.input(1), shape, x);
        INDArray variance = stretched(scratch, given.input(2), shape, x);
        INDArray inverse =
                scratch.of(scratch.of(Transforms.sqrt(variance.addi(operation.tArgs()[0]), true))
                        .rdiv(1));
        INDArray scale = gamma ? scratch.of(inverse.mul(stretched(scratch, given.input(3), shape, x))) : inverse;
        INDArray toX = scratch.of(given.gradient().mul(scale));
        INDArray normed = scratch.of(scratch.of(x.sub(mean)).mul(inverse));
        INDArray toVariance =
                scratch.of(scratch.of(scratch.of(toX.mul(normed)).mul(inverse)).mul(-0.5));
        List<INDArray> arriving = new ArrayList<>();
        arriving.add(toX);
        arriving.add(reshaped(sum(scratch, scratch.of(toX.neg()), axes), given.input(1)));
        arriving.add(reshaped(sum(scratch, toVariance, axes), given.input(2)));
        if (gamma) {
            arriving.add(reshaped(sum(scratch, scratch.of(given.gradient().mul(normed)), axes), given.input(3)));
        }
        if (beta) {
            arriving.add(reshaped(sum(scratch, given.gradient(), axes), given.input(gamma ? 4 : 3)));
        }
        return arriving;
    }

    private static INDArray reshaped(INDArray array, INDArray like) {
        return array.dup('c').reshape('c', like.shape());
    }

    /** Repeats a value of each channel to the shape of all, as a new array. */
    private static INDArray stretched(Scratch scratch, INDArray channels, long[] shape, INDArray all) {
        INDArray copy = scratch.of(channels.dup('c'));
        INDArray full = scratch.of(all.like());
        return full.assign(copy.reshape('c', shape).broadcast(all.shape()));
    }

    /** GELU by the hyperbolic tangent, as ND4J computes it: with the third power of 0.044715 x, not 0.044715 x³. */
    private static List<INDArray> preciseGelu(Rule.Given given) {
        INDArray x = given.input(0);
        INDArray back = x.dup('c');
        double root = Math.sqrt(2 / Math.PI);
        for (long i = 0; i < back.length(); i++) {
            double at = back.data().getDouble(i);
            double part = 0.044715 * at;
            double tanh = Math.tanh(root * (at + part * part * part));
            double slope = 0.5 * (1 + tanh) + 0.5 * at * (1 - tanh * tanh) * root * (1 + 3 * 0.044715 * part * part);
            back.data().put(i, slope);
        }
        return List.of(back.muli(given.gradient()));
    }

    /** Rows that were taken several times get the sum. */
    private static List<INDArray> gather(Rule.Given given) {
        INDArray table = given.input(0);
        long[] settings = ((DynamicCustomOp) given.step().operation()).iArgs();
        int axis = settings.length == 0 ? 0 : (int) Math.floorMod(settings[0], (long) table.rank());
        INDArray indices = given.scratch().of(given.input(1).dup('c'));
        long inner = 1;
        for (int after = axis + 1; after < table.rank(); after++) {
            inner *= table.size(after);
        }
        long rows = table.size(axis);
        INDArray sent = given.scratch().of(given.gradient().dup('c'));
        INDArray back = table.like().assign(0);
        for (long i = 0; i < sent.length(); i++) {
            long index = indices.data().getLong(i / inner % indices.length());
            long outer = i / inner / indices.length();
            long at = (outer * rows + index) * inner + i % inner;
            back.data().put(at, back.data().getDouble(at) + sent.data().getDouble(i));
        }
        return List.of(back);
    }
}
