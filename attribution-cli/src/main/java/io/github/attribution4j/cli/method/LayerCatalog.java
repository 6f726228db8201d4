// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.gradient.Conductance;
import io.github.attribution4j.gradient.GradientXActivation;
import io.github.attribution4j.gradient.InternalInfluence;
import io.github.attribution4j.gradient.LayerActivation;
import io.github.attribution4j.gradient.LayerGradientShap;
import io.github.attribution4j.gradient.NeuronConductance;
import java.util.List;

/** The methods of the {@link MethodCatalog} that follow the inputs into a layer. */
public final class LayerCatalog {
    private static final List<MethodEntry> ALL = List.of(
            MethodEntry.of(LayerActivation.DESCRIPTION, BuiltMethod.AtLayer::new),
            MethodEntry.of(GradientXActivation.DESCRIPTION, BuiltMethod.AtLayer::new),
            MethodEntry.of(InternalInfluence.DESCRIPTION, BuiltMethod.AtLayer::new),
            MethodEntry.of(Conductance.DESCRIPTION, BuiltMethod.AtLayer::new),
            MethodEntry.of(NeuronConductance.DESCRIPTION, BuiltMethod.AtLayer::new),
            MethodEntry.of(LayerGradientShap.DESCRIPTION, BuiltMethod.AtLayer::new));

    private LayerCatalog() {}

    static List<MethodEntry> all() {
        return ALL;
    }

    /** Returns whether a method is one of these, which explain any layer. */
    public static boolean has(MethodEntry entry) {
        return ALL.contains(entry);
    }
}
