// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.Cut;

/**
 * A {@link Cut} whose head and tail admit rules as the whole model does: {@code cut.tail().with(rules)} goes back from
 * the output to the values at the cut, {@code cut.head().with(rules)} from a value at the cut to the inputs.
 *
 * <p>A tail's references, where rules compare, are those of the activations; what bypasses them is the same in both
 * runs. If the model's inputs had references when {@link #tailInputs} was called, and the activations have none, the
 * references are those of the inputs, and what bypasses the cut is compared too.
 */
public interface RuledCut extends Cut {
    @Override
    RuledModel head(int number);

    @Override
    default RuledModel head() {
        point();
        return head(0);
    }

    @Override
    RuledModel tail();
}
