// SPDX-License-Identifier: Apache-2.0
/** Pictures of explanations. */
module io.github.attribution4j.visual {
    requires transitive io.github.attribution4j.core;
    requires transitive java.desktop;
    requires static org.jspecify;

    exports io.github.attribution4j.visual;
}
