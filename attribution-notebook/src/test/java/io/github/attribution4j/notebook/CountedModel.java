// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.notebook;

import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.Model;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.Tensors;

/** A model that owns memory which is no tensor, as those of the engines do; it counts how many of them are open. */
public final class CountedModel implements Model, AutoCloseable {
    static int open;

    private final Model model = Model.of(rows -> rows.clone());
    private boolean closed;

    /** Loads one. */
    public CountedModel() {
        open++;
    }

    @Override
    public Tensor forward(Inputs inputs) {
        if (closed) {
            throw new IllegalStateException("this model was closed");
        }
        return model.forward(inputs);
    }

    @Override
    public Tensors tensors() {
        return model.tensors();
    }

    @Override
    public Identity identity() {
        return model.identity();
    }

    @Override
    public void close() {
        open -= closed ? 0 : 1;
        closed = true;
    }
}
