// SPDX-License-Identifier: Apache-2.0
/**
 * What a TorchScript program is: its classes, modules, signatures, static types and calls, read from its files.
 * {@code ProgramIndex} is the entry. Three classes here change a program before all other steps: its devices, its
 * floating-point types and its entry method. Internal: no compatibility is promised.
 */
@NullMarked
package io.github.attribution4j.djl.internal.program;

import org.jspecify.annotations.NullMarked;
