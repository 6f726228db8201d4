// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.Cut;

/**
 * A {@link Cut} whose head and tail admit rules as the whole model does: {@code cut.tail().with(rules)} goes back from
 * the output to the values at the cut, {@code cut.head().with(rules)} from a value at the cut to the inputs.
 *
 * <p>If rules compare, the references of a tail are those of the activations, and what bypasses the cut is the same in
 * both runs. If the activations have no references, but the model's inputs had some when {@link #tailInputs} was
 * called, the references are those of the inputs, and what bypasses the cut is compared too.
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
