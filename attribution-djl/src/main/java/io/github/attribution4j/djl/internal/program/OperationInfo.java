// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.model.rule.OperationKind;

/**
 * An operator inside a method or function that gives floating tensors, as it runs for one module.
 *
 * @param module pre-order index of the module whose code runs
 * @param operator its name without namespace
 * @param number which place of this operator, as {@link ValueInfo#number}
 * @param name what it is called in rules: the operator, or {@code relu} for other spellings of it
 * @param kind what it does
 * @param place the number of the place in the text, from 0
 * @param order position in the order in which the text runs; unique
 */
public record OperationInfo(
        int module, String operator, int number, String name, OperationKind kind, int place, int order) {}
