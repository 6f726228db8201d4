// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.setting.Need;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Says which elements of a tensor are NaN or infinite. */
@Experimental
public final class FiniteValues {
    private FiniteValues() {}

    /** Returns whether a tensor can be an input: all elements are finite, or NaN where that means missing. */
    public static boolean fit(Tensor tensor, Inputs inputs) {
        return tensor.isFinite() || (inputs.allowsMissing() && !holdsInfinity(tensor));
    }

    /**
     * Returns whether all elements of an input that are not finite are NaN that means missing, and no gradients are
     * taken for it.
     */
    static boolean isMissing(Inputs.Input input, Inputs inputs, Recipe recipe) {
        boolean differentiated = recipe.need() == Need.GRADIENTS && input.role() == Inputs.Role.ATTRIBUTED;
        return !differentiated && fit(input.tensor(), inputs);
    }

    private static boolean holdsInfinity(Tensor tensor) {
        return Arrays.stream(tensor.toDoubleArray()).anyMatch(Double::isInfinite);
    }

    /** Returns the beginning of a message about a tensor that is not finite. */
    static String problem(String what, String name, Tensor tensor, FeatureNames features) {
        double[] values = tensor.toDoubleArray();
        int first = -1;
        int count = 0;
        for (int i = 0; i < values.length; i++) {
            if (!Double.isFinite(values[i])) {
                first = first < 0 ? i : first;
                count++;
            }
        }
        long row = tensor.shape().rank() == 0 ? 1 : tensor.shape().row().size();
        String where = features.isEmpty()
                ? " at element " + first + " (row-major)"
                : " in '" + features.element(name, tensor.shape(), first / row, first % row) + "' of row "
                        + first / row;
        return what + " of shape " + tensor.shape() + " holds " + values[first] + where + ", " + count + " of "
                + values.length + " values are NaN or infinite";
    }

    /**
     * Checks attributions.
     *
     * @throws ModelException naming the first that is not finite
     */
    public static void requireFinite(List<String> names, List<Tensor> attributions, List<FeatureNames> features) {
        for (int i = 0; i < attributions.size(); i++) {
            if (!attributions.get(i).isFinite()) {
                String name = names.get(i);
                throw new ModelException(
                        problem("the attribution of '" + name + "'", name, attributions.get(i), features.get(i))
                                + "; the model's gradient overflows there: look for a square root or division at zero");
            }
        }
    }

    /** Checks the scores of consecutive rows. */
    static void requireScores(double[] values, long from, Rows rows, Target target, Recipe recipe) {
        for (int r = 0; r < values.length; r++) {
            if (!Double.isFinite(values[r])) {
                throw new ModelException("the model's score of target '" + target.describe() + "' is " + values[r]
                        + " for example " + rows.example(from + r) + " (row " + (from + r) + " of " + rows.count()
                        + " that " + recipe.name() + " evaluates); look for an overflow or a division by zero in the "
                        + "model, or choose another baseline");
            }
        }
    }
}
