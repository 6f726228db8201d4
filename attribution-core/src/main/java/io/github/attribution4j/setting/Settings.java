// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.status.Experimental;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The values of a method's settings. Immutable.
 *
 * @param <M> the method
 */
@Experimental
public final class Settings<M> {
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
            throw new IllegalArgumentException("setting '" + setting.name() + "' is needed (" + setting.kind() + ": "
                    + setting.meaning() + "); give --set " + setting.name() + "=...");
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
