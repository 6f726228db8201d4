// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.CutPoint;
import java.util.Objects;

/**
 * One place in a model's program at which an operator is applied. The operations of a module that is called twice are
 * listed once.
 *
 * @param address unique in the model, written like a {@link CutPoint} inside a module, such as {@code layer1.0/relu_#0}
 * @param module dotted path of the module whose code contains it, such as {@code layer1.0}; empty for the root
 * @param name the operator without its namespace, such as {@code relu_}; {@code _} at the end means in place
 * @param kind what it does
 * @param order position in the order in which the program's text runs, from 0, unique in the model
 */
public record Operation(String address, String module, String name, Kind kind, int order) {
    /**
     * The kind of computation, as backward rules distinguish them. Every operation that returns floating-point tensors
     * is of exactly one kind.
     */
    public enum Kind {
        /**
         * A linear map with weights, and perhaps a bias: convolution, transposed convolution, fully connected layer.
         */
        WEIGHTED,
        /** A fixed linear map: addition, subtraction, mean, sum, negation, interpolation. */
        LINEAR,
        /** A nonlinear function of each element: ReLU, GELU, sigmoid, exponential, square root, a power. */
        ACTIVATION,
        /** The largest or smallest of several elements, or a soft maximum of them. */
        MAX_POOLING,
        /** The mean of several elements at each position of a window. */
        AVERAGE_POOLING,
        /**
         * Batch, layer, group or instance normalization, and its ingredients: vector norms, variances, standard
         * deviations.
         */
        NORMALIZATION,
        /** Softmax and its logarithm. */
        SOFTMAX,
        /**
         * A product: element by element, of matrices, attention, or a quotient. If only one of its operands depends on
         * what is attributed, it is linear; this is decided when the model runs.
         */
        PRODUCT,
        /**
         * Moves, repeats or drops elements and computes nothing: view, concatenation, slice, padding, lookup. Needs
         * no rule.
         */
        RESHAPE,
        /** A recurrent cell or layer in one operator: LSTM, GRU, Elman. */
        RECURRENT,
        /** Anything else. */
        UNKNOWN
    }

    /** Checks the parts. */
    public Operation {
        Objects.requireNonNull(address, "address");
        Objects.requireNonNull(module, "module");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(kind, "kind");
        if (order < 0) {
            throw new IllegalArgumentException("order " + order + " of operation '" + address + "': counts from 0");
        }
    }

    /** Returns the operator's name without the {@code _} of an operation in place: {@code relu} for {@code relu_}. */
    public String plainName() {
        return name.length() > 1 && name.endsWith("_") && !name.endsWith("__")
                ? name.substring(0, name.length() - 1)
                : name;
    }

    /** Returns address and kind, for messages. */
    @Override
    public String toString() {
        return address + " (" + kind + ")";
    }
}
