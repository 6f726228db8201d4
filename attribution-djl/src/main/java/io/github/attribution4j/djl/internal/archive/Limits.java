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
package io.github.attribution4j.djl.internal.archive;

/**
 * What is accepted from an archive that may be hostile. Tensor data is bounded by the size of the file alone, because it is never decoded.
 *
 * @param entries the number of zip entries
 * @param text bytes of one decoded entry: a code file or a pickle
 * @param texts bytes of all decoded code files together
 * @param ratio how many times larger than its compressed form an undecoded entry may be, above {@code text} bytes
 */
public record Limits(int entries, int text, long texts, int ratio) {
    /** Far above any real model: the largest code seen in 180 archives has 0.6 MB. */
    public static final Limits DEFAULT = new Limits(200_000, 64 << 20, 128L << 20, 200);
}
