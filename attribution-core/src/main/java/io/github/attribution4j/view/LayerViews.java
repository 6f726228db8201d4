// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.view;

import io.github.attribution4j.run.Counts;
import io.github.attribution4j.tensor.Tensor;
import java.util.List;

/** Views of several layers at the same inputs. Owns their tensors; closing it closes them. */
public final class LayerViews implements AutoCloseable {
    private final List<LayerView> views;
    private final double[] scores;
    private final Counts counts;

    LayerViews(List<LayerView> views, double[] scores, Counts counts) {
        this.views = List.copyOf(views);
        this.scores = scores;
        this.counts = counts;
    }

    /** Returns the views, in the order of the layers. */
    public List<LayerView> all() {
        return views;
    }

    /**
     * Returns the view of a layer.
     *
     * @param layer its address
     * @throws IllegalArgumentException if it is not among those inspected
     */
    public LayerView get(String layer) {
        return views.stream()
                .filter(view -> view.point().toString().equals(layer))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("layer '" + layer + "' was not inspected; there are "
                        + views.stream().map(LayerView::point).toList()));
    }

    /** Returns the target's score at each example; empty without a target. */
    public double[] scores() {
        return scores.clone();
    }

    /** Returns the cost of the inspection. */
    public Counts counts() {
        return counts;
    }

    /** Closes the tensors. Idempotent. */
    @Override
    public void close() {
        for (LayerView view : views) {
            view.activation().close();
            if (view.hasGradient()) {
                Tensor gradient = view.gradient();
                gradient.close();
            }
        }
    }

    /** Returns the layers. */
    @Override
    public String toString() {
        return "LayerViews" + views.stream().map(LayerView::point).toList();
    }
}
