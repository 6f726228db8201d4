// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.examples.cli;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.Target;
import io.github.attribution4j.examples.cli.MethodEntry.Need;
import io.github.attribution4j.examples.cli.MethodEntry.Values;
import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.LayerGradientShap;
import io.github.attribution4j.gradient.LayerPathMethod;
import io.github.attribution4j.gradient.NeuronConductance;
import io.github.attribution4j.path.Bypass;
import io.github.attribution4j.path.Quadrature;
import java.util.List;

/** The methods of the {@link MethodCatalog} that follow the inputs into a layer. */
final class LayerCatalog {
    private static final Setting<String> LAYER =
            SettingTypes.text(SettingTypes.LAYER, "address, or several: a,b", "what is explained; --layer sets it too");
    private static final Setting<Integer> STEPS =
            SettingTypes.integer("steps", 50, "gradients taken along the path from the baseline");
    private static final Setting<Quadrature> QUADRATURE = SettingTypes.choice(
            "quadrature", Quadrature.class, Quadrature.GAUSS_LEGENDRE, "where on the path, and with which weights");
    private static final Setting<Baseline> BASELINE = SettingTypes.baseline("where the path of the inputs starts");
    private static final Setting<Bypass> BYPASS = SettingTypes.choice(
            "bypass", Bypass.class, Bypass.FOLLOW, "whether what bypasses the layer follows the path or stays");

    private static final List<MethodEntry> ALL = List.of(
            layerActivation(),
            gradientXActivation(),
            internalInfluence(),
            conductance(),
            neuronConductance(),
            layerGradientShap());

    private LayerCatalog() {}

    static List<MethodEntry> all() {
        return ALL;
    }

    /** Returns whether a method is one of these, which explain any layer. */
    static boolean has(MethodEntry entry) {
        return ALL.contains(entry);
    }

    private static MethodEntry layerActivation() {
        return new MethodEntry(
                "layer-activation",
                Need.LAYERS,
                "the values of a layer themselves; no target",
                List.of(LAYER),
                false,
                values -> new BuiltMethod.AtLayer(new LayerActivation(Texts.addresses(values.get(LAYER)))));
    }

    private static MethodEntry gradientXActivation() {
        Setting<Boolean> multiply = SettingTypes.flag(
                "multiply-by-inputs", true, "whether gradients are multiplied by the activation; if not: the gradient");
        return new MethodEntry(
                "gradient-x-activation",
                Need.LAYERS,
                "activation times gradient: a first-order estimate of what each unit of a layer adds",
                List.of(LAYER, multiply),
                false,
                values -> new BuiltMethod.AtLayer(new GradientXActivation(Texts.addresses(values.get(LAYER)))
                        .multiplyByInputs(values.get(multiply))));
    }

    /** Sets what all methods along a path of the inputs have in common. */
    private static <B extends LayerPathMethod.Builder<B>> B path(Values values, B builder) {
        return builder.steps(values.get(STEPS)).baseline(values.get(BASELINE)).bypass(values.get(BYPASS));
    }

    private static MethodEntry internalInfluence() {
        return new MethodEntry(
                "internal-influence",
                Need.LAYERS,
                "how strongly the score reacts to each unit of a layer, averaged along the path of the inputs",
                List.of(LAYER, STEPS, QUADRATURE, BASELINE, BYPASS),
                false,
                values -> new BuiltMethod.AtLayer(
                        path(values, InternalInfluence.builder(Texts.addresses(values.get(LAYER))))
                                .quadrature(values.get(QUADRATURE))
                                .build()));
    }

    private static MethodEntry conductance() {
        Setting<String> rule = new Setting<>(
                "rule",
                "trapezoid, or captum- and the name of a quadrature",
                "trapezoid",
                "how gradients and increments are summed",
                (text, sources) -> text);
        return new MethodEntry(
                "conductance",
                Need.LAYERS,
                "what flows through each unit of a layer while the inputs move from a baseline to their values",
                List.of(LAYER, STEPS, rule, BASELINE, BYPASS),
                false,
                values -> new BuiltMethod.AtLayer(path(values, Conductance.builder(Texts.addresses(values.get(LAYER))))
                        .rule(values.get(rule))
                        .build()));
    }

    private static MethodEntry neuronConductance() {
        Setting<Target> unit = new Setting<>(
                SettingTypes.UNIT,
                SettingTypes.UNITS,
                null,
                "through which unit of the layer; --unit sets it too",
                (text, sources) -> Texts.unit(text));
        Setting<Boolean> multiply = SettingTypes.flag(
                "multiply-by-inputs",
                true,
                "whether gradients are multiplied by input - baseline; if not: a sensitivity");
        Setting<NeuronConductance.Units> units = SettingTypes.choice(
                "units", NeuronConductance.Units.class, NeuronConductance.Units.APART, "what several units mean");
        return new MethodEntry(
                "neuron-conductance",
                Need.LAYERS,
                "how much of each input element's integrated gradient flows through a unit of a layer",
                List.of(LAYER, unit, STEPS, QUADRATURE, BASELINE, multiply, BYPASS, units),
                false,
                values -> new BuiltMethod.AtLayer(
                        path(values, NeuronConductance.builder(values.get(LAYER), values.get(unit)))
                                .quadrature(values.get(QUADRATURE))
                                .multiplyByInputs(values.get(multiply))
                                .units(values.get(units))
                                .build()));
    }

    private static MethodEntry layerGradientShap() {
        Setting<Integer> samples = SettingTypes.integer("samples", 5, "draws for each example");
        Setting<double[]> stdev =
                SettingTypes.numbers("stdev", "0.0", "standard deviation of noise added to the input");
        Setting<Baseline> baseline = SettingTypes.baseline("what baselines of the inputs are drawn from");
        Setting<Boolean> multiply = SettingTypes.flag(
                "multiply-by-inputs", true, "whether gradients are multiplied by the change of the activation");
        return new MethodEntry(
                "layer-gradient-shap",
                Need.LAYERS,
                "GradientSHAP of a layer, with baselines and noise of the inputs",
                List.of(LAYER, samples, stdev, baseline, multiply),
                false,
                values -> new BuiltMethod.AtLayer(LayerGradientShap.builder(Texts.addresses(values.get(LAYER)))
                        .samples(values.get(samples))
                        .stdev(values.get(stdev))
                        .baseline(values.get(baseline))
                        .multiplyByInputs(values.get(multiply))
                        .build()));
    }
}
