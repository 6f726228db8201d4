# SPDX-License-Identifier: Apache-2.0
"""At which layers and units of each model Captum's Layer* and Neuron* classes are asked."""

from typing import Callable, Dict, List, Optional, Sequence

import torch

import inside
from cases import drawn, grid, ids
from inside import Place, Unit
from reference import NONE, Stored, Suite, Target, index, indices


def places(*names: str) -> List[Place]:
    return [Place(name.removesuffix(":in"), "input" if name.endswith(":in") else "output") for name in names]


def everywhere(
    s: Suite,
    at_layers: Sequence[Place],
    towards: Sequence[Place],
    targets: Sequence[Target],
    baselines,
    samples: Sequence[Stored],
    deviations: Sequence[float],
    masks: Sequence[Stored],
    slices: Optional[Dict[str, str]] = None,
) -> None:
    for turn, place in enumerate(at_layers):
        inside.layer_methods(s, place, turn + s.spec.seed, targets[turn % len(targets)], baselines, samples, deviations)
    for turn, place in enumerate(towards):
        chosen = (slices or {}).get(place.name)
        inside.neuron_methods(s, place, turn, targets[turn % len(targets)], baselines, samples, deviations, masks, chosen)


def permuted(s: Suite, target: Target, *paths: str) -> None:
    """Captum permutes outputs of layers only."""
    for place in places(*paths):
        masks = inside.quarters(place, inside.value_at(s, place))
        inside.feature_permutation(s, place, target, masks, 1 + int(masks[0].tensor.max()))


def mlp_softmax(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 12))]
    many = [drawn(s, "baseline.samples", (6, 12))]
    mask = [ids("mask.five-groups", [[0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4]])]
    targets = [index(2), indices(0, 3, 1)]
    layers = places("relu1", "fc2", "fc2:in", "relu2", "fc3:in", "fc3")
    everywhere(s, layers, places("fc2", "relu1", "fc3:in", "fc3"), targets, one, many, [0.1], mask)
    inside.several(s, ["relu1", "fc3"], index(2), one, False)
    inside.own_paths(s, Place("relu2"), index(2), one, 12)
    square = Unit(function="sum-of-squares")
    inside.neuron_gradient(s, Place("fc2"), square)
    inside.neuron_integrated_gradients(s, Place("fc2"), square, one, 8, "gauss-legendre", True)
    inside.neuron_feature_ablation(s, Place("fc2"), square, mask, one)
    inside.own_neuron_conductance(s, Place("fc2"), Unit(slices="3:9"), index(2), one, 10)


def residual(s: Suite) -> None:
    shape = (1, 8, 8)
    one = [drawn(s, "baseline.one-row", (1, *shape))]
    many = [drawn(s, "baseline.samples", (4, *shape))]
    cells = [grid("mask.cells", 8, 8, 4)]
    targets = [index(1), indices(2, 0, 1)]
    layers = places("tanh", "conv1", "relu:in", "relu", "conv2", "shortcut", "gelu", "fc:in")
    everywhere(s, layers, places("conv1", "conv2", "shortcut", "gelu"), targets, one, many, [0.1], cells)
    inside.several(s, ["conv2", "shortcut"], index(1), one, True)
    inside.several(s, ["tanh", "relu", "gelu"], index(1), one, False)
    argument = Place("conv2", "input")  # which the shortcut reads too
    inside.own_gradient_x_activation(s, argument, index(1))
    inside.integrated_gradients(s, argument, index(1), one, 8, "gauss-legendre", True)
    inside.feature_ablation(s, argument, index(1), None, [0.25], 1)
    for place in [*places("tanh", "conv2", "gelu"), argument]:
        inside.own_paths(s, place, index(1), one, 10)
    inside.own_neuron_conductance(s, Place("conv2"), Unit(slices="1:3, 0:2, :"), index(1), one, 8)


def cnn(s: Suite) -> None:
    image = (3, 16, 16)
    one = [drawn(s, "baseline.one-row", (1, *image))]
    many = [drawn(s, "baseline.samples", (4, *image))]
    sixteen = [grid("mask.sixteen", 16, 16, 4)]
    targets = [index(3), indices(3, 0, 1)]
    layers = places("layer2.0.conv2", "layer2.0", "layer2", "avgpool", "fc:in", "fc")
    everywhere(s, layers, places("layer2", "fc", "avgpool", "fc:in"), targets, one, many, [0.0], sixteen)
    inside.own_paths(s, Place("avgpool"), index(3), one, 10)


def multi_input(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row.numbers", (1, 6)), drawn(s, "baseline.one-row.signal", (1, 2, 8))]
    many = [drawn(s, "baseline.samples.numbers", (5, 6)), drawn(s, "baseline.samples.signal", (5, 2, 8))]
    shared = [
        ids("mask.shared.numbers", [[0, 0, 1, 1, 2, 2]]),
        ids("mask.shared.signal", [[[1, 1, 1, 1, 3, 3, 3, 3], [2, 2, 2, 2, 3, 3, 3, 3]]]),
    ]
    targets = [index(1), indices(0, 1, 2)]
    layers = places("numbers", "signal", "hidden:in", "hidden", "out:in")
    across = {"hidden:in": "6:16"}  # some units of each input
    everywhere(s, layers, places("hidden", "hidden:in", "out:in", "out"), targets, one, many, [0.1, 0.2], shared, across)
    inside.several(s, ["numbers", "signal"], index(1), one, True)
    inside.several(s, ["signal", "hidden"], index(1), one, False)
    inside.own_paths(s, Place("signal"), index(1), one, 10)
    permuted(s, index(1), "out")
    inside.own_neuron_conductance(s, Place("hidden"), Unit(slices="2:7"), index(1), one, 8)


def text_lstm(s: Suite) -> None:
    """Token ids have no path of gradients before the embedding, but layers behind it do."""
    place = Place("embedding")
    t = index(1)
    pad = [3]
    words = [Stored("mask.words", torch.arange(9)[None, :, None])]
    for turn, at in enumerate(places("embedding", "head.fc:in", "head.fc", "head:in")):
        inside.activation(s, at)
        inside.gradient_x_activation(s, at, t, turn % 2 == 0)
        inside.integrated_gradients(s, at, t, pad, 8 + turn, inside.RULES[turn], True)
        inside.feature_ablation(s, at, t, words if "fc" not in at.path else None, None if turn else [0.1], 1)
    inside.feature_permutation(s, place, t, words, 9)


def text_lstm_embedded(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 9, 12))]
    many = [drawn(s, "baseline.samples", (4, 9, 12))]
    words = [Stored("mask.words", torch.arange(9)[None, :, None])]
    everywhere(s, places("fc:in", "fc"), places("fc:in", "fc"), [index(1), indices(0, 1, 1)], one, many, [0.1], words)


def transformer_encoder(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 7, 5))]
    many = [drawn(s, "baseline.samples", (4, 7, 5))]
    steps = [ids("mask.steps", [[[0], [0], [1], [1], [2], [2], [3]]])]
    targets = [index(0), indices(2, 1, 0)]
    layers = places("project", "encoder.layers.0", "encoder.layers.1:in", "encoder.layers.1", "fc:in")
    everywhere(s, layers, places("project", "encoder.layers.0", "encoder.layers.1:in", "fc"), targets, one, many, [0.1], steps)
    inside.several(s, ["encoder.layers.0", "encoder.layers.1"], index(0), one, False)
    inside.dense(s, Place("encoder.layers.0"), index(0), one, 200, 5)
    permuted(s, index(0), "fc")


def segmentation(s: Suite) -> None:
    t = Target("at", [2, 5, 6])
    each = Target("at-each", [[1, 4, 4], [0, 0, 11], [3, 8, 2]])
    image = (3, 12, 12)
    one = [drawn(s, "baseline.one-row", (1, *image))]
    many = [drawn(s, "baseline.samples", (3, *image))]
    cells = [grid("mask.cells", 12, 12, 6)]
    layers = places("encode2", "bn2:in", "bn2", "relu2")
    everywhere(s, layers, places("encode2", "relu2", "bn2:in", "bn2"), [t, each], one, many, [0.0], cells)
    inside.own_paths(s, Place("relu2"), t, one, 8)
    permuted(s, t, "relu3")


def mlp_double(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 10))]
    many = [drawn(s, "baseline.samples", (5, 10))]
    mask = [ids("mask.five-groups", [[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]])]
    targets = [index(1), indices(0, 1, 2)]
    everywhere(s, places("fc1", "tanh", "fc2", "fc3:in"), places("fc1", "tanh", "fc2", "fc3"), targets, one, many, [0.1], mask)
    inside.own_paths(s, Place("fc2"), index(1), one, 10)
    permuted(s, index(1), "relu")
    inside.own_neuron_conductance(s, Place("tanh"), Unit(slices="4:14"), index(1), one, 8)


def timeseries_gru(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 20, 4))]
    many = [drawn(s, "baseline.samples", (4, 20, 4))]
    series = [ids("mask.series", [[[0, 1, 2, 3]]])]
    targets = [index(2), indices(0, 1, 2)]
    everywhere(s, places("norm:in", "norm", "fc"), places("norm:in", "norm", "fc"), targets, one, many, [0.05], series)
    inside.dense(s, Place("norm"), index(2), one)


def regression(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 8))]
    many = [drawn(s, "baseline.samples", (5, 8))]
    mask = [ids("mask.four-groups", [[0, 0, 1, 1, 2, 2, 3, 3]])]
    everywhere(s, places("fc1", "act", "fc2:in"), places("fc1", "act"), [NONE], one, many, [0.1], mask)
    inside.dense(s, Place("act"), NONE, one)


SUITES: Dict[str, Callable[[Suite], None]] = {
    f.__name__: f
    for f in (
        mlp_softmax,
        residual,
        cnn,
        multi_input,
        text_lstm,
        text_lstm_embedded,
        transformer_encoder,
        segmentation,
        mlp_double,
        timeseries_gru,
        regression,
    )
}
