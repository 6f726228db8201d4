// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModelBuilder;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Optional;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** Where {@code doctor} tries methods that explain at a layer. */
class LayersTest {
    private static ReferenceModelBuilder images(int channels) {
        return ReferenceModel.builder(DataType.FLOAT64, 1).input("x", Shape.of(channels, 4, 4));
    }

    private static Layers layers(ReferenceModel model, long... row) {
        return Layers.of(
                model,
                Inputs.of(ReferenceModels.normal(
                        DataType.FLOAT64, 2, Shape.of(row).prepend(1).dims())));
    }

    @Test
    @DisplayName("The last layer with positions, and not the output, serves all methods")
    void convolutions() {
        Layers layers = layers(ReferenceModels.cnn(DataType.FLOAT64, 1, Activation.RELU, 2, 4), 2, 4, 4);
        assertThat(layers).isEqualTo(new Layers(Optional.of("act2"), Optional.of("act2")));

        ReferenceModel picture =
                images(1).conv2d("first", "x", 2).conv2d("last", "first", 1).build();
        assertThat(layers(picture, 1, 4, 4)).isEqualTo(new Layers(Optional.of("first"), Optional.of("first")));
    }

    @Test
    @DisplayName("A layer that no gradient comes back to is passed over, even if it is the last one with positions")
    void deadEnds() {
        ReferenceModel deadEnd = images(1)
                .conv2d("used", "x", 3)
                .conv2d("unused", "used", 3)
                .globalAveragePool("pool", "used")
                .linear("fc", "pool", 2)
                .build();
        assertThat(layers(deadEnd, 1, 4, 4)).isEqualTo(new Layers(Optional.of("used"), Optional.of("used")));

        ReferenceModel flat = images(1)
                .conv2d("unused", "x", 3)
                .reshape("row", "x", Shape.of(16))
                .linear("hidden", "row", 3)
                .linear("fc", "hidden", 2)
                .build();
        assertThat(layers(flat, 1, 4, 4))
                .as("methods that need positions have no better one; the others have")
                .isEqualTo(new Layers(Optional.of("unused"), Optional.of("fc")));
    }

    @Test
    @DisplayName("A layer with one position, or the output itself, is better than none")
    void poor() {
        ReferenceModel output = images(1).conv2d("only", "x", 2).build();
        assertThat(layers(output, 1, 4, 4)).isEqualTo(new Layers(Optional.of("only"), Optional.of("only")));

        ReferenceModel position = images(2)
                .reshape("row", "x", Shape.of(32, 1))
                .reshape("flat", "row", Shape.of(32))
                .linear("fc", "flat", 2)
                .build();
        assertThat(layers(position, 2, 4, 4)).isEqualTo(new Layers(Optional.of("row"), Optional.of("row")));
    }

    @Test
    @DisplayName("A network without channels and positions is tried at its last layer")
    void rows() {
        Layers layers = layers(ReferenceModels.mlp(DataType.FLOAT64, 1, Activation.TANH, 3, 4, 2), 3);
        assertThat(layers.spatial()).isEmpty();
        assertThat(layers.any()).isPresent();
    }
}
