// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.model;

import io.github.attribution4j.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The run of a program that was changed to follow rules, seen as a run by rules: its derivative is that of the
 * changed program.
 */
record RunByRules(Pullback changed) implements BackwardRun {
    @Override
    public Tensor output() {
        return changed.output();
    }

    @Override
    public List<Tensor> activations() {
        return changed.activations();
    }

    @Override
    public List<Tensor> back(Tensor sent) {
        return changed.vjp(sent);
    }

    @Override
    public List<Tensor> backLast(Tensor sent) {
        return changed.vjpLast(sent);
    }

    @Override
    public Optional<Tensor> referenceOutput() {
        return changed.referenceOutput();
    }

    @Override
    public Set<String> unused() {
        return changed.unused();
    }

    @Override
    public Optional<String> approximation() {
        return changed.approximation();
    }

    @Override
    public void close() {
        changed.close();
    }
}
