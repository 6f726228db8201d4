// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor;

import org.jspecify.annotations.Nullable;

/**
 * One operand inside a {@link Loop}, read block by block: {@code n} adjacent numbers of {@link #elements}, from
 * {@link #at}.
 *
 * <p>An operand whose numbers are adjacent already is read in place. One of another step is first gathered into a small
 * array that stays in the cache; one that is repeated (step 0) is gathered only once.
 */
final class Block {
    private static final int LENGTH = 1024;

    private final Elements source;
    private final int step;
    private final @Nullable Elements gathered;
    private final @Nullable Elements converted;
    private int repeated = -1;
    private int repeats;

    /** The array to read. */
    final Elements elements;

    /** Where to start reading in {@link #elements}, after {@link #load}. */
    int at;

    /**
     * Prepares to read an operand.
     *
     * @param type the type that its elements are converted to
     */
    Block(Elements source, int step, int inner, DataType type) {
        this.source = source;
        this.step = step;
        int length = Math.min(inner, LENGTH);
        this.gathered = step == 1 ? null : Elements.allocate(source.dataType(), length);
        this.converted = source.dataType() == type ? null : Elements.allocate(type, length);
        this.elements = converted != null ? converted : gathered != null ? gathered : source;
    }

    /** Returns how many elements may be loaded at once. */
    static int length(int inner, Block... operands) {
        for (Block operand : operands) {
            if (operand.elements != operand.source) {
                return Math.min(inner, LENGTH);
            }
        }
        return inner;
    }

    /**
     * Makes n elements readable.
     *
     * @param start where the inner run starts in the source
     * @param done how many elements of the run were read before
     */
    void load(int start, int done, int n) {
        int from = start + done * step;
        if (elements == source) {
            at = from;
            return;
        }
        if (step == 0 && repeated == start && repeats >= n) {
            return;
        }
        if (gathered != null) {
            gathered.copy(0, 1, source, from, step, n);
        }
        if (converted != null) {
            converted.convert(0, gathered != null ? gathered : source, gathered != null ? 0 : from, n);
        }
        repeated = step == 0 ? start : -1;
        repeats = n;
    }
}
