// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** Heads and tails of models, as methods meet them. */
final class ModelParts {
    private ModelParts() {}

    /**
     * Returns a part of a model as what a method needs of one. A part is cut and ruled as the model is, but of no class
     * of its own: a method of such a class cannot be asked about parts.
     *
     * @throws UnsupportedModelException if the method needs a model of a class that the part is not
     */
    @SuppressWarnings("unchecked")
    static <M extends LayeredModel> M as(LayeredModel part, Attribution<? super M> method) {
        Attribution<?> asked = method;
        while (asked instanceof NoiseTunnel<?> tunnel) {
            asked = tunnel.inside();
        }
        for (Method one : asked.getClass().getMethods()) {
            if (one.getName().equals("attribute") && !one.isBridge() && one.getParameterCount() == 4) {
                Class<?> needed = one.getParameterTypes()[0];
                if (LayeredModel.class.isAssignableFrom(needed) && !needed.isInstance(part)) {
                    throw new UnsupportedModelException(asked.name() + " explains a "
                            + needed.getSimpleName()
                            + ", and a part of one, which it meets at a layer or towards a neuron,"
                            + " is none; let it take a " + nearest(needed, part) + ", or explain the whole model");
                }
            }
        }
        return (M) part;
    }

    /** Returns the name of the interface of models that a part has of those that were asked for. */
    private static String nearest(Class<?> needed, LayeredModel part) {
        return Arrays.stream(needed.getInterfaces())
                .filter(type -> type.isInstance(part))
                .map(Class::getSimpleName)
                .findFirst()
                .orElse(LayeredModel.class.getSimpleName());
    }
}
