// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An immutable dense array on some device.
 *
 * <p>Operations are eager, return a new tensor, and leave their operands unchanged. There is no tape: gradients come
 * from {@link io.github.attribution4j.model.Pullback}. Axes count from 0, or from -1 backwards. All operands of an
 * operation must have the same backend and device and, if they are added, multiplied or compared, the same
 * {@link DataType}; a scalar takes the tensor's type. Every violation is an {@link IllegalArgumentException} that names
 * both shapes or types; use of a closed tensor is an {@link IllegalStateException}.
 *
 * <p><b>Lifetime.</b> A tensor belongs to the innermost {@link TensorScope} open on the thread that created it, and is
 * closed at the scope's end. Without a scope, it belongs to the caller of the operation. Views ({@link #reshape},
 * {@link #slice} and {@link #broadcast} if they need no copy) have handles of their own: closing one does not close the
 * other.
 *
 * <p>Instances are safe to read from many threads.
 */
public interface Tensor extends AutoCloseable {
    /**
     * How {@link Tensor#interpolate} reads between grid points, as PyTorch's {@code interpolate} does. For float64
     * tensors, PyTorch picks the other adjacent cell for a few pairs of sizes for which {@code i * in / out} falls on a
     * rounding edge.
     */
    enum Interpolation {
        /** The value of the cell {@code floor(i * in / out)}. */
        NEAREST,
        /** Linear in both axes, half-pixel centers ({@code align_corners=False}), clamped at the border. */
        BILINEAR
    }

    /** Returns the extents. */
    Shape shape();

    /** Returns the element type. */
    DataType dataType();

    /**
     * Returns the factory of this tensor's backend and device. It makes the tensors that this one can be combined with.
     */
    Tensors tensors();

    /** Returns this + other, broadcast by NumPy's rule. Not for {@link DataType#BOOL}. */
    Tensor add(Tensor other);

    /** Returns this + scalar. */
    Tensor add(double scalar);

    /** Returns this - other, broadcast by NumPy's rule. */
    Tensor sub(Tensor other);

    /** Returns this * other, broadcast by NumPy's rule. */
    Tensor mul(Tensor other);

    /** Returns this * scalar. */
    Tensor mul(double scalar);

    /** Returns this / other, broadcast by NumPy's rule; floating types only. Division by zero gives infinity or NaN. */
    Tensor div(Tensor other);

    /** Returns the absolute value of each element. */
    Tensor abs();

    /** Returns the exponential of each element; floating types only. */
    Tensor exp();

    /** Returns the natural logarithm of each element; floating types only. */
    Tensor log();

    /** Returns the square root of each element; floating types only. */
    Tensor sqrt();

    /**
     * Returns each element limited to an interval. NaN stays NaN. {@code clamp(0, Double.POSITIVE_INFINITY)} is the
     * rectifier.
     *
     * @param min lower bound
     * @param max upper bound, at least {@code min}
     */
    Tensor clamp(double min, double max);

    /** Returns the mask this &gt; other, broadcast; {@link DataType#BOOL}. */
    Tensor gt(Tensor other);

    /** Returns the mask this &gt; scalar. */
    Tensor gt(double scalar);

    /** Returns the mask this &gt;= other, broadcast. */
    Tensor ge(Tensor other);

    /** Returns the mask this &gt;= scalar. */
    Tensor ge(double scalar);

    /** Returns the mask this == other, broadcast; NaN equals nothing. */
    Tensor eq(Tensor other);

    /** Returns the mask this == scalar. */
    Tensor eq(double scalar);

    /**
     * Chooses between two tensors: {@code whenTrue} where this mask is true, else {@code whenFalse}, all three
     * broadcast together.
     *
     * @param whenTrue same type as {@code whenFalse}
     * @param whenFalse same type as {@code whenTrue}
     * @throws IllegalArgumentException if this is not {@link DataType#BOOL}
     */
    Tensor where(Tensor whenTrue, Tensor whenFalse);

    /**
     * Returns the sum over some axes, which disappear, or over all axes (a scalar) if none is named. Floating types
     * keep their type; all others give {@link DataType#INT64}.
     *
     * @param axes distinct axes
     */
    Tensor sum(int... axes);

    /** Returns the mean over some axes, which disappear, or over all if none is named; floating types only. */
    Tensor mean(int... axes);

    /** Returns the largest element over some axes, which disappear, or over all if none is named. NaN wins. */
    Tensor max(int... axes);

    /** Returns the position of the first largest element along an axis, which disappears; {@link DataType#INT64}. */
    Tensor argmax(int axis);

    /**
     * Returns the same elements, in row-major order, under another shape.
     *
     * @param shape of the same size
     */
    Tensor reshape(Shape shape);

    /** Returns {@link #reshape(Shape)} to these extents. */
    default Tensor reshape(long... dims) {
        return reshape(Shape.of(dims));
    }

    /** Returns this tensor repeated along axes of extent 1 and new leading axes, by NumPy's rule, to fill a shape. */
    Tensor broadcast(Shape shape);

    /**
     * Returns a range along an axis.
     *
     * @param axis the axis, kept
     * @param from first index, inclusive, at least 0
     * @param to last index, exclusive, at most the extent
     */
    Tensor slice(int axis, long from, long to);

    /** Returns rows {@code from} (inclusive) to {@code to} (exclusive): a slice of axis 0. */
    default Tensor rows(long from, long to) {
        return slice(0, from, to);
    }

    /**
     * Returns the chosen positions along an axis, in the order given; repeats allowed.
     *
     * @param axis the axis, whose extent becomes {@code indexes.length}
     * @param indexes each 0 to extent - 1
     */
    Tensor select(int axis, long... indexes);

    /**
     * Picks one element per row: row r of the result is element {@code indexes[r]} of axis 1.
     *
     * @param indexes one for each row, each 0 to the extent of axis 1 - 1
     * @return shape of this without axis 1
     */
    Tensor pick(long... indexes);

    /**
     * Turns integer class indexes into indicator vectors.
     *
     * @param classes the extent of the new last axis; every element is 0 to classes - 1
     * @param dataType type of the result
     * @return shape of this with {@code classes} appended: 1 at the index, else 0
     */
    Tensor oneHot(long classes, DataType dataType);

    /**
     * Resamples the last two axes.
     *
     * @param height new extent of axis -2, at least 1
     * @param width new extent of axis -1, at least 1
     * @param mode nearest or bilinear; floating types only, rank at least 2
     */
    Tensor interpolate(long height, long width, Interpolation mode);

    /** Returns the elements converted: floats to integers towards zero, anything to bool by {@code != 0}. */
    Tensor to(DataType dataType);

    /** Returns whether no element is NaN or infinite; true for integer types. */
    boolean isFinite();

    /** Returns another handle on the same elements, owned by the current scope; closing either leaves the other. */
    Tensor alias();

    /** Returns the elements in row-major order, converted as by {@link #to}; a new array. */
    float[] toFloatArray();

    /** Returns the elements in row-major order, converted as by {@link #to}; a new array. */
    double[] toDoubleArray();

    /** Returns the elements in row-major order, converted as by {@link #to}; a new array. */
    long[] toLongArray();

    /** Returns the elements in row-major order, converted as by {@link #to}; a new array. */
    boolean[] toBooleanArray();

    /** Returns a copy of the elements in row-major order as a new direct buffer in native byte order, position 0. */
    ByteBuffer toByteBuffer();

    /**
     * Passes the elements, in row-major order and native byte order, to a reader. There is no copy if the backend has
     * the elements at hand.
     *
     * @param reader must neither change nor keep the buffer
     * @return what the reader returns
     */
    default <R> R readBytes(Function<ByteBuffer, R> reader) {
        return reader.apply(toByteBuffer());
    }

    /** Frees the memory behind this handle. Idempotent. */
    @Override
    void close();

    /** Returns whether this handle was closed. */
    boolean isClosed();

    /**
     * The life of one tensor handle, from its creation to {@code close()}. Every backend keeps one for each tensor, so
     * that scopes, checks for use after close, and leak counts work alike everywhere. All that have begun and not ended
     * are counted, over all backends and threads; the testkit finds leaks by it. The place where a tensor was created
     * is recorded only while {@link #recordOrigins(boolean)} is on, because a stack trace costs microseconds.
     *
     * <p>A backend's constructor calls {@link #begin(Tensor)} last, every operation calls {@link #check()}, and
     * {@code close()} frees its memory only when {@link #end()} returns true.
     */
    final class Lifetime {
        private static final AtomicLong COUNT = new AtomicLong();
        private static final Set<Lifetime> RECORDED = ConcurrentHashMap.newKeySet();
        private static volatile boolean recording;

        private final AtomicBoolean ended = new AtomicBoolean();
        private volatile @Nullable Throwable birth;

        private Lifetime() {}

        /** Registers a new tensor with the innermost scope of this thread. */
        public static Lifetime begin(Tensor tensor) {
            Lifetime lifetime = new Lifetime();
            lifetime.birth = born(lifetime);
            TensorScope.register(tensor);
            return lifetime;
        }

        /**
         * Checks that the tensor is still open.
         *
         * @throws IllegalStateException if it was closed
         */
        public void check() {
            if (ended.get()) {
                throw closed();
            }
        }

        static IllegalStateException closed() {
            return new IllegalStateException("this tensor was closed (by close(), by the end of its TensorScope, or in "
                    + "a notebook because its cell was run again); keep it open with TensorScope.keep, use it before "
                    + "the scope ends, or compute it again");
        }

        /** Ends the lifetime; returns true the first time only. */
        public boolean end() {
            if (!ended.compareAndSet(false, true)) {
                return false;
            }
            died(this, birth != null);
            return true;
        }

        /**
         * Returns whether a tensor's lifetime has ended.
         *
         * @param lifetime null while the constructor of the tensor runs
         */
        public static boolean hasEnded(@Nullable Lifetime lifetime) {
            return lifetime != null && lifetime.ended.get();
        }

        /** Returns how many tensors are open in this JVM. */
        public static long count() {
            return COUNT.get();
        }

        /** Switches the recording of a stack trace for each new tensor on or off; forgets earlier ones. */
        public static void recordOrigins(boolean on) {
            recording = on;
            RECORDED.clear();
        }

        /** Returns the stack traces of the creation of open tensors, for those created while recording was on. */
        public static List<Throwable> origins() {
            List<Throwable> traces = new ArrayList<>();
            for (Lifetime lifetime : RECORDED) {
                Throwable birth = lifetime.birth;
                if (birth != null) {
                    traces.add(birth);
                }
            }
            return traces;
        }

        static @Nullable Throwable born(Lifetime lifetime) {
            COUNT.incrementAndGet();
            if (!recording) {
                return null;
            }
            RECORDED.add(lifetime);
            return new Throwable(
                    "tensor born here, by thread " + Thread.currentThread().getName());
        }

        static void died(Lifetime lifetime, boolean recorded) {
            COUNT.decrementAndGet();
            if (recorded) {
                RECORDED.remove(lifetime);
            }
        }

        /** Returns whether it ended. */
        @Override
        public String toString() {
            return ended.get() ? "Lifetime[ended]" : "Lifetime[open]";
        }
    }
}
