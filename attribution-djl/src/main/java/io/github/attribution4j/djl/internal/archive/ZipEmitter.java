// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;

/**
 * Writes a zip from front to back. An entry is either copied from another zip as raw bytes, or new and then stored
 * uncompressed. Time stamps are constant, so the same content gives the same bytes.
 */
final class ZipEmitter {
    private static final int MAX32 = 0xFFFFFFFF;
    private static final int DOS_DATE = 0x21; // 1980-01-01, the zero of the format
    private static final int UTF8 = 0x800;

    private final WritableByteChannel out;
    private final List<ZipMember> written = new ArrayList<>();
    private long position;

    ZipEmitter(WritableByteChannel out) {
        this.out = out;
    }

    void store(String name, byte[] bytes) throws IOException {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        begin(new ZipMember(name, ZipMember.STORED, (int) crc.getValue(), bytes.length, bytes.length, position));
        write(ByteBuffer.wrap(bytes).position(bytes.length));
    }

    void copy(ZipMember member, ByteSource.Reader source, long data) throws IOException {
        begin(new ZipMember(
                member.name(), member.method(), member.crc(), member.compressed(), member.size(), position));
        source.transfer(data, member.compressed(), out);
        position += member.compressed();
    }

    private void begin(ZipMember member) throws IOException {
        byte[] name = member.name().getBytes(StandardCharsets.UTF_8);
        boolean large = large(member.size()) || large(member.compressed());
        ByteBuffer header = little(30 + name.length + (large ? 20 : 0));
        header.putInt(0x04034b50).putShort((short) (large ? 45 : 20)).putShort((short) UTF8);
        common(header, member, name.length, large ? 20 : 0);
        header.put(name);
        if (large) {
            header.putShort((short) 1)
                    .putShort((short) 16)
                    .putLong(member.size())
                    .putLong(member.compressed());
        }
        write(header);
        written.add(member);
    }

    private static void common(ByteBuffer header, ZipMember member, int nameLength, int extraLength) {
        boolean large = large(member.size()) || large(member.compressed());
        header.putShort((short) member.method())
                .putShort((short) 0)
                .putShort((short) DOS_DATE)
                .putInt(member.crc());
        header.putInt(large ? MAX32 : (int) member.compressed()).putInt(large ? MAX32 : (int) member.size());
        header.putShort((short) nameLength).putShort((short) extraLength);
    }

    /** Writes the directory. The stream is left open. */
    void finish() throws IOException {
        long start = position;
        for (ZipMember member : written) {
            byte[] name = member.name().getBytes(StandardCharsets.UTF_8);
            boolean large = large(member.size()) || large(member.compressed());
            boolean far = large(member.header());
            int extra = large || far ? 4 + (large ? 16 : 0) + (far ? 8 : 0) : 0;
            ByteBuffer header = little(46 + name.length + extra);
            header.putInt(0x02014b50)
                    .putShort((short) 45)
                    .putShort((short) (extra > 0 ? 45 : 20))
                    .putShort((short) UTF8);
            common(header, member, name.length, extra);
            header.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
            header.putInt(far ? MAX32 : (int) member.header()).put(name);
            if (extra > 0) {
                header.putShort((short) 1).putShort((short) (extra - 4));
                if (large) {
                    header.putLong(member.size()).putLong(member.compressed());
                }
                if (far) {
                    header.putLong(member.header());
                }
            }
            write(header);
        }
        long length = position - start;
        int count = written.size();
        boolean zip64 = large(start) || large(length) || count >= 0xFFFF;
        if (zip64) {
            long end64 = position;
            ByteBuffer end = little(56 + 20);
            end.putInt(0x06064b50)
                    .putLong(44)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0);
            end.putLong(count).putLong(count).putLong(length).putLong(start);
            end.putInt(0x07064b50).putInt(0).putLong(end64).putInt(1);
            write(end);
        }
        short shortCount = (short) Math.min(count, 0xFFFF);
        ByteBuffer end = little(22);
        end.putInt(0x06054b50)
                .putShort((short) 0)
                .putShort((short) 0)
                .putShort(shortCount)
                .putShort(shortCount);
        end.putInt(zip64 ? MAX32 : (int) length)
                .putInt(zip64 ? MAX32 : (int) start)
                .putShort((short) 0);
        write(end);
    }

    private void write(ByteBuffer filled) throws IOException {
        filled.flip();
        position += filled.remaining();
        while (filled.hasRemaining()) {
            out.write(filled);
        }
    }

    private static boolean large(long value) {
        return value >= 0xFFFFFFFFL;
    }

    private static ByteBuffer little(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }
}
