// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.internal.golden.AttackReplay;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Attacks on the network of {@code golden/robust.py} against what Captum found. */
class AttackGoldenTest {
    /** The projection that Captum calls, torch.renorm, adds 1e-7 to each length; weights make that larger. */
    private static final double CLOSE = 1e-6;

    private static double[][] matrix(Tensor tensor) {
        double[] all = tensor.toDoubleArray();
        int columns = (int) tensor.shape().dim(1);
        double[][] rows = new double[all.length / columns][];
        for (int row = 0; row < rows.length; row++) {
            rows[row] = Arrays.copyOfRange(all, row * columns, (row + 1) * columns);
        }
        return rows;
    }

    @Test
    void attacks_are_those_of_captum() {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = AttackReplay.arrays();
            ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 0)
                    .input("rows", Shape.of(6))
                    .linear(
                            "fc1",
                            "rows",
                            matrix(golden.get("network/w1")),
                            golden.get("network/b1").toDoubleArray())
                    .activation("act", "fc1", Activation.TANH)
                    .linear(
                            "fc2",
                            "act",
                            matrix(golden.get("network/w2")),
                            golden.get("network/b2").toDoubleArray())
                    .build();
            Inputs inputs = Inputs.none().attribute("rows", golden.get("network/rows"));
            AttackReplay.check("network", model, inputs, CLOSE);
        }
    }
}
