// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import java.util.List;

/**
 * A {@link LayeredModel} whose operations admit other backward rules than their derivatives: what guided backpropagation,
 * DeepLIFT and layer-wise relevance propagation need.
 *
 * <p><b>A ruled copy</b> ({@link #with}) computes the same values as this model; what its pullbacks give back follows the
 * rules. The rules hold wherever a gradient would flow: in {@link DifferentiableModel#pullback}, in the pullbacks of the
 * copy's cuts ({@link Cut#pullback}), heads and tails. This model itself is never changed.
 *
 * <p>What flows backwards depends on the {@linkplain BackwardRule.Family family} of the rules:
 *
 * <ul>
 *   <li>{@link BackwardRule.Family#GUIDED}: a modified gradient. Not linear in the cotangent; the other families are.
 *   <li>{@link BackwardRule.Family#COMPARISON}: multipliers (Shrikumar et al. 2017): what Σ multiplier · (x − x′) sums to is
 *       F(x) − F(x′). Inputs of pullbacks carry a {@linkplain Inputs#against reference} for each attributed input; forward
 *       runs do not look at references.
 *   <li>{@link BackwardRule.Family#RELEVANCE}: relevance itself. The cotangent is the relevance of the output, and what comes
 *       back is the relevance of the inputs (or values at the cut), to be multiplied by nothing.
 * </ul>
 *
 * <p><b>Refusals.</b> An operation that has no rule ({@link RuleSet}) refuses when a gradient has to pass it: the pullback, or
 * its vjp, throws {@link UnsupportedModelException} naming the operation and the remedy. An operation that no gradient has to
 * pass needs no rule.
 *
 * <p>Contract tests: the testkit's {@code RuledContract}.
 */
public interface RuledModel extends LayeredModel {
    /**
     * Returns every operation of the program that gives floating-point tensors, in the order in which its text runs.
     *
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    List<Operation> operations();

    /**
     * Returns a copy that follows rules on its way back. It lives as long as this model, and costs nothing to ask for again:
     * equal rule sets give the same copy.
     *
     * @param rules of one family
     * @throws UnsupportedModelException if this model admits no rules, with the reason
     */
    LayeredModel with(RuleSet rules);
}
