// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/** Connected regions of an image: what hangs together by its sides. */
final class Regions {
    private final float[] colors;
    private final int channels;
    private final int height;
    private final int width;
    /** For each pixel its region, once it is known. */
    private final int[] region;
    /** The next pixel of the same region, -1 after the last. */
    private final int[] next;

    /** Takes an image, channel by channel. */
    Regions(float[] colors, int channels, int height, int width) {
        this.colors = colors;
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.region = new int[height * width];
        this.next = new int[height * width];
    }

    /**
     * Returns the region of each pixel, from 0 in the order in which regions are met. Pixels of one label that do not
     * hang together become several regions; one smaller than {@code smallest} joins the neighbor of the nearest color.
     */
    int[] connected(int[] labels, int smallest) {
        int[] firsts = new int[labels.length];
        int count = fill(labels, firsts);
        int[] lasts = new int[count];
        double[][] sums = new double[count][];
        int[] sizes = new int[count];
        for (int one = 0; one < count; one++) {
            sums[one] = new double[channels];
            for (int pixel = firsts[one]; pixel >= 0; pixel = next[pixel]) {
                sizes[one]++;
                lasts[one] = pixel;
                for (int channel = 0; channel < channels; channel++) {
                    sums[one][channel] += colors[channel * labels.length + pixel];
                }
            }
        }
        int[] bySize = IntStream.range(0, count)
                .boxed()
                .sorted(Comparator.comparingInt(one -> sizes[one]))
                .mapToInt(Integer::intValue)
                .toArray();
        for (int one : bySize) {
            int other = sizes[one] < smallest ? neighbor(one, firsts[one], sums, sizes) : -1;
            if (other >= 0) {
                for (int pixel = firsts[one]; pixel >= 0; pixel = next[pixel]) {
                    region[pixel] = other;
                }
                next[lasts[other]] = firsts[one];
                lasts[other] = lasts[one];
                sizes[other] += sizes[one];
                for (int channel = 0; channel < channels; channel++) {
                    sums[other][channel] += sums[one][channel];
                }
            }
        }
        return renumbered(count);
    }

    /** Finds the regions of equal labels; returns their number. */
    private int fill(int[] labels, int[] firsts) {
        Arrays.fill(region, -1);
        int count = 0;
        int[] waiting = new int[labels.length];
        for (int seed = 0; seed < labels.length; seed++) {
            if (region[seed] >= 0) {
                continue;
            }
            firsts[count] = seed;
            region[seed] = count;
            waiting[0] = seed;
            int filled = 1;
            for (int at = 0; at < filled; at++) {
                for (int side = 0; side < 4; side++) {
                    int other = beside(waiting[at], side);
                    if (other >= 0 && region[other] < 0 && labels[other] == labels[seed]) {
                        region[other] = count;
                        waiting[filled++] = other;
                    }
                }
                next[waiting[at]] = at + 1 < filled ? waiting[at + 1] : -1;
            }
            count++;
        }
        return count;
    }

    private int beside(int pixel, int side) {
        return switch (side) {
            case 0 -> pixel % width == 0 ? -1 : pixel - 1;
            case 1 -> pixel % width == width - 1 ? -1 : pixel + 1;
            case 2 -> pixel < width ? -1 : pixel - width;
            default -> pixel >= (height - 1) * width ? -1 : pixel + width;
        };
    }

    /** Returns the neighbor whose mean color is nearest, the first such; -1 if there is none. */
    private int neighbor(int one, int first, double[][] sums, int[] sizes) {
        int found = -1;
        double least = Double.POSITIVE_INFINITY;
        int last = -1;
        for (int pixel = first; pixel >= 0; pixel = next[pixel]) {
            for (int side = 0; side < 4; side++) {
                int beside = beside(pixel, side);
                int other = beside < 0 ? one : region[beside];
                if (other == one || other == last) {
                    continue;
                }
                last = other;
                double distance = 0;
                for (int channel = 0; channel < channels; channel++) {
                    double apart = sums[one][channel] / sizes[one] - sums[other][channel] / sizes[other];
                    distance += apart * apart;
                }
                if (found < 0 || distance < least) {
                    found = other;
                    least = distance;
                }
            }
        }
        return found;
    }

    private int[] renumbered(int count) {
        int[] numbers = new int[count];
        Arrays.fill(numbers, -1);
        int met = 0;
        int[] renumbered = new int[region.length];
        for (int pixel = 0; pixel < region.length; pixel++) {
            if (numbers[region[pixel]] < 0) {
                numbers[region[pixel]] = met++;
            }
            renumbered[pixel] = numbers[region[pixel]];
        }
        return renumbered;
    }
}
