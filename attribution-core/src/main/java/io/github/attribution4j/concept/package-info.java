// SPDX-License-Identifier: Apache-2.0
/**
 * Concepts: what a model's answer has to do with something that people can name and show by examples.
 *
 * <p>A {@link io.github.attribution4j.concept.Concept} is a name with examples. {@link
 * io.github.attribution4j.concept.Tcav} finds the direction in which a layer tells it from other examples, a {@link
 * io.github.attribution4j.concept.Cav}, and asks how often the score grows in that direction: the {@link
 * io.github.attribution4j.concept.ConceptScores}.
 */
@NullMarked
package io.github.attribution4j.concept;

import org.jspecify.annotations.NullMarked;
