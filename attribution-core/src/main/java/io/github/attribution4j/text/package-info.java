// SPDX-License-Identifier: Apache-2.0
/**
 * Explanations of text: token ids in, one number for each token out.
 *
 * <p>Start with {@link io.github.attribution4j.text.TokenAttribution}, which applies any method by token. {@link
 * io.github.attribution4j.baseline.TokenBaseline} says what an absent token is, {@link
 * io.github.attribution4j.text.EmbeddingLookup} where a model looks ids up, and {@link io.github.attribution4j.text.Tokens}
 * holds what a tokenizer made of a text: ids, masks, and the labels under which tokens are shown.
 */
@NullMarked
package io.github.attribution4j.text;

import org.jspecify.annotations.NullMarked;
