// SPDX-License-Identifier: Apache-2.0
/**
 * All methods of the library by name, and the way back to a method: {@link io.github.attribution4j.catalog.Methods}
 * makes it from texts, or from the provenance of an explanation.
 */
@NullMarked
package io.github.attribution4j.catalog;

import org.jspecify.annotations.NullMarked;
