// SPDX-License-Identifier: Apache-2.0
/**
 * Running models: {@link io.github.attribution4j.evaluation.Evaluator} evaluates the rows of a
 * {@linkplain io.github.attribution4j.evaluation.Evaluator.Recipe recipe} in batches. It does not depend on any method.
 */
@NullMarked
package io.github.attribution4j.evaluation;

import org.jspecify.annotations.NullMarked;
