// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Rules in programs that take one example without an axis of rows: as in the same program with one. */
class UnbatchedRulesTest {
    private static final String PROGRAM = """
            def forward(self: __torch__.M, x: Tensor) -> Tensor:
              w = torch.reshape(torch.sub(torch.to(torch.arange(8), 6), 2.5), [2, 1, 2, 2])
              h = torch.relu(torch.conv2d(x, w, torch.sum(w, [1, 2, 3])))
              return torch.sum(h, [%s])
            """;

    private static double[] relevance(TorchScriptModel model, Lrp lrp) {
        float[] values = new float[3 * 16];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) Math.sin(i * 0.7);
        }
        try (Explanation why =
                lrp.attribute(model, Inputs.of(model.tensors().of(values, 3, 1, 4, 4)), Target.index(1))) {
            return why.attribution().toDoubleArray();
        }
    }

    @Test
    void relevancePassesConvolutionsOfOneExample() {
        for (Lrp lrp : new Lrp[] {new Lrp(), new Lrp(Composites.epsilonPlusFlat())}) {
            try (TensorScope scope = TensorScope.open();
                    TorchScriptModel rows = TestModels.script(PROGRAM.formatted("2, 3"));
                    TorchScriptModel alone = TestModels.script(
                            PROGRAM.formatted("1, 2"), TestModels.options().unbatched())) {
                double[] expected = relevance(rows, lrp);
                assertThat(Arrays.stream(expected).map(Math::abs).max().orElse(0))
                        .isGreaterThan(0.1);
                assertThat(relevance(alone, lrp)).containsExactly(expected, Offset.offset(1e-5));
            }
        }
    }
}
