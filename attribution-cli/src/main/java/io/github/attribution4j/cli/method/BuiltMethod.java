// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.Attribution;
import io.github.attribution4j.Target;
import io.github.attribution4j.model.RuledModel;
import io.github.attribution4j.text.TokenAttribution;
import java.util.List;

/** A method with its settings. */
public sealed interface BuiltMethod {
    /** Returns the method for a model that has layers and admits rules. */
    Attribution<? super RuledModel> method();

    /** Returns this method on the tail of the model cut at a layer. */
    BuiltMethod at(String layer);

    /** Returns this method explaining a unit of a layer. */
    BuiltMethod towards(String layer, Target unit);

    /** Returns this method by token. */
    BuiltMethod byToken();

    /** A method that is applied at the inputs unless it is told otherwise. */
    record Anywhere(Attribution<? super RuledModel> method) implements BuiltMethod {
        @Override
        public BuiltMethod at(String layer) {
            return new AtLayer(Attribution.<RuledModel>at(List.of(Texts.addresses(layer)), method));
        }

        @Override
        public BuiltMethod towards(String layer, Target unit) {
            return new AtLayer(Attribution.<RuledModel>towards(layer, unit, method));
        }

        @Override
        public BuiltMethod byToken() {
            return new AtLayer(TokenAttribution.<RuledModel>of(method));
        }
    }

    /** A method that is at a layer already. */
    record AtLayer(Attribution<? super RuledModel> method) implements BuiltMethod {
        @Override
        public BuiltMethod at(String layer) {
            throw new IllegalArgumentException("layer '" + layer + "': " + method.name()
                    + " is at a layer already, the one of its own setting; leave --layer out");
        }

        @Override
        public BuiltMethod towards(String layer, Target unit) {
            throw new IllegalArgumentException("unit " + unit.describe() + ": " + method.name()
                    + " explains the model's output only; use another method for a neuron");
        }

        @Override
        public BuiltMethod byToken() {
            return this;
        }
    }
}
