// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InputFileTest {
    private final TensorScope scope = TensorScope.open();

    @TempDir
    Path folder;

    @AfterEach
    void close() {
        scope.close();
    }

    private static InputFile.Reading plain() {
        return reading(Optional.empty(), 1, new double[0], new double[0]);
    }

    private static InputFile.Reading reading(Optional<int[]> size, double scale, double[] mean, double[] std) {
        return new InputFile.Reading(
                new ImageFile.Preparation(size, scale, mean, std),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    private static InputFile read(Path file, InputFile.Reading reading, int channels) throws IOException {
        return InputFile.read(file, reading, channels, Tensors.ofJava());
    }

    private Path csv(String text) throws IOException {
        return Files.writeString(folder.resolve("table.csv"), text);
    }

    @Test
    void readsTables() throws IOException {
        InputFile file = read(csv("\ufeffage, \"income, net\" ,\"the \"\"x\"\"\"\n1,2.5,-3e2\n\n4,5,6\n"), plain(), 1);
        assertThat(file.columns()).containsExactly("age", "income, net", "the \"x\"");
        Tensor rows = file.arrays().get(0).tensor();
        assertThat(rows.shape()).isEqualTo(Shape.of(2, 3));
        assertThat(rows.dataType()).isEqualTo(DataType.FLOAT32);
        assertThat(rows.toFloatArray()).containsExactly(1, 2.5f, -300, 4, 5, 6);
    }

    @Test
    void dropsColumnsAndConverts() throws IOException {
        InputFile.Reading reading = new InputFile.Reading(
                plain().image(), List.of("name"), Optional.of(DataType.FLOAT64), Optional.empty(), Optional.empty());
        InputFile file = read(csv("a,name,b\n1,Ann,2\n"), reading, 1);
        assertThat(file.columns()).containsExactly("a", "b");
        assertThat(file.arrays().get(0).tensor().dataType()).isEqualTo(DataType.FLOAT64);
        assertThat(file.arrays().get(0).tensor().toDoubleArray()).containsExactly(1, 2);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|is empty",
                "'a,b'|has a header and no rows",
                "'1,2;3,4'|line 1 holds numbers only",
                "'a,b;1'|line 2 has 1 cells, the header 2",
                "'a,b;1,Ann'|line 2, column 'b': 'Ann' is not a number; leave the column out with --drop",
                "'a,a;1,2'|two columns have the same name",
                "'a,\"b;1,2'|line 1 ends inside of quotes"
            })
    void refusesBadTables(String text, String message) throws IOException {
        Path file = csv(text.replace(';', '\n'));
        assertThatThrownBy(() -> read(file, plain(), 1))
                .isInstanceOf(IOException.class)
                .hasMessageContaining(message);
    }

    @Test
    void refusesToDropWhatIsNotThere() throws IOException {
        Path file = csv("a,label\n1,2\n");
        InputFile.Reading reading = new InputFile.Reading(
                plain().image(), List.of("lable"), Optional.empty(), Optional.empty(), Optional.empty());
        assertThatThrownBy(() -> read(file, reading, 1))
                .hasMessageContaining("has no column 'lable' to drop; did you mean 'label'?");
    }

    @Test
    void readsArraysInOrder() throws IOException {
        Map<String, Tensor> arrays = new LinkedHashMap<>();
        arrays.put("z", Tensors.ofJava().of(new float[] {1, 2}, 1, 2));
        arrays.put("a", Tensors.ofJava().of(new long[] {3}, 1, 1));
        Path npz = folder.resolve("x.npz");
        NumpyFiles.writeNpz(npz, arrays);
        InputFile file = read(npz, plain(), 1);
        assertThat(file.arrays()).extracting("name").containsExactly("z", "a");
        InputFile.Reading doubles = new InputFile.Reading(
                plain().image(), List.of(), Optional.of(DataType.FLOAT64), Optional.empty(), Optional.empty());
        assertThat(read(npz, doubles, 1).arrays())
                .extracting(array -> array.tensor().dataType())
                .containsExactly(DataType.FLOAT64, DataType.INT64);

        Path npy = folder.resolve("x.npy");
        NumpyFiles.writeNpy(npy, arrays.get("z"));
        assertThat(read(npy, plain(), 1).arrays().get(0).tensor().toFloatArray())
                .containsExactly(1, 2);
    }

    /** Java's getRGB turns a gray 128 into 188; the stored sample counts. */
    @Test
    void readsGreyAsStored() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_GRAY);
        image.getRaster().setSample(0, 0, 0, 128);
        image.getRaster().setSample(1, 0, 0, 255);
        Path file = folder.resolve("gray.png");
        ImageIO.write(image, "png", file.toFile());
        assertThat(ImageFile.isGrey(file)).isTrue();
        Tensor gray = read(file, plain(), 1).arrays().get(0).tensor();
        assertThat(gray.shape()).isEqualTo(Shape.of(1, 1, 1, 2));
        assertThat(gray.toFloatArray()).containsExactly(128 / 255f, 1);
        assertThat(read(file, plain(), 3).arrays().get(0).tensor().toFloatArray())
                .containsExactly(128 / 255f, 1, 128 / 255f, 1, 128 / 255f, 1);
    }

    @Test
    void readsColorPlaneByPlaneAndNormalizes() throws IOException {
        Path file = colors();
        assertThat(ImageFile.isGrey(file)).isFalse();
        Tensor tensor = read(file, plain(), 3).arrays().get(0).tensor();
        assertThat(tensor.shape()).isEqualTo(Shape.of(1, 3, 1, 2));
        assertThat(tensor.toFloatArray()).containsExactly(1, 0, 0, 51 / 255f, 0, 1);
        Tensor normal = read(file, reading(Optional.empty(), 255, new double[] {5, 10, 15}, new double[] {2}), 3)
                .arrays()
                .get(0)
                .tensor();
        assertThat(normal.toFloatArray()).containsExactly(125, -2.5f, -5, 20.5f, -7.5f, 120);
        float[] luma = read(file, plain(), 1).arrays().get(0).tensor().toFloatArray();
        assertThat(luma[0]).isCloseTo(0.299f, within(1e-6f));
        assertThat(luma[1]).isCloseTo(0.587f * 51 / 255 + 0.114f, within(1e-6f));
        assertThatThrownBy(() -> read(file, reading(Optional.empty(), 1, new double[] {1, 2}, new double[0]), 3))
                .hasMessage("--mean: 2 numbers for 3 channels; give one for each, or one for all");
    }

    private Path colors() throws IOException {
        BufferedImage image = new BufferedImage(2, 1, BufferedImage.TYPE_INT_RGB);
        image.setRGB(0, 0, 0xff0000);
        image.setRGB(1, 0, 0x0033ff);
        Path file = folder.resolve("colors.png");
        ImageIO.write(image, "png", file.toFile());
        return file;
    }

    @Test
    void resizesAsImageLibrariesDo() throws IOException {
        BufferedImage image = new BufferedImage(4, 1, BufferedImage.TYPE_BYTE_GRAY);
        for (int x = 0; x < 4; x++) {
            image.getRaster().setSample(x, 0, 0, 85 * x);
        }
        Path file = folder.resolve("ramp.png");
        ImageIO.write(image, "png", file.toFile());
        // A ramp 0, 1, 2, 3 (thirds of white). Half as wide: triangles of half-width 2 around 1 and 3.
        float[] half = read(file, reading(Optional.of(new int[] {1, 2}), 3, new double[0], new double[0]), 1)
                .arrays()
                .get(0)
                .tensor()
                .toFloatArray();
        assertThat(half[0]).isCloseTo((0.75f * 0 + 0.75f * 1 + 0.25f * 2) / 1.75f, within(1e-6f));
        assertThat(half[1]).isCloseTo((0.25f * 1 + 0.75f * 2 + 0.75f * 3) / 1.75f, within(1e-6f));
        // Twice as wide: between the two nearest, edges repeated.
        float[] twice = read(file, reading(Optional.of(new int[] {2, 8}), 3, new double[0], new double[0]), 1)
                .arrays()
                .get(0)
                .tensor()
                .toFloatArray();
        assertThat(twice)
                .usingComparatorWithPrecision(1e-6f)
                .containsExactly(
                        0, 0.25f, 0.75f, 1.25f, 1.75f, 2.25f, 2.75f, 3, 0, 0.25f, 0.75f, 1.25f, 1.75f, 2.25f, 2.75f, 3);
    }

    @Test
    void refusesTransparencyAndWhatIsNoImage() throws IOException {
        BufferedImage image = new BufferedImage(1, 1, BufferedImage.TYPE_INT_ARGB);
        Path glass = folder.resolve("glass.png");
        ImageIO.write(image, "png", glass.toFile());
        assertThatThrownBy(() -> read(glass, plain(), 3)).hasMessageContaining("transparent parts");
        Path text = Files.writeString(folder.resolve("text.png"), "no image");
        assertThatThrownBy(() -> read(text, plain(), 3)).hasMessageContaining("is not an image that can be read");
        Path other = Files.writeString(folder.resolve("x.parquet"), "");
        assertThatThrownBy(() -> read(other, plain(), 3)).hasMessageContaining("unknown kind of file");
        assertThatThrownBy(() -> read(folder.resolve("no.npz"), plain(), 3))
                .isInstanceOf(java.nio.file.NoSuchFileException.class);
    }
}
