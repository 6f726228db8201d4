// SPDX-License-Identifier: Apache-2.0
/**
 * Makes one instrumented copy of an archive that serves every layer. Internal: no compatibility is promised.
 *
 * <h2>Reading order</h2>
 *
 * The packages of the rewriter build on each other in one direction: {@code script} (the language), {@code operator} (libtorch's operators), {@code program} (what a program is), {@code repair} (what libtorch
 * could not run), {@code flow} (what values go where), {@code state} (what calls change), {@code rule} (backward rules), {@code wire} (how a call talks to a copy), and this one, which puts them together.
 * Read {@link io.github.attribution4j.djl.internal.program.ProgramIndex} (classes, modules, signatures), {@link io.github.attribution4j.djl.internal.instrument.Instrumenter} (archive in,
 * {@link io.github.attribution4j.djl.internal.instrument.Instrumented} out), {@link io.github.attribution4j.djl.internal.wire.Request} and {@link io.github.attribution4j.djl.internal.wire.Reply} (how a
 * program talks to the copy), {@link io.github.attribution4j.djl.internal.wire.Toolbox} (the vector-Jacobian product). Backward rules:
 * {@link io.github.attribution4j.djl.internal.operator.OperatorKinds} (what an operator does), {@link io.github.attribution4j.djl.internal.instrument.RulePlaces} (what calls become),
 * {@link io.github.attribution4j.djl.internal.rule.RuledTape} (what they call), {@link io.github.attribution4j.djl.internal.rule.RuleTable} (which rule a place follows).
 */
@NullMarked
package io.github.attribution4j.djl.internal.instrument;

import org.jspecify.annotations.NullMarked;
