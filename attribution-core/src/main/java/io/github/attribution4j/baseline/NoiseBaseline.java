// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.baseline;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Noise around or between constants. */
record NoiseBaseline(boolean gaussian, double a, double b) implements Baseline {
    private static final long PURPOSE = 0x401E;

    static NoiseBaseline uniform(double low, double high) {
        if (!(low < high) || !Double.isFinite(low) || !Double.isFinite(high)) {
            throw new IllegalArgumentException(
                    "baseline uniform(" + low + ", " + high + "): low must be less than high, both finite");
        }
        return new NoiseBaseline(false, low, high);
    }

    static NoiseBaseline normal(double mean, double standardDeviation) {
        if (!Double.isFinite(mean) || !(standardDeviation > 0) || !Double.isFinite(standardDeviation)) {
            throw new IllegalArgumentException("baseline normal(" + mean + ", " + standardDeviation
                    + "): the mean must be finite and the standard deviation more than 0");
        }
        return new NoiseBaseline(true, mean, standardDeviation);
    }

    @Override
    public List<Tensor> rows(Inputs inputs, long[] examples, long[] samples, Run run) {
        List<Tensor> attributed = inputs.attributed();
        List<Tensor> references = new ArrayList<>(attributed.size());
        for (int i = 0; i < attributed.size(); i++) {
            Tensor input = attributed.get(i);
            Shape shape = input.shape().withRows(examples.length);
            int rowSize = Math.toIntExact(shape.row().size());
            double[] values = new double[Math.toIntExact(shape.size())];
            for (int r = 0; r < examples.length; r++) {
                RandomGenerator random = run.random(PURPOSE, run.exampleKey(examples[r]), samples[r], i);
                for (int k = 0; k < rowSize; k++) {
                    values[r * rowSize + k] =
                            gaussian ? a + b * random.nextGaussian() : a + (b - a) * random.nextDouble();
                }
            }
            references.add(input.tensors().of(values, shape).to(input.dataType()));
        }
        return references;
    }

    @Override
    public boolean isDistribution() {
        return true;
    }

    @Override
    public void check(Inputs inputs, Problems problems) {
        for (Inputs.Input input : inputs.attributedInputs()) {
            problems.require(
                    input.tensor().dataType().isFloating(),
                    "baseline " + describe() + ": input '" + input.name() + "' is of type "
                            + input.tensor().dataType() + "; noise needs a floating type");
        }
    }

    @Override
    public String describe() {
        return (gaussian ? "normal(" : "uniform(") + a + ", " + b + ")";
    }
}
