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
 * Methods that change what operations give back: {@link io.github.attribution4j.propagation.GuidedBackprop}, {@link
 * io.github.attribution4j.propagation.Deconvolution}, {@link io.github.attribution4j.propagation.DeepLift}, {@link
 * io.github.attribution4j.propagation.DeepLiftShap} and {@link io.github.attribution4j.propagation.Lrp}, with its {@link
 * io.github.attribution4j.propagation.Rules} and {@link io.github.attribution4j.propagation.Composites}.
 *
 * <p>They ask a {@link io.github.attribution4j.model.RuledModel} for a copy that follows a {@link
 * io.github.attribution4j.model.RuleSet}. Read {@link io.github.attribution4j.propagation.Propagation} first: what they share,
 * at inputs, at layers and towards neurons.
 */
@NullMarked
package io.github.attribution4j.propagation;

import org.jspecify.annotations.NullMarked;
