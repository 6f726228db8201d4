// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.perturbation.FeatureAblation;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.shapley.ShapleyInteractions;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Drawings straight from explanations. */
class ExplainedTest {

    /**
     * Attributes to every element its own value: complete for a model that sums its inputs, with a baseline of zeros.
     */
    private static final class Identity implements Attribution.Forward {

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, run);
            evaluator.scores();
            List<Tensor> attributions = new ArrayList<>();
            for (Tensor input : evaluator.inputs().attributed()) {
                attributions.add(input.mul(1));
            }
            return Explanation.of(evaluator, Outcome.of(attributions).completeTo(new double[evaluator.examples()]));
        }

        @Override
        public String name() {
            return "identity";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of("factor", 1);
        }
    }

    private static Tensor tensor(long... dims) {
        Shape shape = Shape.of(dims);
        double[] values = new double[(int) shape.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        return Tensors.ofJava().of(values, shape);
    }

    private static Explanation explain(Tensor... inputs) {
        Model sum = Model.ofTensors(Tensors.ofJava(), tensors -> {
            double[] totals = new double[(int) tensors.get(0).shape().dim(0)];
            for (Tensor tensor : tensors) {
                double[] values = tensor.toDoubleArray();
                for (int i = 0; i < values.length; i++) {
                    totals[i / (values.length / totals.length)] += values[i];
                }
            }
            return Tensors.ofJava().of(totals, Shape.of(totals.length, 1));
        });
        return new Identity().attribute(sum, Inputs.of(inputs), Target.index(0));
    }

    @Test
    void shapeChoosesThePicture() {
        try (Tensor images = tensor(2, 3, 2, 2);
                Tensor row = tensor(1, 3);
                Tensor rows = tensor(3, 2);
                Tensor other = tensor(1, 2);
                Explanation image = explain(images);
                Explanation bars = explain(row);
                Explanation table = explain(rows);
                Explanation two = explain(row, other)) {
            assertThat(Picture.of(image).toSvg())
                    .isEqualTo(HeatMap.of(image, 0).picture().toSvg());
            assertThat(Picture.of(image, 1).toSvg())
                    .isEqualTo(HeatMap.of(image, 1).picture().toSvg());
            String waterfall = BarChart.of(bars, 0)
                    .layout(BarChart.Layout.WATERFALL)
                    .picture()
                    .toSvg();
            assertThat(Picture.of(bars).toSvg()).isEqualTo(waterfall);
            assertThat(Picture.of(two).toSvg()).contains("baseline score").contains("<svg");
            assertThat(Picture.of(table).toSvg())
                    .isEqualTo(SummaryChart.beeswarm(AttributionTable.of(table))
                            .caption(Caption.of("identity, target index 0"))
                            .picture()
                            .toSvg());
            assertThat(HeatMap.of(image, 0).toHtml())
                    .isEqualTo(HeatMap.of(image, 0).picture().toHtml());
            assertThat(TextTable.of(bars, 0).toHtml()).startsWith("<pre").contains("sum of attributions");
            assertThat(AttributionTable.of(table).toHtml())
                    .startsWith("<table")
                    .contains("example 2")
                    .doesNotContain("more");
            assertThatThrownBy(() -> Picture.of(table, 3)).hasMessageContaining("choose one from 0 to 2");
        }
    }

    @Test
    void textsOfFeaturesStayTextInTables() {
        String[] names = {"<b>a</b>", "b & c"};
        String table = AttributionTable.of(names, new double[25][2]).toHtml();
        assertThat(table)
                .contains("&lt;b&gt;a&lt;/b&gt;", "b &amp; c", "<p>5 more examples</p>")
                .doesNotContain("<b>");
        assertThat(TextTable.of(names, new double[] {1, 2}).toHtml())
                .contains("&lt;b&gt;")
                .doesNotContain("<b>");
    }

    @Test
    void heatMapTakesTheExampleAndSaysWhatItShows() {
        try (Tensor images = tensor(2, 3, 2, 2);
                Explanation why = explain(images)) {
            double[] second = {12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};
            Picture byHand = HeatMap.of(second, 3, 2, 2)
                    .over(OriginalImage.of(second, 3, 2, 2, 0, 23))
                    .caption(Caption.of("identity, target index 0 (example 1)")
                            .subtitle("score 210, baseline score 0, completeness gap 0")
                            .note("factor 1"))
                    .picture();
            Picture adapted =
                    HeatMap.of(why, 1).over(OriginalImage.of(images, 1, 0, 23)).picture();
            assertThat(adapted.toSvg()).isEqualTo(byHand.toSvg());
            assertThat(why.attribution().toDoubleArray()).hasSize(24);
        }
    }

    @Test
    void barsAndTableJoinTheInputs() throws Exception {
        try (Tensor first = tensor(2, 2);
                Tensor second = tensor(2, 1);
                Explanation why = explain(first, second)) {
            String[] names = {"a", "b", "c"};
            assertThat(String.join(
                            " ",
                            Svg.parse(BarChart.of(why, 1, names).picture().toSvg())
                                    .texts()))
                    .contains("b +3.000 a +2.000 c +1.000")
                    .contains("Baseline score 0 + sum of attributions 6 = 6; score 6; completeness gap 0.");
            assertThat(TextTable.of(why, 0, names).render())
                    .startsWith("identity, target index 0 (example 0)\n")
                    .endsWith("baseline score 0 + sum of attributions 1 = 1; score 1; completeness gap 0\n");
            assertThatThrownBy(() -> BarChart.of(why, 0, new String[2]))
                    .hasMessageStartingWith("names: 2 values, but attributions has 3");
            assertThatThrownBy(() -> HeatMap.of(why, 0))
                    .hasMessageContaining("[input0, input1]; one picture shows one");
            assertThatThrownBy(() -> HeatMap.of(why, "image", 0))
                    .hasMessage("input: 'image'; the explanation has [input0, input1]");
            assertThatThrownBy(() -> HeatMap.of(why, "input0", 0))
                    .hasMessageStartingWith("attribution: shape (2, 2); an image has");
            assertThatThrownBy(() -> BarChart.of(why, 2, names))
                    .hasMessage("example: 2; the explanation has 2; choose one from 0 to 1");
        }
    }

    @Test
    void tokensSumTheirEmbeddingAndLeavePaddingOut() {
        try (Tensor embedded = tensor(1, 3, 2);
                Explanation why = explain(embedded)) {
            TokenText text = TokenText.of(why, 0, new String[] {"so", "good"});
            assertThat(text.toAnsi())
                    .isEqualTo(TokenText.of(new String[] {"so", "good"}, new double[] {1, 5})
                            .toAnsi());
            assertThatThrownBy(() -> TokenText.of(why, 0, new String[4]))
                    .hasMessageStartingWith("tokens: 4 values, but the explanation has 3 positions");
        }
    }

    @Test
    void seriesKnowTheirAxes() {
        try (Tensor series = tensor(1, 2, 3);
                Tensor other = tensor(1, 3, 2);
                Explanation why = explain(series)) {
            double[][] first = {{0, 1, 2}, {3, 4, 5}};
            double[][] last = {{0, 3}, {1, 4}, {2, 5}};
            assertThat(images(TimeSeriesChart.of(why, 0, series, TimeSeriesChart.Axes.CHANNELS_FIRST)))
                    .isEqualTo(images(TimeSeriesChart.of(first, first)));
            assertThat(images(TimeSeriesChart.of(why, 0, series, TimeSeriesChart.Axes.CHANNELS_LAST)))
                    .isEqualTo(images(TimeSeriesChart.of(last, last)));
            assertThatThrownBy(() -> TimeSeriesChart.of(why, 0, other, TimeSeriesChart.Axes.CHANNELS_LAST))
                    .hasMessageContaining("give the batch that was explained");
        }
    }

    /** The sum of all elements of each row: an element adds its own value. */
    private static final Model SUM = Model.ofTensors(Tensors.ofJava(), inputs -> {
        Tensor all = inputs.get(0);
        return all.reshape(all.shape().dim(0), all.shape().row().size()).sum(1);
    });

    private static Explanation ablated(Inputs inputs, FeatureMask mask) {
        return new FeatureAblation()
                .mask(mask)
                .attribute(SUM, inputs, Target.output().named("risk"));
    }

    @Test
    void groupsCountOnceInBarsAndTables() throws Exception {
        try (Tensor row = Tensors.ofJava().of(new double[] {41, 0, 1, 0, 0.5}, 1, 5)) {
            Inputs inputs = Inputs.of(row).named("age", "color_red", "color_blue", "color_green", "owner");
            FeatureMask mask = FeatureMask.ranges(-1, 1, 3, 1).named("age", "color", "owner");
            try (Explanation why = ablated(inputs, mask)) {
                assertThat(TextTable.of(why, 0).ascii(true).render())
                        .startsWith("feature-ablation, target 'risk'\n")
                        .containsPattern("age +41 +\\+41\\.00 ")
                        .containsPattern("color +blue +\\+1\\.00 ")
                        .endsWith("sum of attributions 42.5; score 42.5\n");
                assertThat(String.join(
                                " ",
                                Svg.parse(BarChart.of(why, 0).picture().toSvg()).texts()))
                        .contains("color blue +1.00")
                        .contains("Sum of attributions 42.5; score 42.5.");
                assertThat(TextTable.of(why, 0, new String[] {"x", "y", "z"}).render())
                        .containsPattern("x +41 ")
                        .containsPattern("y +color_blue ")
                        .containsPattern("z +0\\.5 ")
                        .endsWith("sum of attributions 42.5; score 42.5\n");
                assertThat(TextTable.of(why, 0, new String[] {"a", "b", "c", "d", "e"})
                                .render())
                        .endsWith("sum of attributions 42.5; score 42.5\n");
                assertThatThrownBy(() -> TextTable.of(why, 0, new String[] {"x", "y"}))
                        .hasMessage(
                                "names: 2 values, but attributions has 3; give one for each, or for each element that "
                                        + "is grouped");
            }
        }
    }

    @Test
    void groupsCountOnceInPixelsAndTokens() {
        try (Tensor image = tensor(1, 2, 1, 4);
                Explanation why = ablated(Inputs.of(image), FeatureMask.grid(1, 2))) {
            double[] once = {10, 10, 18, 18, 0, 0, 0, 0};
            assertThat(HeatMap.of(why, 0).caption(Caption.of("")).picture().toSvg())
                    .isEqualTo(HeatMap.of(once, 2, 1, 4)
                            .caption(Caption.of(""))
                            .picture()
                            .toSvg());
        }
        FeatureNames words = FeatureNames.none().alongEach(1, List.of(List.of("so", "good")));
        try (Tensor embedded = tensor(1, 3, 2);
                Explanation why = ablated(Inputs.of(embedded).named("input0", words), FeatureMask.ranges(1, 1, 1, 1))) {
            assertThat(TokenText.of(why, 0).toAnsi())
                    .isEqualTo(TokenText.of(new String[] {"so", "good"}, new double[] {1, 5})
                            .toAnsi());
        }
        try (Tensor embedded = tensor(1, 3, 2);
                Explanation why = ablated(Inputs.of(embedded), FeatureMask.perElement())) {
            assertThatThrownBy(() -> TokenText.of(why, 0)).hasMessageStartingWith("explanation: no names of tokens");
        }
    }

    @Test
    void seriesAreCalledAsTheirFeatures() throws Exception {
        try (Tensor series = tensor(1, 3, 2)) {
            Inputs inputs =
                    Inputs.of(series).named("input0", FeatureNames.none().along(2, List.of("pulse", "pressure")));
            try (Explanation why = ablated(inputs, FeatureMask.perElement())) {
                assertThat(Svg.parse(TimeSeriesChart.of(why, 0, series, TimeSeriesChart.Axes.CHANNELS_LAST)
                                        .picture()
                                        .toSvg())
                                .texts())
                        .contains("pulse", "pressure");
            }
        }
    }

    @Test
    void aMatrixOfInteractionsHasTheNamesOfItsPairs() throws Exception {
        try (Tensor row = tensor(1, 3)) {
            Inputs inputs = Inputs.of(row).named("input0", FeatureNames.columns("age", "income", "employed since"));
            try (Explanation why =
                    new ShapleyInteractions().attribute(Model.of(ExplainedTest::products), inputs, Target.output())) {
                List<String> texts =
                        Svg.parse(HeatMap.of(why, 0).picture().toSvg()).texts();
                for (String name : List.of("age", "income", "employed since")) {
                    assertThat(texts.stream().filter(name::equals)).as(name).hasSize(2);
                }
            }
        }
    }

    private static double[][] products(double[][] rows) {
        return Arrays.stream(rows)
                .map(row -> new double[] {row[0] * row[1] + row[2]})
                .toArray(double[][]::new);
    }

    private static String images(TimeSeriesChart chart) {
        return chart.caption(Caption.of("")).picture().toSvg();
    }
}
