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
 * Replays the golden cases through the public API: what PyTorch and Captum computed on the eager models is compared with what
 * the library computes on their archives. {@link io.github.attribution4j.djl.golden.GoldenTest} is where to start.
 */
@NullMarked
package io.github.attribution4j.djl.golden;

import org.jspecify.annotations.NullMarked;
