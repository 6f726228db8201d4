// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What one run of a {@link Program} replaces and returns.
 *
 * @param inputs first the replacements, one for each of {@code replaced}, then the
 *     {@linkplain #arguments() inputs of the program}, then references, if there are any. If places are tapped nothing
 *     is attributed, and roles only say which inputs have rows
 * @param replaced the places whose values are replaced
 * @param tapped the places whose values are returned; a pullback goes back to them
 * @param end the place from which a pullback goes back; null for the output
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

    /** Returns whether the whole program runs, from its inputs to its output. */
    public boolean isWhole() {
        return replaced.isEmpty() && tapped.isEmpty() && end == null;
    }

    /** Returns all places: those replaced, those tapped, then the end, unless that is the output. */
    public List<Place> places() {
        Stream<Place> looked = Stream.concat(tapped.stream(), Stream.ofNullable(end));
        return Stream.concat(replaced.stream(), looked).toList();
    }

    /** Returns the inputs of the program, in order, without replacements and references. */
    public List<Inputs.Input> arguments() {
        List<Inputs.Input> all = inputs.withoutReferences().all();
        return all.subList(replaced.size(), all.size());
    }

    /** Returns the replacement at one of the {@link #replaced} places. */
    public Tensor replacement(int number) {
        return inputs.tensor(number);
    }

    /** Returns whether a pullback goes back to one of {@link #inputs}: an input of the program or a replacement. */
    public boolean isLeaf(Inputs.Input input) {
        return tapped.isEmpty() && input.role() == Inputs.Role.ATTRIBUTED;
    }

    /**
     * Returns whether a replacement has a reference of its own. The run of the references, with which rules compare,
     * then replaces the value too, by that reference; otherwise it computes the value.
     */
    public boolean isComparedAlone(int number) {
        return inputs.hasReference(inputs.all().get(number).name());
    }

    /**
     * Returns the names of the leaves of a pullback: addresses of the tapped places, or names of attributed inputs.
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
