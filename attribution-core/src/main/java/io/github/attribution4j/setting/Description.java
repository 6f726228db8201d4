// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.setting.Setting.Sources;
import io.github.attribution4j.status.Experimental;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The description of a method or a metric. Help, checks, trials, provenance and the tables of the documentation are
 * made from it. Immutable.
 *
 * @param <M> the method or the metric
 */
@Experimental
public final class Description<M> {
    private final String name;
    private final Need need;
    private final String claim;
    private final Function<Settings<M>, M> maker;
    private final List<Setting<?>> settings;
    private final int examples;
    private final LongFunction<String> advice;

    private Description(
            String name,
            Need need,
            String claim,
            Function<Settings<M>, M> maker,
            List<Setting<?>> settings,
            int examples,
            LongFunction<String> advice) {
        this.name = name;
        this.need = need;
        this.claim = claim;
        this.maker = maker;
        this.settings = settings;
        this.examples = examples;
        this.advice = advice;
    }

    /**
     * Returns a description.
     *
     * @param name in lower case with hyphens
     * @param need what the method needs of a model
     * @param claim one line about what the attributions are
     * @param maker makes the method from its settings
     * @param settings in the order in which provenance lists them
     */
    public static <M> Description<M> of(
            String name, Need need, String claim, Function<Settings<M>, M> maker, Setting<?>... settings) {
        return new Description<>(name, need, claim, maker, List.of(settings), 1, elements -> "");
    }

    /** Returns a copy for a method that compares examples and needs at least this many; else 1. */
    public Description<M> ofExamples(int least) {
        return new Description<>(name, need, claim, maker, settings, least, advice);
    }

    /**
     * Returns a copy with advice for serious use.
     *
     * @param newAdvice for a number of elements in an example; empty if there is none
     */
    public Description<M> advising(LongFunction<String> newAdvice) {
        return new Description<>(name, need, claim, maker, settings, examples, newAdvice);
    }

    /** Returns the method's name. */
    public String name() {
        return name;
    }

    /** Returns what the method needs of a model. */
    public Need need() {
        return need;
    }

    /** Returns one line about what the attributions are. */
    public String claim() {
        return claim;
    }

    /** Returns the settings, in the order in which provenance lists them. */
    public List<Setting<?>> settings() {
        return settings;
    }

    /** Returns the setting of a name, if there is one. */
    public Optional<Setting<?>> setting(String of) {
        return settings.stream().filter(setting -> setting.isCalled(of)).findFirst();
    }

    /** Returns whether the method has a setting of this name. */
    public boolean has(String of) {
        return setting(of).isPresent();
    }

    /** Returns how many examples the method needs at least. */
    public int examples() {
        return examples;
    }

    /**
     * Returns advice for serious use; empty if there is none.
     *
     * @param elements how many elements an example has
     */
    public String advice(long elements) {
        return advice.apply(elements);
    }

    /** Returns the defaults; settings that have none are missing. */
    public Settings<M> defaults() {
        return Settings.of(this);
    }

    /**
     * Returns the settings that texts name; the others have their defaults.
     *
     * @param given texts by name of setting
     * @param sources of the arrays that texts name
     * @throws IllegalArgumentException if the method has no such setting, if a text does not fit its kind
     */
    public Settings<M> read(Map<String, String> given, Sources sources) {
        List<String> unknown = new ArrayList<>();
        for (String key : given.keySet()) {
            if (setting(key).isEmpty()) {
                unknown.add(name + " has no setting '" + key + "'; " + hint(key));
            }
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(String.join("; ", unknown));
        }
        Settings<M> all = defaults();
        for (Map.Entry<String, String> one : given.entrySet()) {
            all = all.read(setting(one.getKey()).orElseThrow(), one.getValue(), sources);
        }
        return all;
    }

    private String hint(String key) {
        List<String> names = settings.stream().map(Setting::name).toList();
        return names.isEmpty() ? "it has none" : NearNames.hint(key, names);
    }

    M make(Settings<M> of) {
        return maker.apply(of);
    }

    /** Returns the name. */
    @Override
    public String toString() {
        return name;
    }

    /** What a method needs of a model. */
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

    /**
     * The values of a method's settings. Immutable.
     *
     * @param <M> the method
     */
    public static final class Settings<M> {
        private final Description<M> description;
        private final @Nullable Object[] values;

        private Settings(Description<M> description, @Nullable Object[] values) {
            this.description = description;
            this.values = values;
        }

        static <M> Settings<M> of(Description<M> description) {
            return new Settings<>(
                    description,
                    description.settings().stream().map(Setting::byDefault).toArray());
        }

        /** Returns the description to which they belong. */
        public Description<M> description() {
            return description;
        }

        /**
         * Returns the value of a setting.
         *
         * @throws IllegalArgumentException if it has none
         */
        @SuppressWarnings("unchecked")
        public <T> T get(Setting<T> setting) {
            Object value = values[position(setting)];
            if (value == null) {
                throw new IllegalArgumentException("setting '" + setting.name() + "' is needed (" + setting.kind()
                        + ": " + setting.meaning() + "); give --set " + setting.name() + "=...");
            }
            return (T) value;
        }

        /** Returns a copy with another value of a setting. */
        public <T> Settings<M> with(Setting<T> setting, T value) {
            @Nullable Object[] changed = values.clone();
            changed[position(setting)] = value;
            return new Settings<>(description, changed);
        }

        /**
         * Returns a copy with the value of a setting that a text names.
         *
         * @param sources of the arrays that the text names
         */
        public <T> Settings<M> read(Setting<T> setting, String text, Sources sources) {
            return with(setting, setting.read(text, sources));
        }

        private int position(Setting<?> setting) {
            int position = description.settings().indexOf(setting);
            if (position < 0) {
                throw new IllegalArgumentException(description + " has no setting '" + setting + "'");
            }
            return position;
        }

        /** Returns the problems of single values; the method itself checks values together. */
        public List<String> problems() {
            List<String> problems = new ArrayList<>();
            description.settings().forEach(setting -> problem(setting, problems));
            return problems;
        }

        private <T> void problem(Setting<T> setting, List<String> problems) {
            setting.problem(get(setting)).ifPresent(problems::add);
        }

        /** Returns the method that has these settings. */
        public M method() {
            return description.make(this);
        }

        /** Returns every setting by name, in order, with the text of its value, and after it those of its parts. */
        public Map<String, Object> toMap() {
            Map<String, Object> map = new LinkedHashMap<>();
            description.settings().forEach(setting -> say(setting, map));
            return Collections.unmodifiableMap(map);
        }

        private <T> void say(Setting<T> setting, Map<String, Object> map) {
            T value = get(setting);
            map.put(setting.name(), setting.kind().say(value));
            setting.kind().parts(value).forEach((name, part) -> map.put(setting.name() + "." + name, part));
        }

        /** Returns name and settings, such as {@code saliency {absolute=true}}. */
        @Override
        public String toString() {
            Map<String, Object> map = toMap();
            return map.isEmpty() ? description.name() : description.name() + " " + map;
        }
    }
}
