// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.catalog.Metrics;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.metric.randomization.ParameterRandomization;
import io.github.attribution4j.metric.randomization.RandomLogit;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.onnx.OnnxModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every metric says of one network the same on TorchScript and on ONNX. */
@TestInstance(Lifecycle.PER_CLASS)
class JudgementsOnBothEnginesTest {
    private static final Path FILES = Path.of("..", "attribution-cli", "src", "main", "resources", "demo");
    private static final double CLOSE = 1e-4;
    private static final Attribution<DifferentiableModel> METHOD = new IntegratedGradients().steps(16);

    private TorchScriptModel torch;
    private OnnxModel onnx;

    @BeforeAll
    void open() throws IOException {
        torch = TorchScriptModel.load(FILES.resolve("digits.pt"));
        onnx = OnnxModel.load(FILES.resolve("digits.onnx"));
    }

    @AfterAll
    void close() {
        torch.close();
        onnx.close();
    }

    /** All but those that draw parameters: the exporter folded batch norms, so the parameters are not the same. */
    static Stream<Metric> metrics() {
        return Metrics.all().stream()
                .map(Description::defaults)
                .map(settings -> (Metric) settings.method())
                .filter(metric -> !(metric instanceof ParameterRandomization))
                .map(JudgementsOnBothEnginesTest::fitting);
    }

    private static Metric fitting(Metric metric) {
        return metric instanceof PerturbationCurve curve
                ? curve.mask(FeatureMask.grid(4, 4))
                : metric instanceof Localization place
                        ? place.region(Region.boxes(new Region.Box(2, 0, 6, 8)))
                        : metric instanceof Agreement agreement ? agreement.reference(new InputXGradient()) : metric;
    }

    @ParameterizedTest
    @MethodSource("metrics")
    void scoresAreTheSame(Metric metric) throws IOException {
        double[] expected = scores(torch, metric);
        double[] found = scores(onnx, metric);
        assertThat(expected).hasSize(3);
        for (int i = 0; i < expected.length; i++) {
            if (Double.isNaN(expected[i])) {
                assertThat(found[i]).isNaN();
            } else {
                assertThat(found[i]).isCloseTo(expected[i], within(CLOSE * Math.max(1, Math.abs(expected[i]))));
            }
        }
    }

    @Test
    void mapsOfALayerAreJudgedAtTheSizeOfTheInput() throws IOException {
        PerturbationCurve insertion = PerturbationCurve.insertion().mask(FeatureMask.patches(2, 2));
        GradCam map = new GradCam("conv3");
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(digits(torch.tensors()));
            Target target = Target.argmax();
            double judged = insertion
                    .judge(torch, inputs, target, map.upsample(Tensor.Interpolation.BILINEAR), Run.defaults())
                    .mean();
            double random = insertion
                    .judge(torch, inputs, target, new RandomAttribution(), Run.defaults())
                    .mean();
            assertThat(judged).isGreaterThan(random);
            assertThatThrownBy(() -> insertion.judge(torch, inputs, target, map, Run.defaults()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("the attribution of 'conv3' has shape")
                    .hasMessageContaining("A map of a layer has the input's size with upsample(...)");
        }
    }

    private static double[] scores(DifferentiableModel model, Metric metric) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Target target = metric instanceof RandomLogit ? Target.index(3) : Target.probability(3);
            return metric.judge(model, Inputs.of(digits(model.tensors())), target, METHOD, Run.defaults())
                    .scores();
        }
    }

    private static Tensor digits(Tensors tensors) throws IOException {
        List<Tensor> digits = new ArrayList<>();
        for (int digit : new int[] {3, 5, 8}) {
            digits.add(NumpyFiles.readNpz(FILES.resolve("digit-" + digit + ".npz"), tensors)
                    .get("image"));
        }
        return tensors.concat(digits, 0);
    }
}
