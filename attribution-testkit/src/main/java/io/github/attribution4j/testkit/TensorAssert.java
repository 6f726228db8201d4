// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import org.assertj.core.api.AbstractAssert;

/**
 * Assertions for tensors. A failure shows the worst element: its index, actual, expected, difference and tolerance.
 *
 * <pre>{@code
 * assertThat(attribution).hasShape(2, 3).hasType(DataType.FLOAT32).isCloseTo(expected, 1e-6);
 * }</pre>
 *
 * <p>Two NaNs are equal here, and so are two infinities of one sign.
 */
@Experimental
public final class TensorAssert extends AbstractAssert<TensorAssert, Tensor> {
    private TensorAssert(Tensor actual) {
        super(actual, TensorAssert.class);
    }

    /** Starts an assertion. */
    public static TensorAssert assertThat(Tensor actual) {
        return new TensorAssert(actual);
    }

    /** Checks the extents. */
    public TensorAssert hasShape(long... dims) {
        return hasShape(Shape.of(dims));
    }

    /** Checks the shape. */
    public TensorAssert hasShape(Shape expected) {
        isNotNull();
        if (!actual.shape().equals(expected)) {
            failWithMessage("expected shape %s but was %s, of type %s", expected, actual.shape(), actual.dataType());
        }
        return this;
    }

    /** Checks the element type. */
    public TensorAssert hasType(DataType expected) {
        isNotNull();
        if (actual.dataType() != expected) {
            failWithMessage("expected type %s but was %s, of shape %s", expected, actual.dataType(), actual.shape());
        }
        return this;
    }

    /** Checks all elements, in row-major order, exactly. */
    public TensorAssert hasValues(double... expected) {
        return hasValuesCloseTo(0, expected);
    }

    /**
     * Checks all elements, in row-major order.
     *
     * @param tolerance largest absolute difference allowed
     */
    public TensorAssert hasValuesCloseTo(double tolerance, double... expected) {
        isNotNull();
        compare(expected, tolerance);
        return this;
    }

    /**
     * Checks shape and elements.
     *
     * @param tolerance largest absolute difference allowed
     */
    public TensorAssert isCloseTo(Tensor expected, double tolerance) {
        hasShape(expected.shape());
        compare(expected.toDoubleArray(), tolerance);
        return this;
    }

    /**
     * Checks shape and elements with a tolerance relative to the largest expected magnitude, as is right for elements
     * that were summed together.
     *
     * @param fraction largest difference allowed, divided by the largest expected magnitude
     */
    public TensorAssert isCloseToWithin(double fraction, Tensor expected) {
        hasShape(expected.shape());
        double[] values = expected.toDoubleArray();
        double largest = Arrays.stream(values).map(Math::abs).max().orElse(0);
        compare(values, fraction * largest);
        return this;
    }

    /** Checks shape, type and every bit of every element. */
    public TensorAssert isBitEqualTo(Tensor expected) {
        hasShape(expected.shape());
        hasType(expected.dataType());
        if (actual.toByteBuffer().mismatch(expected.toByteBuffer()) >= 0) {
            compare(expected.toDoubleArray(), 0);
            failWithMessage("expected equal bits, but zeros or NaNs differ in theirs");
        }
        return this;
    }

    private void compare(double[] expected, double tolerance) {
        double[] values = actual.toDoubleArray();
        if (values.length != expected.length) {
            failWithMessage("expected %d elements but shape %s has %d", expected.length, actual.shape(), values.length);
        }
        int worst = -1;
        double worstDifference = 0;
        int wrong = 0;
        for (int i = 0; i < values.length; i++) {
            double difference = difference(values[i], expected[i]);
            if (difference > tolerance) {
                wrong++;
                if (worst < 0 || difference > worstDifference) {
                    worst = i;
                    worstDifference = difference;
                }
            }
        }
        if (wrong > 0) {
            failWithActualExpectedAndMessage(
                    values[worst],
                    expected[worst],
                    "%s tensor of shape %s: element %s is %s, expected %s: difference %s, tolerance %s (%d of %d"
                            + " elements "
                            + "differ by more)",
                    actual.dataType(),
                    actual.shape(),
                    index(worst),
                    values[worst],
                    expected[worst],
                    worstDifference,
                    tolerance,
                    wrong,
                    values.length);
        }
    }

    private static double difference(double a, double b) {
        if (a == b || (Double.isNaN(a) && Double.isNaN(b))) {
            return 0;
        }
        double difference = Math.abs(a - b);
        return Double.isNaN(difference) ? Double.POSITIVE_INFINITY : difference;
    }

    private String index(int flat) {
        long[] index = new long[actual.shape().rank()];
        long rest = flat;
        for (int axis = index.length - 1; axis >= 0; axis--) {
            index[axis] = rest % actual.shape().dim(axis);
            rest /= actual.shape().dim(axis);
        }
        return Arrays.toString(index);
    }
}
