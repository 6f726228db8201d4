// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The limits of reading one file. A damaged file can have a field in every two bytes, and a field takes about forty
 * bytes of memory; a real model of 5,000 nodes has fewer than 200,000 fields.
 */
public final class Budget {
    static final int DEPTH = 64;
    private static final int FIELDS = 4_000_000;

    private final AtomicInteger fields = new AtomicInteger();
    private volatile boolean ended;

    /** Counts no more: everything was read once. */
    void end() {
        ended = true;
    }

    void field() {
        if (!ended && fields.incrementAndGet() > FIELDS) {
            throw new FormatException(
                    Reason.TOO_LARGE,
                    "the file has more than " + FIELDS
                            + " fields; no model of this size is known, the file is damaged");
        }
    }
}
