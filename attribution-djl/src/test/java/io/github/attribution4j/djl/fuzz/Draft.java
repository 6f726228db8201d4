// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.fuzz;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.CRC32;

/** An archive in the making: a copy of a good one, and the dice. */
final class Draft {
    /** Large numbers, and numbers next to a limit. */
    private static final long[] NUMBERS = {
        -1,
        0,
        1,
        2,
        255,
        65_536,
        Integer.MAX_VALUE,
        1L << 32,
        1L << 40,
        1L << 62,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        Integer.MIN_VALUE,
        -2
    };

    final SplittableRandom random;
    final RawZip zip = new RawZip();
    /** False for a program that by its own doing may never end or take any amount of memory: it is loaded, not run. */
    boolean runs = true;

    Draft(byte[] good, SplittableRandom random) {
        this.random = random;
        zip.entries.addAll(RawZip.read(good));
    }

    int below(int bound) {
        return random.nextInt(Math.max(1, bound));
    }

    boolean chance(int oneIn) {
        return below(oneIn) == 0;
    }

    <T> T any(List<T> items) {
        return items.get(below(items.size()));
    }

    @SafeVarargs
    final <T> T any(T... items) {
        return items[below(items.length)];
    }

    long number() {
        return NUMBERS[below(NUMBERS.length)];
    }

    /** Returns an entry whose name ends in one of these, or any if there is none. */
    RawZip.Entry entry(String... ends) {
        List<RawZip.Entry> found = zip.entries.stream()
                .filter(entry -> List.of(ends).stream().anyMatch(entry.name::endsWith))
                .toList();
        return any(found.isEmpty() ? zip.entries : found);
    }

    /** Returns a storage. */
    RawZip.Entry storage() {
        List<RawZip.Entry> found = zip.entries.stream()
                .filter(entry -> entry.name.matches("[^/]*/(data|constants)/[0-9]+"))
                .toList();
        return any(found.isEmpty() ? zip.entries : found);
    }

    /** Returns the archive's folder with its slash. */
    String folder() {
        String first = zip.entries.get(0).name;
        return first.substring(0, first.indexOf('/') + 1);
    }

    static String text(RawZip.Entry entry) {
        return new String(entry.stored, StandardCharsets.ISO_8859_1);
    }

    /** Gives an entry other content, honestly described. */
    static void set(RawZip.Entry entry, byte[] content) {
        CRC32 sum = new CRC32();
        sum.update(content);
        entry.stored = content;
        entry.method = 0;
        entry.size = content.length;
        entry.compressed = content.length;
        entry.crc = (int) sum.getValue();
    }

    static void set(RawZip.Entry entry, String text) {
        set(entry, text.getBytes(StandardCharsets.ISO_8859_1));
    }
}
