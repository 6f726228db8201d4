// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/** The order of many numbers, without a comparison: an image has some 100,000. */
public final class Sorting {
    private static final int DIGIT = 11;
    private static final int DIGITS = (Integer.SIZE + DIGIT - 1) / DIGIT;
    private static final int VALUES = 1 << DIGIT;

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
