// SPDX-License-Identifier: Apache-2.0
/**
 * Explains the rows of a Spark {@code Dataset} on its executors, with any model of the library.
 *
 * <p>Start at {@link io.github.attribution4j.spark.SparkExplainer}.
 */
@NullMarked
package io.github.attribution4j.spark;

import org.jspecify.annotations.NullMarked;
