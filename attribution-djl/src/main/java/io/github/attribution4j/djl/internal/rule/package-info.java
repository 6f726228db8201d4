// SPDX-License-Identifier: Apache-2.0
/**
 * The libraries of backward rules as TorchScript ({@code RuleSource}), and the table that assigns a rule to each place
 * ({@code RuleTable}). Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.rule;

import org.jspecify.annotations.NullMarked;
