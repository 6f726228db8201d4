// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.InputXGradient;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.PerturbationCurve.Order;
import io.github.attribution4j.metric.agreement.Agreement;
import io.github.attribution4j.metric.localization.Localization;
import io.github.attribution4j.metric.localization.Region;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What docs/metrics.md shows, on patients of the demo. */
class MetricsPageTest {
    @Test
    void explanations_point_somewhere_and_agree_or_not() throws IOException {
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("digits.pt"))) {
            Tensor digit = scope.keep(Demo.digit(3, model.tensors()));
            Inputs inputs = Inputs.of(digit);
            Target target = Target.argmax();
            // tag::place
            Region strokes = Region.boxes(new Region.Box(2, 0, 6, 8)); // left, top, right, bottom
            Judgement place = Localization.attributionLocalization(strokes)
                    .judge(model, inputs, target, new InputXGradient(), Run.defaults());
            // end::place
            assertThat(place.mean()).isBetween(0.5, 1.0);
            // tag::agree
            try (Explanation one = new InputXGradient().attribute(model, inputs, target);
                    Explanation other = new IntegratedGradients().attribute(model, inputs, target)) {
                double[] each = Agreement.spearman().between(one, other);
                assertThat(each[0]).isGreaterThan(0.3); // hidden
            }
            Judgement agreement = Agreement.topFeatures(5)
                    .reference(new IntegratedGradients())
                    .judge(model, inputs, target, new InputXGradient(), Run.defaults());
            // end::agree
            assertThat(agreement.mean()).isBetween(0.0, 1.0);
            digit.close();
        }
    }

    @Test
    void methods_are_judged_by_deletion() throws IOException {
        Map<String, Double> means = new HashMap<>();
        try (TensorScope scope = TensorScope.open();
                TorchScriptModel model = TorchScriptModel.load(Demo.FILES.resolve("breast-cancer.pt"))) {
            Tensor patients = Demo.table("patients.csv", model.tensors());
            Tensor healthy = Demo.table("patient-baseline.csv", model.tensors());
            String[] columns = Demo.columns();
            // tag::judge
            Inputs inputs = Inputs.of(patients).named(columns);
            Target target = Target.probability(0);
            PerturbationCurve deletion = PerturbationCurve.deletion().baseline(Baseline.of(healthy));
            for (Attribution<? super DifferentiableModel> method : List.<Attribution<? super DifferentiableModel>>of(
                    new IntegratedGradients().baseline(Baseline.of(healthy)),
                    new Saliency(),
                    new ShapleySampling().baseline(Baseline.of(healthy)))) {
                Judgement judgement = deletion.judge(model, inputs, target, method, Run.defaults());
                System.out.println(judgement); // deletion of ...: mean over all patients (lower is better)
                means.put(judgement.explained().method(), judgement.mean()); // hidden
                assertThat(judgement.scores()).hasSize((int) inputs.rows()); // hidden
                assertThat(judgement.curves().get(0).shares()).hasSize(31); // hidden
            }
            // end::judge
            Judgement reversed = deletion.order(Order.LEAST_RELEVANT_FIRST)
                    .judge(model, inputs, target, new IntegratedGradients(), Run.defaults());
            assertThat(reversed.mean()).isGreaterThan(means.get("integrated-gradients"));
        }
        assertThat(means.get("shapley-sampling")).isLessThan(means.get("saliency"));
        assertThat(means.get("integrated-gradients")).isLessThan(means.get("saliency"));
    }
}
