// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import io.github.attribution4j.testkit.internal.fuzz.DamagedFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** Lies in the zip around the program. */
final class ZipMutations {
    /** A name that no file outside may ever have; the fuzz looks for it. */
    static final String ESCAPED = DamagedFile.ESCAPED;

    private ZipMutations() {}

    static String mutate(Draft draft) {
        RawZip zip = draft.zip;
        RawZip.Entry entry = draft.any(zip.entries);
        switch (draft.below(21)) {
            case 0 -> {
                entry.size = Math.abs(draft.number()) & 0xFFFFFFFFL;
                return "size of " + entry.name + " is claimed to be " + entry.size;
            }
            case 1 -> {
                entry.compressed = Math.abs(draft.number()) & 0xFFFFFFFFL;
                return "compressed size of " + entry.name + " is claimed to be " + entry.compressed;
            }
            case 2 -> {
                entry.crc ^= 1 << draft.below(32);
                return "checksum of " + entry.name + " is wrong";
            }
            case 3 -> {
                entry.header = Math.abs(draft.number()) & 0xFFFFFFFFL;
                return "place of " + entry.name + " is claimed to be " + entry.header;
            }
            case 4 -> {
                RawZip.Entry other = draft.any(zip.entries);
                zip.entries.add(new RawZip.Entry(entry.name, other.stored));
                return entry.name + " is there twice, the second with the content of " + other.name;
            }
            case 5 -> {
                RawZip.Entry other = draft.any(zip.entries);
                String name = entry.name;
                entry.name = other.name;
                entry.localName = other.name;
                other.name = name;
                other.localName = name;
                return name + " and " + entry.name + " change names";
            }
            case 6 -> {
                String name = slip(draft);
                zip.entries.add(draft.below(zip.entries.size()), new RawZip.Entry(name, new byte[] {1, 2, 3}));
                return "an entry named " + name;
            }
            case 7 -> {
                String name = slip(draft);
                entry.localName = name;
                if (draft.chance(2)) {
                    entry.name = name;
                }
                return "an entry renamed to " + name;
            }
            case 8 -> {
                zip.entries.add(new RawZip.Entry(draft.folder() + "data/" + draft.number(), new byte[9]));
                entry.name = entry.name.replace('/', draft.any('\0', '\\', '\n', ':'));
                return "a slash replaced in " + entry.name.replaceAll("[^ -~]", "?");
            }
            case 9 -> {
                zip.zip64 = new long[] {draft.number(), draft.number(), draft.number(), draft.number()};
                zip.zip64[draft.below(4)] = 0;
                return "zip64 records off by " + Arrays.toString(zip.zip64);
            }
            case 10 -> {
                zip.zip64 = new long[4];
                entry.size = 0xFFFFFFFFL;
                entry.compressed = 0xFFFFFFFFL;
                entry.extra = ByteBuffer.allocate(20)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort((short) 1)
                        .putShort((short) (draft.chance(3) ? 4000 : 16))
                        .putLong(draft.chance(3) ? entry.stored.length : draft.number())
                        .putLong(draft.chance(3) ? entry.stored.length : draft.number())
                        .array();
                return "zip64 sizes of " + entry.name + " lie";
            }
            case 11 -> {
                return bomb(draft, draft.entry(".py", ".pkl"));
            }
            case 12 -> {
                return bomb(draft, draft.storage());
            }
            case 13 -> {
                int entries = 200;
                byte[] zeros = RawZip.deflatedZeros(40L << 20);
                for (int i = 0; i < entries; i++) {
                    RawZip.Entry more = new RawZip.Entry(draft.folder() + "code/__torch__/x" + i + ".py", zeros);
                    more.method = 8;
                    more.size = 40L << 20;
                    zip.entries.add(more);
                }
                return entries + " bombs of 40 MiB as code";
            }
            case 14 -> {
                for (int i = 0; i < 500; i++) {
                    RawZip.Entry over = new RawZip.Entry(draft.folder() + "data/over" + i, entry.stored);
                    over.absent = true;
                    over.header = 0;
                    over.localName = entry.name;
                    zip.entries.add(over);
                }
                return "500 entries over the first";
            }
            case 15 -> {
                entry.method = draft.any(1, 9, 12, 14, 93, 99, 0xFFFF);
                return entry.name + " by method " + entry.method;
            }
            case 16 -> {
                entry.flags = draft.any(1, 8, 0x41, 0x2000, 0xFFFF);
                return entry.name + " with flags " + entry.flags;
            }
            case 17 -> {
                zip.countAdded = draft.any(-1, 1, 3, 1000, 60_000);
                return "number of entries off by " + zip.countAdded;
            }
            case 18 -> {
                zip.startAdded = draft.any(-30, -1, 1, 46, 1 << 30);
                zip.lengthAdded = draft.chance(2) ? -zip.startAdded : 0;
                return "directory off by " + zip.startAdded;
            }
            case 19 -> {
                zip.comment = new byte[draft.any(1, 22, 65_535)];
                draft.random.nextBytes(zip.comment);
                if (draft.chance(2) && zip.comment.length >= 22) {
                    zip.comment[0] = 'P';
                    zip.comment[1] = 'K';
                    zip.comment[2] = 5;
                    zip.comment[3] = 6;
                }
                return "a comment of " + zip.comment.length + " bytes";
            }
            default -> {
                for (RawZip.Entry each : List.copyOf(zip.entries)) {
                    if (each.stored.length > 0 && draft.chance(2)) {
                        each.deflate();
                    }
                }
                if (draft.chance(2)) {
                    zip.entries.get(draft.below(zip.entries.size())).stored[0] ^= 1;
                    return "deflated, with one byte changed";
                }
                return "deflated";
            }
        }
    }

    private static String slip(Draft draft) {
        String up = "../".repeat(1 + draft.below(8));
        return draft.any(
                up + ESCAPED,
                draft.folder() + up + ESCAPED,
                draft.folder() + "data/" + up + ESCAPED,
                "/tmp/" + ESCAPED,
                draft.folder() + "/tmp/" + ESCAPED,
                "C:\\" + ESCAPED,
                up.replace('/', '\\') + ESCAPED,
                draft.folder() + "data/0\0" + ESCAPED,
                draft.folder() + "code/" + up + ESCAPED + ".py",
                "./" + ESCAPED,
                "~/" + ESCAPED,
                "");
    }

    private static String bomb(Draft draft, RawZip.Entry entry) {
        long size = draft.any(20L, 60L, 100L, 300L) << 20;
        entry.stored = RawZip.deflatedZeros(size);
        entry.method = 8;
        entry.compressed = entry.stored.length;
        entry.size = draft.chance(2) ? size : draft.any(10L, 1000L, 1L << 20);
        entry.crc = draft.random.nextInt();
        return "a bomb of " + (size >> 20) + " MiB as " + entry.name + ", claimed to have " + entry.size + " bytes";
    }
}
