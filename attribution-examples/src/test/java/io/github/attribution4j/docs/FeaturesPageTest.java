// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.Features;
import io.github.attribution4j.Features.Feature;
import io.github.attribution4j.Features.Reasons;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.djl.TorchScriptModel;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.visual.TextTable;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What docs/features.md shows, on the demo's table of tumors. */
class FeaturesPageTest {
    private TorchScriptModel model;
    private TensorScope scope;
    private Tensor patient;
    private Tensor average;
    private String[] columns;

    @BeforeEach
    void load() throws IOException {
        model = TorchScriptModel.load(Demo.FILES.resolve("breast-cancer.pt"));
        scope = TensorScope.open();
        patient = scope.keep(Demo.table("patient.csv", model.tensors()));
        average = scope.keep(Demo.table("patient-baseline.csv", model.tensors()));
        columns = Files.readAllLines(Demo.FILES.resolve("patient.csv")).get(0).split(",", -1);
    }

    @AfterEach
    void close() {
        scope.close();
        model.close();
    }

    @Test
    void reasons() {
        // tag::names
        Inputs inputs = Inputs.of(patient).named(columns); // mean radius, mean texture, ...
        Target target = Target.argmax().named("malignant", "benign");
        // end::names
        // tag::reasons
        IntegratedGradients method = new IntegratedGradients().baseline(Baseline.of(average));
        try (Explanation why = method.attribute(model, inputs, target)) {
            List<Feature> top = why.top(3); // of the largest magnitude
            double radius = why.asMap(0).get("mean radius");
            Reasons reasons = why.reasons(0, 3); // up to three up, and three down
            List<String> sentences = reasons.sentences();
            String table = TextTable.of(why, 0).render(); // with names and values
            assertThat(top).hasSize(3); // hidden
            assertThat(radius).isEqualTo(why.features(0).contribution(0)); // hidden
            checkReasons(why, reasons, sentences, table); // hidden
        }
        // end::reasons
    }

    private static void checkReasons(Explanation why, Reasons reasons, List<String> sentences, String table) {
        assertThat(why.target(0)).isIn("'malignant'", "'benign'");
        assertThat(reasons.target()).isEqualTo(why.target(0));
        assertThat(sentences).hasSize(reasons.up().size() + reasons.down().size());
        Feature first = reasons.up().get(0);
        assertThat(sentences.get(0))
                .startsWith(first.name() + " = " + first.value() + " raised the score of " + why.target(0) + " by ");
        assertThat(first.contribution())
                .isEqualTo(why.features(0).stream()
                        .mapToDouble(Feature::contribution)
                        .max()
                        .orElseThrow());
        assertThat(table).contains(first.name(), "target " + why.target(0));
    }

    @Test
    void groups() {
        Inputs inputs = Inputs.of(patient).named(columns);
        // tag::groups
        FeatureMask mask = FeatureMask.ranges(-1, 10, 10, 10).named("mean", "error", "worst");
        ShapleyValues method =
                new ShapleyValues().baseline(Baseline.of(average)).mask(mask);
        try (Explanation why = method.attribute(model, inputs, Target.probability(0))) {
            Features features = why.features(0); // three, each once
            double explained = features.sum(); // score minus baseline score
            assertThat(features).extracting(Feature::name).containsExactly("mean", "error", "worst"); // hidden
            assertThat(explained) // hidden
                    .isCloseTo(why.scores()[0] - why.baselineScores().orElseThrow()[0], within(1e-6)); // hidden
        }
        // end::groups
    }

    @Test
    void sums() {
        Inputs inputs = Inputs.of(patient).named(columns);
        FeatureMask mask = FeatureMask.ranges(-1, 10, 10, 10).named("mean", "error", "worst");
        IntegratedGradients method = new IntegratedGradients().baseline(Baseline.of(average));
        Target target = Target.index(0);
        // tag::sums
        try (Explanation why = mask.sums(method.attribute(model, inputs, target), inputs)) {
            List<String> three = why.reasons(0, 3).sentences();
            assertThat(three).hasSize(3); // hidden
            assertThat(why.features(0).sum() - why.completenessGap()[0]) // hidden
                    .isCloseTo(why.scores()[0] - why.baselineScores().orElseThrow()[0], within(1e-5)); // hidden
        }
        // end::sums
    }
}
