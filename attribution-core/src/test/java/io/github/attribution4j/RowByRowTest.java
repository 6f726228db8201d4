/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
package io.github.attribution4j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.gradient.Saliency;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelIdentity;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.LeakExtension;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Rows that must not share a call, or cannot. */
@ExtendWith(LeakExtension.class)
class RowByRowTest {
    private static final Tensors JAVA = Tensors.ofJava();

    /** Says that rows depend on each other, and computes x² whatever is beside it. */
    private static final class Saying implements Model {
        private final List<Long> sizes = new ArrayList<>();

        @Override
        public Tensor forward(Inputs inputs) {
            sizes.add(inputs.rows());
            return inputs.tensor(0).mul(inputs.tensor(0));
        }

        @Override
        public Tensors tensors() {
            return JAVA;
        }

        @Override
        public ModelIdentity identity() {
            return new ModelIdentity("saying", "", "java", "java");
        }

        @Override
        public Optional<String> oneRowAtATime() {
            return Optional.of("the model knows one row");
        }
    }

    @Test
    void a_model_that_says_so_is_given_its_rows_one_by_one() {
        Saying model = new Saying();
        DifferentiableModel wrapper = DifferentiableModel.of(
                model, (inputs, cotangent) -> List.of(inputs.tensor(0).mul(2).mul(cotangent)));
        try (Tensor x = JAVA.of(new double[] {1, 2, 3}, 3, 1);
                Explanation why = new Saliency().attribute(wrapper, Inputs.of(x), Target.index(0))) {
            assertThat(why.attribution().toDoubleArray()).containsExactly(2, 4, 6);
            assertThat(why.notices()).contains("the model knows one row: explained row by row");
            assertThat(model.sizes).containsOnly(1L);
        }
        try (Tensor x = JAVA.of(new double[] {1}, 1, 1);
                Explanation why = new Saliency().attribute(wrapper, Inputs.of(x), Target.index(0))) {
            assertThat(why.notices()).isEmpty();
        }
    }
}
