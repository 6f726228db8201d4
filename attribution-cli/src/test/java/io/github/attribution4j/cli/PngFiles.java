// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.CRC32;
import java.util.zip.DeflaterOutputStream;

/** Writes PNG files with chunks that Java's writer does not write. */
public final class PngFiles {
    /** Signature and header chunk. */
    private static final int HEADER = 8 + 25;

    private PngFiles() {}

    /** Writes an image again, with a color profile. */
    public static Path withProfile(Path file, byte[] png, byte[] profile) throws IOException {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.write("iCCPtest\0\0".getBytes(StandardCharsets.US_ASCII));
        try (DeflaterOutputStream deflated = new DeflaterOutputStream(chunk)) {
            deflated.write(profile);
        }
        return withNamed(file, png, chunk.toByteArray());
    }

    /** Writes an image again, with another chunk. */
    public static Path withChunk(Path file, byte[] png, String name, byte[] content) throws IOException {
        ByteArrayOutputStream chunk = new ByteArrayOutputStream();
        chunk.write(name.getBytes(StandardCharsets.US_ASCII));
        chunk.write(content);
        return withNamed(file, png, chunk.toByteArray());
    }

    private static Path withNamed(Path file, byte[] png, byte[] named) throws IOException {
        CRC32 check = new CRC32();
        check.update(named);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            out.write(png, 0, HEADER);
            out.writeInt(named.length - 4);
            out.write(named);
            out.writeInt((int) check.getValue());
            out.write(png, HEADER, png.length - HEADER);
        }
        return Files.write(file, bytes.toByteArray());
    }
}
