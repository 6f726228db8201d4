// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.run.InvalidRequestException.Problems;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.setting.Description.Settings;
import io.github.attribution4j.setting.Setting;
import io.github.attribution4j.status.Experimental;
import java.util.Map;

/**
 * A recipe that consists of its settings: a method, or a metric. Name, provenance and checks of single settings follow
 * from their {@linkplain io.github.attribution4j.setting.Description description}. A changed copy is one with changed
 * settings.
 *
 * @param <S> the recipe itself
 */
@Experimental
public abstract class DescribedRecipe<S extends DescribedRecipe<S>> implements Recipe {
    private final Settings<S> settings;

    /** Creates the recipe with these settings. */
    protected DescribedRecipe(Settings<S> settings) {
        this.settings = settings;
    }

    /** Returns the value of a setting. */
    protected final <T> T value(Setting<T> setting) {
        return settings.get(setting);
    }

    /** Returns a copy with another value of a setting. */
    protected final <T> S with(Setting<T> setting, T value) {
        return settings.with(setting, value).method();
    }

    @Override
    public final void checkSettings(Problems problems) {
        settings.problems().forEach(problems::add);
    }

    @Override
    public Need need() {
        return settings.description().need();
    }

    @Override
    public final String name() {
        return settings.description().name();
    }

    @Override
    public final Map<String, Object> settings() {
        return settings.toMap();
    }

    /** Returns name and settings. */
    @Override
    public final String toString() {
        return settings.toString();
    }
}
