// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.setting;

import io.github.attribution4j.status.Experimental;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The kind of a setting's values: how they are read from text, and written as text. A kind reads the text that it
 * writes, unless the value holds arrays, which are written as digests. Immutable.
 *
 * @param <T> type of the values
 */
@Experimental
public final class Kind<T> {
    /** An integer. */
    public static final Kind<Integer> INTEGER = of("an integer", text -> Integer.valueOf(text.strip()));

    /** A number. */
    public static final Kind<Double> NUMBER = of("a number", text -> Double.valueOf(text.strip()));

    /** True or false. */
    public static final Kind<Boolean> FLAG = of("true or false", Kind::flag);

    /** The address of a layer. */
    public static final Kind<String> ADDRESS = of("address", String::strip);

    /** Addresses of layers, at least one. */
    public static final Kind<List<String>> ADDRESSES = Kind.<List<String>>of(
                    "address, or several: a,b",
                    text -> Arrays.stream(text.split(",", -1))
                            .map(String::strip)
                            .toList())
            .said(addresses -> String.join(", ", addresses));

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
