// SPDX-License-Identifier: Apache-2.0
/**
 * Methods that change what operations give back: {@link io.github.attribution4j.propagation.GuidedBackprop}, {@link
 * io.github.attribution4j.propagation.Deconvolution}, {@link io.github.attribution4j.propagation.DeepLift}, {@link
 * io.github.attribution4j.propagation.DeepLiftShap} and {@link io.github.attribution4j.propagation.Lrp}, with its
 * {@link io.github.attribution4j.propagation.Rules} and {@link io.github.attribution4j.propagation.Composites}.
 *
 * <p>They ask a {@link io.github.attribution4j.model.rule.RuledModel} for a copy that follows a {@link
 * io.github.attribution4j.model.rule.RuleSet}. Read {@link io.github.attribution4j.propagation.Propagation} first: what
 * they share, at inputs, at layers and towards neurons.
 */
@NullMarked
package io.github.attribution4j.propagation;

import org.jspecify.annotations.NullMarked;
