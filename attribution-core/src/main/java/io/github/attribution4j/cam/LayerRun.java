// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * One computation at one layer.
 *
 * @param method the method that asks
 * @param evaluator runs the whole model
 * @param cut the cut at the layer
 * @param layout where the activation has its channels
 * @param left how many stages of as many rows there are from this one on, for the plan of progress
 */
record LayerRun(Attribution<?> method, Evaluator evaluator, Cut cut, ActivationLayout layout, int left) {
    String layer() {
        return cut.point().toString();
    }

    /**
     * Returns the map computed from activation and gradient. This takes a forward row of the model for each example,
     * and a backward row that ends at the layer.
     *
     * @param formula takes both, with the same axes, and returns the map {@code (rows, P)}
     */
    Tensor fromGradients(BiFunction<Channels, Tensor, Tensor> formula) {
        plan(evaluator.examples());
        Collected maps = new Collected();
        evaluator.layerGradientsAtInputs(cut, part -> {
            Channels activation = arranged(part.activations().get(0));
            Tensor gradient = layout.arrange(part.gradients().get(0), layer()).values();
            maps.add(part, activation.spread(formula.apply(activation, gradient)));
        });
        return maps.joined().get(0);
    }

    /** Returns the activation at the explained inputs: a forward row for each example. */
    Tensor activation() {
        return evaluator.activationsAtInputs(cut).get(0);
    }

    /** Plans the rows of this stage, and as many for each that follows. */
    void plan(long rows) {
        evaluator.run().plan(rows * left);
    }

    Channels arranged(Tensor activation) {
        Tensor input = evaluator.inputs().attributed().get(0);
        Shape all = activation.shape().withRows(evaluator.examples());
        layout.doubt(all, input.shape(), layer()).ifPresent(evaluator::notice);
        return layout.arrange(activation, layer());
    }

    /**
     * Returns the scores of rows of the tail, whose cost counts as the method's.
     *
     * @param activation at the explained inputs
     * @param rows made of the tail's inputs
     */
    double[] tailScores(Tensor activation, Function<Evaluator, Rows> rows) {
        Evaluator tail = Evaluator.start(
                method,
                cut.tail(),
                cut.tailInputs(evaluator.inputs(), List.of(activation)),
                evaluator.target(),
                evaluator.run());
        Rows asked = rows.apply(tail);
        tail.target();
        plan(asked.count());
        double[] scores = tail.scores(asked);
        evaluator.count(tail.counts());
        return scores;
    }

    /** Returns the map Σ over channels of weight · activation, {@code (N, 1, positions...)}. */
    static Tensor weighted(Channels activation, double[][] weights) {
        int examples = Math.toIntExact(activation.examples());
        int channels = activation.channelCount();
        double[] flat = new double[examples * channels];
        for (int example = 0; example < examples; example++) {
            System.arraycopy(weights[example], 0, flat, example * channels, channels);
        }
        Tensor values = activation.values();
        long[] dims = {examples, 1, 1};
        dims[activation.axis()] = channels;
        Tensor weight = values.tensors().of(flat, values.dataType(), Shape.of(dims));
        return activation.spread(activation.overChannels(values.mul(weight)));
    }
}
