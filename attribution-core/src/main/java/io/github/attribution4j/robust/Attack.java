// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.robust;

import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.CancelledException;
import io.github.attribution4j.run.Run.DeadlineExceededException;
import io.github.attribution4j.status.Experimental;

/**
 * An attack: an immutable, thread-safe value that changes inputs so that a model's output reaches a goal.
 *
 * <p>It holds settings and nothing else, as a method of attribution does. Batches, deadline, cancellation, progress and
 * seed are those of the {@link Run}. What becomes of an example depends neither on the other examples nor on batches.
 * Only attributed inputs are changed.
 *
 * @param <M> what the attack needs of a model
 */
@Experimental
public interface Attack<M extends Model> extends Recipe {
    /**
     * Attacks a model at inputs.
     *
     * @param model not changed
     * @param inputs not changed, not closed
     * @param goal what the attack wants of the model's output
     * @param run seed, batching, deadline, progress
     * @return the changed inputs and what they did, owned by the caller
     * @throws InvalidRequestException listing all that is wrong with the request
     * @throws io.github.attribution4j.model.ModelException if the model fails
     * @throws DeadlineExceededException if the run's deadline passes
     * @throws CancelledException if the run is cancelled
     */
    Attacked attack(M model, Inputs inputs, Goal goal, Run run);

    /** Attacks with {@link Run#defaults()}. */
    default Attacked attack(M model, Inputs inputs, Goal goal) {
        return attack(model, inputs, goal, Run.defaults());
    }
}
