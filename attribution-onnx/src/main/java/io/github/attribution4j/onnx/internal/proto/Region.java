// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.io.IOException;
import java.io.OutputStream;

/**
 * A part of a file, which is known to end within the file.
 *
 * @param bytes the file
 * @param offset of its first byte
 * @param length its number of bytes; may exceed the largest array
 */
public record Region(Bytes bytes, long offset, long length) {
    private static final int CHUNK = 1 << 16;

    /** Checks that the part is within the file. */
    public Region {
        if (offset < 0 || length < 0 || length > bytes.size() - offset) {
            throw new FormatException(
                    Reason.TRUNCATED,
                    "the file has " + bytes.size() + " bytes, but something of " + length + " bytes should begin at "
                            + offset + "; the file is incomplete or damaged: fetch it again");
        }
    }

    /** The whole file. */
    public static Region of(Bytes bytes) {
        return new Region(bytes, 0, bytes.size());
    }

    public long end() {
        return offset + length;
    }

    /**
     * Copies the bytes.
     *
     * @param limit the most bytes that the caller expects
     * @param what the name of the bytes in an error
     */
    public byte[] copy(int limit, String what) {
        if (length > limit) {
            throw new FormatException(
                    Reason.TOO_LARGE, what + " takes " + length + " bytes; at most " + limit + " are read");
        }
        byte[] copy = new byte[(int) length];
        bytes.read(offset, copy, 0, copy.length);
        return copy;
    }

    void write(OutputStream out) throws IOException {
        byte[] chunk = new byte[(int) Math.min(length, CHUNK)];
        for (long done = 0; done < length; done += chunk.length) {
            int n = (int) Math.min(chunk.length, length - done);
            bytes.read(offset + done, chunk, 0, n);
            out.write(chunk, 0, n);
        }
    }
}
