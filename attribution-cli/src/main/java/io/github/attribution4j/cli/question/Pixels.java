// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.awt.color.CMMException;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.awt.image.ColorConvertOp;
import java.awt.image.DataBuffer;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;

/**
 * The pixels of an image file as sRGB or gray, whatever the colors of the file.
 *
 * @param planes one (gray) or three (red, green, blue), {@code planes[channel][row * width + column]}, 0 to 1
 * @param width columns
 * @param height rows
 * @param converted the colors that they were converted from, if they were
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Pixels(double[][] planes, int width, int height, Optional<String> converted) {
    private static final String INKS = "CMYK";
    private static final String OF_PROFILE = "the colors of its profile";
    private static final int FINEST = 65535;
    /** Two profiles count as the same if no color differs by half a step of eight bits. */
    private static final double SAME = 0.5 / 255;

    static Pixels read(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        ImageHeader header = ImageHeader.of(bytes);
        try {
            return header.inks() ? inks(file, bytes, header) : decode(file, bytes, header);
        } catch (IOException | IllegalArgumentException | CMMException e) {
            String message = String.valueOf(e.getMessage());
            throw new IOException(
                    message.startsWith(file + ":") ? message : file + ": cannot be read as an image: " + message, e);
        }
    }

    private static Pixels decode(Path file, byte[] bytes, ImageHeader header) throws IOException {
        BufferedImage image = ImageIO.read(new ByteArrayInputStream(bytes));
        if (image == null) {
            throw new IOException(file + ": is not an image that can be read; give PNG, JPEG, GIF or BMP");
        }
        int type = image.getRaster().getTransferType();
        if (type == DataBuffer.TYPE_FLOAT || type == DataBuffer.TYPE_DOUBLE) {
            throw new IOException(file + ": holds floating-point pixels, whose range it does not say; save it as .npy");
        }
        Pixels stored = stored(file, image);
        ColorSpace space = image.getColorModel().getColorSpace();
        Optional<ICC_Profile> profile = header.profile();
        if (space instanceof ICC_ColorSpace own && !space.isCS_sRGB() && space.getType() != ColorSpace.TYPE_GRAY) {
            profile = Optional.of(own.getProfile());
        } else if (space.getType() == ColorSpace.TYPE_CMYK) {
            return new Pixels(light(stored.planes), stored.width, stored.height, Optional.of(INKS));
        } else if (profile.isPresent() && profile.get().getNumComponents() == 3 && isJpeg(bytes)) {
            // Java's reader has converted it.
            return isStandard(profile.get()) ? stored : stored.converted(OF_PROFILE);
        }
        return profile.isPresent() ? stored.from(profile.get()) : stored;
    }

    private static boolean isJpeg(byte[] bytes) {
        return bytes[0] == (byte) 0xff;
    }

    /** Reads stored samples: getRGB applies an additional gamma to gray images. */
    private static Pixels stored(Path file, BufferedImage image) throws IOException {
        Raster raster = image.getRaster();
        int bands = raster.getNumBands();
        boolean alpha = image.getColorModel().hasAlpha();
        int colors = bands - (alpha ? 1 : 0);
        int width = image.getWidth();
        int height = image.getHeight();
        int expected = image.getColorModel().getColorSpace().getNumComponents();
        if (image.getColorModel() instanceof IndexColorModel || colors != expected || colors == 2 || colors > 4) {
            BufferedImage plain = new BufferedImage(width, height, BufferedImage.TYPE_INT_ARGB);
            plain.createGraphics().drawImage(image, 0, 0, null);
            return stored(file, plain);
        }
        double[][] planes = samples(raster);
        if (alpha && Arrays.stream(planes[bands - 1]).anyMatch(value -> value < 1)) {
            throw new IOException(
                    file + ": has transparent parts, which no model sees; flatten it on a background first");
        }
        return new Pixels(Arrays.copyOf(planes, colors), width, height, Optional.empty());
    }

    private static double[][] samples(Raster raster) {
        double[][] planes = new double[raster.getNumBands()][raster.getWidth() * raster.getHeight()];
        for (int band = 0; band < planes.length; band++) {
            raster.getSamples(
                    raster.getMinX(), raster.getMinY(), raster.getWidth(), raster.getHeight(), band, planes[band]);
            double largest = Math.pow(2, raster.getSampleModel().getSampleSize(band)) - 1;
            for (int i = 0; i < planes[band].length; i++) {
                planes[band][i] /= largest;
            }
        }
        return planes;
    }

    /** Reads a CMYK JPEG, which not every JDK reads as an image. It stores the light that each ink lets through. */
    private static Pixels inks(Path file, byte[] bytes, ImageHeader header) throws IOException {
        Raster raster = raster(file, bytes);
        double[][] light = samples(raster);
        if (header.lumaOfInks()) {
            for (int i = 0; i < light[0].length; i++) {
                double luma = light[0][i];
                double blue = light[1][i] - 128 / 255.0;
                double red = light[2][i] - 128 / 255.0;
                light[0][i] = 1 - unit(luma + 1.402 * red);
                light[1][i] = 1 - unit(luma - 0.344136286 * blue - 0.714136286 * red);
                light[2][i] = 1 - unit(luma + 1.772 * blue);
            }
        }
        double[][] inks = new double[light.length][];
        for (int c = 0; c < light.length; c++) {
            inks[c] = Arrays.stream(light[c]).map(value -> 1 - value).toArray();
        }
        Pixels pixels = new Pixels(inks, raster.getWidth(), raster.getHeight(), Optional.empty());
        Optional<ICC_Profile> profile = header.profile().filter(icc -> icc.getNumComponents() == 4);
        return profile.isPresent()
                ? pixels.from(profile.get())
                : new Pixels(light(inks), pixels.width, pixels.height, Optional.of(INKS));
    }

    private Pixels converted(String from) {
        return new Pixels(planes, width, height, Optional.of(from));
    }

    private static double unit(double value) {
        return Math.min(1, Math.max(0, value));
    }

    private static Raster raster(Path file, byte[] bytes) throws IOException {
        ImageReader reader = ImageIO.getImageReadersByFormatName("jpeg").next();
        try (ImageInputStream in = ImageIO.createImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in);
            Raster raster = reader.readRaster(0, null);
            if (raster.getNumBands() != 4) {
                throw new IOException(file + ": names four inks and holds " + raster.getNumBands() + " planes");
            }
            return raster;
        } finally {
            reader.dispose();
        }
    }

    /** CMYK without a profile: multiplies what cyan, magenta, yellow and black let through. */
    private static double[][] light(double[][] inks) {
        double[][] planes = new double[3][inks[0].length];
        for (int c = 0; c < planes.length; c++) {
            for (int i = 0; i < planes[c].length; i++) {
                planes[c][i] = (1 - inks[c][i]) * (1 - inks[3][i]);
            }
        }
        return planes;
    }

    /**
     * Returns the samples converted from the profile to sRGB; unchanged if it is sRGB or not a profile of such samples.
     */
    private Pixels from(ICC_Profile profile) {
        int channels = profile.getNumComponents();
        double[][] samples = planes;
        if (channels == 1
                && planes.length == 3
                && Arrays.equals(planes[0], planes[1])
                && Arrays.equals(planes[1], planes[2])) {
            samples = new double[][] {planes[0]};
        }
        if (channels != samples.length || isStandard(profile)) {
            return this;
        }
        double[][] colors = convert(samples, profile);
        if (channels == 1) {
            colors = new double[][] {colors[1]};
        }
        return new Pixels(colors, width, height, Optional.of(OF_PROFILE));
    }

    /** Returns whether a profile of three channels changes nothing, as is true of most profiles in files. */
    private static boolean isStandard(ICC_Profile profile) {
        if (profile.getNumComponents() != 3) {
            return false;
        }
        int steps = 6;
        double[][] grid = new double[3][steps * steps * steps];
        for (int i = 0; i < grid[0].length; i++) {
            int step = i;
            for (double[] channel : grid) {
                channel[i] = step % steps / (steps - 1.0);
                step /= steps;
            }
        }
        double[][] colors = convert(grid, profile);
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < grid[c].length; i++) {
                if (Math.abs(colors[c][i] - grid[c][i]) > SAME) {
                    return false;
                }
            }
        }
        return true;
    }

    private static double[][] convert(double[][] samples, ICC_Profile profile) {
        int count = samples[0].length;
        WritableRaster from = Raster.createBandedRaster(DataBuffer.TYPE_USHORT, count, 1, samples.length, null);
        for (int c = 0; c < samples.length; c++) {
            from.setSamples(
                    0,
                    0,
                    count,
                    1,
                    c,
                    Arrays.stream(samples[c]).map(v -> Math.rint(v * FINEST)).toArray());
        }
        WritableRaster to = Raster.createBandedRaster(DataBuffer.TYPE_USHORT, count, 1, 3, null);
        ICC_Profile[] profiles = {profile, ICC_Profile.getInstance(ColorSpace.CS_sRGB)};
        new ColorConvertOp(profiles, null).filter(from, to);
        return samples(to);
    }
}
