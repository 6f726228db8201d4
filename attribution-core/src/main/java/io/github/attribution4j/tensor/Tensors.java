// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * Makes tensors of one backend on one device. Thread-safe. Arrays and buffers are copied, so later changes to them have
 * no effect.
 *
 * <p>{@link #ofJava()} is the plain-Java backend; a model's own is {@code model.tensors()}. Every method throws
 * {@link IllegalArgumentException} if the number of elements does not fit the shape.
 */
public interface Tensors {
    /** Returns the plain-Java backend. */
    static Tensors ofJava() {
        return ArrayTensors.INSTANCE;
    }

    /** Returns the backend and device, such as {@code java} or {@code pytorch/cpu}. */
    String device();

    /** Returns a {@link DataType#FLOAT32} tensor of these elements in row-major order. */
    Tensor of(float[] values, Shape shape);

    /** Returns a {@link DataType#FLOAT64} tensor. */
    Tensor of(double[] values, Shape shape);

    /**
     * Returns a tensor of these numbers, rounded to a type.
     *
     * @param dataType {@link DataType#FLOAT32} or {@link DataType#FLOAT64}
     */
    default Tensor of(double[] values, DataType dataType, Shape shape) {
        if (dataType == DataType.FLOAT64) {
            return of(values, shape);
        }
        if (dataType != DataType.FLOAT32) {
            throw new IllegalArgumentException("dataType " + dataType + ": must be float32 or float64");
        }
        float[] rounded = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            rounded[i] = (float) values[i];
        }
        return of(rounded, shape);
    }

    /** Returns an {@link DataType#INT64} tensor. */
    Tensor of(long[] values, Shape shape);

    /** Returns an {@link DataType#INT32} tensor. */
    Tensor of(int[] values, Shape shape);

    /** Returns a {@link DataType#BOOL} tensor. */
    Tensor of(boolean[] values, Shape shape);

    /**
     * Returns a tensor of the bytes between the buffer's position and limit, which stay as they are.
     *
     * @param values row-major elements in the buffer's own byte order ({@link ByteBuffer#order()}), direct or not
     */
    Tensor of(ByteBuffer values, DataType dataType, Shape shape);

    /** Returns {@link #of(float[], Shape)} with these extents. */
    default Tensor of(float[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns {@link #of(double[], Shape)} with these extents. */
    default Tensor of(double[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns {@link #of(long[], Shape)} with these extents. */
    default Tensor of(long[] values, long... dims) {
        return of(values, Shape.of(dims));
    }

    /** Returns a tensor with every element the same. */
    Tensor full(Shape shape, DataType dataType, double value);

    /** Returns a tensor of zeros ({@code false} for bool). */
    default Tensor zeros(Shape shape, DataType dataType) {
        return full(shape, dataType, 0);
    }

    /**
     * Joins tensors along an axis.
     *
     * @param parts at least one, of this backend and one type, equal except for the extent of that axis
     */
    Tensor concat(List<Tensor> parts, int axis);

    /** Returns whether a tensor has this backend and device, so that it can be combined with tensors from here. */
    boolean owns(Tensor tensor);

    /** Returns a tensor's elements on this backend and device: an {@link Tensor#alias()} if it is here, else a copy. */
    default Tensor bring(Tensor tensor) {
        return owns(tensor) ? tensor.alias() : of(tensor.toByteBuffer(), tensor.dataType(), tensor.shape());
    }

    /**
     * Checks the arguments of each operation of {@link Tensor} and {@link Tensors} in one place, so that every backend
     * refuses the same with the same words. A backend calls the check that has the operation's name, and then computes.
     *
     * <p>Every violation is an {@link IllegalArgumentException} that names the operation, both shapes or types, and the
     * remedy.
     */
    final class Checks {
        private Checks() {}

        /** Checks that a number of values fills a shape. */
        public static void of(long values, Shape shape) {
            require(
                    values == shape.size(),
                    "of: " + values + " values given for shape " + shape + ", which has " + shape.size() + " elements");
        }

        /** Checks that a buffer's remaining bytes fill a shape. */
        public static void ofBytes(long bytes, DataType dataType, Shape shape) {
            long wanted = Math.multiplyExact(shape.size(), dataType.bytes());
            require(
                    bytes == wanted,
                    "of: " + bytes + " bytes given for a " + dataType + " tensor of shape " + shape + ", which takes "
                            + wanted);
        }

        /** Checks that a fill value exists in a type; {@link DataType#BOOL} takes any, by {@code != 0}. */
        public static void full(DataType dataType, double value) {
            if (dataType != DataType.BOOL) {
                scalar("full", dataType, value);
            }
        }

        /** Checks two operands of {@code add}, {@code sub} or {@code mul}; returns the shape of the result. */
        public static Shape arithmetic(String operation, Tensor a, Tensor b) {
            notBool(operation, a);
            return pair(operation, a, b);
        }

        /** Checks a tensor and a scalar of {@code add} or {@code mul}. */
        public static void arithmetic(String operation, Tensor a, double scalar) {
            notBool(operation, a);
            scalar(operation, a.dataType(), scalar);
        }

        /** Checks the operands of a division; returns the shape of the result. */
        public static Shape div(Tensor a, Tensor b) {
            floating("div", a);
            return pair("div", a, b);
        }

        /** Checks two operands of a comparison; returns the shape of the mask. */
        public static Shape comparison(String operation, Tensor a, Tensor b) {
            return pair(operation, a, b);
        }

        /** Checks a tensor and a scalar of a comparison. */
        public static void comparison(String operation, Tensor a, double scalar) {
            scalar(operation, a.dataType(), scalar);
        }

        /** Checks that a tensor is of a floating type. */
        public static void floating(String operation, Tensor a) {
            require(
                    a.dataType().isFloating(),
                    operation + ": takes float32 or float64, not a " + describe(a) + "; convert it with to(...) first");
        }

        /** Checks that a tensor is not {@link DataType#BOOL}. */
        public static void notBool(String operation, Tensor a) {
            require(
                    a.dataType() != DataType.BOOL,
                    operation + ": takes numbers, not a " + describe(a) + "; convert it with to(...) first");
        }

        /** Checks the bounds of a clamp: in order, no NaN, and for integers whole or infinite. */
        public static void clamp(Tensor a, double min, double max) {
            notBool("clamp", a);
            require(min <= max, "clamp: min " + min + " must be at most max " + max + ", and neither may be NaN");
            for (double bound : new double[] {min, max}) {
                if (!Double.isInfinite(bound)) {
                    scalar("clamp", a.dataType(), bound);
                }
            }
        }

        /** Checks the operands of a choice; returns the shape of the result. */
        public static Shape where(Tensor mask, Tensor whenTrue, Tensor whenFalse) {
            require(
                    mask.dataType() == DataType.BOOL,
                    "where: the mask must be bool, not a " + describe(mask) + "; make it with gt, ge, eq or to(bool)");
            together("where", mask, whenTrue);
            Shape chosen = pair("where", whenTrue, whenFalse);
            return broadcast("where", mask.shape(), chosen);
        }

        /**
         * Checks axes to be reduced.
         *
         * @param axes distinct, from the start or the end; none means all
         * @return for each axis of the tensor whether it is reduced
         */
        public static boolean[] axes(String operation, Tensor a, int... axes) {
            boolean[] reduced = new boolean[a.shape().rank()];
            if (axes.length == 0) {
                Arrays.fill(reduced, true);
            }
            for (int axis : axes) {
                int fromStart = axis(operation, a, axis);
                require(
                        !reduced[fromStart],
                        operation + ": axis " + axis + " is named twice in " + Arrays.toString(axes) + " for shape "
                                + a.shape());
                reduced[fromStart] = true;
            }
            return reduced;
        }

        /** Checks the axes of a maximum, each of which must have an element; returns as {@link #axes}. */
        public static boolean[] max(Tensor a, int... axes) {
            notBool("max", a);
            boolean[] reduced = axes("max", a, axes);
            for (int axis = 0; axis < reduced.length; axis++) {
                require(
                        !reduced[axis] || a.shape().dim(axis) > 0,
                        "max: axis " + axis + " of shape " + a.shape() + " has no elements, so there is no largest");
            }
            return reduced;
        }

        /** Checks the axis of an argmax; returns it counted from the start. */
        public static int argmax(Tensor a, int axis) {
            notBool("argmax", a);
            int fromStart = axis("argmax", a, axis);
            require(
                    a.shape().dim(fromStart) > 0,
                    "argmax: axis " + fromStart + " of shape " + a.shape()
                            + " has no elements, so there is no largest");
            return fromStart;
        }

        /** Checks that a shape has as many elements as a tensor. */
        public static void reshape(Tensor a, Shape shape) {
            require(
                    a.shape().size() == shape.size(),
                    "reshape: shape " + a.shape() + " has " + a.shape().size() + " elements and shape " + shape + " "
                            + shape.size());
        }

        /** Checks that a tensor broadcasts to a shape. */
        public static void broadcast(Tensor a, Shape shape) {
            require(
                    a.shape().broadcastsTo(shape),
                    "broadcast: shape " + a.shape() + " does not broadcast to shape " + shape
                            + "; aligned at the end, each extent must be equal or 1");
        }

        /** Checks a range along an axis; returns the axis counted from the start. */
        public static int slice(Tensor a, int axis, long from, long to) {
            int fromStart = axis("slice", a, axis);
            require(
                    from >= 0 && from <= to && to <= a.shape().dim(fromStart),
                    "slice: range " + from + " (inclusive) to " + to + " (exclusive) does not fit axis " + axis
                            + " of shape " + a.shape());
            return fromStart;
        }

        /** Checks positions along an axis; returns the axis counted from the start. */
        public static int select(Tensor a, int axis, long... indexes) {
            int fromStart = axis("select", a, axis);
            inRange("select", a, fromStart, indexes);
            return fromStart;
        }

        /** Checks one position of axis 1 for each row. */
        public static void pick(Tensor a, long... indexes) {
            require(a.shape().rank() >= 2, "pick: picks from axis 1 and takes rank 2 or more, not a " + describe(a));
            require(
                    a.shape().dim(0) == indexes.length,
                    "pick: " + indexes.length + " indexes given for "
                            + a.shape().dim(0) + " rows of shape " + a.shape());
            inRange("pick", a, 1, indexes);
        }

        /** Checks the type of class indexes and their number. */
        public static void oneHot(Tensor a, long classes) {
            require(
                    !a.dataType().isFloating() && a.dataType() != DataType.BOOL,
                    "oneHot: takes integer class indexes, not a " + describe(a));
            require(classes >= 1, "oneHot: " + classes + " classes; at least 1 is needed");
        }

        /** Checks one class index. */
        public static void oneHotIndex(long index, long classes) {
            if (index < 0 || index >= classes) {
                throw new IllegalArgumentException("oneHot: class index " + index + " lies outside 0 to "
                        + (classes - 1) + " (" + classes + " classes)");
            }
        }

        /** Checks a resampling. */
        public static void interpolate(Tensor a, long height, long width) {
            floating("interpolate", a);
            require(
                    a.shape().rank() >= 2,
                    "interpolate: resamples the last two axes and takes rank 2 or more, not a " + describe(a));
            require(
                    height >= 1 && width >= 1,
                    "interpolate: size " + height + " x " + width + " for shape " + a.shape()
                            + "; height and width must be at least 1");
            require(
                    a.shape().dim(-1) >= 1 && a.shape().dim(-2) >= 1,
                    "interpolate: shape " + a.shape() + " has nothing to interpolate between");
        }

        /** Checks parts to be joined; returns the axis counted from the start. */
        public static int concat(List<Tensor> parts, int axis) {
            require(!parts.isEmpty(), "concat: no parts given; at least one is needed");
            Tensor first = parts.get(0);
            int fromStart = axis("concat", first, axis);
            for (int part = 1; part < parts.size(); part++) {
                Tensor other = parts.get(part);
                together("concat", first, other);
                sameType("concat", first, other);
                boolean fits = other.shape().rank() == first.shape().rank()
                        && other.shape().with(fromStart, 0).equals(first.shape().with(fromStart, 0));
                require(
                        fits,
                        "concat: part " + part + " has shape " + other.shape() + " and part 0 shape " + first.shape()
                                + "; they must be equal but for axis " + axis);
            }
            return fromStart;
        }

        private static Shape pair(String operation, Tensor a, Tensor b) {
            together(operation, a, b);
            sameType(operation, a, b);
            return broadcast(operation, a.shape(), b.shape());
        }

        private static void together(String operation, Tensor a, Tensor b) {
            require(
                    a.tensors().owns(b),
                    operation + ": a tensor of shape " + a.shape() + " on "
                            + a.tensors().device() + " meets one of shape " + b.shape() + " on "
                            + b.tensors().device() + "; move one with tensors().bring(tensor)");
        }

        private static void sameType(String operation, Tensor a, Tensor b) {
            require(
                    a.dataType() == b.dataType(),
                    operation + ": a " + describe(a) + " meets a " + describe(b)
                            + "; types must be equal: convert one with to(...)");
        }

        private static Shape broadcast(String operation, Shape a, Shape b) {
            try {
                return a.broadcast(b);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(operation + ": " + e.getMessage(), e);
            }
        }

        private static int axis(String operation, Tensor a, int axis) {
            int rank = a.shape().rank();
            require(
                    axis >= -rank && axis < rank,
                    operation + ": axis " + axis + " does not exist in shape " + a.shape() + " of rank " + rank);
            return a.shape().axis(axis);
        }

        private static void inRange(String operation, Tensor a, int axis, long... indexes) {
            long extent = a.shape().dim(axis);
            for (long index : indexes) {
                // No message before it is needed: rows of coalitions choose millions of rows of a background.
                if (index < 0 || index >= extent) {
                    throw new IllegalArgumentException(
                            operation + ": index " + index + " lies outside axis " + axis + " of shape " + a.shape());
                }
            }
        }

        private static void scalar(String operation, DataType dataType, double value) {
            boolean exists = switch (dataType) {
                case FLOAT32, FLOAT64 -> true;
                // The cast comes back as another number when the scalar is fractional, NaN or out of range.
                case INT64 -> value == (long) value && value != 0x1p63;
                case INT32 -> value == (int) value;
                case UINT8 -> value == ((int) value & 0xff);
                case BOOL -> value == 0 || value == 1;
            };
            require(
                    exists,
                    operation + ": scalar " + value + " is no value of type " + dataType
                            + "; convert the tensor with to(...) first");
        }

        private static String describe(Tensor a) {
            return a.dataType() + " tensor of shape " + a.shape();
        }

        private static void require(boolean holds, String message) {
            if (!holds) {
                throw new IllegalArgumentException(message);
            }
        }
    }
}
