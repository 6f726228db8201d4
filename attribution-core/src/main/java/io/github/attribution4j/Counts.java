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

/**
 * What an explanation cost.
 *
 * @param forwardRows rows that the model was run on, those of pullbacks included
 * @param backwardRows rows that gradients were taken of
 * @param batches calls of the model
 * @param largestBatch rows in the largest call
 */
public record Counts(long forwardRows, long backwardRows, long batches, long largestBatch) {
    /** Nothing evaluated. */
    public static final Counts NONE = new Counts(0, 0, 0, 0);

    /** Returns the cost of both. */
    public Counts plus(Counts other) {
        return new Counts(
                forwardRows + other.forwardRows,
                backwardRows + other.backwardRows,
                batches + other.batches,
                Math.max(largestBatch, other.largestBatch));
    }
}
