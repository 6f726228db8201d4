// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.reference;

import io.github.attribution4j.model.rule.Operation.Kind;
import java.util.Locale;

/** One differentiable function of the values of one row, written as loops over arrays of doubles. */
interface Operation {
    /** Returns the class of such a module in PyTorch. */
    String kind();

    /** Returns the operator's name in a program. */
    default String operator() {
        return kind().toLowerCase(Locale.ROOT);
    }

    /** Returns its kind, for backward rules. */
    Kind ruleKind();

    /** Returns the value at the sources. */
    double[] apply(double[][] sources);

    /** Returns for each source the gradient of Σ(value · cotangent). */
    double[][] vjp(double[][] sources, double[] cotangent);

    /**
     * Returns for each source multipliers m with Σ m · (source − reference) = Σ multiplier · (value − value at the
     * references). Unless overridden, this is the derivative, which is right for linear operations.
     *
     * @param near a smaller difference counts as none
     */
    default double[][] multipliers(double[][] sources, double[][] references, double[] multiplier, double near) {
        return vjp(sources, multiplier);
    }

    /**
     * Returns {@link #vjp} of a normalization whose standard deviation counts as a constant, which is a linear map; the
     * derivative for everything else.
     */
    default double[][] linearized(double[][] sources, double[] cotangent) {
        return vjp(sources, cotangent);
    }

    /** A linear map of its only source with weights. */
    interface Weighted extends Operation {
        /** Returns the map as a matrix, by output and input; 0 where they are not connected. */
        double[][] matrix();

        /** Returns for each output and input whether there is a weight between them. */
        boolean[][] connected();

        /** Returns the bias of each output. */
        double[] offsets();

        /** Returns the channel that an element of the source belongs to. */
        int channel(int in);
    }
}
