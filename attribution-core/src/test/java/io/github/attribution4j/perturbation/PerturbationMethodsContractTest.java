// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import io.github.attribution4j.MethodContract;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.OwenValues;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.contract.AttributionContract;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** The contract of every perturbation method, on the plain-Java backend, to the bit whatever the batch. */
@ParameterizedClass(name = "{0}")
@MethodSource("cases")
final class PerturbationMethodsContractTest extends MethodContract<LayeredModel> {
    private static final int FEATURES = 6;

    /** A reference for each example, which methods need to stay open. */
    private static final Tensor PER_EXAMPLE =
            ReferenceModels.normal(DataType.FLOAT32, 6, AttributionContract.EXAMPLES, FEATURES);

    /** A mask for each example, of 3, 2, 6 and 1 groups. */
    private static final FeatureMask MASKS = masks();

    private static final Setting<LayeredModel> ON_PERCEPTRON = new Setting<LayeredModel>(
                    () -> ReferenceModels.mlp(DataType.FLOAT32, 3, Activation.TANH, FEATURES, 8, 3),
                    examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, FEATURES)))
            .target(Target.indexes(2, 0, 1, 2))
            .batchTolerance(0);
    private static final Setting<LayeredModel> ON_IMAGES = new Setting<LayeredModel>(
                    () -> ReferenceModels.cnn(DataType.FLOAT32, 3, Activation.SOFTPLUS, 2, 5),
                    examples -> Inputs.of(ReferenceModels.normal(DataType.FLOAT32, 17, examples, 2, 5, 5)))
            .batchTolerance(0);
    private static final Setting<LayeredModel> ON_TWO_INPUTS = new Setting<LayeredModel>(
                    () -> ReferenceModels.twoInputs(DataType.FLOAT64, 9, 4, 2, 3),
                    examples -> Inputs.of(
                            ReferenceModels.normal(DataType.FLOAT64, 17, examples, 4),
                            ReferenceModels.normal(DataType.FLOAT64, 18, examples, 2)))
            .target(Target.indexes(2, 0, 1, 2))
            .batchTolerance(0);

    private static final Baseline TWO_BACKGROUNDS = Baseline.samples(
            ReferenceModels.normal(DataType.FLOAT64, 31, 5, 4), ReferenceModels.normal(DataType.FLOAT64, 32, 5, 2));

    PerturbationMethodsContractTest(Case<LayeredModel> tried) {
        super(tried);
    }

    static List<Case<LayeredModel>> cases() {
        return List.of(
                ON_PERCEPTRON.of("Feature ablation", new FeatureAblation()),
                ON_PERCEPTRON.of(
                        "Feature ablation with mask and reference of each example",
                        new FeatureAblation().baseline(Baseline.of(PER_EXAMPLE)).mask(MASKS)),
                ON_PERCEPTRON.of("Occlusion", new Occlusion(3).stride(2)),
                ON_PERCEPTRON.of("Shapley values", new ShapleyValues()).completeTo(1e-12),
                ON_PERCEPTRON
                        .of(
                                "Shapley values with mask and reference of each example",
                                new ShapleyValues()
                                        .baseline(Baseline.of(PER_EXAMPLE))
                                        .mask(MASKS))
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of("Shapley sampling", new ShapleySampling().samples(6))
                        .drawn()
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of(
                                "Plain Shapley sampling with mask and reference of each example",
                                new ShapleySampling()
                                        .samples(3)
                                        .antithetic(false)
                                        .baseline(Baseline.of(PER_EXAMPLE))
                                        .mask(MASKS))
                        .drawn()
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of(
                                "Owen values with mask and reference of each example",
                                new OwenValues()
                                        .baseline(Baseline.of(PER_EXAMPLE))
                                        .mask(MASKS))
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of(
                                "Sampled Owen values",
                                new OwenValues().samples(2).hierarchy(Hierarchy.of(FeatureMask.ranges(1, 5, 1))))
                        .drawn()
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of("KernelSHAP", new KernelShap().samples(30))
                        .drawn()
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of("Exact KernelSHAP", new KernelShap().samples(64))
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of(
                                "KernelSHAP as Captum",
                                new KernelShap()
                                        .samples(40)
                                        .sampling(KernelShap.Sampling.CAPTUM)
                                        .baseline(Baseline.of(PER_EXAMPLE)))
                        .drawn(),
                ON_PERCEPTRON
                        .of(
                                "KernelSHAP against a background",
                                new KernelShap().samples(20).baseline(Baseline.samples(PER_EXAMPLE)))
                        .drawn()
                        .completeTo(1e-6),
                ON_PERCEPTRON
                        .of(
                                "Shapley sampling against clusters",
                                new ShapleySampling().samples(4).mask(MASKS).baseline(Baseline.kMeans(2, PER_EXAMPLE)))
                        .drawn()
                        .completeTo(1e-6),
                ON_PERCEPTRON
                        .of(
                                "Shapley values against a background at layer",
                                new ShapleyValues()
                                        .baseline(Baseline.samples(PER_EXAMPLE).throughHead())
                                        .at("act1"))
                        .completeTo(1e-6),
                ON_PERCEPTRON
                        .of(
                                "LIME",
                                new Lime()
                                        .samples(9)
                                        .baseline(Baseline.of(PER_EXAMPLE))
                                        .mask(MASKS))
                        .drawn(),
                ON_TWO_INPUTS.of("LIME of two inputs, as Captum", Lime.captum()).drawn(),
                ON_PERCEPTRON
                        .of(
                                "LIME at layer",
                                new Lime()
                                        .samples(20)
                                        .fit(Lime.Fit.LEAST_SQUARES)
                                        .at("act1"))
                        .drawn(),
                ON_PERCEPTRON
                        .of(
                                "LIME of bins with a mask of each example",
                                new Lime()
                                        .samples(30)
                                        .discretizer(Discretizer.quantiles(3))
                                        .baseline(Baseline.samples(PER_EXAMPLE))
                                        .mask(MASKS))
                        .drawn(),
                ON_PERCEPTRON
                        .of(
                                "LIME of bins at layer",
                                Lime.tabular()
                                        .samples(20)
                                        .kernel(Lime.Kernel.euclidean(2))
                                        .baseline(Baseline.samples(PER_EXAMPLE).throughHead())
                                        .at("act1"))
                        .drawn(),
                ON_TWO_INPUTS
                        .of(
                                "LIME of bins of two inputs",
                                Lime.tabular().samples(20).baseline(TWO_BACKGROUNDS))
                        .drawn(),
                // A mask and a reference of each example find their example behind the copies of a noise tunnel.
                ON_PERCEPTRON
                        .of(
                                "Smooth Shapley values",
                                NoiseTunnel.smoothGrad(new ShapleyValues()
                                                .baseline(Baseline.of(PER_EXAMPLE))
                                                .mask(MASKS))
                                        .samples(3)
                                        .stdev(0.3))
                        .drawn()
                        .batchTolerance(1e-6),
                ON_PERCEPTRON
                        .of(
                                "Variance of Shapley sampling",
                                NoiseTunnel.varGrad(new ShapleySampling().samples(2))
                                        .samples(4)
                                        .stdev(0.3))
                        .drawn()
                        .batchTolerance(1e-6),
                ON_PERCEPTRON.of("Feature ablation at layer", new FeatureAblation().at("act1")),
                ON_TWO_INPUTS
                        .of(
                                "Shapley sampling of two inputs",
                                new ShapleySampling()
                                        .samples(4)
                                        .mask(FeatureMask.ofIds(new long[] {0, 1, 2, 3}, new long[] {3, 4})))
                        .drawn()
                        .completeTo(1e-12),
                ON_PERCEPTRON
                        .of("RISE", new Rise().samples(7).cells(3).baseline(Baseline.of(PER_EXAMPLE)))
                        .drawn(),
                ON_TWO_INPUTS
                        .of(
                                "Centered RISE of two inputs",
                                new Rise().samples(5).cells(2).estimator(Rise.Estimator.CENTERED))
                        .drawn(),
                ON_IMAGES.of("RISE of images", new Rise().samples(6).cells(2)).drawn(),
                ON_PERCEPTRON
                        .of(
                                "Smooth RISE",
                                NoiseTunnel.smoothGrad(new Rise().samples(3))
                                        .samples(2)
                                        .stdev(0.3))
                        .drawn()
                        .batchTolerance(1e-6),
                ON_PERCEPTRON
                        .of("RISE at layer", new Rise().samples(6).at("act1"))
                        .drawn(),
                ON_TWO_INPUTS.of("Occlusion of two inputs", Occlusion.of(Shape.of(2), Shape.of(1))),
                ON_IMAGES.of(
                        "Occlusion of images",
                        new Occlusion(2, 3, 2).stride(2, 3, 2).baseline(Baseline.blurred(1))),
                ON_IMAGES
                        .of(
                                "KernelSHAP of patches",
                                new KernelShap().samples(60).mask(FeatureMask.patches(2, 2)))
                        .drawn()
                        .completeTo(1e-12));
    }

    @AfterAll
    static void close() {
        PER_EXAMPLE.close();
    }

    private static FeatureMask masks() {
        long[] ids = {0, 1, 2, 0, 1, 2, 1, 1, 1, 0, 0, 0, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0};
        try (Tensor tensor = Tensors.ofJava().of(ids, Shape.of(AttributionContract.EXAMPLES, FEATURES))) {
            return FeatureMask.of(tensor);
        }
    }
}
