// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * What came back for a range of rows. Ranges come in order and without gaps, split as {@link Rows#group()} says.
 *
 * @param batch owns the tensors and whatever is computed of them, and ends afterwards; {@link TensorScope#keep} hands on what
 *     must live longer
 * @param from first row, inclusive
 * @param to last row, exclusive
 * @param scores the target's score of each row
 * @param activations for each point of a cut its value, axis 0 counts the rows; none where gradients are those of inputs
 * @param gradients for each point of the cut, or each attributed input, the gradient of the score, axis 0 counts the rows
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, and gone with the batch
public record Part(
        TensorScope batch, long from, long to, double[] scores, List<Tensor> activations, List<Tensor> gradients) {}
