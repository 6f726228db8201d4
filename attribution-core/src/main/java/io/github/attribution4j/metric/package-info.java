// SPDX-License-Identifier: Apache-2.0
/**
 * Metrics, which judge explanations.
 *
 * <p>A {@link io.github.attribution4j.metric.Metric} is a value like a method: it has a name and settings, and no
 * model. It judges an explanation, or a method, and returns a {@link io.github.attribution4j.metric.Judgement}: a score
 * for each example, with the curve it was computed from where there is one, what it cost, and where it comes from.
 *
 * <p>{@link io.github.attribution4j.metric.PerturbationCurve} and {@link io.github.attribution4j.metric.Infidelity} ask
 * whether the model agrees with the explanation; {@link io.github.attribution4j.metric.Sensitivity} asks whether equal
 * inputs get equal explanations.
 */
@NullMarked
package io.github.attribution4j.metric;

import org.jspecify.annotations.NullMarked;
