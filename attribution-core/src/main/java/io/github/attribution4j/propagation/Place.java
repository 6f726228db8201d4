// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.propagation;

import io.github.attribution4j.Target;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What a method attributes to, and what it explains. */
sealed interface Place {
    /** Returns what the method's name gets. */
    String suffix();

    /** Returns the settings of the place. */
    Map<String, Object> settings();

    /** The output of the model, at its inputs. */
    record AtInputs() implements Place {
        @Override
        public String suffix() {
            return "";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of();
        }
    }

    /** The output of the model, at values inside it. */
    record AtLayers(List<String> layers) implements Place {
        /** Checks that there are some. */
        public AtLayers {
            layers = List.copyOf(layers);
            if (layers.isEmpty()) {
                throw new IllegalArgumentException("layers: none given; name at least one");
            }
        }

        @Override
        public String suffix() {
            return " at layer";
        }

        @Override
        public Map<String, Object> settings() {
            return Map.of("layer", String.join(", ", layers));
        }
    }

    /** A score of a value inside the model, at its inputs. */
    record TowardsNeuron(String layer, Target unit) implements Place {
        @Override
        public String suffix() {
            return " towards neuron";
        }

        @Override
        public Map<String, Object> settings() {
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("layer", layer);
            settings.put("unit", unit.describe());
            return settings;
        }
    }
}
