// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.OperationInfo;
import io.github.attribution4j.djl.internal.program.Signature;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.internal.NearNames;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Resolves addresses of values inside a program. */
final class TorchAddresses {
    private static final Pattern MODULE = Pattern.compile(
            "(?<path>.+?)(?:#(?<call>\\d{1,9}))?(?<end>(?::in|:out)?(?:\\[\\d{1,9}])?)", Pattern.DOTALL);

    /** The same few layers are used again and again; the number of calls in a loop has no bound. */
    private static final int KEPT = 4096;

    private final TorchModules modules;
    private final Map<Cut.Point, Row> rows = new ConcurrentHashMap<>();
    private final Map<String, Cut.Point> named = new ConcurrentHashMap<>();
    private volatile @Nullable List<Cut.Point> cutPoints;
    private volatile @Nullable List<Operation> operations;

    TorchAddresses(TorchModules modules) {
        this.modules = modules;
    }

    /** All modules in pre-order, so that the position is the index; the root is the first. */
    List<ModuleInfo> modules() {
        return modules.values().modules();
    }

    /** Returns the module with a path, or null if there is none below the root. */
    private @Nullable ModuleInfo layer(String path) {
        for (ModuleInfo info : modules()) {
            if (info.index() > 0 && info.path().equals(path)) {
                return info;
            }
        }
        return null;
    }

    /** Every operation in the text of the program, with or without a gradient. */
    List<Operation> operations() {
        List<Operation> known = operations;
        if (known == null) {
            known = modules.values().operations().stream().map(this::operation).toList();
            operations = known;
        }
        return known;
    }

    private Operation operation(OperationInfo info) {
        String module = modules().get(info.module()).path();
        String address = module + "/" + info.operator() + "#" + info.number();
        return new Operation(address, module, info.name(), info.kind(), info.order());
    }

    /**
     * Returns the modules at which the program can be cut, one point for each place of a call. If no module is called,
     * as in frozen archives and those of PyTorch 1.3, returns the places in the text.
     */
    List<Cut.Point> cutPoints() {
        List<Cut.Point> known = cutPoints;
        if (known == null) {
            known = inMethods() ? modules.inner().points() : points(modules());
            cutPoints = known;
        }
        return known;
    }

    /** Whether no module is called, so that only values inside methods can be addressed. */
    boolean inMethods() {
        return points(modules()).isEmpty();
    }

    private static List<Cut.Point> points(List<ModuleInfo> modules) {
        List<Cut.Point> points = new ArrayList<>();
        for (ModuleInfo info : modules) {
            if (info.index() == 0 || !info.addressable()) {
                continue;
            }
            int call = 0;
            for (ModuleInfo.Call way : info.calls()) {
                for (int site = 0; site < way.sites(); site++, call++) {
                    if (way.result().hasTensors()) {
                        points.add(new Cut.Point(info.path(), info.simpleType(), call));
                    }
                }
            }
        }
        return List.copyOf(points);
    }

    /**
     * Returns the row of a point.
     *
     * @throws UnknownLayerException if there is no such module, or no such call or element of it
     * @throws UnsupportedModelException if the module cannot be reached
     */
    Row row(Cut.Point point) {
        return remembered(rows, point, this::find);
    }

    private static <K, V> V remembered(Map<K, V> all, K key, Function<K, V> finder) {
        V known = all.get(key);
        if (known == null) {
            known = finder.apply(key);
            if (all.size() < KEPT) {
                all.put(key, known);
            }
        }
        return known;
    }

    private Row find(Cut.Point point) {
        ModuleInfo info = layer(point.path());
        if (info == null && point.path().indexOf('/') >= 0) {
            return modules.inner().row(point);
        }
        if (info == null) {
            throw new UnknownLayerException(
                    point.path(),
                    cutPoints().stream().map(Cut.Point::path).distinct().toList());
        }
        if (!info.alias().isEmpty()) {
            return row(new Cut.Point(info.alias(), point.kind(), point.call(), point.side(), point.element()));
        }
        if (!info.addressable()) {
            throw unreachable(point.path(), info.reason());
        }
        boolean output = point.side() == Cut.Side.OUTPUT;
        List<ModuleInfo.Call> calls = info.calls().stream()
                .flatMap(way -> Collections.nCopies(way.sites(), way).stream())
                .toList();
        int tensors = 0;
        if (point.call() < calls.size()) {
            tensors = elements(calls.get(point.call()), output);
        } else if (isRepeated(info)) {
            tensors = calls.stream()
                    .filter(ModuleInfo.Call::repeated)
                    .mapToInt(call -> elements(call, output))
                    .max()
                    .orElse(0);
        }
        if (tensors >= 0 && point.element() >= tensors) {
            throw new UnknownLayerException(point.toString(), addresses(point.path(), calls));
        }
        return new Row(info.index(), point.call(), output ? Row.RESULT : Row.ARGUMENTS, point.element(), false);
    }

    private static boolean isRepeated(ModuleInfo info) {
        return info.calls().stream().anyMatch(ModuleInfo.Call::repeated);
    }

    /** Returns a remark on a point in addition to its address and kind; empty for most points. */
    String note(Cut.Point point) {
        ModuleInfo info = layer(point.path());
        if (info == null) {
            return "";
        }
        List<ModuleInfo.Call> calls = info.calls().stream()
                .flatMap(way -> Collections.nCopies(way.sites(), way).stream())
                .toList();
        List<String> notes = new ArrayList<>();
        if (point.call() < calls.size() && calls.get(point.call()).repeated()) {
            notes.add("repeated: " + call(point, calls.size()) + ", " + call(point, calls.size() + 1) + ", ...");
        }
        if (point.call() < calls.size() && calls.get(point.call()).passesThrough()) {
            notes.add("passes its input through");
        }
        modules().stream()
                .filter(other -> other.alias().equals(info.path()))
                .forEach(other -> notes.add("also named " + other.path()));
        Matcher other = MODULE.matcher(info.path());
        if (other.matches() && !other.group("path").equals(info.path()) && layer(other.group("path")) != null) {
            String number = other.group("call") == null ? "0" : other.group("call");
            notes.add("the value of " + other.group("path") + " that would have this address is " + other.group("path")
                    + "#" + number + ":out".repeat(other.group("end").isEmpty() ? 1 : 0) + other.group("end"));
        }
        return String.join("; ", notes);
    }

    private static Cut.Point call(Cut.Point point, int number) {
        return new Cut.Point(point.path(), point.kind(), number, point.side(), point.element());
    }

    private static UnsupportedModelException unreachable(String path, String reason) {
        return new UnsupportedModelException("layer '" + path + "' cannot be cut: " + reason);
    }

    /** The number of tensors that a call returns or takes; -1 if it is known only at run time. */
    static int elements(ModuleInfo.Call call, boolean output) {
        if (output) {
            return call.result().tensors();
        }
        int sum = 0;
        for (Signature.Parameter parameter : call.parameters()) {
            int tensors = parameter.structure().tensors();
            if (tensors < 0) {
                return -1;
            }
            sum += tensors;
        }
        return sum;
    }

    /** The addresses of all results and arguments of a module's calls, as far as the program's text shows them. */
    private static List<String> addresses(String path, List<ModuleInfo.Call> calls) {
        List<String> addresses = new ArrayList<>();
        for (int call = 0; call < calls.size(); call++) {
            Cut.Point first = new Cut.Point(path, "", call);
            for (int i = 0; i < Math.abs(elements(calls.get(call), true)); i++) {
                addresses.add(first.output(i).toString());
            }
            for (int i = 0; i < Math.abs(elements(calls.get(call), false)); i++) {
                addresses.add(first.input(i).toString());
            }
        }
        return addresses;
    }

    /**
     * Returns the cut point with this address.
     *
     * @throws UnknownLayerException naming the nearest known paths
     * @throws UnsupportedModelException if the module exists and cannot be tapped or replaced, with the reason
     */
    Cut.Point cutPoint(String address) {
        return remembered(named, address, this::find);
    }

    private Cut.Point find(String address) {
        Optional<Cut.Point> found = LayeredModel.find(cutPoints(), address);
        if (found.isEmpty()) {
            found = unlisted(address);
        }
        if (found.isEmpty() && layer(address) == null) {
            found = modules.inner().find(address);
        }
        if (found.isPresent()) {
            row(found.get());
            return found.get();
        }
        for (ModuleInfo info : modules()) {
            if (info.index() > 0 && !info.path().isEmpty() && address.startsWith(info.path())) {
                String rest = address.substring(info.path().length());
                if (rest.isEmpty() || rest.equals(":in") || rest.matches("(:in|:out)?\\[\\d+]")) {
                    if (!info.addressable()) {
                        throw unreachable(info.path(), info.reason());
                    }
                    Optional<Cut.Point> silent =
                            LayeredModel.find(List.of(new Cut.Point(info.path(), info.simpleType(), 0)), address);
                    if (silent.isPresent() && silent.get().side() == Cut.Side.INPUT) {
                        row(silent.get());
                        return silent.get();
                    }
                    throw unreachable(info.path(), "the program uses no tensor that it returns");
                }
            }
        }
        throw new UnknownLayerException(address, known(address));
    }

    /** A later call of a module that is called repeatedly, or a module under another name than the program's. */
    private Optional<Cut.Point> unlisted(String address) {
        Matcher matcher = MODULE.matcher(address);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        String call = matcher.group("call");
        ModuleInfo named = layer(address);
        if (named == null) {
            named = layer(matcher.group("path"));
        }
        if (named == null && call != null) {
            // The name itself ends with text like the number of a call.
            named = layer(matcher.group("path") + "#" + call);
            call = null;
        }
        if (named == null) {
            return Optional.empty();
        }
        ModuleInfo info = named.alias().isEmpty() ? named : layer(named.alias());
        if (info == null || !info.addressable()) {
            return Optional.empty();
        }
        String called = info.path() + address.substring(named.path().length());
        Optional<Cut.Point> listed = LayeredModel.find(cutPoints(), called);
        return listed.isEmpty() && call != null && isRepeated(info)
                ? LayeredModel.find(
                        List.of(new Cut.Point(info.path(), info.simpleType(), Integer.parseInt(call))), called)
                : listed;
    }

    /** Similar addresses; values inside methods only if no module's name is similar. */
    private List<String> known(String address) {
        List<String> modules = cutPoints().stream().map(Cut.Point::toString).toList();
        if (address.indexOf('/') < 0 && !NearNames.of(address, modules).isEmpty()) {
            return modules;
        }
        return Stream.concat(
                        modules.stream(), this.modules.inner().points().stream().map(Cut.Point::toString))
                .distinct()
                .toList();
    }
}
