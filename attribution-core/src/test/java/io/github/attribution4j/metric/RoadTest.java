// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.internal.numeric.LinearImputation;
import io.github.attribution4j.mask.FeatureMask;
import io.github.attribution4j.metric.Judgement.Curve;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RoadTest {
    private static final int HEIGHT = 5;
    private static final int WIDTH = 6;
    private static final int PIXELS = HEIGHT * WIDTH;

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] random(long seed, int size) {
        return new Random(seed).doubles(size).map(value -> value - 0.3).toArray();
    }

    private static Tensor image(double[] values) {
        return Tensors.ofJava().of(values, Shape.of(1, values.length / PIXELS, HEIGHT, WIDTH));
    }

    /** The system of the paper as a full matrix, solved by elimination. */
    private static double[] solved(double[] plane, boolean[] known, int width) {
        int n = plane.length;
        double[][] system = new double[n][n + 1];
        for (int i = 0; i < n; i++) {
            system[i][i] = 1;
            system[i][n] = plane[i];
            if (known[i]) {
                continue;
            }
            system[i][n] = 0;
            double sum = 0;
            for (int j = 0; j < n; j++) {
                int down = Math.abs(i / width - j / width);
                int across = Math.abs(i % width - j % width);
                double weight = down + across == 1 ? 1.0 / 6 : down == 1 && across == 1 ? 1.0 / 12 : 0;
                sum += weight;
                system[i][j] -= weight;
            }
            system[i][i] = sum;
        }
        for (int pivot = 0; pivot < n; pivot++) {
            int best = pivot;
            for (int row = pivot; row < n; row++) {
                best = Math.abs(system[row][pivot]) > Math.abs(system[best][pivot]) ? row : best;
            }
            double[] swapped = system[best];
            system[best] = system[pivot];
            system[pivot] = swapped;
            for (int row = 0; row < n; row++) {
                double factor = row == pivot ? 0 : system[row][pivot] / system[pivot][pivot];
                for (int column = pivot; column <= n; column++) {
                    system[row][column] -= factor * system[pivot][column];
                }
            }
        }
        double[] solution = new double[n];
        Arrays.setAll(solution, i -> system[i][n] / system[i][i]);
        return solution;
    }

    @ParameterizedTest
    @CsvSource({"5, 6, 0.1", "5, 6, 0.5", "5, 6, 0.97", "1, 9, 0.6", "9, 1, 0.6", "12, 11, 0.9", "2, 2, 0.5"})
    void gaps_are_filled_as_the_full_system_says(int height, int width, double missing) {
        for (int seed = 0; seed < 5; seed++) {
            double[] plane = random(seed, height * width);
            Random random = new Random(seed);
            boolean[] known = new boolean[plane.length];
            for (int i = 0; i < known.length; i++) {
                known[i] = random.nextDouble() > missing;
            }
            known[random.nextInt(known.length)] = true;
            assertThat(new LinearImputation(known, height, width).fill(plane))
                    .containsExactly(solved(plane, known, width), within(1e-8));
        }
    }

    @Test
    void a_plane_of_one_value_keeps_it_and_one_that_is_all_gap_is_zero() {
        double[] plane = new double[PIXELS];
        Arrays.fill(plane, 7);
        boolean[] known = new boolean[PIXELS];
        assertThat(new LinearImputation(known, HEIGHT, WIDTH).fill(plane)).containsOnly(0);
        known[0] = true;
        assertThat(new LinearImputation(known, HEIGHT, WIDTH).fill(plane)).containsExactly(plane, within(1e-7));
    }

    private static double score(double[] row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += Math.sin(i + row[i]) + 0.1 * row[i] * row[(i * 7 + 3) % row.length];
        }
        return sum;
    }

    private static Model model() {
        return Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new));
    }

    @ParameterizedTest
    @CsvSource({"road-most-relevant-first, 1", "road-least-relevant-first, 3", "road-combined, 2", "road-combined, 5"})
    void the_score_is_that_of_the_paper_for_any_number_of_channels(String name, int channels) {
        double[] x = random(1, channels * PIXELS);
        double[] attributions = random(2, channels * PIXELS);
        int[] deleted = {3, 6, 9, 12, 15, 21, 27};
        double[] most = new double[deleted.length];
        double[] least = new double[deleted.length];
        Integer[] order = new Integer[PIXELS];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, (i, j) -> Double.compare(sum(attributions, j), sum(attributions, i)));
        for (int k = 0; k < deleted.length; k++) {
            boolean[] withoutMost = new boolean[PIXELS];
            boolean[] withoutLeast = new boolean[PIXELS];
            for (int place = 0; place < PIXELS; place++) {
                withoutMost[order[place]] = place >= deleted[k];
                withoutLeast[order[PIXELS - 1 - place]] = place >= deleted[k];
            }
            most[k] = score(filled(x, withoutMost));
            least[k] = score(filled(x, withoutLeast));
        }
        double meanMost = Arrays.stream(most).average().orElseThrow();
        double meanLeast = Arrays.stream(least).average().orElseThrow();
        Judgement judged = judge(metric(name).noise(0), model(), x, attributions);
        double wanted =
                name.endsWith("combined") ? (meanLeast - meanMost) / 2 : name.contains("most") ? meanMost : meanLeast;
        assertThat(judged.scores()[0]).isCloseTo(wanted, within(1e-7));
        Curve curve = judged.curves().get(0);
        assertThat(curve.shares()).containsExactly(0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9);
        assertThat(curve.scores()[0]).isEqualTo(name.endsWith("combined") ? 0 : score(x), within(1e-12));
    }

    private static double sum(double[] attributions, int pixel) {
        double sum = 0;
        for (int at = pixel; at < attributions.length; at += PIXELS) {
            sum += attributions[at];
        }
        return sum;
    }

    private static double[] filled(double[] x, boolean[] known) {
        double[] all = new double[x.length];
        for (int from = 0; from < x.length; from += PIXELS) {
            double[] plane = solved(Arrays.copyOfRange(x, from, from + PIXELS), known, WIDTH);
            System.arraycopy(plane, 0, all, from, PIXELS);
        }
        return all;
    }

    private static Road metric(String name) {
        return Road.descriptions().stream()
                .filter(description -> description.name().equals(name))
                .findFirst()
                .orElseThrow()
                .defaults()
                .method();
    }

    private static Judgement judge(Road metric, Model model, double[] x, double[] attributions) {
        return judge(metric, model, Target.output(), x, attributions);
    }

    private static Judgement judge(Road metric, Model model, Target target, double[] x, double[] attributions) {
        return metric.judge(model, Inputs.of(image(x)), target, new Given(image(attributions)), Run.defaults());
    }

    @Test
    void the_right_explanation_scores_best_and_scale_does_not_count() {
        // Bright pixels on a dark image, which their neighbors do not suggest.
        double[] x = new double[PIXELS];
        double[] right = new double[PIXELS];
        for (int pixel : new int[] {0, 8, 15, 22, 29}) {
            x[pixel] = 1;
            right[pixel] = 1 + pixel / 100.0;
        }
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row ->
                        new double[] {10 + row[0] + 1.08 * row[8] + 1.15 * row[15] + 1.22 * row[22] + 1.29 * row[29]})
                .toArray(double[][]::new));
        for (Road metric : List.of(Road.mostRelevantFirst(), Road.leastRelevantFirst(), Road.combined())) {
            double sign = metric.higherIsBetter() ? 1 : -1;
            double best = sign * judge(metric.noise(0), linear, x, right).scores()[0];
            double scaled = sign
                    * judge(
                                    metric.noise(0),
                                    linear,
                                    x,
                                    Arrays.stream(right).map(v -> 9 * v - 4).toArray())
                            .scores()[0];
            assertThat(scaled).isEqualTo(best);
            double[] reverse = Arrays.stream(right).map(value -> -value).toArray();
            assertThat(sign * judge(metric.noise(0), linear, x, reverse).scores()[0])
                    .isLessThan(best - 0.3);
            for (int seed = 0; seed < 20; seed++) {
                assertThat(sign
                                * judge(metric.noise(0), linear, x, random(seed, PIXELS))
                                        .scores()[0])
                        .isLessThan(best);
            }
        }
    }

    @Test
    void noise_has_its_standard_deviation_and_only_deleted_pixels_get_it() {
        List<double[]> seen = new ArrayList<>();
        Model model = Model.of(rows -> {
            seen.addAll(Arrays.asList(rows));
            return new double[rows.length][1];
        });
        double[] x = random(3, 3 * PIXELS);
        Road half = Road.mostRelevantFirst().points(Points.shares(0.5)).noise(0.2);
        double squares = 0;
        int count = 0;
        for (int example = 0; example < 40; example++) {
            seen.clear();
            half.judge(
                    model,
                    Inputs.of(image(x)),
                    Target.output(),
                    new Given(image(random(4, 3 * PIXELS))),
                    Run.defaults().exampleKeys(example));
            double[] row = seen.stream()
                    .filter(one -> !Arrays.equals(one, x))
                    .findFirst()
                    .orElseThrow();
            boolean[] known = new boolean[PIXELS];
            for (int pixel = 0; pixel < PIXELS; pixel++) {
                known[pixel] = row[pixel] == x[pixel];
            }
            double[] clean = filled(x, known);
            for (int i = 0; i < row.length; i++) {
                assertThat(row[i] == x[i]).isEqualTo(known[i % PIXELS]);
                squares += Math.pow(row[i] - clean[i], 2);
                count += known[i % PIXELS] ? 0 : 1;
            }
        }
        assertThat(count).isEqualTo(40 * 3 * PIXELS / 2);
        // 1800 numbers: the standard error of the deviation is 1.7 %.
        assertThat(Math.sqrt(squares / count)).isCloseTo(0.2, within(0.02));
    }

    @Test
    void accuracy_counts_decisions() {
        // Class 1 while the first pixel is bright.
        Model model = Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {0.5, row[0]}).toArray(double[][]::new));
        double[] x = new double[PIXELS];
        x[0] = 1;
        double[] right = new double[PIXELS];
        right[0] = 1;
        double[] wrong = new double[PIXELS];
        wrong[0] = -1;
        Road most = Road.mostRelevantFirst().accuracy(true);
        assertThat(judge(most, model, Target.index(1), x, right).scores()).containsExactly(0);
        assertThat(judge(most, model, Target.index(1), x, wrong).scores()).containsExactly(1);
        assertThat(judge(Road.combined().accuracy(true), model, Target.index(1), x, right)
                        .scores())
                .containsExactly(0.5);
        assertThat(judge(most, model, Target.index(1), x, right).provenance().target())
                .contains("most likely class");
        Model single = Model.of(rows -> new double[rows.length][1]);
        assertThatThrownBy(() -> judge(most, single, x, right))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("accuracy needs an output of shape (rows, classes) with at least 2 classes");
    }

    @Test
    void groups_can_be_superpixels_or_single_elements_and_all_of_an_image_can_go() {
        double[] x = random(5, 2 * PIXELS);
        for (FeatureMask mask : List.of(FeatureMask.superpixels(4), FeatureMask.perElement())) {
            Road metric = Road.combined().mask(mask).points(Points.steps(3)).noise(0);
            Judgement judged = judge(metric, model(), x, random(6, 2 * PIXELS));
            assertThat(judged.scores()[0]).isFinite();
            // Nothing is left of both at the end.
            assertThat(judged.curves().get(0).scores()[3]).isZero();
        }
    }

    @Test
    void what_is_no_image_is_refused() {
        Tensor rows = Tensors.ofJava().of(new double[6], Shape.of(1, 6));
        assertThatThrownBy(() -> Road.combined()
                        .judge(model(), Inputs.of(rows), Target.output(), new Given(rows), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("road-combined: judges images, (rows, ..., height, width)")
                .hasMessageContaining("use deletion or insertion");
        double[] x = random(7, PIXELS);
        assertThatThrownBy(() -> judge(Road.combined().noise(-1), model(), x, x))
                .hasMessageContaining("noise -1.0: must be 0 or more");
    }
}
