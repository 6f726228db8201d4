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
 * Explanations of text: token ids in, one number for each token out.
 *
 * <p>Start with {@link io.github.attribution4j.text.TokenAttribution}, which applies any method by token. {@link
 * io.github.attribution4j.text.TokenBaseline} says what an absent token is, {@link
 * io.github.attribution4j.text.EmbeddingLookup} where a model looks ids up, and {@link io.github.attribution4j.text.Tokens}
 * holds what a tokenizer made of a text: ids, masks, and the labels under which tokens are shown.
 */
@NullMarked
package io.github.attribution4j.text;

import org.jspecify.annotations.NullMarked;
