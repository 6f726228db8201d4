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

import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/**
 * The rows that a method wants evaluated, described rather than made: the {@link Evaluator} asks for as many at a time as
 * it gives to the model.
 */
public interface Rows {
    /** Returns how many rows there are. */
    long count();

    /**
     * Returns how many consecutive rows belong together, such as the steps of one path; divides {@link #count()}. A range
     * is either made of whole groups or lies within one, and where groups are split depends on their size and that of the
     * batches alone: so the arithmetic on one group does not depend on the others.
     */
    default long group() {
        return 1;
    }

    /** Returns the example that a row belongs to: it decides the fixed inputs and the target. */
    long example(long row);

    /**
     * Makes a range of rows. A row's values must not depend on the range it is made in.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     * @return for each attributed input, in order, a tensor of {@code to - from} rows, owned by the current scope
     */
    List<Tensor> attributed(long from, long to);

    /**
     * Returns some of these rows; groups are kept where the range is made of whole ones.
     *
     * @param from first row, inclusive
     * @param to last row, exclusive
     */
    default Rows range(long from, long to) {
        return new RowRange(this, from, to);
    }
}
