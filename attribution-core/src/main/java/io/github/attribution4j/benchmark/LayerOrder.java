// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.benchmark;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.model.rule.Operation;
import io.github.attribution4j.model.rule.RuledModel;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The results of a model's layers in the order in which they are there: what is inside a module before the module. */
final class LayerOrder {
    private LayerOrder() {}

    /** A point, and when it is done. */
    private record Done(Cut.Point point, int order) {}

    /** Returns whether the program of a model tells in which order it runs its layers. */
    static boolean isKnown(LayeredModel model) {
        return !operations(model).isEmpty();
    }

    private static List<Operation> operations(LayeredModel model) {
        try {
            return model instanceof RuledModel ruled ? ruled.operations() : List.of();
        } catch (UnsupportedModelException e) {
            return List.of();
        }
    }

    /** Returns the points at outputs; in the model's own order where its program does not tell another. */
    static List<Cut.Point> of(LayeredModel model) {
        List<Operation> operations = operations(model);
        List<Cut.Point> points = model.cutPoints().stream()
                .filter(point -> point.side() == Cut.Side.OUTPUT)
                .toList();
        List<Done> done = new ArrayList<>();
        int before = -1;
        for (int i = 0; i < points.size(); i++) {
            String path = points.get(i).path();
            int last = operations.isEmpty() ? i : -1;
            for (Operation operation : operations) {
                if (isWithin(operation.module(), path)) {
                    last = Math.max(last, operation.order());
                }
            }
            for (int k = i + 1; k < points.size() && operations.isEmpty(); k++) {
                last = isWithin(points.get(k).path(), path) ? k : last;
            }
            // A module without operations of its own comes after the one that is listed before it.
            before = last < 0 ? before : last;
            done.add(new Done(points.get(i), before));
        }
        return done.stream()
                .sorted(Comparator.comparingInt(Done::order)
                        .thenComparing(each -> -depth(each.point().path())))
                .map(Done::point)
                .toList();
    }

    private static boolean isWithin(String module, String path) {
        return module.equals(path) || module.startsWith(path + ".");
    }

    private static int depth(String path) {
        return (int) path.chars().filter(c -> c == '.').count();
    }
}
