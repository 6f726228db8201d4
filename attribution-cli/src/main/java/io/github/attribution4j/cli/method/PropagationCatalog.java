// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.cam.GuidedGradCam;
import io.github.attribution4j.propagation.Deconvolution;
import io.github.attribution4j.propagation.DeepLift;
import io.github.attribution4j.propagation.DeepLiftShap;
import io.github.attribution4j.propagation.GuidedBackprop;
import io.github.attribution4j.propagation.Lrp;
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
                MethodEntry.of(GuidedGradCam.DESCRIPTION, BuiltMethod.AtLayer::new));
    }
}
