// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.RuledContract;
import io.github.attribution4j.testkit.internal.golden.GoldenData;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Nested;

/** Models in ONNX files keep every promise of models with rules, as both exporters of PyTorch write them. */
class OnnxRuledContractTest {
    private abstract static class OnImages extends RuledContract {
        private final String file;
        private final List<String> layers;

        OnImages(String file, String... layers) {
            this.file = file;
            this.layers = List.of(layers);
        }

        @Override
        protected RuledModel model() {
            return OnnxModel.load(GoldenData.folder().resolve("onnx/rules").resolve(file));
        }

        /** The first rows of the same numbers. */
        @Override
        protected Inputs inputs(Model model, int rows) {
            Shape shape = Shape.of(rows, 2, 8, 8);
            double[] numbers = new double[(int) shape.size()];
            Random random = new Random(4);
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = random.nextGaussian();
            }
            return Inputs.of(Tensors.ofJava().of(numbers, DataType.FLOAT32, shape));
        }

        @Override
        protected List<String> layers() {
            return layers;
        }

        @Override
        protected double tolerance() {
            return 1e-4;
        }
    }

    /** Convolutions, ReLU, max and average pooling, linear layers. */
    @Nested
    class ConvolutionalByTheScriptExporter extends OnImages {
        ConvolutionalByTheScriptExporter() {
            super("convolutional.script.onnx", "avgpool", "fc1");
        }
    }

    @Nested
    class ConvolutionalByTheDynamoExporter extends OnImages {
        ConvolutionalByTheDynamoExporter() {
            super("convolutional.dynamo.onnx", "avgpool", "fc1");
        }
    }

    /** Residual connections; the exporter has joined batch norms with convolutions. */
    @Nested
    class ShortcutByTheDynamoExporter extends OnImages {
        ShortcutByTheDynamoExporter() {
            super("shortcut.dynamo.onnx", "block1", "block2");
        }
    }
}
