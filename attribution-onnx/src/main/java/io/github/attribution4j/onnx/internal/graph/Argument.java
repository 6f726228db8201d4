// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import java.util.Set;

/** A value as one call of a module takes it. Others may read it too. An argument equals only itself. */
public final class Argument {
    private final String value;
    private final Set<Node> readers;

    Argument(String value, Set<Node> readers) {
        this.value = value;
        this.readers = readers;
    }

    /** The name of the value. */
    public String value() {
        return value;
    }

    /** The nodes of the call that read it. */
    public Set<Node> readers() {
        return readers;
    }

    @Override
    public String toString() {
        return value + " of " + readers.size() + " nodes";
    }
}
