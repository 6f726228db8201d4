// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.testkit.internal.golden;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Baselines drawn as by Captum for several inputs: a row for each input, independently. {@link Baseline#samples} draws
 * one row for all inputs, so that values that belong together are not mixed.
 *
 * @param sets the rows to draw from, for each attributed input
 * @param indexes the row drawn, {@code (examples, samples)}, for each attributed input
 */
public record RecordedBaseline(List<Tensor> sets, List<Tensor> indexes) implements Baseline {
    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> rows = new ArrayList<>();
        for (int input = 0; input < sets.size(); input++) {
            long[] drawn = new long[examples.length];
            for (int r = 0; r < drawn.length; r++) {
                Tensor ofExample = indexes.get(input).rows(examples[r], examples[r] + 1);
                drawn[r] = ofExample.toLongArray()[Math.toIntExact(samples[r])];
            }
            rows.add(inputs.attributed()
                    .get(input)
                    .tensors()
                    .bring(sets.get(input).select(0, drawn)));
        }
        return rows;
    }

    @Override
    public boolean isDistribution() {
        return true;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        // The recorded rows fit.
    }

    @Override
    public String describe() {
        return "recorded";
    }
}
