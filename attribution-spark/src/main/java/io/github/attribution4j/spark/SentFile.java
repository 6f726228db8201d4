// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * A copy of a file of the driver, under a name that no other file has: Spark knows a file by its name, and executors
 * keep the first of two. It is a copy, so that it does not change with the file.
 */
final class SentFile {
    private static final int DIGITS = 16;

    private SentFile() {}

    static Path of(Path file) {
        try {
            String digest = digest(file).substring(0, DIGITS);
            Path named = Folder.PATH.resolve(digest + "-" + file.getFileName());
            synchronized (SentFile.class) {
                if (!Files.exists(named)) {
                    Path part = Folder.PATH.resolve(digest + ".part");
                    Files.copy(file, part, StandardCopyOption.REPLACE_EXISTING);
                    Files.move(part, named);
                    named.toFile().deleteOnExit();
                }
            }
            return named;
        } catch (IOException e) {
            throw new UncheckedIOException("model '" + file + "': cannot be read by the driver: " + e, e);
        }
    }

    private static String digest(Path file) throws IOException {
        MessageDigest digest = sha256();
        try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
            in.transferTo(OutputStream.nullOutputStream());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    /** The folder of this JVM. */
    private static final class Folder {
        static final Path PATH = make();

        private static Path make() {
            try {
                Path path = Files.createTempDirectory("attribution4j-models");
                path.toFile().deleteOnExit();
                return path;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
