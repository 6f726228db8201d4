// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.LayeredModel;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

class NearNamesTest {
    private static final List<String> LAYERS = List.of("", "conv1", "conv2", "layer1.0", "layer1.1", "fc");

    @Test
    @DisplayName("The nearest names come first, whatever their case")
    void near() {
        assertThat(NearNames.of("Conv1", LAYERS)).startsWith("conv1", "conv2");
        assertThat(NearNames.of("layer1", LAYERS)).startsWith("layer1.0", "layer1.1");
        assertThat(NearNames.of("transformer.encoder", LAYERS)).isEmpty();
        assertThat(NearNames.of("cov", List.of("conv1", "conv2", "conv3", "conv4")))
                .hasSize(3);
    }

    @Test
    @DisplayName("The hint asks back, or lists some names where none is near")
    void hint() {
        assertThat(NearNames.hint("con1", List.of("conv1", "fc"))).isEqualTo("did you mean 'conv1'?");
        assertThat(NearNames.hint("transformer.encoder", LAYERS))
                .isEqualTo("there are 6, such as 'conv1', 'conv2', 'layer1.0', 'layer1.1', 'fc'");
        assertThat(NearNames.hint("x", List.of())).isEqualTo("there are none");
        assertThat(new UnknownLayerException("con1", List.of("conv1")))
                .hasMessage("layer 'con1' does not exist; did you mean 'conv1'?");
    }

    @Test
    @DisplayName("A cut point prints its path, and its call where that is not the first")
    void cutPoint() {
        assertThat(new Cut.Point("relu", "ReLU", 0)).hasToString("relu");
        assertThat(new Cut.Point("relu", "ReLU", 2)).hasToString("relu#2");
        assertThat(new Cut.Point("lstm", "LSTM", 1).output(2)).hasToString("lstm#1[2]");
        assertThat(new Cut.Point("lstm", "LSTM", 0).input(0)).hasToString("lstm:in");
        assertThat(new Cut.Point("lstm", "LSTM", 1).input(1)).hasToString("lstm#1:in[1]");
        assertThat(new Cut.Point("block/relu_#3", "relu_", 0).isInside()).isTrue();
        assertThat(new Cut.Point("block", "Block", 0).isInside()).isFalse();
        assertThatThrownBy(() -> new Cut.Point("relu", "ReLU", 0).output(-1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("element -1 of module 'relu': tensors count from 0");
        assertThatThrownBy(() -> new Cut.Point("relu", "ReLU", -1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("call -1 of module 'relu': calls count from 0");
    }

    @Test
    @DisplayName("An address finds its point, and side and element with it")
    void find() {
        Cut.Point first = new Cut.Point("lstm", "LSTM", 0);
        Cut.Point second = new Cut.Point("lstm", "LSTM", 1);
        Cut.Point inside = new Cut.Point("block/relu_#3", "relu_", 0);
        List<Cut.Point> known = List.of(first, second, inside, inside.output(0));
        for (Cut.Point point : List.of(first, second, second.output(3), first.input(2), inside, inside.output(1))) {
            assertThat(LayeredModel.find(known, point.toString())).contains(point);
        }
        assertThat(LayeredModel.find(known, "lstm:out[1]")).contains(first.output(1));
        assertThat(LayeredModel.find(known, "lstm#0")).contains(first);
        assertThat(LayeredModel.find(known, "lstm#2")).isEmpty();
        assertThat(LayeredModel.find(known, "lstm[x]")).isEmpty();
        assertThat(LayeredModel.find(known, "lst")).isEmpty();
    }
}
