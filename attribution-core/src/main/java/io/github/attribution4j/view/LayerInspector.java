// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.view;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Evaluator.Recipe;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.internal.NameList;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Inputs;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.Run;
import io.github.attribution4j.run.Run.Counts;
import io.github.attribution4j.setting.Description.Need;
import io.github.attribution4j.target.Target;
import io.github.attribution4j.tensor.Tensor;
import io.github.attribution4j.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Inspects layers of a model: what they compute for given inputs, and how a score depends on it. One call returns the
 * data that notebooks plot by hand: feature maps, gradient flow, dead channels.
 *
 * <pre>{@code
 * try (Views views = new LayerInspector("conv1", "layer4").inspect(model, inputs, Target.argmax(),
 * Run.defaults())) { double off = views.get("layer4").statistics(LayerView.Quantity.ACTIVATION).zeros(); } }</pre>
 *
 * <p>An immutable, thread-safe value. Channels are on axis 1 unless {@link #channelAxis} says otherwise. Layers may
 * depend on each other.
 *
 * <p><b>Cost.</b> For each example and layer a forward row, and with a target a backward row that ends at the layer.
 * Activations (and gradients) of all layers are held until the views are closed: with many layers, inspect only a few
 * examples.
 */
public final class LayerInspector {
    private final List<String> layers;
    private final int channelAxis;

    private LayerInspector(List<String> layers, int channelAxis) {
        this.layers = List.copyOf(layers);
        this.channelAxis = channelAxis;
    }

    /**
     * Creates an inspector.
     *
     * @param layers addresses of values inside the model; none for the outputs of all calls of modules that compute
     *     floating-point values for the inputs
     */
    public LayerInspector(String... layers) {
        this(List.of(layers), 1);
    }

    /**
     * Returns a copy for channels on another axis.
     *
     * @param axis of activations, such as -1 for channels last; not 0, which counts examples
     */
    public LayerInspector channelAxis(int axis) {
        if (axis == 0) {
            throw new IllegalArgumentException("axis 0 counts examples; channels are on another, such as 1 or -1");
        }
        return new LayerInspector(layers, axis);
    }

    /** Inspects activations. */
    public Views inspect(LayeredModel model, Inputs inputs) {
        return look(model, inputs, null, Run.defaults());
    }

    /** Inspects activations and gradients of a score, with {@link Run#defaults()}. */
    public Views inspect(LayeredModel model, Inputs inputs, Target target) {
        return look(model, inputs, target, Run.defaults());
    }

    /**
     * Inspects activations and gradients of a score.
     *
     * @param model not changed
     * @param inputs not changed, not closed
     * @param target the score whose gradients are taken
     * @param run batching, deadline, progress
     * @return the views, owned by the caller
     */
    public Views inspect(LayeredModel model, Inputs inputs, Target target, Run run) {
        return look(model, inputs, target, run);
    }

    private Views look(LayeredModel model, Inputs inputs, @Nullable Target target, Run run) {
        try (TensorScope scope = TensorScope.open()) {
            Looking looking = new Looking(layers, channelAxis);
            Target score = target == null ? Target.output() : target;
            List<Cut> cuts = looking.cuts(model, inputs);
            Evaluator evaluator = Evaluator.start(looking, model, inputs, score, run);
            evaluator.run().plan((long) cuts.size() * evaluator.examples());
            List<LayerView> views = new ArrayList<>();
            for (Cut cut : cuts) {
                views.add(target == null ? activation(cut, evaluator) : both(cut, evaluator));
            }
            double[] scores = target == null ? new double[0] : evaluator.scores();
            views.forEach(view -> {
                TensorScope.release(view.activation());
                if (view.hasGradient()) {
                    TensorScope.release(view.gradient());
                }
            });
            return new Views(views, scores, evaluator.counts());
        }
    }

    private LayerView activation(Cut cut, Evaluator evaluator) {
        return new LayerView(
                cut.point(), channelAxis, evaluator.activationsAtInputs(cut).get(0), null);
    }

    private LayerView both(Cut cut, Evaluator evaluator) {
        Collected both = new Collected();
        evaluator.layerGradientsAtInputs(
                cut,
                part -> both.add(
                        part,
                        List.of(part.activations().get(0), part.gradients().get(0))));
        List<Tensor> joined = both.joined();
        return new LayerView(cut.point(), channelAxis, joined.get(0), joined.get(1));
    }

    /** Returns the layers. */
    @Override
    public String toString() {
        return "LayerInspector" + layers;
    }

    /** The recipe of the evaluation. */
    private record Looking(List<String> layers, int channelAxis) implements Recipe {
        List<Cut> cuts(LayeredModel model, Inputs inputs) {
            if (!layers.isEmpty()) {
                return layers.stream().map(model::cut).toList();
            }
            try (TensorScope scope = TensorScope.open()) {
                var known = model.cutPoints();
                return model.values(inputs.on(model.tensors()).select(0)).stream()
                        .filter(value -> value.dataType().isFloating() && known.contains(value.point()))
                        .map(Cut.Value::point)
                        .map(model::cut)
                        .toList();
            }
        }

        @Override
        public String name() {
            return "layer-inspector";
        }

        @Override
        public Need need() {
            return Need.LAYERS;
        }

        @Override
        public Map<String, Object> settings() {
            Map<String, Object> settings = new LinkedHashMap<>();
            settings.put("layers", layers.isEmpty() ? "all" : NameList.write(layers));
            settings.put("channel-axis", channelAxis);
            return settings;
        }
    }

    /** Views of several layers at the same inputs. Owns their tensors; closing it closes them. */
    public static final class Views implements AutoCloseable {
        private final List<LayerView> views;
        private final double[] scores;
        private final Counts counts;

        Views(List<LayerView> views, double[] scores, Counts counts) {
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
                    .orElseThrow(
                            () -> new IllegalArgumentException("layer '" + layer + "' was not inspected; there are "
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
}
