// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.archive;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;

/**
 * Bytes with random access, in memory or in a file. A file is opened for each use, so an archive never has to be
 * closed.
 */
sealed interface ByteSource {

    int CHUNK = 1 << 16;

    long size();

    Reader open() throws IOException;

    /** One use of the bytes, from opening to closing. */
    interface Reader extends Closeable {
        /** Fills a buffer to its limit. */
        void readFully(long position, ByteBuffer target) throws IOException;

        default void readFully(long position, byte[] target, int offset, int length) throws IOException {
            readFully(position, ByteBuffer.wrap(target, offset, length));
        }

        /** Copies bytes to a channel, within the operating system if both ends are files. */
        default void transfer(long position, long length, WritableByteChannel target) throws IOException {
            byte[] chunk = new byte[(int) Math.min(CHUNK, length)];
            for (long done = 0; done < length; done += chunk.length) {
                int n = (int) Math.min(chunk.length, length - done);
                readFully(position + done, chunk, 0, n);
                ByteBuffer buffer = ByteBuffer.wrap(chunk, 0, n);
                while (buffer.hasRemaining()) {
                    target.write(buffer);
                }
            }
        }

        default byte[] read(long position, int length) throws IOException {
            byte[] bytes = new byte[length];
            readFully(position, bytes, 0, length);
            return bytes;
        }
    }

    /** Bytes in memory. The array is not copied and must not change. */
    final class InMemory implements ByteSource {
        private final byte[] bytes;

        InMemory(byte[] bytes) {
            this.bytes = bytes;
        }

        @Override
        public long size() {
            return bytes.length;
        }

        @Override
        public Reader open() {
            return new Reader() {
                @Override
                public void readFully(long position, ByteBuffer target) throws IOException {
                    int length = target.remaining();
                    if (position < 0 || position + length > bytes.length) {
                        throw new EOFException(
                                "bytes " + position + " to " + (position + length) + " of " + bytes.length);
                    }
                    target.put(bytes, (int) position, length);
                }

                @Override
                public void close() {}
            };
        }
    }

    /** A file, which must not change between uses. */
    record OnDisk(Path file, long size, FileTime modified) implements ByteSource {
        static OnDisk of(Path file) throws IOException {
            return new OnDisk(file, Files.size(file), Files.getLastModifiedTime(file));
        }

        @Override
        public Reader open() throws IOException {
            FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
            if (channel.size() != size || !Files.getLastModifiedTime(file).equals(modified)) {
                channel.close();
                throw new IOException("the file was changed after it was opened");
            }
            return new Reader() {
                @Override
                public void readFully(long position, ByteBuffer target) throws IOException {
                    long at = position;
                    while (target.hasRemaining()) {
                        int n = channel.read(target, at);
                        if (n < 0) {
                            throw new EOFException("byte " + at + " of " + size);
                        }
                        at += n;
                    }
                }

                @Override
                public void transfer(long position, long length, WritableByteChannel target) throws IOException {
                    long at = position;
                    while (at < position + length) {
                        long n = channel.transferTo(at, position + length - at, target);
                        if (n <= 0) {
                            throw new EOFException("bytes " + position + " to " + (position + length) + " of " + size);
                        }
                        at += n;
                    }
                }

                @Override
                public void close() throws IOException {
                    channel.close();
                }
            };
        }
    }
}
