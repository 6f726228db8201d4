// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.mask.Coalitions.Link;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.GoldenNetwork;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Values against a background, compared with SHAP's exact explainer: golden/background.py. */
class BackgroundGoldenTest {
    private static final Path FILE = Path.of("..", "golden", "background", "background.npz");
    private static final double EXACT = 1e-10;

    @ParameterizedTest
    @EnumSource(Link.class)
    void values_are_those_of_the_exact_explainer_of_shap(Link link) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(FILE, Tensors.ofJava());
            Baseline background = Baseline.samples(golden.get("background"));
            Model model = GoldenNetwork.of(golden);
            Inputs rows = Inputs.of(golden.get("rows"));
            String name = link.toString().toLowerCase(Locale.ROOT);
            double[] values = golden.get("values/" + name).toDoubleArray();
            for (Attribution<Model> method : List.<Attribution<Model>>of(
                    new ShapleyValues().baseline(background).link(link),
                    new KernelShap().samples(128).baseline(background).link(link))) {
                try (Explanation explanation = method.attribute(model, rows)) {
                    assertThat(explanation.attribution().toDoubleArray()).containsExactly(values, within(EXACT));
                    assertThat(explanation.baselineScores().orElseThrow())
                            .containsExactly(golden.get("base/" + name).toDoubleArray(), within(EXACT));
                }
            }
        }
    }
}
