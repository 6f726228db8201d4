// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.mask.Coalitions;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;

/** The attributions of an explanation by element of the inputs that it explains: for metrics of your own, too. */
@Experimental
public final class ElementScores {
    private ElementScores() {}

    /**
     * Checks that there is an attribution for each element of the attributed inputs. The map of one layer may stand for
     * that of the only input.
     */
    public static void check(Explanation explanation, Inputs inputs, Problems problems) {
        check(explanation, "explanation", inputs, problems);
    }

    /**
     * Adds a problem unless an explanation has an attribution of each attributed input that fits it.
     *
     * @param what the explanation, in the words of a message
     */
    public static void check(Explanation explanation, String what, Inputs inputs, Problems problems) {
        List<Inputs.Input> attributed = inputs.attributedInputs();
        List<String> names = attributed.stream().map(Inputs.Input::name).toList();
        boolean map = names.size() == 1 && explanation.names().size() == 1;
        if (!map && !explanation.names().equals(names)) {
            problems.add(what + ": has attributions of " + explanation.names() + ", and the attributed inputs are "
                    + names + "; judge an explanation of these inputs, or one of a layer with the tail of the model cut"
                    + " there");
            return;
        }
        for (int i = 0; i < names.size(); i++) {
            Shape shape = explanation.attributions().get(i).shape();
            Shape wanted = attributed.get(i).tensor().shape();
            problems.require(
                    fits(shape, wanted),
                    what + ": the attribution of '" + explanation.names().get(i) + "' has shape " + shape
                            + ", and input '" + names.get(i) + "' " + wanted + "; axes must be equal, or 1 where one"
                            + " attribution is of all positions. A map of a layer has the input's size with"
                            + " upsample(...)");
        }
    }

    private static boolean fits(Shape shape, Shape wanted) {
        boolean fits = shape.rank() == wanted.rank() && shape.dim(0) == wanted.dim(0);
        for (int axis = 1; fits && axis < shape.rank(); axis++) {
            fits = shape.dim(axis) == wanted.dim(axis) || shape.dim(axis) == 1;
        }
        return fits;
    }

    /**
     * Returns the attribution of each element of an example, row-major and counted through all attributed inputs. An
     * attribution of several elements is divided equally among them, so that the sum over all elements is that over
     * all features.
     */
    public static double[] of(Explanation explanation, Inputs inputs, int example) {
        double[] given = byElement(explanation, example);
        List<Tensor> attributed = inputs.attributed();
        int total = 0;
        for (Tensor input : attributed) {
            total += Math.toIntExact(input.shape().row().size());
        }
        if (total == given.length) {
            return given;
        }
        double[] all = new double[total];
        int from = 0;
        int to = 0;
        try (TensorScope scope = TensorScope.open()) {
            for (int i = 0; i < attributed.size(); i++) {
                Shape row = attributed.get(i).shape().withRows(1);
                Shape own = explanation.attributions().get(i).shape().withRows(1);
                int size = Math.toIntExact(own.size());
                double[] part = new double[size];
                System.arraycopy(given, from, part, 0, size);
                double[] spread = Tensors.ofJava().of(part, own).broadcast(row).toDoubleArray();
                for (double value : spread) {
                    all[to++] = value * size / spread.length;
                }
                from += size;
            }
        }
        return all;
    }

    /** Returns for each element of the attributions an equal part of its feature's contribution. */
    private static double[] byElement(Explanation explanation, int example) {
        double[] contributions = explanation.features(example).contributions();
        if (!explanation.isGrouped()) {
            return contributions;
        }
        int[] sizes = new int[contributions.length];
        List<int[]> numbers = new ArrayList<>();
        int elements = 0;
        for (int i = 0; i < explanation.attributions().size(); i++) {
            int[] own = explanation.groupNumbers(i, example);
            numbers.add(own);
            elements += own.length;
            for (int group : own) {
                sizes[group]++;
            }
        }
        double[] parts = new double[elements];
        int at = 0;
        for (int[] own : numbers) {
            for (int group : own) {
                parts[at++] = contributions[group] / sizes[group];
            }
        }
        return parts;
    }

    /** Returns for each group of an example the sum over its elements. */
    static double[] byGroup(Explanation explanation, Coalitions coalitions, int example) {
        return byGroup(explanation, coalitions, example, CurvePlan.Relevance.SUM);
    }

    /** Returns the relevance of each group of an example. */
    static double[] byGroup(
            Explanation explanation, Coalitions coalitions, int example, CurvePlan.Relevance relevance) {
        Inputs inputs = coalitions.evaluator().inputs();
        double[] elements = of(explanation, inputs, example);
        double[] values = new double[coalitions.groups(example)];
        int[] sizes = new int[values.length];
        int at = 0;
        for (int input = 0; input < inputs.attributed().size(); input++) {
            for (long number : coalitions.groupNumbers(input, example)) {
                int group = Math.toIntExact(number);
                values[group] += elements[at++];
                sizes[group]++;
            }
        }
        for (int group = 0; group < values.length && relevance == CurvePlan.Relevance.MEAN; group++) {
            values[group] /= sizes[group];
        }
        return values;
    }
}
