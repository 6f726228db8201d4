// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import java.util.List;

/** Addresses of layers as methods are given them. */
final class Layers {
    private Layers() {}

    static List<String> of(String... layers) {
        if (layers.length == 0) {
            throw new IllegalArgumentException("layers: none given; name at least one");
        }
        return List.of(layers);
    }
}
