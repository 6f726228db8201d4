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
package io.github.attribution4j.path;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * What happens, while a path of the inputs is followed as the activations of a layer, to the inputs that bypass the layer: a
 * residual connection, a mask, a second input.
 */
public enum Bypass {
    /**
     * They follow the path: at position t the whole model runs at γ(t). Attributions of the layer account for what flows
     * through it; what flows past it is missing from their sum.
     */
    FOLLOW,
    /**
     * They stay at the explained inputs: at position t the tail runs at the activation of γ(t) and, besides it, at x.
     * Attributions of the layer account for all that the tail's score changes.
     */
    STAY;

    /**
     * Returns the one of a name, {@code follow} or {@code stay}.
     *
     * @throws IllegalArgumentException listing the names if there is none of that name
     */
    public static Bypass of(String name) {
        return Arrays.stream(values())
                .filter(bypass -> bypass.toString().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("bypass '" + name + "' is unknown; choose one of "
                        + Arrays.stream(values()).map(Bypass::toString).collect(Collectors.joining(", "))));
    }

    /** Returns the name in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
