// SPDX-License-Identifier: Apache-2.0
/**
 * Explanations of text: token ids in, one number for each token out.
 *
 * <p>Start with {@link io.github.attribution4j.text.TokenAttribution}, which applies any method by token. {@link
 * io.github.attribution4j.baseline.Baseline.Token} defines an absent token,
 * {@link io.github.attribution4j.text.TokenAttribution#lookups} finds where a model looks up ids, and
 * {@link io.github.attribution4j.text.Tokens} holds the result of a tokenizer: ids, masks, and the labels of tokens.
 */
@NullMarked
package io.github.attribution4j.text;

import org.jspecify.annotations.NullMarked;
