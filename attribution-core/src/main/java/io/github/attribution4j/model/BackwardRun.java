// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * One forward run that can go back: by the derivative if it is a {@link Pullback}, by backward rules if a
 * {@link io.github.attribution4j.model.rule.RuledModel.Copy} made it.
 *
 * <p>A run belongs to one thread at a time. It owns its output and its activations, which no scope closes; what comes
 * back belongs to the caller's innermost scope. The inputs must remain open until this run is closed.
 */
public interface BackwardRun extends AutoCloseable {
    /** Returns the output for the inputs given, shape {@code (rows, ...)}; valid until this is closed. */
    Tensor output();

    /**
     * Returns the activations that this goes back to, one for each point of a cut, in order; valid until this is
     * closed. None if it goes back to the inputs.
     */
    default List<Tensor> activations() {
        return List.of();
    }

    /**
     * Goes back from the output. May be called any number of times.
     *
     * @param sent what goes back: a cotangent, multiplier or relevance of the shape and type of {@link #output()}
     * @return what arrives at each attributed input, or at each point of the cut, in order, shaped and typed like it;
     *     zeros where nothing arrives (see {@link #unused()})
     * @throws IllegalArgumentException if the shape or type of what is sent differs from the output's
     * @throws IllegalStateException if this was closed, or has gone back for the {@link #backLast last} time
     * @throws ModelException if there is no way back to any of them
     */
    List<Tensor> back(Tensor sent);

    /**
     * Returns {@link #back} for the last time: the engine may free the graph while it goes. Afterwards only {@link
     * #output()}, {@link #activations()}, {@link #unused()} and {@link #close()} may be called.
     */
    default List<Tensor> backLast(Tensor sent) {
        return back(sent);
    }

    /**
     * Returns the output for the references, if the run compared with references and has it; valid until this is
     * closed. It saves a forward run where the difference of the two outputs is explained.
     */
    default Optional<Tensor> referenceOutput() {
        return Optional.empty();
    }

    /**
     * Returns the names of attributed inputs, or points, that nothing can reach on the way back. Complete after the
     * first time that this went back.
     */
    default Set<String> unused() {
        return Set.of();
    }

    /**
     * Returns why what comes back is not what the computed function says: roundings that count as none, for one. An
     * explanation that goes back has a notice of it.
     *
     * @return what is approximated, and where, in one sentence without a full stop; empty if nothing is
     */
    default Optional<String> approximation() {
        return Optional.empty();
    }

    /**
     * Returns the run of a program that was changed so that its derivative follows backward rules: for implementations
     * of {@link io.github.attribution4j.model.rule.RuledModel.Copy}.
     */
    static BackwardRun byRules(Pullback changed) {
        return new RunByRules(changed);
    }

    /** Frees the graph, the output and the activations. Idempotent. */
    @Override
    void close();
}
