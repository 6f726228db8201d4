// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.MethodContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.testkit.contract.AttributionContract;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of methods at layers and towards neurons, on a network in which the input bypasses the layers. */
@ParameterizedClass(name = "{0}")
@MethodSource("cases")
final class LayerMethodsContractTest extends MethodContract<LayeredModel> {
    private static final int FEATURES = 4;
    private static final Tensor SAMPLES = ReferenceModels.normal(DataType.FLOAT32, 5, 6, FEATURES);
    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, FEATURES);

    private static final Setting<LayeredModel> ON_RESIDUAL = new Setting<LayeredModel>(
                    () -> ReferenceModels.residualNetwork(DataType.FLOAT32, 3, 3, FEATURES, 3),
                    examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES)))
            .target(Target.indexes(2, 0, 1, 2));
    private static final Setting<LayeredModel> ON_TWO_INPUTS = new Setting<>(
            () -> ReferenceModels.twoInputs(DataType.FLOAT32, 3, FEATURES, 3, 3),
            examples -> Inputs.of(
                    ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES),
                    ReferenceModels.normal(DataType.FLOAT32, 18, examples, 3)));

    LayerMethodsContractTest(Case<LayeredModel> tried) {
        super(tried);
    }

    static List<Case<LayeredModel>> cases() {
        return List.of(
                ON_RESIDUAL.of(
                        "Conductance", new Conductance("block1.tanh").steps(5).baseline(Baseline.of(PER_EXAMPLE))),
                ON_RESIDUAL
                        .of(
                                "Conductance with the bypass held",
                                new Conductance("block1.tanh").steps(400).bypass(Path.Bypass.STAY))
                        .target(Target.argmax())
                        .completeTo(1e-5),
                ON_RESIDUAL.of(
                        "Captum's conductance",
                        new Conductance("block1.add").steps(6).captum(Quadrature.GAUSS_LEGENDRE)),
                ON_RESIDUAL.of(
                        "Internal influence",
                        new InternalInfluence("block1.fc1").steps(5).baseline(Baseline.constant(0.3))),
                ON_RESIDUAL.of(
                        "Internal influence with the bypass held",
                        new InternalInfluence("block1.fc1").steps(5).bypass(Path.Bypass.STAY)),
                ON_RESIDUAL.of(
                        "Neuron conductance", new NeuronConductance("block1.tanh", Target.slice("1:3")).steps(5)),
                ON_RESIDUAL.of(
                        "Neuron conductance with the bypass held",
                        new NeuronConductance("block1.tanh", Target.index(2))
                                .steps(5)
                                .bypass(Path.Bypass.STAY)),
                ON_RESIDUAL.of("Gradient x activation", new GradientXActivation("block1.tanh", "block1.add")),
                ON_RESIDUAL
                        .of(
                                "Layer GradientSHAP",
                                new GradientShap()
                                        .baseline(Baseline.samples(SAMPLES))
                                        .samples(6)
                                        .stdev(0.1)
                                        .ofLayer("block1.tanh"))
                        .drawn(),
                ON_RESIDUAL
                        .of(
                                "Layer GradientSHAP from one baseline",
                                new GradientShap(Baseline.zeros()).ofLayer("block1.tanh"))
                        .drawn(),
                ON_RESIDUAL
                        .of(
                                "Integrated gradients lifted",
                                new IntegratedGradients()
                                        .steps(20)
                                        .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                                        .at("block1.fc1"))
                        .completeTo(1e-5),
                ON_RESIDUAL
                        .of(
                                "GradientSHAP lifted",
                                new GradientShap(Baseline.samples(SAMPLES).throughHead()).at("block1.tanh"))
                        .drawn(),
                ON_RESIDUAL.of(
                        "Feature ablation",
                        new FeatureAblation()
                                .baseline(Baseline.constant(0.5))
                                .mask(FeatureMask.ranges(1, 3, 4, 1))
                                .at("block1.tanh")),
                ON_RESIDUAL.of(
                        "Occlusion",
                        new Occlusion(2)
                                .baseline(Baseline.of(PER_EXAMPLE).throughHead())
                                .at("block1.fc2")),
                ON_RESIDUAL
                        .of(
                                "Shapley values",
                                new ShapleyValues()
                                        .baseline(Baseline.zeros().throughHead())
                                        .at("block1.tanh"))
                        .completeTo(1e-5),
                ON_RESIDUAL
                        .of("Shapley sampling", new ShapleySampling().samples(4).at("block1.fc1"))
                        .drawn()
                        .completeTo(1e-5),
                ON_RESIDUAL
                        .of(
                                "KernelSHAP",
                                new KernelShap()
                                        .samples(40)
                                        .baseline(Baseline.zeros().throughHead())
                                        .at("block1.tanh"))
                        .drawn()
                        .completeTo(1e-5),
                ON_TWO_INPUTS
                        .of(
                                "Several layers at once",
                                new IntegratedGradients().steps(20).at("left", "right"))
                        .completeTo(1e-5));
    }

    @AfterAll
    static void close() {
        SAMPLES.close();
        PER_EXAMPLE.close();
    }
}
