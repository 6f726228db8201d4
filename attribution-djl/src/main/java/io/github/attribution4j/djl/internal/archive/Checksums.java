// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import io.github.attribution4j.djl.internal.archive.ArchiveException.Reason;
import java.util.Comparator;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/** Checks all entries of a file while the file is read once, from front to back. */
final class Checksums implements AutoCloseable {
    private record Place(ZipMember member, long start) {
        long end() {
            return start + member.compressed();
        }
    }

    private final String file;
    private final PriorityQueue<Place> waiting = new PriorityQueue<>(Comparator.comparingLong(Place::start));
    private @Nullable Place current;
    private @Nullable Checksum checksum;
    private long position;

    Checksums(String file) {
        this.file = file;
    }

    void add(ZipMember member, long start) {
        if (member.compressed() > 0) {
            waiting.add(new Place(member, start));
            return;
        }
        try (Checksum empty = new Checksum(file, member)) {
            empty.check();
        }
    }

    /** Takes the next bytes of the file. */
    void update(byte[] bytes, int length) {
        int at = 0;
        while (at < length) {
            Place place = current;
            Checksum open = checksum;
            if (place == null || open == null) {
                Place next = waiting.peek();
                if (next == null || next.start() >= position + length) {
                    break;
                }
                if (next.start() < position + at) {
                    throw new ArchiveException(
                            Reason.CORRUPT,
                            file + ": entry '" + next.member().name()
                                    + "' lies over another; the file is damaged, copy it again");
                }
                current = waiting.remove();
                checksum = new Checksum(file, next.member());
                at = (int) (next.start() - position);
            } else {
                int n = (int) Math.min(length - at, place.end() - position - at);
                open.update(bytes, at, n);
                at += n;
                if (position + at == place.end()) {
                    open.check();
                    close();
                }
            }
        }
        position += length;
    }

    @Override
    public void close() {
        Checksum open = checksum;
        if (open != null) {
            open.close();
        }
        current = null;
        checksum = null;
    }
}
