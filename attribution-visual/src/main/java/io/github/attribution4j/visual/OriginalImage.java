// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.visual.internal.Checks;
import io.github.attribution4j.visual.internal.Explained;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.Raster;
import java.util.Arrays;

/**
 * The image that was explained, to be drawn under or beside its attributions. The caller says which numbers are black
 * and white; the range is found only by {@link #stretched}.
 *
 * <p>Immutable.
 */
public final class OriginalImage {

    private final int width;
    private final int height;
    private final double[] red;
    private final double[] green;
    private final double[] blue;

    private OriginalImage(int width, int height, double[] red, double[] green, double[] blue) {
        this.width = width;
        this.height = height;
        this.red = red;
        this.green = green;
        this.blue = blue;
    }

    /**
     * Returns an image with its own colors; transparent parts become white. CMYK without a color profile is converted
     * by multiplying what each ink lets through.
     *
     * @param image any type and size; copied
     * @return the original
     */
    public static OriginalImage of(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
            double[] gray = gray(image);
            return new OriginalImage(width, height, gray, gray, gray);
        }
        if (isPlainInk(image.getColorModel().getColorSpace())) {
            double[][] light = light(image.getRaster());
            return new OriginalImage(width, height, light[0], light[1], light[2]);
        }
        double[][] planes = new double[3][width * height];
        int[] row = new int[width];
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int x = 0; x < width; x++) {
                int rgb = OkLab.blend(Style.PAPER, row[x] & 0xffffff, (row[x] >>> 24) / 255.0);
                for (int c = 0; c < 3; c++) {
                    planes[c][y * width + x] = rgb >> (16 - 8 * c) & 0xff;
                }
            }
        }
        return new OriginalImage(width, height, planes[0], planes[1], planes[2]);
    }

    /** CMYK without a profile: getRGB has its own formula for it, far brighter than that of other software. */
    private static boolean isPlainInk(ColorSpace space) {
        return space.getType() == ColorSpace.TYPE_CMYK && !(space instanceof ICC_ColorSpace);
    }

    /** Multiplies what cyan, magenta, yellow and black let through, 0 to 255. */
    private static double[][] light(Raster raster) {
        double[][] light = new double[4][];
        for (int band = 0; band < light.length; band++) {
            double full = Math.pow(2, raster.getSampleModel().getSampleSize(band)) - 1;
            double[] ink = raster.getSamples(0, 0, raster.getWidth(), raster.getHeight(), band, (double[]) null);
            light[band] = Arrays.stream(ink).map(value -> 1 - value / full).toArray();
        }
        double[][] planes = new double[3][light[3].length];
        for (int c = 0; c < planes.length; c++) {
            for (int i = 0; i < planes[c].length; i++) {
                planes[c][i] = 255 * light[c][i] * light[3][i];
            }
        }
        return planes;
    }

    /** Returns the stored samples, 0 to 255: getRGB takes them for linear light, and would show a file's 128 as 188. */
    private static double[] gray(BufferedImage image) {
        Raster raster = image.getRaster();
        int width = image.getWidth();
        int height = image.getHeight();
        double[] gray = raster.getSamples(0, 0, width, height, 0, (double[]) null);
        double[] alpha = raster.getNumBands() > 1 ? raster.getSamples(0, 0, width, height, 1, (double[]) null) : null;
        double white = Math.pow(2, raster.getSampleModel().getSampleSize(0)) - 1;
        for (int i = 0; i < gray.length; i++) {
            double opacity = alpha == null ? 1 : alpha[i] / white;
            gray[i] = 255 * (1 - opacity + opacity * gray[i] / white);
        }
        return gray;
    }

    /**
     * Returns an image from a model's input.
     *
     * @param values shape {@code [channels, height, width]}, row-major; copied
     * @param channels 1 (gray) or 3 (red, green, blue)
     * @param height rows
     * @param width columns
     * @param black the value shown as black; smaller values are black too
     * @param white the value shown as white, above {@code black}; larger values are white too
     * @return the original
     * @throws IllegalArgumentException if the sizes do not fit, a value is not finite, or {@code white ≤ black}
     */
    public static OriginalImage of(double[] values, int channels, int height, int width, double black, double white) {
        if (channels != 1 && channels != 3) {
            throw Checks.refuse(
                    "channels", channels, "an image has 1 (gray) or 3 (RGB) channels; pick or average channels first");
        }
        HeatMap.checkShape("values", values.length, channels, height, width);
        Checks.finite("values", values);
        if (!(Checks.finite("white", white) > Checks.finite("black", black))) {
            throw Checks.refuse(
                    "white", white, "it must be above black (" + black + "); give the range of the pixel values");
        }
        int pixels = height * width;
        double[][] planes = new double[channels][pixels];
        for (int c = 0; c < channels; c++) {
            for (int i = 0; i < pixels; i++) {
                double unit = (values[c * pixels + i] - black) / (white - black);
                planes[c][i] = 255 * Math.min(1, Math.max(0, unit));
            }
        }
        return channels == 1
                ? new OriginalImage(width, height, planes[0], planes[0], planes[0])
                : new OriginalImage(width, height, planes[0], planes[1], planes[2]);
    }

    /**
     * As {@link #of(double[], int, int, int, double, double)}, for float32 values.
     *
     * @param values shape {@code [channels, height, width]}, row-major; copied
     * @param channels 1 (gray) or 3 (red, green, blue)
     * @param height rows
     * @param width columns
     * @param black the value shown as black
     * @param white the value shown as white, above {@code black}
     * @return the original
     * @throws IllegalArgumentException if the sizes do not fit, a value is not finite, or {@code white ≤ black}
     */
    public static OriginalImage of(float[] values, int channels, int height, int width, double black, double white) {
        return of(Checks.widen(values), channels, height, width, black, white);
    }

    /**
     * Returns one image of a model's input batch.
     *
     * @param batch shape {@code [N, C, H, W]} or {@code [N, H, W]} with C of 1 or 3; copied, not closed
     * @param example which row of the batch
     * @param black the value shown as black
     * @param white the value shown as white, above {@code black}
     * @return the original
     * @throws IllegalArgumentException if it is no image, the example is out of range, or {@code white ≤ black}
     */
    public static OriginalImage of(Tensor batch, int example, double black, double white) {
        int[] shape = Explained.imageShape("batch", batch);
        return of(Explained.row("batch", batch, example), shape[0], shape[1], shape[2], black, white);
    }

    /**
     * As {@link #stretched(double[], int, int, int)}, for one image of a batch.
     *
     * @param batch shape {@code [N, C, H, W]} or {@code [N, H, W]} with C of 1 or 3; copied, not closed
     * @param example which row of the batch
     * @return the original
     * @throws IllegalArgumentException if it is no image or the example is out of range
     */
    public static OriginalImage stretched(Tensor batch, int example) {
        int[] shape = Explained.imageShape("batch", batch);
        return stretched(Explained.row("batch", batch, example), shape[0], shape[1], shape[2]);
    }

    /**
     * Returns an image whose smallest value is black and whose largest is white, for inputs of unknown range, such as
     * standardized ones. All channels share the range, so hues are preserved. A constant image is mid-gray.
     *
     * @param values shape {@code [channels, height, width]}, row-major; copied
     * @param channels 1 (gray) or 3 (red, green, blue)
     * @param height rows
     * @param width columns
     * @return the original
     * @throws IllegalArgumentException if the sizes do not fit or a value is not finite
     */
    public static OriginalImage stretched(double[] values, int channels, int height, int width) {
        double min = Double.POSITIVE_INFINITY;
        double max = Double.NEGATIVE_INFINITY;
        for (double v : Checks.finite("values", values)) {
            min = Math.min(min, v);
            max = Math.max(max, v);
        }
        return min < max
                ? of(values, channels, height, width, min, max)
                : of(new double[values.length], channels, height, width, -1, 1);
    }

    /** Returns the width in pixels. */
    public int width() {
        return width;
    }

    /** Returns the height in pixels. */
    public int height() {
        return height;
    }

    /** Returns the pixels at another size. */
    int[] rgb(int columns, int rows, boolean smooth) {
        double[] r = resized(red, columns, rows, smooth);
        double[] g = green == red ? r : resized(green, columns, rows, smooth);
        double[] b = blue == red ? r : resized(blue, columns, rows, smooth);
        int[] out = new int[columns * rows];
        for (int i = 0; i < out.length; i++) {
            out[i] = (int) Math.rint(r[i]) << 16 | (int) Math.rint(g[i]) << 8 | (int) Math.rint(b[i]);
        }
        return out;
    }

    private double[] resized(double[] plane, int columns, int rows, boolean smooth) {
        return smooth
                ? Resample.smooth(plane, width, height, columns, rows)
                : Resample.nearest(plane, width, height, columns, rows);
    }

    @Override
    public String toString() {
        return "OriginalImage[" + width + "x" + height + "]";
    }
}
