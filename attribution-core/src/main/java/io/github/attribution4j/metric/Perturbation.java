// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;

/**
 * Changes inputs a little, at random or not: what {@link Infidelity} and {@link Sensitivity} compare with. Immutable
 * and thread-safe; its {@code toString} says what it does, for provenance.
 */
@Experimental
@FunctionalInterface
public interface Perturbation {
    /** Perturbations as values of a setting, which a text names. */
    Kind<Perturbation> KIND =
            Kind.of("uniform:RADIUS or normal:STDEV, one for each input: uniform:0.1,0.2", Perturbation::parse);

    /**
     * Returns changed copies of rows of one attributed input.
     *
     * @param rows the input at the rows' examples, axis 0 counts the rows; of a floating type
     * @param input number of the attributed input
     * @param examples the example of each row
     * @param samples for each row the number of the copy, from 0
     * @param run supplies the random numbers of (seed, example, sample, input)
     * @return a tensor of the shape and type of {@code rows}, owned by the current scope
     */
    Tensor change(Tensor rows, int input, long[] examples, long[] samples, Run run);

    /** Adds what is wrong with this perturbation for inputs: nothing unless overridden. */
    default void check(Inputs inputs, Problems problems) {}

    /**
     * Adds independent numbers that are equally likely between −radius and radius.
     *
     * @param radius in the unit of the inputs, 0 or more: one for all attributed inputs, or one for each
     */
    static Perturbation uniform(double... radius) {
        return AddedNoise.of("uniform", true, radius);
    }

    /**
     * Adds independent normal numbers.
     *
     * @param stdev in the unit of the inputs, 0 or more: one for all attributed inputs, or one for each
     */
    static Perturbation normal(double... stdev) {
        return AddedNoise.of("normal", false, stdev);
    }

    private static Perturbation parse(String text) {
        int colon = text.indexOf(':');
        double[] scales = Numbers.of(text.substring(colon + 1));
        return switch (colon < 0 ? "" : text.substring(0, colon).strip()) {
            case "uniform" -> uniform(scales);
            case "normal" -> normal(scales);
            default -> throw new IllegalArgumentException("must be uniform:RADIUS or normal:STDEV");
        };
    }
}
