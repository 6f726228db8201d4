// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.CutPoint;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnknownLayerException;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Set;

/**
 * What an engine can do with a network: run it with some values put in and some looked at, and go back from a cotangent
 * to some of them. It is the one thing that a binding brings besides its tensors, and
 * {@link io.github.attribution4j.tensor.Tensors#ofJava()} will do for those.
 *
 * <p>A value is addressed by its {@link CutPoint}, as in {@link io.github.attribution4j.model.LayeredModel}. Core asks
 * for values that {@link #check} admits, never for two of which one is computed from the other, unless it only looks
 * at them.
 *
 * <p>Thread-safe, like the model that it belongs to. Once that is closed, every method throws {@link
 * IllegalStateException}. The tests of a binding extend the contracts of the testkit, {@code RuledContract} and {@code
 * CutContract} or, without layers, {@code PullbackContract}.
 */
@Experimental
public interface Program {
    /** Where the rows of a program's values are. */
    enum RowLayout {
        /** Axis 0 of every value counts rows: every {@link Place} has the form {@link RowForm#ROWS}. */
        FIRST,
        /** Mostly axis 0, but not always: it is found out by runs, and a {@link Place} may have any form. */
        VARIES,
        /**
         * The program takes one example without an axis of rows, and is asked for one row at a time: attributed and
         * fixed inputs have an axis of extent 1 that the program does not know, and every {@link Place} has the form
         * {@link RowForm#ALONE}.
         */
        NONE
    }

    /** Returns where rows are; the same for all questions. */
    default RowLayout rowLayout() {
        return RowLayout.VARIES;
    }

    /**
     * Checks that the value at an address can be looked at and replaced. Called once for each cut.
     *
     * @throws UnknownLayerException if there is no such value, naming the nearest known addresses
     * @throws UnsupportedModelException if it cannot be reached, with the reason
     */
    void check(CutPoint point);

    /**
     * Runs the program forward.
     *
     * @param question without an {@link Question#end}; inputs without references
     * @return the values of the tapped places, in order; the output, alone, if none is tapped. New tensors, which
     *     belong to the current scope
     * @throws ModelException if the program refuses these inputs or fails, or {@link Place#notReached} a tapped place,
     *     or one whose value is put in, unless that lies inside another one that is put in
     */
    List<Tensor> forward(Question question);

    /**
     * Runs the program, and keeps what the way back needs: from the {@linkplain Question#end end} to the tapped places
     * or, if none is tapped, to the attributed inputs.
     *
     * <p>A tapped value is a leaf: what it is computed from does not matter on the way back.
     * {@link Pullback#activations()} are the values of the tapped places, {@link Pullback#output()} is the value of the
     * end, and {@link Pullback#unused()} takes names from {@link Question#leafNames()}.
     *
     * @param question with inputs that are attributed, or tapped places; inputs carry references if, and only if, the
     *     program follows rules that compare
     * @throws ModelException as {@link #forward}, or if no way leads from the end to any leaf, at the latest when the
     *     first cotangent is sent; or if a leaf holds integers
     */
    Pullback pullback(Question question);

    /**
     * Returns which of some values are computed from one of them, in whatever way; by a run of one row where the
     * program's structure does not tell. Asked once for each cut at several points.
     *
     * @param source one of the points
     * @param points whose values all are reached with these inputs
     * @param inputs of the whole program, one row
     * @throws ModelException as {@link #forward}
     */
    Set<CutPoint> computedFrom(CutPoint source, List<CutPoint> points, Inputs inputs);

    /**
     * Returns this program with backward rules: the same values, and pullbacks that send back what the rules say. Equal
     * rule sets give the same program.
     *
     * @throws UnsupportedModelException if it admits no rules, with the reason
     */
    default Program with(RuleSet rules) {
        throw noRules();
    }

    /** Returns the refusal of an engine without backward rules. */
    static UnsupportedModelException noRules() {
        return new UnsupportedModelException(
                "this engine has no backward rules (guided backpropagation, DeepLIFT, LRP); "
                        + "use a gradient method or one that perturbs");
    }
}
