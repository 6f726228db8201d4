// SPDX-License-Identifier: Apache-2.0
/**
 * Damaged and hostile archives: for any bytes, loading ends in a model or in one line that says why not.
 *
 * <p>{@link io.github.attribution4j.djl.fuzz.Mutations} makes the archives from small good ones, by seed and number;
 * {@link io.github.attribution4j.djl.fuzz.FuzzProcess} tries them in a JVM with a small heap;
 * {@link io.github.attribution4j.testkit.internal.fuzz.DamagedFiles} starts that JVM, watches it from outside
 * and reports.
 */
@NullMarked
package io.github.attribution4j.djl.fuzz;

import org.jspecify.annotations.NullMarked;
