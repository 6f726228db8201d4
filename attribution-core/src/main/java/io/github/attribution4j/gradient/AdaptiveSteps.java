// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * The gradient averaged along paths, with steps added to each example where its score bends, until the gap is small.
 *
 * <p>The integral is a sum of trapezoids between neighboring steps. The score of each step comes with its gradient, so
 * the error of the sum is known for each interval: the trapezoid less what the score gained. In each round every
 * example that is not finished halves the interval with the largest error; one batch has the new steps of all of them.
 * Whether an example is finished follows from its own steps alone.
 */
final class AdaptiveSteps {
    /** The least limit: both ends and the middle are the first steps. */
    static final int LEAST = 3;

    /** The most memory for gradients that are kept, besides one of each example. */
    private static final long KEPT_BYTES = 256L << 20;

    private final Evaluator evaluator;
    private final Path path;
    private final double tolerance;
    private final int most;
    private final List<Tensor> lengths;
    private final Bends[] bends;
    private List<Tensor> atInputs = List.of();

    /**
     * Starts with the ends of the paths.
     *
     * @param tolerance the largest gap, as a share of the change of the score
     * @param most the most steps of an example
     */
    AdaptiveSteps(Evaluator evaluator, Path path, double tolerance, int most) {
        this.evaluator = evaluator;
        this.path = path;
        this.tolerance = tolerance;
        this.most = most;
        this.lengths = path.derivative(0, evaluator.examples(), new double[] {0});
        this.bends = IntStream.range(0, evaluator.examples())
                .mapToObj(example -> new Bends(most))
                .toArray(Bends[]::new);
    }

    /** Returns the averages of the gradients, a row for each example. */
    List<Tensor> averages() {
        evaluator.run().plan((long) bends.length * most);
        evaluator.run().mayEndEarlier();
        Collected ends = new Collected();
        evaluator.gradientsAtInputs(part -> {
            ends.add(part, part.gradients());
            double[] slopes = slopes(part.gradients(), range(part.from(), part.to()));
            for (int r = 0; r < slopes.length; r++) {
                bends[(int) part.from() + r].add(1, slopes[r], -1);
            }
        });
        atInputs = ends.joined();
        double[] scores = evaluator.scores();
        for (int example = 0; example < bends.length; example++) {
            bends[example].score(0, scores[example]);
        }
        Collected averages = new Collected();
        int together = examplesTogether();
        for (int from = 0; from < bends.length; from += together) {
            try (TensorScope scope = TensorScope.open()) {
                integrate(scope, from, Math.min(bends.length, from + together), averages);
            }
        }
        return averages.joined();
    }

    private int examplesTogether() {
        long bytes = 0;
        for (Tensor gradient : atInputs) {
            bytes += gradient.shape().row().size() * gradient.dataType().bytes();
        }
        return (int) Math.max(1, Math.min(bends.length, KEPT_BYTES / Math.max(1, bytes * most)));
    }

    private void integrate(TensorScope scope, int from, int to, Collected averages) {
        Collected kept = new Collected();
        int[] rows = new int[1];
        add(
                IntStream.range(from, to).flatMap(example -> IntStream.of(example, example)),
                new double[] {0, 0.5},
                kept,
                rows);
        for (int[] open = open(from, to); open.length > 0; open = open(from, to)) {
            double[] positions = Arrays.stream(open)
                    .mapToDouble(example -> bends[example].next())
                    .toArray();
            add(Arrays.stream(open), positions, kept, rows);
        }
        List<Tensor> gradients = kept.joined();
        for (int example = from; example < to; example++) {
            averages.add(scope, average(gradients, example));
        }
    }

    private int[] open(int from, int to) {
        return IntStream.range(from, to)
                .filter(example -> bends[example].count < most
                        && (evaluator.run().isRehearsal() || !bends[example].isReached(tolerance)))
                .toArray();
    }

    /** Takes gradients at one position of each of some examples; positions repeat. */
    private void add(IntStream who, double[] where, Collected kept, int[] rows) {
        long[] examples = who.asLongStream().toArray();
        double[] positions = new double[examples.length];
        Arrays.setAll(positions, row -> where[row % where.length]);
        int before = rows[0];
        evaluator.gradients(path.rows(examples, positions, 1), part -> {
            kept.add(part, part.gradients());
            long[] own = Arrays.copyOfRange(examples, (int) part.from(), (int) part.to());
            double[] slopes = slopes(part.gradients(), own);
            for (int r = 0; r < own.length; r++) {
                int row = (int) part.from() + r;
                Bends bend = bends[(int) own[r]];
                int place = bend.add(positions[row], slopes[r], before + row);
                bend.score(place, part.scores()[r]);
            }
        });
        rows[0] = before + examples.length;
    }

    /** Returns the derivative of the score by the position on the path, for each row. */
    private double[] slopes(List<Tensor> gradients, long[] examples) {
        double[] slopes = new double[examples.length];
        for (int i = 0; i < gradients.size(); i++) {
            double[] products = gradients
                    .get(i)
                    .mul(Rows.ofExamples(lengths.get(i), examples))
                    .toDoubleArray();
            int each = products.length / slopes.length;
            for (int p = 0; p < products.length; p++) {
                slopes[p / each] += products[p];
            }
        }
        return slopes;
    }

    private List<Tensor> average(List<Tensor> gradients, int example) {
        Bends bend = bends[example];
        int inside = bend.count - 1;
        long[] rows = new long[inside];
        double[] weights = new double[inside];
        for (int k = 0; k < inside; k++) {
            rows[k] = bend.rows[k];
            weights[k] = bend.weight(k);
        }
        List<Tensor> average = new ArrayList<>();
        for (int i = 0; i < gradients.size(); i++) {
            Tensor own = gradients.get(i).select(0, rows);
            Tensor scale = own.tensors().of(weights, own.dataType(), own.shape().rowScale(inside));
            Tensor end = atInputs.get(i).rows(example, example + 1L).mul(bend.weight(inside));
            average.add(own.mul(scale).sum(0).reshape(end.shape()).add(end));
        }
        return average;
    }

    private static long[] range(long from, long to) {
        return IntStream.range((int) from, (int) to).asLongStream().toArray();
    }

    /** Returns the score of each example at the start of its path. */
    double[] startScores() {
        return each(bend -> bend.scores[0]);
    }

    /** Returns an outcome with what was reached, and says what was not. */
    Outcome said(Outcome outcome) {
        long missed =
                Arrays.stream(bends).filter(bend -> !bend.isReached(tolerance)).count();
        if (missed > 0) {
            double worst = Arrays.stream(each(Bends::share)).max().orElse(0);
            evaluator.notice("tolerance " + tolerance + " was not reached for " + missed + " of " + bends.length
                    + " examples within " + most + " steps: their gaps are up to "
                    + (Double.isFinite(worst)
                            ? String.format(Locale.ROOT, "%.3g of the change of the score", worst)
                            : String.format(
                                    Locale.ROOT,
                                    "%.3g where the score does not change at all",
                                    Arrays.stream(each(bend -> Math.abs(bend.gap())))
                                            .max()
                                            .orElse(0)))
                    + "; allow more steps");
        }
        return outcome.measure("steps", each(bend -> bend.count))
                .measure("error-estimate", each(Bends::errors))
                .measure("tolerance-reached", each(bend -> bend.isReached(tolerance) ? 1 : 0));
    }

    private double[] each(ToDoubleFunction<Bends> number) {
        return Arrays.stream(bends).mapToDouble(number).toArray();
    }

    /** The steps of one example, by position. */
    private static final class Bends {
        private final double[] positions;
        private final double[] slopes;
        private final double[] scores;
        /** Where the gradient of a step is; −1 for that at the input. */
        private final int[] rows;

        private int count;

        Bends(int most) {
            positions = new double[most];
            slopes = new double[most];
            scores = new double[most];
            rows = new int[most];
        }

        /** Adds a step, and returns its place among the others. */
        int add(double position, double slope, int row) {
            int place = 0;
            while (place < count && positions[place] < position) {
                place++;
            }
            int behind = count - place;
            System.arraycopy(positions, place, positions, place + 1, behind);
            System.arraycopy(slopes, place, slopes, place + 1, behind);
            System.arraycopy(scores, place, scores, place + 1, behind);
            System.arraycopy(rows, place, rows, place + 1, behind);
            positions[place] = position;
            slopes[place] = slope;
            rows[place] = row;
            count++;
            return place;
        }

        void score(int place, double score) {
            scores[place] = score;
        }

        private double error(int interval) {
            double width = positions[interval + 1] - positions[interval];
            return width / 2 * (slopes[interval] + slopes[interval + 1]) - (scores[interval + 1] - scores[interval]);
        }

        double gap() {
            return IntStream.range(0, count - 1).mapToDouble(this::error).sum();
        }

        /** Returns a bound of the gap in which errors do not cancel. */
        double errors() {
            return IntStream.range(0, count - 1)
                    .mapToDouble(interval -> Math.abs(error(interval)))
                    .sum();
        }

        double share() {
            double gap = Math.abs(gap());
            return gap == 0 ? 0 : gap / Math.abs(scores[count - 1] - scores[0]);
        }

        boolean isReached(double tolerance) {
            return share() <= tolerance;
        }

        /** Returns the middle of the interval with the largest error, the first of several. */
        double next() {
            int worst = 0;
            for (int interval = 1; interval < count - 1; interval++) {
                if (Math.abs(error(interval)) > Math.abs(error(worst))) {
                    worst = interval;
                }
            }
            return (positions[worst] + positions[worst + 1]) / 2;
        }

        double weight(int place) {
            double left = place == 0 ? 0 : positions[place] - positions[place - 1];
            double right = place == count - 1 ? 0 : positions[place + 1] - positions[place];
            return (left + right) / 2;
        }
    }
}
