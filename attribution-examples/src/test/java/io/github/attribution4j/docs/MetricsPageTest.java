// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.metric.PerturbationCurve.Order;
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
