// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.docs;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.SummaryStatistics;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.shapley.ShapleyValues;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import io.github.attribution4j.visual.AttributionTable;
import io.github.attribution4j.visual.BarChart;
import io.github.attribution4j.visual.Caption;
import io.github.attribution4j.visual.Picture;
import io.github.attribution4j.visual.SummaryChart;
import io.github.attribution4j.visual.SummaryReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What docs/summaries.md shows, on applicants for a loan. */
class SummariesPageTest {
    private static final String[] COLUMNS = {"age", "income", "debt", "late payments", "years employed", "savings"};

    /** Debt weighs more for the young, income less the larger it is. */
    private final Model loans = Model.of(
            "loans",
            "1",
            rows -> Arrays.stream(rows)
                    .map(x -> {
                        double odds = 0.8 * Math.log(x[1]) - (x[0] < 35 ? 3 : 1) * x[2] - 0.9 * x[3] + 0.05 * x[4];
                        return new double[] {odds + 0.1 * Math.sqrt(x[5])};
                    })
                    .toArray(double[][]::new));

    private static double[] applicants(int size) {
        Random random = new Random(7);
        double[] rows = new double[6 * size];
        for (int i = 0; i < rows.length; i += 6) {
            rows[i] = 20 + random.nextInt(50);
            rows[i + 1] = Math.round(30 * Math.exp(0.5 * random.nextGaussian()) * 10) / 10.0;
            rows[i + 2] = Math.round(random.nextDouble() * 100) / 100.0;
            rows[i + 3] = random.nextInt(10) < 7 ? 0 : 1 + random.nextInt(3);
            rows[i + 4] = Math.min(rows[i] - 18, random.nextInt(25));
            rows[i + 5] = Math.round(20 * random.nextDouble());
        }
        return rows;
    }

    @Test
    void pictures(@TempDir Path folder) throws IOException {
        try (TensorScope scope = TensorScope.open()) {
            Tensor applicants = Tensors.ofJava().of(applicants(400), 400, 6);
            Path report = folder.resolve("report.html");
            // tag::pictures
            Inputs inputs = Inputs.of(applicants).named(COLUMNS);
            ShapleyValues method = new ShapleyValues().baseline(Baseline.kMeans(5, applicants));
            try (Explanation why = method.attribute(loans, inputs, Target.output())) {
                AttributionTable table = AttributionTable.of(why);
                Picture all = SummaryChart.beeswarm(table).picture();
                Picture debt = SummaryChart.dependence(table, "debt").picture(); // colored by age, which interacts
                Picture groups = SummaryChart.heatMap(table).picture();
                BarChart one = table.example(17); // a waterfall, as there is a baseline score
                SummaryReport.of(table).title("Who is granted a loan?").write(report);
                check(table, all, debt, groups, one, report); // hidden
            }
            // end::pictures
        }
    }

    private static void check(
            AttributionTable table, Picture all, Picture debt, Picture groups, BarChart one, Path report)
            throws IOException {
        assertThat(SummaryChart.interacting(table, "debt")).contains("age");
        assertThat(all.toSvg()).contains("late payments");
        assertThat(debt.toSvg()).contains("attribution of debt");
        assertThat(groups.toSvg()).contains("400 examples");
        assertThat(one.picture().toSvg()).contains("baseline score");
        assertThat(report).isNotEmptyFile();
        Demo.assertShown(
                SummaryChart.beeswarm(table)
                        .caption(Caption.of("What matters to 400 applicants").scale(1))
                        .picture(),
                "beeswarm.png");
        Demo.assertShown(
                SummaryChart.dependence(table, "debt")
                        .caption(Caption.of("Debt weighs more for the young").scale(1))
                        .width(560)
                        .picture(),
                "dependence.png");
        Demo.assertShown(
                SummaryChart.heatMap(table)
                        .caption(Caption.of("Applicants with similar explanations")
                                .scale(1))
                        .picture(),
                "example-heat-map.png");
    }

    @Test
    void statistics() {
        try (TensorScope scope = TensorScope.open()) {
            List<Inputs> batches = new ArrayList<>();
            for (int batch = 0; batch < 3; batch++) {
                batches.add(
                        Inputs.of(Tensors.ofJava().of(applicants(20), 20, 6)).named(COLUMNS));
            }
            ShapleyValues method = new ShapleyValues()
                    .baseline(Baseline.samples(Tensors.ofJava().of(applicants(10), 10, 6)));
            // tag::statistics
            SummaryStatistics statistics = new SummaryStatistics();
            for (Inputs batch : batches) {
                try (Explanation why = method.attribute(loans, batch, Target.output())) {
                    statistics.add(why);
                }
            }
            SummaryStatistics.Feature first = statistics.ranked().get(0);
            double importance = first.meanMagnitude();
            double spread = first.standardDeviation();
            Picture bars = SummaryChart.bars(statistics).picture();
            // end::statistics
            assertThat(statistics.examples()).isEqualTo(60);
            assertThat(importance).isPositive();
            assertThat(spread).isPositive();
            assertThat(bars.toSvg()).contains(first.name());
        }
    }
}
