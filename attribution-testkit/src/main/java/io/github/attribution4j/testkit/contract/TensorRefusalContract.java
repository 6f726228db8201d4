// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.contract;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.nio.ByteBuffer;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * What every backend refuses; part of {@link TensorContract}. A backend passes if it first calls
 * {@link io.github.attribution4j.tensor.Tensors.Checks}.
 */
@Experimental
public abstract class TensorRefusalContract extends TensorLifetimeContract {
    /** For subclasses. */
    protected TensorRefusalContract() {}

    private static void refused(ThrowingCallable operation, String... words) {
        assertThatThrownBy(operation)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(words);
    }

    @Test
    @DisplayName("Shapes that do not broadcast are refused, naming both")
    void shapes() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor a = tensors().zeros(Shape.of(2, 3), DataType.FLOAT32);
            Tensor b = tensors().zeros(Shape.of(2, 4), DataType.FLOAT32);
            Tensor mask = tensors().zeros(Shape.of(5, 1), DataType.BOOL);
            List<ThrowingCallable> operations = List.of(
                    () -> a.add(b),
                    () -> a.sub(b),
                    () -> a.mul(b),
                    () -> a.div(b),
                    () -> a.gt(b),
                    () -> a.ge(b),
                    () -> a.eq(b),
                    () -> a.gt(0).where(a, b));
            for (ThrowingCallable operation : operations) {
                refused(operation, "(2, 3)", "(2, 4)");
            }
            refused(() -> mask.where(a, a), "where", "(5, 1)", "(2, 3)");
            refused(() -> a.broadcast(Shape.of(3, 3)), "broadcast", "(2, 3)", "(3, 3)");
            refused(() -> a.reshape(7), "reshape", "(2, 3)", "(7,)");
        }
    }

    @Test
    @DisplayName("Types that do not fit an operation are refused, naming them")
    void types() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor floats = tensors().zeros(Shape.of(2, 2), DataType.FLOAT32);
            Tensor doubles = tensors().zeros(Shape.of(2, 2), DataType.FLOAT64);
            Tensor longs = tensors().zeros(Shape.of(2, 2), DataType.INT64);
            Tensor mask = tensors().zeros(Shape.of(2, 2), DataType.BOOL);
            refused(() -> floats.add(doubles), "add", "float32", "float64");
            refused(() -> doubles.gt(longs), "gt", "float64", "int64");
            refused(() -> mask.where(floats, doubles), "where", "float32", "float64");
            refused(() -> floats.where(floats, floats), "where", "bool", "float32");
            refused(() -> tensors().concat(List.of(floats, longs), 0), "concat", "float32", "int64");
            List<ThrowingCallable> floatingOnly = List.of(
                    () -> longs.div(longs),
                    longs::exp,
                    longs::log,
                    longs::sqrt,
                    longs::mean,
                    () -> longs.interpolate(1, 1, Tensor.Interpolation.NEAREST));
            for (ThrowingCallable operation : floatingOnly) {
                refused(operation, "float32 or float64", "int64");
            }
            List<ThrowingCallable> numbersOnly = List.of(
                    () -> mask.add(mask),
                    () -> mask.add(1),
                    () -> mask.sub(mask),
                    () -> mask.mul(mask),
                    () -> mask.mul(1),
                    mask::abs,
                    () -> mask.clamp(0, 1),
                    mask::max,
                    () -> mask.argmax(0));
            for (ThrowingCallable operation : numbersOnly) {
                refused(operation, "bool");
            }
            refused(() -> floats.oneHot(2, DataType.FLOAT32), "oneHot", "float32");
            refused(() -> mask.oneHot(2, DataType.FLOAT32), "oneHot", "bool");
        }
    }

    @Test
    @DisplayName("A scalar that the type does not have is refused, not rounded")
    void scalars() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor longs = tensors().zeros(Shape.of(2), DataType.INT64);
            Tensor bytes = tensors().zeros(Shape.of(2), DataType.UINT8);
            Tensor ints = tensors().zeros(Shape.of(2), DataType.INT32);
            refused(() -> longs.add(0.5), "add", "0.5", "int64");
            refused(() -> longs.mul(Double.NaN), "mul", "NaN", "int64");
            refused(() -> longs.gt(0.5), "gt", "0.5", "int64");
            refused(() -> bytes.ge(256), "ge", "256", "uint8");
            refused(() -> bytes.eq(-1), "eq", "-1", "uint8");
            refused(() -> ints.add(1e10), "add", "int32");
            refused(() -> ints.clamp(0.5, 2), "clamp", "0.5", "int32");
            refused(() -> tensors().full(Shape.of(1), DataType.UINT8, 300), "full", "300", "uint8");
            refused(() -> tensors().zeros(Shape.of(1), DataType.FLOAT32).clamp(2, 1), "clamp", "2.0", "1.0");
            refused(() -> tensors().zeros(Shape.of(1), DataType.FLOAT32).clamp(Double.NaN, 1), "clamp", "NaN");
        }
    }

    @Test
    @DisplayName("Axes, ranges and indexes outside the shape are refused, naming it")
    void positions() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = tensors().zeros(Shape.of(2, 3), DataType.FLOAT32);
            Tensor longs = tensors().full(Shape.of(2), DataType.INT64, 4);
            refused(() -> x.sum(2), "sum", "axis 2", "(2, 3)");
            refused(() -> x.mean(-3), "mean", "axis -3", "(2, 3)");
            refused(() -> x.max(0, -2), "max", "twice", "(2, 3)");
            refused(() -> x.argmax(5), "argmax", "axis 5", "(2, 3)");
            refused(() -> x.slice(0, 1, 3), "slice", "3", "(2, 3)");
            refused(() -> x.slice(1, -1, 2), "slice", "-1", "(2, 3)");
            refused(() -> x.slice(1, 2, 1), "slice", "(2, 3)");
            refused(() -> x.select(1, 0, 3), "select", "index 3", "(2, 3)");
            refused(() -> x.select(-1, -1), "select", "index -1", "(2, 3)");
            refused(() -> x.pick(0), "pick", "1 indexes", "(2, 3)");
            refused(() -> x.pick(0, 3), "pick", "index 3", "(2, 3)");
            refused(() -> longs.pick(0, 0), "pick", "(2,)");
            refused(() -> longs.oneHot(4, DataType.FLOAT32), "oneHot", "4");
            refused(() -> longs.oneHot(0, DataType.FLOAT32), "oneHot", "0 classes");
            refused(() -> x.interpolate(0, 2, Tensor.Interpolation.NEAREST), "interpolate", "0 x 2", "(2, 3)");
            refused(
                    () -> x.rows(0, 1).reshape(3).interpolate(1, 2, Tensor.Interpolation.NEAREST),
                    "interpolate",
                    "(3,)");
            refused(() -> x.slice(0, 0, 0).interpolate(1, 2, Tensor.Interpolation.NEAREST), "interpolate", "(0, 3)");
            refused(() -> x.slice(1, 0, 0).max(1), "max", "(2, 0)");
            refused(() -> x.slice(1, 0, 0).argmax(1), "argmax", "(2, 0)");
            refused(() -> tensors().concat(List.of(), 0), "concat");
            refused(() -> tensors().concat(List.of(x, x.slice(1, 0, 2)), 0), "concat", "(2, 3)", "(2, 2)");
            refused(() -> tensors().concat(List.of(x), 2), "concat", "axis 2", "(2, 3)");
        }
    }

    @Test
    @DisplayName("Values that do not fill a shape are refused, naming both numbers")
    void sizes() {
        Shape shape = Shape.of(2, 2);
        refused(() -> tensors().of(new float[3], shape), "3", "(2, 2)");
        refused(() -> tensors().of(new double[5], shape), "5", "(2, 2)");
        refused(() -> tensors().of(new long[0], shape), "0", "(2, 2)");
        refused(() -> tensors().of(new int[3], shape), "3", "(2, 2)");
        refused(() -> tensors().of(new boolean[3], shape), "3", "(2, 2)");
        refused(() -> tensors().of(ByteBuffer.allocate(15), DataType.FLOAT32, shape), "15", "(2, 2)", "float32");
    }
}
