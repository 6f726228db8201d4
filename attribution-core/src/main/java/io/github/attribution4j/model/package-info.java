// SPDX-License-Identifier: Apache-2.0
/**
 * What models can do, with one type for each capability.
 *
 * <p>{@link io.github.attribution4j.model.Model} runs forward;
 * {@link io.github.attribution4j.model.DifferentiableModel} also gives {@link io.github.attribution4j.model.Pullback}s;
 * {@link io.github.attribution4j.model.LayeredModel} can be {@link io.github.attribution4j.model.Cut} at a
 * {@link io.github.attribution4j.model.Cut.Point} into a head and a tail, both ordinary models; a
 * {@link io.github.attribution4j.model.rule.RuledModel} also gives copies that follow backward rules. Heads, tails and
 * copies are made by core from an engine's {@link io.github.attribution4j.model.program.Program}. All models take
 * {@link io.github.attribution4j.model.Inputs}: the tensors that are attributed, and those held fixed. Failures are
 * {@link io.github.attribution4j.model.ModelException} and its subtypes.
 */
@NullMarked
package io.github.attribution4j.model;

import org.jspecify.annotations.NullMarked;
