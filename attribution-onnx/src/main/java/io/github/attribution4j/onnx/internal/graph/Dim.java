// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

/**
 * The size of one axis.
 *
 * @param size the size; -1 if it is not known
 * @param symbol the name of an unknown size: equal names mean equal sizes; empty if it has none
 */
public record Dim(long size, String symbol) {
    /** A size about which nothing is known. */
    public static final Dim OPEN = new Dim(-1, "");

    /** A known size. */
    public static Dim of(long size) {
        return size < 0 ? OPEN : new Dim(size, "");
    }

    /** An unknown size with a name. */
    public static Dim of(String symbol) {
        return new Dim(-1, symbol);
    }

    public boolean known() {
        return size >= 0;
    }

    /** Whether both are certainly the same size. */
    public boolean sameAs(Dim other) {
        return known() ? size == other.size : !symbol.isEmpty() && symbol.equals(other.symbol);
    }

    @Override
    public String toString() {
        return known() ? Long.toString(size) : symbol.isEmpty() ? "?" : symbol;
    }
}
