// SPDX-License-Identifier: Apache-2.0
/**
 * Methods that change what operations give back: {@link io.github.attribution4j.propagation.GuidedBackprop},
 * deconvolution, {@link io.github.attribution4j.propagation.DeepLift},
 * {@link io.github.attribution4j.propagation.DeepLiftShap} and {@link io.github.attribution4j.propagation.Lrp}, with
 * its {@link io.github.attribution4j.propagation.Rules} and {@link io.github.attribution4j.propagation.Composites}.
 *
 * <p>They go back through a model by other rules than the derivative. The model itself never changes: they ask a {@link
 * io.github.attribution4j.model.rule.RuledModel} for a copy that follows the rules, and computes the same values.
 *
 * <p><b>Rules.</b> Each method has a {@link io.github.attribution4j.model.rule.RuleSet}, which {@code rules()} shows.
 * If something would have to flow through an operation without a rule, the method refuses: an
 * {@link io.github.attribution4j.model.UnsupportedModelException} names the operation and the remedy. Operations
 * through which nothing has to flow do not matter.
 *
 * <p><b>Where.</b> Like any method these attribute to the inputs; {@code at} attributes to values inside the model,
 * {@code towards} explains a neuron. References are always references of the model's inputs. A layer's reference is
 * what the model computes from them, so what bypasses the layer is compared too, and is not attributed to it.
 */
@NullMarked
package io.github.attribution4j.propagation;

import org.jspecify.annotations.NullMarked;
