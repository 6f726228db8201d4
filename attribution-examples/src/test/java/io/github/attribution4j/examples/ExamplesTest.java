// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each example prints what the documentation says. */
class ExamplesTest {
    private final PrintStream before = System.out;
    private final Locale locale = Locale.getDefault();
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

    @BeforeEach
    void capture() {
        Locale.setDefault(Locale.ROOT);
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(before);
        Locale.setDefault(locale);
    }

    private List<String> lines() {
        return printed.toString(StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void tenLines() throws Exception {
        TenLines.main(new String[0]);
        assertThat(lines())
                .containsExactly(
                        "score of 3: 5.11",
                        "completeness gap below 1 %: true",
                        "most important pixel: row 5, column 5");
    }

    @Test
    void tableRow() throws Exception {
        TableRow.main(new String[0]);
        assertThat(lines()).hasSize(9);
        assertThat(lines().get(0)).isEqualTo("kernel-shap, target probability of 0");
        assertThat(lines().get(1)).matches("feature +value +attribution");
        // Of 300,000 samples: 0.110 and 0.107, which is what 1,000 give.
        assertThat(lines().get(2)).matches("worst concavity +0\\.6335 +\\+0\\.11\\d+ +\\|#+");
        assertThat(lines().get(3)).matches("worst texture +36\\.71 +\\+0\\.10[67]\\d* +\\|#+");
        assertThat(lines().get(7)).startsWith("25 others");
        assertThat(lines().get(8))
                .startsWith("baseline score 0.288463 + sum of attributions 0.709999 = 0.998462; score 0.998462");
    }

    @Test
    void anyScorer() {
        AnyScorer.main(new String[0]);
        // By hand: income -0.01 * (40 - 50); debt 0.02 * 10 * (1 + 2) / 2; defaults 0.02 * (20 + 30) / 2.
        assertThat(lines())
                .containsExactly(
                        "income   +0.10", "debt     +0.30", "age      +0.00", "defaults +0.50", "from -0.10 to 0.80");
    }

    @Test
    void layerAndNeuron() throws Exception {
        LayerAndNeuron.main(new String[0]);
        assertThat(lines())
                .hasSize(5)
                .startsWith(
                        "layers: conv1, bn1, relu1, conv2, relu2, pool, conv3, relu3, dropout, fc",
                        "channels of relu2: (1, 32)")
                .contains("map: (1, 1, 8, 8)");
        assertThat(lines().get(2)).matches("most important channel: \\d+");
        assertThat(lines().get(4)).matches("the neuron's value: \\d\\.\\d+, pixels that matter: at most 25\\? true");
    }

    @Test
    void sentence() throws Exception {
        Sentence.main(new String[0]);
        assertThat(lines())
                .hasSize(16)
                .startsWith("about charts", "[CLS]    +0.00")
                .contains("[SEP]    +0.00");
        assertThat(lines().get(7)).matches("graph    -3\\.\\d\\d");
        assertThat(lines().get(12)).matches("axes     \\+5\\.\\d\\d");
        assertThat(lines().get(15)).isEqualTo("from -0.77 with every word masked to 2.76");
    }

    @Test
    void service() throws Exception {
        Service.main(new String[0]);
        assertThat(lines()).hasSize(2);
        assertThat(lines().get(0)).isEqualTo("40 of 40 answers are the same bits");
        assertThat(lines().get(1)).startsWith("too late: integrated-gradients: the deadline of 0 ms passed after 0 of");
    }
}
