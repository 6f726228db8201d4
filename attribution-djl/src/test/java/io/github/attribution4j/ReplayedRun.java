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
package io.github.attribution4j;

import java.util.function.Function;
import java.util.function.LongSupplier;

/**
 * Runs whose random bits were recorded elsewhere. It is in this package because {@link Run} shows the place where bits come
 * from to no one else.
 */
public final class ReplayedRun {
    private ReplayedRun() {}

    /**
     * Returns a run that takes the 64-bit words of each random stream from elsewhere.
     *
     * @param words for the key of a stream: purpose, key of the example, sample, ...
     */
    public static Run of(Run run, Function<long[], LongSupplier> words) {
        return run.bits(words);
    }
}
