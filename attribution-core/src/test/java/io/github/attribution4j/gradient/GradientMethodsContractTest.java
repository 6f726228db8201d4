// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.MethodContract;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.contract.AttributionContract;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every gradient method, on the plain-Java backend. */
@ParameterizedClass(name = "{0}")
@MethodSource("cases")
final class GradientMethodsContractTest extends MethodContract<LayeredModel> {
    /** Samples and references, which methods need to stay open. */
    private static final Tensor SAMPLES = ReferenceModels.normal(DataType.FLOAT32, 5, 6, 4);

    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, 4);

    private static final Setting<LayeredModel> ON_PERCEPTRON = new Setting<LayeredModel>(
                    () -> ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 8, 3),
                    examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4)))
            .target(Target.indexes(2, 0, 1, 2));
    private static final Setting<LayeredModel> ON_IMAGES = new Setting<>(
            () -> ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.SOFTPLUS, 2, 5),
            examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 2, 5, 5)));
    private static final Setting<LayeredModel> ON_TWO_INPUTS = new Setting<LayeredModel>(
                    () -> ReferenceModels.twoInputs(DataType.FLOAT32, 9, 4, 2, 3),
                    examples -> Inputs.none()
                            .attribute("x", ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4))
                            .fixed("y", ReferenceModels.normal(DataType.FLOAT32, 18, examples, 2)))
            .target(Target.indexes(2, 0, 1, 2));
    private static final Setting<LayeredModel> ON_BOTH_INPUTS = new Setting<LayeredModel>(
                    () -> ReferenceModels.twoInputs(DataType.FLOAT32, 9, 4, 2, 3),
                    examples -> Inputs.of(
                            ReferenceModels.normal(DataType.FLOAT32, 17, examples, 4),
                            ReferenceModels.normal(DataType.FLOAT32, 18, examples, 2)))
            .target(Target.indexes(2, 0, 1, 2));

    GradientMethodsContractTest(Case<LayeredModel> tried) {
        super(tried);
    }

    static List<Case<LayeredModel>> cases() {
        return List.of(
                ON_PERCEPTRON.of("Saliency", new Saliency()),
                ON_PERCEPTRON.of("Signed saliency", Saliency.signed()).target(Target.argmax()),
                ON_PERCEPTRON
                        .of("Input x gradient", new InputXGradient())
                        .target(Target.difference(Target.probability(0), Target.probability(2))),
                ON_PERCEPTRON
                        .of("Integrated gradients", new IntegratedGradients())
                        .completeTo(1e-6),
                ON_PERCEPTRON
                        .of(
                                "Integrated gradients from references",
                                new IntegratedGradients()
                                        .steps(9)
                                        .quadrature(Quadrature.RIEMANN_MIDDLE)
                                        .baseline(Baseline.of(PER_EXAMPLE)))
                        .completeTo(0.05),
                ON_PERCEPTRON.of(
                        "Averaged gradients", new IntegratedGradients().steps(5).multiplyByInputs(false)),
                ON_PERCEPTRON.of("IDGI", new Idgi().steps(7)).completeTo(1e-6),
                ON_PERCEPTRON
                        .of("Guided integrated gradients", new GuidedIntegratedGradients().steps(300))
                        .completeTo(0.05),
                ON_PERCEPTRON
                        .of(
                                "Integrated gradients with a tolerance",
                                new IntegratedGradients().tolerance(1e-3).steps(300))
                        .completeTo(0.01),
                ON_IMAGES
                        .of(
                                "Blur integrated gradients",
                                new BlurIntegratedGradients().steps(60).sigma(4))
                        .completeTo(0.01),
                ON_BOTH_INPUTS
                        .of("IDGI of two inputs", new Idgi().baseline(Baseline.constant(0.5)))
                        .completeTo(1e-5),
                ON_TWO_INPUTS
                        .of("Integrated gradients with fixed input", new IntegratedGradients())
                        .completeTo(1e-5),
                ON_PERCEPTRON
                        .of(
                                "GradientSHAP",
                                new GradientShap().samples(11).stdev(0.2).baseline(Baseline.samples(SAMPLES)))
                        .drawn(),
                ON_BOTH_INPUTS
                        .of(
                                "GradientSHAP of two inputs",
                                new GradientShap()
                                        .stdev(0, 0.5)
                                        .baseline(Baseline.uniform(-1, 1))
                                        .multiplyByInputs(false))
                        .drawn(),
                ON_PERCEPTRON
                        .of(
                                "Integrated gradients at layer",
                                new IntegratedGradients()
                                        .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                                        .at("act1"))
                        .completeTo(1e-6),
                ON_PERCEPTRON
                        .model(() -> ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, 4, 1))
                        .of("Gradient towards neuron", Saliency.signed().towards("fc1", Target.index(0)))
                        .target(Target.output()),
                ON_PERCEPTRON
                        .of(
                                "SmoothGrad",
                                NoiseTunnel.smoothGrad(new Saliency())
                                        .samples(6)
                                        .stdev(0.3))
                        .drawn(),
                ON_PERCEPTRON
                        .of(
                                "SmoothGrad squared",
                                NoiseTunnel.smoothGradSquared(new IntegratedGradients()
                                                .steps(3)
                                                .baseline(Baseline.of(PER_EXAMPLE)))
                                        .stdev(0.3))
                        .drawn(),
                // A variance: twice the relative rounding error of what it is made of, which is itself a sum that
                // cancels.
                ON_PERCEPTRON
                        .of(
                                "VarGrad",
                                NoiseTunnel.varGrad(new GradientShap(Baseline.samples(SAMPLES)))
                                        .samples(3)
                                        .stdev(0.3))
                        .drawn()
                        .batchTolerance(4e-6),
                ON_PERCEPTRON
                        .of("SmoothGrad at layer", NoiseTunnel.smoothGrad(new InputXGradient().at("act1")))
                        .drawn(),
                ON_PERCEPTRON
                        .of("Noise in the layer", Attribution.at("act1", NoiseTunnel.smoothGrad(new InputXGradient())))
                        .drawn(),
                ON_IMAGES.of("Grad-CAM", new GradCam("conv2")),
                ON_IMAGES.of(
                        "Upsampled Grad-CAM",
                        new GradCam("act1").relu(true).upsample(Tensor.Interpolation.BILINEAR, 9, 8)),
                ON_IMAGES
                        .of(
                                "Smooth Grad-CAM",
                                NoiseTunnel.smoothGrad(new GradCam("act2")).stdev(0.2))
                        .drawn(),
                ON_IMAGES
                        .of("Integrated gradients on images", new IntegratedGradients().baseline(Baseline.blurred(1.5)))
                        .completeTo(1e-5));
    }

    @AfterAll
    static void close() {
        SAMPLES.close();
        PER_EXAMPLE.close();
    }
}
