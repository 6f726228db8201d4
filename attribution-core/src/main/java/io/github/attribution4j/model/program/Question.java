// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is asked of one run of a {@link Program}.
 *
 * @param inputs first the values that are put in, one for each of {@code replaced}, then the
 *     {@linkplain #arguments() inputs of the program}; references, where there are any, stand behind those. Nothing is
 *     attributed if places are tapped: roles tell then only what has rows
 * @param replaced the places whose values are put in instead of what the program computes there
 * @param tapped the places whose values are wanted; in a pullback what it goes back to
 * @param end the place that a pullback goes back from; null for the output
 */
@Experimental
public record Question(
        Inputs inputs,
        List<Place> replaced,
        List<Place> tapped,
        @Nullable Place end) {
    /** Asks for the output of the whole program, and the way back to the attributed inputs. */
    public static Question of(Inputs inputs) {
        return new Question(inputs, List.of(), List.of(), null);
    }

    /** Returns whether the program runs as it is, from its inputs to its output. */
    public boolean isWhole() {
        return replaced.isEmpty() && tapped.isEmpty() && end == null;
    }

    /** Returns all places: those replaced, those tapped, then the end, unless that is the output. */
    public List<Place> places() {
        Stream<Place> looked = Stream.concat(tapped.stream(), Stream.ofNullable(end));
        return Stream.concat(replaced.stream(), looked).toList();
    }

    /** Returns the inputs of the program, in order, without the values that are put in and without references. */
    public List<Inputs.Input> arguments() {
        List<Inputs.Input> all = inputs.withoutReferences().all();
        return all.subList(replaced.size(), all.size());
    }

    /** Returns the value that is put in at one of the {@link #replaced} places. */
    public Tensor replacement(int number) {
        return inputs.tensor(number);
    }

    /** Returns whether a pullback goes back to an input, or to a value that is put in: one of {@link #inputs}. */
    public boolean isLeaf(Inputs.Input input) {
        return tapped.isEmpty() && input.role() == Inputs.Role.ATTRIBUTED;
    }

    /**
     * Returns whether a value that is put in is also put in where rules compare with a run of the references: it has a
     * reference of its own. Without one, that run computes the value anew.
     */
    public boolean isComparedAlone(int number) {
        return inputs.hasReference(inputs.all().get(number).name());
    }

    /**
     * Returns the names of what a pullback goes back to: addresses of the tapped places, or names of attributed inputs.
     */
    public List<String> leafNames() {
        return tapped.isEmpty()
                ? inputs.all().stream()
                        .filter(this::isLeaf)
                        .map(Inputs.Input::name)
                        .toList()
                : tapped.stream().map(place -> place.point().toString()).toList();
    }
}
