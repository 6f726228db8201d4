// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.internal.numeric.Noise;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Tensor;

/**
 * Adds a number to each element, drawn for it alone, independent of the numbers that methods draw.
 *
 * @param name of the distribution
 * @param noise the numbers
 */
record AddedNoise(String name, Noise noise) implements Perturbation {
    private static final long PURPOSE = 0x9E27;

    static AddedNoise of(String name, boolean uniform, double... scales) {
        return new AddedNoise(name, Noise.of(PURPOSE, uniform, scales));
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        noise.check("perturbation " + name, "the size of a change", inputs, problems);
    }

    @Override
    public Tensor change(Tensor rows, int input, long[] examples, long[] samples, Run run) {
        return noise.addTo(rows, input, examples, samples, run);
    }

    @Override
    public String toString() {
        return name + ":" + noise;
    }
}
