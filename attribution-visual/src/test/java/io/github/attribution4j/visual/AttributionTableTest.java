// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.table.TableEncoder;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttributionTableTest {
    private static final String[] NAMES = {"a", "b"};
    private static final Model MODEL = Model.of(rows -> Arrays.stream(rows)
            .map(x -> new double[] {2 * x[0] + x[1] - x[2], x[2]})
            .toArray(double[][]::new));

    private static Explanation explain(Target target, double... rows) {
        Tensor tensor = Tensors.ofJava().of(rows, rows.length / 3, 3);
        FeatureMask mask = FeatureMask.columns(Map.of("color", List.of("color_red", "color_blue")));
        return new ShapleyValues()
                .mask(mask)
                .attribute(MODEL, Inputs.of(tensor).named("age", "color_red", "color_blue"), target);
    }

    @Test
    void explanationsBringNamesValuesScoresAndCohorts() throws Exception {
        try (TensorScope scope = TensorScope.open();
                Explanation first = explain(Target.argmax().named("yes", "no"), 10, 1, 0, 0, 0, 1);
                Explanation second = explain(Target.argmax().named("yes", "no"), 30.125, 0, 1)) {
            AttributionTable table = AttributionTable.of(first, second);
            assertThat(table.size()).isEqualTo(3);
            assertThat(table.features()).containsExactlyInAnyOrder("age", "color");
            assertThat(table).hasToString("AttributionTable[3 examples, 2 features]");
            assertThat(table.statistics().groups()).hasSize(2);
            assertThat(table.statistics().group(first.target(0)).examples()).isEqualTo(2);
            List<String> texts = Svg.parse(table.example(2).picture().toSvg()).texts();
            assertThat(texts)
                    .containsSubsequence("baseline score", "0", "age", "30.13", "+60.25", "color", "blue", "score");
            Svg swarm = Svg.parse(SummaryChart.beeswarm(table).picture().toSvg());
            assertThat(swarm.elements("circle").stream().map(dot -> dot.getTextContent()))
                    .contains("age = 10: +20 (example 0, score 21)", "color = red: +1 (example 0, score 21)");
        }
    }

    @Test
    void categoriesAndBooleansKeepTheirWords() throws Exception {
        TableEncoder encoder = TableEncoder.none()
                .numbers("age")
                .index("job", "clerk", "nurse")
                .booleans("member")
                .missing("job");
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Object[] row : new Object[][] {{20, "nurse", true}, {30, "clerk", false}, {40, null, true}}) {
            Map<String, Object> map = new HashMap<>();
            map.put("age", row[0]);
            map.put("job", row[1]);
            map.put("member", row[2]);
            rows.add(map);
        }
        Model model = Model.of(table -> Arrays.stream(table)
                .map(x -> new double[] {x[0] + (Double.isNaN(x[1]) ? 5 : x[1]) + 3 * x[2]})
                .toArray(double[][]::new));
        try (TensorScope scope = TensorScope.open();
                Explanation why = new ShapleyValues().attribute(model, encoder.inputs(rows), Target.index(0))) {
            String swarm =
                    SummaryChart.beeswarm(AttributionTable.of(why)).picture().toSvg();
            assertThat(swarm)
                    .contains("job = nurse: +1", "job = clerk: 0", "job = missing: +5", "member = true: +3")
                    .contains("age = 20: +20")
                    .doesNotContain("job = 1", "member = 1");
        }
    }

    @Test
    void textsThatJavaReadsAsNumbersAreCategoriesToPeople() throws Exception {
        for (String[] texts : new String[][] {{"1f", "2d"}, {"0x1p3", "0x2p3"}, {"1 ", "2"}, {"Inf", "1"}}) {
            AttributionTable table = AttributionTable.of(new String[] {"a"}, new double[][] {{1}, {2}})
                    .values(new String[][] {{texts[0]}, {texts[1]}});
            assertThat(Svg.parse(SummaryChart.beeswarm(table).picture().toSvg()).texts())
                    .as("%s", List.of(texts))
                    .contains("Gray: the value is missing, or a category.");
        }
        for (String[] texts : new String[][] {{"1", "-2.5e-3"}, {"+.5", "1."}, {"Infinity", ""}, {"false", "true"}}) {
            AttributionTable table = AttributionTable.of(new String[] {"a"}, new double[][] {{1}, {2}})
                    .values(new String[][] {{texts[0]}, {texts[1]}});
            assertThat(Svg.parse(SummaryChart.beeswarm(table).picture().toSvg()).texts())
                    .as("%s", List.of(texts))
                    .contains("high value of the feature");
        }
    }

    @Test
    void examplesWithOtherFeaturesAreRefused() {
        try (TensorScope scope = TensorScope.open();
                Explanation one = explain(Target.index(0), 1, 0, 0)) {
            Tensor tensor = Tensors.ofJava().of(new double[3], 1, 3);
            try (Explanation other =
                    new ShapleyValues().attribute(MODEL, Inputs.of(tensor).named("x", "y", "z"), Target.index(0))) {
                assertThatThrownBy(() -> AttributionTable.of(one, other))
                        .hasMessageStartingWith("explanations: features that differ: ")
                        .hasMessageContaining("[x, y, z]");
            }
        }
    }

    @Test
    void aSelectionKeepsWhatBelongsToEachExample() throws Exception {
        AttributionTable table = AttributionTable.of(NAMES, new double[][] {{1, 2}, {3, 4}, {5, 6}})
                .values(new double[][] {{10, 20}, {30, 40}, {50, 60}})
                .scores(new double[] {3, 7, 11})
                .cohorts(new String[] {"x", "y", "x"})
                .labels(new String[] {"row 1", "row 2", "row 3"})
                .select(2, 0);
        assertThat(table.size()).isEqualTo(2);
        assertThat(table.statistics().groups()).containsExactly("x");
        assertThat(table.statistics().features().get(1).mean()).isCloseTo(4, within(1e-12));
        assertThat(Svg.parse(table.example(0).picture().toSvg()).texts())
                .containsSubsequence("row 3", "b", "60", "+6.000", "a", "50", "+5.000");
    }

    @Test
    void arraysAreCopied() {
        double[][] attributions = {{1, 2}};
        double[] scores = {1};
        AttributionTable table = AttributionTable.of(NAMES, attributions).scores(scores);
        String before = table.example(0).picture().toSvg();
        attributions[0][0] = 9;
        scores[0] = 9;
        assertThat(table.example(0).picture().toSvg()).isEqualTo(before);
    }

    @Test
    void refusals() {
        AttributionTable table = AttributionTable.of(NAMES, new double[3][2]);
        assertThatThrownBy(() -> AttributionTable.of(NAMES, new double[0][2]))
                .hasMessage("attributions: 0 examples; at least one is needed; there is nothing to draw");
        assertThatThrownBy(() -> AttributionTable.of(List.of())).hasMessageStartingWith("attributions: 0 examples");
        assertThatThrownBy(() -> AttributionTable.of(NAMES, new double[][] {{1, 2}, {3}}))
                .hasMessage("attributions[1]: 1 values, but features has 2; give one value of attributions[1] for each"
                        + " of features");
        assertThatThrownBy(() -> AttributionTable.of(NAMES, new double[][] {{1, Double.NaN}}))
                .hasMessageStartingWith("attributions[0][1]: NaN;");
        assertThatThrownBy(() -> table.values(new double[2][2])).hasMessageStartingWith("values: 2 values,");
        assertThatThrownBy(() -> table.values(new double[3][1])).hasMessageStartingWith("values[0]: 1 values,");
        assertThatThrownBy(() -> table.values(new String[3][2])).hasMessageStartingWith("values[0][0]: null;");
        assertThatThrownBy(() -> table.scores(new double[1])).hasMessageStartingWith("scores: 1 values,");
        assertThatThrownBy(() -> table.baselineScores(new double[] {0, 0, Double.NaN}))
                .hasMessageStartingWith("scores[2]: NaN;");
        assertThatThrownBy(() -> table.labels(new String[1])).hasMessageStartingWith("labels: 1 values,");
        assertThatThrownBy(() -> table.cohorts(new String[1])).hasMessageStartingWith("cohorts: 1 values,");
        assertThatThrownBy(() -> table.select()).hasMessageStartingWith("chosen: 0 examples;");
        assertThatThrownBy(() -> table.example(3)).hasMessage("example: 3; the table has 3; choose one from 0 to 2");
    }
}
