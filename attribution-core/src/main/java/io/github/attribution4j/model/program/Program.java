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
 * A network as an engine runs it: forward, with some values replaced and some tapped, and back from a cotangent to the
 * tapped ones. This is all that a binding implements in addition to its tensors; for these it may use
 * {@link io.github.attribution4j.tensor.Tensors#ofJava()}.
 *
 * <p>A value is addressed by its {@link CutPoint}, as in {@link io.github.attribution4j.model.LayeredModel}. Core asks
 * only for values that {@link #check} admits. No value that it replaces or goes back to is computed from another one.
 *
 * <p>Thread-safe, like the model that it belongs to. Once that is closed, every method throws {@link
 * IllegalStateException}. The tests of a binding extend the contracts of the testkit, {@code RuledContract} and {@code
 * CutContract} or, without layers, {@code PullbackContract}.
 */
@Experimental
public interface Program {
    /** Which axis of a program's values counts rows. */
    enum RowLayout {
        /** Axis 0 of every value counts rows: every {@link Place} has the form {@link RowForm#ROWS}. */
        FIRST,
        /** Mostly axis 0, but not always. Core finds out by runs, and a {@link Place} may have any form. */
        VARIES,
        /**
         * The program takes one example without an axis of rows, and runs one row at a time: attributed and fixed
         * inputs have an axis of extent 1 that the program does not take, and every {@link Place} has the form
         * {@link RowForm#ALONE}.
         */
        NONE
    }

    /** Returns which axis counts rows; the same for all questions. */
    default RowLayout rowLayout() {
        return RowLayout.VARIES;
    }

    /**
     * Checks that the value at an address can be tapped and replaced. Called once for each cut.
     *
     * @throws UnknownLayerException if there is no such value, naming the nearest known addresses
     * @throws UnsupportedModelException if it cannot be tapped or replaced, with the reason
     */
    void check(CutPoint point);

    /**
     * Runs the program forward.
     *
     * @param question without an {@link Question#end}; inputs without references
     * @return the values of the tapped places, in order; the output, alone, if none is tapped. New tensors, which
     *     belong to the current scope
     * @throws ModelException if the program refuses these inputs or fails, or does not reach a tapped or replaced place
     *     ({@link Place#notReached}); a replaced place may be unreached inside another replaced one
     */
    List<Tensor> forward(Question question);

    /**
     * Runs the program, and holds what the way back needs: from the {@linkplain Question#end end} to the tapped places
     * or, if none is tapped, to the attributed inputs.
     *
     * <p>A tapped value is a leaf: the way back ends there. {@link Pullback#activations()} are the values of the tapped
     * places, {@link Pullback#output()} is the value of the end, and {@link Pullback#unused()} returns names from
     * {@link Question#leafNames()}.
     *
     * @param question with attributed inputs or tapped places; inputs have references if, and only if, the program
     *     follows rules that compare
     * @throws ModelException as {@link #forward}; if a leaf holds integers; or if no way leads from the end to any
     *     leaf, which may be found only when the first cotangent is sent
     */
    Pullback pullback(Question question);

    /**
     * Returns which of some values are computed from one of them, directly or not. The answer comes from the program's
     * structure or from a run of one row. Called once for each cut at several points.
     *
     * @param source one of the points
     * @param points all reached with these inputs
     * @param inputs of the whole program, one row
     * @throws ModelException as {@link #forward}
     */
    Set<CutPoint> computedFrom(CutPoint source, List<CutPoint> points, Inputs inputs);

    /**
     * Returns this program with backward rules: the same values, and pullbacks that follow the rules. Equal rule sets
     * give the same program.
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
