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
 * The command line: {@code attribution explain | methods | layers | doctor | batch | demo}.
 *
 * <p>A thin layer over the public API, so that a program can do all of it. Start at {@link
 * io.github.attribution4j.examples.cli.AttributionCli}; {@code Explainer} turns options into an explanation, {@code
 * MethodCatalog} knows every method with its settings.
 */
@NullMarked
package io.github.attribution4j.examples.cli;

import org.jspecify.annotations.NullMarked;
