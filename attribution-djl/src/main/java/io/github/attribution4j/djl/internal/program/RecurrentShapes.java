// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.archive.PickleValue;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Checks that the weights of an LSTM fit each other. libtorch's LSTM for CPUs takes all shapes from the first weight.
 */
final class RecurrentShapes {
    private static final String FIRST = "weight_ih_l";

    private RecurrentShapes() {}

    /** Returns what is wrong with a module that has the attributes of {@code nn.LSTM}, or null. */
    static @Nullable String problem(Map<String, PickleValue> attributes) {
        for (Map.Entry<String, PickleValue> entry : attributes.entrySet()) {
            if (entry.getKey().startsWith(FIRST)
                    && entry.getValue() instanceof PickleValue.TensorRef input
                    && attributes.get("weight_hh_l" + entry.getKey().substring(FIRST.length()))
                            instanceof PickleValue.TensorRef hidden) {
                String suffix = entry.getKey().substring(FIRST.length());
                boolean fits = matrix(input)
                        && matrix(hidden)
                        && input.shape().get(0).equals(hidden.shape().get(0))
                        && gates(hidden, attributes.get("weight_hr_l" + suffix));
                for (String bias : List.of("bias_ih_l" + suffix, "bias_hh_l" + suffix)) {
                    fits = fits
                            && (!(attributes.get(bias) instanceof PickleValue.TensorRef values)
                                    || values.shape()
                                            .equals(List.of(input.shape().get(0))));
                }
                if (!fits) {
                    return "has recurrent weights that do not fit each other, such as " + entry.getKey() + " of shape "
                            + input.shape() + " and weight_hh_l" + suffix + " of shape " + hidden.shape();
                }
            }
        }
        return null;
    }

    private static boolean matrix(PickleValue.TensorRef tensor) {
        return tensor.shape().size() == 2
                && tensor.shape().get(0) > 0
                && tensor.shape().get(1) > 0;
    }

    /** Checks the four gates. A projected LSTM has a smaller state. */
    private static boolean gates(PickleValue.TensorRef hidden, @Nullable PickleValue projection) {
        long rows = hidden.shape().get(0);
        long columns = hidden.shape().get(1);
        return projection != null || rows == 4 * columns;
    }
}
