// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.concept.Concept;
import io.github.attribution4j.concept.ConceptScore;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Concepts;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import io.github.attribution4j.visual.ConceptChart;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/concept-vectors.md shows, on scikit-learn's digits and the model of the demo. */
class ConceptVectorsPageTest {
    private static final Path DIGITS = Path.of("..", "golden", "concepts", "digits.npz");

    /** Returns images as the model takes them. */
    private static Tensor images(Map<String, Tensor> digits, LongStream numbers) {
        long[] chosen = numbers.toArray();
        return digits.get("pixels")
                .select(0, chosen)
                .to(DataType.FLOAT32)
                .mul(1.0 / 16)
                .reshape(chosen.length, 1, 8, 8);
    }

    /** Returns images with a bar in the middle. */
    private static Tensor barred(Tensor images) {
        double[] pixels = images.toDoubleArray();
        for (int image = 0; image < pixels.length / 64; image++) {
            for (int i = 0; i < 8; i++) {
                pixels[image * 64 + 26 + i / 4 * 8 + i % 4] = 1;
            }
        }
        return Tensors.ofJava().of(pixels, images.shape()).to(DataType.FLOAT32);
    }

    @Test
    void a_concept_is_tested(@TempDir Path folder) throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Map<String, Tensor> digits = NumpyFiles.readNpz(DIGITS, Tensors.ofJava());
            long[] labels = digits.get("labels").toLongArray();
            long[] zeros = LongStream.range(0, labels.length)
                    .filter(i -> labels[(int) i] == 0)
                    .toArray();
            Tensor withBar = barred(images(digits, LongStream.of(zeros).limit(40)));
            Tensor anyDigits = images(digits, LongStream.range(0, 800));
            Tensor otherZeros = images(digits, LongStream.of(zeros).skip(100).limit(30));
            // tag::tcav
            Concept bar = Concept.of("bar in the middle", Inputs.of(withBar));
            Concept any = Concept.of("any digit", Inputs.of(anyDigits));
            Concepts concepts = Concepts.of(bar).against(any.split(20, 0)).keptIn(folder);
            ConceptScores scores = new Tcav("relu2").explain(model, Inputs.of(otherZeros), Target.index(8), concepts);
            ConceptScore score = scores.get("bar in the middle", "relu2");
            System.out.println(score); // does a bar make a zero an eight? 1.000 (p = ...)
            ConceptChart.of(scores, 0).picture().write(folder.resolve("concepts.svg"));
            // end::tcav
            assertThat(folder.resolve("concepts.svg")).isNotEmptyFile();
            assertThat(score.signCount()).isGreaterThan(0.95);
            assertThat(score.isSignificant()).isTrue();
            assertThat(score.accuracyInterval()[0]).isGreaterThan(0.5);
        }
    }

    @Test
    void the_relevance_of_a_channel_is_sent_on() {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Inputs inputs = Inputs.of(images(readDigits(model.tensors()), LongStream.of(8)));
            double[] sum = new double[64];
            for (int number = 0; number < 32; number++) {
                int channel = number;
                // tag::channel
                Lrp lrp = new Lrp();
                Tensor activation = model.cut("relu2").activations(inputs).get(0); // (1, 32, 8, 8)
                Explanation atLayer = lrp.at("relu2").attribute(model, inputs, Target.index(8));
                Tensor own = activation.tensors().of(new long[] {channel}, 1).oneHot(32, activation.dataType());
                Tensor part = atLayer.attribution().mul(own.reshape(1, 32, 1, 1));
                Tensor share = activation.gt(0).where(part.div(activation), part.mul(0));
                Target start = Target.of(
                        "relevance of channel " + channel,
                        value -> value.mul(share).sum(1, 2, 3),
                        value -> share);
                Explanation ofChannel = lrp.towards("relu2", start).attribute(model, inputs);
                // end::channel
                double[] relevance = ofChannel.attribution().toDoubleArray();
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += relevance[i];
                }
                atLayer.close();
                ofChannel.close();
            }
            try (Explanation whole = new Lrp().attribute(model, inputs, Target.index(8))) {
                assertThat(whole.attribution().toDoubleArray()).containsExactly(sum, within(1e-4));
            }
        }
    }

    private static Map<String, Tensor> readDigits(Tensors tensors) {
        try {
            return NumpyFiles.readNpz(DIGITS, tensors);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
