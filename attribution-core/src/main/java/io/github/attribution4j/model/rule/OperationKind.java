// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

/**
 * What an operation of a model does with relevance or gradients, as far as backward rules care. Every operation that gives
 * floating-point tensors is of exactly one kind.
 */
public enum OperationKind {
    /** A linear map with weights, and perhaps a bias: convolution, transposed convolution, fully connected layer. */
    WEIGHTED,
    /** A fixed linear map: addition, subtraction, mean, sum, negation, interpolation. */
    LINEAR,
    /** A nonlinear function of each element: ReLU, GELU, sigmoid, exponential, square root, a power. */
    ACTIVATION,
    /** The largest or smallest of several elements, or a soft maximum of them. */
    MAX_POOLING,
    /** The mean of several elements at each position of a window. */
    AVERAGE_POOLING,
    /** Batch, layer, group or instance normalization; what norms are made of: vector norms, variances, standard deviations. */
    NORMALIZATION,
    /** Softmax and its logarithm. */
    SOFTMAX,
    /**
     * A product: element by element, of matrices, attention, or a quotient. If only one of its operands depends on what is
     * attributed, it is linear; that is found out when the model runs.
     */
    PRODUCT,
    /** Moves, repeats or drops elements and computes nothing: view, concatenation, slice, padding, lookup. Needs no rule. */
    RESHAPE,
    /** A recurrent cell or layer in one operator: LSTM, GRU, Elman. */
    RECURRENT,
    /** Anything else. */
    UNKNOWN
}
