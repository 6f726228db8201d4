// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual.internal;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferInt;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/**
 * PNG in memory. {@link javax.imageio.ImageIO} tries five filters on each line. Charts are flat: a palette is enough
 * for most of them and one filter for the rest, in a fraction of the time.
 */
public final class Png {

    private static final double CSS_PIXELS_PER_METER = 96 / 0.0254;
    private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int MOST_COLORS = 256;
    /** From the next level on, encoding takes twice the time, and files shrink by a sixth. */
    private static final int LEVEL = 3;

    private Png() {}

    public static BufferedImage image(int columns, int rows, int[] rgb) {
        BufferedImage image = new BufferedImage(columns, rows, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, columns, rows, rgb, 0, columns);
        return image;
    }

    /** Encodes an image with its physical size, so that a picture at scale 2 prints as large as one at scale 1. */
    public static byte[] encode(BufferedImage image, double scale) {
        int width = image.getWidth();
        int height = image.getHeight();
        int[] rgb = pixels(image);
        Palette palette = new Palette();
        byte[] indexes = palette.indexes(rgb);
        boolean plain = indexes.length == 0;
        try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(SIGNATURE);
            chunk(out, "IHDR", header(width, height, plain ? 2 : 3));
            chunk(out, "pHYs", resolution(scale));
            if (!plain) {
                chunk(out, "PLTE", palette.bytes());
            }
            chunk(out, "IDAT", deflated(plain ? lines(rgb, width, height) : lines(indexes, width, height)));
            chunk(out, "IEND", new byte[0]);
            return bytes.toByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException("PNG could not be encoded: " + e.getMessage(), e);
        }
    }

    private static int[] pixels(BufferedImage image) {
        boolean direct = image.getType() == BufferedImage.TYPE_INT_RGB
                && image.getRaster().getParent() == null
                && image.getRaster().getDataBuffer() instanceof DataBufferInt;
        return direct
                ? ((DataBufferInt) image.getRaster().getDataBuffer()).getData()
                : image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
    }

    private static byte[] header(int width, int height, int kind) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(width);
            out.writeInt(height);
            out.write(new byte[] {8, (byte) kind, 0, 0, 0});
        }
        return bytes.toByteArray();
    }

    private static byte[] resolution(double scale) throws IOException {
        int perMetre = (int) Math.round(CSS_PIXELS_PER_METER * scale);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.writeInt(perMetre);
            out.writeInt(perMetre);
            out.write(1);
        }
        return bytes.toByteArray();
    }

    private static void chunk(DataOutputStream out, String name, byte[] data) throws IOException {
        byte[] type = name.getBytes(StandardCharsets.US_ASCII);
        CRC32 check = new CRC32();
        check.update(type);
        check.update(data);
        out.writeInt(data.length);
        out.write(type);
        out.write(data);
        out.writeInt((int) check.getValue());
    }

    private static byte[] lines(byte[] indexes, int width, int height) {
        byte[] lines = new byte[height * (width + 1)];
        for (int y = 0; y < height; y++) {
            System.arraycopy(indexes, y * width, lines, y * (width + 1) + 1, width);
        }
        return lines;
    }

    /** Returns lines without a filter for flat drawings, whose lines repeat, and filtered lines for others. */
    private static byte[] lines(int[] rgb, int width, int height) {
        int repeated = 0;
        for (int i = 1; i < rgb.length; i++) {
            repeated += rgb[i] == rgb[i - 1] ? 1 : 0;
        }
        return 2 * repeated > rgb.length ? unfiltered(rgb, width, height) : filtered(rgb, width, height);
    }

    /** Most lines of a chart are those above again, and are copied. */
    private static byte[] unfiltered(int[] rgb, int width, int height) {
        int stride = 3 * width + 1;
        byte[] lines = new byte[height * stride];
        for (int y = 0; y < height; y++) {
            int from = y * width;
            int at = y * stride;
            if (y > 0 && Arrays.equals(rgb, from - width, from, rgb, from, from + width)) {
                System.arraycopy(lines, at - stride, lines, at, stride);
                continue;
            }
            at++;
            for (int x = 0; x < width; x++) {
                int color = rgb[from + x];
                lines[at] = (byte) (color >> 16);
                lines[at + 1] = (byte) (color >> 8);
                lines[at + 2] = (byte) color;
                at += 3;
            }
        }
        return lines;
    }

    /** Returns each line as its difference from the line above, or from its own previous pixel if that is smaller. */
    private static byte[] filtered(int[] rgb, int width, int height) {
        int stride = 3 * width + 1;
        byte[] lines = new byte[height * stride];
        byte[] above = new byte[stride];
        byte[] left = new byte[stride];
        for (int y = 0; y < height; y++) {
            left[0] = 1;
            above[0] = 2;
            int byLeft = 0;
            int byAbove = 0;
            for (int x = 0; x < width; x++) {
                int here = rgb[y * width + x];
                int before = x == 0 ? 0 : rgb[y * width + x - 1];
                int over = y == 0 ? 0 : rgb[(y - 1) * width + x];
                for (int c = 0; c < 3; c++) {
                    int shift = 16 - 8 * c;
                    byte horizontal = (byte) ((here >> shift) - (before >> shift));
                    byte vertical = (byte) ((here >> shift) - (over >> shift));
                    left[3 * x + c + 1] = horizontal;
                    above[3 * x + c + 1] = vertical;
                    byLeft += Math.abs(horizontal);
                    byAbove += Math.abs(vertical);
                }
            }
            System.arraycopy(byLeft < byAbove ? left : above, 0, lines, y * stride, stride);
        }
        return lines;
    }

    private static byte[] deflated(byte[] lines) {
        Deflater deflater = new Deflater(LEVEL);
        try {
            deflater.setInput(lines);
            deflater.finish();
            ByteArrayOutputStream bytes = new ByteArrayOutputStream(lines.length / 16 + 64);
            byte[] buffer = new byte[1 << 16];
            while (!deflater.finished()) {
                bytes.write(buffer, 0, deflater.deflate(buffer));
            }
            return bytes.toByteArray();
        } finally {
            deflater.end();
        }
    }

    /** The colors of an image, if they are few. */
    private static final class Palette {
        private final int[] colors = new int[MOST_COLORS];
        private final int[] slots = new int[4 * MOST_COLORS];
        private int count;

        /** Returns the index of each pixel's color in the palette; empty if there are too many colors. */
        byte[] indexes(int[] rgb) {
            byte[] indexes = new byte[rgb.length];
            int last = 0;
            int lastIndex = -1;
            for (int i = 0; i < rgb.length; i++) {
                int color = rgb[i] & 0xffffff;
                if (lastIndex < 0 || color != last) {
                    last = color;
                    lastIndex = index(color);
                    if (lastIndex < 0) {
                        return new byte[0];
                    }
                }
                indexes[i] = (byte) lastIndex;
            }
            return indexes;
        }

        private int index(int color) {
            int slot = (color * 0x9e3779b1) >>> 22;
            while (slots[slot] != 0) {
                int known = slots[slot] - 1;
                if (colors[known] == color) {
                    return known;
                }
                slot = (slot + 1) % slots.length;
            }
            if (count == MOST_COLORS) {
                return -1;
            }
            colors[count] = color;
            slots[slot] = ++count;
            return count - 1;
        }

        byte[] bytes() {
            byte[] bytes = new byte[3 * count];
            for (int i = 0; i < count; i++) {
                bytes[3 * i] = (byte) (colors[i] >> 16);
                bytes[3 * i + 1] = (byte) (colors[i] >> 8);
                bytes[3 * i + 2] = (byte) colors[i];
            }
            return bytes;
        }
    }
}
