// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.gradient;

/** How a gradient passes an operator. */
@FunctionalInterface
interface Rule {
    /**
     * Gives each input that {@link Step#needs needs} one its gradient, computed from those of the outputs; or refuses.
     *
     * @param step the node, and Java methods that write new nodes
     */
    void apply(Step step);
}
