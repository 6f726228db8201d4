// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.benchmark.Benchmark;
import io.github.attribution4j.benchmark.BenchmarkTable;
import io.github.attribution4j.benchmark.RandomAttribution;
import io.github.attribution4j.gradient.IntegratedGradients;
import io.github.attribution4j.metric.Concentration;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.metric.PerturbationCurve;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.testkit.reference.ReferenceModels;
import java.awt.image.BufferedImage;
import java.io.StringReader;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

/** Pictures of curves, and the page of a benchmark. */
class BenchmarkPicturesTest {
    private static final double[] SHARES = {0, 0.5, 1};

    private static BenchmarkTable table() {
        DifferentiableModel model = ReferenceModels.classifier(DataType.FLOAT64, 1, 6, 8, 3);
        try (TensorScope scope = TensorScope.open()) {
            return Benchmark.<DifferentiableModel>of(
                            List.of(PerturbationCurve.deletion(), Concentration.sparseness()),
                            new IntegratedGradients().steps(8),
                            new RandomAttribution(),
                            new Failing())
                    .judge(
                            model,
                            Inputs.of(ReferenceModels.normal(DataType.FLOAT64, 2, 9, 6)),
                            Target.index(1),
                            Run.defaults());
        }
    }

    private static final class Failing implements Attribution.Forward {
        @Override
        public String name() {
            return "<b>failing</b>";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }

        @Override
        public Explanation attribute(Model model, Inputs inputs, Target target, Run run) {
            throw new IllegalStateException("no <luck> & none");
        }
    }

    private static Curve curve(double... scores) {
        return new Curve(SHARES, scores);
    }

    @Test
    void a_curve_is_drawn_at_its_scores_with_its_area() throws Exception {
        Svg svg = Svg.parse(CurveChart.of(Map.of("one", List.of(curve(1, 0, 0))))
                .axes("changed", "probability")
                .picture()
                .toSvg());
        assertThat(svg.texts())
                .contains("changed", "probability", "one: area 0.25, 1 example")
                .noneMatch(text -> text.contains("95 %"));
        Element line = svg.elements("polyline").get(0);
        List<double[]> points = new ArrayList<>();
        for (String point : line.getAttribute("points").strip().split("\\s+", -1)) {
            String[] both = point.split(",", -1);
            points.add(new double[] {Double.parseDouble(both[0]), Double.parseDouble(both[1])});
        }
        assertThat(points).hasSize(3);
        assertThat(points.get(0)[1]).isLessThan(points.get(1)[1]);
        assertThat(points.get(1)[1]).isEqualTo(points.get(2)[1]);
        // Coordinates are written with two decimals.
        assertThat(points.get(1)[0] - points.get(0)[0]).isCloseTo(points.get(2)[0] - points.get(1)[0], within(0.03));
    }

    @Test
    void several_curves_have_the_mean_and_a_band() throws Exception {
        Map<String, List<Curve>> lines = new LinkedHashMap<>();
        // A curve at other shares is a straight line between its points.
        lines.put("mean", List.of(curve(2, 1, 0), new Curve(new double[] {0, 1}, new double[] {4, 0})));
        lines.put("two", List.of(curve(1, 1, 1)));
        Svg svg = Svg.parse(CurveChart.of(lines).picture().toSvg());
        // The mean is 3, 1.5, 0.
        assertThat(svg.texts()).contains("mean: area 1.5, 2 examples", "two: area 1, 1 example");
        assertThat(svg.texts()).contains("Lines: means over examples. Bands: 95 % intervals.");
        assertThat(svg.elements("polyline")).hasSize(2);
        assertThat(svg.elements("image")).hasSize(1);
    }

    @Test
    void the_band_widens_with_the_spread() {
        int[] colored = new int[2];
        for (int i = 0; i < 2; i++) {
            double spread = i == 0 ? 0.01 : 0.2;
            Map<String, List<Curve>> lines = new LinkedHashMap<>();
            lines.put("wide", List.of(curve(0, 0, 0), curve(9, 9, 9)));
            lines.put("own", List.of(curve(4, 4, 4), curve(4 + spread, 4 + spread, 4 + spread)));
            BufferedImage image = CurveChart.of(lines).toImage();
            colored[i] = veiled(image);
        }
        assertThat(colored[1]).isGreaterThan(colored[0]);
    }

    /** Returns how many pixels two bands cover. */
    private static int veiled(BufferedImage image) {
        Map<Integer, Integer> counts = new LinkedHashMap<>();
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                counts.merge(image.getRGB(x, y) & 0xffffff, 1, Integer::sum);
            }
        }
        List<Integer> sorted = new ArrayList<>(counts.values());
        sorted.sort(Comparator.reverseOrder());
        return sorted.get(2);
    }

    @Test
    void names_are_escaped_and_refusals_say_why() throws Exception {
        String svg = CurveChart.of(Map.of("<script>&", List.of(curve(1, 0, 0))))
                .caption(Caption.of("a < b"))
                .picture()
                .toSvg();
        assertThat(svg).doesNotContain("<script>");
        assertThat(Svg.parse(svg).texts()).contains("<script>&: area 0.25, 1 example");
        assertThatThrownBy(() -> CurveChart.of(Map.of())).hasMessageContaining("methods with curves");
        assertThatThrownBy(() -> CurveChart.of(Map.of("none", List.of()))).hasMessageContaining("curves of none");
        assertThatThrownBy(() -> CurveChart.of(Map.of("nan", List.of(curve(1, Double.NaN, 0))))
                        .picture())
                .hasMessageContaining("curves must be finite");
        Map<String, List<Curve>> many = new LinkedHashMap<>();
        for (int i = 0; i < 9; i++) {
            many.put("m" + i, List.of(curve(1, 0, 0)));
        }
        assertThatThrownBy(() -> CurveChart.of(many)).hasMessageContaining("at most 8");
        assertThatThrownBy(() -> CurveChart.of(table(), "sparseness")).hasMessageContaining("methods with curves");
    }

    @Test
    void the_chart_of_a_table_leaves_out_what_failed() throws Exception {
        Svg svg = Svg.parse(CurveChart.of(table(), "deletion").picture().toSvg());
        assertThat(svg.texts())
                .anyMatch(text -> text.startsWith("integrated-gradients: area"))
                .anyMatch(text -> text.startsWith("random: area"))
                .noneMatch(text -> text.contains("failing"));
    }

    @Test
    void the_page_has_table_differences_curves_failures_and_origin() throws Exception {
        String html = BenchmarkReport.of(table()).title("Which <method>?").toHtml();
        assertThat(html).doesNotContain("<method>", "<b>failing", "<luck>", "<script");
        DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(html.substring(html.indexOf("<html")))));
        assertThat(html)
                .contains("Which &lt;method&gt;?", "lower is better", "higher is better", "<svg", "Best: ")
                .contains("&lt;b&gt;failing&lt;/b&gt;, deletion", "no &lt;luck&gt; &amp; none")
                .contains("integrated-gradients {steps=8", "index 1", "reference");
    }
}
