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
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.rewrite.Instrumented;
import io.github.attribution4j.djl.internal.rewrite.Instrumenter.Level;
import io.github.attribution4j.djl.internal.rewrite.Request;
import io.github.attribution4j.model.Inputs;

/**
 * A question to a program.
 *
 * @param inputs those of the model and, for a tail, the activations before them; references last
 * @param request in which a tensor is the position of its input
 * @param method which entry
 * @param shift the number of activations, where the inputs of the model begin
 */
record Question(Inputs inputs, Request<Integer> request, String method, int shift) {
    /** What a copy must have for it. */
    Level level() {
        return method.equals(Instrumented.FORWARD) ? Level.FORWARD : request.level();
    }
}
