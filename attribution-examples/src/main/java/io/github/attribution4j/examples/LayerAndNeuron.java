// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.cli.DemoFiles;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.io.InputStream;

/** Looks inside a network: which channels of a layer matter, where a layer found evidence, what excites a neuron. */
public final class LayerAndNeuron {
    private LayerAndNeuron() {}

    /** Prints a few results of each. */
    public static void main(String[] args) throws IOException {
        try (InputStream archive = DemoFiles.open("digits.pt");
                TorchScriptModel model = TorchScriptModel.load(archive);
                TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(DemoFiles.array("digit-3.npz", model.tensors()));
            Target three = Target.index(3);
            IntegratedGradients method = new IntegratedGradients().steps(100);

            System.out.println("layers: "
                    + String.join(
                            ", ",
                            model.cutPoints().stream().map(Cut.Point::path).toList()));

            // The same method, at a layer: attributions of its channels.
            try (Explanation why = method.at("relu2").attribute(model, inputs, three)) {
                Tensor channels = why.attribution().sum(2, 3);
                System.out.println("channels of relu2: " + channels.shape());
                System.out.println(
                        "most important channel: " + channels.argmax(1).toLongArray()[0]);
            }

            // Where the layer found evidence, as a map of the size of the image.
            try (Explanation why = new GradCam("relu2").relu(true).attribute(model, inputs, three)) {
                System.out.println("map: " + why.attribution().shape());
            }

            // What excites one neuron of the layer: channel 4, row 2, column 1.
            try (Explanation why = method.towards("relu2", Target.at(4, 2, 1)).attribute(model, inputs)) {
                // Two 3x3 convolutions see 5x5 pixels: attributions farther away are zero.
                long seen = why.attribution().toFloatArray().length
                        - count(why.attribution().toFloatArray(), 0f);
                System.out.println("the neuron's value: " + round(why.scores()[0])
                        + ", pixels that matter: at most 25? " + (seen <= 25));
            }
        }
    }

    private static long count(float[] values, float wanted) {
        long found = 0;
        for (float value : values) {
            found += value == wanted ? 1 : 0;
        }
        return found;
    }

    private static double round(double value) {
        return Math.rint(value * 100) / 100;
    }
}
