// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.spark;

import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A model all of whose calls have the same number of rows: a call of fewer is filled with copies of its last row, whose
 * results are dropped.
 *
 * <p>An engine may round a matrix product of 7 rows otherwise than one of 8. Where all calls have one form, the bits of
 * a row do not depend on how many rows happened to be left for its call.
 */
class FixedCalls implements Model {
    private final Model model;
    private final int rows;

    private FixedCalls(Model model, int rows) {
        this.model = model;
        this.rows = rows;
    }

    /** Returns a model in calls of so many rows, which a caller must not exceed; with gradients if it has some. */
    static Model of(Model model, int rows) {
        return model instanceof DifferentiableModel differentiable
                ? new Differentiable(differentiable, rows)
                : new FixedCalls(model, rows);
    }

    @Override
    public Tensor forward(Inputs inputs) {
        if (isWhole(inputs)) {
            return model.forward(inputs);
        }
        try (TensorScope scope = TensorScope.open()) {
            return scope.keep(own(model.forward(filled(inputs)), inputs));
        }
    }

    /** Returns whether a call is made as it is: it is full, or its rows have to go one by one. */
    final boolean isWhole(Inputs inputs) {
        return inputs.rows() >= rows || model.oneRowAtATime().isPresent();
    }

    final Inputs filled(Inputs inputs) {
        long[] numbers = new long[rows];
        for (int i = 0; i < rows; i++) {
            numbers[i] = Math.min(i, inputs.rows() - 1);
        }
        return inputs.expand(
                inputs.attributed().stream()
                        .map(tensor -> tensor.select(0, numbers))
                        .toList(),
                numbers);
    }

    /** Returns the rows of a result that are not filled in; a result that has no row for each is left as it is. */
    final Tensor own(Tensor result, Inputs inputs) {
        return result.shape().rank() > 0 && result.shape().dim(0) == rows ? result.rows(0, inputs.rows()) : result;
    }

    @Override
    public final Tensors tensors() {
        return model.tensors();
    }

    @Override
    public final Identity identity() {
        return model.identity();
    }

    @Override
    public final OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return model.bytesPerRow(row, gradients);
    }

    @Override
    public final Optional<String> oneRowAtATime() {
        return model.oneRowAtATime();
    }

    @Override
    public final List<String> gradientLosses() {
        return model.gradientLosses();
    }

    @Override
    public final List<String> randomDraws() {
        return model.randomDraws();
    }

    @Override
    public final String toString() {
        return model + " in calls of " + rows + " rows";
    }

    /** One that has gradients. */
    private static final class Differentiable extends FixedCalls implements DifferentiableModel {
        private final DifferentiableModel model;

        Differentiable(DifferentiableModel model, int rows) {
            super(model, rows);
            this.model = model;
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            return isWhole(inputs) ? model.pullback(inputs) : new Filled(model.pullback(filled(inputs)), inputs);
        }

        /** A run of a call that was filled. */
        private final class Filled implements Pullback {
            private final Pullback run;
            private final Inputs inputs;
            private final Tensor output;

            Filled(Pullback run, Inputs inputs) {
                this.run = run;
                this.inputs = inputs;
                this.output =
                        TensorScope.release(Differentiable.this.own(run.output().alias(), inputs));
            }

            @Override
            public Tensor output() {
                return output;
            }

            @Override
            public List<Tensor> vjp(Tensor cotangent) {
                requireFit(cotangent);
                try (TensorScope scope = TensorScope.open()) {
                    return kept(scope, run.vjp(extended(cotangent)));
                }
            }

            @Override
            public List<Tensor> vjpLast(Tensor cotangent) {
                requireFit(cotangent);
                try (TensorScope scope = TensorScope.open()) {
                    return kept(scope, run.vjpLast(extended(cotangent)));
                }
            }

            /** Returns a cotangent with zeros for the copies. */
            private Tensor extended(Tensor cotangent) {
                long more = run.output().shape().dim(0) - cotangent.shape().dim(0);
                Tensors backend = cotangent.tensors();
                Tensor zeros = backend.zeros(cotangent.shape().withRows(more), cotangent.dataType());
                return backend.concat(List.of(cotangent, zeros), 0);
            }

            private List<Tensor> kept(TensorScope scope, List<Tensor> gradients) {
                List<Tensor> kept = new ArrayList<>();
                gradients.forEach(gradient -> kept.add(scope.keep(Differentiable.this.own(gradient, inputs))));
                return kept;
            }

            @Override
            public Set<String> unused() {
                return run.unused();
            }

            @Override
            public Optional<String> approximation() {
                return run.approximation();
            }

            @Override
            public void close() {
                output.close();
                run.close();
            }
        }
    }
}
