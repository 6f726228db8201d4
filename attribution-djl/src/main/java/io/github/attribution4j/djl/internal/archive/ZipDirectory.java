// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.jspecify.annotations.Nullable;

/**
 * Reads a zip by its central directory. {@link java.util.zip.ZipFile} would not do: it reads files only, it hides
 * duplicate entries, and it does not give the raw bytes that are needed to copy entries without inflating them.
 */
final class ZipDirectory {
    private static final int END = 0x06054b50;
    private static final int END64 = 0x06064b50;
    private static final int LOCATOR64 = 0x07064b50;
    private static final int CENTRAL = 0x02014b50;
    private static final int LOCAL = 0x04034b50;
    private static final int END_SIZE = 22;
    private static final int LOCATOR64_SIZE = 20;
    private static final int END64_SIZE = 56;
    private static final int CENTRAL_SIZE = 46;
    private static final int LOCAL_SIZE = 30;
    private static final long MAX32 = 0xFFFFFFFFL;

    private final String file;
    private final ByteSource.Reader source;
    private final long size;
    private final Limits limits;

    ZipDirectory(String file, ByteSource.Reader source, long size, Limits limits) {
        this.file = file;
        this.source = source;
        this.size = size;
        this.limits = limits;
    }

    /** All entries but directories, in the order of the central directory. */
    List<ZipMember> members() throws IOException {
        long end = findEnd();
        ByteBuffer tail = buffer(end, END_SIZE);
        long count = tail.getShort(10) & 0xFFFF;
        long length = tail.getInt(12) & MAX32;
        long start = tail.getInt(16) & MAX32;
        if ((count == 0xFFFF || length == MAX32 || start == MAX32) && end >= LOCATOR64_SIZE) {
            ByteBuffer locator = buffer(end - LOCATOR64_SIZE, LOCATOR64_SIZE);
            if (locator.getInt(0) == LOCATOR64) {
                ByteBuffer end64 = buffer(locator.getLong(8), END64_SIZE);
                if (end64.getInt(0) != END64) {
                    throw corrupt("its zip64 end record is not where it should be");
                }
                count = end64.getLong(32);
                length = end64.getLong(40);
                start = end64.getLong(48);
            }
        }
        if (start < 0 || length < 0 || start > end - length) {
            throw truncated();
        }
        if (count < 0 || count > limits.entries() || count * CENTRAL_SIZE > length || length > Integer.MAX_VALUE - 16) {
            throw new ArchiveException(
                    Reason.TOO_LARGE,
                    file + ": its directory claims " + count + " entries in " + length + " bytes; at most "
                            + limits.entries() + " are read");
        }
        return parse(buffer(start, (int) length), (int) count);
    }

    private List<ZipMember> parse(ByteBuffer directory, int count) throws IOException {
        List<ZipMember> members = new ArrayList<>(count);
        Set<String> names = new HashSet<>();
        long total = 0;
        long inflated = 0;
        int at = 0;
        for (int i = 0; i < count; i++) {
            if (at + CENTRAL_SIZE > directory.limit() || directory.getInt(at) != CENTRAL) {
                throw corrupt("its directory is broken at entry " + i);
            }
            int flags = directory.getShort(at + 8) & 0xFFFF;
            int method = directory.getShort(at + 10) & 0xFFFF;
            int crc = directory.getInt(at + 16);
            long compressed = directory.getInt(at + 20) & MAX32;
            long uncompressed = directory.getInt(at + 24) & MAX32;
            int nameLength = directory.getShort(at + 28) & 0xFFFF;
            int extraLength = directory.getShort(at + 30) & 0xFFFF;
            int commentLength = directory.getShort(at + 32) & 0xFFFF;
            long header = directory.getInt(at + 42) & MAX32;
            int next = at + CENTRAL_SIZE + nameLength + extraLength + commentLength;
            if (next > directory.limit()) {
                throw corrupt("its directory is broken at entry " + i);
            }
            String name = text(directory, at + CENTRAL_SIZE, nameLength);
            int extra = at + CENTRAL_SIZE + nameLength;
            int extraEnd = extra + extraLength;
            while (extra + 4 <= extraEnd) {
                int id = directory.getShort(extra) & 0xFFFF;
                int body = extra + 4;
                extra = body + (directory.getShort(extra + 2) & 0xFFFF);
                if (id != 1 || extra > extraEnd) {
                    continue;
                }
                if (uncompressed == MAX32 && body + 8 <= extra) {
                    uncompressed = directory.getLong(body);
                    body += 8;
                }
                if (compressed == MAX32 && body + 8 <= extra) {
                    compressed = directory.getLong(body);
                    body += 8;
                }
                if (header == MAX32 && body + 8 <= extra) {
                    header = directory.getLong(body);
                }
            }
            at = next;
            checkName(name);
            if (!names.add(name)) {
                throw new ArchiveException(
                        Reason.DUPLICATE_ENTRY,
                        file + ": holds two entries named '" + name + "'; export the model again");
            }
            if ((flags & 1) != 0 || (method != ZipMember.STORED && method != ZipMember.DEFLATED)) {
                throw new ArchiveException(
                        Reason.UNSUPPORTED,
                        file + ": entry '" + name + "' is encrypted or uses compression method " + method
                                + "; libtorch reads stored and deflated entries only");
            }
            total += compressed;
            if (compressed < 0
                    || uncompressed < 0
                    || header < 0
                    || compressed > size
                    || header > size - LOCAL_SIZE
                    || total > size
                    || uncompressed > Long.MAX_VALUE / 2 - inflated
                    || (method == ZipMember.STORED && compressed != uncompressed)) {
                throw corrupt("entry '" + name + "' does not fit into the file");
            }
            if (uncompressed > limits.text() && uncompressed / limits.ratio() > compressed) {
                throw new ArchiveException(
                        Reason.TOO_LARGE,
                        file + ": entry '" + name + "' would grow from " + compressed + " to " + uncompressed
                                + " bytes; store it uncompressed if that is intended");
            }
            inflated = Math.addExact(inflated, uncompressed);
            if (inflated > limits.text() && inflated / limits.ratio() > total) {
                throw new ArchiveException(
                        Reason.TOO_LARGE,
                        file + ": its entries would grow from " + total + " to " + inflated
                                + " bytes; store them uncompressed if that is intended");
            }
            if (!name.endsWith("/")) {
                members.add(new ZipMember(name, method, crc, compressed, uncompressed, header));
            }
        }
        return members;
    }

    private void checkName(String name) {
        boolean unsafe = name.isEmpty()
                || name.startsWith("/")
                || name.indexOf('\\') >= 0
                || name.indexOf('\0') >= 0
                || name.indexOf(':') == 1;
        for (String part : name.split("/", -1)) {
            unsafe |= part.equals("..");
        }
        if (unsafe) {
            throw new ArchiveException(
                    Reason.UNSAFE_NAME,
                    file + ": entry name '" + printable(name)
                            + "' leads outside the archive; such a file is not opened");
        }
    }

    private static String printable(String name) {
        String clean = name.codePoints()
                .map(c -> Character.isISOControl(c) ? '?' : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
        return clean.length() > 80 ? clean.substring(0, 80) + "..." : clean;
    }

    /** Returns the position of an entry's first data byte, after a check of its local header. */
    long dataOf(ZipMember member) throws IOException {
        ByteBuffer local = buffer(member.header(), LOCAL_SIZE);
        if (local.getInt(0) != LOCAL) {
            throw corrupt("entry '" + member.name() + "' is not where the directory says");
        }
        int nameLength = local.getShort(26) & 0xFFFF;
        byte[] name = source.read(member.header() + LOCAL_SIZE, nameLength);
        if (!new String(name, StandardCharsets.UTF_8).equals(member.name())) {
            throw corrupt("entry '" + member.name() + "' carries another name in its own header");
        }
        long data = member.header() + LOCAL_SIZE + nameLength + (local.getShort(28) & 0xFFFF);
        if (data > size - member.compressed()) {
            throw truncated();
        }
        return data;
    }

    /** Returns the uncompressed bytes of an entry, after a check of its size and its checksum. */
    byte[] read(ZipMember member) throws IOException {
        if (member.size() > limits.text()) {
            throw new ArchiveException(
                    Reason.TOO_LARGE,
                    file + ": entry '" + member.name() + "' has " + member.size() + " bytes; at most " + limits.text()
                            + " are read");
        }
        byte[] bytes = source.read(dataOf(member), (int) member.compressed());
        if (member.method() == ZipMember.DEFLATED) {
            bytes = inflate(member, bytes);
        }
        CRC32 crc = new CRC32();
        crc.update(bytes);
        if ((int) crc.getValue() != member.crc()) {
            throw corrupt("the checksum of entry '" + member.name() + "' does not match");
        }
        return bytes;
    }

    private byte[] inflate(ZipMember member, byte[] compressed) {
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(compressed);
            byte[] bytes = new byte[(int) member.size()];
            int filled = 0;
            while (filled < bytes.length) {
                int n = inflater.inflate(bytes, filled, bytes.length - filled);
                if (n == 0) {
                    break;
                }
                filled += n;
            }
            if (filled < bytes.length || inflater.inflate(new byte[1]) != 0) {
                throw corrupt("entry '" + member.name() + "' does not have the " + member.size() + " bytes it claims");
            }
            return bytes;
        } catch (DataFormatException e) {
            throw new ArchiveException(
                    Reason.CORRUPT,
                    file + ": entry '" + member.name() + "' cannot be decompressed; copy the file again",
                    e);
        } finally {
            inflater.end();
        }
    }

    private long findEnd() throws IOException {
        int window = (int) Math.min(size, END_SIZE + 0xFFFF);
        ByteBuffer tail = buffer(size - window, window);
        for (int i = window - END_SIZE; i >= 0; i--) {
            if (tail.getInt(i) == END) {
                return size - window + i;
            }
        }
        throw truncated();
    }

    private ByteBuffer buffer(long position, int length) throws IOException {
        if (position < 0 || length < 0 || position > size - length) {
            throw truncated();
        }
        try {
            return ByteBuffer.wrap(source.read(position, length)).order(ByteOrder.LITTLE_ENDIAN);
        } catch (EOFException e) {
            throw truncated(e);
        }
    }

    private static String text(ByteBuffer buffer, int start, int length) {
        byte[] bytes = new byte[length];
        buffer.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private ArchiveException truncated() {
        return truncated(null);
    }

    private ArchiveException truncated(@Nullable Throwable cause) {
        return new ArchiveException(
                Reason.TRUNCATED,
                file + ": the zip ends early (" + size + " bytes); the file was cut off, copy it again",
                cause);
    }

    private ArchiveException corrupt(String what) {
        return new ArchiveException(Reason.CORRUPT, file + ": " + what + "; the file is damaged, copy it again");
    }
}
