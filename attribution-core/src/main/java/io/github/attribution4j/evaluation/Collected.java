// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.evaluation;

import io.github.attribution4j.status.Experimental;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;

/**
 * Collects tensors that are made {@linkplain Evaluator.Part part} by part, and joins them along axis 0 at the end. Not
 * thread-safe.
 */
@Experimental
public final class Collected {
    private final List<List<Tensor>> parts = new ArrayList<>();

    /** Starts with no parts. */
    public Collected() {}

    /** Adds the tensors made from the next part, which must outlive it; their number is the same for all parts. */
    public void add(Evaluator.Part part, List<Tensor> tensors) {
        add(part.batch(), tensors);
    }

    void add(TensorScope batch, List<Tensor> tensors) {
        parts.add(batch.keepAll(tensors));
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    /** Adds the only tensor made from the next part. */
    public void add(Evaluator.Part part, Tensor tensor) {
        add(part, List.of(tensor));
    }

    /** Returns the tensors of all parts, joined: axis 0 counts all rows. */
    public List<Tensor> joined() {
        List<Tensor> joined = new ArrayList<>();
        for (int i = 0; i < parts.get(0).size(); i++) {
            int number = i;
            joined.add(join(parts.stream().map(part -> part.get(number)).toList()));
        }
        return joined;
    }

    /** Returns tensors joined along axis 0; a single tensor is returned itself. */
    public static Tensor join(List<Tensor> tensors) {
        return tensors.size() == 1 ? tensors.get(0) : tensors.get(0).tensors().concat(tensors, 0);
    }

    /** Returns the number of parts. */
    @Override
    public String toString() {
        return "Collected[" + parts.size() + (parts.size() == 1 ? " part]" : " parts]");
    }
}
