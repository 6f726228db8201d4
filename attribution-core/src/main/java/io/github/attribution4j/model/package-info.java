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
 * What a model must be able to do to be explained, one type per capability.
 *
 * <p>{@link io.github.attribution4j.model.Model} runs forward; {@link io.github.attribution4j.model.DifferentiableModel}
 * also gives {@link io.github.attribution4j.model.Pullback}s; {@link io.github.attribution4j.model.LayeredModel} can be
 * {@link io.github.attribution4j.model.Cut} at a {@link io.github.attribution4j.model.CutPoint} into a head and a tail,
 * both ordinary models; a {@link io.github.attribution4j.model.RuledModel} gives copies that follow a {@link
 * io.github.attribution4j.model.RuleSet} of {@link io.github.attribution4j.model.BackwardRule}s on their way back, chosen for
 * each {@link io.github.attribution4j.model.Operation}. All of them take {@link io.github.attribution4j.model.Inputs}: the tensors that are attributed,
 * and those held fixed. Failures are {@link io.github.attribution4j.model.ModelException} and its subtypes.
 */
@NullMarked
package io.github.attribution4j.model;

import org.jspecify.annotations.NullMarked;
