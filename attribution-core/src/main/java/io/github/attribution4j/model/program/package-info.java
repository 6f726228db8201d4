// SPDX-License-Identifier: Apache-2.0
/**
 * What an engine brings to be explained at every layer: a {@link io.github.attribution4j.model.program.Program} answers
 * one {@link io.github.attribution4j.model.program.Question} in one run, and goes back from a cotangent. Cuts, heads,
 * tails, their pullbacks, copies with backward rules and the check that the points of a cut are independent follow from
 * it: {@link io.github.attribution4j.model.program.WholeProgram}.
 */
@NullMarked
package io.github.attribution4j.model.program;

import org.jspecify.annotations.NullMarked;
