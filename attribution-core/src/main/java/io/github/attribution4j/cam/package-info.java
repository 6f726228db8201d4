/*
 * Copyright 2026 The attribution4j authors
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */
/**
 * Class activation maps: where in a layer's activation the evidence for a score lies.
 *
 * <p>{@link io.github.attribution4j.cam.ClassActivationMap} says what all methods share; {@link
 * io.github.attribution4j.cam.GradCam} is the place to start. {@link io.github.attribution4j.cam.HiResCam} shows exactly what was used,
 * {@link io.github.attribution4j.cam.LayerCam} works at early layers, {@link io.github.attribution4j.cam.ScoreCam} and {@link
 * io.github.attribution4j.cam.AblationCam} need no gradients, {@link io.github.attribution4j.cam.EigenCam} needs no target. {@link
 * io.github.attribution4j.cam.GuidedGradCam} multiplies a map with guided backpropagation. {@link
 * io.github.attribution4j.cam.ActivationLayout} brings the tokens of vision transformers back to their grid.
 */
@NullMarked
package io.github.attribution4j.cam;

import org.jspecify.annotations.NullMarked;
