// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.contract.ModelContract;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.DropoutLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Networks of DL4J, forward. */
class Dl4jModelTest {
    static MultiLayerNetwork layers() {
        MultiLayerNetwork network = new MultiLayerNetwork(new NeuralNetConfiguration.Builder()
                .seed(5)
                .list(
                        new DenseLayer.Builder()
                                .nIn(4)
                                .nOut(6)
                                .activation(Activation.TANH)
                                .build(),
                        new BatchNormalization.Builder().nIn(6).nOut(6).build(),
                        new DropoutLayer.Builder(0.5).build(),
                        new OutputLayer.Builder()
                                .nIn(6)
                                .nOut(3)
                                .activation(Activation.SOFTMAX)
                                .build())
                .build());
        network.init();
        return network;
    }

    private static ComputationGraph graph() {
        ComputationGraph network = new ComputationGraph(new NeuralNetConfiguration.Builder()
                .seed(5)
                .graphBuilder()
                .addInputs("a", "b")
                .addLayer(
                        "hidden",
                        new DenseLayer.Builder()
                                .nIn(7)
                                .nOut(5)
                                .activation(Activation.TANH)
                                .build(),
                        "a",
                        "b")
                .addLayer(
                        "scores",
                        new OutputLayer.Builder()
                                .nIn(5)
                                .nOut(2)
                                .activation(Activation.SOFTMAX)
                                .build(),
                        "hidden")
                .setOutputs("scores")
                .build());
        network.init();
        return network;
    }

    @Nested
    class Layers extends ModelContract {
        @Override
        protected Model model() {
            return Dl4jModel.of("layers", "1", layers());
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.of(Graphs.random(rows, DataType.FLOAT32, 4));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    @Nested
    class Graph extends ModelContract {
        @Override
        protected Model model() {
            return Dl4jModel.of("graph", "1", graph(), 0);
        }

        @Override
        protected Inputs inputs(Model model, int rows) {
            return Inputs.none()
                    .attribute("a", Graphs.random(rows, DataType.FLOAT32, 4))
                    .attribute("b", Graphs.random(rows, DataType.FLOAT32, 3));
        }

        @Override
        protected double batchTolerance() {
            return 1e-5;
        }
    }

    @Test
    void scores_are_those_of_the_network_and_ablation_explains_them() {
        MultiLayerNetwork network = layers();
        try (TensorScope scope = TensorScope.open();
                Dl4jModel model = Dl4jModel.of("layers", "1", network)) {
            Tensor rows = Graphs.random(2, DataType.FLOAT32, 4);
            INDArray own = network.output(Nd4jTensors.toArray(rows), false);
            assertThat(model.forward(Inputs.of(rows)).toFloatArray())
                    .containsExactly(own.dup('c').data().asFloat());
            try (Explanation why = new FeatureAblation().attribute(model, Inputs.of(rows), Target.index(1))) {
                Tensor without =
                        Graphs.random(2, DataType.FLOAT32, 4).mul(rows.tensors().of(new float[] {0, 1, 1, 1}, 4));
                double lost = model.forward(Inputs.of(rows)).toDoubleArray()[1]
                        - model.forward(Inputs.of(without)).toDoubleArray()[1];
                assertThat(why.attribution().toDoubleArray()[0]).isCloseTo(lost, within(1e-6));
            }
        }
    }

    @Test
    void refusals_name_what_does_not_fit() {
        try (TensorScope scope = TensorScope.open();
                Dl4jModel model = Dl4jModel.of("layers", "1", layers())) {
            Tensor wide = Graphs.random(2, DataType.FLOAT32, 9);
            assertThatThrownBy(() -> model.forward(Inputs.of(wide)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("the network refuses these inputs");
            assertThatThrownBy(() ->
                            model.forward(Inputs.none().attribute("a", wide).attribute("b", wide)))
                    .isInstanceOf(ModelException.class)
                    .hasMessageContaining("takes 1 input, but 2 are given");
            assertThatThrownBy(() -> Dl4jModel.of("graph", "1", graph(), 3))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("output 3");
        }
    }
}
