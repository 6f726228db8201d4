// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.visual;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.concept.Cav;
import io.github.attribution4j.concept.Cav.Role;
import io.github.attribution4j.concept.Cavs;
import io.github.attribution4j.concept.ConceptScores;
import io.github.attribution4j.concept.Tcav;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.testkit.reference.ReferenceModel;
import io.github.attribution4j.visual.internal.OkLab;
import io.github.attribution4j.visual.internal.Style;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class ConceptChartTest {
    private static final int SIZE = 6;

    /** The score is the square of the first element of the layer, at rows where that is 1, 1, 1 and -1. */
    private static ConceptScores scores(boolean tested) {
        double[][][] square = new double[1][SIZE][SIZE];
        square[0][0][0] = 1;
        try (TensorScope scope = TensorScope.open()) {
            ReferenceModel model = ReferenceModel.builder(DataType.FLOAT64, 1)
                    .input("x", Shape.of(SIZE))
                    .add("twice", "x", "x")
                    .quadratic("square", "twice", square)
                    .build();
            double[] rows = new double[4 * SIZE];
            for (int row = 0; row < 4; row++) {
                rows[row * SIZE] = row == 3 ? -1 : 1;
            }
            List<Cav> cavs = new ArrayList<>(List.of(
                    Cav.of("first", "r1", Role.CONCEPT, "twice", 1, 0.01, 0, 0, 0, 0),
                    Cav.of("first", "r2", Role.CONCEPT, "twice", 1, 0, 0.01, 0, 0, 0),
                    Cav.of("away", "twice", -1, 0, 0, 0, 0, 0),
                    Cav.of("aside", "twice", 1e-3, 1, 0, 0, 0, 0)));
            Random random = new Random(5);
            for (int i = 0; tested && i < 8; i++) {
                for (int j = i + 1; j < 8; j++) {
                    double[] vector = random.doubles(SIZE, -1, 1).toArray();
                    vector[0] *= 0.1;
                    cavs.add(Cav.of("r" + i, "r" + j, Role.RANDOM, "twice", vector));
                }
            }
            return new Tcav("twice")
                    .score(
                            model,
                            Inputs.of(Tensors.ofJava().of(rows, 4, SIZE)),
                            List.of(Target.output()),
                            Cavs.of(cavs),
                            Run.defaults());
        }
    }

    private static List<Element> boxes(Svg svg, int color) {
        return svg.elements("rect").stream()
                .filter(box -> box.getAttribute("fill").equals(OkLab.css(color)))
                .toList();
    }

    @Test
    void bars_start_in_the_middle_and_significant_ones_have_a_star() throws Exception {
        Svg svg = Svg.parse(ConceptChart.of(scores(true), 0).picture().toSvg());
        assertThat(svg.texts()).contains("twice", "first", "away", "aside", "0.75 *", "0.25 *", "0.75");
        Element first = boxes(svg, ColorMap.POSITIVE).get(0);
        Element away = boxes(svg, ColorMap.NEGATIVE).get(0);
        assertThat(Svg.number(first, "width")).isCloseTo(Svg.number(away, "width"), within(0.02));
        assertThat(Svg.number(first, "x")).isCloseTo(Svg.number(away, "x") + Svg.number(away, "width"), within(0.02));
        assertThat(boxes(svg, Style.NEUTRAL)).hasSize(1);
        assertThat(svg.texts()).anyMatch(text -> text.startsWith("* significant among 3 scores. Random concepts have"));
    }

    @Test
    void without_random_concepts_the_foot_says_that_nothing_was_tested() throws Exception {
        Svg svg = Svg.parse(ConceptChart.of(scores(false), 0)
                .caption(Caption.of("Stripes"))
                .width(500)
                .picture()
                .toSvg());
        assertThat(svg.texts()).contains("Stripes", "Not tested: there are no random concepts.");
        assertThat(boxes(svg, Style.NEUTRAL)).hasSize(3);
    }

    @Test
    void what_cannot_be_drawn_is_refused() {
        assertThatThrownBy(() -> ConceptChart.of(scores(false), 1)).hasMessageContaining("count targets from 0");
        assertThatThrownBy(() -> ConceptChart.of(scores(false), 0).width(10)).hasMessageContaining("420");
        assertThat(ConceptChart.of(scores(false), 0)).hasToString("ConceptChart[3 scores, Concepts and output]");
    }
}
