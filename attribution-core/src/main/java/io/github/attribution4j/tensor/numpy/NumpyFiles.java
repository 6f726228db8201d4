// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor.numpy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes NumPy's {@code .npy} files (one array) and {@code .npz} files (a zip of named arrays, in order).
 *
 * <p>It reads the element types of {@link DataType}, bool, and int8, int16, uint16 and float16, which become int32 or
 * float32. It reads either byte order and either memory order (C, Fortran), and writes little-endian C order.
 */
public final class NumpyFiles {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGNMENT = 64;
    private static final int LONGEST_HEADER = 1 << 16;

    private NumpyFiles() {}

    /**
     * Reads a {@code .npz} file. Arrays of texts, such as names, are skipped.
     *
     * @param tensors makes the arrays' tensors
     * @return the arrays by name, in the file's order, owned by the current scope
     * @throws IOException if the file cannot be read or is no such file; the message says why
     */
    public static Map<String, Tensor> readNpz(Path file, Tensors tensors) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return readNpz(in, tensors);
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    /** Reads a {@code .npz} from a stream; see {@link #readNpz(Path, Tensors)}. */
    public static Map<String, Tensor> readNpz(InputStream in, Tensors tensors) throws IOException {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(in))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String name = entry.getName();
                if (!name.endsWith(".npy")) {
                    throw new IOException("entry '" + name + "' is not an array: an .npz holds .npy files only");
                }
                Tensor array = read(zip, tensors, true);
                if (array != null) {
                    arrays.put(name.substring(0, name.length() - 4), array);
                }
            }
        }
        if (arrays.isEmpty()) {
            throw new IOException("holds no arrays, or is not a zip: write it with numpy.savez");
        }
        return arrays;
    }

    /**
     * Reads the arrays of texts of a {@code .npz} file, which {@link #readNpz(Path, Tensors)} skips: those of one axis,
     * such as {@link #writeNpz(Path, Map, Map)} writes.
     *
     * @return the texts by name, in the file's order; none if there are only numbers
     * @throws IOException if the file cannot be read or is no such file; the message says why
     */
    public static Map<String, List<String>> readTexts(Path file) throws IOException {
        Map<String, List<String>> texts = new LinkedHashMap<>();
        try (ZipInputStream zip = new ZipInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
            for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
                String name = entry.getName();
                String header = name.endsWith(".npy") ? header(zip) : "";
                if (NumpyHeader.isText(header)) {
                    texts.put(name.substring(0, name.length() - 4), NumpyHeader.texts(header, zip.readAllBytes()));
                }
            }
        } catch (IOException e) {
            throw named(file, e);
        }
        return texts;
    }

    /** Reads a {@code .npy} file; see {@link #readNpz(Path, Tensors)}. */
    public static Tensor readNpy(Path file, Tensors tensors) throws IOException {
        try (InputStream in = new BufferedInputStream(Files.newInputStream(file))) {
            return Objects.requireNonNull(read(in, tensors, false), "texts are refused");
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    private static IOException named(Path file, IOException e) {
        return e instanceof java.nio.file.FileSystemException ? e : new IOException(file + ": " + e.getMessage(), e);
    }

    /**
     * Writes a {@code .npz} file, arrays in the map's order. The same arrays give the same bytes.
     *
     * @param arrays by name
     */
    public static void writeNpz(Path file, Map<String, Tensor> arrays) throws IOException {
        writeNpz(file, arrays, Map.of());
    }

    /**
     * Writes a {@code .npz} file of numbers and, after them, of texts as NumPy's {@code U}, which NumPy reads without
     * {@code allow_pickle}. {@link #readNpz(Path, Tensors)} skips the texts.
     *
     * @param arrays by name
     * @param texts by name, one axis each
     */
    public static void writeNpz(Path file, Map<String, Tensor> arrays, Map<String, List<String>> texts)
            throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
            for (Map.Entry<String, Tensor> array : arrays.entrySet()) {
                begin(zip, array.getKey());
                write(zip, array.getValue());
                zip.closeEntry();
            }
            for (Map.Entry<String, List<String>> text : texts.entrySet()) {
                begin(zip, text.getKey());
                write(zip, text.getValue());
                zip.closeEntry();
            }
        }
    }

    private static void begin(ZipOutputStream zip, String name) throws IOException {
        ZipEntry entry = new ZipEntry(name + ".npy");
        entry.setLastModifiedTime(FileTime.fromMillis(0));
        zip.putNextEntry(entry);
    }

    /** NumPy stores a text as its code points, each as four bytes, padded with zeros to the longest. */
    private static void write(OutputStream out, List<String> texts) throws IOException {
        int longest = texts.stream()
                .mapToInt(text -> text.codePointCount(0, text.length()))
                .reduce(1, Math::max);
        ByteBuffer values = ByteBuffer.allocate(Math.multiplyExact(4 * longest, texts.size()))
                .order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < texts.size(); i++) {
            int at = i * 4 * longest;
            for (int point : texts.get(i).codePoints().toArray()) {
                values.putInt(at, point);
                at += 4;
            }
        }
        header(out, "<U" + longest, Shape.of(texts.size()));
        out.write(values.array());
    }

    /** Writes a {@code .npy} file. */
    public static void writeNpy(Path file, Tensor array) throws IOException {
        try (OutputStream out = Files.newOutputStream(file)) {
            write(out, array);
        }
    }

    private static void write(OutputStream out, Tensor array) throws IOException {
        header(out, descriptor(array.dataType()), array.shape());
        ByteBuffer values = littleEndian(array);
        byte[] bytes = new byte[values.remaining()];
        values.get(bytes);
        out.write(bytes);
    }

    private static void header(OutputStream out, String descriptor, Shape shape) throws IOException {
        String header = "{'descr': '" + descriptor + "', 'fortran_order': False, 'shape': " + shape + ", }";
        int unpadded = MAGIC.length + 4 + header.length() + 1;
        int padding = (ALIGNMENT - unpadded % ALIGNMENT) % ALIGNMENT;
        byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.US_ASCII);
        out.write(MAGIC);
        out.write(new byte[] {1, 0, (byte) text.length, (byte) (text.length >> 8)});
        out.write(text);
    }

    private static ByteBuffer littleEndian(Tensor array) {
        ByteBuffer values = array.toByteBuffer();
        if (values.order() == ByteOrder.LITTLE_ENDIAN || array.dataType().bytes() == 1) {
            return values;
        }
        return swapped(values, array.dataType().bytes());
    }

    private static ByteBuffer swapped(ByteBuffer values, int width) {
        ByteBuffer swapped = ByteBuffer.allocate(values.remaining());
        for (int i = 0; i < swapped.capacity(); i++) {
            swapped.put(i, values.get(values.position() + i / width * width + width - 1 - i % width));
        }
        return swapped;
    }

    private static String descriptor(DataType type) {
        return switch (type) {
            case FLOAT32 -> "<f4";
            case FLOAT64 -> "<f8";
            case INT64 -> "<i8";
            case INT32 -> "<i4";
            case UINT8 -> "|u1";
            case BOOL -> "|b1";
        };
    }

    /** Returns an array; null for one of texts if these are to be skipped. */
    private static @Nullable Tensor read(InputStream in, Tensors tensors, boolean passTexts) throws IOException {
        String text = header(in);
        if (passTexts && NumpyHeader.isText(text)) {
            return null;
        }
        NumpyHeader header = NumpyHeader.parse(text);
        ByteBuffer data = ByteBuffer.wrap(exactly(in, header.bytes())).order(header.order());
        return header.decode(data, tensors);
    }

    private static String header(InputStream in) throws IOException {
        byte[] start = exactly(in, MAGIC.length + 2);
        for (int i = 0; i < MAGIC.length; i++) {
            if (start[i] != MAGIC[i]) {
                throw new IOException("is not a NumPy array file: it does not begin with \\x93NUMPY");
            }
        }
        int major = start[MAGIC.length];
        int lengthBytes = major == 1 ? 2 : 4;
        if (major < 1 || major > 3) {
            throw new IOException("has NumPy format version " + major + "; 1 to 3 are known");
        }
        byte[] lengthField = exactly(in, lengthBytes);
        long length = 0;
        for (int i = lengthBytes - 1; i >= 0; i--) {
            length = (length << 8) | (lengthField[i] & 0xFF);
        }
        if (length > LONGEST_HEADER) {
            throw new IOException("has a header of " + length + " bytes; at most " + LONGEST_HEADER + " are read");
        }
        return new String(exactly(in, length), StandardCharsets.UTF_8);
    }

    private static byte[] exactly(InputStream in, long count) throws IOException {
        if (count > Integer.MAX_VALUE - 8) {
            throw new IOException("has an array of " + count + " bytes; at most 2 GiB are read");
        }
        byte[] bytes = in.readNBytes((int) count);
        if (bytes.length < count) {
            throw new EOFException("is cut short: " + count + " bytes expected, " + bytes.length + " found");
        }
        return bytes;
    }
}
