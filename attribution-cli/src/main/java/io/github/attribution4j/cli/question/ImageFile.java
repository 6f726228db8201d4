// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.visual.OriginalImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * An image as the input of a model.
 *
 * @param planes {@code planes[channel][row * width + column]}, 0 to 1
 * @param width columns
 * @param height rows
 * @param preparation the conversion to the model's input
 * @param converted the colors that its pixels were converted from, if they were
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record ImageFile(double[][] planes, int width, int height, Preparation preparation, Optional<String> converted) {
    /**
     * The conversion of pixels to a model's input.
     *
     * @param size height and width to resize to
     * @param scale the factor of a pixel of 0 to 1
     * @param mean subtracted after that, for each channel or for all; empty for 0
     * @param std the divisor after that, for each channel or for all; empty for 1
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Preparation(Optional<int[]> size, double scale, double[] mean, double[] std) {}

    private static final double[] LUMA = {0.299, 0.587, 0.114};

    /**
     * Reads an image.
     *
     * @param channels 1 (gray) or 3 (red, green, blue)
     */
    static ImageFile read(Path file, Preparation preparation, int channels) throws IOException {
        Pixels pixels = Pixels.read(file);
        int width = pixels.width();
        int height = pixels.height();
        double[][] planes = pixels.planes().clone();
        if (channels == 1 && planes.length == 3) {
            planes = new double[][] {luma(planes)};
        } else if (channels == 3 && planes.length == 1) {
            planes = new double[][] {planes[0], planes[0].clone(), planes[0].clone()};
        }
        int[] size = preparation.size().orElse(new int[] {height, width});
        for (int c = 0; c < planes.length; c++) {
            planes[c] = resize(planes[c], height, width, size[0], size[1]);
        }
        return new ImageFile(planes, size[1], size[0], preparation, pixels.converted());
    }

    /** Returns whether an image has one channel only. */
    static boolean isGrey(Path file) throws IOException {
        double[][] planes = Pixels.read(file).planes();
        return planes.length == 1 || (Arrays.equals(planes[0], planes[1]) && Arrays.equals(planes[1], planes[2]));
    }

    private static double[] luma(double[][] planes) {
        double[] gray = new double[planes[0].length];
        for (int i = 0; i < gray.length; i++) {
            for (int c = 0; c < LUMA.length; c++) {
                gray[i] += LUMA[c] * planes[c][i];
            }
        }
        return gray;
    }

    /** Resizes bilinearly, or where it shrinks by averaging over the area of a new pixel, as image libraries do. */
    private static double[] resize(double[] plane, int height, int width, int newHeight, int newWidth) {
        double[] wide = alongRows(plane, height, width, newWidth);
        return transpose(
                alongRows(transpose(wide, height, newWidth), newWidth, height, newHeight), newWidth, newHeight);
    }

    private static double[] transpose(double[] plane, int height, int width) {
        double[] turned = new double[plane.length];
        for (int i = 0; i < plane.length; i++) {
            turned[i % width * height + i / width] = plane[i];
        }
        return turned;
    }

    private static double[] alongRows(double[] plane, int height, int width, int newWidth) {
        if (width == newWidth) {
            return plane;
        }
        double[] result = new double[height * newWidth];
        double ratio = (double) width / newWidth;
        double reach = Math.max(1, ratio);
        for (int x = 0; x < newWidth; x++) {
            double center = (x + 0.5) * ratio;
            int from = (int) Math.max(0, Math.floor(center - reach));
            int to = (int) Math.min(width, Math.ceil(center + reach));
            double total = 0;
            for (int i = from; i < to; i++) {
                double weight = Math.max(0, 1 - Math.abs(i + 0.5 - center) / reach);
                total += weight;
                for (int y = 0; y < height; y++) {
                    result[y * newWidth + x] += weight * plane[y * width + i];
                }
            }
            for (int y = 0; y < height; y++) {
                result[y * newWidth + x] /= total;
            }
        }
        return result;
    }

    /** Returns the model's input, float32, shape {@code (1, channels, height, width)}. */
    Tensor tensor(Tensors tensors) {
        int pixels = width * height;
        float[] values = new float[planes.length * pixels];
        for (int c = 0; c < planes.length; c++) {
            double mean = ofChannel("mean", preparation.mean(), c, 0);
            double std = ofChannel("std", preparation.std(), c, 1);
            for (int i = 0; i < pixels; i++) {
                values[c * pixels + i] = (float) ((planes[c][i] * preparation.scale() - mean) / std);
            }
        }
        return tensors.of(values, 1, planes.length, height, width);
    }

    /** Returns 1 where the first channel is brighter than half, else 0, shape {@code (1, 1, height, width)}. */
    Tensor flags(Tensors tensors) {
        float[] flags = new float[width * height];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = planes[0][i] > 0.5 ? 1 : 0;
        }
        return tensors.of(flags, 1, 1, height, width);
    }

    private double ofChannel(String option, double[] values, int channel, double absent) {
        if (values.length > 1 && values.length != planes.length) {
            throw new IllegalArgumentException("--" + option + ": " + values.length + " numbers for " + planes.length
                    + " channels; give one for each, or one for all");
        }
        return values.length == 0 ? absent : values[values.length == 1 ? 0 : channel];
    }

    /** Returns the image to draw under a heat map. */
    OriginalImage original() {
        double[] flat = Arrays.stream(planes).flatMapToDouble(Arrays::stream).toArray();
        return OriginalImage.of(flat, planes.length, height, width, 0, 1);
    }
}
