// SPDX-License-Identifier: Apache-2.0
/** Rewrites of a program that libtorch could not load, differentiate or cut as it is, into one that computes the same. Internal: no compatibility is promised. */
@NullMarked
package io.github.attribution4j.djl.internal.repair;

import org.jspecify.annotations.NullMarked;
