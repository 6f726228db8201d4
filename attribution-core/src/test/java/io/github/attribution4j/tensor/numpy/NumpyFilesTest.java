// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.tensor.numpy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NumpyFilesTest {
    private static final Tensors JAVA = Tensors.ofJava();
    private TensorScope scope;

    @TempDir
    Path folder;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    @Test
    void every_type_and_rank_survives_a_round_trip() throws IOException {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        arrays.put("z", JAVA.of(new float[] {1.5f, -2, Float.NaN}, 3));
        arrays.put("a", JAVA.of(new double[] {Math.PI, 0, 1, 2, 3, 4}, 1, 2, 3));
        arrays.put("scalar", JAVA.of(new double[] {7}, Shape.scalar()));
        arrays.put("longs", JAVA.of(new long[] {Long.MIN_VALUE, 5}, 2));
        arrays.put("ints", JAVA.of(new int[] {-1, 5}, Shape.of(2, 1)));
        arrays.put("flags", JAVA.of(new boolean[] {true, false}, Shape.of(2)));
        arrays.put("bytes", JAVA.of(new int[] {0, 255}, Shape.of(2)).to(DataType.UINT8));
        arrays.put("none", JAVA.of(new float[0], 0, 4));
        Path file = folder.resolve("all.npz");
        NumpyFiles.writeNpz(file, arrays);
        Map<String, Tensor> read = NumpyFiles.readNpz(file, JAVA);

        assertThat(read.keySet()).containsExactlyElementsOf(arrays.keySet());
        arrays.forEach((name, tensor) -> {
            assertThat(read.get(name).shape()).isEqualTo(tensor.shape());
            assertThat(read.get(name).dataType()).isEqualTo(tensor.dataType());
            assertThat(read.get(name).toByteBuffer()).isEqualTo(tensor.toByteBuffer());
        });
        byte[] first = Files.readAllBytes(file);
        NumpyFiles.writeNpz(file, arrays);
        assertThat(Files.readAllBytes(file)).isEqualTo(first);
    }

    @Test
    void a_file_begins_with_the_magic_and_data_is_aligned_to_64_bytes() throws IOException {
        Path file = folder.resolve("x.npy");
        NumpyFiles.writeNpy(file, JAVA.of(new float[] {1, 2}, 2));
        byte[] bytes = Files.readAllBytes(file);

        assertThat(bytes.length).isEqualTo(128 + 8);
        assertThat(new String(bytes, 10, 118, StandardCharsets.US_ASCII))
                .startsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }")
                .endsWith("\n");
    }

    @Test
    void fortran_order_big_endian_and_small_types_are_read() throws IOException {
        ByteBuffer columns = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : new int[] {1, 4, 2, 5, 3, 6}) {
            columns.putInt(value);
        }
        assertThat(read("<i4", true, "(2, 3)", columns.array()).toLongArray()).containsExactly(1, 2, 3, 4, 5, 6);
        byte[] big = ByteBuffer.allocate(16).putDouble(1.5).putDouble(-2).array();
        assertThat(read(">f8", false, "(2,)", big).toDoubleArray()).containsExactly(1.5, -2);
        assertThat(read("<f2", false, "(5,)", new byte[] {0, 0x3C, 0, (byte) 0xC0, 1, 0, 0, 0x7C, (byte) 0xFF, 0x7B})
                        .toDoubleArray())
                .containsExactly(1, -2, 0x1p-24, Double.POSITIVE_INFINITY, 65504);
        assertThat(read("|i1", false, "(2,)", new byte[] {-1, 127}).toLongArray())
                .containsExactly(-1, 127);
        assertThat(read("<i2", false, "(1,)", new byte[] {-1, -1}).toLongArray())
                .containsExactly(-1);
        assertThat(read("<u2", false, "(1,)", new byte[] {-1, -1}).toLongArray())
                .containsExactly(65535);
        assertThat(read("|b1", false, "(2,)", new byte[] {0, 1}).toBooleanArray())
                .containsExactly(false, true);
    }

    @Test
    void what_is_no_array_is_refused_with_the_reason() {
        assertThatThrownBy(() -> read("|O", false, "(1,)", new byte[8])).hasMessageContaining("no plain numeric array");
        assertThatThrownBy(() -> read("<c8", false, "(1,)", new byte[8]))
                .hasMessageContaining("elements of type '<c8'");
        assertThatThrownBy(() -> read("<f4", false, "(3,)", new byte[8]))
                .hasMessageEndingWith("is cut short: 12 bytes expected, 8 found");
        assertThatThrownBy(() -> read("<f8", false, "(9999999999, 9999999999)", new byte[8]))
                .hasMessageContaining("impossible shape");
        assertThatThrownBy(() -> read("<f8", false, "(9999999999,)", new byte[8]))
                .hasMessageContaining("at most 2 GiB");
        assertThatThrownBy(() -> NumpyFiles.readNpy(folder.resolve("missing.npy"), JAVA))
                .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> NumpyFiles.readNpz(new ByteArrayInputStream(new byte[] {1, 2, 3}), JAVA))
                .hasMessage("holds no arrays, or is not a zip: write it with numpy.savez");
        assertThatThrownBy(() -> NumpyFiles.readNpz(new ByteArrayInputStream(zip("readme.txt", new byte[3])), JAVA))
                .hasMessage("entry 'readme.txt' is not an array: an .npz holds .npy files only");
        assertThatThrownBy(() -> NumpyFiles.readNpz(new ByteArrayInputStream(zip("x.npy", new byte[30])), JAVA))
                .hasMessageContaining("is not a NumPy array file");
    }

    private Tensor read(String descriptor, boolean fortran, String shape, byte[] data) throws IOException {
        String header = "{'descr': '" + descriptor + "', 'fortran_order': " + (fortran ? "True" : "False")
                + ", 'shape': " + shape + ", }\n";
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.write(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, (byte) header.length(), 0, 0, 0});
        bytes.write(header.getBytes(StandardCharsets.US_ASCII));
        bytes.write(data);
        Path file = Files.write(folder.resolve("x.npy"), bytes.toByteArray());
        return NumpyFiles.readNpy(file, JAVA);
    }

    private static byte[] zip(String name, byte[] content) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry(name));
            zip.write(content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    @Test
    void texts_are_read_as_they_were_written(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("texts.npz");
        Map<String, List<String>> texts = new LinkedHashMap<>();
        texts.put("names", List.of("a", "", "\u00fc \uD83D\uDE00, b"));
        texts.put("one", List.of("conv1"));
        try (TensorScope scope = TensorScope.open()) {
            NumpyFiles.writeNpz(file, Map.of("numbers", Tensors.ofJava().of(new double[] {1}, 1)), texts);
            assertThat(NumpyFiles.readTexts(file)).isEqualTo(texts);
            assertThat(NumpyFiles.readNpz(file, Tensors.ofJava())).containsOnlyKeys("numbers");
        }
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> NumpyFiles.readTexts(file)).isInstanceOf(IOException.class);
    }
}
