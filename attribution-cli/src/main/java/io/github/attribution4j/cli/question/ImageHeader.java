// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.awt.color.ICC_Profile;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.InflaterInputStream;

/**
 * What a PNG or JPEG file says about its colors and Java's readers do not return.
 *
 * @param profile how samples become colors
 * @param inks whether it is a CMYK JPEG
 * @param lumaOfInks whether CMYK is stored as luma and chroma
 */
record ImageHeader(Optional<ICC_Profile> profile, boolean inks, boolean lumaOfInks) {
    private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    private static final int START_OF_JPEG = 0xffd8;
    private static final int START_OF_SCAN = 0xda;
    private static final int PROFILE_MARKER = 0xe2;
    private static final int ADOBE_MARKER = 0xee;
    private static final byte[] PROFILE_NAME = "ICC_PROFILE\0".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] ADOBE_NAME = "Adobe".getBytes(StandardCharsets.US_ASCII);
    private static final int MOST_PROFILE_BYTES = 1 << 24;

    /** Reads a header. The reader of the pixels reports what is invalid. */
    static ImageHeader of(byte[] file) {
        if (startsWith(file, 0, PNG)) {
            return new ImageHeader(pngProfile(ByteBuffer.wrap(file)), false, false);
        }
        if (file.length > 4 && ByteBuffer.wrap(file).getChar() == START_OF_JPEG) {
            return ofJpeg(file);
        }
        return new ImageHeader(Optional.empty(), false, false);
    }

    private static boolean startsWith(byte[] bytes, int from, byte[] name) {
        return from + name.length <= bytes.length
                && Arrays.equals(bytes, from, from + name.length, name, 0, name.length);
    }

    private static Optional<ICC_Profile> pngProfile(ByteBuffer file) {
        byte[] name = new byte[4];
        file.position(PNG.length);
        while (file.remaining() >= 12) {
            int length = file.getInt();
            file.get(name);
            if (length < 0 || length > file.remaining()) {
                return Optional.empty();
            }
            if (new String(name, StandardCharsets.US_ASCII).equals("iCCP")) {
                byte[] chunk = new byte[length];
                file.get(chunk);
                return inflated(chunk).flatMap(ImageHeader::profile);
            }
            file.position(Math.min(file.limit(), file.position() + length + 4));
        }
        return Optional.empty();
    }

    /** A name, 0, the kind of compression, and the compressed profile. */
    private static Optional<byte[]> inflated(byte[] chunk) {
        int end = 0;
        while (end < chunk.length && chunk[end] != 0) {
            end++;
        }
        if (end + 2 > chunk.length) {
            return Optional.empty();
        }
        try (InflaterInputStream in =
                new InflaterInputStream(new ByteArrayInputStream(chunk, end + 2, chunk.length - end - 2))) {
            return Optional.of(in.readNBytes(MOST_PROFILE_BYTES));
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    private static ImageHeader ofJpeg(byte[] file) {
        ByteArrayOutputStream profile = new ByteArrayOutputStream();
        int components = 0;
        boolean luma = false;
        int at = 2;
        while (at + 4 <= file.length && (file[at] & 0xff) == 0xff) {
            int marker = file[at + 1] & 0xff;
            if (marker == 0xff) {
                at++;
                continue;
            }
            int length = ByteBuffer.wrap(file).getChar(at + 2);
            int end = at + 2 + length;
            if (marker == START_OF_SCAN || length < 2 || end > file.length) {
                break;
            }
            int from = at + 4;
            if (marker == PROFILE_MARKER && startsWith(file, from, PROFILE_NAME)) {
                int part = from + PROFILE_NAME.length + 2;
                profile.write(file, part, Math.max(0, end - part));
            } else if (marker == ADOBE_MARKER && startsWith(file, from, ADOBE_NAME) && length >= 14) {
                luma = file[from + 11] == 2;
            } else if (isStartOfFrame(marker) && length >= 8) {
                components = file[from + 5] & 0xff;
            }
            at = end;
        }
        return new ImageHeader(profile(profile.toByteArray()), components == 4, luma);
    }

    /** SOF0 to SOF15, without the three other markers among them. */
    private static boolean isStartOfFrame(int marker) {
        return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    }

    /** A damaged profile counts as none, as in other readers. */
    private static Optional<ICC_Profile> profile(byte[] bytes) {
        try {
            return bytes.length == 0 ? Optional.empty() : Optional.of(ICC_Profile.getInstance(bytes));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
