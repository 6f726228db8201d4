// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric.randomization;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Provenance;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.metric.Judgement;
import io.github.attribution4j.metric.Metric;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Explanations of the same inputs with one method, for models that are alike, or for other targets. */
final class Explained<M extends Model> {
    private final Attribution<? super M> judged;
    private final Attribution<? super M> method;
    private final Evaluator evaluator;
    private final Target target;
    private @Nullable Provenance first;

    /**
     * Makes explanations.
     *
     * @param judged the method that is judged
     * @param method explains: that, or a noise tunnel around it
     * @param target decided before
     */
    Explained(Attribution<? super M> judged, Attribution<? super M> method, Evaluator evaluator, Target target) {
        this.judged = judged;
        this.method = method;
        this.evaluator = evaluator;
        this.target = target;
    }

    static InvalidRequestException givenRefused(String metric, String what) {
        return new InvalidRequestException(List.of("metric " + metric + ": " + what
                + ", so that it judges methods, not a single explanation; give the method"));
    }

    /** Returns a copy as a model of the class of its original. */
    @SuppressWarnings("unchecked") // A copy is of the class of its model, so it has all its types.
    static <M extends Model> M like(M model, Model copy) {
        if (!model.getClass().isInstance(copy)) {
            throw new IllegalStateException("the copy of a " + model.getClass().getName() + " is a "
                    + copy.getClass().getName() + "; withParameters must return a model of the same class");
        }
        return (M) copy;
    }

    Run run() {
        return evaluator.run();
    }

    /** The planned rows of an explanation. */
    long rows() {
        return evaluator.examples();
    }

    Maps of(M model) {
        return of(model, target);
    }

    /** Explains the inputs. Cost and notices of all explanations are those of the evaluator. */
    Maps of(M model, Target explained) {
        Run run = evaluator.run().part(rows());
        try (Explanation explanation =
                method.attribute(model, evaluator.inputs(), explained, first == null ? run : run.nested())) {
            evaluator.count(explanation.counts());
            explanation.notices().forEach(evaluator::notice);
            if (first == null) {
                first = method.equals(judged)
                        ? explanation.provenance()
                        : explanation
                                .madeBy(judged, model.identity(), evaluator.inputs(), Counts.NONE)
                                .provenance();
            }
            return new Maps(explanation);
        }
    }

    Judgement judged(Metric metric, double[] scores, List<Judgement.Curve> curves) {
        return Judgement.of(
                evaluator, metric, scores, curves, Objects.requireNonNull(first, "there is an explanation"));
    }
}
