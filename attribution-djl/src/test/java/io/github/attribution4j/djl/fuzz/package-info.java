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
 * Damaged and hostile archives: whatever the bytes, loading ends in a model or in one line that says why not.
 *
 * <p>{@link io.github.attribution4j.djl.fuzz.Mutations} makes the archives from small good ones, by seed and number; {@link
 * io.github.attribution4j.djl.fuzz.FuzzProcess} tries them in a JVM with a small heap; {@link
 * io.github.attribution4j.djl.fuzz.ArchiveFuzz} starts that JVM, watches it from outside and reports.
 */
@NullMarked
package io.github.attribution4j.djl.fuzz;

import org.jspecify.annotations.NullMarked;
