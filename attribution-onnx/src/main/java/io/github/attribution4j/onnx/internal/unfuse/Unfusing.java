// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.unfuse;

/** How a joined operator is said in the words of the standard. */
@FunctionalInterface
interface Unfusing {
    /**
     * Writes nodes that compute the outputs of a node, and gives each its value; or refuses.
     *
     * @param f the node, and Java methods that write new nodes
     */
    void apply(Fused f);
}
