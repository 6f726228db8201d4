// SPDX-License-Identifier: Apache-2.0
/**
 * What an engine implements so that its models have layers: a {@link io.github.attribution4j.model.program.Program}
 * runs a {@link io.github.attribution4j.model.program.Program.Question} and goes back from a cotangent.
 * {@link io.github.attribution4j.model.program.Program.Whole} makes everything else from it: cuts, heads, tails, their
 * pullbacks, copies with backward rules, and the check that the points of a cut are independent.
 */
@NullMarked
package io.github.attribution4j.model.program;

import org.jspecify.annotations.NullMarked;
