// SPDX-License-Identifier: Apache-2.0
/**
 * The code of the documentation, compiled and run, and the checks that the pages show the same code.
 *
 * <p>A block of Java in a page stands behind a marker such as {@code <!-- snippet: MethodsTest#saliency -->} and equals
 * the lines between {@code // tag::saliency} and {@code // end::saliency} of that class. Change the class, then run
 * {@link io.github.attribution4j.docs.PagesTest} with {@code -Dattribution.docs.update=true}, which writes the blocks
 * into the pages.
 */
@NullMarked
package io.github.attribution4j.docs;

import org.jspecify.annotations.NullMarked;
