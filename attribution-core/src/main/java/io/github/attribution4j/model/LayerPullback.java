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
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * One run of a cut model from its inputs to its output, held open for gradients with respect to the values at the cut: what
 * GradCAM needs, at the cost of one forward run and of a backward run that ends at the cut.
 *
 * <p>{@link #vjp} returns one gradient for each point of the cut, in order, shaped and typed like its activation; {@link
 * #unused()} names points.
 */
public interface LayerPullback extends Pullback {
    /** Returns the values at the cut, one for each point, in order; valid until this is closed. */
    List<Tensor> activations();
}
