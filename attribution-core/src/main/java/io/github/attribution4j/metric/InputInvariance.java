// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.metric;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.evaluation.DescribedRecipe;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.model.DifferentiableModel;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import io.github.attribution4j.tensor.Tensors;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Whether an explanation stays as it is if all inputs are shifted by a constant, and the model takes the constant off
 * again, so that it computes what it did before.
 *
 * <p>With F′(y) = F(y − s), the score of an example is ‖A′(x + s) − A(x)‖ / ‖A(x)‖, where A explains F and A′ explains
 * F′ with the same method; a norm of 0 in the denominator counts as 1. Lower is better, and 0 is best but for rounding.
 *
 * <p>A gradient is invariant. Input × gradient is not. A method with a baseline is not if the baseline stays where it
 * is: integrated gradients compare with zeros, which mean something else to F′. This is what the authors report. A
 * baseline that follows the inputs, such as a blurred copy, makes it invariant.
 *
 * <p>The shifted model is one that runs forward and is differentiated, without layers and without rules. So this metric
 * judges methods that need no more, and refuses the others, and a single explanation. All attributed inputs are
 * shifted, and must be of a floating type.
 *
 * <p><b>Cost.</b> Twice that of the method, and a forward row for each example.
 *
 * <p><b>Paper.</b> Kindermans, Hooker, Adebayo, Alber, Schütt, Dähne, Erhan and Kim, <i>The (Un)reliability of Saliency
 * Methods</i>, 2017.
 */
public final class InputInvariance extends DescribedRecipe<InputInvariance> implements Metric {
    private static final Setting<Double> SHIFT = Setting.of(
                    "shift", Kind.NUMBER, -1.0, "the constant that is added to all inputs")
            .where("finite and not 0", shift -> Double.isFinite(shift) && shift != 0);

    /** What the metric says of itself. */
    public static final Description<InputInvariance> DESCRIPTION = Description.of(
            "input-invariance",
            Need.METHOD,
            "relative change of the attributions where inputs and model are shifted alike; lower is better",
            InputInvariance::new,
            SHIFT);

    private InputInvariance(Settings<InputInvariance> settings) {
        super(settings);
    }

    /** Creates the metric: inputs are shifted by −1. */
    public InputInvariance() {
        this(DESCRIPTION.defaults());
    }

    /** Returns a copy that adds another constant to all inputs; not 0. */
    public InputInvariance shift(double constant) {
        return with(SHIFT, constant);
    }

    @Override
    public boolean higherIsBetter() {
        return false;
    }

    /** Refuses: this metric explains another model, for which it needs the method. */
    @Override
    public Judgement judge(Model model, Inputs inputs, Target target, Explanation explanation, Run run) {
        throw new InvalidRequestException(List.of("metric " + name() + ": explains shifted inputs, so that it judges"
                + " methods, not a single explanation; give the method"));
    }

    @Override
    public <M extends Model> Judgement judge(
            M model, Inputs inputs, Target target, Attribution<? super M> method, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Run started = run.started();
            Problems problems = new Problems();
            problems.require(
                    method.need() == Need.FORWARD || method.need() == Need.GRADIENTS,
                    "metric " + name() + ": the shifted model has neither layers nor rules, and " + method.name()
                            + " needs " + method.need() + "; judge a method that needs gradients or runs forward");
            for (Inputs.Input input : inputs.attributedInputs()) {
                problems.require(
                        input.tensor().dataType().isFloating(),
                        "input '" + input.name() + "' is of type "
                                + input.tensor().dataType() + ", which cannot be shifted; pass it with fixed(...)");
            }
            Evaluator evaluator = Evaluator.start(this, model, inputs, target, started, problems);
            Inputs given = evaluator.inputs();
            Target decided = evaluator.target();
            started.plan(2L * evaluator.examples());
            Run part = started.part(evaluator.examples());
            try (Explanation before = method.attribute(model, given, decided, part);
                    Explanation after = shifted(method)
                            .attribute(
                                    ShiftedModel.of(model, value(SHIFT)),
                                    given.withAttributed(added(given, value(SHIFT))),
                                    decided,
                                    part.nested())) {
                for (Explanation explanation : List.of(before, after)) {
                    evaluator.count(explanation.counts());
                    explanation.notices().forEach(evaluator::notice);
                }
                return Judgement.of(evaluator, this, changes(before, after), List.of(), before.provenance());
            }
        }
    }

    /** A method that needs no more than gradients takes any model that has them. */
    @SuppressWarnings("unchecked")
    private static Attribution<Model> shifted(Attribution<?> method) {
        return (Attribution<Model>) method;
    }

    private static double[] changes(Explanation before, Explanation after) {
        double[][] own = ComparedCopies.rows(before.attributions());
        double[][] others = ComparedCopies.rows(after.attributions());
        double[] changes = new double[own.length];
        for (int example = 0; example < own.length; example++) {
            double size = ComparedCopies.norm(own[example]);
            double change = ComparedCopies.norm(ComparedCopies.difference(others[example], own[example]));
            changes[example] = change / (size == 0 ? 1 : size);
        }
        return changes;
    }

    private static List<Tensor> added(Inputs inputs, double constant) {
        return inputs.attributed().stream().map(tensor -> tensor.add(constant)).toList();
    }

    /** A model of shifted inputs, which takes the shift off. Closing it does not close the model. */
    private static class ShiftedModel implements Model {
        private final Model model;
        final double shift;

        ShiftedModel(Model model, double shift) {
            this.model = model;
            this.shift = shift;
        }

        static Model of(Model model, double shift) {
            return model instanceof DifferentiableModel differentiable
                    ? new Differentiable(differentiable, shift)
                    : new ShiftedModel(model, shift);
        }

        /** Returns the model and the shift. */
        @Override
        public String toString() {
            return model + " of inputs less " + shift;
        }

        final Inputs back(Inputs inputs) {
            return inputs.withAttributed(added(inputs, -shift));
        }

        @Override
        public Tensor forward(Inputs inputs) {
            return model.forward(back(inputs));
        }

        @Override
        public Tensors tensors() {
            return model.tensors();
        }

        @Override
        public Identity identity() {
            return model.identity().part("shifted by " + shift);
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
        public Part part() {
            return model.part().inside("shifted");
        }

        @Override
        public List<String> gradientLosses() {
            return model.gradientLosses();
        }

        @Override
        public List<String> randomDraws() {
            return model.randomDraws();
        }

        /** One with gradients, which the shift does not change. */
        private static final class Differentiable extends ShiftedModel implements DifferentiableModel {
            private final DifferentiableModel model;

            Differentiable(DifferentiableModel model, double shift) {
                super(model, shift);
                this.model = model;
            }

            @Override
            public Pullback pullback(Inputs inputs) {
                return model.pullback(back(inputs));
            }
        }
    }
}
