// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.model.rule.RuledModel.RuledCut;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A network as an engine runs it: forward, with some values replaced and some tapped, and back from a cotangent to the
 * tapped ones. This is all that a binding implements in addition to its tensors; for these it may use
 * {@link io.github.attribution4j.tensor.Tensors#ofJava()}.
 *
 * <p>A value is addressed by its {@link Cut.Point}, as in {@link io.github.attribution4j.model.LayeredModel}. Core asks
 * only for values that {@link #check} admits. No value that it replaces or goes back to is computed from another one.
 *
 * <p>Thread-safe, like the model that it belongs to. Once that is closed, every method throws {@link
 * IllegalStateException}. The tests of a binding extend the contracts of the testkit, {@code RuledContract} and {@code
 * CutContract} or, without layers, {@code PullbackContract}.
 */
@Experimental
public interface Program {
    /** Which axis of a program's values counts rows. */
    enum RowLayout {
        /** Axis 0 of every value counts rows: every {@link Place} has the form {@link RowForm#ROWS}. */
        FIRST,
        /** Mostly axis 0, but not always. Core finds out by runs, and a {@link Place} may have any form. */
        VARIES,
        /**
         * The program takes one example without an axis of rows, and runs one row at a time: attributed and fixed
         * inputs have an axis of extent 1 that the program does not take, and every {@link Place} has the form
         * {@link RowForm#ALONE}.
         */
        NONE
    }

    /** Returns which axis counts rows; the same for all questions. */
    default RowLayout rowLayout() {
        return RowLayout.VARIES;
    }

    /**
     * Checks that the value at an address can be tapped and replaced. Called once for each cut.
     *
     * @throws UnknownLayerException if there is no such value, naming the nearest known addresses
     * @throws UnsupportedModelException if it cannot be tapped or replaced, with the reason
     */
    void check(Cut.Point point);

    /**
     * Runs the program forward.
     *
     * @param question without an {@link Question#end}; inputs without references
     * @return the values of the tapped places, in order; the output, alone, if none is tapped. New tensors, which
     *     belong to the current scope
     * @throws ModelException if the program refuses these inputs or fails, or does not reach a tapped or replaced place
     *     ({@link Place#notReached}); a replaced place may be unreached inside another replaced one
     */
    List<Tensor> forward(Question question);

    /**
     * Runs the program, and holds what the way back needs: from the {@linkplain Question#end end} to the tapped places
     * or, if none is tapped, to the attributed inputs.
     *
     * <p>A tapped value is a leaf: the way back ends there. {@link Pullback#activations()} are the values of the tapped
     * places, {@link Pullback#output()} is the value of the end, and {@link Pullback#unused()} returns names from
     * {@link Question#leafNames()}.
     *
     * @param question with attributed inputs or tapped places; inputs have references if, and only if, the program
     *     follows rules that compare
     * @throws ModelException as {@link #forward}; if a leaf holds integers; or if no way leads from the end to any
     *     leaf, which may be found only when the first cotangent is sent
     */
    Pullback pullback(Question question);

    /**
     * Returns which of some values are computed from one of them, directly or not. The answer comes from the program's
     * structure or from a run of one row. Called once for each cut at several points.
     *
     * @param source one of the points
     * @param points all reached with these inputs
     * @param inputs of the whole program, one row
     * @throws ModelException as {@link #forward}
     */
    Set<Cut.Point> computedFrom(Cut.Point source, List<Cut.Point> points, Inputs inputs);

    /**
     * Returns this program with backward rules: the same values, and pullbacks that follow the rules. Equal rule sets
     * give the same program.
     *
     * @throws UnsupportedModelException if it admits no rules, with the reason
     */
    default Program with(RuleSet rules) {
        throw noRules();
    }

    /**
     * Returns a pullback to parameters that is made of a function, as {@link Question#pullback} is.
     *
     * @param names of the parameters, as the caller gave them
     * @param reached for each of them whether the output depends on it
     * @param value of the output; taken over
     * @param product takes a cotangent, and returns the gradient of each parameter, in order
     * @throws ModelException if the output depends on none of them
     */
    static Pullback pullbackTo(
            List<String> names, List<Boolean> reached, Tensor value, Function<Tensor, List<Tensor>> product) {
        return new WayBack("parameter", names, reached, value, List.of(), product);
    }

    /** Returns the refusal of an engine without backward rules. */
    static UnsupportedModelException noRules() {
        return new UnsupportedModelException(
                "this engine has no backward rules (guided backpropagation, DeepLIFT, LRP); "
                        + "use a gradient method or one that perturbs");
    }

    /**
     * A value inside a program, and the form in which it is passed in and out.
     *
     * @param point its address
     * @param form how it is arranged with rows on axis 0: values and gradients are returned in this form, and
     *     replacements and cotangents are given in it
     */
    record Place(Cut.Point point, RowForm form) {
        /** Returns the failure of a run that did not compute the value at this place. */
        public ModelException notReached() {
            String layer = point.isInside() ? "the layer" : "layer '" + point.path() + "'";
            return new ModelException(
                    point.call() == 0
                            ? layer
                                    + " was not reached in this run, so there is no value to look at or to replace;"
                                    + " the element may be too large, or these inputs take another branch"
                            : layer + " has no call " + point.call()
                                    + " in this run, so there is no value to look at or to replace; calls count from"
                                    + " 0, and these inputs may lead to fewer");
        }
    }

    /**
     * How a value inside a program is arranged so that its axis 0 counts rows. An engine may do this inside its graph,
     * or reshape the tensors that it takes and returns.
     *
     * @param kind which axis of the value counts rows
     * @param number the axis of {@link Kind#AXIS}, the number of rows of {@link Kind#MAJOR} and {@link Kind#MINOR};
     *     else 0
     */
    record RowForm(Kind kind, long number) {
        /** Axis 0 counts rows: the value is unchanged. */
        public static final RowForm ROWS = new RowForm(Kind.ROWS, 0);

        /** The run has one row. */
        public static final RowForm ALONE = new RowForm(Kind.ALONE, 0);

        /** Which axis counts rows. */
        public enum Kind {
            /** Axis 0 counts rows, or one row is used for all. */
            ROWS,
            /** Another axis counts rows; it is moved to the front. */
            AXIS,
            /**
             * The value is {@code (rows * k, ...)} with the k parts of a row together; it is reshaped to
             * {@code (rows, k, ...)}.
             */
            MAJOR,
            /**
             * The value is {@code (k * rows, ...)} with part 0 of all rows first, as in two joined batches; it is
             * rearranged to {@code (rows, k, ...)}.
             */
            MINOR,
            /** The run has one row, and the value is that row: an axis of extent 1 is added in front. */
            ALONE
        }
    }

    /**
     * What one run of a {@link Program} replaces and returns.
     *
     * @param inputs first the replacements, one for each of {@code replaced}, then the
     *     {@linkplain #arguments() inputs of the program}, then references, if there are any. If places are tapped
     *     nothing is attributed, and roles only say which inputs have rows
     * @param replaced the places whose values are replaced
     * @param tapped the places whose values are returned; a pullback goes back to them
     * @param end the place from which a pullback goes back; null for the output
     */
    record Question(
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
         * Returns whether a replacement has a reference of its own. The run of the references, with which rules
         * compare, then replaces the value too, by that reference; otherwise it computes the value.
         */
        public boolean isComparedAlone(int number) {
            return inputs.hasReference(inputs.all().get(number).name());
        }

        /**
         * Returns a pullback made of a function that takes a cotangent: for engines that hold nothing else of a run
         * than Java objects. It takes the tensors over.
         *
         * @param reached for each leaf whether a way leads there from the end
         * @param value that of the end
         * @param activations the values of the tapped places
         * @param product takes a cotangent of the shape and type of {@code value}, and returns what arrives at each
         *     leaf, in order, zeros where nothing does; new tensors, which belong to the current scope
         * @throws ModelException if no leaf is reached
         */
        public Pullback pullback(
                List<Boolean> reached, Tensor value, List<Tensor> activations, Function<Tensor, List<Tensor>> product) {
            return new WayBack(WayBack.INPUT, leafNames(), reached, value, activations, product);
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

    /**
     * Implements {@link LayeredModel} and {@link RuledModel} on a {@link Program}. A model makes one in its constructor
     * and delegates its Java methods to it.
     *
     * <p>It provides heads and tails, which can be cut again, pullbacks to values at a cut, copies with rules, values
     * whose rows are not on axis 0, and programs that take one example, which run row by row.
     */
    final class Whole {
        private final LayeredModel model;
        private final Section section;
        private final Map<RuleSet, RuledModel.Copy> copies = new ConcurrentHashMap<>();

        /**
         * Makes the program of a model.
         *
         * @param model provides everything except runs: its identity, its points, its weights, its operations
         * @param program runs it
         */
        public Whole(LayeredModel model, Program program) {
            this.model = model;
            this.section = new Section(program);
        }

        /** Returns what {@link LayeredModel#forward} returns. */
        public Tensor forward(Inputs inputs) {
            return section.forward(inputs);
        }

        /** Returns what {@link LayeredModel#pullback} returns. */
        public Pullback pullback(Inputs inputs) {
            return section.pullback(inputs, List.of());
        }

        /**
         * Returns what {@link LayeredModel#cut(List)} and {@link RuledModel#cut(List)} return. Heads and tails refuse
         * rules if the program does.
         */
        public RuledCut cut(List<Cut.Point> points) {
            return new PartCut(model, model, section, points);
        }

        /** Returns what {@link RuledModel#with} returns; the same copy for equal rules. */
        public RuledModel.Copy with(RuleSet rules) {
            // Called each time, since a closed program refuses.
            Section ruled = section.with(rules);
            return copies.computeIfAbsent(rules, key -> new PartCopy(model, ruled, key, List.of()));
        }

        /**
         * Returns what {@link LayeredModel#values} returns, for a program of which every run reaches all points of
         * the model.
         */
        public List<Cut.Value> values(Inputs inputs) {
            return values(inputs, model.cutPoints());
        }

        /** Returns the same of points that the program knows, whether or not the model lists them. */
        public List<Cut.Value> values(Inputs inputs, List<Cut.Point> points) {
            List<Cut.Value> values = new ArrayList<>();
            if (!points.isEmpty()) {
                try (TensorScope scope = TensorScope.open()) {
                    List<Tensor> tensors = section.values(inputs, points);
                    for (int i = 0; i < points.size(); i++) {
                        values.add(new Cut.Value(
                                points.get(i),
                                tensors.get(i).dataType(),
                                tensors.get(i).shape()));
                    }
                }
            }
            return values;
        }

        @Override
        public String toString() {
            return "Program[" + model + "]";
        }
    }
}
