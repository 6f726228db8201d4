// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Type;

/**
 * A value inside a method that can be tapped and replaced: what an operator or a function of the archive gives, or what is assigned to a variable.
 *
 * @param module pre-order index of the module whose code runs
 * @param operator the operator's or function's name without its namespace, such as {@code relu_}; empty if only the variable is addressed
 * @param number which place of this operator, from 0, in the text of the module's methods and then of the functions they call
 * @param variable the variable that it is assigned to; empty if none
 * @param type its static type
 * @param structure where its tensors are
 * @param side by what {@code Row} names the place
 */
public record ValueInfo(
        int module, String operator, int number, String variable, Type type, Structure structure, int side) {

    /** {@return the address within the module, {@code relu_#3}, or the variable if there is no operator} */
    public String address() {
        return operator.isEmpty() ? variable : operator + "#" + number;
    }
}
