// SPDX-License-Identifier: Apache-2.0
/**
 * Which training rows made the model answer so.
 *
 * <p>An {@link io.github.attribution4j.influence.Influence} is a value like a method: it has a name and settings, and
 * no model. It compares {@link io.github.attribution4j.influence.Examples} on which a model was trained with examples
 * that are explained, in one or several {@link io.github.attribution4j.influence.Checkpoint}s of the training.
 * {@link io.github.attribution4j.influence.TracInFast} and {@link io.github.attribution4j.influence.TracIn} ask how far
 * a training row lowered the loss of the explained one,
 * {@link io.github.attribution4j.influence.ArnoldiInfluence} how far it would change if that row counted more, and
 * {@link io.github.attribution4j.influence.SimilarityInfluence} which rows a layer finds similar.
 */
@NullMarked
package io.github.attribution4j.influence;

import org.jspecify.annotations.NullMarked;
