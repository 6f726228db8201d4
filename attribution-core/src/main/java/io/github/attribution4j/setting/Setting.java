// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One setting of a method: its name, the kind of its values, its default, what it means, and which values it may have.
 * Immutable.
 *
 * @param <T> type of the values
 */
public final class Setting<T> {
    private final String name;
    private final Kind<T> kind;
    private final @Nullable T byDefault;
    private final String meaning;
    private final String range;
    private final Predicate<? super T> holds;
    private final @Nullable T trial;
    private final String alias;
    private final String shown;

    private Setting(
            String name,
            Kind<T> kind,
            @Nullable T byDefault,
            String meaning,
            String range,
            Predicate<? super T> holds,
            @Nullable T trial,
            String alias,
            String shown) {
        this.name = name;
        this.kind = kind;
        this.byDefault = byDefault;
        this.meaning = meaning;
        this.range = range;
        this.holds = holds;
        this.trial = trial;
        this.alias = alias;
        this.shown = shown;
    }

    /**
     * Returns a setting with a default.
     *
     * @param name in lower case with hyphens
     * @param meaning one line
     */
    public static <T> Setting<T> of(String name, Kind<T> kind, T byDefault, String meaning) {
        return new Setting<>(name, kind, byDefault, meaning, "", value -> true, null, "", "");
    }

    /** Returns a setting that has to be given; otherwise as {@link #of}. */
    public static <T> Setting<T> required(String name, Kind<T> kind, String meaning) {
        return new Setting<>(name, kind, null, meaning, "", value -> true, null, "", "");
    }

    /** Returns a setting that is a number of things, at least {@code least}. */
    public static Setting<Integer> count(String name, int byDefault, int least, String meaning) {
        return of(name, Kind.INTEGER, byDefault, meaning).where("at least " + least, value -> value >= least);
    }

    /**
     * Returns a copy that takes only some values.
     *
     * @param newRange which, to follow "must be"
     * @param newHolds whether a value is one of them
     */
    public Setting<T> where(String newRange, Predicate<? super T> newHolds) {
        return new Setting<>(name, kind, byDefault, meaning, newRange, newHolds, trial, alias, shown);
    }

    /** Returns a copy that says which values it takes where the method itself checks them, together with others. */
    public Setting<T> range(String newRange) {
        return where(newRange, value -> true);
    }

    /** Returns a copy with a value that costs little, for trying whether the method works with a model at all. */
    public Setting<T> trial(T cheap) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, cheap, alias, shown);
    }

    /** Returns a copy that texts may call by another name, too. */
    public Setting<T> alias(String other) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, trial, other, shown);
    }

    /** Returns a copy whose default help shows in short, where what the kind says of it is long. */
    public Setting<T> shown(String shortly) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, trial, alias, shortly);
    }

    /** Returns whether this is the setting that a text calls so. */
    boolean isCalled(String text) {
        return name.equals(text) || alias.equals(text);
    }

    /** Returns the name. */
    public String name() {
        return name;
    }

    /** Returns the kind of its values. */
    public Kind<T> kind() {
        return kind;
    }

    /** Returns one line. */
    public String meaning() {
        return meaning;
    }

    /** Returns which values it takes, to follow "must be"; empty if all of its kind. */
    public String range() {
        return range;
    }

    /** Returns whether it has no default. */
    public boolean isRequired() {
        return byDefault == null;
    }

    /** Returns the default as text, if there is one. */
    public Optional<String> defaultText() {
        return Optional.ofNullable(byDefault).map(value -> shown.isEmpty() ? String.valueOf(kind.say(value)) : shown);
    }

    @Nullable
    T byDefault() {
        return byDefault;
    }

    /** Returns a value that costs little as text, if there is one. */
    public Optional<String> trialText() {
        return Optional.ofNullable(trial).map(value -> String.valueOf(kind.say(value)));
    }

    /** Returns what is wrong with a value, if anything is. */
    Optional<String> problem(T value) {
        return holds.test(value) ? Optional.empty() : Optional.of(name + " " + kind.say(value) + ": must be " + range);
    }

    /**
     * Returns the value that a text says.
     *
     * @param sources of the arrays that the text names
     * @throws IllegalArgumentException naming the setting, the text and the rule
     */
    public T read(String text, Sources sources) {
        try {
            T value = kind.read(text, sources);
            if (!holds.test(value)) {
                throw new IllegalArgumentException("must be " + range);
            }
            return value;
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("setting " + name + "=" + text + ": must be " + kind.form(), e);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("setting " + name + "=" + text + ": " + e.getMessage(), e);
        } catch (IOException e) {
            throw new UncheckedIOException("setting " + name + "=" + text + ": " + reason(e), e);
        }
    }

    /** Returns what is wrong with a file; two failures of files have the file's name alone as message. */
    private static String reason(IOException failure) {
        String fault = failure instanceof NoSuchFileException
                ? ": no such file"
                : failure instanceof AccessDeniedException ? ": may not be read" : "";
        return failure.getMessage() + fault;
    }

    /** Returns the name. */
    @Override
    public String toString() {
        return name;
    }
}
