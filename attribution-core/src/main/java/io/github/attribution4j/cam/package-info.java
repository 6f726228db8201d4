// SPDX-License-Identifier: Apache-2.0
/**
 * Class activation maps: where in a layer's activation the evidence for a score lies.
 *
 * <p>{@link io.github.attribution4j.cam.ClassActivationMap} describes what all methods share.
 * {@link io.github.attribution4j.cam.GradCam} is the place to start. It has variants with other weights:
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
