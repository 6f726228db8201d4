// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.NoiseTunnel;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.Activation;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The axioms that gradient methods claim, on models where they can be checked. */
class AxiomsTest {
    private final TensorScope scope = TensorScope.open();

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] attributions(
            Attribution<DifferentiableModel> method, DifferentiableModel model, Inputs inputs, Target target) {
        try (Explanation explanation = method.attribute(model, inputs, target)) {
            return explanation.attribution().toDoubleArray();
        }
    }

    private static double largestGap(
            IntegratedGradients method, DifferentiableModel model, Inputs inputs, Target target) {
        try (Explanation explanation = method.attribute(model, inputs, target)) {
            return Arrays.stream(explanation.completenessGap())
                    .map(Math::abs)
                    .max()
                    .orElseThrow();
        }
    }

    private static IntegratedGradients ig(int steps) {
        return new IntegratedGradients().steps(steps).baseline(Baseline.constant(0.5));
    }

    @ParameterizedTest
    @EnumSource(value = Quadrature.class, names = "CAPTUM_TRAPEZOID", mode = EnumSource.Mode.EXCLUDE)
    void completeness_isExactOnLinearModels_withAnyQuadrature(Quadrature quadrature) {
        ReferenceModel linear = ReferenceModels.linear(DataType.FLOAT64, 3, 5, 2);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 4, 5));
        IntegratedGradients method =
                new IntegratedGradients().steps(7).quadrature(quadrature).baseline(Baseline.constant(-2));

        assertThat(largestGap(method, linear, inputs, Target.index(1))).isLessThan(1e-13);
    }

    @Test
    void captumTrapezoid_losesTwoPercentOfALinearModel() {
        ReferenceModel linear = ReferenceModels.linear(DataType.FLOAT64, 3, 5, 2);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 1, 5));
        double[] right = attributions(new IntegratedGradients(), linear, inputs, Target.index(1));
        double[] captum = attributions(
                new IntegratedGradients().quadrature(Quadrature.CAPTUM_TRAPEZOID), linear, inputs, Target.index(1));

        for (int i = 0; i < right.length; i++) {
            assertThat(captum[i]).isCloseTo(0.98 * right[i], within(1e-14));
        }
    }

    @Test
    void gaussLegendre_isCompleteOnPolynomialsOfDegreeUpToTwiceTheSteps() {
        // Two layers of squares: degree 4, so a gradient of degree 3, which two nodes integrate exactly and one does
        // not.
        ReferenceModel quartic = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.SQUARE, 4, 6, 5, 2);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 3, 4));

        assertThat(largestGap(ig(2), quartic, inputs, Target.index(0))).isLessThan(1e-12);
        assertThat(largestGap(ig(1), quartic, inputs, Target.index(0))).isGreaterThan(1e-3);
    }

    @Test
    void completenessGap_fallsAsStepsRise() {
        ReferenceModel net = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 4, 20, 2);
        Inputs inputs =
                Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 3, 4).mul(3));
        double previous = Double.POSITIVE_INFINITY;
        for (int steps : new int[] {2, 5, 10, 20}) {
            double gap = largestGap(ig(steps), net, inputs, Target.index(0));
            assertThat(gap).as("%d steps", steps).isLessThan(previous / 3);
            previous = gap;
        }
        assertThat(largestGap(ig(100), net, inputs, Target.index(0))).isLessThan(1e-12);
    }

    @Test
    void symmetricInputs_getEqualAttributions() {
        double[][] weights = {{1.5, 1.5, -0.3}, {-0.7, -0.7, 2}};
        ReferenceModel net = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(3))
                .linear("fc1", "x", weights, new double[] {0.1, -0.2})
                .activation("tanh", "fc1", Activation.TANH)
                .linear("fc2", "tanh", 1)
                .build();
        Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {0.8, 0.8, -1.1}, 1, 3));

        double[] values = attributions(ig(50), net, inputs, Target.output());
        assertThat(values[0]).isEqualTo(values[1]).isNotZero();
    }

    @Test
    void dummyInputs_getNothing() {
        double[][] weights = {{1.5, 0, -0.3}, {-0.7, 0, 2}};
        ReferenceModel net = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(3))
                .linear("fc1", "x", weights, new double[] {0.1, -0.2})
                .activation("tanh", "fc1", Activation.TANH)
                .linear("fc2", "tanh", 1)
                .build();
        Inputs inputs = Inputs.of(Tensors.ofJava().of(new double[] {0.8, 0.4, -1.1}, 1, 3));

        for (Attribution<DifferentiableModel> method : Arrays.<Attribution<DifferentiableModel>>asList(
                new Saliency(),
                new InputXGradient(),
                ig(10),
                new GradientShap(Baseline.uniform(-1, 1)),
                NoiseTunnel.smoothGrad(ig(3)),
                NoiseTunnel.varGrad(ig(3)))) {
            double[] values = attributions(method, net, inputs, Target.output());
            assertThat(values[1]).as(method.name()).isZero();
            assertThat(values[0]).as(method.name()).isNotZero();
        }
    }

    @Test
    void attributions_areLinearInTheScore() {
        ReferenceModel net = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 4, 8, 2);
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 4));
        Target combined = Target.of(
                "3 a - 2 b",
                output -> output.slice(1, 0, 1)
                        .mul(3)
                        .sub(output.slice(1, 1, 2).mul(2))
                        .reshape(output.shape().dim(0)),
                output -> output.tensors().of(new double[] {3, -2}, 1, 2).broadcast(output.shape()));
        for (Attribution<DifferentiableModel> method : Arrays.<Attribution<DifferentiableModel>>asList(
                Saliency.signed(),
                new InputXGradient(),
                ig(10),
                new GradientShap(Baseline.uniform(-1, 1)),
                NoiseTunnel.smoothGrad(Saliency.signed()))) {
            double[] a = attributions(method, net, inputs, Target.index(0));
            double[] b = attributions(method, net, inputs, Target.index(1));
            double[] both = attributions(method, net, inputs, combined);
            for (int i = 0; i < a.length; i++) {
                assertThat(both[i]).as(method.name()).isCloseTo(3 * a[i] - 2 * b[i], within(1e-12));
            }
        }
    }

    @Test
    void modelsThatComputeTheSame_areExplainedTheSame() {
        ReferenceModel net = ReferenceModels.mlp(DataType.FLOAT64, 3, Activation.TANH, 4, 3, 2);
        double[][] first = net.weights("fc1");
        double[] firstBias = net.bias("fc1");
        double[][] second = net.weights("fc2");
        // Hidden units in another order, unit 0 negated (tanh is odd), unit 1 split into two of half the weight.
        double[][] otherFirst = {first[2], first[1], negated(first[0]), first[1]};
        double[] otherBias = {firstBias[2], firstBias[1], -firstBias[0], firstBias[1]};
        double[][] otherSecond = new double[2][];
        for (int c = 0; c < 2; c++) {
            double[] w = second[c];
            otherSecond[c] = new double[] {w[2], 0.5 * w[1], -w[0], 0.5 * w[1]};
        }
        ReferenceModel other = ReferenceModel.builder(DataType.FLOAT64, 1)
                .input("x", Shape.of(4))
                .linear("a", "x", otherFirst, otherBias)
                .activation("b", "a", Activation.TANH)
                .linear("c", "b", otherSecond, net.bias("fc2"))
                .build();
        Inputs inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 1, 2, 4));

        for (Attribution<DifferentiableModel> method : Arrays.<Attribution<DifferentiableModel>>asList(
                new Saliency(), new InputXGradient(), ig(10), new GradientShap(Baseline.uniform(-1, 1)))) {
            assertThat(attributions(method, net, inputs, Target.index(1)))
                    .as(method.name())
                    .containsExactly(attributions(method, other, inputs, Target.index(1)), within(1e-13));
        }
    }

    private static double[] negated(double[] values) {
        return Arrays.stream(values).map(value -> -value).toArray();
    }

    @Test
    void unusedInputs_getZeros_andANotice() {
        ReferenceModel net = ReferenceModel.builder(DataType.FLOAT32, 1)
                .input("x", Shape.of(3))
                .input("idle", Shape.of(2))
                .linear("fc", "x", 1)
                .build();
        Inputs inputs = Inputs.none()
                .attribute("x", ReferenceModels.normal(DataType.FLOAT32, 1, 2, 3))
                .attribute("idle", ReferenceModels.normal(DataType.FLOAT32, 1, 2, 2));

        for (Attribution<DifferentiableModel> method : Arrays.<Attribution<DifferentiableModel>>asList(
                new Saliency(), ig(3), new GradientShap(Baseline.zeros()), NoiseTunnel.smoothGrad(ig(3)))) {
            try (Explanation explanation = method.attribute(net, inputs)) {
                assertThat(explanation.names()).containsExactly("x", "idle");
                assertThat(explanation.attributions().get(1).abs().toDoubleArray())
                        .containsOnly(0);
                assertThat(explanation.notices())
                        .singleElement()
                        .asString()
                        .startsWith("no gradient reaches input 'idle': its attributions are zero. ")
                        .endsWith("a method that perturbs would see it");
            }
        }
    }

    @Test
    void variance_isRight_whereItIsTinyBesideTheMean() {
        // The gradient is 1000 + 2 · 0.01 · x, so that its variance is 4e-4 · stdev², lost in the last bits of its
        // square.
        ReferenceModel net = ReferenceModel.builder(DataType.FLOAT32, 1)
                .input("x", Shape.of(1))
                .quadratic("q", "x", new double[][][] {{{0.01}}})
                .linear("l", "x", new double[][] {{1000}}, new double[] {0})
                .add("sum", "q", "l")
                .build();
        Inputs inputs = Inputs.of(Tensors.ofJava().of(new float[] {1}, 1, 1));
        NoiseTunnel<DifferentiableModel> method =
                NoiseTunnel.varGrad(Saliency.signed()).samples(1000).stdev(1);

        for (int batch : new int[] {1, 30, 1000}) {
            try (Explanation explanation = method.attribute(
                    net, inputs, Target.output(), Run.defaults().batchRows(batch))) {
                assertThat(explanation.attribution().toDoubleArray()[0]).isCloseTo(4e-4, within(0.4e-4));
            }
        }
    }
}
