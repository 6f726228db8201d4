// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.influence;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ParameterizedModel;
import io.github.attribution4j.model.ParameterizedModel.Parameter;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.LongStream;

/**
 * Gradients of losses by some parameters of a model, which follow one another as one vector.
 *
 * @param model not closed
 * @param names of the parameters
 */
record ParameterGradients(ParameterizedModel model, List<String> names) {
    /**
     * Returns gradients by the named parameters, or by all that were learned.
     *
     * @throws UnsupportedModelException if the parameters of the model cannot be seen
     */
    static ParameterGradients of(Evaluator evaluator, List<String> named) {
        if (evaluator.model() instanceof ParameterizedModel model) {
            List<String> names = named.isEmpty()
                    ? model.parameters().stream()
                            .filter(Parameter::isLearned)
                            .map(Parameter::name)
                            .toList()
                    : named;
            return new ParameterGradients(model, names);
        }
        throw new UnsupportedModelException("the parameters of model '"
                + evaluator.model().identity().name() + "' cannot be seen, so that there are no gradients by them; use"
                + " tracin-fast, which needs those of a layer only");
    }

    /** Returns the sum over rows of the gradients of their scores. */
    double[] sum(Inputs rows, Target target, long... examples) {
        try (TensorScope scope = TensorScope.open();
                Pullback pullback = model.pullbackTo(names, rows)) {
            return joined(pullback.vjpLast(target.cotangent(pullback.output(), examples)));
        }
    }

    /** Returns the sum over all rows. */
    double[] sum(Evaluator rows) {
        return sum(
                rows.inputs(),
                rows.target(),
                LongStream.range(0, rows.examples()).toArray());
    }

    /** Returns the gradient of the score of one row. */
    double[] ofRow(Evaluator evaluator, int row) {
        Target target = evaluator.target();
        return evaluator
                .run()
                .within(
                        evaluator.recipe().name(),
                        row,
                        evaluator.examples(),
                        () -> sum(evaluator.inputs().select(row), target, row));
    }

    /** Returns what is made of the gradient of each row. */
    Block block(Evaluator evaluator, UnaryOperator<double[]> vector) {
        // Decides a target such as argmax, and checks it.
        evaluator.scores();
        int count = evaluator.examples();
        String name = evaluator.recipe().name();
        evaluator.run().stage(count);
        double[][] rows = new double[count][];
        for (int row = 0; row < count; row++) {
            evaluator.run().check(name, row, count);
            rows[row] = vector.apply(ofRow(evaluator, row));
            evaluator.count(new Counts(1, 1, 1, 1));
            evaluator.run().report(name, 1);
        }
        int width = rows[0].length;
        double[] all = new double[Math.multiplyExact(count, width)];
        for (int row = 0; row < count; row++) {
            System.arraycopy(rows[row], 0, all, row * width, width);
        }
        return new Block(count, List.of(all));
    }

    /** Returns the elements of tensors, one after the other. */
    static double[] joined(List<Tensor> tensors) {
        List<double[]> parts = tensors.stream().map(Tensor::toDoubleArray).toList();
        double[] all = new double[parts.stream().mapToInt(part -> part.length).sum()];
        int at = 0;
        for (double[] part : parts) {
            System.arraycopy(part, 0, all, at, part.length);
            at += part.length;
        }
        return all;
    }
}
