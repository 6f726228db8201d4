// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.proto;

import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a file or of an array, read by position, by any thread. A file is read through a window and not mapped:
 * if another process truncates a mapped file, the virtual machine fails, and on Windows a mapped file cannot
 * be replaced.
 */
public final class Bytes implements AutoCloseable {
    private static final int WINDOW = 1 << 16;

    private final byte @Nullable [] array;
    private volatile @Nullable FileChannel channel;
    private final @Nullable Path path;
    private final long size;
    private final byte[] window;
    private long windowStart;
    private int windowLength;
    private boolean closed;

    private Bytes(byte @Nullable [] array, @Nullable FileChannel channel, @Nullable Path path, long size) {
        this.array = array;
        this.channel = channel;
        this.path = path;
        this.size = size;
        this.window = new byte[array == null ? (int) Math.min(size, WINDOW) : 0];
    }

    /** The bytes of an array, which is not copied and must not be changed afterwards. */
    public static Bytes of(byte[] array) {
        return new Bytes(array, null, null, array.length);
    }

    /** The bytes of a file, open until this is closed. */
    @SuppressWarnings("resource") // what is returned closes the channel
    public static Bytes of(Path path) {
        try {
            if (Files.isDirectory(path)) {
                throw new FormatException(Reason.UNREADABLE, "'" + path + "' is a folder; give the model file in it");
            }
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            return new Bytes(null, channel, path, channel.size());
        } catch (NoSuchFileException e) {
            throw new FormatException(Reason.MISSING_FILE, "there is no file '" + path + "'", e);
        } catch (IOException e) {
            throw new FormatException(Reason.UNREADABLE, "'" + path + "' cannot be read: " + e.getMessage(), e);
        }
    }

    public long size() {
        return size;
    }

    /** The file of the bytes; null for an array. */
    public @Nullable Path path() {
        return path;
    }

    /** SHA-256 of all of it, in hexadecimal. */
    public String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            byte[] chunk = new byte[(int) Math.min(size, WINDOW)];
            for (long at = 0; at < size; at += chunk.length) {
                int length = (int) Math.min(chunk.length, size - at);
                read(at, chunk, 0, length);
                digest.update(chunk, 0, length);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The byte at a position below {@link #size}. */
    byte at(long position) {
        if (array != null) {
            return array[(int) position];
        }
        synchronized (window) {
            if (position < windowStart || position >= windowStart + windowLength) {
                windowLength = 0;
                int length = (int) Math.min(window.length, size - position);
                read(position, window, 0, length);
                windowStart = position;
                windowLength = length;
            }
            return window[(int) (position - windowStart)];
        }
    }

    /** Copies bytes within {@link #size}. */
    void read(long position, byte[] into, int from, int length) {
        if (array != null) {
            System.arraycopy(array, (int) position, into, from, length);
            return;
        }
        try {
            ByteBuffer target = ByteBuffer.wrap(into, from, length);
            while (target.hasRemaining()) {
                int n = read(target, position + target.position() - from);
                if (n < 0) {
                    throw new FormatException(
                            Reason.TRUNCATED, "'" + path + "' has become shorter since it was opened; load it again");
                }
            }
        } catch (IOException e) {
            throw new FormatException(Reason.UNREADABLE, "'" + path + "' cannot be read: " + e.getMessage(), e);
        }
    }

    /** Reads from the file. An interrupt closes the channel that a thread reads, for all threads. */
    private int read(ByteBuffer target, long position) throws IOException {
        boolean interrupted = false;
        try {
            while (true) {
                FileChannel now = channel;
                try {
                    if (now == null) {
                        throw new ClosedChannelException();
                    }
                    return now.read(target, position);
                } catch (ClosedChannelException e) {
                    interrupted |= Thread.interrupted();
                    reopen(now, e);
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private synchronized void reopen(@Nullable FileChannel failed, ClosedChannelException why) throws IOException {
        if (closed || path == null) {
            throw why;
        }
        if (channel == failed) {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        FileChannel open = channel;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                // Nothing was written to it.
            }
        }
    }
}
