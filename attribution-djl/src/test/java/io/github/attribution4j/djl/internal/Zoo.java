// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** The archives that {@code golden/archives.py} wrote. */
public final class Zoo {
    private Zoo() {}

    /** {@return the directory with the archives} */
    public static Path directory() {
        try {
            return Path.of(Zoo.class.getResource("/archives/expected.json").toURI())
                    .getParent();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** {@return the file of one archive} */
    public static Path file(String name) {
        return directory().resolve(name);
    }

    /** {@return the names of all archives} */
    public static List<String> names() {
        try (Stream<Path> files = Files.list(directory())) {
            return files.map(f -> f.getFileName().toString())
                    .filter(n -> n.endsWith(".pt"))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
