// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;

/** Explains a model that calls {@code a4j_test::gate}, in a JVM whose engine was given the library that has it. */
final class CustomOperators {
    static final double[] X = {-1, 0.5, 2};

    private CustomOperators() {}

    public static void main(String[] arguments) {
        String program = """
                def forward(self: __torch__.M, x: Tensor) -> Tensor:
                  y = ops.a4j_test.gate(x)
                  return torch.sum(y, [1], True)
                """;
        try (TorchScriptModel model = TestModels.script(program);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(model.tensors().of(new float[] {(float) X[0], (float) X[1], (float) X[2]}, 1, 3));
            print("score", model.forward(inputs).toDoubleArray());
            try (Explanation why = Saliency.signed().attribute(model, inputs, Target.index(0));
                    Explanation path = new IntegratedGradients().attribute(model, inputs, Target.index(0));
                    Explanation ablation = new FeatureAblation().attribute(model, inputs, Target.index(0))) {
                print("gradient", why.attribution().toDoubleArray());
                print("path", path.attribution().toDoubleArray());
                print("ablation", ablation.attribution().toDoubleArray());
            }
        }
    }

    @SuppressWarnings("SystemOut")
    private static void print(String what, double[] values) {
        System.out.println(what + " " + Arrays.toString(values));
    }
}
