// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.internal.Numbers;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Setting.Kind;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Sizes of changes in the unit of the inputs.
 *
 * @param values one for all attributed inputs, or one for each; none for those that follow from others
 */
record Sizes(List<Double> values) {
    static final Kind<Sizes> KIND = Kind.of("a number, or one for each input: 0.1,0.2", text -> of(Numbers.of(text)));
    static final Kind<Sizes> AUTO_KIND = Kind.of(
            "auto, a number, or one for each input: 0.1,0.2",
            text -> text.strip().equals("auto") ? new Sizes(List.of()) : of(Numbers.of(text)));

    static Sizes of(double... values) {
        return new Sizes(Arrays.stream(values).boxed().toList());
    }

    double of(int input) {
        return values.get(values.size() == 1 ? 0 : input);
    }

    void check(String name, Inputs inputs, Problems problems) {
        int wanted = inputs.attributed().size();
        problems.require(
                values.size() == 1 || values.size() == wanted,
                name + " " + this + ": " + values.size() + " values for " + wanted
                        + " attributed inputs; give one for all, or one for each");
        for (double value : values) {
            problems.require(
                    value > 0 && Double.isFinite(value),
                    name + " " + value + ": must be finite and above 0, in the unit of the inputs");
        }
    }

    @Override
    public String toString() {
        return values.isEmpty() ? "auto" : values.stream().map(String::valueOf).collect(Collectors.joining(","));
    }
}
