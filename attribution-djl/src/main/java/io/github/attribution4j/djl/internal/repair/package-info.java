// SPDX-License-Identifier: Apache-2.0
/**
 * Rewrites a program that libtorch could not load, differentiate or cut as it is into one that computes the same.
 * {@code Repairs} is the entry; {@code Hooks}, {@code Dispatch}, {@code Guards} and {@code NormGradients}
 * are steps of their own. Internal: no
 * compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.repair;

import org.jspecify.annotations.NullMarked;
