// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.djl;

import io.github.attribution4j.model.Pullback;
import io.github.attribution4j.model.UnsupportedModelException;
import io.github.attribution4j.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A pullback to parameters of which some have several names: their gradient is the sum of those by each name. */
final class TiedPullback implements Pullback {
    private final Pullback byName;
    private final Map<String, List<String>> tied;

    /**
     * Makes a pullback of another one, which it owns.
     *
     * @param byName to all names of the parameters, in order
     * @param tied for the name by which each is asked for its names among those
     */
    TiedPullback(Pullback byName, Map<String, List<String>> tied) {
        this.byName = byName;
        this.tied = tied;
    }

    @Override
    public Tensor output() {
        return byName.output();
    }

    @Override
    public List<Tensor> activations() {
        return List.of();
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return Optional.empty();
    }

    @Override
    public Optional<String> approximation() {
        return byName.approximation();
    }

    @Override
    public List<Tensor> vjp(Tensor cotangent) {
        return sums(byName.vjp(cotangent));
    }

    @Override
    public List<Tensor> vjpLast(Tensor cotangent) {
        return sums(byName.vjpLast(cotangent));
    }

    private List<Tensor> sums(List<Tensor> gradients) {
        List<Tensor> sums = new ArrayList<>();
        int at = 0;
        for (List<String> names : tied.values()) {
            Tensor sum = gradients.get(at++);
            for (String other : names.subList(1, names.size())) {
                Tensor more = gradients.get(at++);
                if (!more.shape().equals(sum.shape())) {
                    throw new UnsupportedModelException("parameters '" + names.get(0) + "' and '" + other
                            + "' share elements and have other shapes, so that there is no gradient by them; leave"
                            + " them out");
                }
                sum = sum.add(more);
            }
            sums.add(sum);
        }
        return sums;
    }

    /** Returns the parameters that are unused by all their names. */
    @Override
    public Set<String> unused() {
        Set<String> unused = new HashSet<>();
        tied.forEach((name, all) -> {
            if (byName.unused().containsAll(all)) {
                unused.add(name);
            }
        });
        return unused;
    }

    @Override
    public void close() {
        byName.close();
    }

    @Override
    public String toString() {
        return "Pullback" + tied.keySet();
    }
}
