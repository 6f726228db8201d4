// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.Rehearsal.Seen;
import io.github.attribution4j.model.BackwardRun;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuleSet;
import io.github.attribution4j.model.rule.RuledModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model whose calls are {@linkplain Rehearsal rehearsed}. It can do what its model can, and fails where that does.
 */
final class RehearsedModel implements RuledModel {
    private final Model model;
    private final Rehearsal rehearsal;
    private final RehearsedModel whole;

    RehearsedModel(Model model, Rehearsal rehearsal, @Nullable RehearsedModel whole) {
        this.model = model;
        this.rehearsal = rehearsal;
        this.whole = whole == null ? this : whole;
    }

    private LayeredModel layered() {
        return (LayeredModel) model;
    }

    private String called(String call) {
        return model.part().part() + " " + call;
    }

    @Override
    public Tensor forward(Inputs inputs) {
        return rehearsal
                .answer(
                        called("forward"),
                        model,
                        false,
                        inputs,
                        rows -> new Seen(List.of(model.forward(rows)), true, Set.of(), false))
                .values()
                .get(0);
    }

    @Override
    public Pullback pullback(Inputs inputs) {
        DifferentiableModel differentiable = (DifferentiableModel) model;
        return run(called("pullback"), inputs, false, differentiable::pullback);
    }

    private interface Opening {
        BackwardRun open(Inputs rows);
    }

    private RehearsedRun run(String call, Inputs inputs, boolean atCut, Opening opening) {
        Seen seen = rehearsal.answer(call, model, true, inputs, rows -> {
            try (BackwardRun run = opening.open(rows)) {
                return Rehearsal.seen(run);
            }
        });
        List<Tensor> values = seen.values().stream().map(TensorScope::release).toList();
        return new RehearsedRun(values, atCut ? values.subList(1, values.size()) : attributed(inputs), atCut, seen);
    }

    private static List<Tensor> attributed(Inputs inputs) {
        return inputs.all().stream()
                .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                .map(Inputs.Input::tensor)
                .toList();
    }

    @Override
    public RuledCut cut(List<Cut.Point> points) {
        return new RehearsedCut(layered().cut(points));
    }

    @Override
    public List<Cut.Point> cutPoints() {
        return layered().cutPoints();
    }

    @Override
    public Cut.Point cutPoint(String address) {
        return layered().cutPoint(address);
    }

    @Override
    public List<Cut.Value> values(Inputs inputs) {
        return layered().values(inputs);
    }

    @Override
    public List<String> weightNames() {
        return layered().weightNames();
    }

    @Override
    public Tensor weight(String name) {
        return layered().weight(name);
    }

    @Override
    public List<Operation> operations() {
        return ((RuledModel) model).operations();
    }

    @Override
    public Copy with(RuleSet rules) {
        return new RehearsedCopy(((RuledModel) model).with(rules), "");
    }

    @Override
    public Tensors tensors() {
        return model.tensors();
    }

    @Override
    public Model.Identity identity() {
        return model.identity();
    }

    @Override
    public OptionalLong bytesPerRow(Inputs row, boolean gradients) {
        return model.bytesPerRow(row, gradients);
    }

    @Override
    public Optional<String> oneRowAtATime() {
        return model.oneRowAtATime();
    }

    @Override
    public Model.Part part() {
        return new Model.Part(whole, model.part().part());
    }

    /** Returns the model in words. */
    @Override
    public String toString() {
        return "Rehearsed[" + model + "]";
    }

    /** A rehearsed run. What comes back is zero. */
    private record RehearsedRun(List<Tensor> values, List<Tensor> leaves, boolean atCut, Seen seen)
            implements Pullback {
        @Override
        public Tensor output() {
            return values.get(0);
        }

        @Override
        public List<Tensor> activations() {
            return atCut ? leaves : List.of();
        }

        @Override
        public List<Tensor> vjp(Tensor cotangent) {
            requireFit(cotangent);
            List<Tensor> zeros = new ArrayList<>();
            for (Tensor leaf : leaves) {
                zeros.add(leaf.tensors().full(leaf.shape(), leaf.dataType(), 0));
            }
            return zeros;
        }

        @Override
        public Optional<Tensor> referenceOutput() {
            return seen.compares() ? Optional.of(output()) : Optional.empty();
        }

        @Override
        public Set<String> unused() {
            return seen.unused();
        }

        @Override
        public void close() {
            values.forEach(Tensor::close);
        }
    }

    /** A rehearsed copy with rules. */
    private final class RehearsedCopy implements Copy {
        private final Copy copy;
        private final String at;

        RehearsedCopy(Copy copy, String at) {
            this.copy = copy;
            this.at = at;
        }

        @Override
        public RuleSet rules() {
            return copy.rules();
        }

        @Override
        public Model.Identity identity() {
            return copy.identity();
        }

        @Override
        public BackwardRun run(Inputs inputs) {
            return RehearsedModel.this.run(called("by " + rules() + at), inputs, !at.isEmpty(), copy::run);
        }

        @Override
        public Copy cut(List<Cut.Point> points) {
            return new RehearsedCopy(copy.cut(points), " at " + points);
        }

        /** Returns the copy in words. */
        @Override
        public String toString() {
            return "Rehearsed[" + copy + at + "]";
        }
    }

    /** A rehearsed cut. */
    private final class RehearsedCut implements RuledCut {
        private final Cut cut;

        RehearsedCut(Cut cut) {
            this.cut = cut;
        }

        @Override
        public List<Cut.Point> points() {
            return cut.points();
        }

        @Override
        public List<Tensor> activations(Inputs inputs) {
            return rehearsal
                    .answer(
                            called("to " + points()),
                            model,
                            false,
                            inputs,
                            rows -> new Seen(cut.activations(rows), false, Set.of(), false))
                    .values();
        }

        @Override
        public Pullback pullback(Inputs inputs) {
            return run(called("at " + points()), inputs, true, cut::pullback);
        }

        @Override
        public RuledModel head(int number) {
            return new RehearsedModel(cut.head(number), rehearsal, whole);
        }

        @Override
        public RuledModel tail() {
            return new RehearsedModel(cut.tail(), rehearsal, whole);
        }

        /** Returns the cut in words. */
        @Override
        public String toString() {
            return "Rehearsed[" + cut + "]";
        }
    }
}
