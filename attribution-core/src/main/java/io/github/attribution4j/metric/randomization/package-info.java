// SPDX-License-Identifier: Apache-2.0
/**
 * Metrics that ask whether an explanation is of this model and of this class at all.
 *
 * <p>{@link io.github.attribution4j.metric.randomization.ParameterRandomization} draws the parameters of a model again,
 * layer by layer: an explanation that stays as it was does not come from them.
 * {@link io.github.attribution4j.metric.randomization.RandomLogit} explains another class.
 */
@NullMarked
package io.github.attribution4j.metric.randomization;

import org.jspecify.annotations.NullMarked;
