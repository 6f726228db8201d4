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
package io.github.attribution4j.djl.internal.rewrite;

/**
 * Names a value inside the model and says what to do with it.
 *
 * @param module pre-order index of the module
 * @param call number of the module's call within one run, from 0; {@link #EVERY_CALL} for all
 * @param side {@link #RESULT}, {@link #ARGUMENTS}, or the {@link ValueInfo#side} of a value inside a method, whose executions the call then counts
 * @param element which tensor of the result or of the arguments, flattened depth first; a None counts as one
 * @param leaf whether the value becomes a fresh leaf of the graph, so that gradients with respect to it exist
 */
public record Row(int module, int call, int side, int element, boolean leaf) {
    /** Every call of the module. */
    public static final int EVERY_CALL = -1;

    /** The value is part of what the module returns. */
    public static final int RESULT = 0;

    /** The value is part of what the module is given. */
    public static final int ARGUMENTS = 1;

    public Row {
        if (module < 0 || call < EVERY_CALL || side < RESULT || element < 0) {
            throw new IllegalArgumentException(
                    "no such value: module " + module + ", call " + call + ", side " + side + ", element " + element);
        }
    }

    /**
     * Returns this row with another answer to whether the value is a leaf.
     *
     * @param fresh whether it becomes a fresh leaf
     * @return the row
     */
    public Row asLeaf(boolean fresh) {
        return new Row(module, call, side, element, fresh);
    }

    /**
     * Names the first tensor of a module's result in its first call.
     *
     * @param module pre-order index of the module
     * @param leaf whether it becomes a fresh leaf
     * @return the row
     */
    public static Row output(int module, boolean leaf) {
        return new Row(module, 0, RESULT, 0, leaf);
    }
}
