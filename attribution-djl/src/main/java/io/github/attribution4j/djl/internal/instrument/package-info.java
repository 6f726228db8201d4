// SPDX-License-Identifier: Apache-2.0
/**
 * Makes one instrumented copy of an archive that serves every layer. Internal: no compatibility is promised.
 *
 * <h2>Reading order</h2>
 *
 * <p>The packages of the rewriter build on each other in one direction: {@code script} (the language), {@code operator}
 * (libtorch's operators), {@code program} (what a program is), {@code repair} (what libtorch could not run),
 * {@code flow} (analyses of values), {@code state} (what calls change), {@code rule} (backward rules), {@code wire}
 * (how a call talks to a copy), and this one, which puts them together.
 *
 * <ol>
 * <li>{@link io.github.attribution4j.djl.internal.program.ProgramIndex}: classes, modules, signatures.
 * <li>{@link io.github.attribution4j.djl.internal.instrument.Instrumenter}: an archive goes in, an
 *     {@link io.github.attribution4j.djl.internal.instrument.Instrumented} comes out.
 * <li>{@link io.github.attribution4j.djl.internal.wire.Request} and
 *     {@link io.github.attribution4j.djl.internal.wire.Reply}: how a program talks to the copy.
 * <li>{@link io.github.attribution4j.djl.internal.wire.Toolbox}: the vector-Jacobian product.
 * <li>Backward rules: {@link io.github.attribution4j.djl.internal.operator.OperatorKinds} (the kind of an operator),
 *     {@link io.github.attribution4j.djl.internal.instrument.RulePlaces} (what a call becomes),
 *     {@link io.github.attribution4j.djl.internal.rule.RuledTape} (what it calls),
 *     {@link io.github.attribution4j.djl.internal.rule.RuleTable} (which rule a place follows).
 * </ol>
 */
@NullMarked
package io.github.attribution4j.djl.internal.instrument;

import org.jspecify.annotations.NullMarked;
