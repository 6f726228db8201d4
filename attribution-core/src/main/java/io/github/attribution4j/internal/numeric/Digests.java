// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal.numeric;

import io.github.attribution4j.tensor.Tensor;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Computes SHA-256 digests of tensors and texts, by which provenance and caches name them without holding them. */
public final class Digests {
    private static final int CHUNK = 1 << 14;

    private Digests() {}

    /**
     * The result of one pass over a tensor's elements.
     *
     * @param finite whether none is NaN or infinite
     * @param digest as {@link #ofTensor}
     */
    public record Look(boolean finite, String digest) {}

    /** Returns the digest, in hexadecimal, of texts in order. */
    public static String ofTexts(List<String> texts) {
        MessageDigest digest = sha256();
        for (String text : texts) {
            digest.update(text.getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform must support SHA-256", e);
        }
    }

    /** Returns the digest, in hexadecimal, of type, shape and elements. */
    public static String ofTensor(Tensor tensor) {
        return look(tensor).digest();
    }

    /** Reads all elements once, for both results. Each chunk is still in the cache when it is read the second time. */
    public static Look look(Tensor tensor) {
        MessageDigest digest = sha256();
        digest.update((tensor.dataType() + " " + tensor.shape()).getBytes(StandardCharsets.UTF_8));
        boolean finite = tensor.readBytes(bytes -> {
            boolean all = true;
            // Digests copy from a direct buffer in small pieces themselves.
            byte[] chunk = new byte[Math.min(CHUNK, bytes.remaining())];
            while (bytes.hasRemaining()) {
                int count = Math.min(chunk.length, bytes.remaining());
                all &= tensor.dataType().isFinite(bytes.slice(bytes.position(), count));
                bytes.get(chunk, 0, count);
                digest.update(chunk, 0, count);
            }
            return all;
        });
        return new Look(finite, HexFormat.of().formatHex(digest.digest()));
    }
}
