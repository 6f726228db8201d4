// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Checks one entry while its bytes are read for another purpose: their checksum, and that they inflate to the size that
 * the directory claims.
 */
final class Checksum implements AutoCloseable {
    private final String file;
    private final ZipMember member;
    private final CRC32 crc = new CRC32();
    private final @Nullable Inflater inflater;
    private final byte[] inflated;
    private long size;

    Checksum(String file, ZipMember member) {
        this.file = file;
        this.member = member;
        boolean deflated = member.method() == ZipMember.DEFLATED;
        this.inflater = deflated ? new Inflater(true) : null;
        this.inflated = new byte[deflated ? 1 << 16 : 0];
    }

    /** Takes the next bytes, as they are stored. */
    void update(byte[] bytes, int start, int length) {
        if (inflater == null) {
            crc.update(bytes, start, length);
            size += length;
            return;
        }
        inflater.setInput(bytes, start, length);
        try {
            for (int n = inflater.inflate(inflated); n > 0; n = inflater.inflate(inflated)) {
                crc.update(inflated, 0, n);
                size += n;
                if (size > member.size()) {
                    throw damaged();
                }
            }
        } catch (DataFormatException e) {
            throw new ArchiveException(
                    Reason.CORRUPT,
                    file + ": entry '" + member.name() + "' cannot be decompressed; copy the file again",
                    e);
        }
    }

    /**
     * Checks the entry after its last byte.
     *
     * @throws ArchiveException if size or checksum is not what the directory claims
     */
    void check() {
        if (size != member.size() || (int) crc.getValue() != member.crc()) {
            throw damaged();
        }
    }

    private ArchiveException damaged() {
        return new ArchiveException(
                Reason.CORRUPT,
                file + ": the checksum of entry '" + member.name()
                        + "' does not match; the file is damaged, copy it again");
    }

    @Override
    public void close() {
        if (inflater != null) {
            inflater.end();
        }
    }
}
