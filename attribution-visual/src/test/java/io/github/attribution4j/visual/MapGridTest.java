// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.util.Base64;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class MapGridTest {
    private static BufferedImage raster(Picture picture, int k) throws Exception {
        String href = Svg.parse(picture.toSvg())
                .elements("image")
                .get(k)
                .getAttributeNS("http://www.w3.org/1999/xlink", "href");
        byte[] png = Base64.getDecoder().decode(href.substring(href.indexOf(',') + 1));
        return ImageIO.read(new ByteArrayInputStream(png));
    }

    private static int cell(BufferedImage panel, int row, int column) {
        return panel.getRGB(panel.getWidth() * (2 * column + 1) / 4, panel.getHeight() * (2 * row + 1) / 4) & 0xffffff;
    }

    private static MapGrid two() {
        return MapGrid.empty().add("a", new double[] {1, -1, 0, 0.5}, 2, 2).add("b", new double[] {2, 0, 0, -2}, 2, 2);
    }

    @Test
    void onACommonScale_equalValuesHaveEqualColors() throws Exception {
        Picture picture = two().picture();
        assertThat(cell(raster(picture, 0), 0, 0)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(0.5));
        assertThat(cell(raster(picture, 0), 0, 1)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(-0.5));
        assertThat(cell(raster(picture, 1), 0, 0)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(1));
        assertThat(cell(raster(picture, 1), 0, 1)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(0));
        assertThat(Svg.parse(picture.toSvg()).texts()).contains("a", "b", "2", "\u22122", "value");
    }

    @Test
    void onItsOwnScale_everyMapSaysItsLimit() throws Exception {
        Picture picture = two().scaling(MapGrid.Scaling.OWN).picture();
        assertThat(cell(raster(picture, 0), 0, 0)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(1));
        assertThat(cell(raster(picture, 1), 1, 1)).isEqualTo(ColorMap.BLUE_WHITE_RED.at(-1));
        assertThat(Svg.parse(picture.toSvg()).texts()).contains("\u00b1 1", "\u00b1 2");
    }

    @Test
    void whatIsLeftOut_isSaid_andRowsAreFull() throws Exception {
        MapGrid grid =
                MapGrid.empty().columns(2).top(3).caption(Caption.of("Maps").note("A note."));
        for (int i = 0; i < 5; i++) {
            grid = grid.add("m" + i, new double[] {i}, 1, 1);
        }
        Picture picture = grid.picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("m0", "m1", "m2", "Maps", "A note.", "The first 3 of 5 maps are shown.")
                .doesNotContain("m3");
        // Three maps and the bar of the legend.
        assertThat(Svg.parse(picture.toSvg()).elements("image")).hasSize(4);
    }

    @Test
    void mapsOfDifferentSizes_shareTheirLongerSide() throws Exception {
        Picture picture = MapGrid.empty()
                .cellSize(40)
                .add("wide", new double[8], 2, 4)
                .add("tall", new double[8], 4, 2)
                .picture();
        assertThat(raster(picture, 0).getWidth()).isEqualTo(80);
        assertThat(raster(picture, 0).getHeight()).isEqualTo(40);
        assertThat(raster(picture, 1).getWidth()).isEqualTo(40);
        assertThat(raster(picture, 1).getHeight()).isEqualTo(80);
    }

    @Test
    void filters_areNamedByOutputAndInput() throws Exception {
        try (Tensor weight = Tensors.ofJava().of(new double[2 * 3 * 2 * 2], 2, 3, 2, 2);
                Tensor wrong = Tensors.ofJava().of(new double[6], 2, 3)) {
            assertThat(Svg.parse(MapGrid.ofFilters(weight).picture().toSvg()).texts())
                    .contains("0 \u2190 0", "0 \u2190 2", "1 \u2190 2", "weight", "Filters (2, 3, 2, 2)");
            assertThatThrownBy(() -> MapGrid.ofFilters(wrong))
                    .hasMessage(
                            "weight: shape (2, 3); filters have shape (out, in, height, width) or (out, in, length);"
                                    + " give a "
                                    + "convolution's weight");
        }
    }

    @Test
    void refusals() {
        assertThatThrownBy(() -> MapGrid.empty().picture())
                .hasMessage("maps: none was added; there is nothing to draw");
        assertThatThrownBy(() -> MapGrid.empty().add("a", new double[3], 2, 2)).hasMessageContaining("3 values");
        assertThatThrownBy(() -> MapGrid.empty().top(0)).hasMessageContaining("at least 1");
        assertThatThrownBy(() -> MapGrid.empty().add("a", new double[] {Double.NaN}, 1, 1))
                .hasMessageContaining("finite");
    }

    @Test
    void histograms_countEveryValueOnce() {
        double[] values = {-1, -0.5, 0, 0, 0.25, 0.99, 1};
        assertThat(Histograms.count(values, 4)).containsExactly(1, 1, 3, 2);
        assertThat(Histograms.count(new double[] {3, 3}, 5)).containsExactly(0, 0, 2, 0, 0);
        assertThat(IntStream.of(Histograms.count(values, 7)).sum()).isEqualTo(7);
    }

    @Test
    void histograms_sayWhatTheyShow() throws Exception {
        Picture picture = Histograms.empty()
                .add("conv1", new double[] {-1, 0, 0, 3})
                .add("relu", new double[] {0, 0, 2, 2})
                .caption(Caption.of("Distribution"))
                .bins(8)
                .columns(1)
                .picture();
        assertThat(Svg.parse(picture.toSvg()).texts())
                .contains("conv1", "relu", "Distribution", "\u22121", "3", "mean 0.5  sd 1.5  zero 50 %");
        assertThatThrownBy(() -> Histograms.empty().picture())
                .hasMessage("histograms: none was added; there is nothing to draw");
    }
}
