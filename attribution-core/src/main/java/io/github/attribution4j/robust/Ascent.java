// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.LongStream;

/**
 * Steps along gradients of the goal's score, within a ball around each example.
 *
 * @param step length of a step for each attributed input
 * @param sign whether steps go along the sign of the gradient
 * @param keepsBest whether the point with the best score counts; else the last
 */
record Ascent(Evaluator evaluator, Goal goal, Ball ball, Sizes step, boolean sign, int steps, boolean keepsBest) {

    /**
     * Points for all examples.
     *
     * @param inputs the attributed inputs
     * @param output of the model there
     */
    record Found(List<Tensor> inputs, Tensor output) {}

    /**
     * Rows of some examples.
     *
     * @param points a row for each example
     * @param chosen the examples
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    record Chosen(List<Tensor> points, long[] chosen) implements Rows {
        @Override
        public long count() {
            return chosen.length;
        }

        @Override
        public long example(long row) {
            return chosen[(int) row];
        }

        @Override
        public List<Tensor> attributed(long from, long to) {
            long[] rows = Arrays.copyOfRange(chosen, (int) from, (int) to);
            return points.stream().map(input -> input.select(0, rows)).toList();
        }
    }

    private static List<Tensor> choose(boolean[] chosen, List<Tensor> yes, List<Tensor> no) {
        List<Tensor> result = new ArrayList<>();
        for (int i = 0; i < yes.size(); i++) {
            result.add(choose(chosen, yes.get(i), no.get(i)));
        }
        return result;
    }

    private static Tensor choose(boolean[] chosen, Tensor yes, Tensor no) {
        long[] dims = new long[yes.shape().rank()];
        Arrays.fill(dims, 1);
        dims[0] = chosen.length;
        return yes.tensors().of(chosen, Shape.of(dims)).where(yes, no);
    }

    private boolean[] better(double[] scores, double[] than) {
        boolean[] better = new boolean[scores.length];
        for (int example = 0; example < better.length; example++) {
            better[example] = goal.rises() ? scores[example] > than[example] : scores[example] < than[example];
        }
        return better;
    }

    /** Walks once, from the examples themselves. */
    Found fromInputs() {
        evaluator.run().plan((steps + 1L) * evaluator.examples());
        return walk(ball.centers(), true);
    }

    /** Walks from points drawn in the ball, and keeps for each example what reaches the goal, with the best score. */
    Found fromRandomStarts(int restarts) {
        evaluator.run().plan((1 + restarts * (steps + 1L)) * evaluator.examples());
        double[] before = evaluator.scores();
        Goal decided = goal.decided(evaluator.outputs());
        Found kept = walk(ball.draw(0), false);
        for (int number = 1; number < restarts; number++) {
            Found found = walk(ball.draw(number), false);
            double[] scores = scores(found.output());
            double[] keptScores = scores(kept.output());
            boolean[] reached = decided.reached(found.output(), each(), scores, before);
            boolean[] keptReached = decided.reached(kept.output(), each(), keptScores, before);
            boolean[] chosen = better(scores, keptScores);
            for (int example = 0; example < chosen.length; example++) {
                chosen[example] = reached[example] == keptReached[example] ? chosen[example] : reached[example];
            }
            kept = new Found(
                    choose(chosen, found.inputs(), kept.inputs()), choose(chosen, found.output(), kept.output()));
        }
        return kept;
    }

    private long[] each() {
        return Attacked.each(evaluator.examples());
    }

    private double[] scores(Tensor output) {
        return evaluator.target().scores(output, each());
    }

    private Found walk(List<Tensor> start, boolean atInputs) {
        List<Tensor> here = start;
        List<Tensor> best = start;
        double[] bestScores = {};
        for (int s = 0; s < steps; s++) {
            double[] scores = new double[evaluator.examples()];
            List<Tensor> next;
            if (s == 0 && atInputs) {
                // The outputs at the inputs, known at no further cost, belong to the evaluation and outlive this step.
                next = next(scores, evaluator::gradientsAtInputs, here);
                scores = evaluator.scores();
            } else {
                List<Tensor> now = here;
                try (TensorScope scope = TensorScope.open()) {
                    next = scope.keepAll(next(scores, sink -> evaluator.gradients(ball.rows(now), sink), now));
                }
            }
            if (s == 0) {
                bestScores = scores;
            } else if (keepsBest) {
                best = replaced(best, bestScores, here, scores, better(scores, bestScores), start);
            }
            free(here, start);
            here = next;
        }
        Tensor output = evaluator.outputs(ball.rows(here));
        if (!keepsBest) {
            return new Found(here, output);
        }
        double[] scores = scores(output);
        boolean[] last = better(scores, bestScores);
        List<Tensor> points = replaced(best, bestScores, here, scores, last, start);
        free(here, start);
        return new Found(points, outputs(points, last, output));
    }

    /** Puts better points into the place of former ones. Points that are not the start are freed. */
    private static List<Tensor> replaced(
            List<Tensor> best,
            double[] bestScores,
            List<Tensor> here,
            double[] scores,
            boolean[] better,
            List<Tensor> start) {
        for (int example = 0; example < better.length; example++) {
            bestScores[example] = better[example] ? scores[example] : bestScores[example];
        }
        List<Tensor> points = choose(better, here, best);
        free(best, start);
        return points;
    }

    @SuppressWarnings("ReferenceEquality") // The start is used again.
    private static void free(List<Tensor> points, List<Tensor> start) {
        if (points != start) {
            points.forEach(Tensor::close);
        }
    }

    /** Returns where one step leads, and fills in the scores at which it starts. */
    private List<Tensor> next(double[] scores, Consumer<Consumer<Evaluator.Part>> gradients, List<Tensor> here) {
        Rows.Collected moved = new Rows.Collected();
        gradients.accept(part -> {
            System.arraycopy(part.scores(), 0, scores, (int) part.from(), part.scores().length);
            List<Tensor> rows = new ArrayList<>();
            for (int i = 0; i < here.size(); i++) {
                double length = (goal.rises() ? 1 : -1) * step.of(i);
                Tensor from = here.get(i).rows(part.from(), part.to());
                Tensor gradient = part.gradients().get(i);
                rows.add(ball.step(from, gradient, i, length, sign, part.from(), part.to()));
            }
            moved.add(part, rows);
        });
        return moved.joined();
    }

    /** Returns the outputs at points, of which some are the last ones, whose output is known. */
    private Tensor outputs(List<Tensor> points, boolean[] last, Tensor output) {
        long[] others = LongStream.range(0, last.length)
                .filter(example -> !last[(int) example])
                .toArray();
        if (others.length == 0) {
            return output;
        }
        Tensor known = evaluator.outputs(new Chosen(points, others));
        long[] places = each();
        for (int i = 0; i < others.length; i++) {
            places[(int) others[i]] = (long) last.length + i;
        }
        return output.tensors().concat(List.of(output, known), 0).select(0, places);
    }
}
