// SPDX-License-Identifier: Apache-2.0
/**
 * All methods and metrics of the library by name, and the way back to them:
 * {@link io.github.attribution4j.catalog.Methods} and {@link io.github.attribution4j.catalog.Metrics} make them from
 * texts, or from a provenance.
 */
@NullMarked
package io.github.attribution4j.catalog;

import org.jspecify.annotations.NullMarked;
