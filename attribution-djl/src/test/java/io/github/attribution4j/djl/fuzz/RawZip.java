// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;

/** A zip written field by field, so that each of them can lie. */
final class RawZip {
    private static final int LARGE = 0xFFFFFFFF;

    /** One entry; what it says of itself may differ from what it is. */
    static final class Entry {
        String name;
        byte[] stored;
        int method;
        int flags;
        int crc;
        long compressed;
        long size;
        String localName;
        byte[] extra = new byte[0];
        /** Where the directory says it is; -1 for the truth. */
        long header = -1;
        /** Whether its own bytes are left out, so that it can only lie over another. */
        boolean absent;

        Entry(String name, byte[] content) {
            this.name = name;
            this.localName = name;
            this.stored = content;
            this.size = content.length;
            this.compressed = content.length;
            CRC32 sum = new CRC32();
            sum.update(content);
            this.crc = (int) sum.getValue();
        }

        Entry deflate() {
            byte[] packed = deflated(stored);
            compressed = packed.length;
            method = 8;
            stored = packed;
            return this;
        }
    }

    final List<Entry> entries = new ArrayList<>();
    int countAdded;
    long startAdded;
    long lengthAdded;
    byte[] comment = new byte[0];
    /** What the zip64 records say, if there are any: number of entries, length and start of the directory. */
    long[] zip64 = new long[0];

    /** Reads a good zip. */
    static List<Entry> read(byte[] zip) {
        List<Entry> entries = new ArrayList<>();
        try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zip))) {
            for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
                entries.add(new Entry(entry.getName(), in.readAllBytes()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return entries;
    }

    static byte[] deflated(byte[] content) {
        Deflater deflater = new Deflater(9, true);
        try {
            deflater.setInput(content);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] chunk = new byte[1 << 12];
            while (!deflater.finished()) {
                out.write(chunk, 0, deflater.deflate(chunk));
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    /** Returns so many zeros, deflated: about a thousandth of their size. */
    static byte[] deflatedZeros(long count) {
        Deflater deflater = new Deflater(9, true);
        try {
            ByteArrayOutputStream out = new ByteArrayOutputStream();
            byte[] zeros = new byte[1 << 16];
            byte[] chunk = new byte[1 << 12];
            for (long done = 0; done < count; done += zeros.length) {
                deflater.setInput(zeros, 0, (int) Math.min(zeros.length, count - done));
                if (done + zeros.length >= count) {
                    deflater.finish();
                }
                while (!deflater.needsInput() || (done + zeros.length >= count && !deflater.finished())) {
                    out.write(chunk, 0, deflater.deflate(chunk));
                }
            }
            return out.toByteArray();
        } finally {
            deflater.end();
        }
    }

    byte[] bytes() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Long> starts = new ArrayList<>();
        for (Entry entry : entries) {
            starts.add((long) out.size());
            if (entry.absent) {
                continue;
            }
            byte[] name = entry.localName.getBytes(StandardCharsets.UTF_8);
            ByteBuffer header = little(30 + name.length);
            header.putInt(0x04034b50).putShort((short) 20).putShort((short) entry.flags);
            common(header, entry, name.length, 0);
            header.put(name);
            out.writeBytes(filled(header));
            out.writeBytes(entry.stored);
        }
        long start = out.size();
        for (int i = 0; i < entries.size(); i++) {
            Entry entry = entries.get(i);
            byte[] name = entry.name.getBytes(StandardCharsets.UTF_8);
            ByteBuffer header = little(46 + name.length + entry.extra.length);
            header.putInt(0x02014b50).putShort((short) 20).putShort((short) 20).putShort((short) entry.flags);
            common(header, entry, name.length, entry.extra.length);
            header.putShort((short) 0).putShort((short) 0).putShort((short) 0).putInt(0);
            header.putInt((int) (entry.header >= 0 ? entry.header : starts.get(i)));
            header.put(name).put(entry.extra);
            out.writeBytes(filled(header));
        }
        end(out, start);
        return out.toByteArray();
    }

    private static void common(ByteBuffer header, Entry entry, int name, int extra) {
        header.putShort((short) entry.method).putShort((short) 0).putShort((short) 0x21);
        header.putInt(entry.crc).putInt((int) entry.compressed).putInt((int) entry.size);
        header.putShort((short) name).putShort((short) extra);
    }

    private void end(ByteArrayOutputStream out, long start) {
        long length = out.size() - start;
        int count = entries.size();
        if (zip64.length > 0) {
            long at = out.size();
            ByteBuffer end = little(56 + 20);
            end.putInt(0x06064b50)
                    .putLong(44)
                    .putShort((short) 45)
                    .putShort((short) 45)
                    .putInt(0)
                    .putInt(0);
            end.putLong(zip64[0] + count).putLong(zip64[0] + count);
            end.putLong(zip64[1] + length).putLong(zip64[2] + start);
            end.putInt(0x07064b50).putInt(0).putLong(zip64[3] + at).putInt(1);
            out.writeBytes(filled(end));
        }
        ByteBuffer end = little(22 + comment.length);
        short claimed = zip64.length > 0 ? (short) 0xFFFF : (short) (count + countAdded);
        end.putInt(0x06054b50).putInt(0).putShort(claimed).putShort(claimed);
        end.putInt(zip64.length > 0 ? LARGE : (int) (length + lengthAdded));
        end.putInt(zip64.length > 0 ? LARGE : (int) (start + startAdded));
        end.putShort((short) comment.length).put(comment);
        out.writeBytes(filled(end));
    }

    private static byte[] filled(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.flip().remaining()];
        buffer.get(bytes);
        return bytes;
    }

    private static ByteBuffer little(int capacity) {
        return ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN);
    }
}
