// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.MethodContract;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every method that goes back by other rules, on the plain-Java backend. */
@ParameterizedClass(name = "{0}")
@MethodSource("cases")
final class PropagationContractTest extends MethodContract<RuledModel> {
    private static final Setting<RuledModel> ON_IMAGES = new Setting<>(
            () -> ReferenceModels.residualCnn(DataType.FLOAT64, 3, 4),
            examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 17, EXAMPLES, 2, 4, 4)
                    .rows(0, examples)));
    private static final Setting<RuledModel> ON_TOKENS = new Setting<>(
            () -> ReferenceModels.transformer(DataType.FLOAT64, 3, 3, 4),
            examples -> Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT64, 17, EXAMPLES, 3, 4).rows(0, examples)));

    PropagationContractTest(Case<RuledModel> tried) {
        super(tried);
    }

    static List<Case<RuledModel>> cases() {
        return List.of(
                ON_IMAGES.of("Guided backprop", new GuidedBackprop()),
                ON_IMAGES.of("Deconvolution", GuidedBackprop.deconvolution()).target(Target.argmax()),
                ON_IMAGES.of("Guided backprop at layer", new GuidedBackprop().at("pool1")),
                ON_IMAGES.of("Guided Grad-CAM", new GuidedGradCam("block.add")),
                ON_IMAGES
                        .of("DeepLIFT", new DeepLift().baseline(Baseline.constant(0.3)))
                        .completeTo(1e-9),
                ON_IMAGES
                        .of(
                                "DeepLIFT of argmax",
                                new DeepLift().rule(DeepLift.Rule.REVEAL_CANCEL).baseline(Baseline.blurred(1)))
                        .target(Target.argmax())
                        .completeTo(1e-9),
                ON_IMAGES.of("DeepLIFT at layer", new DeepLift().at("relu1")).completeTo(1e-9),
                ON_IMAGES
                        .of("DeepSHAP", new DeepLiftShap(Baseline.uniform(-1, 1)))
                        .drawn()
                        .completeTo(1e-9),
                ON_IMAGES.of("LRP", new Lrp()),
                ON_IMAGES.of("LRP at layer", new Lrp(Composites.epsilonGammaBox(-4, 4)).at("block.relu")),
                ON_TOKENS.of("LRP on transformer", new Lrp(Composites.attnLrp())),
                ON_IMAGES
                        .of("LRP towards neuron", new Lrp().towards("block.add", Target.at(1, 1, 0)))
                        .target(Target.output()),
                ON_IMAGES
                        .of(
                                "Noisy guided backprop towards neuron",
                                NoiseTunnel.smoothGrad(new GuidedBackprop().towards("pool1", Target.slice("1")))
                                        .samples(2)
                                        .stdev(0.1))
                        .target(Target.output())
                        .drawn(),
                ON_IMAGES
                        .of(
                                "Noisy DeepLIFT at layer",
                                Attribution.at(
                                        "relu1",
                                        NoiseTunnel.smoothGrad(new DeepLift())
                                                .samples(3)
                                                .stdev(0.1)))
                        .drawn(),
                ON_IMAGES
                        .of(
                                "Noisy LRP",
                                NoiseTunnel.smoothGrad(new Lrp()).samples(3).stdev(0.1))
                        .drawn());
    }
}
