// SPDX-License-Identifier: Apache-2.0
/**
 * Metrics that compare explanations with the place where they should point.
 *
 * <p>{@link io.github.attribution4j.metric.localization.Localization} judges by a {@link
 * io.github.attribution4j.metric.localization.Region} that a person drew for each example.
 */
@NullMarked
package io.github.attribution4j.metric.localization;

import org.jspecify.annotations.NullMarked;
