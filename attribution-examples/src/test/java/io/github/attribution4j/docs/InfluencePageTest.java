// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.influence.ArnoldiInfluence;
import io.github.attribution4j.influence.Checkpoint;
import io.github.attribution4j.influence.Examples;
import io.github.attribution4j.influence.Ranking;
import io.github.attribution4j.influence.SelfInfluence;
import io.github.attribution4j.influence.SimilarityInfluence;
import io.github.attribution4j.influence.TracInFast;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/influence.md shows, on digits of which one in twenty has a wrong label. */
class InfluencePageTest {
    private static final Path DIGITS = Path.of("..", "golden", "influence");

    @Test
    void training_rows_are_ranked(@TempDir Path directory) throws IOException {
        Path first = DIGITS.resolve("digits-0.pt");
        Path last = DIGITS.resolve("digits-1.pt");
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> digits = NumpyFiles.readNpz(DIGITS.resolve("digits.npz"), Tensors.ofJava());
            Tensor images = digits.get("images").to(DataType.FLOAT32).mul(1.0 / 16);
            double[] labels = digits.get("labels").toDoubleArray();
            try (TorchScriptModel early = TorchScriptModel.load(first);
                    TorchScriptModel trained = TorchScriptModel.load(last)) {
                // tag::rank
                List<Checkpoint> checkpoints = List.of(new Checkpoint(early, 0.1), new Checkpoint(trained, 0.1));
                Examples training = Examples.of(Inputs.of(images), Target.loss(Loss.crossEntropy(), labels))
                        .keptIn(directory);
                Examples explained = Examples.of(Inputs.of(images.rows(3, 5)), Target.loss(Loss.crossEntropy(), 3, 4));
                Ranking ranking = new TracInFast("fc2").rank(checkpoints, training, explained, 5, Run.defaults());
                for (Ranking.Ranked row : ranking.proponents(0)) {
                    System.out.println("row " + row.row() + " taught it: " + row.score());
                    assertThat(labels[(int) row.row()]).isEqualTo(3); // hidden
                }
                assertThat(ranking.proponents(0)).hasSize(5); // hidden
                assertThat(ranking.opponents(0).get(0).score()).isNegative(); // hidden
                // end::rank
                // tag::self
                SelfInfluence self = new TracInFast("fc2").self(checkpoints, training, Run.defaults());
                List<Ranking.Ranked> suspects = self.highest(90); // look at their labels first
                // end::self
                // tag::hessian
                ArnoldiInfluence functions = new ArnoldiInfluence("fc2.weight", "fc2.bias").arnoldiDim(40);
                Ranking changed =
                        functions.rank(List.of(Checkpoint.of(trained)), training, explained, 5, Run.defaults());
                // end::hessian
                assertThat(labels[(int) changed.proponents(0).get(0).row()]).isEqualTo(3);
                List<Long> wrong =
                        Arrays.stream(digits.get("wrong").toLongArray()).boxed().toList();
                assertThat(wrong).hasSize(90);
                assertThat(suspects.stream().filter(row -> wrong.contains(row.row())))
                        .hasSizeGreaterThan(80);
                // tag::stream
                Examples streamed = Examples.streamed("digits", "2024-05-01", labels.length, (from, to) -> {
                    Tensor rows = images.rows(from, to); // or read them from a file
                    double[] own = Arrays.copyOfRange(labels, (int) from, (int) to);
                    return new Examples.Part(Inputs.of(rows), Target.loss(Loss.crossEntropy(), own));
                });
                Run run = Run.defaults().deadline(Duration.ofMinutes(10)).progress(System.out::println);
                Ranking again = new TracInFast("fc2").rank(checkpoints, streamed, explained, 5, run);
                // end::stream
                assertThat(again.proponents(1)).isEqualTo(ranking.proponents(1));
            }
            // tag::similar
            try (OnnxModel model = OnnxModel.load(DIGITS.resolve("digits-1.onnx"))) {
                Ranking similar = new SimilarityInfluence("act")
                        .rank(
                                List.of(Checkpoint.of(model)),
                                Examples.of(Inputs.of(images)),
                                Examples.of(Inputs.of(images.rows(3, 4))),
                                5,
                                Run.defaults());
                System.out.println(similar.proponents(0)); // the most similar rows, the image itself first
                assertThat(similar.proponents(0).get(0).row()).isEqualTo(3); // hidden
            }
            // end::similar
        }
    }
}
