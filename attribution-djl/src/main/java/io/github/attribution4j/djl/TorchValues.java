// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import ai.djl.pytorch.engine.PtNDArray;
import io.github.attribution4j.djl.internal.engine.Types;
import io.github.attribution4j.djl.internal.instrument.InnerPoints;
import io.github.attribution4j.djl.internal.program.ModuleInfo;
import io.github.attribution4j.djl.internal.program.ValueInfo;
import io.github.attribution4j.djl.internal.wire.Reply;
import io.github.attribution4j.djl.internal.wire.Row;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.program.Program;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Lists and measures the values of a run of a program. */
final class TorchValues {
    private static final int KNOWN_SHAPES = 1000;
    private static final int LISTED_ELEMENTS = 8;

    private final TorchModules modules;
    private final TorchAddresses addresses;
    private final TorchProgram program;
    private final Map<List<Shape>, List<Long>> sizes = new ConcurrentHashMap<>();

    TorchValues(TorchModules modules, TorchAddresses addresses, TorchProgram program) {
        this.modules = modules;
        this.addresses = addresses;
        this.program = program;
    }

    /** Returns the values at the places inside methods, in the order of execution. */
    List<Cut.Value> inMethods(Inputs inputs) {
        modules.module().check();
        InnerPoints inner = modules.inner();
        List<Cut.Point> points = new ArrayList<>();
        List<Row> rows = new ArrayList<>();
        for (ValueInfo place : inner.values()) {
            int tensors = place.structure().tensors();
            for (int element = 0; element < (tensors < 0 ? LISTED_ELEMENTS : tensors); element++) {
                rows.add(new Row(place.module(), Row.EVERY_CALL, place.side(), element, false));
                points.add(new Cut.Point(inner.path(place), place.operator(), 0).output(element));
            }
        }
        return values(inputs, rows, tap -> {
            Cut.Point first = points.get(tap.row());
            String kind = first.kind().isEmpty() ? "variable" : first.kind();
            return new Cut.Point(first.path(), kind, tap.call()).output(first.element());
        });
    }

    /** Returns the arguments and results of modules, in the order of modules. */
    List<Cut.Value> ofModules(Inputs inputs) {
        modules.module().check();
        List<Row> rows = new ArrayList<>();
        for (ModuleInfo info : addresses.modules()) {
            if (info.index() > 0 && info.addressable()) {
                for (boolean output : new boolean[] {true, false}) {
                    int most = info.calls().stream()
                            .mapToInt(call -> TorchAddresses.elements(call, output))
                            .map(count -> count < 0 ? LISTED_ELEMENTS : count)
                            .max()
                            .orElse(0);
                    for (int element = 0; element < most; element++) {
                        rows.add(new Row(
                                info.index(), Row.EVERY_CALL, output ? Row.RESULT : Row.ARGUMENTS, element, false));
                    }
                }
            }
        }
        Map<Cut.Point, Cut.Value> values = new HashMap<>();
        for (Cut.Value value : values(inputs, rows, tap -> {
            Row row = rows.get(tap.row());
            ModuleInfo info = addresses.modules().get(row.module());
            Cut.Point first = new Cut.Point(info.path(), info.simpleType(), tap.call());
            return row.side() == Row.RESULT ? first.output(row.element()) : first.input(row.element());
        })) {
            values.put(value.point(), value);
        }
        Map<String, Integer> order = new HashMap<>();
        addresses.modules().forEach(info -> order.put(info.path(), info.index()));
        return values.values().stream()
                .sorted(Comparator.comparing((Cut.Value value) ->
                                order.getOrDefault(value.point().path(), 0))
                        .thenComparing(value -> value.point().call())
                        .thenComparing(value -> value.point().side())
                        .thenComparing(value -> value.point().element()))
                .toList();
    }

    /** Runs the program and lists the values of rows, in order of execution. */
    private List<Cut.Value> values(Inputs inputs, List<Row> rows, Function<Reply.Tap<PtNDArray>, Cut.Point> point) {
        boolean alone = program.rowLayout() == Program.RowLayout.NONE;
        List<Row> seen = alone ? rows.stream().map(row -> row.seen(Row.ALONE)).toList() : rows;
        return program.tapped(
                alone ? inputs.select(0) : inputs,
                seen,
                false,
                reply -> reply.taps().stream()
                        .map(tap -> {
                            Shape shape = Types.fromDjl(tap.tensor().getShape());
                            return new Cut.Value(
                                    point.apply(tap),
                                    Types.fromDjl(tap.tensor().getDataType()),
                                    alone ? shape.withRows(inputs.rows()) : shape);
                        })
                        .toList());
    }

    /** Estimates the memory of a row; see {@link io.github.attribution4j.model.Model#bytesPerRow}. */
    long bytesPerRow(Inputs row, boolean gradients) {
        modules.module().check();
        try (TensorScope scope = TensorScope.open()) {
            Inputs one = row.rows() == 1 ? row : row.select(0);
            List<Shape> shapes = one.tensors().stream().map(Tensor::shape).toList();
            if (sizes.size() >= KNOWN_SHAPES) {
                // The most shapes of rows, since texts come in many lengths. What is dropped is measured again.
                sizes.clear();
            }
            List<Long> known = sizes.computeIfAbsent(shapes, key -> measured(one));
            long largest = known.stream().mapToLong(Long::longValue).max().orElse(0);
            long sum = known.stream().mapToLong(Long::longValue).sum();
            long inputs = one.tensors().stream()
                    .mapToLong(
                            tensor -> tensor.shape().size() * tensor.dataType().bytes())
                    .sum();
            return gradients ? sum + 2 * largest + 2 * inputs : 3 * largest + inputs;
        }
    }

    private List<Long> measured(Inputs one) {
        try {
            return measuredAsGiven(one);
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            // Some programs lose the axis of rows if there is only one row.
            return measuredAsGiven(one.select(0, 0)).stream()
                    .map(size -> (size + 1) / 2)
                    .toList();
        }
    }

    /** Runs with every module's result tapped and returns the sizes of what was computed. */
    private List<Long> measuredAsGiven(Inputs inputs) {
        Inputs row = program.rowLayout() == Program.RowLayout.NONE ? inputs.select(0) : inputs;
        List<Row> rows = addresses.modules().stream()
                .filter(info -> info.addressable() && info.index() > 0)
                .map(info -> new Row(info.index(), Row.EVERY_CALL, Row.RESULT, 0, false))
                .toList();
        return program.tapped(row, rows, false, reply -> {
            List<Long> all = new ArrayList<>();
            reply.taps().forEach(tap -> all.add(bytes(tap.tensor())));
            reply.outputs().forEach(output -> all.add(bytes(output)));
            return all;
        });
    }

    private static long bytes(PtNDArray array) {
        return array.size() * array.getDataType().getNumOfBytes();
    }
}
