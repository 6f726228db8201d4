// SPDX-License-Identifier: Apache-2.0

/**
 * Explanations in a notebook of the JJava kernel: they show themselves, and are closed when their cell is run again.
 *
 * <p>The kernel finds {@link io.github.attribution4j.notebook.NotebookExtension} on the class path; a notebook calls
 * nothing but {@link io.github.attribution4j.notebook.CellProgress}.
 */
@NullMarked
package io.github.attribution4j.notebook;

import org.jspecify.annotations.NullMarked;
