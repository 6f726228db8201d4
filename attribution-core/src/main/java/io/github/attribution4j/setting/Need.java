// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.status.Experimental;

/** What a method needs of a model. */
@Experimental
public enum Need {
    /** Any scoring function: {@link io.github.attribution4j.model.Model}. */
    FORWARD("forward", "runs the model forward, nothing else"),
    /** Gradients: {@link io.github.attribution4j.model.DifferentiableModel}. */
    GRADIENTS("gradients", "takes gradients with respect to floating-point inputs"),
    /** Backward rules: {@link io.github.attribution4j.model.rule.RuledModel}. */
    RULES("rules", "goes back through the model by rules of its own, from floating-point inputs"),
    /** Layers: {@link io.github.attribution4j.model.LayeredModel}. */
    LAYERS("layers", "looks at a layer"),
    /** What the wrapped method needs. */
    METHOD("its method's", "needs what the method that it wraps needs");

    private final String label;
    private final String meaning;

    Need(String label, String meaning) {
        this.label = label;
        this.meaning = meaning;
    }

    /** Returns the word for it, such as {@code gradients}. */
    public String label() {
        return label;
    }

    /** Returns one line about methods that need this. */
    public String meaning() {
        return meaning;
    }

    /** Returns the {@link #label}. */
    @Override
    public String toString() {
        return label;
    }
}
