// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.visual.internal.Numbers;
import io.github.attribution4j.visual.internal.Png;
import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PictureTest {

    private static Picture picture(double scale) {
        return BarChart.of(new String[] {"a", "b"}, new double[] {1, -2})
                .caption(Caption.of("Why <b>?").scale(scale))
                .picture();
    }

    @Test
    void writesTheFormThatTheNameAsksFor(@TempDir Path folder) throws Exception {
        Picture picture = picture(2);
        picture.write(folder.resolve("a.PNG"));
        picture.write(folder.resolve("a.svg"));
        picture.write(folder.resolve("a.html"));
        picture.write(folder.resolve("a.htm"));
        BufferedImage read = ImageIO.read(folder.resolve("a.PNG").toFile());
        assertThat(read.getWidth()).isEqualTo((int) (2 * picture.width()));
        assertThat(Files.readString(folder.resolve("a.svg"))).isEqualTo(picture.toSvg());
        assertThat(Files.readString(folder.resolve("a.html"))).isEqualTo(picture.toHtml());
        assertThat(Files.readString(folder.resolve("a.htm"))).isEqualTo(picture.toHtml());
    }

    /**
     * Flat and noisy, with few colors (a palette) and with many, lines that repeat: ImageIO reads back what was
     * drawn, exactly.
     */
    @ParameterizedTest
    @CsvSource({
        "1, 1, 1, 1",
        "3, 2, 2, 1",
        "40, 30, 256, 1",
        "40, 30, 257, 1",
        "41, 29, 16777216, 1",
        "300, 50, 600, 25",
        "3, 600, 300, 6",
        "64, 64, 1, 64"
    })
    void pngHoldsEveryPixel(int width, int height, int colors, int run) throws Exception {
        Random random = new Random(width);
        int[] rgb = new int[width * height];
        for (int i = 0; i < rgb.length; i++) {
            int color = i / run < colors && colors <= 600 ? i / run : random.nextInt(colors);
            rgb[i] = i % run == 0 ? color * 0x9e3779b1 & 0xffffff : rgb[i - 1];
        }
        for (int type : new int[] {BufferedImage.TYPE_INT_RGB, BufferedImage.TYPE_3BYTE_BGR}) {
            BufferedImage image = new BufferedImage(width, height, type);
            image.setRGB(0, 0, width, height, rgb, 0, width);
            byte[] png = Png.encode(image, 1);
            BufferedImage read = ImageIO.read(new ByteArrayInputStream(png));
            assertThat(read.getWidth()).isEqualTo(width);
            int[] back = read.getRGB(0, 0, width, height, null, 0, width);
            for (int i = 0; i < rgb.length; i++) {
                assertThat(back[i] & 0xffffff).as("pixel " + i).isEqualTo(rgb[i]);
            }
            boolean few = Arrays.stream(rgb).distinct().count() <= 256;
            assertThat(read.getColorModel() instanceof IndexColorModel).isEqualTo(few);
        }
    }

    /** The encoder is fast, and its files are not much larger than those of the strongest compression. */
    @Test
    void pngIsSmall() throws Exception {
        Picture picture = picture(2);
        ByteArrayOutputStream others = new ByteArrayOutputStream();
        ImageIO.write(picture.toImage(), "png", others);
        assertThat(picture.toPng().length).isLessThan(others.size() * 3 / 2);
    }

    @Test
    void pngKnowsItsSizeOnPaper() {
        // pHYs: pixels per meter twice, then the unit. 96 dpi × 2 is 7559 per meter.
        String png = new String(picture(2).toPng(), StandardCharsets.ISO_8859_1);
        int chunk = png.indexOf("pHYs");
        assertThat(chunk).isPositive();
        assertThat(png.charAt(chunk + 6) << 8 | png.charAt(chunk + 7)).isEqualTo(7559);
        assertThat((int) png.charAt(chunk + 12)).isEqualTo(1);
    }

    @Test
    void scaleChangesPixelsNotLayout() {
        assertThat(picture(1).toSvg()).isEqualTo(picture(3).toSvg());
        assertThat(picture(3).toImage().getWidth())
                .isEqualTo(3 * picture(1).toImage().getWidth());
    }

    @Test
    void describesItselfForThoseWhoCannotSeeIt() throws Exception {
        assertThat(picture(1).description()).isEqualTo("Why <b>?");
        Svg svg = Svg.parse(picture(1).toSvg());
        assertThat(svg.elements("title").get(0).getTextContent()).isEqualTo("Why <b>?");
        assertThat(svg.root().getAttribute("role")).isEqualTo("img");
        assertThat(picture(1).toHtml()).contains("<title>Why &lt;b&gt;?</title>");
        assertThat(picture(2))
                .hasToString(
                        "Picture[Why <b>?, 760x" + Numbers.coordinate(picture(2).height()) + ", scale 2]");
    }

    @Test
    void refusals(@TempDir Path folder) {
        assertThatThrownBy(() -> picture(1).write(folder.resolve("a.bmp")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a.bmp")
                .hasMessageContaining("end it in .png, .svg, .html or .htm");
        assertThatThrownBy(() -> picture(1).write(folder.resolve("missing").resolve("a.svg")))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining("check that its folder exists and is writable")
                .hasCauseInstanceOf(java.io.IOException.class);
        assertThatThrownBy(() -> picture(17)).hasMessageStartingWith("scale: 17.0;");
        String[] names = new String[5000];
        java.util.Arrays.fill(names, "n");
        Picture huge = BarChart.of(names, new double[5000])
                .top(5000)
                .caption(Caption.of("").scale(4))
                .picture();
        assertThatThrownBy(huge::toImage)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("lower the scale");
        assertThat(huge.toSvg()).contains("</svg>");
    }
}
