// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import java.util.List;

/**
 * One feature of an example and its contribution: an element of an input, or a group of elements.
 *
 * @param name its name; for a group without a name its number and members
 * @param values its elements, if features are named and rows are small; else none
 * @param value the elements in words: the number, or for a one-hot group the member that is not zero; may be empty
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
