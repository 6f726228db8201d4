// SPDX-License-Identifier: Apache-2.0
/**
 * Class activation maps: where in a layer's activation the evidence for a score lies. A map has one number for each
 * position, computed from the activation's channels and a weight for each. The methods differ only in these weights.
 *
 * <p><b>Shapes.</b> For an activation of N examples, C channels and positions p (see
 * {@link io.github.attribution4j.cam.ActivationLayout}) the map has shape {@code (N, 1, positions...)}:
 * {@code (N, 1, H, W)} for a layer {@code (N, C, H, W)}. A layer {@code (N, C)} has one position, and its map has shape
 * {@code (N, 1)}.
 *
 * <p><b>From layers to a map.</b> The steps are, in this order: the map of each layer by the method's formula;
 * negative values set to 0 ({@code relu}), if asked for; the map resampled ({@code upsample}), if asked for, as an
 * overlay needs; the maps of several layers merged ({@code merge}). Values are changed in no other way: they are not
 * scaled, signs stay, and zero means nothing. Scaling is a matter of the picture.
 *
 * <p><b>Layers</b> are addresses of values inside the model, such as {@code layer4} (see
 * {@link io.github.attribution4j.model.Cut.Point}), usually the last value with positions. Several layers are evaluated
 * one after the other, each at full cost, because they may depend on each other.
 *
 * <p>Symbols in the methods' documentation: S is the score, A[k, p] the activation of channel k at position p, G[k, p]
 * = ∂S/∂A[k, p], P the number of positions, L[p] the map.
 *
 * <p>{@link io.github.attribution4j.cam.GradCam} is the place to start. It has variants with other weights:
 * {@link io.github.attribution4j.cam.GradCam#hiRes HiResCAM} shows exactly what was used,
 * {@link io.github.attribution4j.cam.GradCam#layerCam LayerCAM} works at early layers.
 * {@link io.github.attribution4j.cam.ScoreCam} and {@link io.github.attribution4j.cam.AblationCam} need no gradients,
 * {@link io.github.attribution4j.cam.EigenCam} needs no target. {@link io.github.attribution4j.cam.GuidedGradCam}
 * multiplies a map with guided backpropagation. {@link io.github.attribution4j.cam.ActivationLayout} brings the tokens
 * of vision transformers back to their grid.
 */
@NullMarked
package io.github.attribution4j.cam;

import org.jspecify.annotations.NullMarked;
