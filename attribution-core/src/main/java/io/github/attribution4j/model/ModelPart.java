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

/**
 * Which part of which model a model is: what heads and tails of cuts, copies and wrappers say of themselves, so that what is
 * learned of a model once is known of every object that stands for it.
 *
 * @param whole the model that was loaded or made
 * @param part which part of it, in words that differ for parts that compute different things; empty for all of it
 */
public record ModelPart(Model whole, String part) {
    /** Returns a part of this part. */
    public ModelPart inside(String inner) {
        return new ModelPart(whole, part.isEmpty() ? inner : part + ", " + inner);
    }
}
