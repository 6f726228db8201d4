// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.gradient;

import io.github.attribution4j.Attribution.Described;
import io.github.attribution4j.Explanation;
import io.github.attribution4j.Outcome;
import io.github.attribution4j.baseline.Baseline;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.path.Path;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.setting.Setting.Kind;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.List;

/**
 * Methods that observe a layer while the model's inputs move on a straight line from a baseline to their values:
 * {@link Conductance}, {@link NeuronConductance} and {@link InternalInfluence}.
 *
 * @param <S> the method itself
 */
abstract sealed class LayerPathMethod<S extends LayerPathMethod<S>> extends Described<LayeredModel, S>
        permits Conductance, InternalInfluence, NeuronConductance {
    static final Setting<Baseline> BASELINE = Setting.of(
            "baseline",
            Baseline.KIND,
            Baseline.zeros(),
            "where the path of the inputs starts: one reference for each example, not a distribution");
    static final Setting<Path.Bypass> BYPASS = Setting.of(
            "bypass",
            Kind.choice(Path.Bypass.class),
            Path.Bypass.FOLLOW,
            "whether what bypasses the layer follows the path, or stays at the explained inputs");

    LayerPathMethod(Settings<S> settings) {
        super(settings);
    }

    /**
     * Returns a copy that divides the path into this many steps; default 50. {@link Conductance} takes as many
     * increments, the other methods as many gradients.
     *
     * @param steps at least 1; trapezoids of gradients need 2
     */
    public final S steps(int steps) {
        return with(PathSettings.STEPS, steps);
    }

    /** Returns a copy whose path of the inputs starts elsewhere; default zeros. One reference for each example. */
    public final S baseline(Baseline baseline) {
        return with(BASELINE, baseline);
    }

    /**
     * Returns a copy in which what bypasses the layer follows the path, the default, or stays at the explained inputs.
     */
    public final S bypass(Path.Bypass bypass) {
        return with(BYPASS, bypass);
    }

    /** Adds the problems of the number of steps. */
    abstract void checkSteps(Problems problems);

    /** Computes the explanation. */
    abstract Outcome explain(LayerRuns runs);

    @Override
    public final Explanation attribute(LayeredModel model, Inputs inputs, Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            LayerRuns runs = LayerRuns.start(
                    this, layers(), value(BYPASS), model, inputs, target, run, problems -> check(inputs, problems));
            return runs.explanation(explain(runs));
        }
    }

    private void check(Inputs inputs, Problems problems) {
        checkSteps(problems);
        PathSettings.checkReference(value(BASELINE), name(), "GradientShap.ofLayer", inputs, problems);
    }

    final List<Tensor> references(LayerRuns runs) {
        return value(BASELINE).references(runs.whole().inputs(), runs.whole().run());
    }

    /** Returns the path of the inputs. */
    static Path path(LayerRuns runs, List<Tensor> references) {
        return Path.straight(references, runs.whole().inputs().attributed());
    }

    /** Returns the addresses. */
    List<String> layers() {
        return value(Layers.SETTING);
    }

    final int steps() {
        return value(PathSettings.STEPS);
    }
}
