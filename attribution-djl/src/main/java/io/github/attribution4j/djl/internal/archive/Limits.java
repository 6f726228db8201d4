// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

/**
 * What is accepted from an archive that may be hostile. Tensor data is bounded by the size of the file alone, because it is never decoded.
 *
 * @param entries the number of zip entries
 * @param text bytes of one decoded entry: a code file or a pickle
 * @param texts bytes of all decoded code files together
 * @param ratio how many times larger than its compressed form an undecoded entry may be, above {@code text} bytes
 */
public record Limits(int entries, int text, long texts, int ratio) {
    /** Far above any real model: the largest code seen in 180 archives has 0.6 MB. */
    public static final Limits DEFAULT = new Limits(200_000, 64 << 20, 128L << 20, 200);
}
