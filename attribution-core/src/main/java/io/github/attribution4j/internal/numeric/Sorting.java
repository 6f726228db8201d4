// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** The order of many numbers, without a comparison: an image has some 100,000. */
public final class Sorting {
    private static final int DIGIT = 11;
    private static final int DIGITS = (Integer.SIZE + DIGIT - 1) / DIGIT;
    private static final int VALUES = 1 << DIGIT;
    /** Sign, exponent and 7 bits of the fraction: of numbers of all sizes, few have the same. */
    private static final int LEADING_SHIFT = 16;

    private static final int LEADING_VALUES = 1 << (Integer.SIZE - LEADING_SHIFT);
    /** With more parts than this, most numbers are near the end of one. */
    private static final int FEW_PARTS = 100;

    private Sorting() {}

    /**
     * Returns the indexes of numbers in ascending order; NaN comes last. Equal numbers, and −0 and 0, stay in the order
     * in which they are given.
     */
    public static int[] ascending(double[] numbers) {
        int[] order = new int[numbers.length];
        Arrays.setAll(order, i -> i);
        if (areFloats(numbers)) {
            return ordered(order, i -> key((float) numbers[i]));
        }
        int[] byLow = ordered(order, i -> (int) key(numbers[i]));
        return ordered(byLow, i -> (int) (key(numbers[i]) >>> Integer.SIZE));
    }

    /**
     * Returns for each number the part of the ascending order in which it is: part 0 are the first {@code ends[0]}
     * numbers, part 1 the next up to {@code ends[1]}, and so on; what is left is the last part. The order is that of
     * {@link #ascending}.
     *
     * <p>Few parts of many numbers need no order of all: numbers that agree in their leading bits are mostly in one
     * part, and only those around an end are ordered.
     *
     * @param ends ascending, each at most the number of numbers
     */
    public static int[] parts(double[] numbers, int... ends) {
        return ends.length <= FEW_PARTS && areFloats(numbers)
                ? partsByLeadingBits(numbers, ends)
                : partsByOrder(ascending(numbers), ends);
    }

    private static int[] partsByOrder(int[] order, int... ends) {
        int[] parts = new int[order.length];
        int part = 0;
        for (int place = 0; place < order.length; place++) {
            part = partOf(place, part, ends);
            parts[order[place]] = part;
        }
        return parts;
    }

    /** Returns the part of a place that is not before {@code least}. */
    private static int partOf(int place, int least, int... ends) {
        int part = least;
        while (part < ends.length && place >= ends[part]) {
            part++;
        }
        return part;
    }

    private static int[] partsByLeadingBits(double[] numbers, int... ends) {
        int[] keys = new int[numbers.length];
        int[] counts = new int[LEADING_VALUES];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = key((float) numbers[i]);
            counts[keys[i] >>> LEADING_SHIFT]++;
        }
        // For each value of the leading bits its part, or where its numbers start, as -1 - start, if there are several.
        int[] partOrStart = new int[LEADING_VALUES];
        int start = 0;
        int part = 0;
        for (int value = 0; value < LEADING_VALUES; value++) {
            if (counts[value] > 0) {
                part = partOf(start, part, ends);
                boolean one = part == partOf(start + counts[value] - 1, part, ends);
                partOrStart[value] = one ? part : -1 - start;
                start += counts[value];
            }
        }
        int[] parts = new int[keys.length];
        int[] open = new int[keys.length];
        int opened = 0;
        for (int i = 0; i < keys.length; i++) {
            int known = partOrStart[keys[i] >>> LEADING_SHIFT];
            parts[i] = known;
            if (known < 0) {
                open[opened++] = i;
            }
        }
        settle(ordered(Arrays.copyOf(open, opened), i -> keys[i]), parts, ends);
        return parts;
    }

    /** Gives each of some ordered numbers its part, which holds -1 - the place where the numbers like it start. */
    private static void settle(int[] ordered, int[] parts, int... ends) {
        int place = 0;
        int begun = 0;
        for (int index : ordered) {
            if (parts[index] != begun) {
                begun = parts[index];
                place = -1 - begun;
            }
            parts[index] = partOf(place++, 0, ends);
        }
    }

    /** Whether all numbers were float32, as attributions are: half of the bits say their order. */
    private static boolean areFloats(double[] numbers) {
        for (double number : numbers) {
            if ((float) number != number && !Double.isNaN(number)) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns an order changed to follow keys without a sign; where keys are equal, it stays. A key and the index that
     * it belongs to move as one number.
     */
    private static int[] ordered(int[] order, IntUnaryOperator keyOf) {
        long[] pairs = new long[order.length];
        int[][] counts = new int[DIGITS][VALUES];
        for (int i = 0; i < pairs.length; i++) {
            long key = Integer.toUnsignedLong(keyOf.applyAsInt(order[i]));
            pairs[i] = key << Integer.SIZE | order[i];
            for (int digit = 0; digit < DIGITS; digit++) {
                counts[digit][digit(pairs[i], digit)]++;
            }
        }
        long[] next = new long[pairs.length];
        for (int digit = 0; digit < DIGITS && pairs.length > 0; digit++) {
            int[] places = counts[digit];
            if (places[digit(pairs[0], digit)] == pairs.length) {
                continue; // All have the same digit here.
            }
            int sum = 0;
            for (int value = 0; value < VALUES; value++) {
                int count = places[value];
                places[value] = sum;
                sum += count;
            }
            for (long pair : pairs) {
                next[places[digit(pair, digit)]++] = pair;
            }
            long[] free = pairs;
            pairs = next;
            next = free;
        }
        int[] ordered = new int[pairs.length];
        for (int i = 0; i < ordered.length; i++) {
            ordered[i] = (int) pairs[i];
        }
        return ordered;
    }

    private static int digit(long pair, int digit) {
        return (int) (pair >>> (Integer.SIZE + DIGIT * digit)) & (VALUES - 1);
    }

    /** Returns bits that, read without a sign, are in the order of the numbers. Adding 0 makes −0 and 0 one. */
    private static long key(double number) {
        long bits = Double.doubleToLongBits(number + 0.0);
        return bits ^ ((bits >> (Long.SIZE - 1)) | Long.MIN_VALUE);
    }

    private static int key(float number) {
        int bits = Float.floatToIntBits(number + 0.0f);
        return bits ^ ((bits >> (Integer.SIZE - 1)) | Integer.MIN_VALUE);
    }
}
