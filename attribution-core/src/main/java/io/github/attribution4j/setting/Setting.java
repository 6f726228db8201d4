// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One setting of a method: its name, the kind of its values, its default, its meaning, and its range.
 * Immutable.
 *
 * @param <T> type of the values
 */
@Experimental
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

    /** Returns a setting without a default, which must be given; otherwise as {@link #of}. */
    public static <T> Setting<T> required(String name, Kind<T> kind, String meaning) {
        return new Setting<>(name, kind, null, meaning, "", value -> true, null, "", "");
    }

    /** Returns a setting that is a count of at least {@code least}. */
    public static Setting<Integer> count(String name, int byDefault, int least, String meaning) {
        return of(name, Kind.INTEGER, byDefault, meaning).where("at least " + least, value -> value >= least);
    }

    /**
     * Returns a copy that accepts only some values.
     *
     * @param newRange the values, as words that follow "must be"
     * @param newHolds whether a value is one of them
     */
    public Setting<T> where(String newRange, Predicate<? super T> newHolds) {
        return new Setting<>(name, kind, byDefault, meaning, newRange, newHolds, trial, alias, shown);
    }

    /** Returns a copy that names its values; the method itself checks them, together with other settings. */
    public Setting<T> range(String newRange) {
        return where(newRange, value -> true);
    }

    /** Returns a copy with a cheap value, with which a trial finds whether the method works with a model. */
    public Setting<T> trial(T cheap) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, cheap, alias, shown);
    }

    /** Returns a copy with a second name in texts. */
    public Setting<T> alias(String other) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, trial, other, shown);
    }

    /** Returns a copy with a short text for its default in help, if the text of the kind is long. */
    public Setting<T> shown(String shortly) {
        return new Setting<>(name, kind, byDefault, meaning, range, holds, trial, alias, shortly);
    }

    /** Returns whether a text names this setting. */
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

    /** Returns the meaning, in one line. */
    public String meaning() {
        return meaning;
    }

    /** Returns the range, as words that follow "must be"; empty if it accepts all values of its kind. */
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

    /** Returns the cheap value as text, if there is one. */
    public Optional<String> trialText() {
        return Optional.ofNullable(trial).map(value -> String.valueOf(kind.say(value)));
    }

    /** Returns the problem of a value, if there is one. */
    Optional<String> problem(T value) {
        return holds.test(value) ? Optional.empty() : Optional.of(name + " " + kind.say(value) + ": must be " + range);
    }

    /**
     * Returns the value that a text names.
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

    /** Returns the problem of a file. Two failures of files have only the file's name as message. */
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

    /**
     * The kind of a setting's values: how they are read from text, and written as text. A kind reads the text that it
     * writes, unless the value holds arrays, which are written as digests. Immutable.
     *
     * @param <T> type of the values
     */
    public static final class Kind<T> {
        /** An integer. */
        public static final Kind<Integer> INTEGER = of("an integer", text -> Integer.valueOf(text.strip()));

        /** A number. */
        public static final Kind<Double> NUMBER = of("a number", text -> Double.valueOf(text.strip()));

        /** True or false. */
        public static final Kind<Boolean> FLAG = of("true or false", Kind::flag);

        /** The address of a layer, in which {@code \,} is a comma too. */
        public static final Kind<String> ADDRESS =
                of("address", NameList::readOne).said(NameList::write);

        /** Addresses of layers, at least one. A comma in an address is {@code \,}, and a backslash {@code \\}. */
        public static final Kind<List<String>> ADDRESSES =
                of("address, or several: a,b", NameList::read).said(NameList::write);

        private final String form;
        private final FromSources<T> reader;
        private final Function<? super T, ?> words;
        private final Function<? super T, Map<String, Object>> parts;

        private Kind(
                String form,
                FromSources<T> reader,
                Function<? super T, ?> words,
                Function<? super T, Map<String, Object>> parts) {
            this.form = form;
            this.reader = reader;
            this.words = words;
            this.parts = parts;
        }

        /** Reads a value from text and from arrays that the text names. */
        @FunctionalInterface
        public interface FromSources<T> {
            /**
             * Reads a value.
             *
             * @throws NumberFormatException if the text does not look like one
             * @throws IllegalArgumentException with the rule and the remedy if there is no such value
             * @throws IOException if the text names arrays that cannot be read
             */
            T read(String text, Sources sources) throws IOException;
        }

        /**
         * Returns a kind whose values are written by their {@code toString}.
         *
         * @param form the form of the texts, such as {@code an integer}
         * @param reader text to value
         */
        public static <T> Kind<T> of(String form, Function<String, T> reader) {
            return ofSources(form, (text, sources) -> reader.apply(text));
        }

        /** Returns a kind whose texts may name arrays; otherwise as {@link #of}. */
        public static <T> Kind<T> ofSources(String form, FromSources<T> reader) {
            return new Kind<>(form, reader, value -> value, value -> Map.of());
        }

        /** Returns the kind whose values are those of an enum, written and read by their {@code toString}. */
        public static <E extends Enum<E>> Kind<E> choice(Class<E> type) {
            List<E> values = List.of(type.getEnumConstants());
            String all = values.stream().map(Enum::toString).collect(Collectors.joining(", "));
            return of(
                    "one of " + all,
                    text -> values.stream()
                            .filter(value -> value.toString().equals(text.strip()))
                            .findFirst()
                            .orElseThrow(() -> new IllegalArgumentException("choose one of " + all)));
        }

        /** Returns a copy whose values are written in another way. */
        public Kind<T> said(Function<? super T, ?> newWords) {
            return new Kind<>(form, reader, newWords, parts);
        }

        /** Returns a copy whose values have settings of their own, which follow theirs. */
        public Kind<T> withParts(Function<? super T, Map<String, Object>> newParts) {
            return new Kind<>(form, reader, words, newParts);
        }

        /** Returns the form of the texts. */
        public String form() {
            return form;
        }

        T read(String text, Sources sources) throws IOException {
            return reader.read(text, sources);
        }

        Object say(T value) {
            return words.apply(value);
        }

        Map<String, Object> parts(T value) {
            return parts.apply(value);
        }

        private static boolean flag(String text) {
            return switch (text.strip().toLowerCase(Locale.ROOT)) {
                case "true", "yes" -> true;
                case "false", "no" -> false;
                default -> throw new IllegalArgumentException("must be true or false");
            };
        }

        /** Returns {@link #form()}. */
        @Override
        public String toString() {
            return form;
        }
    }

    /** Finds the arrays that the text of a setting names: by a file, or by the digest in a provenance. */
    public interface Sources {
        /**
         * Returns arrays.
         *
         * @param name the name in the text
         * @return one array for each attributed input, in order
         * @throws IOException if there are none of that name
         */
        List<Tensor> arrays(String name) throws IOException;

        /** Returns arrays of group numbers, which are integers; otherwise as {@link #arrays}. */
        default List<Tensor> groupNumbers(String name) throws IOException {
            return arrays(name);
        }

        /** Returns arrays of 1 and 0, as which an image is white and black; otherwise as {@link #arrays}. */
        default List<Tensor> flags(String name) throws IOException {
            return arrays(name);
        }

        /** Returns sources without any arrays. */
        static Sources none() {
            return name -> {
                throw new IOException(name + ": there are no files here");
            };
        }
    }
}
