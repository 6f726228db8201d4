// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

/**
 * Limits for archives, which may be hostile. Tensor data has no limit of its own: it is never decoded, so the size of
 * the file bounds it.
 *
 * @param entries the largest number of zip entries
 * @param text the most bytes of one decoded entry: a code file or a pickle
 * @param texts the most bytes of all decoded code files together
 * @param ratio how many times larger than its compressed form an entry above {@code text} bytes may be
 */
public record Limits(int entries, int text, long texts, int ratio) {
    /** Far above any real model: in 180 archives, the largest code has 0.6 MB. */
    public static final Limits DEFAULT = new Limits(200_000, 64 << 20, 128L << 20, 200);
}
