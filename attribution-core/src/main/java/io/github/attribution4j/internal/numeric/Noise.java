// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * Noise for attributed inputs, drawn from (seed, example, sample, input): what the noise tunnel, GradientShap and
 * metrics of robustness add. Immutable.
 */
public final class Noise {
    /** Noise as value of a setting. */
    public static final Kind<Noise> KIND =
            Kind.of("a number, or one for each input: 0.1,0.2", text -> of(Numbers.of(text)));

    private static final long PURPOSE = 0x6A55;

    private final double[] scales;
    private final long purpose;
    private final boolean uniform;

    private Noise(double[] scales, long purpose, boolean uniform) {
        this.scales = scales;
        this.purpose = purpose;
        this.uniform = uniform;
    }

    /**
     * Returns normal noise.
     *
     * @param standardDeviations in the unit of the inputs, each 0 or more: one for all attributed inputs, or one for
     *     each
     */
    public static Noise of(double... standardDeviations) {
        return new Noise(standardDeviations.clone(), PURPOSE, false);
    }

    /**
     * Returns noise for another purpose, whose numbers are independent of those of {@link #of}.
     *
     * @param scales standard deviations; or the largest magnitude, where all below it are equally likely
     */
    public static Noise of(long purpose, boolean uniform, double... scales) {
        return new Noise(scales.clone(), purpose, uniform);
    }

    /** Returns whether all standard deviations are 0. */
    public boolean isNone() {
        return Arrays.stream(scales).allMatch(scale -> scale == 0);
    }

    /** Checks that the standard deviations are valid and fit inputs; adds the problems. */
    public void check(Inputs inputs, Problems problems) {
        check("stdev", "a standard deviation", inputs, problems);
    }

    /**
     * Checks that the scales are valid and fit inputs; adds the problems.
     *
     * @param name what the scales are called where they are set
     * @param what what one is, in words
     */
    public void check(String name, String what, Inputs inputs, Problems problems) {
        int wanted = inputs.attributed().size();
        problems.require(
                scales.length == 1 || scales.length == wanted,
                name + " " + this + ": " + scales.length + " values for " + wanted
                        + " attributed inputs; give one for all, or one for each");
        for (double scale : scales) {
            problems.require(
                    scale >= 0 && Double.isFinite(scale),
                    name + " " + scale + ": " + what + " must be finite and 0 or more");
        }
        for (Inputs.Input input : inputs.attributedInputs()) {
            problems.require(
                    input.tensor().dataType().isFloating() || isNone(),
                    "input '" + input.name() + "' is of type "
                            + input.tensor().dataType()
                            + ", to which noise cannot be added; apply the method at the layer that embeds it, with "
                            + "Attribution.at(layer, method), or pass it with fixed(...)");
        }
    }

    /**
     * Returns rows with noise added.
     *
     * @param rows rows of an attributed input
     * @param input the number of that input
     * @param examples the example of each row
     * @param samples the number of the draw for each row
     * @param run supplies the random numbers
     * @return {@code rows} itself where the standard deviation is 0
     */
    public Tensor addTo(Tensor rows, int input, long[] examples, long[] samples, Run run) {
        double scale = scales[scales.length == 1 ? 0 : input];
        if (scale == 0) {
            return rows;
        }
        Shape shape = rows.shape().withRows(examples.length);
        int size = Math.toIntExact(shape.row().size());
        double[] noise = new double[Math.multiplyExact(size, examples.length)];
        for (int r = 0; r < examples.length; r++) {
            RandomGenerator random = run.random(purpose, run.exampleKey(examples[r]), samples[r], input);
            for (int k = r * size; k < (r + 1) * size; k++) {
                noise[k] = scale * (uniform ? 2 * random.nextDouble() - 1 : random.nextGaussian());
            }
        }
        return rows.add(rows.tensors().of(noise, rows.dataType(), shape));
    }

    /** Returns the standard deviation, or a list of them. */
    @Override
    public String toString() {
        return scales.length == 1 ? Double.toString(scales[0]) : Arrays.toString(scales);
    }
}
