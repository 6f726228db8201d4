// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.perturbation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.RowsContract;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.internal.RandomStream;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Cancellation;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class RiseTest {
    private static final long PURPOSE = 0x215E;
    private static final int EXAMPLES = 2;

    private final Tensors tensors = Tensors.ofJava();
    private TensorScope scope;

    @BeforeEach
    void openScope() {
        scope = TensorScope.open();
    }

    @AfterEach
    void closeScope() {
        scope.close();
    }

    private static double score(double... row) {
        double sum = 0;
        for (int i = 0; i < row.length; i++) {
            sum += Math.sin(i + 1) * row[i] + row[i] * row[(i * 7 + 3) % row.length];
        }
        return Math.tanh(sum / row.length);
    }

    private static Model model() {
        return Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new));
    }

    private static double[] random(long seed, int length) {
        RandomStream random = RandomStream.of(seed);
        double[] values = new double[length];
        Arrays.setAll(values, i -> random.nextGaussian());
        return values;
    }

    private static long[] shape(long... dims) {
        return dims;
    }

    private static long[] coordinates(long index, long[] dims) {
        long[] coordinates = new long[dims.length];
        for (int axis = dims.length - 1; axis >= 0; axis--) {
            coordinates[axis] = index % dims[axis];
            index /= dims[axis];
        }
        return coordinates;
    }

    private static int product(long[] dims) {
        return (int) Arrays.stream(dims).reduce(1, (p, q) -> p * q);
    }

    /**
     * Draws a grid and its shifts, and looks every element up by its coordinates between the 2^axes cells around it.
     */
    private static double[] mask(RandomStream random, double keep, long[] row, long[] given) {
        long[] cells = new long[row.length];
        Arrays.setAll(cells, axis -> Math.min(given[axis], row[axis]));
        double[] grid = new double[product(cells)];
        Arrays.setAll(grid, cell -> random.nextDouble() < keep ? 1 : 0);
        int[] shifts = new int[row.length];
        for (int axis = 0; axis < row.length; axis++) {
            shifts[axis] =
                    cells[axis] == 1 ? 0 : random.nextInt((int) Math.ceil((double) row[axis] / (double) cells[axis]));
        }
        return resized(grid, cells, shifts, row);
    }

    private static double[] resized(double[] grid, long[] cells, int[] shifts, long[] row) {
        double[] mask = new double[product(row)];
        for (int i = 0; i < mask.length; i++) {
            long[] at = coordinates(i, row);
            for (int corner = 0; corner < 1 << row.length; corner++) {
                double weight = 1;
                int cell = 0;
                for (int axis = 0; axis < row.length; axis++) {
                    double length = (cells[axis] + 1.0) * Math.ceil((double) row[axis] / (double) cells[axis]);
                    double place = ((double) at[axis] + shifts[axis] + 0.5) * cells[axis] / length - 0.5;
                    place = Math.min(Math.max(place, 0), cells[axis] - 1.0);
                    double low = Math.floor(place);
                    boolean above = (corner >> axis & 1) == 1;
                    weight *= above ? place - low : 1 - (place - low);
                    cell = cell * (int) cells[axis] + (int) Math.min(above ? low + 1 : low, cells[axis] - 1.0);
                }
                mask[i] += weight * grid[cell];
            }
        }
        return mask;
    }

    static Stream<Arguments> geometries() {
        return Stream.of(
                Arguments.of(shape(6), "3", shape(3)),
                Arguments.of(shape(7), "3", shape(3)),
                Arguments.of(shape(3), "7", shape(3)),
                Arguments.of(shape(1), "7", shape(1)),
                Arguments.of(shape(2, 9), "4", shape(1, 4)),
                Arguments.of(shape(9, 2), "4,1", shape(4, 1)),
                Arguments.of(shape(5, 7), "2,3", shape(2, 3)),
                Arguments.of(shape(2, 5, 7), "3", shape(1, 3, 3)),
                Arguments.of(shape(2, 5, 7), "2,1,4", shape(2, 1, 4)),
                Arguments.of(shape(2, 4, 5, 3), "2", shape(1, 2, 2, 2)),
                Arguments.of(shape(2, 4, 5, 3), "1,1,1,1", shape(1, 1, 1, 1)));
    }

    private static Rise method(String cells) {
        return Rise.DESCRIPTION.read(Map.of("cells", cells), Sources.none()).method();
    }

    @ParameterizedTest
    @MethodSource("geometries")
    @DisplayName("Values and errors are those of the formula, mask by mask and element by element")
    void equalsLoops(long[] row, String cells, long[] perAxis) {
        int samples = 9;
        double keep = 0.4;
        int size = product(row);
        Shape shape = Shape.of(row).prepend(EXAMPLES);
        double[] values = random(row.length, EXAMPLES * size);
        double[] references = random(row.length + 10, EXAMPLES * size);
        Baseline baseline = Baseline.of(tensors.of(references, shape));
        for (Rise.Estimator estimator : Rise.Estimator.values()) {
            Rise method = method(cells)
                    .samples(samples)
                    .keep(keep)
                    .estimator(estimator)
                    .baseline(baseline);
            try (Explanation why = method.attribute(
                    model(),
                    Inputs.of(tensors.of(values, shape)),
                    Target.index(0),
                    Run.defaults().seed(11))) {
                assertThat(why.attribution().shape()).isEqualTo(shape);
                assertThat(why.counts().forwardRows()).isEqualTo(EXAMPLES * (samples + 1L));
                double[] found = why.attribution().toDoubleArray();
                double[] errors = why.standardError().toDoubleArray();
                for (int e = 0; e < EXAMPLES; e++) {
                    double[] x = Arrays.copyOfRange(values, e * size, (e + 1) * size);
                    double[] b = Arrays.copyOfRange(references, e * size, (e + 1) * size);
                    double[][] masks = new double[samples][];
                    double[] scores = new double[samples];
                    for (int k = 0; k < samples; k++) {
                        double[] mask = mask(RandomStream.of(11, PURPOSE, e, k), keep, row, perAxis);
                        masks[k] = mask;
                        double[] masked = new double[size];
                        Arrays.setAll(masked, i -> mask[i] * x[i] + (1 - mask[i]) * b[i]);
                        scores[k] = score(masked);
                    }
                    double mean = Arrays.stream(scores).average().orElseThrow();
                    boolean centered = estimator == Rise.Estimator.CENTERED;
                    for (int i = 0; i < size; i++) {
                        int at = i;
                        double[] terms = IntStream.range(0, samples)
                                .mapToDouble(k -> centered
                                        ? (scores[k] - mean) * (masks[k][at] - keep) / keep
                                        : scores[k] * masks[k][at] / keep)
                                .toArray();
                        double value = centered
                                ? IntStream.range(0, samples)
                                                .mapToDouble(k -> (scores[k] - mean) * masks[k][at])
                                                .sum()
                                        / ((samples - 1) * keep)
                                : Arrays.stream(terms).average().orElseThrow();
                        double center = Arrays.stream(terms).average().orElseThrow();
                        double squares = Arrays.stream(terms)
                                .map(term -> (term - center) * (term - center))
                                .sum();
                        double error = Math.sqrt(squares / (samples - 1) / samples)
                                * (centered ? samples / (samples - 1.0) : 1);
                        assertThat(found[e * size + i]).isCloseTo(value, within(1e-13));
                        assertThat(errors[e * size + i]).isCloseTo(error, within(1e-13));
                    }
                }
            }
        }
    }

    /** Every grid of 2 cells over a row of 5, at each of the 3 shifts, kept with probability 0.3: weight and mask. */
    private static List<double[]> everyMask(double keep) {
        List<double[]> every = new ArrayList<>();
        for (int grid = 0; grid < 4; grid++) {
            for (int shift = 0; shift < 3; shift++) {
                double[] cells = {grid & 1, grid >> 1};
                double probability =
                        Math.pow(keep, cells[0] + cells[1]) * Math.pow(1 - keep, 2 - cells[0] - cells[1]) / 3;
                double[] mask = resized(cells, shape(2), new int[] {shift}, shape(5));
                double[] both = Arrays.copyOf(mask, 6);
                both[5] = probability;
                every.add(both);
            }
        }
        return every;
    }

    @ParameterizedTest
    @EnumSource(Rise.Estimator.class)
    @DisplayName("About 95 % of intervals of 2 standard errors hold what all masks together give")
    void converges(Rise.Estimator estimator) {
        double keep = 0.3;
        double[] x = random(5, 5);
        double expectedScore = 0;
        double[] expected = new double[5];
        for (double[] mask : everyMask(keep)) {
            double[] masked = new double[5];
            Arrays.setAll(masked, i -> mask[i] * x[i]);
            double score = 3 + score(masked);
            expectedScore += mask[5] * score;
            for (int i = 0; i < 5; i++) {
                expected[i] += mask[5] * score * mask[i] / keep;
            }
        }
        Model shifted = Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {3 + score(row)}).toArray(double[][]::new));
        int covered = 0;
        int runs = 300;
        Rise method = new Rise().samples(200).cells(2).keep(keep).estimator(estimator);
        for (int seed = 0; seed < runs; seed++) {
            try (Explanation why = method.attribute(
                    shifted,
                    Inputs.of(tensors.of(x, 1, 5)),
                    Target.index(0),
                    Run.defaults().seed(seed))) {
                double[] found = why.attribution().toDoubleArray();
                double[] errors = why.standardError().toDoubleArray();
                for (int i = 0; i < 5; i++) {
                    double truth = expected[i] - (estimator == Rise.Estimator.CENTERED ? expectedScore : 0);
                    covered += Math.abs(found[i] - truth) <= 2 * errors[i] ? 1 : 0;
                }
            }
        }
        assertThat(covered / (5.0 * runs)).isBetween(0.92, 0.98);
    }

    @Test
    @DisplayName("Elements that do not matter get the expected score, or nothing when it is subtracted")
    void dummies() {
        // The score is linear in the first two columns of the first of 12 rows; other rows are further away than a
        // cell.
        double[] x = random(7, 24);
        Model linear = Model.ofTensor(
                "linear", "1", rows -> rows.slice(1, 0, 2).sum(1, 2).add(5));
        Rise method = new Rise().samples(4000).cells(6, 1);
        double mean = 5 + 0.5 * (x[0] + x[1] + x[2] + x[3]);
        try (Explanation paper = method.attribute(linear, Inputs.of(tensors.of(x, 1, 12, 2)));
                Explanation centered = method.estimator(Rise.Estimator.CENTERED)
                        .attribute(linear, Inputs.of(tensors.of(x, 1, 12, 2)))) {
            double[] values = paper.attribution().toDoubleArray();
            double[] errors = paper.standardError().toDoubleArray();
            double[] less = centered.attribution().toDoubleArray();
            double[] smaller = centered.standardError().toDoubleArray();
            for (int i = 12; i < 24; i++) {
                assertThat(values[i]).isCloseTo(mean, within(4 * errors[i]));
                assertThat(less[i]).isCloseTo(0, within(4 * smaller[i]));
                assertThat(smaller[i]).isLessThan(errors[i] / 2);
            }
            assertThat(Math.abs(less[0])).isGreaterThan(20 * smaller[0]);
        }
    }

    @Test
    @DisplayName("Several inputs have masks of their own, all at once")
    void severalInputs() {
        double[] x = random(1, 8);
        double[] y = random(2, 12);
        Model product =
                Model.ofTensors(tensors, all -> all.get(0).sum(1).mul(all.get(1).sum(1, 2)));
        Rise method = new Rise().samples(5).cells(Shape.of(3), Shape.of(1, 2));
        try (Explanation why =
                method.attribute(product, Inputs.of(tensors.of(x, 2, 4), tensors.of(y, 2, 3, 2)), Target.output())) {
            for (int e = 0; e < 2; e++) {
                double[] first = new double[4];
                double[] second = new double[6];
                for (int k = 0; k < 5; k++) {
                    RandomStream random = RandomStream.of(0, PURPOSE, e, k);
                    double[] one = mask(random, 0.5, shape(4), shape(3));
                    double[] two = mask(random, 0.5, shape(3, 2), shape(1, 2));
                    double left = 0;
                    double right = 0;
                    for (int i = 0; i < 4; i++) {
                        left += one[i] * x[e * 4 + i];
                    }
                    for (int i = 0; i < 6; i++) {
                        right += two[i] * y[e * 6 + i];
                    }
                    for (int i = 0; i < 4; i++) {
                        first[i] += left * right * one[i] / (5 * 0.5);
                    }
                    for (int i = 0; i < 6; i++) {
                        second[i] += left * right * two[i] / (5 * 0.5);
                    }
                }
                assertThat(Arrays.copyOfRange(why.attributions().get(0).toDoubleArray(), e * 4, e * 4 + 4))
                        .containsExactly(first, within(1e-13));
                assertThat(Arrays.copyOfRange(why.attributions().get(1).toDoubleArray(), e * 6, e * 6 + 6))
                        .containsExactly(second, within(1e-13));
            }
        }
    }

    @Test
    @DisplayName("A mask of 1 shows the input to the bit, and one of 0 the baseline")
    void endsAreExact() {
        double[] x = {0.1, 1e30, -3};
        double[] b = {1e17, -7, 0.3};
        List<double[]> seen = new ArrayList<>();
        Model model = Model.of(rows -> {
            seen.addAll(Arrays.asList(rows));
            return Arrays.stream(rows).map(row -> new double[] {row[0]}).toArray(double[][]::new);
        });
        new Rise()
                .samples(30)
                .cells(1)
                .baseline(Baseline.of(tensors.of(b, 1, 3)))
                .attribute(model, Inputs.of(tensors.of(x, 1, 3)))
                .close();
        assertThat(seen).anySatisfy(row -> assertThat(row).containsExactly(b));
        assertThat(seen).allSatisfy(row -> assertThat(row).isIn(x, b));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    @DisplayName("Rows do not depend on the range they are made in")
    void rows(int examples) {
        Inputs inputs = Inputs.of(tensors.of(random(4, examples * 10), examples, 2, 5));
        Evaluator evaluator = Evaluator.start(new Rise(), model(), inputs, Target.index(0), Run.defaults());
        List<RandomGrid> grids = List.of(RandomGrid.of(Shape.of(2, 5), new long[] {1, 3}));
        List<Tensor> references = List.of(tensors.of(random(5, 10), 1, 2, 5));
        RandomMasks masks = new RandomMasks(evaluator.run(), grids, 0.5);
        int[] first = new int[examples];
        first[0] = 1;
        int[] end = new int[examples];
        Arrays.fill(end, 4);
        RowsContract.check(new MaskedSamples(evaluator, references, masks, first, end));
    }

    @Test
    @DisplayName("Memory does not grow with the samples")
    void manySamples() {
        Model sum = Model.ofTensor("sum", "1", rows -> rows.sum(1, 2, 3));
        try (Tensor image = tensors.of(random(3, 64 * 64), 1, 1, 64, 64)) {
            // All masks together would take 20,000 times 32 KiB.
            try (Explanation why = new Rise()
                    .samples(20_000)
                    .attribute(
                            sum,
                            Inputs.of(image),
                            Target.output(),
                            Run.defaults().batchRows(64))) {
                assertThat(why.counts().forwardRows()).isEqualTo(20_001);
                assertThat(why.counts().largestBatch()).isEqualTo(64);
            }
        }
    }

    @Test
    @DisplayName("Seed and example decide the masks")
    void seeds() {
        double[] twice = {1, 2, 3, 4, 1, 2, 3, 4};
        Rise method = new Rise().samples(6).cells(3);
        List<double[]> values = new ArrayList<>();
        for (long seed : new long[] {1, 1, 2}) {
            try (Explanation why = method.attribute(
                    model(),
                    Inputs.of(tensors.of(twice, 2, 4)),
                    Target.index(0),
                    Run.defaults().seed(seed))) {
                values.add(why.attribution().toDoubleArray());
            }
        }
        assertThat(values.get(1)).containsExactly(values.get(0));
        assertThat(values.get(2)).isNotEqualTo(values.get(0));
        assertThat(Arrays.copyOf(values.get(0), 4)).isNotEqualTo(Arrays.copyOfRange(values.get(0), 4, 8));
    }

    @Test
    @DisplayName("Crediting the scores stops when the run is cancelled")
    void cancelled() {
        Cancellation cancellation = new Cancellation();
        Model model = Model.of(rows ->
                Arrays.stream(rows).map(row -> new double[] {score(row)}).toArray(double[][]::new));
        Run run = Run.defaults().batchRows(100).cancellation(cancellation).progress(progress -> {
            if (progress.fraction() == 1) {
                cancellation.cancel();
            }
        });
        assertThatThrownBy(() -> new Rise()
                        .samples(100)
                        .attribute(model, Inputs.of(tensors.of(random(1, 4), 1, 4)), Target.index(0), run))
                .isInstanceOf(CancelledException.class)
                .hasMessage("rise was cancelled after 100 of 100 rows");
    }

    private void assertRefused(Rise method, Tensor x, String message) {
        assertThatThrownBy(() -> method.attribute(model(), Inputs.of(x)))
                .isInstanceOf(InvalidRequestException.class)
                .hasMessage(message);
    }

    @Test
    @DisplayName("Settings and inputs that do not fit are refused")
    void refusals() {
        Tensor x = tensors.of(random(1, 12), 1, 3, 4);
        assertRefused(new Rise().samples(1), x, "samples 1: must be at least 2");
        assertRefused(new Rise().keep(0), x, "keep 0.0: must be more than 0 and less than 1");
        assertRefused(new Rise().keep(Double.NaN), x, "keep NaN: must be more than 0 and less than 1");
        assertRefused(
                new Rise().cells(1, 2, 2),
                x,
                "rise: cells 1,2,2 for input 'input0' of shape (1, 3, 4); give one number, or one for each axis but"
                        + " that of the examples, 2, each at least 1");
        assertRefused(
                new Rise().cells(2, 0),
                x,
                "rise: cells 2,0 for input 'input0' of shape (1, 3, 4); give one number, or one for each axis but that"
                        + " of the examples, 2, each at least 1");
        assertRefused(
                new Rise().cells(Shape.of(2), Shape.of(3)),
                x,
                "rise: cells 2;3 are for 2 inputs, and 1 are attributed; give cells for each, or once for all");
        assertRefused(
                new Rise(),
                x.to(DataType.INT64),
                "rise: input 'input0' is of type int64, and masks between 0 and 1 mix it with the baseline; convert it"
                        + " with to(DataType.FLOAT32), or use feature-ablation or shapley-sampling, which replace whole"
                        + " values");
        assertThatThrownBy(() -> new Rise()
                        .attribute(
                                model(),
                                Inputs.of(tensors.of(new double[] {1, Double.NaN}, 1, 2))
                                        .allowMissing()))
                .hasMessage(
                        "rise: input 'input0' has missing values, and masks between 0 and 1 mix it with the baseline;"
                                + " use feature-ablation or shapley-sampling, which replace whole values");
        assertThatThrownBy(() -> new Rise().baseline(Baseline.samples(x)).attribute(model(), Inputs.of(x)))
                .hasMessageContaining("is a distribution, and rise compares with one reference for each example");
        assertThat(new Rise().settings())
                .hasToString("{samples=4000, cells=7, keep=0.5, estimator=paper, budget=samples, baseline=0.0}");
    }
}
