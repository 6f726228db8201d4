// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.testkit.LeakExtension;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakExtension.class)
class TensorChecksTest {
    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;
    private Tensor floats;
    private Tensor longs;
    private Tensor bits;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        floats = tensors.zeros(Shape.of(2, 3), DataType.FLOAT32);
        longs = tensors.full(Shape.of(2), DataType.INT64, 4);
        bits = tensors.zeros(Shape.of(2, 3), DataType.BOOL);
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static void says(ThrowingCallable operation, String message) {
        assertThatThrownBy(operation)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Messages on shapes and sizes name both")
    void shapes() {
        Tensor other = tensors.zeros(Shape.of(2, 4), DataType.FLOAT32);
        says(
                () -> floats.add(other),
                "add: shapes (2, 3) and (2, 4) do not broadcast: 3 and 4 at axis -1 differ and neither is 1");
        says(() -> floats.reshape(7), "reshape: shape (2, 3) has 6 elements and shape (7,) 7");
        says(
                () -> floats.broadcast(Shape.of(3, 3)),
                "broadcast: shape (2, 3) does not broadcast to shape (3, 3); aligned at the end, each extent must be "
                        + "equal or 1");
        says(() -> tensors.of(new float[5], 2, 3), "of: 5 values given for shape (2, 3), which has 6 elements");
        says(
                () -> tensors.of(ByteBuffer.allocate(5), DataType.INT32, Shape.of(2)),
                "of: 5 bytes given for a int32 tensor of shape (2,), which takes 8");
        says(
                () -> tensors.concat(List.of(floats, other.reshape(8)), 0),
                "concat: part 1 has shape (8,) and part 0 shape (2, 3); they must be equal but for axis 0");
        says(() -> tensors.concat(List.of(), 0), "concat: no parts given; at least one is needed");
        Tensor huge = tensors.zeros(Shape.of(1 << 20, 1 << 12), DataType.BOOL);
        says(
                () -> huge.eq(huge),
                "shape (1048576, 4096) has 4294967296 elements; the plain-Java backend holds up to 2147483639 in one "
                        + "tensor: give fewer rows at once");
    }

    @Test
    @DisplayName("Messages on types name them and the remedy")
    void types() {
        says(
                () -> longs.add(floats),
                "add: a int64 tensor of shape (2,) meets a float32 tensor of shape (2, 3); types must be equal: convert"
                        + " one with to(...)");
        says(
                longs::exp,
                "exp: takes float32 or float64, not a int64 tensor of shape (2,); convert it with to(...) first");
        says(bits::abs, "abs: takes numbers, not a bool tensor of shape (2, 3); convert it with to(...) first");
        says(
                () -> floats.where(floats, floats),
                "where: the mask must be bool, not a float32 tensor of shape (2, 3); make it with gt, ge, eq or "
                        + "to(bool)");
        says(
                () -> floats.oneHot(2, DataType.BOOL),
                "oneHot: takes integer class indexes, not a float32 tensor of shape (2, 3)");
        says(() -> longs.add(0.5), "add: scalar 0.5 is no value of type int64; convert the tensor with to(...) first");
        says(
                () -> longs.mul(0x1p63),
                "mul: scalar 9.223372036854776E18 is no value of type int64; convert the tensor with to(...) first");
        says(() -> bits.eq(2), "eq: scalar 2.0 is no value of type bool; convert the tensor with to(...) first");
        says(() -> floats.clamp(1, 0), "clamp: min 1.0 must be at most max 0.0, and neither may be NaN");
    }

    @Test
    @DisplayName("Messages on positions name the shape")
    void positions() {
        says(() -> floats.sum(2), "sum: axis 2 does not exist in shape (2, 3) of rank 2");
        says(() -> floats.sum(1, -1), "sum: axis -1 is named twice in [1, -1] for shape (2, 3)");
        says(
                () -> floats.slice(1, 2, 4),
                "slice: range 2 (inclusive) to 4 (exclusive) does not fit axis 1 of shape (2, 3)");
        says(() -> floats.select(0, 2), "select: index 2 lies outside axis 0 of shape (2, 3)");
        says(() -> floats.pick(1), "pick: 1 indexes given for 2 rows of shape (2, 3)");
        says(
                () -> longs.pick(0, 0),
                "pick: picks from axis 1 and takes rank 2 or more, not a int64 tensor of shape (2,)");
        says(() -> longs.oneHot(4, DataType.FLOAT32), "oneHot: class index 4 lies outside 0 to 3 (4 classes)");
        says(() -> longs.oneHot(0, DataType.FLOAT32), "oneHot: 0 classes; at least 1 is needed");
        says(() -> floats.slice(1, 0, 0).max(1), "max: axis 1 of shape (2, 0) has no elements, so there is no largest");
        says(
                () -> floats.slice(1, 0, 0).argmax(-1),
                "argmax: axis 1 of shape (2, 0) has no elements, so there is no largest");
        says(
                () -> floats.interpolate(0, 1, Tensor.Interpolation.NEAREST),
                "interpolate: size 0 x 1 for shape (2, 3); height and width must be at least 1");
        says(
                () -> floats.reshape(6).interpolate(1, 1, Tensor.Interpolation.NEAREST),
                "interpolate: resamples the last two axes and takes rank 2 or more, not a float32 tensor of shape"
                        + " (6,)");
        says(
                () -> floats.slice(0, 0, 0).interpolate(1, 1, Tensor.Interpolation.NEAREST),
                "interpolate: shape (0, 3) has nothing to interpolate between");
    }

    @Test
    @DisplayName("A tensor of another backend is refused, naming both devices")
    void otherBackend() {
        Tensors elsewhere = proxy(Tensors.class, (name) -> "pytorch/cpu");
        Tensor foreign = proxy(Tensor.class, name -> switch (name) {
            case "tensors" -> elsewhere;
            case "shape" -> Shape.of(2, 3);
            default -> DataType.FLOAT32;
        });
        says(
                () -> floats.add(foreign),
                "add: a tensor of shape (2, 3) on java meets one of shape (2, 3) on pytorch/cpu; move one with "
                        + "tensors().bring(tensor)");
        says(
                () -> tensors.concat(List.of(floats, foreign), 0),
                "concat: a tensor of shape (2, 3) on java meets one of shape (2, 3) on pytorch/cpu; move one with "
                        + "tensors().bring(tensor)");
        assertThat(tensors.owns(foreign)).isFalse();
    }

    private interface Answers {
        Object to(String method);
    }

    private static <T> T proxy(Class<T> type, Answers answers) {
        return type.cast(Proxy.newProxyInstance(
                type.getClassLoader(),
                new Class<?>[] {type},
                (self, method, arguments) -> answers.to(method.getName())));
    }

    @Test
    @DisplayName("toString shows type, shape and whether it was closed")
    void text() {
        Tensor x = tensors.zeros(Shape.of(2), DataType.UINT8);
        assertThat(x).hasToString("uint8 tensor of shape (2,)");
        x.close();
        assertThat(x).hasToString("uint8 tensor of shape (2,), closed");
    }
}
