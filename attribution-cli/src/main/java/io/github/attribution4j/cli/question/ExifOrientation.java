// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** The EXIF orientation of a JPEG or PNG file, 1 to 8. */
final class ExifOrientation {
    static final int UPRIGHT = 1;

    private static final int MOST = 8;
    private static final int ORIENTATION = 0x112;
    private static final int ENTRY_BYTES = 12;
    private static final String JPEG_MARK = "Exif\0\0";
    private static final String PNG_MARK = "eXIf";
    /** How many bytes at the start of a file are searched for a JPEG's segments and a PNG's chunks of metadata. */
    private static final int LOOKED_AT = 1 << 20;

    private ExifOrientation() {}

    /** Returns the orientation; upright if there is none, or it is invalid. */
    static int of(byte[] file) {
        String start = new String(file, 0, Math.min(file.length, LOOKED_AT), StandardCharsets.ISO_8859_1);
        int jpeg = file.length > 1 && file[0] == (byte) 0xff ? start.indexOf(JPEG_MARK) : -1;
        int png = start.startsWith("PNG", 1) ? start.indexOf(PNG_MARK) : -1;
        int from = jpeg >= 0 ? jpeg + JPEG_MARK.length() : png >= 0 ? png + PNG_MARK.length() : file.length;
        return orientation(ByteBuffer.wrap(file, from, file.length - from).slice());
    }

    /** Reads the first directory of a TIFF. */
    private static int orientation(ByteBuffer tiff) {
        if (tiff.remaining() < ENTRY_BYTES) {
            return UPRIGHT;
        }
        tiff.order(tiff.get(0) == 'I' ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        int directory = tiff.getInt(4);
        if (directory < 0 || directory > tiff.limit() - 2) {
            return UPRIGHT;
        }
        int entries = tiff.getChar(directory);
        for (int i = 0; i < entries; i++) {
            int at = directory + 2 + i * ENTRY_BYTES;
            if (at + ENTRY_BYTES > tiff.limit()) {
                break;
            }
            if (tiff.getChar(at) == ORIENTATION) {
                int value = tiff.getChar(at + 8);
                return value <= MOST ? Math.max(value, UPRIGHT) : UPRIGHT;
            }
        }
        return UPRIGHT;
    }
}
