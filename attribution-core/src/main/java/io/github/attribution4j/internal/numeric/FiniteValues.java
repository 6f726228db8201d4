// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Says which elements of a tensor are NaN or infinite. */
public final class FiniteValues {
    private FiniteValues() {}

    /** Returns whether a tensor can be an input: all elements are finite, or NaN where that means missing. */
    public static boolean fit(Tensor tensor, Inputs inputs) {
        return tensor.isFinite() || (inputs.allowsMissing() && !holdsInfinity(tensor));
    }

    private static boolean holdsInfinity(Tensor tensor) {
        return Arrays.stream(tensor.toDoubleArray()).anyMatch(Double::isInfinite);
    }

    /** Returns the beginning of a message about a tensor that is not finite. */
    public static String problem(String what, String name, Tensor tensor, FeatureNames features) {
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
}
