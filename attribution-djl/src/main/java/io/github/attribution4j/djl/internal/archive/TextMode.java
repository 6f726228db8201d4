// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.Set;

/**
 * Finds out whether a damaged file was transferred in text mode. Such a transfer changes line ends wherever their bytes
 * occur in the file, which damages every zip. The signs are counts of carriage returns and line feeds that no
 * compressed file has by chance.
 */
final class TextMode {
    private static final Set<Reason> DAMAGED =
            EnumSet.of(Reason.CORRUPT, Reason.INCOMPLETE, Reason.TRUNCATED, Reason.UNKNOWN_VERSION, Reason.UNSUPPORTED);

    private static final byte[] END = {'P', 'K', 5, 6};
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};

    /** A smaller file may have no carriage return by chance. */
    private static final int ENOUGH = 2048;

    private static final int MANY = 8;
    private static final int END_SIZE = 22;

    /** The 64-bit end record and the locator behind it. */
    private static final int END64_SIZE = 76;

    private static final String REMEDY =
            "; copy it again as a binary file (git: '*.pt binary' in .gitattributes; FTP: type binary)";

    private long size;
    private long returns;
    private long feeds;
    /**
     * How often the bytes next to a carriage return's value occur: 11, 12 and 14. If those do not occur either, a
     * missing carriage return proves nothing.
     */
    private long neighbors;

    private long pairs;
    private long replaced;
    private long wide;
    private int following;
    private boolean utf8 = true;
    private long end = -1;
    private long lost;

    private TextMode() {}

    /**
     * Returns the exception to throw in place of {@code failure}: one that names the transfer in text mode, or
     * {@code failure} itself if there was none.
     */
    static ArchiveException explained(ArchiveException failure, String file, ByteSource source) {
        if (!DAMAGED.contains(failure.reason())) {
            return failure;
        }
        TextMode bytes = new TextMode();
        try (ByteSource.Reader reader = source.open()) {
            bytes.scan(reader, source.size());
        } catch (IOException e) {
            failure.addSuppressed(e);
            return failure;
        }
        String sign = bytes.sign();
        return sign.isEmpty()
                ? failure
                : new ArchiveException(
                        Reason.CORRUPT,
                        file + ": was damaged by a transfer in text mode (" + sign + ")" + REMEDY,
                        failure);
    }

    private void scan(ByteSource.Reader reader, long length) throws IOException {
        size = length;
        byte[] chunk = new byte[ByteSource.CHUNK];
        byte before = 0;
        int matched = 0;
        int replacement = 0;
        for (long done = 0; done < length; done += chunk.length) {
            int n = (int) Math.min(chunk.length, length - done);
            reader.readFully(done, chunk, 0, n);
            for (int i = 0; i < n; i++) {
                byte b = chunk[i];
                returns += b == '\r' ? 1 : 0;
                feeds += b == '\n' ? 1 : 0;
                neighbors += b == '\r' - 2 || b == '\r' - 1 || b == '\r' + 1 ? 1 : 0;
                pairs += b == '\n' && before == '\r' ? 1 : 0;
                matched = b == END[matched] ? matched + 1 : b == END[0] ? 1 : 0;
                if (matched == END.length) {
                    end = done + i + 1 - END.length;
                    matched = 0;
                }
                encoded(b & 0xFF);
                replacement = b == REPLACEMENT[replacement] ? replacement + 1 : b == REPLACEMENT[0] ? 1 : 0;
                if (replacement == REPLACEMENT.length) {
                    replaced++;
                    replacement = 0;
                }
                before = b;
            }
        }
        if (end >= 0 && end + END_SIZE <= length) {
            // For a large file, PyTorch also writes the 64-bit records in front, and the 32-bit record may hold no
            // numbers.
            int more = end >= END64_SIZE ? END64_SIZE : 0;
            ByteBuffer record =
                    ByteBuffer.wrap(reader.read(end - more, more + END_SIZE)).order(ByteOrder.LITTLE_ENDIAN);
            boolean large = more > 0 && record.getInt(0) == 0x06064b50;
            long directory = large
                    ? record.getLong(40) + record.getLong(48)
                    : (record.getInt(more + 12) & 0xFFFFFFFFL) + (record.getInt(more + 16) & 0xFFFFFFFFL);
            lost = directory - (large ? end - more : end);
        }
    }

    /** Checks whether the bytes so far are UTF-8 text. The bytes of tensors never are. */
    private void encoded(int b) {
        if (following > 0) {
            utf8 &= b >> 6 == 2;
            following--;
        } else if (b >= 0x80) {
            wide++;
            following = b >> 5 == 6 ? 1 : b >> 4 == 14 ? 2 : b >> 3 == 30 ? 3 : 0;
            utf8 &= following > 0;
        }
    }

    /**
     * Returns the sign of a transfer in text mode; empty if there is none. A file without an end record was cut off
     * instead.
     */
    private String sign() {
        if (end < 0) {
            return "";
        }
        if (replaced >= MANY) {
            return replaced + " bytes were replaced by U+FFFD, as by a program that reads a file as UTF-8";
        }
        if (utf8 && wide >= MANY) {
            return "all of its bytes are UTF-8 text";
        }
        if (size < ENOUGH) {
            return "";
        }
        if (returns == 0 && feeds > 0 && neighbors > 2 * MANY) {
            return "no carriage return is left in its " + size + " bytes";
        }
        if (feeds == 0 && returns > 0 && neighbors > 2 * MANY) {
            return "no line feed is left in its " + size + " bytes";
        }
        if (lost > 0 && pairs == 0 && feeds > 0) {
            return "it has " + lost + " bytes less than its directory says, and no carriage return before a line feed";
        }
        return pairs == feeds && feeds > MANY ? "each of its " + feeds + " line feeds is after a carriage return" : "";
    }
}
