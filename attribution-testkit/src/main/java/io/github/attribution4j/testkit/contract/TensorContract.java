// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static io.github.attribution4j.testkit.TensorAssert.assertThat;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.contract.TensorCases.Operand;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.BinaryOperator;
import java.util.function.DoubleBinaryOperator;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every backend's {@link Tensor} must do: each operation on drawn shapes, types and views is compared with a slow
 * implementation. It includes {@link TensorRefusalContract} and {@link TensorLifetimeContract}.
 *
 * <p>A backend extends this class and returns its factory:
 *
 * <pre>{@code
 * class MyTensorTest extends TensorContract {
 *     @Override
 *     protected Tensors tensors() {
 *         return MyTensors.INSTANCE;
 *     }
 * }
 * }</pre>
 */
@Experimental
public abstract class TensorContract extends TensorRefusalContract {
    private static final int CASES = 60;

    /** For subclasses. */
    protected TensorContract() {}

    private interface Case {
        void check(TensorCases cases);
    }

    private void repeat(Case body) {
        for (int seed = 0; seed < CASES; seed++) {
            try (TensorScope scope = TensorScope.open()) {
                body.check(new TensorCases(tensors(), seed));
            } catch (AssertionError e) {
                throw new AssertionError("case of seed " + seed + ": " + e.getMessage(), e);
            }
        }
    }

    private static void same(Tensor actual, SlowTensor expected, DataType type) {
        close(actual, expected, type, 0);
    }

    private static void close(Tensor actual, SlowTensor expected, DataType type, double tolerance) {
        assertThat(actual).hasType(type).hasShape(expected.shape).hasValuesCloseTo(tolerance, expected.values);
    }

    private static double rounding(DataType type) {
        return type == DataType.FLOAT32 ? 1e-6 : 1e-14;
    }

    @Test
    @DisplayName("Tensors made of Java arrays give the elements back, in every type of array")
    void arrays() {
        try (TensorScope scope = TensorScope.open()) {
            float[] floats = {1.5f, -2.5f, 0};
            Tensor x = tensors().of(floats, 3);
            floats[0] = 99;
            assertThat(x).hasType(DataType.FLOAT32).hasShape(3).hasValues(1.5, -2.5, 0);
            Assertions.assertArrayEquals(new float[] {1.5f, -2.5f, 0}, x.toFloatArray());
            Assertions.assertArrayEquals(new long[] {1, -2, 0}, x.toLongArray());
            Assertions.assertArrayEquals(new boolean[] {true, true, false}, x.toBooleanArray());
            x.toFloatArray()[0] = 77;
            assertThat(x).hasValues(1.5, -2.5, 0);
            assertThat(tensors().of(new double[] {0.1}, Shape.scalar()))
                    .hasType(DataType.FLOAT64)
                    .hasValues(0.1);
            assertThat(tensors().of(new long[] {1L << 40, -3}, 2))
                    .hasType(DataType.INT64)
                    .hasValues(1L << 40, -3);
            assertThat(tensors().of(new int[] {7, -7}, Shape.of(2, 1)))
                    .hasType(DataType.INT32)
                    .hasValues(7, -7);
            assertThat(tensors().of(new boolean[] {true, false}, Shape.of(2)))
                    .hasType(DataType.BOOL)
                    .hasValues(1, 0);
            assertThat(tensors().of(new float[0], 0, 3)).hasShape(0, 3).hasValues();
        }
    }

    @Test
    @DisplayName("64-bit integers keep all their bits")
    void longs() {
        try (TensorScope scope = TensorScope.open()) {
            long[] values = {Long.MAX_VALUE, Long.MIN_VALUE, (1L << 53) + 1};
            Tensor x = tensors().of(values, 3);
            Assertions.assertArrayEquals(values, x.toLongArray());
            Assertions.assertArrayEquals(
                    new long[] {2}, x.rows(0, 2).argmax(0).add(2).toLongArray());
            Assertions.assertArrayEquals(
                    new boolean[] {false, false, true}, x.eq(x.rows(2, 3)).toBooleanArray());
        }
    }

    @Test
    @DisplayName("Bytes go in and out of buffers, whatever their order, kind and position")
    void buffers() {
        repeat(cases -> {
            for (DataType type : DataType.values()) {
                Operand x = cases.operand(type, cases.shape());
                ByteBuffer bytes = x.tensor().toByteBuffer();
                Assertions.assertEquals(ByteOrder.nativeOrder(), bytes.order());
                Assertions.assertTrue(bytes.isDirect());
                Assertions.assertEquals(0, bytes.position());
                Assertions.assertEquals(x.shape().size() * type.bytes(), bytes.remaining());
                assertThat(tensors().of(bytes, type, x.shape())).isBitEqualTo(x.tensor());
                Assertions.assertEquals(0, bytes.position());
                Assertions.assertTrue(x.tensor()
                        .<Boolean>readBytes(own -> own.order() == ByteOrder.nativeOrder()
                                && own.remaining() == bytes.remaining()
                                && own.mismatch(bytes) < 0));

                ByteBuffer other = ByteBuffer.allocate(bytes.capacity() + 3).order(otherOrder());
                other.position(3);
                for (int at = 0; at < bytes.capacity(); at += type.bytes()) {
                    for (int i = 0; i < type.bytes(); i++) {
                        other.put(bytes.get(at + type.bytes() - 1 - i));
                    }
                }
                other.position(3);
                assertThat(tensors().of(other, type, x.shape())).isBitEqualTo(x.tensor());
                Assertions.assertEquals(3, other.position());
            }
        });
    }

    private static ByteOrder otherOrder() {
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
    }

    @Test
    @DisplayName("full and zeros fill every type")
    void full() {
        try (TensorScope scope = TensorScope.open()) {
            for (DataType type : DataType.values()) {
                assertThat(tensors().full(Shape.of(2, 2), type, 1))
                        .hasType(type)
                        .hasValues(1, 1, 1, 1);
                assertThat(tensors().zeros(Shape.of(3), type)).hasType(type).hasValues(0, 0, 0);
                assertThat(tensors().full(Shape.of(0, 2), type, 1))
                        .hasType(type)
                        .hasShape(0, 2);
            }
            assertThat(tensors().full(Shape.scalar(), DataType.FLOAT32, 0.1))
                    .hasShape()
                    .hasValues(0.1f);
            assertThat(tensors().full(Shape.of(1), DataType.UINT8, 255)).hasValues(255);
        }
    }

    @Test
    @DisplayName("add, sub and mul broadcast and wrap around in integers")
    void arithmetic() {
        for (DataType type : TensorCases.NUMBERS) {
            pairs(type, type, Tensor::add, Double::sum);
            pairs(type, type, Tensor::sub, (a, b) -> a - b);
            pairs(type, type, Tensor::mul, (a, b) -> a * b);
            repeat(cases -> {
                Operand x = cases.operand(type, cases.shape());
                double scalar = cases.value(type);
                same(x.tensor().add(scalar), x.slow().map(a -> a + scalar).in(type), type);
                same(x.tensor().mul(scalar), x.slow().map(a -> a * scalar).in(type), type);
            });
        }
    }

    @Test
    @DisplayName("div broadcasts; division by zero gives infinity or NaN")
    void division() {
        for (DataType type : TensorCases.FLOATING) {
            pairs(type, type, Tensor::div, (a, b) -> a / b);
        }
    }

    @Test
    @DisplayName("gt, ge and eq broadcast and give masks")
    void comparisons() {
        for (DataType type : DataType.values()) {
            pairs(type, DataType.BOOL, Tensor::gt, (a, b) -> a > b ? 1 : 0);
            pairs(type, DataType.BOOL, Tensor::ge, (a, b) -> a >= b ? 1 : 0);
            pairs(type, DataType.BOOL, Tensor::eq, (a, b) -> a == b ? 1 : 0);
            repeat(cases -> {
                Operand x = cases.operand(type, cases.shape());
                double scalar = cases.value(type);
                same(x.tensor().gt(scalar), x.slow().map(a -> a > scalar ? 1 : 0), DataType.BOOL);
                same(x.tensor().ge(scalar), x.slow().map(a -> a >= scalar ? 1 : 0), DataType.BOOL);
                same(x.tensor().eq(scalar), x.slow().map(a -> a == scalar ? 1 : 0), DataType.BOOL);
            });
        }
    }

    private void pairs(DataType type, DataType result, BinaryOperator<Tensor> operation, DoubleBinaryOperator slow) {
        repeat(cases -> {
            Shape shape = cases.shape();
            Operand a = cases.operand(type, cases.narrower(shape));
            Operand b = cases.operand(type, cases.narrower(shape));
            Shape expected = a.shape().broadcast(b.shape());
            same(
                    operation.apply(a.tensor(), b.tensor()),
                    a.slow().with(b.slow(), expected, slow).in(result),
                    result);
        });
    }

    @Test
    @DisplayName("abs, exp, log, sqrt and clamp work on each element")
    void functions() {
        for (DataType type : TensorCases.NUMBERS) {
            function(type, Tensor::abs, Math::abs, 0);
            function(type, x -> x.clamp(2, 5), a -> Math.min(Math.max(a, 2), 5), 0);
            function(type, x -> x.clamp(3, Double.POSITIVE_INFINITY), a -> Math.max(a, 3), 0);
            function(type, x -> x.clamp(Double.NEGATIVE_INFINITY, 3), a -> Math.min(a, 3), 0);
        }
        for (DataType type : TensorCases.FLOATING) {
            function(type, Tensor::exp, Math::exp, 3000 * rounding(type));
            function(type, Tensor::log, Math::log, 3 * rounding(type));
            function(type, Tensor::sqrt, Math::sqrt, 3 * rounding(type));
        }
    }

    private void function(DataType type, UnaryOperator<Tensor> operation, DoubleUnaryOperator slow, double tolerance) {
        repeat(cases -> {
            Operand x = cases.operand(type, cases.shape());
            close(operation.apply(x.tensor()), x.slow().map(slow).in(type), type, tolerance);
        });
    }

    @Test
    @DisplayName("where broadcasts a mask and two tensors together")
    void where() {
        for (DataType type : DataType.values()) {
            repeat(cases -> {
                Shape shape = cases.shape();
                Operand mask = cases.operand(DataType.BOOL, cases.narrower(shape));
                Operand yes = cases.operand(type, cases.narrower(shape));
                Operand no = cases.operand(type, cases.narrower(shape));
                Shape expected = mask.shape().broadcast(yes.shape().broadcast(no.shape()));
                same(
                        mask.tensor().where(yes.tensor(), no.tensor()),
                        mask.slow().where(yes.slow(), no.slow(), expected),
                        type);
            });
        }
    }

    @Test
    @DisplayName("sum, mean and max reduce any axes")
    void reductions() {
        for (DataType type : DataType.values()) {
            repeat(cases -> {
                Operand x = cases.operand(type, cases.shape());
                int[] axes = cases.axes(x.shape().rank());
                boolean[] reduced = new boolean[x.shape().rank()];
                Arrays.fill(reduced, axes.length == 0);
                for (int axis : axes) {
                    reduced[x.shape().axis(axis)] = true;
                }
                DataType sums = type.isFloating() ? type : DataType.INT64;
                same(
                        x.tensor().sum(axes),
                        x.slow().reduce(reduced, group -> Arrays.stream(group).sum()),
                        sums);
                if (type.isFloating()) {
                    SlowTensor means = x.slow()
                            .reduce(
                                    reduced,
                                    group -> Arrays.stream(group).average().orElseThrow());
                    close(x.tensor().mean(axes), means, type, 10 * rounding(type));
                }
                if (type != DataType.BOOL) {
                    SlowTensor largest = x.slow()
                            .reduce(reduced, group -> Arrays.stream(group).max().orElseThrow());
                    same(x.tensor().max(axes), largest, type);
                }
            });
        }
    }

    @Test
    @DisplayName("argmax gives the first of the largest")
    void argmax() {
        for (DataType type : TensorCases.NUMBERS) {
            repeat(cases -> {
                Operand x = cases.operand(type, cases.shape(1, 4));
                int axis = cases.random().nextInt(x.shape().rank());
                boolean[] reduced = new boolean[x.shape().rank()];
                reduced[axis] = true;
                SlowTensor first = x.slow().reduce(reduced, TensorContract::firstLargest);
                same(x.tensor().argmax(axis), first, DataType.INT64);
                same(x.tensor().argmax(axis - reduced.length), first, DataType.INT64);
            });
        }
    }

    private static double firstLargest(double[] group) {
        int first = 0;
        for (int i = 1; i < group.length; i++) {
            first = group[i] > group[first] ? i : first;
        }
        return first;
    }

    @Test
    @DisplayName("NaN stays NaN, equals nothing, and wins a maximum; infinities are ordinary")
    void notANumber() {
        double nan = Double.NaN;
        double inf = Double.POSITIVE_INFINITY;
        try (TensorScope scope = TensorScope.open()) {
            for (DataType type : TensorCases.FLOATING) {
                Tensor x = tensors()
                        .of(new double[] {1, nan, -inf, inf, 2, nan}, 2, 3)
                        .to(type);
                assertThat(x.max(1)).hasValues(nan, nan);
                assertThat(x.max(0)).hasValues(inf, nan, nan);
                assertThat(x.argmax(1)).hasValues(1, 2);
                assertThat(x.clamp(-1, 1)).hasValues(1, nan, -1, 1, 1, nan);
                assertThat(x.eq(x)).hasValues(1, 0, 1, 1, 1, 0);
                assertThat(x.gt(nan)).hasValues(0, 0, 0, 0, 0, 0);
                assertThat(x.sum(1)).hasValues(nan, nan);
                assertThat(x.slice(1, 0, 1).sum()).hasValues(inf);
                assertThat(x.to(DataType.BOOL)).hasValues(1, 1, 1, 1, 1, 1);
                assertThat(x.gt(0).where(x, x.mul(0).eq(0).where(x, x))).hasValues(1, nan, -inf, inf, 2, nan);
                Assertions.assertFalse(x.isFinite());
                Assertions.assertFalse(x.rows(0, 1).slice(1, 2, 3).isFinite());
                Assertions.assertTrue(x.slice(1, 0, 1).rows(0, 1).isFinite());
            }
            Assertions.assertTrue(tensors().of(new long[] {1}, 1).isFinite());
        }
    }

    @Test
    @DisplayName("A sum over no elements is 0, a mean over none is NaN")
    void empty() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = tensors().zeros(Shape.of(2, 0, 3), DataType.FLOAT32);
            assertThat(x.sum(1)).hasShape(2, 3).hasValues(0, 0, 0, 0, 0, 0);
            assertThat(x.sum(0)).hasShape(0, 3);
            assertThat(x.mean(1, 2)).hasValues(Double.NaN, Double.NaN);
            assertThat(x.max(0, 2)).hasShape(0);
            assertThat(x.add(x).abs()).hasShape(2, 0, 3);
            assertThat(x.reshape(0, 6)).hasShape(0, 6);
            assertThat(tensors().concat(List.of(x, tensors().full(Shape.of(2, 1, 3), DataType.FLOAT32, 1)), 1))
                    .hasValues(1, 1, 1, 1, 1, 1);
            assertThat(x.select(0)).hasShape(0, 0, 3);
            assertThat(x.slice(2, 3, 3)).hasShape(2, 0, 0);
            Assertions.assertTrue(x.isFinite());
            Assertions.assertEquals(0, x.toDoubleArray().length);
            Assertions.assertEquals(0, x.toByteBuffer().capacity());
        }
    }

    @Test
    @DisplayName("reshape, broadcast, slice, select, pick and concat move elements, also of views")
    void moves() {
        for (DataType type : DataType.values()) {
            repeat(cases -> {
                Operand x = cases.operand(type, cases.shape(2, 4));
                Shape shape = x.shape();
                Shape flat = Shape.of(shape.dim(0), shape.size() / shape.dim(0));
                same(x.tensor().reshape(flat), x.slow().reshape(flat), type);
                same(x.tensor().reshape(shape.size()), x.slow().reshape(Shape.of(shape.size())), type);
                Shape deeper = shape.prepend(2);
                same(x.tensor().broadcast(deeper), x.slow().broadcast(deeper), type);

                int axis = cases.random().nextInt(shape.rank());
                long from = cases.random().nextInt((int) shape.dim(axis));
                same(
                        x.tensor().slice(axis - shape.rank(), from, shape.dim(axis)),
                        x.slow().slice(axis, from, shape.dim(axis)),
                        type);
                long[] indexes = cases.indexes(3, shape.dim(axis));
                same(x.tensor().select(axis, indexes), x.slow().select(axis, indexes), type);
                long[] picks = cases.indexes((int) shape.dim(0), shape.dim(1));
                same(x.tensor().pick(picks), x.slow().pick(picks), type);

                Operand y = cases.operand(type, shape.with(axis, 2));
                Operand z = cases.operand(type, shape.with(axis, 1));
                same(
                        tensors().concat(List.of(x.tensor(), y.tensor(), z.tensor()), axis),
                        SlowTensor.concat(List.of(x.slow(), y.slow(), z.slow()), axis),
                        type);
            });
        }
    }

    @Test
    @DisplayName("oneHot marks class indexes in any type")
    void oneHot() {
        for (DataType type : DataType.values()) {
            repeat(cases -> {
                DataType indexType = List.of(DataType.INT64, DataType.INT32, DataType.UINT8)
                        .get(cases.random().nextInt(3));
                Operand drawn = cases.operand(indexType, cases.shape());
                SlowTensor classes = drawn.slow().map(x -> Math.abs(x));
                same(drawn.tensor().abs().oneHot(16, type), classes.oneHot(16), type);
            });
        }
    }

    @Test
    @DisplayName("interpolate resamples the last two axes, up and down")
    void interpolate() {
        for (DataType type : TensorCases.FLOATING) {
            for (Tensor.Interpolation mode : Tensor.Interpolation.values()) {
                repeat(cases -> {
                    Operand x = cases.operand(type, cases.shape(2, 4));
                    int height = 1 + cases.random().nextInt(9);
                    int width = 1 + cases.random().nextInt(9);
                    close(
                            x.tensor().interpolate(height, width, mode),
                            x.slow().interpolate(height, width, mode),
                            type,
                            mode == Tensor.Interpolation.NEAREST ? 0 : 20 * rounding(type));
                });
            }
        }
    }

    @Test
    @DisplayName("Every type converts to every other: floats to integers towards zero, to bool by != 0")
    void conversions() {
        for (DataType from : DataType.values()) {
            for (DataType to : DataType.values()) {
                repeat(cases -> {
                    Operand x = cases.operand(from, cases.shape());
                    Tensor tensor = x.tensor();
                    SlowTensor slow = x.slow();
                    if (to == DataType.UINT8 && from != DataType.BOOL) {
                        // Numbers outside 0 to 255 have no meaning in uint8.
                        tensor = tensor.abs();
                        slow = slow.map(Math::abs);
                    }
                    same(tensor.to(to), slow.in(to), to);
                });
            }
        }
    }

    @Test
    @DisplayName("A row comes out with the same bits, however many rows are beside it")
    void rowsAreIndependent() {
        List<UnaryOperator<Tensor>> operations = List.of(
                Tensor::exp,
                x -> x.abs().log(),
                x -> x.abs().sqrt(),
                x -> x.mul(0.1).add(x),
                x -> x.sum(1, 2),
                x -> x.mean(-1),
                x -> x.max(1),
                x -> x.interpolate(5, 7, Tensor.Interpolation.BILINEAR));
        try (TensorScope scope = TensorScope.open()) {
            for (DataType type : TensorCases.FLOATING) {
                TensorCases cases = new TensorCases(tensors(), 3);
                Tensor x = cases.direct(type, Shape.of(13, 17, 19)).tensor().mul(1.0 / 3);
                for (UnaryOperator<Tensor> operation : operations) {
                    List<Tensor> single = new ArrayList<>();
                    for (int row = 0; row < 13; row++) {
                        single.add(operation.apply(x.rows(row, row + 1)));
                    }
                    assertThat(operation.apply(x)).isBitEqualTo(tensors().concat(single, 0));
                }
            }
        }
    }

    @Test
    @DisplayName("A float32 sum of a hundred thousand elements is right to the last digits")
    void longSums() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = tensors().full(Shape.of(100_000), DataType.FLOAT32, 0.1);
            assertThat(x.sum()).hasValuesCloseTo(0.02, 100_000 * (double) 0.1f);
            assertThat(x.mean()).hasValuesCloseTo(2e-7, 0.1f);
        }
    }
}
