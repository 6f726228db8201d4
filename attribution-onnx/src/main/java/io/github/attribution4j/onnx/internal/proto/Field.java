// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import org.jspecify.annotations.Nullable;

/**
 * One field of a message, read from a file or made.
 *
 * @param number the number of the field in the message's type
 * @param wire how it is encoded
 * @param value the bits of a number; for {@link #VARINT}, {@link #FIXED64} and {@link #FIXED32}
 * @param source the field in the file, with its tag; null if the field was made
 * @param content the content of a field of bytes, after tag and length: a {@link Region} if it was read, else an array
 *     or a {@link Message}
 */
record Field(
        int number,
        int wire,
        long value,
        @Nullable Region source,
        @Nullable Object content) {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int GROUP = 3;
    static final int GROUP_END = 4;
    static final int FIXED32 = 5;

    static Field number(int number, long value) {
        return new Field(number, VARINT, value, null, null);
    }

    static Field bytes(int number, Object content) {
        return new Field(number, BYTES, 0, null, content);
    }

    /** The region of a field of bytes that was read. */
    Region region() {
        if (content instanceof Region region) {
            return region;
        }
        byte[] array = content instanceof Message message ? message.toBytes() : (byte[]) content;
        if (array == null) {
            throw new IllegalStateException("field " + number + " is no bytes");
        }
        return Region.of(Bytes.of(array));
    }

    /** The number of bytes when written. */
    long size() {
        if (source != null) {
            return source.length();
        }
        long tag = Message.varintSize((long) number << 3);
        return switch (wire) {
            case VARINT -> tag + Message.varintSize(value);
            case FIXED64 -> tag + Long.BYTES;
            case FIXED32 -> tag + Integer.BYTES;
            default -> {
                long length = contentSize();
                yield tag + Message.varintSize(length) + length;
            }
        };
    }

    long contentSize() {
        return content instanceof Message message
                ? message.size()
                : content instanceof Region region ? region.length() : content == null ? 0 : ((byte[]) content).length;
    }
}
