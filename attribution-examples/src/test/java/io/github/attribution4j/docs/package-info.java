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
 * The code of the documentation, compiled and run, and the checks that the pages say the same.
 *
 * <p>A block of Java in a page stands behind a marker such as {@code <!-- snippet: MethodsTest#saliency -->} and equals the
 * lines between {@code // tag::saliency} and {@code // end::saliency} of that class. Change the class, then run {@link
 * io.github.attribution4j.docs.PagesTest} with {@code -Dattribution.docs.update=true}, which writes the blocks into the
 * pages.
 */
@NullMarked
package io.github.attribution4j.docs;

import org.jspecify.annotations.NullMarked;
