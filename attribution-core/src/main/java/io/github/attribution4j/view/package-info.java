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
 * What values inside a model look like: activations, gradients and weights of layers, and their statistics.
 *
 * <p>{@link io.github.attribution4j.view.LayerInspector} looks at layers of a model for given inputs and gives a {@link
 * io.github.attribution4j.view.LayerView} of each; {@link io.github.attribution4j.view.ValueStatistics} sums up any tensor, weights
 * ({@link io.github.attribution4j.model.LayeredModel#weight}) among them. These are not attributions: nothing here says why.
 */
@NullMarked
package io.github.attribution4j.view;

import org.jspecify.annotations.NullMarked;
