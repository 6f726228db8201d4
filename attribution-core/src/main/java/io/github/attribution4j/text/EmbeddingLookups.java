// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.text;

import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** Finds where a model looks up ids in tables of vectors. */
final class EmbeddingLookups {
    private static final String EMBEDDING = "embedding";
    private static final String BAG = "bag";
    private static final String ROTARY = "rotary";

    private EmbeddingLookups() {}

    /** See {@link TokenAttribution#lookups}. */
    static List<TokenAttribution.Lookup> find(LayeredModel model, Inputs inputs) {
        try (TensorScope scope = TensorScope.open()) {
            Inputs row = inputs.select(0).on(model.tensors());
            List<Cut.Value> values = model.values(row).stream()
                    .filter(value -> isNamedSo(value.point()))
                    .toList();
            List<TokenAttribution.Lookup> found = new ArrayList<>();
            for (Cut.Value value : innermost(values)) {
                Cut.Point known = ids(value, values).orElse(value.point());
                Tensor tensor = model.cut(known).activations(row).get(0);
                Predicate<Inputs.Input> fits = known.equals(value.point())
                        ? input -> tellsApart(tensor, input.tensor())
                        : input -> holds(tensor, input.tensor());
                found.add(new TokenAttribution.Lookup(value.point(), value.shape(), source(row, fits)));
            }
            return found;
        }
    }

    /** Returns whether a module or an operator has the name of one that looks up. */
    private static boolean isNamedSo(Cut.Point point) {
        String kind = point.kind().toLowerCase(Locale.ROOT);
        return point.isInside()
                ? kind.equals(EMBEDDING)
                : kind.contains(EMBEDDING) && !kind.contains(BAG) && !kind.contains(ROTARY);
    }

    /** Returns whether a module adds up the vectors it looks up. */
    static boolean isBag(Cut.Point point) {
        String kind = point.kind().toLowerCase(Locale.ROOT);
        return kind.contains(EMBEDDING) && kind.contains(BAG);
    }

    /** Returns the results that are lookups and have no other lookup inside. */
    private static List<Cut.Value> innermost(List<Cut.Value> values) {
        List<Cut.Value> candidates = values.stream()
                .filter(value -> value.point().side() == Cut.Side.OUTPUT
                        && value.point().element() == 0
                        && value.dataType().isFloating()
                        && value.shape().rank() > 1
                        && value.shape().dim(0) == 1
                        && (value.point().isInside() || ids(value, values).isPresent()))
                .toList();
        return candidates.stream()
                .filter(value -> candidates.stream()
                        .noneMatch(other -> !other.equals(value) && contains(value.point(), other.point())))
                .toList();
    }

    /** A module is preferred to the operator inside it. */
    private static boolean contains(Cut.Point outer, Cut.Point inner) {
        if (outer.isInside()) {
            int slash = outer.path().lastIndexOf('/');
            return !inner.isInside() && inner.path().equals(outer.path().substring(0, slash));
        }
        return inner.path().startsWith(outer.path() + ".");
    }

    /** Returns the integer argument of a call whose shape is that of the result without the last axis. */
    private static Optional<Cut.Point> ids(Cut.Value result, List<Cut.Value> values) {
        Cut.Point point = result.point();
        return values.stream()
                .filter(value -> value.point().side() == Cut.Side.INPUT
                        && value.point().path().equals(point.path())
                        && value.point().call() == point.call()
                        && !value.dataType().isFloating()
                        && result.shape().rank() == value.shape().rank() + 1
                        && Arrays.equals(
                                value.shape().dims(),
                                Arrays.copyOf(
                                        result.shape().dims(), value.shape().rank())))
                .map(Cut.Value::point)
                .findFirst();
    }

    private static boolean holds(Tensor ids, Tensor input) {
        return input.shape().size() == ids.shape().size() && Arrays.equals(ids.toLongArray(), input.toLongArray());
    }

    /**
     * Returns whether vectors are equal where ids are, and differ where ids do. An operator shows its ids in no other
     * way.
     */
    private static boolean tellsApart(Tensor vectors, Tensor input) {
        int rank = input.shape().rank();
        if (vectors.shape().rank() != rank + 1
                || !Arrays.equals(
                        input.shape().dims(), Arrays.copyOf(vectors.shape().dims(), rank))) {
            return false;
        }
        long[] ids = input.toLongArray();
        double[] elements = vectors.toDoubleArray();
        int width = elements.length / ids.length;
        Map<Long, double[]> vectorOfId = new HashMap<>();
        Map<String, Long> idOfVector = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            double[] vector = Arrays.copyOfRange(elements, i * width, (i + 1) * width);
            double[] before = vectorOfId.putIfAbsent(ids[i], vector);
            Long other = idOfVector.putIfAbsent(Arrays.toString(vector), ids[i]);
            if ((before != null && !Arrays.equals(before, vector)) || (other != null && other != ids[i])) {
                return false;
            }
        }
        return true;
    }

    /** Returns the input of integers that fits, an attributed one before others. */
    private static Optional<String> source(Inputs row, Predicate<Inputs.Input> fits) {
        List<Inputs.Input> fitting = row.all().stream()
                .filter(input -> !input.tensor().dataType().isFloating())
                .filter(fits)
                .toList();
        return fitting.stream()
                .filter(input -> input.role() == Inputs.Role.ATTRIBUTED)
                .findFirst()
                .or(() -> fitting.stream().findFirst())
                .map(Inputs.Input::name);
    }
}
