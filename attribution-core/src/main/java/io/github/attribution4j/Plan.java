// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.time.Duration;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * What an explanation would cost, before it is computed.
 *
 * <pre>{@code
 * Plan plan = new KernelShap().samples(2000).plan(model, inputs, Target.index(1), run);
 * if (plan.time().compareTo(Duration.ofSeconds(2)) > 0) { ... }
 * }</pre>
 *
 * <p>The method is rehearsed: it runs with the settings, inputs and seed given, and makes all its rows, but of each
 * kind of call only one row, and a few copies of it, are run by the model, three times each. So every check is made,
 * the rows are exactly those that {@link Explanation#counts()} then reports, and no method has to describe its cost a
 * second time. A rehearsal costs what a method does besides running the model, and 15 rows for each kind of call; some
 * 200 where a row takes less than 2 ms.
 *
 * <p>A method that may end early, because a tolerance, an error or a deadline says when it has enough, goes on to its
 * limit here: the rows are then an {@linkplain #isAtMost upper bound}. If an error is all that ends it, there is no
 * limit, and the plan is refused.
 *
 * @param forwardRows rows of forward calls, those of pullbacks included
 * @param backwardRows rows of backward calls
 * @param calls calls of the model
 * @param largestCall rows in the largest call
 * @param isAtMost whether the method may end earlier
 * @param time an estimate from the calls that were run: what rows in one call cost more than one row is taken to grow
 *     evenly. The machine's other work is in it. Where rows of this model change each other, which a rehearsal cannot
 *     see, calls have one row each, and take longer
 * @param bytes memory that the largest call takes, by the model's estimate; empty if it has none. The rows' own tensors
 *     and the engine come on top
 */
@Experimental
public record Plan(
        long forwardRows,
        long backwardRows,
        long calls,
        long largestCall,
        boolean isAtMost,
        Duration time,
        OptionalLong bytes) {
    private static final double MEBIBYTE = 1 << 20;

    /**
     * Plans an explanation.
     *
     * @throws io.github.attribution4j.run.InvalidRequestException and others, as the explanation itself would
     */
    public static <M extends Model> Plan of(Attribution<M> method, M model, Inputs inputs, Target target, Run run) {
        boolean[] early = new boolean[1];
        Run rehearsed = run.rehearsal(() -> early[0] = true);
        try (TensorScope scope = TensorScope.open();
                Rehearsal rehearsal = new Rehearsal()) {
            Counts counts = rehearse(method, new RehearsedModel(model, rehearsal, null), inputs, target, rehearsed);
            return new Plan(
                    counts.forwardRows(),
                    counts.backwardRows(),
                    counts.batches(),
                    counts.largestBatch(),
                    early[0],
                    Duration.ofNanos((long) rehearsal.nanos()),
                    rehearsal.bytes());
        }
    }

    /** Plans an explanation of a model with a single score, or of its most likely class, or of all scores together. */
    public static <M extends Model> Plan of(Attribution<M> method, M model, Inputs inputs, Run run) {
        return of(method, model, inputs, method.ownScore().isPresent() ? Target.output() : target(model, inputs), run);
    }

    private static Target target(Model model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs here = inputs.on(model.tensors());
            Shape output =
                    model.forward(here.rows() == 1 ? here : here.select(0)).shape();
            return output.size() == 1 ? Target.output() : output.rank() == 2 ? Target.argmax() : Target.slice();
        }
    }

    @SuppressWarnings("unchecked") // A rehearsed model has all that any method needs, and fails where its model does.
    private static <M extends Model> Counts rehearse(
            Attribution<M> method, RehearsedModel model, Inputs inputs, Target target, Run run) {
        try (Explanation explanation = ((Attribution<Model>) method).attribute(model, inputs, target, run)) {
            return explanation.counts();
        }
    }

    /** Returns the plan in words. */
    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "%s%,d rows forward%s in %,d calls of up to %,d rows; about %s%s",
                isAtMost ? "at most " : "",
                forwardRows,
                backwardRows == 0 ? "" : String.format(Locale.ROOT, " and %,d backward", backwardRows),
                calls,
                largestCall,
                seconds(),
                bytes.isEmpty()
                        ? ""
                        : String.format(Locale.ROOT, " and %,.0f MiB", Math.ceil(bytes.getAsLong() / MEBIBYTE)));
    }

    private String seconds() {
        double seconds = time.toNanos() / 1e9;
        return String.format(Locale.ROOT, seconds < 1 ? "%.3f s" : seconds < 100 ? "%.1f s" : "%,.0f s", seconds);
    }
}
