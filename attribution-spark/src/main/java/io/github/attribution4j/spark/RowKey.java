// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** The number under which a row draws random numbers. */
final class RowKey {
    private RowKey() {}

    /**
     * Returns the number of a key: a whole number itself, of anything else the first eight bytes of the SHA-256 of its
     * text.
     *
     * @throws IllegalArgumentException if it is null
     */
    static long of(String column, @Nullable Object key) {
        if (key == null) {
            throw new IllegalArgumentException("key '" + column + "': is null; give each row a key");
        }
        return key instanceof Long || key instanceof Integer || key instanceof Short || key instanceof Byte
                ? ((Number) key).longValue()
                : hash(key.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Returns the number of a row that has no key: rows of equal numbers have the same. */
    static long of(double[] encoded, int from, int to) {
        ByteBuffer bytes = ByteBuffer.allocate(Double.BYTES * (to - from));
        for (int i = from; i < to; i++) {
            bytes.putDouble(encoded[i]);
        }
        return hash(bytes.array());
    }

    private static long hash(byte[] bytes) {
        return ByteBuffer.wrap(Sha256.of(bytes)).getLong();
    }
}
