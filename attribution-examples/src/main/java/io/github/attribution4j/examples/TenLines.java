// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.InputStream;

/** Why does the network see a 3? The whole program, with integrated gradients. */
public final class TenLines {
    private TenLines() {}

    /** Prints the score, the sum of the attributions, and the most important pixel. */
    public static void main(String[] args) throws IOException {
        try (InputStream archive = DemoFiles.open("digits.pt");
                TorchScriptModel model = TorchScriptModel.load(archive);
                TensorScope scope = TensorScope.open()) {
            Tensor image = DemoFiles.array("digit-3.npz", model.tensors());
            IntegratedGradients method = new IntegratedGradients().steps(200);
            try (Explanation why = method.attribute(model, Inputs.of(image), Target.index(3))) {
                float[] pixels = why.attribution().toFloatArray();
                int best = 0;
                for (int i = 0; i < pixels.length; i++) {
                    best = pixels[i] > pixels[best] ? i : best;
                }
                System.out.printf("score of 3: %.2f%n", why.scores()[0]);
                System.out.printf("completeness gap below 1 %%: %b%n", Math.abs(why.completenessGap()[0]) < 0.05);
                System.out.printf("most important pixel: row %d, column %d%n", best / 8, best % 8);
            }
        }
    }
}
