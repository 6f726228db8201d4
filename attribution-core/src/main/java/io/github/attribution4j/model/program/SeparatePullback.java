// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model.program;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;

/** Pullbacks of one row each, as one pullback of several rows. */
final class SeparatePullback implements Pullback {
    private final List<Pullback> parts;
    private final List<Integer> axes;
    private final Tensor output;
    private final List<Tensor> activations;
    private final Optional<Tensor> referenceOutput;

    /**
     * Makes one pullback of several, which it owns.
     *
     * @param parts one for each row
     * @param axes for each gradient the axis that counts its rows; empty if that is axis 0 for all
     */
    SeparatePullback(List<Pullback> parts, List<Integer> axes) {
        this.parts = List.copyOf(parts);
        this.axes = axes;
        this.output = together(parts.stream().map(Pullback::output).toList());
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> joined =
                    OneByOne.joined(parts.stream().map(Pullback::activations).toList(), List.of());
            this.activations = joined.stream().map(TensorScope::release).toList();
        }
        List<Tensor> references =
                parts.stream().flatMap(part -> part.referenceOutput().stream()).toList();
        this.referenceOutput = references.size() == parts.size() ? Optional.of(together(references)) : Optional.empty();
    }

    private static Tensor together(List<Tensor> rows) {
        return TensorScope.release(rows.get(0).tensors().concat(rows, 0));
    }

    @Override
    public Tensor output() {
        return output;
    }

    @Override
    public List<Tensor> activations() {
        return activations;
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return referenceOutput;
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return products(cotangent, Pullback::vjp);
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return products(cotangent, Pullback::vjpLast);
    }

    private List<Tensor> products(Tensor cotangent, BiFunction<Pullback, Tensor, List<Tensor>> product) {
        requireFit(cotangent);
        try (TensorScope scope = TensorScope.open()) {
            List<List<Tensor>> rows = new ArrayList<>();
            for (int r = 0; r < parts.size(); r++) {
                rows.add(product.apply(parts.get(r), cotangent.rows(r, r + 1)));
            }
            return scope.keepAll(OneByOne.joined(rows, axes));
        }
    }

    /** Returns the names on which no row depends. */
    @Override
    public Set<String> unused() {
        Set<String> unused = new HashSet<>(parts.get(0).unused());
        parts.forEach(part -> unused.retainAll(part.unused()));
        return unused;
    }

    /** Returns that of the first row: all rows go back the same way. */
    @Override
    public Optional<String> approximation() {
        return parts.get(0).approximation();
    }

    @Override
    public void close() {
        parts.forEach(Pullback::close);
        output.close();
        activations.forEach(Tensor::close);
        referenceOutput.ifPresent(Tensor::close);
    }

    @Override
    public String toString() {
        return "Pullback" + parts;
    }
}
