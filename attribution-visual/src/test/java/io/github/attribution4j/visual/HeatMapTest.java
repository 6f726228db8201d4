// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Resample;
import io.github.attribution4j.visual.internal.Style;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayInputStream;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class HeatMapTest {

    private static final String XLINK = "http://www.w3.org/1999/xlink";
    private static final double[] SIGNED = {1, -1, 0, 0.5};

    private static HeatMap map(double... values) {
        return HeatMap.of(values, 1, 2, 2).outlierPercentage(0).panelSize(40);
    }

    /** The pixels of the k-th raster: the panels in order, then the color bar. */
    private static BufferedImage raster(Picture picture, int k) throws Exception {
        Element image = Svg.parse(picture.toSvg()).elements("image").get(k);
        String href = image.getAttributeNS(XLINK, "href");
        assertThat(href).startsWith("data:image/png;base64,");
        byte[] png = Base64.getDecoder().decode(href.substring(href.indexOf(',') + 1));
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    /** The color in the middle of a cell of a 2×2 panel. */
    private static int cell(BufferedImage panel, int row, int column) {
        return panel.getRGB(panel.getWidth() * (2 * column + 1) / 4, panel.getHeight() * (2 * row + 1) / 4) & 0xffffff;
    }

    @Test
    void cellsHaveTheColorsOfTheMap() throws Exception {
        BufferedImage panel = raster(map(SIGNED).picture(), 0);
        assertThat(panel.getWidth()).isEqualTo(80);
        assertThat(cell(panel, 0, 0)).isEqualTo(0x9c1127);
        assertThat(cell(panel, 0, 1)).isEqualTo(0x0b3f8f);
        assertThat(cell(panel, 1, 0)).isEqualTo(0xf7f7f7);
        assertThat(cell(panel, 1, 1)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(0.5));
    }

    @Test
    void everyPixelOfACellIsTheSameWhenNearest() throws Exception {
        BufferedImage panel = raster(map(SIGNED).picture(), 0);
        for (int y = 0; y < 80; y++) {
            for (int x = 0; x < 80; x++) {
                assertThat(panel.getRGB(x, y) & 0xffffff).isEqualTo(cell(panel, y / 40, x / 40));
            }
        }
    }

    @Test
    void imageAndSvgShowTheSamePixels() throws Exception {
        Picture picture = map(SIGNED).legend(false).picture();
        BufferedImage whole = picture.toImage();
        BufferedImage panel = raster(picture, 0);
        int offset = (int) (2 * Style.MARGIN);
        for (int y = 4; y < 76; y++) {
            for (int x = 4; x < 76; x++) {
                assertThat(whole.getRGB(offset + x, offset + y)).isEqualTo(panel.getRGB(x, y));
            }
        }
    }

    @Test
    void smoothStaysBetweenItsNeighbours() throws Exception {
        BufferedImage panel = raster(
                map(0, 1, 0, 1).interpolation(HeatMap.Interpolation.SMOOTH).picture(), 0);
        assertThat(panel.getRGB(0, 40) & 0xffffff).isEqualTo(0xf7f7f7);
        assertThat(panel.getRGB(79, 40) & 0xffffff).isEqualTo(0x9c1127);
        double before = 1;
        for (int x = 0; x < 80; x++) {
            double lightness = OkLab.fromRgb(panel.getRGB(x, 40) & 0xffffff)[0];
            assertThat(lightness).isLessThanOrEqualTo(before + 1e-9);
            before = lightness;
        }
    }

    @Test
    void limitIsTheValueWhereTheCumulativeSumReachesTheShare() {
        double[] values = {-4, 3, 2, -1};
        // Sorted magnitudes 1, 2, 3, 4; cumulative 1, 3, 6, 10.
        assertThat(HeatMap.colorLimit(values, 0)).isEqualTo(4);
        assertThat(HeatMap.colorLimit(values, 39)).isEqualTo(4);
        assertThat(HeatMap.colorLimit(values, 41)).isEqualTo(3);
        assertThat(HeatMap.colorLimit(values, 71)).isEqualTo(2);
        assertThat(HeatMap.colorLimit(values, 100)).isEqualTo(1);
        assertThat(HeatMap.colorLimit(new double[] {0, 0, 5}, 100)).isEqualTo(5);
        assertThat(HeatMap.colorLimit(new double[3], 2)).isZero();
        assertThat(values).containsExactly(-4, 3, 2, -1);
    }

    @Test
    void clippedValuesSaturateAndTheLegendSaysSo() throws Exception {
        Picture picture = map(-4, 3, 2, -1).outlierPercentage(41).picture();
        BufferedImage panel = raster(picture, 0);
        assertThat(cell(panel, 0, 0)).isEqualTo(0x0b3f8f);
        assertThat(cell(panel, 0, 1)).isEqualTo(0x9c1127);
        assertThat(cell(panel, 1, 0)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(2.0 / 3));
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("\u2264 \u22123", "\u22121.5", "0", "1.5", "3")
                .doesNotContain("\u2265 3");
        assertThat(String.join(" ", Svg.parse(picture.toSvg()).texts()))
                .contains("Colors saturate at |a| = 3 (outliers: 41 % of \u03a3|a|); largest |a| = 4.");
    }

    @Test
    void legendOfNonNegativeValuesStartsAtZero() throws Exception {
        assertThat(Svg.parse(map(0, 2, 4, 8).picture().toSvg()).texts()).containsSubsequence("0", "4", "8");
        assertThat(Svg.parse(map(0, 2, 4, 8).picture().toSvg()).texts()).doesNotContain("\u22128");
    }

    @Test
    void legendTicksPointAtTheColorsOfTheirValues() throws Exception {
        Picture picture = map(SIGNED).picture();
        BufferedImage bar = raster(picture, 1);
        assertThat(bar.getRGB(5, 0) & 0xffffff).isEqualTo(0x9c1127);
        assertThat(bar.getRGB(5, bar.getHeight() - 1) & 0xffffff).isEqualTo(0x0b3f8f);
        int middle = bar.getRGB(5, bar.getHeight() / 2) & 0xff;
        assertThat(middle).isCloseTo(0xf7, within(3));
    }

    @Test
    void channelsAreSummedOrTheLargestIsTaken() throws Exception {
        double[] values = {3, 0, 0, 0, -4, 0, 0, 2};
        HeatMap sum = HeatMap.of(values, 2, 2, 2).outlierPercentage(0).panelSize(40);
        assertThat(cell(raster(sum.picture(), 0), 0, 0)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(-0.5));
        assertThat(Svg.parse(sum.picture().toSvg()).texts()).contains("Sum over 2 channels.");
        Picture largest = sum.channels(ChannelReduction.MAX_ABS).picture();
        assertThat(cell(raster(largest, 0), 0, 0)).isEqualTo(0x0b3f8f);
        assertThat(cell(raster(largest, 0), 1, 1)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(0.5));
    }

    @Test
    void signsKeepTheirPart() throws Exception {
        assertThat(cell(raster(map(SIGNED).sign(Sign.POSITIVE).picture(), 0), 0, 1))
                .isEqualTo(0xf7f7f7);
        Picture negative = map(SIGNED).sign(Sign.NEGATIVE).picture();
        assertThat(cell(raster(negative, 0), 0, 0)).isEqualTo(0xf7f7f7);
        assertThat(cell(raster(negative, 0), 0, 1)).isEqualTo(0x0b3f8f);
        assertThat(Svg.parse(negative.toSvg()).texts()).contains("\u22121", "0").doesNotContain("1");
        Picture absolute = map(SIGNED).sign(Sign.ABSOLUTE).picture();
        assertThat(cell(raster(absolute, 0), 0, 0))
                .isEqualTo(cell(raster(absolute, 0), 0, 1))
                .isEqualTo(0x33105f);
    }

    @Test
    void zerosAreNeutralAndNamed() throws Exception {
        Picture picture = map(0, 0, 0, 0).picture();
        assertThat(cell(raster(picture, 0), 0, 0)).isEqualTo(0xf7f7f7);
        assertThat(Svg.parse(picture.toSvg()).texts()).contains("0", "All attributions shown are zero.");
    }

    @Test
    void sideBySideShowsOriginalHeatMapAndOverlay() throws Exception {
        OriginalImage original = OriginalImage.of(new double[] {0, 16, 8, 32}, 1, 2, 2, 0, 16);
        Picture picture = map(SIGNED).over(original).panelSize(80).picture();
        BufferedImage first = raster(picture, 0);
        assertThat(cell(first, 0, 0)).isEqualTo(0x000000);
        assertThat(cell(first, 0, 1)).isEqualTo(0xffffff);
        assertThat(cell(first, 1, 0)).isEqualTo(0x808080);
        assertThat(cell(first, 1, 1)).isEqualTo(0xffffff);
        assertThat(cell(raster(picture, 1), 0, 0)).isEqualTo(0x9c1127);
        // No attribution: the pale original, 135 + 128·117/255.
        assertThat(cell(raster(picture, 2), 1, 0)).isEqualTo(0xc2c2c2);
        assertThat(Svg.parse(picture.toSvg()).texts()).contains("original", "attribution", "overlay");
    }

    /** Java's conversion of gray to RGB would turn 128 into 188. */
    @Test
    void aGrayOriginalKeepsItsBrightness() throws Exception {
        for (int type : new int[] {BufferedImage.TYPE_BYTE_GRAY, BufferedImage.TYPE_USHORT_GRAY}) {
            BufferedImage gray = new BufferedImage(2, 2, type);
            int white = type == BufferedImage.TYPE_BYTE_GRAY ? 255 : 65535;
            gray.getRaster().setSample(1, 0, 0, white);
            gray.getRaster().setSample(0, 1, 0, 128 * (white / 255));
            BufferedImage shown = raster(
                    map(SIGNED).over(OriginalImage.of(gray)).panelSize(80).picture(), 0);
            assertThat(List.of(cell(shown, 0, 0), cell(shown, 0, 1), cell(shown, 1, 0)))
                    .containsExactly(0x000000, 0xffffff, 0x808080);
        }
    }

    @Test
    void constantOpacityBlendsEverywhere() throws Exception {
        OriginalImage white = OriginalImage.of(new float[] {1, 1, 1, 1}, 1, 2, 2, 0, 1);
        HeatMap overlay = map(SIGNED).over(white).view(HeatMap.View.OVERLAY);
        BufferedImage half = raster(overlay.opacity(Opacity.constant(0.5)).picture(), 0);
        assertThat(cell(half, 0, 0)).isEqualTo(OkLab.blend(0xfcfcfc, 0x9c1127, 0.5));
        BufferedImage full = raster(overlay.opacity(Opacity.constant(1)).picture(), 0);
        assertThat(cell(full, 0, 1)).isEqualTo(0x0b3f8f);
    }

    @Test
    void masksScaleTheOriginal() throws Exception {
        OriginalImage red = OriginalImage.of(new double[] {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 2, 2, 0, 1);
        HeatMap map = map(SIGNED).over(red).sign(Sign.ABSOLUTE);
        BufferedImage masked = raster(map.view(HeatMap.View.MASKED).picture(), 0);
        assertThat(List.of(cell(masked, 0, 0), cell(masked, 1, 0), cell(masked, 1, 1)))
                .containsExactly(0xff0000, 0x000000, 0x800000);
        BufferedImage faded = raster(map.view(HeatMap.View.ALPHA_SCALED).picture(), 0);
        assertThat(List.of(cell(faded, 0, 0), cell(faded, 1, 0), cell(faded, 1, 1)))
                .containsExactly(0xff0000, 0xffffff, 0xff8080);
    }

    @Test
    void coarseAttributionsAreStretchedOverALargeOriginal() throws Exception {
        BufferedImage photo = new BufferedImage(200, 100, BufferedImage.TYPE_INT_ARGB);
        Picture picture = HeatMap.of(new float[] {0, 1}, 1, 1, 2)
                .over(OriginalImage.of(photo))
                .panelSize(100)
                .caption(Caption.of("").scale(1))
                .picture();
        BufferedImage original = raster(picture, 0);
        assertThat(List.of(original.getWidth(), original.getHeight())).containsExactly(100, 50);
        // Fully transparent pixels become white.
        assertThat(original.getRGB(3, 3) & 0xffffff).isEqualTo(0xffffff);
        assertThat(raster(picture, 1).getRGB(99, 49) & 0xffffff).isEqualTo(0x9c1127);
    }

    @Test
    void shrinkingAverages() {
        assertThat(Resample.smooth(new double[] {0, 2, 4, 6}, 4, 1, 1, 1))
                .containsExactly(new double[] {3}, within(1e-12));
        assertThat(Resample.smooth(new double[] {5, 5, 5, 5, 5, 5}, 3, 2, 2, 1))
                .containsExactly(new double[] {5, 5}, within(1e-12));
        assertThat(Resample.nearest(new double[] {1, 2, 3, 4}, 2, 2, 4, 2)).containsExactly(1, 1, 2, 2, 3, 3, 4, 4);
    }

    @Test
    void callersArrayIsNeitherKeptNorChanged() throws Exception {
        double[] values = SIGNED.clone();
        HeatMap map = map(values);
        assertThat(values).isEqualTo(SIGNED);
        values[0] = -1;
        assertThat(cell(raster(map.picture(), 0), 0, 0)).isEqualTo(0x9c1127);
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> HeatMap.of(new double[5], 1, 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("attributions: 5 values for shape [1, 2, 2]; that shape has 4; give one image, without the"
                        + " batch axis, in the order channel, row, column");
        assertThatThrownBy(() -> HeatMap.of(new double[0], 0, 2, 2)).hasMessageStartingWith("channels: 0;");
        assertThatThrownBy(() -> map(1, Double.NaN, 0, 0))
                .hasMessageStartingWith("attributions[1]: NaN; values must be finite");
        assertThatThrownBy(() -> map(1, 0, Double.NEGATIVE_INFINITY, 0))
                .hasMessageStartingWith("attributions[2]: -Infinity");
        assertThatThrownBy(() -> HeatMap.of(new double[] {0, -1e301}, 2, 1, 1))
                .hasMessageStartingWith("attributions[1]: -1.0E301; values must be finite and at most 1e300");
        assertThatThrownBy(() -> map(SIGNED).outlierPercentage(101))
                .hasMessageContaining("101")
                .hasMessageContaining("0 and 100");
        assertThatThrownBy(() -> map(SIGNED).panelSize(0)).hasMessageContaining("16 and 4096");
        assertThatThrownBy(() -> map(SIGNED).caption(Caption.of("").scale(Double.NaN)))
                .hasMessageStartingWith("scale: NaN");
        assertThatThrownBy(() -> map(SIGNED).view(HeatMap.View.OVERLAY).picture())
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("OVERLAY needs the original image; call over(image)");
        OriginalImage image = OriginalImage.stretched(new double[4], 1, 2, 2);
        assertThatThrownBy(
                        () -> map(SIGNED).over(image).view(HeatMap.View.MASKED).picture())
                .hasMessageContaining("choose POSITIVE, NEGATIVE or ABSOLUTE");
        assertThatThrownBy(() -> map(SIGNED).colors(ColorMap.WHITE_VIOLET).picture())
                .hasMessageContaining("sequential map cannot show negative values");
        assertThatThrownBy(() -> OriginalImage.of(new double[8], 2, 2, 2, 0, 1)).hasMessageStartingWith("channels: 2;");
        assertThatThrownBy(() -> OriginalImage.of(new double[4], 1, 2, 2, 1, 1))
                .hasMessageContaining("above black (1.0)");
        assertThatThrownBy(() -> Opacity.constant(1.5)).hasMessageContaining("1.5");
    }

    private static Element text(Svg svg, String text) {
        return svg.elements("text").stream()
                .filter(element -> element.getTextContent().equals(text))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void namesStandAtTheMiddleOfTheirRowsAndColumns() throws Exception {
        String[] names = {"age of the customer in years", "b"};
        Svg svg = Svg.parse(map(SIGNED).names(names, names).picture().toSvg());
        Element panel = svg.elements("image").get(0);
        double left = Svg.number(panel, "x");
        double top = Svg.number(panel, "y");
        assertThat(Svg.number(panel, "width"))
                .as("40 pixels have room for two names")
                .isEqualTo(40);
        List<Element> of = svg.elements("text").stream()
                .filter(element -> element.getTextContent().equals("b"))
                .toList();
        double[] row = Svg.extent(of.get(0));
        double[] column = Svg.extent(of.get(1));
        assertThat(row[2]).isLessThan(left);
        assertThat((row[1] + row[3]) / 2).isCloseTo(top + 30, within(2.0));
        assertThat(column[1]).isGreaterThan(top + 40);
        assertThat((column[0] + column[2]) / 2).isCloseTo(left + 30, within(2.0));
        assertThat(of.get(0).hasAttribute("transform")).isFalse();
        assertThat(of.get(1).hasAttribute("transform"))
                .as("a long name turns all")
                .isTrue();

        Svg level = Svg.parse(map(SIGNED)
                .names(new String[0], new String[] {"a", "b"})
                .picture()
                .toSvg());
        assertThat(text(level, "b").hasAttribute("transform")).isFalse();
        assertThat(Svg.number(level.elements("image").get(0), "x")).isEqualTo(Style.MARGIN);
    }

    /** Both renderers turn the same way: ink is where the layout says that the letters are. */
    @Test
    void uprightNamesAreWhereTheLayoutPutsThem() throws Exception {
        String[] names = {"MMMMMMMMMMMMMM", ""};
        Picture picture =
                map(0, 0, 0, 0).names(new String[0], names).legend(false).picture();
        double[] box = Svg.extent(text(Svg.parse(picture.toSvg()), names[0]));
        BufferedImage image = picture.toImage();
        double scale = (double) image.getWidth()
                / Svg.number(Svg.parse(picture.toSvg()).root(), "width");
        int inside = 0;
        int outside = 0;
        for (int y = (int) ((box[1] - 4) * scale); y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                boolean dark = (image.getRGB(x, y) & 0xff) < 0x80;
                boolean within = x >= (box[0] - 1) * scale
                        && x <= (box[2] + 1) * scale
                        && y >= (box[1] - 1) * scale
                        && y <= (box[3] + 1) * scale;
                inside += dark && within ? 1 : 0;
                outside += dark && !within ? 1 : 0;
            }
        }
        assertThat(inside).isGreaterThan(500);
        assertThat(outside).isZero();
    }

    @Test
    void manyNamesHaveRoomOrAreLeftOut() throws Exception {
        for (int size : new int[] {64, 200}) {
            String[] names = new String[size];
            Arrays.setAll(names, i -> "feature " + i);
            HeatMap map = HeatMap.of(new double[size * size], 1, size, size).names(names, names);
            List<String> texts = Svg.parse(map.picture().toSvg()).texts();
            long named =
                    texts.stream().filter(text -> text.startsWith("feature ")).count();
            assertThat(named).isEqualTo(size == 64 ? 128 : 40);
        }
        assertThatThrownBy(() -> map(SIGNED).names(new String[] {"a"}, new String[0]))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("rows: 1 values, but the heat map's rows has 2");
        OriginalImage image = OriginalImage.stretched(new double[4], 1, 2, 2);
        assertThat(Svg.parse(map(SIGNED)
                                .names(new String[] {"p", "q"}, new String[0])
                                .over(image)
                                .picture()
                                .toSvg())
                        .texts())
                .as("panels side by side are images")
                .doesNotContain("p");
    }

    /** A CMYK JPEG as ImageIO reads it: its getRGB is much brighter than other software. */
    @Test
    void showsInksAsTheLightTheyLetThrough() {
        ComponentColorModel inks =
                new ComponentColorModel(new Inks(), false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        WritableRaster raster = inks.createCompatibleWritableRaster(2, 1);
        raster.setPixel(0, 0, new int[] {175, 207, 64, 0});
        raster.setPixel(1, 0, new int[] {0, 255, 51, 51});
        BufferedImage image = new BufferedImage(inks, raster, false, null);
        assertThat(OriginalImage.of(image).rgb(2, 1, false)).containsExactly(0x5030bf, 0xcc00a3);
    }

    /** CMYK without a profile. */
    private static final class Inks extends ColorSpace {
        private static final long serialVersionUID = 1;

        Inks() {
            super(TYPE_CMYK, 4);
        }

        @Override
        public float[] toRGB(float[] values) {
            return new float[] {1, 1, 1};
        }

        @Override
        public float[] fromRGB(float[] rgb) {
            return new float[4];
        }

        @Override
        public float[] toCIEXYZ(float[] values) {
            return new float[3];
        }

        @Override
        public float[] fromCIEXYZ(float[] values) {
            return new float[4];
        }
    }
}
