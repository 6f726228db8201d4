// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Given;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.LeakExtension;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Agreement of two explanations, against the definitions over pairs, and where the answer is known. */
@ExtendWith(LeakExtension.class)
class AgreementTest {
    private static final double CLOSE = 1e-12;
    private static final int FEATURES = 6;
    private static final DifferentiableModel MODEL = ReferenceModels.classifier(DataType.FLOAT64, 1, FEATURES, 8, 3);

    private TensorScope scope;
    private Inputs inputs;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
        inputs = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 4, FEATURES));
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private double[] between(Agreement agreement, double[]... pairs) {
        double[][] one = new double[pairs.length / 2][];
        double[][] other = new double[pairs.length / 2][];
        for (int i = 0; i < pairs.length; i++) {
            (i % 2 == 0 ? one : other)[i / 2] = pairs[i];
        }
        Inputs rows = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, one.length, FEATURES));
        try (Explanation first = Given.of(one).attribute(MODEL, rows, Target.index(0));
                Explanation second = Given.of(other).attribute(MODEL, rows, Target.index(0))) {
            return agreement.between(first, second);
        }
    }

    /** Returns τ-b over all pairs, by the definition. */
    private static double kendall(double[] x, double[] y) {
        double sum = 0;
        double differX = 0;
        double differY = 0;
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < i; j++) {
                double a = Math.signum(x[i] - x[j]);
                double b = Math.signum(y[i] - y[j]);
                sum += a * b;
                differX += a * a;
                differY += b * b;
            }
        }
        return sum / Math.sqrt(differX * differY);
    }

    @Test
    void kendall_is_that_of_all_pairs() {
        SplittableRandom random = new SplittableRandom(5);
        for (int trial = 0; trial < 200; trial++) {
            int count = 2 + random.nextInt(40);
            double[] x = new double[count];
            double[] y = new double[count];
            for (int i = 0; i < count; i++) {
                // Few values, so that many are equal; zeros of both signs.
                x[i] = random.nextInt(-3, 4) * 0.5;
                y[i] = random.nextInt(-9, 10) * -0.0 + random.nextInt(0, 3);
            }
            double expected = kendall(x, y);
            if (Double.isNaN(expected)) {
                assertThat(Rankings.kendall(x, y)).isNaN();
            } else {
                assertThat(Rankings.kendall(x, y)).isEqualTo(expected, within(CLOSE));
            }
        }
    }

    @Test
    void the_first_features_are_compared_by_name_rank_and_sign() {
        double[] x = {5, -4, 3, 0.1, 0.2, 0};
        double[] y = {-5, -3, 0.1, 4, 0, 0};
        // The first three are 0, 1, 2 and 0, 3, 1.
        assertThat(between(Agreement.topFeatures(3), x, y)[0]).isEqualTo(2.0 / 3, within(CLOSE));
        assertThat(between(Agreement.topRanks(3), x, y)[0]).isEqualTo(1.0 / 3, within(CLOSE));
        assertThat(between(Agreement.topSigns(3), x, y)[0]).isEqualTo(1.0 / 3, within(CLOSE));
        assertThat(between(Agreement.signs(), x, y)[0]).isEqualTo(4.0 / 6, within(CLOSE));
        assertThat(between(Agreement.topFeatures(100), x, y)[0]).isEqualTo(1);
    }

    private static List<Agreement> all() {
        return List.of(
                Agreement.pearson(),
                Agreement.spearman(),
                Agreement.kendall(),
                Agreement.topFeatures(3),
                Agreement.topRanks(3),
                Agreement.topSigns(3),
                Agreement.signs(),
                Agreement.ssim());
    }

    @Test
    void an_explanation_agrees_with_itself_at_any_scale_and_with_no_opposite() {
        double[] x = {5, -4, 3, 0.1, 0.2, -7};
        double[] larger = Arrays.stream(x).map(value -> 3 * value).toArray();
        double[] opposite = Arrays.stream(x).map(value -> -value).toArray();
        for (Agreement agreement : all()) {
            double[] scores = between(agreement, x, x, x, larger, x, opposite);
            assertThat(scores[0]).as(agreement.name()).isEqualTo(1, within(CLOSE));
            assertThat(scores[1]).as(agreement.name()).isEqualTo(1, within(CLOSE));
            // Names and ranks have no sign, and in a structural similarity the signs of two factors cancel.
            boolean unsigned = List.of("feature-agreement", "rank-agreement", "ssim-agreement")
                    .contains(agreement.name());
            if (!unsigned) {
                assertThat(scores[2]).as(agreement.name()).isLessThanOrEqualTo(0);
            }
        }
        assertThat(between(Agreement.spearman(), x, new double[] {50, -5, 4, 0.1, 0.3, -700})[0])
                .isEqualTo(1, within(CLOSE));
    }

    @Test
    void it_is_symmetric() {
        double[] x = {5, -4, 3, 0.1, 0.2, -7};
        double[] y = {1, -9, 2, 2, -0.5, 3};
        for (Agreement agreement : all()) {
            double[] scores = between(agreement, x, y, y, x);
            assertThat(scores[0]).as(agreement.name()).isEqualTo(scores[1], within(CLOSE));
        }
    }

    @Test
    void equal_numbers_have_a_defined_score() {
        double[] x = {5, -4, 3, 0.1, 0.2, -7};
        double[] flat = new double[FEATURES];
        for (Agreement agreement : List.of(Agreement.pearson(), Agreement.spearman(), Agreement.kendall())) {
            assertThat(between(agreement, x, flat, flat, flat)).containsExactly(0, 1);
        }
        Judgement judged = Agreement.kendall()
                .reference(new Saliency())
                .judge(MODEL, inputs, Target.index(0), Given.of(flat, flat, flat, flat), Run.defaults());
        assertThat(judged.scores()).containsOnly(0);
        assertThat(judged.notices()).anyMatch(notice -> notice.contains("correlate with nothing"));
    }

    @Test
    void a_metric_compares_with_its_reference_method() {
        IntegratedGradients reference = new IntegratedGradients().steps(9);
        for (Agreement agreement : all()) {
            try (Explanation one = new InputXGradient().attribute(MODEL, inputs, Target.index(1));
                    Explanation other = reference.attribute(MODEL, inputs, Target.index(1))) {
                Judgement judged = agreement
                        .reference(reference)
                        .judge(MODEL, inputs, Target.index(1), new InputXGradient(), Run.defaults());
                assertThat(judged.scores()).containsExactly(agreement.between(one, other), within(CLOSE));
                assertThat(judged.provenance().settings())
                        .containsEntry("reference", "integrated-gradients")
                        .containsEntry("reference.steps", "9");
                assertThat(judged.counts().backwardRows())
                        .isEqualTo(one.counts().backwardRows() + other.counts().backwardRows());
            }
        }
    }

    @Test
    void what_does_not_fit_is_refused() {
        Model forward = Model.of(rows -> new double[rows.length][3]);
        assertThatThrownBy(() -> Agreement.pearson()
                        .reference(new Saliency())
                        .judge(forward, inputs, Target.index(0), Given.of(new double[4][FEATURES]), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("reference saliency: takes gradients");
        assertThatThrownBy(
                        () -> Agreement.pearson().judge(MODEL, inputs, Target.index(0), new Saliency(), Run.defaults()))
                .hasMessageContaining("reference: none given; give a method with reference(...)");
        RuledModel layers = ReferenceModels.residualCnn(DataType.FLOAT64, 3, 6);
        Inputs images = Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 5, 2, 2, 6, 6));
        assertThatThrownBy(() -> Agreement.pearson()
                        .reference(new Saliency().at("conv1"))
                        .judge(layers, images, Target.index(0), new Saliency(), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageStartingWith("reference saliency at layer: the attribution of 'conv1' has shape");
        Tensor wide = ReferenceModels.normal(DataType.FLOAT64, 2, 4, 5);
        try (Explanation one = new Saliency().attribute(MODEL, inputs, Target.index(0));
                Explanation two = new Saliency()
                        .attribute(
                                ReferenceModels.classifier(DataType.FLOAT64, 1, 5, 8, 3),
                                Inputs.of(wide),
                                Target.index(0));
                Explanation fewer = new Saliency().attribute(MODEL, inputs.select(0, 1), Target.index(0))) {
            assertThatThrownBy(() -> Agreement.pearson().between(one, two))
                    .hasMessageContaining("has 6 features in one and 5 in the other");
            assertThatThrownBy(() -> Agreement.pearson().between(one, fewer))
                    .hasMessageContaining("give two of the same inputs");
            assertThatThrownBy(() -> Agreement.topFeatures(0).between(one, one))
                    .hasMessageContaining("top 0: must be at least 1");
        }
        assertThat(Agreement.topRanks(4)).hasToString("rank-agreement {top=4, reference=none}");
    }
}
