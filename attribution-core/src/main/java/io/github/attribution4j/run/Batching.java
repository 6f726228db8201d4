// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.run;

/**
 * The number of rows that the evaluator passes to the model in one call. Immutable values.
 *
 * <p>With any batching, when memory runs out the same rows are evaluated in calls of half the size, down to one row,
 * and a notice says so.
 */
public sealed interface Batching {
    /**
     * As many rows as fit a fixed size. Their number depends only on the shapes and on the model's estimate of its
     * memory, never on time or load, so that a repeated run does the same arithmetic in the same order. The default.
     */
    static Batching steady() {
        return Steady.INSTANCE;
    }

    /**
     * Doubles the rows, from one, while the throughput rises. Usually no faster than {@link #steady()}. Because it
     * depends on time, repeated results agree up to rounding but not to the bit.
     */
    static Batching auto() {
        return Auto.INSTANCE;
    }

    /**
     * This many rows, except in the last call and for groups of rows that stay together or are split evenly, such as
     * the steps of one path ({@code Rows.group()}).
     *
     * @param rows the most rows of one call, at least 1
     */
    static Batching rows(int rows) {
        return new Fixed(rows);
    }

    /**
     * As many rows as fit a memory budget, by the model's estimate of bytes per row or, if it has none, a multiple of
     * the input's size.
     *
     * @param bytes at least 1; a budget smaller than one row is refused when the run starts
     */
    static Batching memory(long bytes) {
        return new Memory(bytes);
    }

    /**
     * Returns the batching given as text: {@code steady}, {@code auto}, {@code rows 32}, {@code memory 1048576 bytes}.
     *
     * @throws IllegalArgumentException if the text is none of these
     */
    static Batching parse(String text) {
        String[] words = text.strip().split(" ", -1);
        return switch (words[0]) {
            case "steady" -> steady();
            case "auto" -> auto();
            case "rows" -> rows(Integer.parseInt(words[1]));
            case "memory" -> memory(Long.parseLong(words[1]));
            default ->
                throw new IllegalArgumentException(
                        "batching '" + text + "': is none of steady, auto, rows N, memory N bytes");
        };
    }

    /**
     * Returns the number of rows of the next call, such that a call has whole groups, or equal parts of one group.
     *
     * @param wanted the most rows
     * @param group how many consecutive rows belong together
     * @param done rows evaluated before
     * @param total all rows
     */
    static int next(int wanted, long group, long done, long total) {
        long within = done % group;
        if (within == 0 && wanted >= group) {
            return (int) Math.min(wanted - wanted % group, total - done);
        }
        long left = group - within;
        long calls = (left + wanted - 1) / wanted;
        return (int) ((left + calls - 1) / calls);
    }

    /** See {@link Batching#steady()}. */
    enum Steady implements Batching {
        /** The only one. */
        INSTANCE;

        @Override
        public String toString() {
            return "steady";
        }
    }

    /** See {@link Batching#auto()}. */
    enum Auto implements Batching {
        /** The only one. */
        INSTANCE;

        @Override
        public String toString() {
            return "auto";
        }
    }

    /**
     * See {@link Batching#rows}.
     *
     * @param rows rows in a call
     */
    record Fixed(int rows) implements Batching {
        /** Checks the number. */
        public Fixed {
            if (rows < 1) {
                throw new IllegalArgumentException("batch rows " + rows + ": must be at least 1");
            }
        }

        @Override
        public String toString() {
            return "rows " + rows;
        }
    }

    /**
     * See {@link Batching#memory}.
     *
     * @param bytes the budget
     */
    record Memory(long bytes) implements Batching {
        /** Checks the number. */
        public Memory {
            if (bytes < 1) {
                throw new IllegalArgumentException("memory budget " + bytes + " bytes: must be at least 1");
            }
        }

        @Override
        public String toString() {
            return "memory " + bytes + " bytes";
        }
    }
}
