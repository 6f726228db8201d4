// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.answer;

import io.github.attribution4j.Explanation;
import io.github.attribution4j.model.FeatureNames;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * The features of one example of an explanation: names, values if they are known, attributions. Only the names and
 * values that are shown are made: an image has millions of elements.
 *
 * @param names of each feature
 * @param values of each feature, NaN if not known
 * @param valued whether any value is known
 * @param attributions one for each feature
 * @param complete whether these are all attributions, so that they add up to the change of the score
 * @param own whether all names and values come from the explanation
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Features(
        IntFunction<String> names,
        IntToDoubleFunction values,
        boolean valued,
        double[] attributions,
        boolean complete,
        boolean own) {
    /**
     * Lists the features with the names in the explanation.
     *
     * @param show names of the inputs to list; empty for all
     * @param tokens of a text, from an option, else empty
     */
    static Features of(Explained explained, int example, List<String> show, List<String> tokens) {
        Explanation explanation = explained.explanation();
        io.github.attribution4j.Features all = explanation.features(example);
        if (!tokens.isEmpty() && explanation.isGrouped()) {
            all = all.named(elements(explained, tokens));
        }
        io.github.attribution4j.Features features = all;
        int[] chosen = show.stream()
                .flatMapToInt(name -> Arrays.stream(features.places(name)))
                .distinct()
                .toArray();
        IntUnaryOperator places = show.isEmpty() ? i -> i : i -> chosen[i];
        boolean given = !tokens.isEmpty() && !explanation.isGrouped();
        return new Features(
                i -> given ? element(explained, tokens, places.applyAsInt(i)) : features.subject(places.applyAsInt(i)),
                i -> value(explained, features, example, places.applyAsInt(i)),
                explained.text().isEmpty() && hasValues(explained),
                show.isEmpty()
                        ? features.contributions()
                        : Arrays.stream(chosen)
                                .mapToDouble(features::contribution)
                                .toArray(),
                show.isEmpty() || explanation.attributions().size() == show.size(),
                show.isEmpty() && tokens.isEmpty() && features.hasValues());
    }

    private static List<String> elements(Explained explained, List<String> tokens) {
        int size = 0;
        for (Tensor attribution : explained.explanation().attributions()) {
            size += Math.toIntExact(attribution.shape().row().size());
        }
        return IntStream.range(0, size)
                .mapToObj(element -> element(explained, tokens, element))
                .toList();
    }

    /** Returns the name of an element, for tokens from an option. */
    private static String element(Explained explained, List<String> tokens, int element) {
        Place place = Place.of(explained.explanation(), element);
        Shape shape = explained.explanation().attributions().get(place.input()).shape();
        FeatureNames names = shape.rank() > 1 && tokens.size() <= shape.dim(1) && shape.rank() != 4
                ? FeatureNames.none().alongEach(1, List.of(tokens))
                : FeatureNames.none();
        return names.element(explained.explanation().names().get(place.input()), shape, 0, place.index());
    }

    /** The position of an element, whose number counts through all inputs. */
    private record Place(int input, int index) {
        static Place of(Explanation explanation, int element) {
            int input = 0;
            int index = element;
            while (true) {
                int size = Math.toIntExact(
                        explanation.attributions().get(input).shape().row().size());
                if (index < size) {
                    return new Place(input, index);
                }
                index -= size;
                input++;
            }
        }
    }

    private static boolean hasValues(Explained explained) {
        return IntStream.range(0, explained.explanation().attributions().size())
                .anyMatch(input -> values(explained, input).isPresent());
    }

    /** Returns the value of a feature that is one element of an input, else NaN. */
    private static double value(
            Explained explained, io.github.attribution4j.Features features, int example, int place) {
        int[] elements = explained.explanation().isGrouped() ? features.elements(place) : new int[] {place};
        if (elements.length != 1) {
            return Double.NaN;
        }
        Place at = Place.of(explained.explanation(), elements[0]);
        return values(explained, at.input())
                .map(tensor -> element(tensor, example, at.index()))
                .orElse(Double.NaN);
    }

    /** Returns the values, if the attributions are those of an input whose values mean something to a reader. */
    private static Optional<Tensor> values(Explained explained, int input) {
        List<Inputs.Input> attributed = explained.inputs().attributedInputs();
        String name = explained.explanation().names().get(input);
        Shape shape = explained.explanation().attributions().get(input).shape();
        return explained.text().isEmpty()
                        && input < attributed.size()
                        && attributed.get(input).name().equals(name)
                        && attributed.get(input).tensor().shape().equals(shape)
                ? Optional.of(attributed.get(input).tensor())
                : Optional.empty();
    }

    private static double element(Tensor tensor, int example, int element) {
        try (TensorScope scope = TensorScope.open()) {
            Shape row = tensor.shape().row();
            return tensor.rows(example, example + 1L)
                    .reshape(1, row.size())
                    .slice(1, element, element + 1L)
                    .toDoubleArray()[0];
        }
    }
}
