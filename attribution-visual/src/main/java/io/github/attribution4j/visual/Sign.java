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

/** Which part of signed attributions is drawn. */
public enum Sign {
    /** Positive and negative, as they are. */
    ALL,
    /** max(a, 0): what speaks for the target. */
    POSITIVE,
    /** min(a, 0): what speaks against the target. The values stay negative, in the legend too. */
    NEGATIVE,
    /** |a|. */
    ABSOLUTE;

    double of(double attribution) {
        return switch (this) {
            case ALL -> attribution;
            case POSITIVE -> Math.max(attribution, 0);
            case NEGATIVE -> Math.min(attribution, 0);
            case ABSOLUTE -> Math.abs(attribution);
        };
    }
}
