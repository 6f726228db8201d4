// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.CallSite;
import io.github.attribution4j.djl.internal.program.ProgramIndex;
import io.github.attribution4j.djl.internal.program.Structure;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.script.Type;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The places inside methods and functions at which values are shown, by the text that contains them. Every place has
 * its own number.
 */
final class Places {
    /**
     * A place in the text.
     *
     * @param side the number by which rows name it
     * @param operator the operator or function; empty for a variable alone
     * @param variable the variable; empty if there is none
     * @param type the type of the shown value; null if none is shown
     * @param kind the operator's kind; null if no gradient passes it
     * @param name the operator's name for rules
     */
    record Place(
            int side,
            String operator,
            String variable,
            @Nullable Type type,
            Operation.@Nullable Kind kind,
            String name) {
        Place(int side, String operator, String variable, Type type) {
            this(side, operator, variable, type, null, "");
        }
    }

    /**
     * A text: a method of a class, or a function.
     *
     * @param owner the class; empty for a function
     * @param name the method, or the qualified function
     */
    record Text(String owner, String name) {}

    private final Map<Text, List<Place>> places = new HashMap<>();
    private final Map<Text, Set<String>> calls = new HashMap<>();
    private final Map<Text, List<Object>> events = new HashMap<>();
    private int next = Row.ARGUMENTS + 1;

    int reserve() {
        return next++;
    }

    /** Returns the number by which rules know the place of a side. */
    static int number(int side) {
        return side - Row.ARGUMENTS - 1;
    }

    /** Returns the number of places. */
    int size() {
        return number(next);
    }

    void add(Text text, Place place) {
        places.computeIfAbsent(text, k -> new ArrayList<>()).add(place);
        if (place.kind() != null) {
            events.computeIfAbsent(text, k -> new ArrayList<>()).add(place);
        }
    }

    /** Records that a text calls a module. */
    void addCall(Text text, CallSite site) {
        events.computeIfAbsent(text, k -> new ArrayList<>()).add(site);
    }

    /**
     * Returns what runs in a text, in order: a {@link Place} of an operator, a {@link CallSite}, or a {@link Text} of a
     * function.
     */
    List<Object> events(Text text) {
        return events.getOrDefault(text, List.of());
    }

    /** Records that a text calls a function. */
    void addCall(Text text, String function) {
        calls.computeIfAbsent(text, k -> new LinkedHashSet<>()).add(function);
        events.computeIfAbsent(text, k -> new ArrayList<>()).add(new Text("", function));
    }

    boolean isEmpty(Text text) {
        return !places.containsKey(text)
                && calls.getOrDefault(text, Set.of()).stream().allMatch(f -> isEmpty(new Text("", f)));
    }

    /** Returns the numbers of the operators of one module, by side, as {@link #of} counts them. */
    Map<Integer, Integer> numbers(List<Text> methods) {
        Map<String, Integer> counts = new HashMap<>();
        Map<Integer, Integer> numbers = new HashMap<>();
        for (Text text : texts(methods)) {
            for (Place place : places.getOrDefault(text, List.of())) {
                if (!place.operator().isEmpty()) {
                    numbers.put(place.side(), counts.merge(place.operator(), 1, Integer::sum) - 1);
                }
            }
        }
        return numbers;
    }

    /** Returns methods and the functions reached from them. */
    private Set<Text> texts(List<Text> methods) {
        Set<Text> texts = new LinkedHashSet<>(methods);
        List<Text> open = new ArrayList<>(methods);
        for (int i = 0; i < open.size(); i++) {
            for (String function : calls.getOrDefault(open.get(i), Set.of())) {
                Text text = new Text("", function);
                if (texts.add(text)) {
                    open.add(text);
                }
            }
        }
        return texts;
    }

    /**
     * Returns the places of one module: those of its methods in order, then those of the functions reached from them.
     */
    List<ValueInfo> of(int module, List<Text> methods, ProgramIndex index) {
        Set<Text> texts = texts(methods);
        List<ValueInfo> values = new ArrayList<>();
        Map<String, Integer> numbers = new HashMap<>();
        Set<String> variables = new LinkedHashSet<>();
        for (Text text : texts) {
            for (Place place : places.getOrDefault(text, List.of())) {
                int number = place.operator().isEmpty() ? 0 : numbers.merge(place.operator(), 1, Integer::sum) - 1;
                boolean named =
                        !text.owner().isEmpty() && !place.variable().isEmpty() && variables.add(place.variable());
                Type type = place.type();
                if (type != null && (named || !place.operator().isEmpty())) {
                    values.add(new ValueInfo(
                            module,
                            place.operator(),
                            number,
                            named ? place.variable() : "",
                            type,
                            Structure.of(index, type),
                            place.side()));
                }
            }
        }
        return values;
    }
}
