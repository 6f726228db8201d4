// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.cam.ActivationLayout;
import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.cli.method.MethodEntry.Need;
import io.github.attribution4j.propagation.Deconvolution;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
import io.github.attribution4j.tensor.Interpolation;
import java.util.List;

/** The methods of the {@link MethodCatalog} that go back through a model by other rules than the derivative. */
final class PropagationCatalog {
    private PropagationCatalog() {}

    static List<MethodEntry> all() {
        return List.of(
                MethodEntry.of(DeepLift.DESCRIPTION, BuiltMethod.Anywhere::new),
                MethodEntry.of(DeepLiftShap.DESCRIPTION, BuiltMethod.Anywhere::new),
                MethodEntry.of(Lrp.DESCRIPTION, BuiltMethod.Anywhere::new),
                MethodEntry.of(GuidedBackprop.DESCRIPTION, BuiltMethod.Anywhere::new),
                MethodEntry.of(Deconvolution.DESCRIPTION, BuiltMethod.Anywhere::new),
                guidedGradCam());
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
