// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code layers} prints in addition to addresses. */
class LayersCommandTest {
    @TempDir
    Path folder;

    private static Path archive(String name) {
        return Cli.repository("attribution-djl/src/test/resources/archives/" + name);
    }

    private static List<String> layers(Path model, String... more) {
        List<String> words = new ArrayList<>(List.of("layers", "--device", Cli.DEVICE, "--model", model.toString()));
        words.addAll(List.of(more));
        Cli.Said said = Cli.run(words.toArray(String[]::new));
        assertThat(said.err()).isEmpty();
        assertThat(said.code()).isZero();
        return said.out().lines().toList();
    }

    /** Returns a file with the first argument of a model of the zoo. */
    private Path input(String zoo) throws IOException {
        Path file = folder.resolve("input.npz");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> arrays = NumpyFiles.readNpz(Cli.golden("zoo/" + zoo), Tensors.ofJava());
            NumpyFiles.writeNpz(file, Map.of("x", arrays.get("input_0")));
        }
        return file;
    }

    @Test
    @DisplayName("A place in a loop is listed once, with the addresses of its further calls")
    void loops() {
        assertThat(layers(archive("control_script.pt")))
                .containsExactly(
                        "path     kind        note",
                        "cell     Linear      repeated: cell#1, cell#2, ...",
                        "small    Linear      repeated: small#2, small#3, ...",
                        "small#1  Linear      repeated: small#2, small#3, ...",
                        "large    Sequential",
                        "large.0  Linear",
                        "large.1  Tanh",
                        "large.2  Linear",
                        "gate     Sigmoid     repeated: gate#2, gate#3, ...",
                        "gate#1   Sigmoid     repeated: gate#2, gate#3, ...");
    }

    @Test
    @DisplayName("With an input every call has a line and a shape, and each element names its own further calls")
    void callsOfARun() throws IOException {
        assertThat(layers(
                        Cli.golden("zoo/cells.script.pt"),
                        "--input",
                        input("cells.npz").toString()))
                .containsExactly(
                        "path       kind      shape   note",
                        "lstm       LSTMCell  (1, 6)  repeated: lstm#1, lstm#2, ...",
                        "lstm[1]    LSTMCell  (1, 6)  repeated: lstm#1[1], lstm#2[1], ...",
                        "lstm#1     LSTMCell  (1, 6)",
                        "lstm#1[1]  LSTMCell  (1, 6)",
                        "lstm#2     LSTMCell  (1, 6)",
                        "lstm#2[1]  LSTMCell  (1, 6)",
                        "gru        GRUCell   (1, 5)  repeated: gru#1, gru#2, ...",
                        "gru#1      GRUCell   (1, 5)",
                        "gru#2      GRUCell   (1, 5)",
                        "head       Linear    (1, 3)");
    }

    @Test
    @DisplayName("The name that PyTorch shows stands beside the one that the program calls, and beside outputs only")
    void secondNames() throws IOException {
        assertThat(layers(archive("aliases_script.pt")))
                .startsWith(
                        "path        kind    note",
                        "called      Cell    also named shown",
                        "called.fc   Linear  also named shown.fc",
                        "called.act  Tanh    also named shown.act",
                        "two         Linear");
        assertThat(layers(
                        archive("aliases_script.pt"),
                        "--all",
                        "--input",
                        input("control.npz").toString()))
                .startsWith(
                        "path                kind      shape   note",
                        "called              Cell      (1, 4)  also named shown",
                        "called:in           Cell      (1, 4)");
    }

    @Test
    @DisplayName("A value that passes through a module of a trace says so")
    void passedThrough() {
        assertThat(layers(archive("handing_trace.pt")))
                .contains(
                        "row.0                    Identity              passes its input through",
                        "row.1                    Linear",
                        "block.shortcut           Sequential            passes its input through",
                        "swin.stochastic_depth#1  Identity              passes its input through",
                        "swin.norm2               Linear");
    }

    @Test
    @DisplayName("Where there is nothing to say there is no column for it")
    void noNotes() {
        assertThat(layers(archive("mlp_script.pt")))
                .containsExactly("path  kind", "fc1   Linear", "act   ReLU", "fc2   Linear");
    }
}
