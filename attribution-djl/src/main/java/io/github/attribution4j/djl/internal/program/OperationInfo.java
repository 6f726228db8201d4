// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.program;

import io.github.attribution4j.model.rule.Operation;

/**
 * An operator call inside a method or function that returns floating tensors, as it runs for one module.
 *
 * @param module pre-order index of the module whose code runs
 * @param operator the operator, without namespace
 * @param number the number of the call among those of this operator, as {@link ValueInfo#number}
 * @param name its name in rules: the operator, or {@code relu} for other spellings of it
 * @param kind its kind for rules
 * @param place the number of the place in the text, from 0
 * @param order its position in the order in which the text runs; unique
 */
public record OperationInfo(
        int module, String operator, int number, String name, Operation.Kind kind, int place, int order) {}
