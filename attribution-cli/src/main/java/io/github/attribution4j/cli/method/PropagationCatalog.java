// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.Baseline;
import io.github.attribution4j.cam.ActivationLayout;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.cli.method.MethodEntry.Need;
import io.github.attribution4j.cli.method.MethodEntry.Values;
import io.github.attribution4j.model.RuleSet;
import io.github.attribution4j.propagation.Composites;
import io.github.attribution4j.propagation.Deconvolution;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.DifferencePropagation;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.tensor.Interpolation;
import java.util.List;

/** The methods of the {@link MethodCatalog} that go back through a model by other rules than the derivative. */
final class PropagationCatalog {
    /** What the texts of a composite are. */
    static final String COMPOSITES =
            "epsilon:EPSILON, epsilon-plus, epsilon-plus-flat, epsilon-alpha2-beta1, epsilon-alpha2-beta1-flat, "
                    + "epsilon-gamma-box:LOW,HIGH (bounds of the input), attn-lrp, conservative-transformer";

    private static final Setting<DeepLift.Rule> RULE = SettingTypes.choice(
            "rule", DeepLift.Rule.class, DeepLift.Rule.RESCALE, "what element-wise activations follow");
    private static final Setting<Boolean> MULTIPLY = SettingTypes.flag(
            "multiply-by-inputs",
            true,
            "whether multipliers are multiplied by input - baseline; if not: a sensitivity");
    private static final Setting<Double> NEAR =
            SettingTypes.number("near", 1e-10, "differences below it are replaced by the derivative");
    private static final Setting<Double> TOLERANCE =
            SettingTypes.number("tolerance", 1e-3, "how far the sum may be off, as a fraction of what it should be");
    private static final Setting<Boolean> INCOMPLETE =
            SettingTypes.flag("allow-incomplete", false, "whether a sum that is further off is no error");
    private static final Setting<Boolean> UNKNOWN = SettingTypes.flag(
            "unknown-as-gradient",
            false,
            "whether operations without a rule keep their derivative instead of refusing");

    private PropagationCatalog() {}

    static List<MethodEntry> all() {
        return List.of(deepLift(), deepLiftShap(), lrp(), guidedBackprop(), deconvolution(), guidedGradCam());
    }

    private static MethodEntry deepLift() {
        Setting<Baseline> baseline = SettingTypes.baseline("what every activation is compared with");
        return new MethodEntry(
                "deep-lift",
                Need.RULES,
                "what each element adds to the score's difference from a baseline, in one backward run; adds up",
                List.of(baseline, RULE, MULTIPLY, NEAR, TOLERANCE, INCOMPLETE, UNKNOWN),
                false,
                values -> new BuiltMethod.Anywhere(
                        compared(values, DeepLift.builder().baseline(values.get(baseline)))
                                .build()));
    }

    private static MethodEntry deepLiftShap() {
        Setting<Baseline> baseline = SettingTypes.baseline("what references are taken from, such as samples:FILE");
        Setting<Integer> draws =
                SettingTypes.integer("draws", 25, "references drawn for each example, unless the baseline lists all");
        return new MethodEntry(
                "deep-lift-shap",
                Need.RULES,
                "deep-lift averaged over a distribution of baselines",
                List.of(baseline, draws, RULE, MULTIPLY, NEAR, TOLERANCE, INCOMPLETE, UNKNOWN),
                false,
                values -> new BuiltMethod.Anywhere(compared(
                                values,
                                DeepLiftShap.builder(values.get(baseline)).draws(values.get(draws)))
                        .build()));
    }

    /** Sets what both have in common. */
    private static <B extends DifferencePropagation.Builder<B>> B compared(Values values, B builder) {
        builder.rule(values.get(RULE))
                .multiplyByInputs(values.get(MULTIPLY))
                .near(values.get(NEAR))
                .tolerance(values.get(TOLERANCE));
        if (values.get(INCOMPLETE)) {
            builder.allowIncomplete();
        }
        if (values.get(UNKNOWN)) {
            builder.unknownAsGradient();
        }
        return builder;
    }

    private static MethodEntry lrp() {
        Setting<RuleSet> composite = new Setting<>(
                "composite",
                "one of " + COMPOSITES,
                "epsilon-plus",
                "which rule each operation follows",
                (text, sources) -> composite(text.strip()));
        return new MethodEntry(
                "lrp",
                Need.RULES,
                "the score, handed back layer by layer and shared by rules; no baseline",
                List.of(composite),
                false,
                values -> new BuiltMethod.Anywhere(new Lrp(values.get(composite))));
    }

    /** Returns the composite of a text. */
    static RuleSet composite(String text) {
        int colon = text.indexOf(':');
        double[] numbers = colon < 0 ? new double[0] : SettingTypes.numbers(text.substring(colon + 1));
        String name = colon < 0 ? text : text.substring(0, colon);
        int wanted = name.equals("epsilon") ? 1 : name.equals("epsilon-gamma-box") ? 2 : 0;
        if (numbers.length != wanted) {
            throw new IllegalArgumentException(
                    wanted == 0 ? "takes no numbers; leave them out" : "needs numbers; it is one of " + COMPOSITES);
        }
        return switch (name) {
            case "epsilon" -> Composites.epsilon(numbers[0]);
            case "epsilon-plus" -> Composites.epsilonPlus();
            case "epsilon-plus-flat" -> Composites.epsilonPlusFlat();
            case "epsilon-alpha2-beta1" -> Composites.epsilonAlpha2Beta1();
            case "epsilon-alpha2-beta1-flat" -> Composites.epsilonAlpha2Beta1Flat();
            case "epsilon-gamma-box" -> Composites.epsilonGammaBox(numbers[0], numbers[1]);
            case "attn-lrp" -> Composites.attnLrp();
            case "conservative-transformer" -> Composites.conservativeTransformer();
            default -> throw new IllegalArgumentException("choose one of " + COMPOSITES);
        };
    }

    private static MethodEntry guidedBackprop() {
        return new MethodEntry(
                "guided-backprop",
                Need.RULES,
                "the gradient whose ReLUs pass back only what is positive, where they were open",
                List.of(),
                false,
                values -> new BuiltMethod.Anywhere(new GuidedBackprop()));
    }

    private static MethodEntry deconvolution() {
        return new MethodEntry(
                "deconvolution",
                Need.RULES,
                "the gradient whose ReLUs pass back only what is positive, open or not",
                List.of(),
                false,
                values -> new BuiltMethod.Anywhere(new Deconvolution()));
    }

    private static MethodEntry guidedGradCam() {
        Setting<String> layer = SettingTypes.text(
                SettingTypes.LAYER, "layer", "usually the last one with positions; --layer sets it too");
        Setting<Interpolation> interpolation = SettingTypes.choice(
                "interpolation", Interpolation.class, Interpolation.NEAREST, "how the map reaches the input's size");
        Setting<ActivationLayout> layout = CamCatalog.LAYOUT;
        return new MethodEntry(
                "guided-grad-cam",
                Need.LAYERS,
                "guided-backprop where grad-cam sees evidence for the score",
                List.of(layer, interpolation, layout),
                false,
                values -> new BuiltMethod.AtLayer(new GuidedGradCam(values.get(layer))
                        .interpolation(values.get(interpolation))
                        .layout(values.get(layout))));
    }
}
