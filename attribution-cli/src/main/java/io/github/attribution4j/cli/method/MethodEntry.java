// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cli.method;

import io.github.attribution4j.model.NearNames;
import io.github.attribution4j.setting.Description;
import io.github.attribution4j.setting.Sources;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the command line knows of a method.
 *
 * @param name the method's own
 * @param need what it needs of a model
 * @param claim one line
 * @param settings in the method's own order
 * @param wraps whether it is applied to another method, whose settings follow with {@code method.} in front
 * @param builder makes the method
 */
public record MethodEntry(
        String name, Need need, String claim, List<Setting<?>> settings, boolean wraps, Builder builder) {
    /** What a method needs of a model. */
    public enum Need {
        /** Any scoring function. */
        FORWARD("forward", "runs the model forward, nothing else"),
        /** A pullback. */
        GRADIENTS("gradients", "takes gradients with respect to floating-point inputs"),
        /** Backward rules. */
        RULES("rules", "goes back through the model by rules of its own, from floating-point inputs"),
        /** A cut. */
        LAYERS("layers", "looks at a layer"),
        /** What the wrapped method needs. */
        METHOD("its method's", "needs what the method that it wraps needs");

        private final String label;
        private final String meaning;

        Need(String label, String meaning) {
            this.label = label;
            this.meaning = meaning;
        }

        public String label() {
            return label;
        }

        public String meaning() {
            return meaning;
        }
    }

    /** Makes a method of the values of its settings. */
    public interface Builder {
        BuiltMethod build(Values values);
    }

    /**
     * The values of the settings.
     *
     * @param given texts by name of setting
     * @param sources for those that name files
     */
    public record Values(Map<String, String> given, Sources sources) {
        <T> T get(Setting<T> setting) {
            return setting.value(given.get(setting.name()), sources);
        }
    }

    public MethodEntry {
        settings = List.copyOf(settings);
    }

    /** Returns a method as it describes itself. */
    static <M> MethodEntry of(Description<M> description, Function<M, BuiltMethod> place) {
        return new MethodEntry(
                description.name(),
                Need.valueOf(description.need().name()),
                description.claim(),
                settings(description),
                false,
                values -> place.apply(
                        description.read(values.given(), values.sources()).method()));
    }

    static List<Setting<?>> settings(Description<?> description) {
        List<Setting<?>> settings = new ArrayList<>();
        description
                .settings()
                .forEach(setting -> settings.add(new Setting<>(
                        setting.name(),
                        setting.kind().form(),
                        setting.defaultText().orElse(null),
                        setting.meaning(),
                        (text, sources) -> text)));
        return settings;
    }

    List<String> settingNames() {
        return settings.stream().map(Setting::name).toList();
    }

    public Optional<Setting<?>> setting(String settingName) {
        return settings.stream()
                .filter(setting -> setting.name().equals(settingName))
                .findFirst();
    }

    /** Builds the method; refuses settings that it does not have. */
    BuiltMethod build(Map<String, String> given, Sources sources) {
        List<String> unknown = new ArrayList<>();
        for (String settingName : given.keySet()) {
            if (setting(settingName).isEmpty() && !(wraps && settingName.startsWith("method."))) {
                String hint = settings.isEmpty() ? "it has none" : NearNames.hint(settingName, settingNames());
                unknown.add("method " + name + " has no setting '" + settingName + "'; " + hint);
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", unknown));
        }
        return builder.build(new Values(given, sources));
    }
}
