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
package io.github.attribution4j.visual;

/** Sizes in CSS pixels and colours shared by all pictures. */
final class Style {

    static final double MARGIN = 18;
    static final double TITLE = 15;
    static final double TEXT = 12;
    static final double SMALL = 11;

    static final int PAPER = 0xffffff;
    static final int INK = 0x1c1c1c;
    static final int QUIET = 0x5f6368;
    static final int RULE = 0x9aa0a6;
    static final int GRID = 0xe4e6e9;

    static final int NEGATIVE = ColorMap.BLUE_WHITE_RED.at(-0.72);
    static final int POSITIVE = ColorMap.BLUE_WHITE_RED.at(0.72);
    static final int NEUTRAL = 0x8a8f95;

    private Style() {}

    static int signed(double value) {
        return value == 0 ? NEUTRAL : value < 0 ? NEGATIVE : POSITIVE;
    }
}
