// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import java.util.List;

/**
 * One feature of an example, with what it contributed: an element of an input, or a group of elements that a mask
 * made one.
 *
 * @param name what it is called; of a group without a name its number and members
 * @param values what the elements were, for features with names in rows that are small; else none
 * @param value the values in words: the number, or of a one-hot group the member that is not zero; may be empty
 * @param contribution the attribution; that of a group counts once
 * @param standardError of the contribution, NaN where the method gives none
 */
public record Feature(String name, List<Double> values, String value, double contribution, double standardError) {
    /** Copies the values. */
    public Feature {
        values = List.copyOf(values);
    }

    /** Returns name and value, such as {@code income = 5200}. */
    public String label() {
        return value.isEmpty() ? name : name + " = " + value;
    }
}
