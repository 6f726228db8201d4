// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

/** The order of many numbers, without a comparison: an image has some 100,000. */
public final class Sorting {
    private static final int DIGIT = 8;
    private static final int DIGITS = Long.SIZE / DIGIT;
    private static final int VALUES = 1 << DIGIT;

    private Sorting() {}

    /**
     * Returns the indexes of numbers in ascending order; NaN comes last. Equal numbers, and −0 and 0, stay in the order
     * in which they are given.
     */
    public static int[] ascending(double[] numbers) {
        long[] keys = new long[numbers.length];
        int[] order = new int[numbers.length];
        int[][] counts = new int[DIGITS][VALUES];
        for (int i = 0; i < numbers.length; i++) {
            long key = key(numbers[i]);
            keys[i] = key;
            order[i] = i;
            for (int digit = 0; digit < DIGITS; digit++) {
                counts[digit][digit(key, digit)]++;
            }
        }
        long[] nextKeys = new long[numbers.length];
        int[] next = new int[numbers.length];
        for (int digit = 0; digit < DIGITS && numbers.length > 0; digit++) {
            int[] places = counts[digit];
            if (places[digit(keys[0], digit)] == numbers.length) {
                continue; // All have the same digit here, as the last ones of numbers that were float32.
            }
            int sum = 0;
            for (int value = 0; value < VALUES; value++) {
                int count = places[value];
                places[value] = sum;
                sum += count;
            }
            for (int i = 0; i < keys.length; i++) {
                int place = places[digit(keys[i], digit)]++;
                nextKeys[place] = keys[i];
                next[place] = order[i];
            }
            long[] freeKeys = keys;
            keys = nextKeys;
            nextKeys = freeKeys;
            int[] free = order;
            order = next;
            next = free;
        }
        return order;
    }

    private static int digit(long key, int digit) {
        return (int) (key >>> (DIGIT * digit)) & (VALUES - 1);
    }

    /** Returns bits that, read without a sign, are in the order of the numbers. Adding 0 makes −0 and 0 one. */
    private static long key(double number) {
        long bits = Double.doubleToLongBits(number + 0.0);
        return bits ^ ((bits >> (Long.SIZE - 1)) | Long.MIN_VALUE);
    }
}
