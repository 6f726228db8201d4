// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.rule;

import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import java.util.Arrays;
import java.util.List;

/**
 * A {@link LayeredModel} whose operations can follow backward rules instead of their derivatives, which guided
 * backpropagation, DeepLIFT and layer-wise relevance propagation need. A {@link RuledCopy} follows the rules; this
 * model itself is never changed. Heads and tails of its cuts admit rules too.
 *
 * <p>Contract tests: the testkit's {@code RuledContract}.
 */
public interface RuledModel extends LayeredModel {
    /**
     * Returns every operation of the program that returns floating-point tensors, in the order of the program. Heads
     * and tails return those of the whole program.
     *
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    List<Operation> operations();

    /**
     * Returns a copy that follows rules on its way back. It can be used until this model is closed. Equal rule sets
     * give the same native code, so a second call costs little.
     *
     * @param rules of one family
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    RuledCopy with(RuleSet rules);

    @Override
    RuledCut cut(List<CutPoint> points);

    @Override
    default RuledCut cut(CutPoint point) {
        return cut(List.of(point));
    }

    @Override
    default RuledCut cut(String... addresses) {
        return cut(Arrays.stream(addresses).map(this::cutPoint).toList());
    }
}
