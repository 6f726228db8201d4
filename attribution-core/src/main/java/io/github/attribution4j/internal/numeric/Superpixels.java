// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import java.util.Arrays;

/**
 * Cuts an image into connected regions of similar color: SLIC (Achanta and others, 2012), k-means of colors and places
 * in which a pixel is compared with near centers only. Deterministic.
 */
public final class Superpixels {
    private static final int STEPS = 10;
    /** A region smaller than this part of the usual size joins a neighbor. */
    private static final int SMALLEST_PART = 4;

    /** Channel by channel, row-major; in units of the standard deviation over the image. */
    private final float[] colors;

    private final int channels;
    private final int height;
    private final int width;
    private final double compactness;

    /**
     * Takes an image.
     *
     * @param elements channel by channel, each row-major; left as it is
     * @param compactness how much nearness counts: the number of standard deviations of color that are as far as the
     *     width of a region
     */
    public Superpixels(float[] elements, int channels, int height, int width, double compactness) {
        this.colors = standardized(elements);
        this.channels = channels;
        this.height = height;
        this.width = width;
        this.compactness = compactness;
    }

    private static float[] standardized(float[] elements) {
        double sum = 0;
        for (float element : elements) {
            sum += element;
        }
        double mean = sum / elements.length;
        double squares = 0;
        for (float element : elements) {
            squares += (element - mean) * (element - mean);
        }
        double deviation = Math.sqrt(squares / elements.length);
        float[] standardized = new float[elements.length];
        for (int i = 0; i < elements.length; i++) {
            standardized[i] = deviation > 0 ? (float) ((elements[i] - mean) / deviation) : 0;
        }
        return standardized;
    }

    /**
     * Returns the region of each pixel, row-major, from 0 without gaps in the order in which regions are met.
     *
     * @param count about how many, at least 1
     */
    public int[] cut(int count) {
        double extent = Math.max(1, Math.sqrt((double) height * width / count));
        int high = Math.max(1, (int) Math.min(height, Math.round(height / extent)));
        int wide = Math.max(1, (int) Math.min(width, Math.round((double) count / high)));
        int[] nearest = clustered(high, wide);
        int smallest = Math.max(1, height * width / (high * wide) / SMALLEST_PART);
        return new Regions(colors, channels, height, width).connected(nearest, smallest);
    }

    /** Returns the center that is nearest to each pixel; centers start as those of a grid of cells. */
    private int[] clustered(int high, int wide) {
        int pixels = height * width;
        int centers = high * wide;
        int[] nearest = new int[pixels];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                nearest[y * width + x] = (int) ((long) y * high / height) * wide + (int) ((long) x * wide / width);
            }
        }
        double cellHeight = (double) height / high;
        double cellWidth = (double) width / wide;
        int reachY = (int) Math.ceil(cellHeight);
        int reachX = (int) Math.ceil(cellWidth);
        float near = (float) (compactness * compactness / (cellHeight * cellWidth));
        float[] mean = new float[channels];
        float[] distances = new float[pixels];
        for (int step = 0; step < STEPS; step++) {
            double[][] sums = sums(nearest, centers);
            Arrays.fill(distances, Float.POSITIVE_INFINITY);
            for (int center = 0; center < centers; center++) {
                double[] sum = sums[center];
                double members = sum[channels + 2];
                if (members == 0) {
                    continue;
                }
                for (int channel = 0; channel < channels; channel++) {
                    mean[channel] = (float) (sum[channel] / members);
                }
                float y = (float) (sum[channels] / members);
                float x = (float) (sum[channels + 1] / members);
                int top = Math.max(0, (int) y - reachY);
                int bottom = Math.min(height - 1, (int) y + reachY);
                int left = Math.max(0, (int) x - reachX);
                int right = Math.min(width - 1, (int) x + reachX);
                for (int row = top; row <= bottom; row++) {
                    compare(center, mean, y, x, row, left, right, near, distances, nearest);
                }
            }
        }
        return nearest;
    }

    private void compare(
            int center,
            float[] mean,
            float y,
            float x,
            int row,
            int left,
            int right,
            float near,
            float[] distances,
            int[] nearest) {
        float down = (row - y) * (row - y);
        for (int column = left; column <= right; column++) {
            int pixel = row * width + column;
            float color = 0;
            for (int channel = 0, at = pixel; channel < channels; channel++, at += height * width) {
                float apart = colors[at] - mean[channel];
                color += apart * apart;
            }
            float distance = color / channels + near * (down + (column - x) * (column - x));
            if (distance < distances[pixel]) {
                distances[pixel] = distance;
                nearest[pixel] = center;
            }
        }
    }

    /** Returns for each center the sums of its pixels' channels, rows and columns, and their number. */
    private double[][] sums(int[] nearest, int centers) {
        double[][] sums = new double[centers][channels + 3];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int pixel = y * width + x;
                double[] sum = sums[nearest[pixel]];
                for (int channel = 0; channel < channels; channel++) {
                    sum[channel] += colors[channel * height * width + pixel];
                }
                sum[channels] += y;
                sum[channels + 1] += x;
                sum[channels + 2]++;
            }
        }
        return sums;
    }
}
