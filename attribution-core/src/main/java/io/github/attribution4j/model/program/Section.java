// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.program.Program.Place;
import io.github.attribution4j.model.program.Program.Question;
import io.github.attribution4j.model.rule.BackwardRule;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A part of a program: all of it, or with some values replaced, or with an inner value as its output. */
final class Section {
    private final Program program;
    private final Known known;
    private final boolean compares;
    private final List<Cut.Point> replaced;
    private final Cut.@Nullable Point end;

    /** What was found out about the program without rules. */
    private record Known(Program program, RowForms forms, Set<List<Cut.Point>> independent) {}

    /** Makes the section that is all of a program. */
    Section(Program program) {
        this(program, new Known(program, new RowForms(program), ConcurrentHashMap.newKeySet()), false, List.of(), null);
    }

    private Section(Program program, Known known, boolean compares, List<Cut.Point> replaced, Cut.@Nullable Point end) {
        this.program = program;
        this.known = known;
        this.compares = compares;
        this.replaced = replaced;
        this.end = end;
    }

    /** Returns this section up to a value. */
    Section to(Cut.Point point) {
        return new Section(program, known, compares, replaced, point);
    }

    /** Returns this section from some values on; its inputs begin with these. */
    Section from(List<Cut.Point> points) {
        return new Section(program, known, compares, joined(points, replaced), end);
    }

    /** Returns this section of the program with rules. */
    Section with(RuleSet rules) {
        boolean comparing = rules.family() == BackwardRule.Family.COMPARISON;
        return new Section(program.with(rules), known, comparing, replaced, end);
    }

    /**
     * Checks that there can be a cut at some points; see {@link io.github.attribution4j.model.LayeredModel#cut(List)}.
     */
    List<Cut.Point> checked(List<Cut.Point> points) {
        points.forEach(program::check);
        if (points.isEmpty() || Set.copyOf(points).size() != points.size()) {
            throw new IllegalArgumentException("points " + points + ": give at least one, and each of them once");
        }
        return List.copyOf(points);
    }

    /** Runs to the output. */
    Tensor forward(Inputs inputs) {
        return values(inputs, end == null ? List.of() : List.of(end)).get(0);
    }

    /** Returns the values at some points; if there are none, only the output. */
    List<Tensor> values(Inputs inputs, List<Cut.Point> wanted) {
        inputs.requireNoReferences();
        if (replaced.isEmpty() && wanted.isEmpty() && !known.forms.takesOne(inputs)) {
            return program.forward(Question.of(inputs));
        }
        int count = replaced.size();
        return run(inputs, wanted, true, new RowForms.Run<>() {
            @Override
            public List<Tensor> seen(List<Place> seen) {
                return program.forward(
                        new Question(inputs, seen.subList(0, count), seen.subList(count, seen.size()), null));
            }

            @Override
            public List<Tensor> rowByRow() {
                return OneByOne.tensors(inputs, one -> Section.this.values(one, wanted));
            }

            @Override
            public List<Tensor> values(List<Tensor> values) {
                return values;
            }

            @Override
            public void close(List<Tensor> values) {
                values.forEach(Tensor::close);
            }
        });
    }

    /** Runs to go back to the values at some points; if there are none, to the attributed inputs. */
    Pullback pullback(Inputs inputs, List<Cut.Point> leaves) {
        if (leaves.isEmpty()) {
            inputs.requireDifferentiable();
        }
        if (compares) {
            inputs.requireReferences();
        } else {
            inputs.requireNoReferences();
        }
        List<Cut.Point> wanted = end == null ? leaves : joined(leaves, List.of(end));
        if (replaced.isEmpty() && wanted.isEmpty() && !known.forms.takesOne(inputs)) {
            return program.pullback(Question.of(inputs));
        }
        int first = replaced.size();
        int last = first + leaves.size();
        return run(inputs, wanted, false, new RowForms.Run<>() {
            @Override
            public Pullback seen(List<Place> seen) {
                return program.pullback(new Question(
                        inputs,
                        seen.subList(0, first),
                        seen.subList(first, last),
                        end == null ? null : seen.get(last)));
            }

            @Override
            public Pullback rowByRow() {
                return OneByOne.pullback(inputs, !leaves.isEmpty(), one -> Section.this.pullback(one, leaves));
            }

            @Override
            public List<Tensor> values(Pullback pullback) {
                return end == null
                        ? pullback.activations()
                        : joined(pullback.activations(), List.of(pullback.output()));
            }

            @Override
            public void close(Pullback pullback) {
                pullback.close();
            }
        });
    }

    /** Runs with replaced and returned values in forms whose axis 0 counts the rows of the program's inputs. */
    private <T> T run(Inputs inputs, List<Cut.Point> wanted, boolean shared, RowForms.Run<T> run) {
        if (!replaced.isEmpty()) {
            List<Place> seen = seenBehind(inputs, joined(replaced, wanted));
            return seen == null ? run.rowByRow() : run.seen(seen);
        }
        // The whole program runs row by row only if it takes no more rows.
        return wanted.isEmpty() ? run.rowByRow() : known.forms.run(inputs.withoutReferences(), wanted, shared, run);
    }

    private static <T> List<T> joined(List<T> first, List<T> then) {
        if (first.isEmpty() || then.isEmpty()) {
            return first.isEmpty() ? then : first;
        }
        return Stream.concat(first.stream(), then.stream()).toList();
    }

    /**
     * Returns the replaced and returned points with the forms that they have for the program's inputs; null if that
     * takes a run for each row. If all inputs are constant, there are no rows: then the extent of axis 0 counts, if it
     * is the same for all inputs, and a value without such an axis is replaced unchanged.
     */
    private @Nullable List<Place> seenBehind(Inputs inputs, List<Cut.Point> points) {
        int count = replaced.size();
        if (inputs.size() <= count) {
            throw new ModelException(
                    "the tail of a cut takes " + count + " activations and then the inputs of the model, "
                            + inputs.size() + " were given; make them with cut.tailInputs(inputs, activations)");
        }
        if (known.forms.areFirst()) {
            return RowForms.asTheyAre(points);
        }
        List<Inputs.Input> all = inputs.withoutReferences().all();
        List<Inputs.Input> arguments = all.subList(count, all.size());
        boolean constant = arguments.stream().allMatch(input -> input.role() == Inputs.Role.CONSTANT);
        if (constant && !countsRows(arguments)) {
            return RowForms.asTheyAre(points);
        }
        Inputs counted = Inputs.none();
        for (Inputs.Input input : arguments) {
            counted = constant && input.tensor().shape().rank() > 0
                    ? counted.fixed(input.name(), input.tensor())
                    : counted.with(input);
        }
        List<Place> seen = known.forms.of(counted, points, constant);
        return seen == null && constant ? RowForms.asTheyAre(points) : seen;
    }

    private static boolean countsRows(List<Inputs.Input> constants) {
        return constants.stream()
                        .map(input -> input.tensor().shape())
                        .filter(shape -> shape.rank() > 0)
                        .map(shape -> shape.dim(0))
                        .distinct()
                        .count()
                == 1;
    }

    /** Returns the inputs of the whole program among those of this section. */
    Inputs behind(Inputs inputs) {
        if (replaced.isEmpty()) {
            return inputs;
        }
        Inputs behind = Inputs.none();
        for (Inputs.Input input : inputs.withoutReferences().all().subList(replaced.size(), inputs.size())) {
            behind = behind.with(input);
        }
        return behind;
    }

    /**
     * Checks that no value of a cut is computed from another one. Done once for each set of values.
     *
     * @throws ModelException naming both, if one is
     */
    void requireIndependent(Inputs inputs, List<Cut.Point> points) {
        if (points.size() < 2 || known.independent.contains(points)) {
            return;
        }
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = behind(inputs.withoutReferences()).select(0);
            for (Cut.Point below : points) {
                Set<Cut.Point> computed = new HashSet<>(known.program.computedFrom(below, points, one));
                computed.remove(below);
                for (Cut.Point above : points) {
                    if (computed.contains(above)) {
                        throw new ModelException("layer '" + above + "' is computed from layer '" + below
                                + "', so the two cannot be cut at once; leave one of them out");
                    }
                }
            }
        }
        known.independent.add(points);
    }
}
