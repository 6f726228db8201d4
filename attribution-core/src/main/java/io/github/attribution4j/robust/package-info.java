// SPDX-License-Identifier: Apache-2.0
/**
 * Attacks, which look for small changes of inputs that change what a model decides.
 *
 * <p>An {@link io.github.attribution4j.robust.Attack} is a value like a method: it has a name and settings, and no
 * model. A {@link io.github.attribution4j.robust.Goal} says what it wants of the model's output, and an
 * {@link io.github.attribution4j.robust.Attacked} has the changed inputs, the scores before and after, and what it
 * cost. {@link io.github.attribution4j.robust.GradientAttack} follows gradients,
 * {@link io.github.attribution4j.robust.RandomChange} tries changes at random,
 * {@link io.github.attribution4j.robust.MinimalPerturbation} looks for the smallest change that reaches the goal, and
 * {@link io.github.attribution4j.robust.AttackComparison} sets several side by side.
 */
@NullMarked
package io.github.attribution4j.robust;

import org.jspecify.annotations.NullMarked;
