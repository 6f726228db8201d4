// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads tags, numbers and lengths of a region. A length is checked against the rest of the region before memory is
 * allocated for it.
 */
final class WireReader {
    private static final int MOST_NUMBER = (1 << 29) - 1;

    private final Bytes bytes;
    private final long end;
    private final Budget budget;
    private long position;

    WireReader(Region region, Budget budget) {
        this.bytes = region.bytes();
        this.position = region.offset();
        this.end = region.end();
        this.budget = budget;
    }

    boolean more() {
        return position < end;
    }

    List<Field> fields() {
        List<Field> found = new ArrayList<>();
        while (more()) {
            budget.field();
            found.add(field(0));
        }
        return found;
    }

    private Field field(int depth) {
        long start = position;
        long tag = varint();
        int wire = (int) (tag & 7);
        long number = tag >>> 3;
        if (number < 1 || number > MOST_NUMBER) {
            throw corrupt("a field has the number " + number, start);
        }
        long value = 0;
        Region content = null;
        switch (wire) {
            case Field.VARINT -> value = varint();
            case Field.FIXED64 -> value = little(Long.BYTES);
            case Field.FIXED32 -> value = little(Integer.BYTES);
            case Field.BYTES -> {
                long length = varint();
                if (length < 0 || length > end - position) {
                    throw new FormatException(
                            Reason.TRUNCATED,
                            "field " + number + " at byte " + start + " should have " + Long.toUnsignedString(length)
                                    + " bytes, but " + (end - position)
                                    + " are left; the file is incomplete or damaged: fetch it again");
                }
                content = new Region(bytes, position, length);
                position += length;
            }
            case Field.GROUP -> skipGroup(number, depth);
            default -> throw corrupt("a field has the wire type " + wire, start);
        }
        return new Field((int) number, wire, value, new Region(bytes, start, position - start), content);
    }

    /** ONNX does not use groups; a group in an unknown field is kept unchanged. */
    private void skipGroup(long number, int depth) {
        if (depth > Budget.DEPTH) {
            throw new FormatException(
                    Reason.TOO_LARGE, "groups are nested too deep at byte " + position + "; the file is damaged");
        }
        while (true) {
            long start = position;
            long tag = varint();
            if ((tag & 7) == Field.GROUP_END) {
                if (tag >>> 3 != number) {
                    throw corrupt("a group ends that did not begin", start);
                }
                return;
            }
            position = start;
            field(depth + 1);
        }
    }

    long varint() {
        long start = position;
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (position >= end) {
                throw new FormatException(
                        Reason.TRUNCATED,
                        "the file ends within a number at byte " + start
                                + "; it is incomplete or damaged: fetch it again");
            }
            byte next = bytes.at(position++);
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw corrupt("a number has more than ten bytes", start);
    }

    private long little(int width) {
        if (width > end - position) {
            throw new FormatException(
                    Reason.TRUNCATED,
                    "the file ends within a number at byte " + position
                            + "; it is incomplete or damaged: fetch it again");
        }
        long value = 0;
        for (int i = 0; i < width; i++) {
            value |= (bytes.at(position++) & 0xFFL) << (8 * i);
        }
        return value;
    }

    private static FormatException corrupt(String what, long position) {
        return new FormatException(
                Reason.CORRUPT, what + " at byte " + position + "; this is no ONNX model, or it is damaged");
    }
}
