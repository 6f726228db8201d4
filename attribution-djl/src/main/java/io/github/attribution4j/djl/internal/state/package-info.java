// SPDX-License-Identifier: Apache-2.0
/**
 * The state of a program, which its calls change. Each call gets its own copy ({@code State}), may start from another
 * one ({@code StartState}), and may return it ({@code StateAfter}). Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.state;

import org.jspecify.annotations.NullMarked;
