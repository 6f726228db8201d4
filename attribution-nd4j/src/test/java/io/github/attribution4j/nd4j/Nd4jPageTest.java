// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The code of docs/nd4j.md. */
class Nd4jPageTest {
    @Test
    void graph(@TempDir Path folder) {
        Path file = folder.resolve("image.fb");
        Graphs.image().save(file.toFile(), false);
        INDArray array = Nd4j.ones(DataType.FLOAT, 1, 2, 6, 6);
        // tag::graph
        try (SameDiffModel model = SameDiffModel.load(file);
                Tensor image = Nd4jTensors.of(array);
                Explanation why = new IntegratedGradients().attribute(model, Inputs.of(image), Target.index(2));
                Explanation where =
                        new IntegratedGradients().at("conv").attribute(model, Inputs.of(image), Target.index(2))) {
            List<INDArray> attributions = Nd4jTensors.attributions(why); // one array for each input
            INDArray inside = Nd4jTensors.toArray(where.attribution()); // one number for each element of the layer
            assertThat(attributions.get(0).shape()).containsExactly(1, 2, 6, 6); // hidden
            assertThat(inside.shape()).containsExactly(1, 4, 6, 6); // hidden
            assertThat(model.identity().digest()).hasSize(64); // hidden
            assertThat(model.signature()).isEqualTo("image: float32[?, 2, 6, 6] -> scores: float32"); // hidden
        }
        // end::graph
    }

    @Test
    void network() {
        MultiLayerNetwork network = Dl4jModelTest.layers();
        INDArray rows = Nd4j.ones(DataType.FLOAT, 2, 4);
        // tag::network
        try (Model model = Dl4jModel.of("risk", "3.2", network);
                Tensor given = Nd4jTensors.of(rows);
                Explanation why =
                        new ShapleySampling().samples(20).attribute(model, Inputs.of(given), Target.index(1))) {
            INDArray shares = Nd4jTensors.toArray(why.attribution());
            assertThat(shares.shape()).containsExactly(2, 4); // hidden
        }
        // end::network
    }
}
