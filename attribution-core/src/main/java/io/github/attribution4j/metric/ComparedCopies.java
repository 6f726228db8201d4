// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Copies;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.SampleRange;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Explains examples and changed copies of them, and lets a metric of robustness compare the two. The target is decided
 * once, at the examples themselves.
 *
 * @param perturbation how the copies are changed
 * @param samples copies of each example
 */
record ComparedCopies(Perturbation perturbation, int samples) {
    private static final long PURPOSE = 0x5E45;

    /** Compares explanations of copies with those of their examples. */
    interface Comparison {
        /**
         * Takes a range of copies; copy number c is one of example c / samples.
         *
         * @param changed the changed attributed inputs, a row for each copy
         * @param ofCopies closed after this call
         */
        void add(long from, long to, List<Tensor> changed, Explanation ofCopies);

        /** Returns the score of each example, after all copies. */
        double[] scores();
    }

    /** Starts a comparison. */
    @FunctionalInterface
    interface Start {
        /**
         * Returns a comparison.
         *
         * @param evaluator runs the model, and has the inputs
         * @param explanation of these inputs
         */
        Comparison of(Evaluator evaluator, Explanation explanation);
    }

    /** Returns the refusal of a single explanation. */
    static InvalidRequestException refusal(Metric metric) {
        return new InvalidRequestException(List.of("metric " + metric.name() + ": explains changed inputs, so that it"
                + " judges methods, not a single explanation; give the method"));
    }

    <M extends Model> Judgement judge(
            Metric metric,
            M model,
            Inputs inputs,
            Target target,
            Attribution<? super M> method,
            Run run,
            Problems problems,
            Start start) {
        try (TensorScope scope = TensorScope.open()) {
            Run started = run.started();
            Optional<Attribution.OwnScore> own = method.ownScore();
            Model scored = own.isEmpty()
                    ? model
                    : ((LayeredModel) model).cut(own.get().layer()).head();
            Target explained = own.map(Attribution.OwnScore::score).orElse(target);
            own.ifPresent(score -> score.requireNoTarget(target, problems));
            problems.collect(() -> perturbation.check(inputs, problems));
            Evaluator evaluator = Evaluator.start(metric, scored, inputs, explained, started, problems);
            Copies<M> copies = new Copies<>(narrow(method), PURPOSE);
            SampleRange range = SampleRange.ofAll(evaluator.examples(), samples);
            evaluator.run().plan(range.count() + evaluator.examples());
            Target decided = own.isEmpty() ? evaluator.target() : Target.output();
            try (Explanation explanation =
                    method.attribute(model, evaluator.inputs(), decided, started.part(evaluator.examples()))) {
                evaluator.count(explanation.counts());
                explanation.notices().forEach(evaluator::notice);
                Comparison comparison = start.of(evaluator, explanation);
                copies.explain(
                        model,
                        evaluator,
                        decided,
                        range,
                        perturbation::change,
                        (copied, from, to, changed, ofCopies) -> comparison.add(from, to, changed, ofCopies));
                return Judgement.of(evaluator, metric, comparison.scores(), List.of(), explanation.provenance());
            }
        }
    }

    @SuppressWarnings("unchecked") // A method that takes more models takes these.
    private static <M extends Model> Attribution<M> narrow(Attribution<? super M> method) {
        return (Attribution<M>) method;
    }

    /** Returns the elements of all tensors, row by row. */
    static double[][] rows(List<Tensor> tensors) {
        int count = Math.toIntExact(tensors.get(0).shape().dim(0));
        double[][] all = tensors.stream().map(Tensor::toDoubleArray).toArray(double[][]::new);
        double[][] rows = new double[count][];
        for (int row = 0; row < count; row++) {
            int size = 0;
            for (double[] one : all) {
                size += one.length / count;
            }
            rows[row] = new double[size];
            int at = 0;
            for (double[] one : all) {
                int own = one.length / count;
                System.arraycopy(one, row * own, rows[row], at, own);
                at += own;
            }
        }
        return rows;
    }

    static double[] difference(double[] left, double[] right) {
        double[] difference = new double[left.length];
        Arrays.setAll(difference, i -> left[i] - right[i]);
        return difference;
    }

    /** Returns the Euclidean norm. */
    static double norm(double[] vector) {
        double squares = 0;
        for (double value : vector) {
            squares += value * value;
        }
        return Math.sqrt(squares);
    }
}
