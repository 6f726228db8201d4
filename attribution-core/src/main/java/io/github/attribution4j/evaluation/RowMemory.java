// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.tensor.DataType;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.TensorScope;
import java.lang.ref.Reference;
import java.lang.ref.ReferenceQueue;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What evaluations found out about a model: whether rows share calls, and the memory that a row takes. There is one for
 * each loaded model, shared by its parts and by all threads. It is dropped with the model: models are referenced
 * weakly, by identity, and nothing in it refers to one.
 */
final class RowMemory {
    /** The most shapes of rows, since texts come in many lengths. What is dropped is found out again. */
    private static final int KNOWN_SHAPES = 1000;

    /**
     * So many compared calls are enough, if they cannot show everything: pictures that all contain black and white, for
     * example, differ but have the same range.
     */
    private static final int ENOUGH = 3;

    private static final Map<Key, RowMemory> MODELS = new ConcurrentHashMap<>();
    private static final ReferenceQueue<Model> GONE = new ReferenceQueue<>();

    private final Map<Question, Finding> findings = new ConcurrentHashMap<>();
    private final Map<Question, OptionalLong> gradientBytes = new ConcurrentHashMap<>();
    private final Map<Question, OptionalLong> forwardBytes = new ConcurrentHashMap<>();

    /** How rows may be given to a call. */
    enum Way {
        /** Nothing was compared yet. */
        UNKNOWN,
        /** Rows were found not to change each other. */
        SHARED,
        /** One row for each call. */
        SINGLE
    }

    /**
     * What was found out.
     *
     * @param way how calls may be made
     * @param copies how many copies of a single row a call has, because the model refuses fewer; mostly 1
     * @param compared how many calls were compared that could not show everything
     * @param reasons for a way other than the usual one; sentences for notices
     */
    record Finding(Way way, int copies, int compared, List<String> reasons) {
        static final Finding NONE = new Finding(Way.UNKNOWN, 1, 0, List.of());

        /**
         * Returns this after another call was compared that could not show everything. After enough of them, rows
         * share calls.
         */
        Finding comparedAgain() {
            return new Finding(compared + 1 < ENOUGH ? way : Way.SHARED, copies, compared + 1, reasons);
        }

        private Finding and(Finding other) {
            List<String> all = new ArrayList<>(reasons);
            other.reasons.stream().filter(reason -> !all.contains(reason)).forEach(all::add);
            return new Finding(
                    way.compareTo(other.way) > 0 ? way : other.way,
                    Math.max(copies, other.copies),
                    Math.max(compared, other.compared),
                    List.copyOf(all));
        }

        Finding with(Way newWay, int nowCopies, @Nullable String reason) {
            List<String> all = new ArrayList<>(reasons);
            if (reason != null && !all.contains(reason)) {
                all.add(reason);
            }
            return new Finding(newWay, nowCopies, compared, List.copyOf(all));
        }
    }

    /** A part of the model, with the shapes and types of its rows. */
    record Question(String part, List<Shape> rows, List<DataType> types) {
        static Question of(Model model, Inputs inputs) {
            List<Shape> rows = new ArrayList<>();
            List<DataType> types = new ArrayList<>();
            for (Inputs.Input input : inputs.all()) {
                Shape shape = input.tensor().shape();
                rows.add(input.role() == Inputs.Role.CONSTANT ? shape : shape.with(input.rowAxis(), 1));
                types.add(input.tensor().dataType());
            }
            return new Question(model.part().part(), List.copyOf(rows), List.copyOf(types));
        }

        Question at(String place) {
            return place.isEmpty() ? this : new Question(part + place, rows, types);
        }
    }

    private static final class Key extends WeakReference<Model> {
        private final int hash;

        Key(Model model, @Nullable ReferenceQueue<Model> queue) {
            super(model, queue);
            hash = System.identityHashCode(model);
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public boolean equals(Object other) {
            if (this == other) {
                return true;
            }
            Model model = get();
            return model != null && other instanceof Key key && key.refersTo(model);
        }
    }

    static RowMemory of(Model.Part part) {
        for (Reference<? extends Model> gone = GONE.poll(); gone != null; gone = GONE.poll()) {
            MODELS.remove(gone);
        }
        RowMemory known = MODELS.get(new Key(part.whole(), null));
        return known != null ? known : MODELS.computeIfAbsent(new Key(part.whole(), GONE), key -> new RowMemory());
    }

    Finding finding(Question question) {
        return findings.getOrDefault(question, Finding.NONE);
    }

    void learn(Question question, Finding finding) {
        if (findings.size() >= KNOWN_SHAPES) {
            findings.clear();
        }
        // Two threads may add at the same time.
        findings.merge(question, finding, Finding::and);
    }

    /** Returns a model's estimate for one more row, which is made once, with one row. */
    OptionalLong bytesPerRow(Question question, Model model, Inputs inputs, boolean gradients) {
        Map<Question, OptionalLong> known = gradients ? gradientBytes : forwardBytes;
        OptionalLong bytes = known.get(question);
        if (bytes == null) {
            if (known.size() >= KNOWN_SHAPES) {
                known.clear();
            }
            bytes = measured(model, inputs, gradients);
            known.put(question, bytes);
        }
        return bytes;
    }

    private static OptionalLong measured(Model model, Inputs inputs, boolean gradients) {
        try (TensorScope scope = TensorScope.open()) {
            return model.bytesPerRow(inputs.rows() == 1 ? inputs : inputs.select(0), gradients);
        } catch (ModelException.OutOfMemory e) {
            throw e;
        } catch (ModelException e) {
            // If the model cannot run the row, the actual run reports it.
            return OptionalLong.empty();
        }
    }
}
