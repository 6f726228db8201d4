// SPDX-License-Identifier: Apache-2.0
/**
 * How much two explanations say the same: {@link io.github.attribution4j.metric.agreement.Agreement}, of two
 * explanations, or as a metric against a method of reference.
 */
@NullMarked
package io.github.attribution4j.metric.agreement;

import org.jspecify.annotations.NullMarked;
