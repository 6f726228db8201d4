// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.modules;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.TensorAssert;
import io.github.attribution4j.testkit.contract.TensorContract;
import io.github.attribution4j.visual.BarChart;
import io.github.attribution4j.visual.Picture;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Core, visual and testkit as a module sees them that requires them. */
class ModulePathTest {
    private static final Module USER = ModulePathTest.class.getModule();

    @Test
    void three_modules_have_descriptors_and_export_what_is_no_internal() {
        assertThat(USER.isNamed()).isTrue();
        assertThat(Stream.of(Explanation.class, Picture.class, TensorAssert.class)
                        .map(Class::getModule)
                        .toList())
                .allSatisfy(module -> {
                    assertThat(module.getDescriptor().isAutomatic()).isFalse();
                    assertThat(module.getPackages())
                            .isNotEmpty()
                            .allSatisfy(name -> assertThat(module.isExported(name, USER))
                                    .as("%s is exported", name)
                                    .isEqualTo(!(name + ".").contains(".internal.")));
                })
                .extracting(Module::getName)
                .containsExactly(
                        "io.github.attribution4j.core",
                        "io.github.attribution4j.visual",
                        "io.github.attribution4j.testkit");
    }

    @Test
    void a_user_explains_draws_and_keeps_the_explanation() {
        Model sum = Model.of(rows -> {
            double[][] scores = new double[rows.length][];
            for (int row = 0; row < rows.length; row++) {
                scores[row] = new double[] {2 * rows[row][0] - rows[row][1]};
            }
            return scores;
        });
        try (TensorScope scope = TensorScope.open()) {
            Tensor patient = Tensors.ofJava().of(new double[] {3, 4}, 1, 2);
            try (Explanation why = new ShapleyValues().attribute(sum, Inputs.of(patient), Target.index(0));
                    Explanation again = Explanation.fromJson(why.toJson())) {
                assertThat(again.attribution().toDoubleArray()).containsExactly(6, -4);
                assertThat(again.provenance()).isEqualTo(why.provenance());
                assertThat(BarChart.of(again, 0).picture().toPng()).startsWith(0x89, 'P', 'N', 'G');
            }
        }
    }

    @Nested
    @DisplayName("Contract of a backend")
    class Backend extends TensorContract {
        @Override
        protected Tensors tensors() {
            return Tensors.ofJava();
        }
    }
}
