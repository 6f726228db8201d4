// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.question;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.cli.Cli;
import io.github.attribution4j.cli.PngFiles;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.tensor.numpy.NumpyFiles;
import java.awt.color.ColorSpace;
import java.awt.color.ICC_Profile;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Colors of image files compared with Pillow's, for files and numbers written by {@code golden/images.py}. */
class PixelsTest {
    private static final Path GOLDEN = Cli.golden("images");
    /** Decoders of JPEG and converters of profiles differ by a step or two of 255. */
    private static final double STEPS = 2.01;

    private static final Set<String> GREY =
            Set.of("grey.jpg", "grey-16-bit.png", "grey-opaque-alpha.png", "profile-grey.jpg", "profile-grey.png");

    @TempDir
    Path folder;

    static Stream<String> files() throws IOException {
        try (Stream<Path> files = Files.list(GOLDEN)) {
            List<String> names = files.map(file -> String.valueOf(file.getFileName()))
                    .filter(name -> !name.endsWith(".npz"))
                    .sorted()
                    .toList();
            return names.stream();
        }
    }

    @ParameterizedTest
    @MethodSource("files")
    void readsEveryColourSpaceAsPillowDoes(String name) throws IOException {
        Pixels pixels = Pixels.read(GOLDEN.resolve(name));
        try (TensorScope scope = TensorScope.open()) {
            Map<String, Tensor> golden = NumpyFiles.readNpz(GOLDEN.resolve("colours.npz"), Tensors.ofJava());
            double[] colors = golden.get(name).toDoubleArray();
            double white = name.contains("16-bit") ? 65535 : 255;
            double tolerance = name.contains("jpg") || name.contains("profile") ? STEPS / 255 : 1e-9;
            for (int i = 0; i < colors.length; i++) {
                double[] plane = pixels.planes()[pixels.planes().length == 1 ? 0 : i % 3];
                if (Math.abs(plane[i / 3] - colors[i] / white) > tolerance) {
                    throw new AssertionError("pixel " + i / 3 + ", channel " + i % 3 + ": " + plane[i / 3] * white
                            + " instead of " + colors[i]);
                }
            }
            assertThat(pixels.width() * pixels.height() * 3).isEqualTo(colors.length);
        }
        assertThat(pixels.planes()).hasNumberOfRows(GREY.contains(name) ? 1 : 3);
        assertThat(pixels.converted().isPresent())
                .isEqualTo(name.contains("profile") || name.contains("cmyk") || name.contains("ycck"));
    }

    /** The golden files differ enough that a mistake shows. */
    @Test
    void goldenColoursDiffer() throws IOException {
        double[][] plain = Pixels.read(GOLDEN.resolve("rgb.png")).planes();
        double[][] wide = Pixels.read(GOLDEN.resolve("profile.png")).planes();
        double largest = 0;
        for (int c = 0; c < 3; c++) {
            for (int i = 0; i < plain[c].length; i++) {
                largest = Math.max(largest, Math.abs(plain[c][i] - wide[c][i]));
            }
        }
        assertThat(largest).isGreaterThan(20 * STEPS / 255);
    }

    @Test
    void profilesThatAreSrgbChangeNothing() throws IOException {
        byte[] file = Files.readAllBytes(GOLDEN.resolve("rgb.png"));
        BufferedImage image = ImageIO.read(GOLDEN.resolve("rgb.png").toFile());
        Path marked = PngFiles.withProfile(
                folder.resolve("marked.png"),
                file,
                ICC_Profile.getInstance(ColorSpace.CS_sRGB).getData());
        Pixels pixels = Pixels.read(marked);
        assertThat(pixels.converted()).isEmpty();
        assertThat(pixels.planes()[0])
                .isEqualTo(Arrays.stream(
                                image.getRaster().getSamples(0, 0, pixels.width(), pixels.height(), 0, (double[]) null))
                        .map(sample -> sample / 255)
                        .toArray());
        Path broken = PngFiles.withProfile(folder.resolve("broken.png"), file, new byte[] {1, 2, 3});
        assertThat(Pixels.read(broken).converted()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"cmyk.jpg", "profile.png", "rgb.jpg", "palette.gif"})
    void refusesCutFilesByName(String name) throws IOException {
        byte[] whole = Files.readAllBytes(GOLDEN.resolve(name));
        Path file = Files.write(folder.resolve(name), Arrays.copyOf(whole, 30));
        assertThatThrownBy(() -> Pixels.read(file))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith(file + ": ");
    }

    @Test
    void saysWhatWasConverted() throws IOException {
        Path file = GOLDEN.resolve("ycck.jpg");
        InputFile.Reading reading = new InputFile.Reading(
                new ImageFile.Preparation(Optional.empty(), 1, new double[0], new double[0]),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        try (TensorScope scope = TensorScope.open()) {
            assertThat(InputFile.read(file, reading, 3, Tensors.ofJava()).notes())
                    .containsExactly(file + ": its pixels were converted from CMYK to sRGB");
        }
    }

    /** A directory with one entry, in either byte order. */
    private static byte[] exif(boolean little, int orientation) {
        ByteBuffer tiff = ByteBuffer.allocate(26).order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        tiff.put((little ? "II" : "MM").getBytes(StandardCharsets.US_ASCII));
        tiff.putShort((short) 42).putInt(8).putShort((short) 1);
        tiff.putShort((short) 0x112).putShort((short) 3).putInt(1).putShort((short) orientation);
        return tiff.array();
    }

    private static List<String> notes(Path file) throws IOException {
        InputFile.Reading reading = new InputFile.Reading(
                new ImageFile.Preparation(Optional.empty(), 1, new double[0], new double[0]),
                List.of(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        try (TensorScope scope = TensorScope.open()) {
            return InputFile.read(file, reading, 3, Tensors.ofJava()).notes();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void saysOfPicturesThatAreShownTurnedThatTheyWereTakenAsStored(boolean little) throws IOException {
        byte[] jpeg = Files.readAllBytes(GOLDEN.resolve("rgb.jpg"));
        byte[] png = Files.readAllBytes(GOLDEN.resolve("rgb.png"));
        for (int orientation : new int[] {1, 3, 6, 8, 9, 0}) {
            byte[] exif = exif(little, orientation);
            ByteBuffer turned = ByteBuffer.allocate(jpeg.length + 10 + exif.length);
            turned.put(jpeg, 0, 2).putShort((short) 0xffe1).putShort((short) (8 + exif.length));
            turned.put("Exif\0\0".getBytes(StandardCharsets.US_ASCII)).put(exif).put(jpeg, 2, jpeg.length - 2);
            Path file = Files.write(folder.resolve("turned.jpg"), turned.array());
            Path other = PngFiles.withChunk(folder.resolve("turned.png"), png, "eXIf", exif);
            boolean said = orientation > 1 && orientation < 9;
            for (Path one : List.of(file, other)) {
                if (said) {
                    assertThat(notes(one))
                            .singleElement()
                            .asString()
                            .startsWith(one + ": is shown turned (EXIF orientation " + orientation
                                    + "); its pixels were" + " taken as stored");
                } else {
                    assertThat(notes(one)).isEmpty();
                }
                assertThat(Pixels.read(one).width())
                        .isEqualTo(Pixels.read(GOLDEN.resolve("rgb.png")).width());
            }
        }
    }
}
