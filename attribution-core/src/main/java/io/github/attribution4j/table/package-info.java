// SPDX-License-Identifier: Apache-2.0
/**
 * Tables in and out, and scorers of them.
 *
 * <p>{@link io.github.attribution4j.table.TableEncoder} turns rows of named values into tensors, and attributions back
 * into columns of the table. {@link io.github.attribution4j.table.AsyncScorer} makes a model of a service that replies
 * later.
 */
@NullMarked
package io.github.attribution4j.table;

import org.jspecify.annotations.NullMarked;
