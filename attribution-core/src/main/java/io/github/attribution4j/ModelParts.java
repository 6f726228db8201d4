// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j;

import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import java.lang.reflect.Method;
import java.util.Arrays;

/** Heads and tails of models, in the type that a method takes. */
final class ModelParts {
    private ModelParts() {}

    /**
     * Returns a part of a model in the type that a method takes. A part can be cut, and takes rules, as its model does,
     * but it is not of the model's class: a method that takes only such a class cannot explain parts.
     *
     * @throws UnsupportedModelException if the method takes a class of models that the part is not of
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
                            + "; at a layer or towards a neuron it gets a part of the model, which is not one;"
                            + " let it take a " + nearest(needed, part) + ", or explain the whole model");
                }
            }
        }
        return (M) part;
    }

    /** Returns the name of an interface that the class needed and the part have in common. */
    private static String nearest(Class<?> needed, LayeredModel part) {
        return Arrays.stream(needed.getInterfaces())
                .filter(type -> type.isInstance(part))
                .map(Class::getSimpleName)
                .findFirst()
                .orElse(LayeredModel.class.getSimpleName());
    }
}
