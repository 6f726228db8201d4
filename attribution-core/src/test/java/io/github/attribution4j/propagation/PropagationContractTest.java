/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j.propagation;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.MethodContract;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.Target;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.testkit.ReferenceModels;
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
                ON_IMAGES.of("Deconvolution", new Deconvolution()).target(Target.argmax()),
                ON_IMAGES.of("Guided backprop at layer", new GuidedBackprop().at("pool1")),
                ON_IMAGES.of("Guided Grad-CAM", new GuidedGradCam("block.add")),
                ON_IMAGES.of("DeepLIFT", new DeepLift(Baseline.constant(0.3))).completeTo(1e-9),
                ON_IMAGES
                        .of(
                                "DeepLIFT of argmax",
                                DeepLift.builder()
                                        .rule(DeepLift.Rule.REVEAL_CANCEL)
                                        .baseline(Baseline.blurred(1))
                                        .build())
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
                        .of(
                                "Noisy LRP",
                                NoiseTunnel.smoothGrad(new Lrp()).samples(3).stdev(0.1))
                        .drawn());
    }
}
