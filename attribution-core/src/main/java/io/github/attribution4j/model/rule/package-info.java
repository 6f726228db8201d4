// SPDX-License-Identifier: Apache-2.0
/**
 * Backward rules: a {@link io.github.attribution4j.model.rule.RuleSet} chooses a
 * {@link io.github.attribution4j.model.rule.BackwardRule} for each {@link io.github.attribution4j.model.rule.Operation}
 * of a {@link io.github.attribution4j.model.rule.RuledModel}, whose
 * {@link io.github.attribution4j.model.rule.RuledModel.Copy} goes back by them.
 */
@NullMarked
package io.github.attribution4j.model.rule;

import org.jspecify.annotations.NullMarked;
