// SPDX-License-Identifier: Apache-2.0
/**
 * The one runner: {@link io.github.attribution4j.evaluation.Evaluator} runs models on the rows that a
 * {@linkplain io.github.attribution4j.evaluation.Recipe recipe} wants, in batches. It knows no methods.
 */
@NullMarked
package io.github.attribution4j.evaluation;

import org.jspecify.annotations.NullMarked;
