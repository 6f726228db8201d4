// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.shapley;

import java.util.Arrays;

/** Coalitions of at most 63 groups as bits, numbered in the order in which they are met. */
final class CoalitionNumbers {
    private static final int FREE = -1;

    private long[] coalitions = new long[16];
    private int count;
    /** Open addressing: numbers by the hash of their coalition; its length is a power of two. */
    private int[] table = new int[64];

    CoalitionNumbers() {
        Arrays.fill(table, FREE);
    }

    int count() {
        return count;
    }

    long coalition(int number) {
        return coalitions[number];
    }

    /** Returns the number of a coalition, which it gets now if it was not met before. */
    int of(long coalition) {
        int at = place(table, coalition);
        if (table[at] != FREE) {
            return table[at];
        }
        if (count == coalitions.length) {
            coalitions = Arrays.copyOf(coalitions, 2 * count);
        }
        coalitions[count] = coalition;
        table[at] = count++;
        if (2 * count > table.length) {
            widen();
        }
        return count - 1;
    }

    private int place(int[] in, long coalition) {
        int mask = in.length - 1;
        long hash = coalition * 0x9E3779B97F4A7C15L;
        int at = (int) (hash ^ hash >>> 32) & mask;
        while (in[at] != FREE && coalitions[in[at]] != coalition) {
            at = at + 1 & mask;
        }
        return at;
    }

    private void widen() {
        int[] wider = new int[2 * table.length];
        Arrays.fill(wider, FREE);
        for (int number = 0; number < count; number++) {
            wider[place(wider, coalitions[number])] = number;
        }
        table = wider;
    }
}
