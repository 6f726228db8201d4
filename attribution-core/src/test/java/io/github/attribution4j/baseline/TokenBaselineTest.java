// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.KernelShap;
import io.github.attribution4j.shapley.ShapleySampling;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A text of reference tokens, and methods that put its ids in the place of the text's. */
class TokenBaselineTest {
    private static final Tensors JAVA = Tensors.ofJava();

    @Test
    void replaces_all_tokens_but_those_kept() {
        try (TensorScope scope = TensorScope.open()) {
            Tensor ids = JAVA.of(new long[] {1, 7, 8, 2, 1, 9, 2, 0}, 2, 4);
            Tensor reference = Baseline.token(3).keeping(1, 2).keeping(0).of(ids);
            assertThat(reference.toLongArray()).containsExactly(1, 3, 3, 2, 1, 3, 2, 0);
            assertThat(reference.dataType()).isEqualTo(DataType.INT64);
            assertThat(Baseline.token(3).of(ids).toLongArray()).containsOnly(3);
            assertThat(ids.toLongArray()).containsExactly(1, 7, 8, 2, 1, 9, 2, 0);
        }
    }

    @Test
    void gives_each_row_the_reference_of_its_own_example() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(JAVA.of(new long[] {1, 7, 8, 2}, 2, 2));
            List<Tensor> rows =
                    Baseline.token(5).keeping(1, 2).rows(inputs, new long[] {1, 0, 1}, new long[3], Run.defaults());
            assertThat(rows).hasSize(1);
            assertThat(rows.get(0).shape()).isEqualTo(Shape.of(3, 2));
            assertThat(rows.get(0).toLongArray()).containsExactly(5, 2, 1, 5, 5, 2);
        }
    }

    @Test
    void describes_itself() {
        assertThat(Baseline.token(103).keeping(102, 101, 102).describe()).isEqualTo("token 103 keeping [101, 102]");
        assertThat(Baseline.token(0).describe()).isEqualTo("token 0");
        assertThat(Baseline.token(0).isDistribution()).isFalse();
    }

    @Test
    void refuses_what_is_no_id() {
        assertThatThrownBy(() -> Baseline.token(-1)).hasMessage("token -1: ids count from 0");
        assertThatThrownBy(() -> Baseline.token(1).keeping(2, -3)).hasMessage("token -3: ids count from 0");
        try (TensorScope scope = TensorScope.open()) {
            Inputs floats = Inputs.of(JAVA.of(new float[] {1, 2}, 1, 2));
            FeatureAblation method = new FeatureAblation().baseline(Baseline.token(0));
            assertThatThrownBy(() -> method.attribute(words(), floats, Target.output()))
                    .isInstanceOf(InvalidRequestException.class)
                    .hasMessageContaining("baseline token 0 is one of token ids, and input 'input0' is float32");
        }
    }

    /** A text scores the sum of what its words are worth: word w is worth w squared, and words 0 and 3 nothing. */
    private static Model words() {
        return Model.ofTensor(ids -> {
            Tensor worth = ids.mul(ids).to(DataType.FLOAT64);
            Tensor counts = ids.gt(0)
                    .to(DataType.FLOAT64)
                    .mul(ids.eq(3).to(DataType.FLOAT64).mul(-1).add(1));
            return worth.mul(counts).sum(1);
        });
    }

    @Test
    void perturbation_methods_take_integers_and_reference_tokens() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(JAVA.of(new long[] {1, 7, 8, 2, 1, 9, 2, 0}, 2, 4));
            Baseline.Token masked = Baseline.token(3).keeping(1, 2, 0);
            double[] worth = {0, 49, 64, 0, 0, 81, 0, 0};
            try (Explanation ablated = new FeatureAblation().baseline(masked).attribute(words(), inputs);
                    Explanation sampled =
                            new ShapleySampling().baseline(masked).samples(4).attribute(words(), inputs);
                    Explanation regressed = new KernelShap().baseline(masked).attribute(words(), inputs)) {
                assertThat(ablated.attribution().toDoubleArray()).containsExactly(worth);
                assertThat(sampled.attribution().toDoubleArray()).containsExactly(worth);
                assertThat(regressed.attribution().toDoubleArray())
                        .containsExactly(worth, org.assertj.core.data.Offset.offset(1e-9));
                assertThat(regressed.completenessGap()[0]).isCloseTo(0, org.assertj.core.data.Offset.offset(1e-9));
            }
        }
    }

    @Test
    void masks_group_tokens_to_words() {
        try (TensorScope scope = TensorScope.open()) {
            Inputs inputs = Inputs.of(JAVA.of(new long[] {1, 7, 8, 2}, 1, 4));
            FeatureMask words = FeatureMask.of(JAVA.of(new long[] {0, 1, 1, 2}, 1, 4));
            try (Explanation why = new FeatureAblation()
                    .baseline(Baseline.token(3))
                    .mask(words)
                    .attribute(words(), inputs)) {
                assertThat(why.attribution().toDoubleArray()).containsExactly(1, 113, 113, 4);
            }
        }
    }
}
