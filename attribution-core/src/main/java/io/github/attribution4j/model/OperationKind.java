/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.model;

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
