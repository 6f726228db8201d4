// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.djl.internal.script.Type;

/**
 * A value inside a method that can be tapped and replaced: the result of an operator or of a function of the archive,
 * or the value of a variable.
 *
 * @param module pre-order index of the module whose code runs
 * @param operator the operator or function, without namespace, such as {@code relu_}; empty if only the variable is
 *     addressed
 * @param number the number of the place among those of this operator, from 0: first in the methods of the module, then
 *     in the functions that they call
 * @param variable the variable that it is assigned to; empty if there is none
 * @param type its static type
 * @param structure where its tensors are
 * @param side how {@code Row} names the place
 */
public record ValueInfo(
        int module, String operator, int number, String variable, Type type, Structure structure, int side) {

    /** {@return the address within the module, {@code relu_#3}, or the variable if there is no operator} */
    public String address() {
        return operator.isEmpty() ? variable : operator + "#" + number;
    }
}
