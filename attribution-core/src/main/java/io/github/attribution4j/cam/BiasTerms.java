// SPDX-License-Identifier: Apache-2.0
package io.github.attribution4j.cam;

import io.github.attribution4j.evaluation.Evaluator;
import io.github.attribution4j.evaluation.Rows.Collected;
import io.github.attribution4j.model.Cut;
import io.github.attribution4j.model.Cut.UnknownLayerException;
import io.github.attribution4j.model.LayeredModel;
import io.github.attribution4j.run.InvalidRequestException;
import io.github.attribution4j.tensor.Shape;
import io.github.attribution4j.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Computes the contributions of biases to the score. */
final class BiasTerms {
    /**
     * The contributions of one layer.
     *
     * @param contributions bias ∘ gradient, shaped like the layer's output
     * @param layout where they have channels and positions; null if they have no position
     */
    record Term(Tensor contributions, @Nullable ActivationLayout layout) {}

    /** Output channels on axis 1. */
    private static final Set<String> CONVOLUTIONS =
            Set.of("Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d");
    /** Neither linear nor piecewise linear through zero. */
    private static final Set<String> IMPLICIT = Set.of(
            "BatchNorm1d",
            "BatchNorm2d",
            "BatchNorm3d",
            "SyncBatchNorm",
            "FrozenBatchNorm2d",
            "LayerNorm",
            "LayerNorm2d",
            "GroupNorm",
            "InstanceNorm1d",
            "InstanceNorm2d",
            "InstanceNorm3d",
            "Tanh",
            "Sigmoid",
            "GELU",
            "SiLU",
            "Mish",
            "ELU",
            "CELU",
            "SELU",
            "Softplus",
            "Softsign",
            "LogSigmoid",
            "Hardtanh",
            "Hardsigmoid",
            "Hardswish",
            "ReLU6",
            "Hardshrink",
            "Softshrink",
            "Tanhshrink",
            "Threshold",
            "Softmax",
            "Softmax2d",
            "LogSoftmax",
            "Softmin");

    private final LayeredModel model;
    private final Evaluator evaluator;
    private final ActivationLayout layout;
    private final Set<String> weights;

    BiasTerms(LayeredModel model, Evaluator evaluator, ActivationLayout layout) {
        this.model = model;
        this.evaluator = evaluator;
        this.layout = layout;
        this.weights = Set.copyOf(model.weightNames());
    }

    /** Returns how many rows of each example {@link #of} evaluates for a layer. */
    int stages(Cut.Point point) {
        boolean explicit = CONVOLUTIONS.contains(point.kind()) || point.kind().equals("Linear");
        if (explicit) {
            return weights.contains(point.path() + ".bias") ? 1 : 0;
        }
        return IMPLICIT.contains(point.kind()) ? 2 : 0;
    }

    /**
     * Returns bias ∘ gradient of one call of a layer; nothing if it has no bias.
     *
     * @param point an output of the layer
     * @param wanted whether the user named the layer, so that a layer without a bias is a mistake
     */
    Optional<Term> of(Cut.Point point, boolean wanted) {
        boolean convolution = CONVOLUTIONS.contains(point.kind());
        if (convolution || point.kind().equals("Linear")) {
            String name = point.path() + ".bias";
            if (weights.contains(name)) {
                Tensor products = explicit(point, model.weight(name), convolution);
                return Optional.of(new Term(products, convolution ? ActivationLayout.channelsFirst() : ofLastAxis()));
            }
        } else if (IMPLICIT.contains(point.kind())) {
            boolean lastAxis = point.kind().equals("LayerNorm");
            return implicit(point).map(products -> new Term(products, lastAxis ? ofLastAxis() : layout));
        }
        if (wanted) {
            throw new InvalidRequestException(List.of("layers: layer '" + point + "' (" + point.kind()
                    + ") has no bias that full-grad knows; leave it out"));
        }
        return Optional.empty();
    }

    private Tensor explicit(Cut.Point point, Tensor bias, boolean convolution) {
        Collected products = new Collected();
        evaluator.layerGradientsAtInputs(model.cut(point), part -> {
            Tensor gradient = part.gradients().get(0);
            int axis = convolution ? 1 : gradient.shape().rank() - 1;
            long[] dims = new long[gradient.shape().rank()];
            Arrays.fill(dims, 1);
            dims[axis] = bias.shape().dim(0);
            Tensor here = gradient.tensors().bring(bias).to(gradient.dataType()).reshape(Shape.of(dims));
            products.add(part, gradient.mul(here));
        });
        return products.joined().get(0);
    }

    /**
     * Returns the layout of layers that work on the last axis. It is null, for no positions, if channels come first
     * elsewhere.
     */
    private @Nullable ActivationLayout ofLastAxis() {
        return layout.equals(ActivationLayout.channelsFirst()) ? null : layout;
    }

    private Optional<Tensor> implicit(Cut.Point point) {
        Cut.Point argument = point.input(0);
        Cut before;
        try {
            before = model.cut(argument);
        } catch (UnknownLayerException e) {
            evaluator.notice("layer '" + point + "' (" + point.kind()
                    + "): what it is given cannot be addressed, so its " + "implicit bias is not in the map");
            return Optional.empty();
        }
        Tensor after = products(model.cut(point));
        Tensor given = products(before);
        if (!after.shape().equals(given.shape())) {
            evaluator.notice("layer '" + point + "' (" + point.kind() + "): gives shape " + after.shape()
                    + " for shape " + given.shape() + ", so its implicit bias is not in the map");
            return Optional.empty();
        }
        return Optional.of(after.sub(given));
    }

    private Tensor products(Cut cut) {
        Collected products = new Collected();
        evaluator.layerGradientsAtInputs(
                cut,
                part -> products.add(
                        part, part.activations().get(0).mul(part.gradients().get(0))));
        return products.joined().get(0);
    }
}
