// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.cam.GradCam;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.BlurIntegratedGradients;
import io.github.attribution4j.gradient.GradientShap;
import io.github.attribution4j.gradient.GuidedIntegratedGradients;
import io.github.attribution4j.gradient.Idgi;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.mask.Hierarchy;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.perturbation.FeaturePermutation;
import io.github.attribution4j.perturbation.Lime;
import io.github.attribution4j.perturbation.Occlusion;
import io.github.attribution4j.perturbation.PermutationImportance;
import io.github.attribution4j.perturbation.Rise;
import io.github.attribution4j.run.Budget;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.OwenValues;
import io.github.attribution4j.shapley.ShapleyInteractions;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Loss;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MethodsTest {
    private static TorchScriptModel digits;
    private static TorchScriptModel cancer;
    private Tensor image;
    private Tensor patients;
    private Tensor average;

    @BeforeAll
    static void load() {
        digits = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"));
        cancer = TorchScriptModel.load(Demo.FILES.resolve("breast-cancer.pt"));
    }

    @AfterAll
    static void close() {
        digits.close();
        cancer.close();
    }

    @BeforeEach
    void read() throws IOException {
        image = Demo.digit(3, digits.tensors());
        patients = Demo.table("patients.csv", cancer.tensors());
        average = Demo.table("patient-baseline.csv", cancer.tensors());
    }

    @AfterEach
    void free() {
        image.close();
        patients.close();
        average.close();
    }

    @Test
    void saliency() {
        // tag::saliency
        Explanation strength = new Saliency().attribute(digits, Inputs.of(image), Target.index(3));
        Explanation gradient = Saliency.signed().attribute(digits, Inputs.of(image), Target.index(3));
        // end::saliency
        try (strength;
                gradient) {
            assertThat(strength.attribution().toFloatArray())
                    .isEqualTo(gradient.attribution().abs().toFloatArray());
        }
    }

    @Test
    void idgi() {
        // tag::idgi
        Explanation why = new Idgi().steps(100).attribute(digits, Inputs.of(image), Target.index(3));
        // end::idgi
        try (why) {
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-3));
            assertThat(why.counts().backwardRows()).isEqualTo(101);
        }
    }

    @Test
    void guidedIntegratedGradients() {
        // tag::guided-integrated-gradients
        Explanation why =
                new GuidedIntegratedGradients().steps(200).attribute(digits, Inputs.of(image), Target.index(3));
        // end::guided-integrated-gradients
        try (why) {
            double change = why.scores()[0] - why.baselineScores().orElseThrow()[0];
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(0.05 * Math.abs(change)));
            assertThat(why.counts().backwardRows()).isEqualTo(200);
        }
    }

    @Test
    void blurIntegratedGradients() {
        // tag::blur-integrated-gradients
        Explanation why = new BlurIntegratedGradients().sigma(10).attribute(digits, Inputs.of(image), Target.index(3));
        // end::blur-integrated-gradients
        try (why) {
            double change = why.scores()[0] - why.baselineScores().orElseThrow()[0];
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(0.05 * Math.abs(change)));
            assertThat(why.counts().backwardRows()).isEqualTo(101);
        }
    }

    @Test
    void inputXGradient() {
        // tag::input-x-gradient
        Explanation why = new InputXGradient().attribute(digits, Inputs.of(image), Target.index(3));
        // end::input-x-gradient
        try (why) {
            assertThat(why.hasCompletenessGap()).isFalse();
            assertThat(why.counts().backwardRows()).isEqualTo(1);
        }
    }

    @Test
    void integratedGradients() {
        // tag::integrated-gradients
        IntegratedGradients method = new IntegratedGradients()
                .steps(100)
                .quadrature(Quadrature.GAUSS_LEGENDRE)
                .baseline(Baseline.of(average));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.index(0));
        double[] gaps = why.completenessGap(); // one for each patient
        // end::integrated-gradients
        try (why) {
            assertThat(gaps).hasSize(5);
            assertThat(why.counts().backwardRows()).isEqualTo(500);
        }
    }

    @Test
    void integratedGradientsTolerance() {
        // tag::integrated-gradients-tolerance
        IntegratedGradients method = new IntegratedGradients().tolerance(0.01).steps(200);
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.index(0));
        double[] taken = why.measures().get("steps"); // by each patient, at most 200
        double[] reached = why.measures().get("tolerance-reached"); // 1 or 0
        // end::integrated-gradients-tolerance
        try (why) {
            assertThat(reached).containsOnly(1);
            assertThat(why.counts().backwardRows())
                    .isEqualTo((long) Arrays.stream(taken).sum());
        }
    }

    @Test
    void gradientShap() {
        // tag::gradient-shap
        GradientShap method = new GradientShap()
                .baseline(Baseline.samples(patients))
                .samples(50)
                .stdev(0.1);
        Explanation why = method.attribute(
                cancer, Inputs.of(patients), Target.index(0), Run.defaults().seed(7));
        Tensor uncertainty = why.standardError(); // of every attribution
        // end::gradient-shap
        try (why) {
            assertThat(uncertainty.shape()).isEqualTo(patients.shape());
        }
    }

    @Test
    void noiseTunnel() {
        // tag::noise-tunnel
        NoiseTunnel<?> method =
                NoiseTunnel.smoothGrad(new IntegratedGradients()).samples(20).stdev(0.15);
        NoiseTunnel<?> variance =
                NoiseTunnel.varGrad(new FeatureAblation()).samples(20).stdev(0.15);
        // end::noise-tunnel
        try (Explanation why = NoiseTunnel.smoothGrad(new IntegratedGradients())
                .samples(20)
                .stdev(0.15)
                .attribute(digits, Inputs.of(image), Target.index(3))) {
            assertThat(why.counts().backwardRows()).isEqualTo(1000);
            assertThat(why.standardErrors()).hasSize(1);
        }
        assertThat(method.name()).isEqualTo("smooth-grad");
        assertThat(variance.settings()).containsEntry("samples", 20);
    }

    @Test
    void featureAblation() {
        // tag::feature-ablation
        FeatureAblation method = new FeatureAblation()
                .baseline(Baseline.of(average))
                .mask(FeatureMask.ranges(1, 10, 10, 10).named("mean", "error", "worst"));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.index(0));
        // end::feature-ablation
        try (why) {
            assertThat(why.counts().forwardRows()).isEqualTo(5 * 4);
        }
    }

    @Test
    void featurePermutation() {
        // tag::feature-permutation
        FeaturePermutation method = new FeaturePermutation().shuffles(10);
        Explanation why = method.attribute(
                cancer, Inputs.of(patients), Target.index(0), Run.defaults().seed(7));
        Tensor importance = why.attribution().mean(0); // the usual importance of each column
        // end::feature-permutation
        try (why;
                importance) {
            assertThat(importance.shape().size()).isEqualTo(30);
            assertThat(why.standardErrors()).hasSize(1);
        }
    }

    @Test
    void permutationImportance() {
        Inputs inputs = Inputs.of(patients);
        double[] labels = new double[Math.toIntExact(patients.shape().dim(0))];
        // tag::permutation-importance
        Target loss = Target.loss(Loss.crossEntropy(), labels); // numbers of classes; logits from the model
        PermutationImportance importance =
                new FeaturePermutation().shuffles(10).importance(cancer, inputs, loss, Run.defaults());
        double[] increases = importance.means(); // one for each column
        double[] spreads = importance.spreads(); // over the shuffles
        // end::permutation-importance
        assertThat(increases).hasSize(30);
        assertThat(spreads).hasSize(30);
    }

    @Test
    void occlusion() {
        // tag::occlusion
        Occlusion method = new Occlusion(1, 3, 3).stride(1, 1, 1).baseline(Baseline.constant(0));
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3));
        // end::occlusion
        try (why) {
            assertThat(why.counts().forwardRows()).isEqualTo(1 + 36);
        }
    }

    @Test
    void rise() {
        // tag::rise
        Rise method = new Rise().samples(1000).cells(4).estimator(Rise.Estimator.CENTERED);
        Explanation why = method.attribute(
                digits, Inputs.of(image), Target.probability(3), Run.defaults().seed(7));
        Tensor errors = why.standardError();
        // end::rise
        try (why) {
            assertThat(why.counts().forwardRows()).isEqualTo(1 + 1000);
            assertThat(errors.shape()).isEqualTo(image.shape());
        }
    }

    @Test
    void shapleyValues() {
        // tag::shapley-values
        ShapleyValues method =
                new ShapleyValues().baseline(Baseline.of(average)).mask(FeatureMask.ranges(1, 10, 10, 10));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.probability(0));
        // end::shapley-values
        try (why) {
            assertThat(why.counts().forwardRows()).isEqualTo(5 * 8);
            assertThat(why.completenessGap()).hasSize(5);
        }
    }

    @Test
    void owenValues() {
        // tag::owen-values
        Hierarchy correlated = Hierarchy.correlation(Hierarchy.Linkage.AVERAGE, patients);
        OwenValues method = new OwenValues().hierarchy(correlated).samples(40).baseline(Baseline.of(average));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.probability(0));
        // end::owen-values
        try (why) {
            assertThat(why.completenessGap()[0]).isCloseTo(0, within(1e-6));
            assertThat(why.counts().forwardRows()).isLessThanOrEqualTo(5 * (40 * 29 + 2));
        }
    }

    @Test
    void shapleyInteractions() {
        // tag::shapley-interactions
        ShapleyInteractions method = new ShapleyInteractions()
                .baseline(Baseline.of(average))
                .mask(FeatureMask.ranges(1, 10, 10, 10).named("mean", "error", "worst"));
        Explanation why = method.attribute(cancer, Inputs.of(patients), Target.probability(0));
        Tensor matrices = why.attribution(); // shape (patients, 3, 3)
        double together = why.asMap(0).get("mean × worst"); // of the first patient
        // end::shapley-interactions
        try (why) {
            double[] entries = matrices.toDoubleArray();
            assertThat(entries).hasSize(5 * 9);
            assertThat(together).isCloseTo(2 * entries[2], within(1e-6));
        }
    }

    @Test
    void shapleySampling() {
        // tag::shapley-sampling
        ShapleySampling method = new ShapleySampling().samples(40).baseline(Baseline.of(average));
        Explanation why = method.attribute(
                cancer,
                Inputs.of(patients),
                Target.probability(0),
                Run.defaults().seed(7));
        Tensor errors = why.standardError();
        // end::shapley-sampling
        try (why) {
            assertThat(errors.isFinite()).isTrue();
            assertThat(why.counts().forwardRows()).isLessThanOrEqualTo(5 * (40 * 29 + 2));
        }
    }

    @Test
    void kernelShap() {
        // tag::kernel-shap
        KernelShap method = new KernelShap().samples(300).baseline(Baseline.of(average));
        Explanation why = method.attribute(
                cancer,
                Inputs.of(patients),
                Target.probability(0),
                Run.defaults().seed(7));
        // end::kernel-shap
        try (why) {
            assertThat(why.counts().forwardRows()).isLessThanOrEqualTo(5 * 300);
            assertThat(why.completenessGap()[0]).isCloseTo(0, org.assertj.core.data.Offset.offset(1e-6));
        }
    }

    @Test
    void budget() {
        // tag::budget
        KernelShap method = new KernelShap()
                .baseline(Baseline.of(average))
                .budget(Budget.ofError(0.005).evaluations(5_000));
        Explanation why = method.attribute(
                cancer,
                Inputs.of(patients),
                Target.probability(0),
                Run.defaults().seed(7));
        double[] spent = why.measures().get("evaluations"); // one for each patient
        double[] reached = why.measures().get("error-reached"); // 1 or 0
        // end::budget
        try (why) {
            assertThat(spent).hasSize(5);
            for (int patient = 0; patient < 5; patient++) {
                boolean near = why.measures().get("half-width")[patient] <= 0.005;
                assertThat(reached[patient]).isEqualTo(near ? 1 : 0);
                assertThat(spent[patient]).isLessThanOrEqualTo(5_000);
            }
        }
    }

    @Test
    void lime() {
        // tag::lime
        Lime method = new Lime()
                .samples(500)
                .fit(Lime.Fit.LASSO)
                .strength(0.002) // coefficients that matter less than this become 0
                .baseline(Baseline.of(average));
        Explanation why = method.attribute(
                cancer,
                Inputs.of(patients),
                Target.probability(0),
                Run.defaults().seed(7));
        double[] fit = why.measures().get("r-squared"); // one for each patient
        // end::lime
        try (why) {
            assertThat(why.counts().forwardRows()).isLessThanOrEqualTo(5 * 500);
            assertThat(java.util.Arrays.stream(fit)).hasSize(5).allMatch(one -> one > 0.3 && one <= 1);
        }
    }

    @Test
    void gradCam() {
        // tag::grad-cam
        GradCam method = new GradCam("relu3").relu(true).upsample(Tensor.Interpolation.BILINEAR);
        Explanation why = method.attribute(digits, Inputs.of(image), Target.index(3)); // shape (1, 1, 8, 8)
        // end::grad-cam
        try (why) {
            assertThat(why.attribution().shape()).isEqualTo(image.shape());
        }
    }
}
