// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;

/**
 * A metric: an immutable, thread-safe value that judges how good an explanation is.
 *
 * <p>It holds settings and nothing else, as an {@link Attribution} does. Batches, deadline, cancellation, progress and
 * seed are those of the {@link Run}. Scores of an example depend neither on batches nor on the other examples, but for
 * a metric that compares examples ({@link Consistency}). A score is NaN where a metric cannot judge an example; a
 * notice says why.
 */
@Experimental
public interface Metric extends Recipe {
    /** Returns whether a higher score is better. */
    boolean higherIsBetter();

    /**
     * Judges an explanation.
     *
     * @param model that was explained; not changed
     * @param inputs that were explained; not changed, not closed
     * @param target the score that was explained; {@link Target#argmax} is decided again
     * @param explanation of these inputs, with an attribution of each attributed input; not closed
     * @param run seed, batching, deadline, progress
     * @throws InvalidRequestException listing all that is wrong with the request; also if this metric explains changed
     *     inputs, so that it judges methods only
     * @throws io.github.attribution4j.model.ModelException if the model fails
     * @throws DeadlineExceededException if the run's deadline passes
     * @throws CancelledException if the run is cancelled
     */
    Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run);

    /**
     * Judges a method: explains the inputs, and judges the explanation.
     *
     * @param method explains with the same run
     * @return a judgement whose cost includes that of the explanation
     * @throws InvalidRequestException and others as for a given explanation, and what the method throws
     */
    default <M extends Model> Judgement judge(
            M model, Inputs inputs, Target target, Attribution<? super M> method, Run run) {
        Run started = run.started();
        try (Explanation explanation = method.attribute(model, inputs, target, started)) {
            return judge(model, inputs, target, explanation, started).after(explanation);
        }
    }
}
