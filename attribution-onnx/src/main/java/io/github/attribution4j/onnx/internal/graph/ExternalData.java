// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.onnx.internal.graph;

import io.github.attribution4j.onnx.internal.proto.FormatException;
import io.github.attribution4j.onnx.internal.proto.FormatException.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The place of a tensor outside the model's file. The name must be within the model's folder. A file or folder with
 * that name may be a link, which is followed.
 *
 * @param tensor its name
 * @param location the file's name, relative to the model's folder
 * @param offset of its first byte
 * @param length its number of bytes; -1 for the rest of the file
 */
record ExternalData(String tensor, String location, long offset, long length) {
    static ExternalData of(String tensor, Map<String, String> entries) {
        String location = entries.get("location");
        if (location == null || location.isEmpty()) {
            throw new FormatException(
                    Reason.CORRUPT,
                    "tensor '" + tensor + "' refers to another file without its name; the file is damaged");
        }
        return new ExternalData(
                tensor, location, number(tensor, entries, "offset", 0), number(tensor, entries, "length", -1));
    }

    private static long number(String tensor, Map<String, String> entries, String key, long otherwise) {
        String text = entries.get(key);
        if (text == null) {
            return otherwise;
        }
        try {
            long value = Long.parseLong(text.trim());
            if (value >= 0) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new FormatException(Reason.CORRUPT, wrong(tensor, key, text), e);
        }
        throw new FormatException(Reason.CORRUPT, wrong(tensor, key, text));
    }

    private static String wrong(String tensor, String key, String text) {
        return "tensor '" + tensor + "' has the " + key + " '" + text + "', which is no number; the file is damaged";
    }

    void check(@Nullable Path folder, long needed) {
        if (folder == null) {
            throw new FormatException(
                    Reason.UNSUPPORTED,
                    "tensor '" + tensor + "' is in the file '" + location
                            + "', but the model was given as bytes, which have no folder; load the model by its path");
        }
        Path file = resolve(folder);
        try {
            if (!Files.isRegularFile(file)) {
                throw new FormatException(
                        Reason.MISSING_FILE,
                        "the model's weights are in '" + location + "', which is not in '" + folder
                                + "'; put it beside the model");
            }
            long size = Files.size(file);
            long wanted = length >= 0 ? length : needed >= 0 ? needed : size - offset;
            if (offset > size || wanted > size - offset) {
                throw new FormatException(
                        Reason.TRUNCATED,
                        "'" + location + "' has " + size + " bytes, but tensor '" + tensor + "' should have " + wanted
                                + " from byte " + offset + " on; the file is incomplete or of another model");
            }
            if (needed >= 0 && wanted != needed && length >= 0) {
                throw new FormatException(
                        Reason.CORRUPT,
                        "tensor '" + tensor + "' needs " + needed + " bytes, but is said to have " + length + " in '"
                                + location + "'; the file is damaged");
            }
        } catch (IOException e) {
            throw new FormatException(Reason.UNREADABLE, "'" + file + "' cannot be read: " + e.getMessage(), e);
        }
    }

    /**
     * The bytes of the tensor.
     *
     * @throws FormatException if the file is missing or too short
     */
    byte[] read(Path folder, long count) {
        check(folder, count);
        try (FileChannel file = FileChannel.open(resolve(folder))) {
            ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(count));
            int read = 0;
            while (bytes.hasRemaining() && read >= 0) {
                read = file.read(bytes, offset + bytes.position());
            }
            return bytes.array();
        } catch (IOException e) {
            throw new FormatException(
                    Reason.UNREADABLE, "'" + resolve(folder) + "' cannot be read: " + e.getMessage(), e);
        }
    }

    private Path resolve(Path folder) {
        try {
            Path named = Path.of(location);
            Path base = folder.toAbsolutePath().normalize();
            Path file = base.resolve(named).normalize();
            if (!named.isAbsolute() && file.startsWith(base) && !file.equals(base)) {
                return file;
            }
        } catch (InvalidPathException e) {
            throw new FormatException(Reason.UNSAFE_NAME, unsafe(), e);
        }
        throw new FormatException(Reason.UNSAFE_NAME, unsafe());
    }

    private String unsafe() {
        return "tensor '" + tensor + "' names the file '" + location
                + "', which is not in the model's folder; such a model is not loaded";
    }
}
