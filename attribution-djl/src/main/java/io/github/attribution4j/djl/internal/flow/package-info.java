// SPDX-License-Identifier: Apache-2.0
/**
 * Analyses of what values go where in a program: what it writes to, what it draws, what its rows decide, where gradients get lost. Each reads the text and says less than it could rather than
 * something wrong. Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.flow;

import org.jspecify.annotations.NullMarked;
