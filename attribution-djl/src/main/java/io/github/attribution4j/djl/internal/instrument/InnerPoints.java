// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl.internal.instrument;

import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The addresses of values inside methods. In the module {@code layer1.0}: {@code layer1.0/relu_#3} by operator and
 * {@code layer1.0/x5} by variable. In the root: {@code relu_#3} or {@code /relu_#3}. If there are modules {@code a} and
 * {@code a/relu}, a value in {@code a} is {@code a//relu#0}.
 */
public final class InnerPoints {
    private static final Pattern ADDRESS = Pattern.compile(
            "(?:(?<module>.*)/)?(?<value>[^/:\\[\\]]+?)(?<side>:in|:out)?(?:\\[(?<element>\\d{1,9})])?",
            Pattern.DOTALL);
    private static final Pattern CALL = Pattern.compile("(?<value>.+)#(?<call>\\d{1,9})");

    /** Values by address. A value with an operator and a variable has two. */
    private final Map<String, ValueInfo> values = new LinkedHashMap<>();

    private final List<Cut.Point> points = new ArrayList<>();

    public InnerPoints(List<ModuleInfo> modules, List<ValueInfo> all) {
        Set<String> paths = modules.stream().map(ModuleInfo::path).collect(Collectors.toSet());
        for (ValueInfo value : all) {
            String module = prefix(modules.get(value.module()).path(), paths);
            values.put(module + value.address(), value);
            points.add(point(module + value.address(), value, 0));
        }
        for (ValueInfo value : all) {
            if (!value.variable().isEmpty()) {
                values.putIfAbsent(prefix(modules.get(value.module()).path(), paths) + value.variable(), value);
            }
        }
    }

    /**
     * Returns the prefix of the values of a module: its path and a slash, or two if another module's name continues
     * that way.
     */
    private static String prefix(String module, Set<String> paths) {
        String prefix = module + "/";
        while (beginsAny(prefix, paths)) {
            prefix += "/";
        }
        return prefix;
    }

    private static boolean beginsAny(String prefix, Set<String> paths) {
        return paths.stream().anyMatch(path -> path.startsWith(prefix));
    }

    private static Cut.Point point(String path, ValueInfo value, int call) {
        return new Cut.Point(path, value.operator().isEmpty() ? "variable" : value.operator(), call);
    }

    /** Returns element 0 of the first execution of every place. */
    public List<Cut.Point> points() {
        return List.copyOf(points);
    }

    /** Returns all places. */
    public List<ValueInfo> values() {
        return values.values().stream().distinct().toList();
    }

    /** Returns the address under which a place is listed. */
    public String path(ValueInfo value) {
        return values.entrySet().stream()
                .filter(entry -> entry.getValue().equals(value))
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /** Finds the point of an address; empty if no place has it. */
    public Optional<Cut.Point> find(String address) {
        Matcher matcher = ADDRESS.matcher(address);
        if (!matcher.matches() || ":in".equals(matcher.group("side"))) {
            return Optional.empty();
        }
        String module = matcher.group("module") == null ? "" : matcher.group("module");
        String element = matcher.group("element");
        int number = element == null ? 0 : Integer.parseInt(element);
        String text = module + "/" + matcher.group("value");
        ValueInfo exact = values.get(text);
        if (exact != null) {
            return Optional.of(point(text, exact, 0).output(number));
        }
        Matcher call = CALL.matcher(text);
        if (call.matches()) {
            ValueInfo value = values.get(call.group("value"));
            if (value != null) {
                return Optional.of(point(call.group("value"), value, Integer.parseInt(call.group("call")))
                        .output(number));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns the row of a point.
     *
     * @throws UnknownLayerException if there is no such place or element
     */
    public Row row(Cut.Point point) {
        ValueInfo value = values.get(point.path());
        if (value == null || point.side() == Cut.Side.INPUT) {
            throw new UnknownLayerException(point.toString(), List.copyOf(values.keySet()));
        }
        int tensors = value.structure().tensors();
        if (tensors >= 0 && point.element() >= tensors) {
            throw new UnknownLayerException(
                    point.toString(), List.of(point.output(tensors - 1).toString()));
        }
        return new Row(value.module(), point.call(), value.side(), point.element(), false);
    }
}
