// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Outcome;
import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows;
import io.github.attribution4j.evaluation.Rows.GroupMoments;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.path.Path.Quadrature;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Neuron conductance: how much of each input element's integrated gradient flows through a unit of a layer.
 *
 * <p>Attribution of input element i through unit j: (x − x′)ᵢ ∫₀¹ ∂F/∂hⱼ(γ(t)) · ∂hⱼ/∂xᵢ(γ(t)) dt with γ(t) = x′ + t (x
 * − x′), in the inputs' shapes. Summed over i it is unit j's {@link Conductance}; summed over all units of a layer that
 * nothing bypasses, {@link IntegratedGradients} of the model. It claims no completeness of its own.
 *
 * <p><b>Several units.</b> A unit given by slices is the sum of the conductances of the units selected; one given by a
 * function of the layer is their sum weighted by the function's derivative.
 *
 * <p><b>Cost.</b> For each example {@code steps} forward rows and {@code steps} backward rows that end at the layer,
 * and {@code steps} forward and backward rows of the part before the layer; besides, a forward row for the score and
 * one for the layer.
 *
 * <p><b>Paper.</b> Dhamdhere, Sundararajan and Yan, <i>How Important Is a Neuron?</i>, 2018.
 *
 * <p><b>Compared with Captum.</b> {@code NeuronConductance} defaults to {@code riemann_trapezoid}, whose weights sum to
 * 1 − 1/n ({@link Quadrature#CAPTUM_TRAPEZOID}); here Gauss-Legendre is the default everywhere. For several units
 * Captum multiplies the sum of their gradients by the gradient of their sum, which also counts what flows through one
 * and is weighted by another; {@link Units#CAPTUM} is that formula.
 */
public final class NeuronConductance extends LayerPathMethod<NeuronConductance> {
    /** The meaning of several units. */
    public enum Units {
        /** The sum of the conductances of each. */
        APART,
        /** Captum's: the unit's function of the gradients, times the gradient of the unit's function. */
        CAPTUM;

        /** Returns the name in lower case. */
        @Override
        public String toString() {
            return this == APART ? "apart" : "captum";
        }
    }

    private static final Setting<String> LAYER =
            Setting.required("layer", Kind.ADDRESS, "the layer of the unit; --layer sets it too");
    private static final Setting<Target> UNIT = Setting.required(
                    "unit", Target.KIND, "through which unit of the layer; --unit sets it too")
            .trial(Target.slice());
    private static final Setting<Boolean> MULTIPLY = Setting.of(
            "multiply-by-inputs",
            Kind.FLAG,
            true,
            "whether gradients are multiplied by input - baseline; if not: a sensitivity");
    private static final Setting<Units> UNITS =
            Setting.of("units", Kind.choice(Units.class), Units.APART, "what several units mean");

    /** The description of the method. */
    public static final Description<NeuronConductance> DESCRIPTION = Description.of(
            "neuron-conductance",
            Need.LAYERS,
            "how much of each input element's integrated gradient flows through a unit of a layer",
            NeuronConductance::new,
            LAYER,
            UNIT,
            PathSettings.STEPS,
            PathSettings.QUADRATURE,
            BASELINE,
            MULTIPLY,
            BYPASS,
            UNITS);

    private final StepWeights weights;

    private NeuronConductance(Settings<NeuronConductance> settings) {
        super(settings);
        weights = StepWeights.of(settings.get(PathSettings.QUADRATURE), steps());
    }

    /**
     * Creates the method with its defaults: 50 steps, Gauss-Legendre, baseline zero.
     *
     * @param layer address of a layer
     * @param unit the neuron, such as {@code Target.at(17, 3, 3)}, or several, such as {@code Target.slice("17")}
     */
    public NeuronConductance(String layer, Target unit) {
        this(DESCRIPTION.defaults().with(LAYER, layer).with(UNIT, unit));
    }

    /** Returns a copy that takes gradients at other places with other weights; default Gauss-Legendre. */
    public NeuronConductance quadrature(Quadrature quadrature) {
        return with(PathSettings.QUADRATURE, quadrature);
    }

    /** Returns a copy whose averaged gradient is multiplied by x − x′, the default, or not. */
    public NeuronConductance multiplyByInputs(boolean multiply) {
        return with(MULTIPLY, multiply);
    }

    /** Returns a copy with another meaning of several units; by default their sum. */
    public NeuronConductance units(Units units) {
        return with(UNITS, units);
    }

    @Override
    List<String> layers() {
        return List.of(value(LAYER));
    }

    @Override
    Outcome explain(LayerRuns runs) {
        Evaluator whole = runs.whole();
        Target decided = decided(runs);
        Path path = path(runs, references(runs));
        Rows rows = path.rows(whole.examples(), weights.nodes());
        GroupMoments integral = GroupMoments.ofFirstOrder(steps());
        runs.gradients(rows, part -> {
            long[] examples = rows.examples(part.from(), part.to());
            Tensor flowing =
                    flowing(decided, part.activations().get(0), part.gradients().get(0), examples);
            Inputs there = whole.inputs().expand(rows.attributed(part.from(), part.to()), examples);
            Evaluator head = whole.step(runs.cut().head(), there, new RowCotangents(flowing));
            List<Tensor> flows = head.gradientsAtInputs();
            whole.countAll(head);
            integral.add(part, weights.times(flows, part.from()));
        });
        List<Tensor> averages = integral.sums();
        return Outcome.of(value(MULTIPLY) ? times(averages, path, whole.examples()) : averages);
    }

    private static List<Tensor> times(List<Tensor> averages, Path path, int examples) {
        List<Tensor> lengths = path.derivative(0, examples, new double[] {0});
        List<Tensor> products = new ArrayList<>(averages.size());
        for (int i = 0; i < averages.size(); i++) {
            products.add(averages.get(i).mul(lengths.get(i)));
        }
        return products;
    }

    /** Returns the part of the score's gradient that flows through the unit, in the layer's shape. */
    private Tensor flowing(Target decided, Tensor activation, Tensor gradient, long[] examples) {
        Tensor selected = decided.cotangent(activation, examples);
        if (value(UNITS) == Units.APART) {
            return gradient.mul(selected);
        }
        Tensor ofUnit = decided.score(gradient, examples);
        return selected.mul(ofUnit.reshape(activation.shape().rowScale(examples.length)));
    }

    /** Checks the unit against the layer, and decides what depends on its value. */
    private Target decided(LayerRuns runs) {
        Tensor activation = runs.whole().activationsAtInputs(runs.cut()).get(0);
        Problems problems = new Problems();
        Target unit = value(UNIT);
        unit.check(activation.shape(), runs.whole().examples(), problems);
        problems.throwIfAny();
        return unit.resolve(activation);
    }

    @Override
    void checkSteps(Problems problems) {
        PathSettings.checkSteps(value(PathSettings.QUADRATURE), steps(), problems);
    }

    /** A cotangent for each row, and the sum over the row of output · cotangent as its score. */
    private record RowCotangents(Tensor cotangents) implements Target {
        @Override
        public Tensor score(Tensor output, long[] examples) {
            Tensor products = output.mul(cotangent(output, examples));
            return products.reshape(examples.length, output.shape().row().size())
                    .sum(1);
        }

        @Override
        public Tensor cotangent(Tensor output, long[] examples) {
            return examples.length == cotangents.shape().dim(0) ? cotangents : cotangents.select(0, examples);
        }

        @Override
        public void check(Shape output, long examples, Problems problems) {
            // The cotangents come from gradients of the same layer, so they fit.
        }

        @Override
        public String describe() {
            return "unit";
        }
    }
}
