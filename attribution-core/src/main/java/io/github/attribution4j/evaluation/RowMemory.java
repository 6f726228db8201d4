// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.model.ModelException;
import io.github.attribution4j.model.ModelMemoryException;
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
 * What evaluations learned of a model: how the rows of its calls go together, and what a row takes. One for each model
 * that the user holds, shared by its parts and by all threads, and gone with it: models are remembered weakly, by
 * identity, and nothing remembered refers to one.
 */
final class RowMemory {
    /** Texts come in many lengths; what is forgotten is learned again. */
    private static final int KNOWN_SHAPES = 1000;

    /**
     * Calls whose rows differ, but all reach the same range, say as pictures do that hold black and white: no more is
     * to come.
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
        /** Rows were seen not to change each other. */
        SHARED,
        /** One row a call. */
        SINGLE
    }

    /**
     * What is known.
     *
     * @param way how rows may be given
     * @param copies how many times a single row is given to a call, because the model refuses it fewer times; 1 as
     *     a rule
     * @param compared how many calls were compared that could not tell everything
     * @param reasons why, if not as usual; sentences for notices
     */
    record Finding(Way way, int copies, int compared, List<String> reasons) {
        static final Finding NONE = new Finding(Way.UNKNOWN, 1, 0, List.of());

        /**
         * Returns this after another call was compared that could not tell everything; enough of them are taken
         * for all.
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

    /** Which part of the model, for rows of which shapes and types. */
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
        // Two threads may learn at once.
        findings.merge(question, finding, Finding::and);
    }

    /** Returns what a model says that one more row takes, asked once, with one row. */
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
        } catch (ModelMemoryException e) {
            throw e;
        } catch (ModelException e) {
            // A model that cannot run the row says so when it is run in earnest.
            return OptionalLong.empty();
        }
    }
}
