// SPDX-License-Identifier: Apache-2.0

/**
 * Pictures of explanations, without a chart library and without a display.
 *
 * <p>Start from what was explained: {@link io.github.attribution4j.visual.HeatMap} for an image,
 * {@link io.github.attribution4j.visual.BarChart} for a table row, {@link io.github.attribution4j.visual.TokenText} for
 * text, {@link io.github.attribution4j.visual.TimeSeriesChart} for a time series. Each is a value with a few settings,
 * and draws a {@link io.github.attribution4j.visual.Picture}, which can be a {@link java.awt.image.BufferedImage}, SVG
 * or HTML. {@link io.github.attribution4j.visual.TextTable} is the bar chart of a terminal.
 * {@link io.github.attribution4j.visual.MapGrid} and {@link io.github.attribution4j.visual.Histograms} show what layers
 * compute: activations, gradients, weights. {@link io.github.attribution4j.visual.SummaryChart} draws many explanations
 * at once, and {@link io.github.attribution4j.visual.SummaryReport} is a page of them.
 *
 * <p>Red is positive (for the target), blue is negative (against it), white is zero; legends and labels show true
 * attributions, never rescaled ones. Numbers are written the same in every locale.
 */
@NullMarked
package io.github.attribution4j.visual;

import org.jspecify.annotations.NullMarked;
