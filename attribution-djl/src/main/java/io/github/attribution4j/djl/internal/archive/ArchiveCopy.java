// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/**
 * Writes a copy of an archive to a temporary file, in two steps. The first step copies the entries that no rewriting
 * touches; for a large archive it runs on another thread. The second step adds the program as soon as it has been
 * rewritten. So copying tensors and rewriting text overlap. Closing deletes the file.
 */
public final class ArchiveCopy implements AutoCloseable {
    /** Up to this number of bytes, another thread costs more than it saves. */
    private static final long LITTLE = 8L << 20;

    private final Path file;
    private final FileChannel out;
    private final ZipEmitter emitter;
    private final CompletableFuture<Void> data;

    private ArchiveCopy(TorchArchive archive, Path file, FileChannel out) {
        this.file = file;
        this.out = out;
        this.emitter = new ZipEmitter(out);
        Runnable copying = () -> copyData(archive);
        this.data = archive.tensorBytes() > LITTLE
                ? CompletableFuture.runAsync(copying)
                : CompletableFuture.runAsync(copying, Runnable::run);
    }

    private void copyData(TorchArchive archive) {
        try {
            archive.emitData(emitter);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts a copy of everything but the program.
     *
     * @param archive the archive, rewritten or not
     * @return the copy, not yet an archive
     * @throws IOException if no temporary file can be made
     */
    public static ArchiveCopy start(TorchArchive archive) throws IOException {
        Path file = Files.createTempFile("attribution4j", ".pt");
        FileChannel out = null;
        try {
            out = FileChannel.open(file, StandardOpenOption.WRITE);
            return new ArchiveCopy(archive.withCode(Map.of()), file, out);
        } finally {
            if (out == null) {
                Files.deleteIfExists(file);
            }
        }
    }

    /**
     * Finishes the copy.
     *
     * @param program an archive that differs from the one copied in its program only
     * @return the file, which lives until this is closed
     * @throws IOException if reading or writing fails, now or before
     * @throws ArchiveException if the archive is damaged
     */
    public Path finish(TorchArchive program) throws IOException {
        try {
            data.join();
        } catch (CompletionException e) {
            if (e.getCause() instanceof UncheckedIOException io) {
                throw io.getCause();
            }
            throw e.getCause() instanceof RuntimeException own ? own : e;
        }
        program.emitCode(emitter);
        emitter.finish();
        out.close();
        return file;
    }

    /** Deletes the file. */
    @Override
    public void close() throws IOException {
        // The copying thread must end before its file is deleted.
        data.handle((done, failure) -> null).join();
        try (out) {
            Files.deleteIfExists(file);
        }
    }
}
