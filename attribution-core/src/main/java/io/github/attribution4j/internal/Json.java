// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.internal;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.ToNumberPolicy;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An object of JSON that was read, and the text of objects to write: maps, lists, texts, numbers and flags. Numbers
 * keep every bit; {@link #numbers(double...)} writes NaN and ±Infinity as texts.
 */
public final class Json {
    private static final Gson PRETTY =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();
    private static final Gson ONE_LINE = new GsonBuilder()
            .disableHtmlEscaping()
            .setObjectToNumberStrategy(ToNumberPolicy.LAZILY_PARSED_NUMBER)
            .create();

    private final Map<?, ?> members;

    private Json(Map<?, ?> members) {
        this.members = members;
    }

    /** Returns the text of an object, on several lines. */
    public static String write(Map<String, ?> object) {
        return PRETTY.toJson(object);
    }

    /** Returns the text of an object, on one line. */
    public static String line(Map<String, ?> object) {
        return ONE_LINE.toJson(object);
    }

    /** Returns numbers as they are written. */
    public static List<Object> numbers(double... numbers) {
        List<Object> list = new ArrayList<>(numbers.length);
        for (double number : numbers) {
            list.add(number(number));
        }
        return list;
    }

    /** Returns a number as it is written. */
    public static Object number(double number) {
        return Double.isFinite(number) ? (Object) number : Double.toString(number);
    }

    /**
     * Reads an object.
     *
     * @throws IllegalArgumentException if the text is none
     */
    public static Json read(String text) {
        try {
            return of(ONE_LINE.fromJson(text, Object.class));
        } catch (JsonParseException e) {
            throw new IllegalArgumentException("not JSON: " + e.getMessage(), e);
        }
    }

    /**
     * Reads an object of a format.
     *
     * @param what is read, for messages
     * @param read makes it from the object
     * @throws IllegalArgumentException naming the format that is wanted, if the text is of another, or incomplete
     */
    public static <T> T read(String text, String what, String format, int version, Function<Json, T> read) {
        try {
            Json json = read(text);
            if (!json.text("format").equals(format) || json.integer("version") != version) {
                throw new IllegalArgumentException("format '" + json.text("format") + "' version "
                        + json.integer("version") + " is not known; this library reads '" + format + "' version "
                        + version);
            }
            return read.apply(json);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IllegalArgumentException(what + " JSON: " + e.getMessage(), e);
        }
    }

    private static Json of(@Nullable Object value) {
        if (value instanceof Map<?, ?> map) {
            return new Json(map);
        }
        throw new IllegalArgumentException("an object { ... } is wanted");
    }

    /** Returns the members, for writing them again. */
    public Map<String, Object> members() {
        Map<String, Object> copy = new LinkedHashMap<>();
        members.forEach((name, value) -> copy.put((String) name, value));
        return copy;
    }

    /** Returns whether there is a member of a name. */
    public boolean has(String name) {
        return members.containsKey(name);
    }

    private <T> T member(String name, Class<T> type, String kind) {
        Object value = members.get(name);
        if (!type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "member '" + name + "' " + (value == null ? "is missing" : "must be " + kind));
        }
        return type.cast(value);
    }

    /** Returns a text. */
    public String text(String name) {
        return member(name, String.class, "a text");
    }

    /** Returns a text, if there is one. */
    public Optional<String> optionalText(String name) {
        return has(name) ? Optional.of(text(name)) : Optional.empty();
    }

    /** Returns a flag. */
    public boolean flag(String name) {
        return member(name, Boolean.class, "true or false");
    }

    /** Returns an integer. */
    public long integer(String name) {
        return member(name, Number.class, "a number").longValue();
    }

    /** Returns numbers. */
    public double[] numbers(String name) {
        return texts(name).stream().mapToDouble(Double::parseDouble).toArray();
    }

    /** Returns texts. */
    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (Object value : member(name, List.class, "a list")) {
            texts.add(String.valueOf(value));
        }
        return texts;
    }

    /** Returns an object. */
    public Json object(String name) {
        return of(members.get(name));
    }

    /** Returns objects. */
    public List<Json> objects(String name) {
        List<Json> objects = new ArrayList<>();
        for (Object value : member(name, List.class, "a list")) {
            objects.add(of(value));
        }
        return objects;
    }

    /** Returns the text on one line. */
    @Override
    public String toString() {
        return ONE_LINE.toJson(members);
    }
}
