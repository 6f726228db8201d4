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
package io.github.attribution4j.model;

/**
 * The address of one value inside a model: the output of one call of a module.
 *
 * @param path dotted path of the module
 * @param kind what the module is, such as {@code Conv2d}
 * @param call which call of the module, from 0, when it is called more than once
 */
public record CutPoint(String path, String kind, int call) {
    /** Checks the call number. */
    public CutPoint {
        if (call < 0) {
            throw new IllegalArgumentException("call " + call + " of module '" + path + "': calls count from 0");
        }
    }

    /** Returns the path, with {@code #call} appended for later calls. */
    @Override
    public String toString() {
        return call == 0 ? path : path + "#" + call;
    }
}
