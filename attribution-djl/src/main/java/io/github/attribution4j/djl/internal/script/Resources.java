// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.script;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** Reads texts that are resources of the library. */
public final class Resources {
    private Resources() {}

    /** Reads a text that lies beside a class. */
    public static String text(Class<?> type, String name) {
        try (InputStream stream = type.getResourceAsStream(name)) {
            if (stream == null) {
                throw new IllegalStateException(name + " is missing beside " + type.getName());
            }
            return new String(stream.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
