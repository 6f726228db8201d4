// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.internal.numeric.PictureInformation;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InformationCurveTest {
    private static final int SIDE = 8;
    private static final int PIXELS = SIDE * SIDE;
    private static final int CHANNELS = 2;
    private static final double[] SHARES = {
        0, 0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.07, 0.1, 0.13, 0.21, 0.34, 0.5, 0.75
    };

    private TensorScope scope;

    @BeforeEach
    void open() {
        scope = TensorScope.open();
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static double[] random(long seed) {
        return new Random(seed).doubles(CHANNELS * PIXELS).toArray();
    }

    private static Tensor image(double[] values) {
        return Tensors.ofJava().of(values, Shape.of(1, CHANNELS, SIDE, SIDE));
    }

    /** A probability that grows with the product of neighbors of the first channel. */
    private static double probability(double[] row) {
        double sum = -0.5;
        for (int i = 1; i < PIXELS; i++) {
            sum += (row[i] - 0.5) * (row[i - 1] - 0.5) * (i % 3 == 0 ? 9 : 2) + row[PIXELS + i] * (i % 5 - 2) / 9.0;
        }
        return 1 / (1 + Math.exp(-3 * sum));
    }

    private static Model model() {
        return Model.of(rows -> Arrays.stream(rows)
                .map(row -> new double[] {1 - probability(row), probability(row)})
                .toArray(double[][]::new));
    }

    /** An image of which the model is sure. */
    private static double[] sure() {
        for (long seed = 1; ; seed++) {
            if (probability(random(seed)) > 0.8) {
                return random(seed);
            }
        }
    }

    private static double[] gray() {
        double[] gray = new double[CHANNELS * PIXELS];
        Arrays.fill(gray, 0.5);
        return gray;
    }

    /** Bits of the differences from Paeth's prediction, counted in a map. */
    private static double bits(double[] image, double low, double high) {
        double bits = 0;
        for (int channel = 0; channel < CHANNELS; channel++) {
            long[][] levels = new long[SIDE + 1][SIDE + 1];
            Map<Long, Integer> counts = new HashMap<>();
            for (int y = 1; y <= SIDE; y++) {
                for (int x = 1; x <= SIDE; x++) {
                    double value = image[channel * PIXELS + (y - 1) * SIDE + x - 1];
                    levels[y][x] = Math.min(255, Math.max(0, Math.round(255 * (value - low) / (high - low))));
                    long[] near = {levels[y][x - 1], levels[y - 1][x], levels[y - 1][x - 1]};
                    long estimate = near[0] + near[1] - near[2];
                    long chosen = near[0];
                    for (long one : near) {
                        chosen = Math.abs(one - estimate) < Math.abs(chosen - estimate) ? one : chosen;
                    }
                    counts.merge((levels[y][x] - chosen + 256) % 256, 1, Integer::sum);
                }
            }
            for (int count : counts.values()) {
                bits += count * Math.log((double) PIXELS / count) / Math.log(2);
            }
        }
        return bits;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_score_is_the_area_of_the_paper(boolean accuracy) {
        double[] x = sure();
        double[] b = gray();
        double[] attributions = random(77);
        double low = Arrays.stream(x).min().orElseThrow();
        double high = Arrays.stream(x).max().orElseThrow();
        Integer[] order = new Integer[PIXELS];
        Arrays.setAll(order, i -> i);
        Arrays.sort(
                order,
                (i, j) -> Double.compare(
                        attributions[j] + attributions[PIXELS + j], attributions[i] + attributions[PIXELS + i]));
        List<double[]> points = new ArrayList<>();
        points.add(new double[] {0, 0});
        double first = accuracy ? 0 : probability(b);
        double last = accuracy ? 1 : probability(x);
        for (double share : SHARES) {
            double[] row = b.clone();
            long sharp = share == 0 ? 0 : Math.max(1, Math.round(share * PIXELS));
            for (int place = 0; place < sharp; place++) {
                row[order[place]] = x[order[place]];
                row[PIXELS + order[place]] = x[PIXELS + order[place]];
            }
            double score = accuracy ? (probability(row) > 0.5 ? 1 : 0) : probability(row);
            points.add(new double[] {
                Math.min(1, (bits(row, low, high) - bits(b, low, high)) / (bits(x, low, high) - bits(b, low, high))),
                Math.min(1, Math.max(0, (score - first) / (last - first)))
            });
        }
        points.add(new double[] {1, 1});
        points.sort((p, q) -> p[0] == q[0] ? Double.compare(p[1], q[1]) : Double.compare(p[0], q[0]));
        double area = 0;
        for (int i = 1; i < points.size(); i++) {
            double[] before = points.get(i - 1);
            points.get(i)[1] = Math.max(points.get(i)[1], before[1]);
            area += (points.get(i)[0] - before[0]) * (points.get(i)[1] + before[1]) / 2;
        }
        InformationCurve metric = accuracy ? InformationCurve.accuracy() : InformationCurve.softmax();
        Judgement judged = judge(metric, x, attributions);
        assertThat(judged.scores()).containsExactly(new double[] {area}, within(1e-9));
        double[] rising = judged.curves().get(0).scores();
        assertThat(rising).isSorted();
        assertThat(area).isBetween(0.01, 0.99);
    }

    private static Judgement judge(InformationCurve metric, double[] x, double[] attributions) {
        return metric.baseline(Baseline.of(image(gray())))
                .judge(model(), Inputs.of(image(x)), Target.index(1), new Given(image(attributions)), Run.defaults());
    }

    @Test
    void the_right_explanation_beats_random_ones_and_its_reverse_and_scale_does_not_count() {
        double[] x = random(5);
        double[] weights = new double[CHANNELS * PIXELS];
        double[] right = new double[CHANNELS * PIXELS];
        for (int i = 0; i < 6; i++) {
            weights[10 * i + 3] = 1;
            x[10 * i + 3] = 1;
            right[10 * i + 3] = 1;
        }
        Model linear = Model.of(rows -> Arrays.stream(rows)
                .map(row -> {
                    double sum = 0;
                    for (int i = 0; i < row.length; i++) {
                        sum += weights[i] * row[i] / 6;
                    }
                    return new double[] {sum};
                })
                .toArray(double[][]::new));
        double best = area(linear, x, right);
        assertThat(area(
                        linear,
                        x,
                        Arrays.stream(right).map(value -> 3 * value + 1).toArray()))
                .isEqualTo(best);
        assertThat(area(linear, x, Arrays.stream(right).map(value -> -value).toArray()))
                .isLessThan(best - 0.2);
        for (int seed = 20; seed < 40; seed++) {
            assertThat(area(linear, x, random(seed))).isLessThan(best);
        }
    }

    private static double area(Model model, double[] x, double[] attributions) {
        return InformationCurve.softmax()
                .baseline(Baseline.of(image(gray())))
                .judge(model, Inputs.of(image(x)), Target.output(), new Given(image(attributions)), Run.defaults())
                .scores()[0];
    }

    @Test
    void examples_that_cannot_be_judged_have_no_score_and_the_others_are_unmoved() {
        double[] x = sure();
        double[] flat = gray();
        Tensor both = Tensors.ofJava().concat(List.of(image(x), image(flat)), 0);
        Tensor attributions = Tensors.ofJava().concat(List.of(image(random(3)), image(random(4))), 0);
        InformationCurve metric = InformationCurve.softmax().baseline(Baseline.of(image(gray())));
        Judgement judged =
                metric.judge(model(), Inputs.of(both), Target.index(1), new Given(attributions), Run.defaults());
        assertThat(judged.scores()[1]).isNaN();
        assertThat(judged.scores()[0])
                .isEqualTo(judge(InformationCurve.softmax(), x, random(3)).scores()[0]);
        assertThat(judged.mean()).isEqualTo(judged.scores()[0]);
        assertThat(judged.toString()).contains("over 1 examples");
        assertThat(judged.notices()).contains("examples of a score below 0.8 are not judged");
        assertThat(judged.curves().get(1).shares()).isEmpty();
        Judgement equal = metric.leastScore(0)
                .judge(model(), Inputs.of(both), Target.index(1), new Given(attributions), Run.defaults());
        assertThat(equal.scores()[1]).isNaN();
        assertThat(equal.notices()).anySatisfy(notice -> assertThat(notice).contains("blur more strongly"));
    }

    @Test
    void an_image_without_more_information_than_its_copy_is_not_judged() {
        Model bright = Model.of(
                rows -> Arrays.stream(rows).map(row -> new double[] {row[0]}).toArray(double[][]::new));
        double[] flat = new double[CHANNELS * PIXELS];
        Arrays.fill(flat, 1);
        Judgement judged = InformationCurve.softmax()
                .baseline(Baseline.zeros())
                .judge(bright, Inputs.of(image(flat)), Target.output(), new Given(image(flat)), Run.defaults());
        assertThat(judged.scores()).containsExactly(Double.NaN);
        assertThat(judged.mean()).isNaN();
        assertThat(judged.notices()).anySatisfy(notice -> assertThat(notice).contains("no more information"));
    }

    @Test
    void blur_holds_less_information_and_noise_more() {
        assertThat(PictureInformation.bits(new int[PIXELS], SIDE)).isZero();
        int[] noise = new Random(1).ints(PIXELS, 0, 256).toArray();
        int[] ramp = new int[PIXELS];
        Arrays.setAll(ramp, i -> 3 * (i % SIDE));
        assertThat(PictureInformation.bits(ramp, SIDE)).isBetween(1.0, 100.0);
        assertThat(PictureInformation.bits(noise, SIDE)).isGreaterThan(300);
    }

    @Test
    void curves_have_a_median() {
        Curve low = new Curve(new double[] {0, 1}, new double[] {0, 1});
        Curve middle = new Curve(new double[] {0, 0.5, 1}, new double[] {0, 0.9, 1});
        Curve high = new Curve(new double[] {0, 0, 1}, new double[] {0, 1, 1});
        Curve none = new Curve(new double[0], new double[0]);
        assertThat(Curve.median(List.of(high, none, low, middle), 3).scores()).containsExactly(0, 0.9, 1);
        assertThat(Curve.median(List.of(low, middle), 3).scores()).containsExactly(0, (0.5 + 0.9) / 2, 1);
        assertThat(middle.at(0.25)).isCloseTo(0.45, within(1e-12));
        assertThat(middle.at(-1)).isZero();
        assertThat(middle.at(2)).isEqualTo(1);
        assertThatThrownBy(() -> Curve.median(List.of(none), 3)).hasMessageContaining("at least 1 curve");
    }

    @Test
    void what_is_no_image_is_refused() {
        Tensor rows = Tensors.ofJava().of(new double[6], Shape.of(1, 6));
        Model any = Model.of(given -> new double[given.length][1]);
        assertThatThrownBy(() -> InformationCurve.softmax()
                        .judge(any, Inputs.of(rows), Target.output(), new Given(rows), Run.defaults()))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessageContaining("judges images");
        assertThatThrownBy(() -> InformationCurve.softmax()
                        .baseline(Baseline.uniform(0, 1))
                        .judge(
                                model(),
                                Inputs.of(image(gray())),
                                Target.index(1),
                                new Given(image(gray())),
                                Run.defaults()))
                .hasMessageContaining("compares with one reference");
    }
}
