// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.concept.Concept;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.concept.LinearClassifier;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whether a planted concept is found and random ones are not, on the digits of scikit-learn and the model of the demo,
 * as archive and as ONNX file. The planted concept is a bar in the middle of zeros, which makes an eight.
 */
class DigitConceptsTest {
    private static final Path DIGITS = Path.of("..", "golden", "concepts", "digits.npz");
    private static final int SIDE = 8;
    private static final int SETS = 20;
    private static final int EXAMPLES = 29;

    @TempDir
    private Path folder;

    private TensorScope scope;
    private double[] pixels;
    private long[] labels;

    @BeforeEach
    void read() throws IOException {
        scope = TensorScope.open();
        Map<String, Tensor> digits = NumpyFiles.readNpz(DIGITS, Tensors.ofJava());
        pixels = Arrays.stream(digits.get("pixels").toDoubleArray())
                .map(p -> p / 16)
                .toArray();
        labels = digits.get("labels").toLongArray();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    /** Returns the numbers of the first images of a digit; of any digit for -1. */
    private int[] images(int digit, int from, int to) {
        return IntStream.range(0, labels.length)
                .filter(i -> digit < 0 || labels[i] == digit)
                .skip(from)
                .limit(to - from)
                .toArray();
    }

    private Tensor rows(boolean barred, int... numbers) {
        int size = SIDE * SIDE;
        double[] all = new double[numbers.length * size];
        for (int i = 0; i < numbers.length; i++) {
            System.arraycopy(pixels, numbers[i] * size, all, i * size, size);
            for (int column = 2; barred && column < 6; column++) {
                all[i * size + 3 * SIDE + column] = 1;
                all[i * size + 4 * SIDE + column] = 1;
            }
        }
        return Tensors.ofJava().of(all, numbers.length, 1, SIDE, SIDE).to(DataType.FLOAT32);
    }

    private ConceptScores explained(LayeredModel model, int concepts) {
        Concept barred = Concept.of("bar", Inputs.of(rows(true, images(0, 0, EXAMPLES))));
        List<Concept> sets = Concept.of("any digit", Inputs.of(rows(false, images(-1, 0, 1797))))
                .split(SETS + concepts, 0);
        List<Concept> tested = new ArrayList<>(sets.subList(SETS, SETS + concepts));
        tested.add(barred);
        return new Tcav("relu2")
                .classifier(LinearClassifier.logistic(0.1))
                .explain(
                        model,
                        Inputs.of(rows(false, images(0, 100, 160))),
                        List.of(Target.index(8)),
                        Concepts.of(tested.toArray(Concept[]::new)).against(sets.subList(0, SETS)),
                        Run.defaults());
    }

    @Test
    void a_planted_concept_is_found_and_random_ones_are_not() {
        int concepts = 41;
        try (TorchScriptModel model = TorchScriptModel.load(Cli.demo(folder, "digits.pt"))) {
            ConceptScores scores = explained(model, concepts);
            ConceptScore bar = scores.get("bar", "relu2");
            assertThat(bar.isSignificant()).isTrue();
            assertThat(bar.signCount()).isGreaterThan(0.95);
            assertThat(bar.accuracyInterval()[0]).isGreaterThan(0.5);
            List<ConceptScore> random = scores.all().stream()
                    .filter(score -> !score.concept().equals("bar"))
                    .toList();
            assertThat(random).hasSize(concepts).noneMatch(ConceptScore::isSignificant);
            // Of binomial counts of 41 trials with 0.05, 99 % are at most 6.
            assertThat(random.stream().filter(score -> score.probability() <= 0.05))
                    .hasSizeLessThanOrEqualTo(6);
        }
    }

    @Test
    void archive_and_onnx_file_have_the_same_scores() {
        try (TorchScriptModel archive = TorchScriptModel.load(Cli.demo(folder, "digits.pt"));
                OnnxModel onnx = OnnxModel.load(Cli.demo(folder, "digits.onnx"))) {
            ConceptScores scores = explained(archive, 1);
            ConceptScores others = explained(onnx, 1);
            assertThat(others.all()).hasSize(2);
            for (int i = 0; i < others.all().size(); i++) {
                ConceptScore score = scores.all().get(i);
                ConceptScore other = others.all().get(i);
                assertThat(other.signCounts()).containsExactly(score.signCounts(), within(1e-4));
                assertThat(other.magnitudes()).containsExactly(score.magnitudes(), within(1e-4));
                assertThat(other.probability()).isCloseTo(score.probability(), within(1e-4));
                assertThat(other.accuracy()).isEqualTo(score.accuracy());
            }
        }
    }
}
