// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.command;

/**
 * A set of keys of rows: the first 64 bits of digests. Since there may be many millions, it is a table without objects,
 * of 16 bytes for each key on average.
 */
final class RowKeys {
    private static final int FIRST = 1 << 10;

    /** Free where zero. */
    private long[] slots = new long[FIRST];

    private int size;
    /** The key that a free slot would be. */
    private boolean zero;

    boolean contains(long key) {
        return key == 0 ? zero : slots[place(key)] == key;
    }

    void add(long key) {
        if (key == 0) {
            zero = true;
            return;
        }
        int place = place(key);
        if (slots[place] == 0) {
            slots[place] = key;
            size++;
            if (size > slots.length / 4 * 3) {
                grow();
            }
        }
    }

    /** Returns where a key is, or would be. Keys are digests, so their bits need no mixing. */
    private int place(long key) {
        int place = (int) (key >>> 32) & (slots.length - 1);
        while (slots[place] != 0 && slots[place] != key) {
            place = (place + 1) & (slots.length - 1);
        }
        return place;
    }

    private void grow() {
        long[] old = slots;
        slots = new long[2 * old.length];
        for (long key : old) {
            if (key != 0) {
                slots[place(key)] = key;
            }
        }
    }
}
