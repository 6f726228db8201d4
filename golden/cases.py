# SPDX-License-Identifier: Apache-2.0
"""Which cases each model has. Every method, and every option of a method, stands on every model where it means something new."""

from typing import Callable, Dict, List

import numpy as np
import torch
from torch import Tensor

import methods as m
from reference import NONE, Stored, Suite, Target, index, indices


def drawn(s: Suite, key: str, shape, scale: float = 0.5) -> Stored:
    rng = np.random.RandomState(s.spec.seed * 31 + len(key) + sum(key.encode()))
    values = rng.normal(0, scale, shape)
    return Stored(key, torch.from_numpy(values if s.double else values.astype(np.float32)))


def ids(key: str, values) -> Stored:
    return Stored(key, torch.tensor(values, dtype=torch.int64))


def grid(key: str, height: int, width: int, cell: int) -> Stored:
    """(1, 1, H, W): square cells numbered row by row, shared by all channels."""
    rows = torch.arange(height)[:, None] // cell
    columns = torch.arange(width)[None, :] // cell
    return Stored(key, (rows * -(-width // cell) + columns)[None, None])


def common(s: Suite) -> None:
    m.output(s)
    if s.spec.attributed[0].is_floating_point():
        m.pullback(s)


def mlp_softmax(s: Suite) -> None:
    t = index(2)
    one = [drawn(s, "baseline.one-row", (1, 12))]
    each = [drawn(s, "baseline.per-example", (3, 12))]
    mask = [ids("mask.five-groups", [[0, 0, 1, 1, 1, 2, 2, 3, 3, 3, 4, 4]])]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", t, absolute=False)
    m.saliency(s, "per-example-targets", indices(0, 3, 1), absolute=False)
    m.saliency(s, "argmax", Target("argmax", _argmax(s)), absolute=False)
    m.saliency(s, "difference", Target("difference", (0, 3)), absolute=False)
    m.saliency(s, "own-function", Target("sum-of-squares"), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    for rule in ("riemann-left", "riemann-right", "riemann-middle", "captum-trapezoid", "trapezoid"):
        m.integrated_gradients(s, rule, t, 20, rule)
    m.integrated_gradients(s, "one-step", t, 1)
    m.integrated_gradients(s, "seven-steps", indices(0, 3, 1), 7)
    m.integrated_gradients(s, "two-hundred-steps", t, 200)
    m.integrated_gradients(s, "constant-baseline", t, 25, baselines=[0.3])
    m.integrated_gradients(s, "one-row-baseline", t, 25, baselines=one)
    m.integrated_gradients(s, "per-example-baseline", indices(2, 0, 1), 25, baselines=each)
    m.integrated_gradients(s, "internal-batch", t, 25, baselines=one, internal_batch=7)
    m.integrated_gradients(s, "gradient-only", t, 25, baselines=one, multiply=False)
    m.integrated_gradients(s, "difference", Target("difference", (0, 3)), 25)
    many = [drawn(s, "baseline.samples", (6, 12))]
    m.gradient_shap(s, "default", many, t)
    m.gradient_shap(s, "noisy", many, indices(1, 2, 3), 8, [0.15])
    m.gradient_shap(s, "gradient-only", many, t, 4, [0.1], multiply=False)
    m.gradient_shap(s, "single-baseline", one, t, 6)
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", t, 8, [0.15], inner_options={"absolute": True})
    m.noise_tunnel(s, "smoothgrad-batches", "smoothgrad", "saliency", t, 8, [0.15], 3, {"absolute": False})
    m.noise_tunnel(s, "smoothgrad-stdev-zero", "smoothgrad", "saliency", t, 3, [0.0], inner_options={"absolute": True})
    m.noise_tunnel(s, "squared-input-x-gradient", "smoothgrad-squared", "input-x-gradient", t, 6, [0.2])
    m.noise_tunnel(s, "vargrad-saliency", "vargrad", "saliency", t, 8, [0.3], inner_options={"absolute": False})
    m.noise_tunnel(s, "vargrad-integrated-gradients", "vargrad", "integrated-gradients", t, 5, [0.3], 2, {"steps": 10}, one)
    m.noise_tunnel(s, "smoothgrad-ablation", "smoothgrad", "feature-ablation", t, 5, [0.2], None, {}, one, mask)
    m.feature_ablation(s, "elements", t)
    m.feature_ablation(s, "groups", t, mask, one)
    m.feature_ablation(s, "per-example-baseline", indices(0, 3, 1), mask, each)
    m.feature_ablation(s, "several-per-evaluation", t, mask, [0.1], 3)
    per_example = [
        ids("mask.per-example", [[0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2], [0, 1, 2] * 4, [2, 2, 1, 1, 0, 0, 0, 0, 1, 1, 2, 2]])
    ]
    m.feature_ablation(s, "per-example-mask", t, per_example)
    m.feature_ablation(s, "ids-with-gaps", t, [ids("mask.gaps", [[7, 7, 7, 2, 2, 2, 9, 9, 9, 9, 2, 7]])])
    m.occlusion(s, "window-three", [[3]], [[2]], t)
    m.occlusion(s, "clipped", [[5]], [[4]], t, one)
    m.shapley_values(s, "groups", mask, t, one)
    m.shapley_sampling(s, "groups", mask, t, 25, one)
    m.shapley_sampling(s, "limit", mask, t, 20000, one, converges=True)
    m.kernel_shap(s, "captum", mask, t, 100, one)
    m.kernel_shap(s, "constrained", mask, t, 100, one, "constrained")
    m.kernel_shap(s, "exact", mask, t, baselines=one, mode="exact")
    m.grad_cam(s, "relu1", "relu1", t)
    m.activation(s, "relu1", "relu1")
    m.activation(s, "fc3-input", "fc3", "input")
    m.layer_gradient(s, "fc1", "fc1", t)
    m.layer_gradient(s, "fc3-input", "fc3", t, "input")
    m.layer_input_x_gradient(s, "fc2", "fc2", indices(0, 3, 1))
    m.layer_integrated_gradients(s, "relu1", "relu1", t, baselines=one)
    m.layer_integrated_gradients(s, "fc2-input", "fc2", t, 20, one, side="input")
    m.neuron_gradient(s, "fc2", "fc2", [5])
    m.neuron_gradient(s, "fc3", "fc3", [2])
    m.neuron_integrated_gradients(s, "relu2", "relu2", [_strongest(s, "relu2")], baselines=one)
    halves = [Stored("mask.relu1-halves", (torch.arange(32) // 16)[None])]
    m.layer_feature_ablation(s, "relu1-halves", "relu1", t, halves, [0.25])
    m.neuron_feature_ablation(s, "fc2", "fc2", [5], mask, one)
    m.neuron_gradient_shap(s, "fc2", "fc2", [5], many, 6, [0.1])


def _argmax(s: Suite) -> List[int]:
    with torch.no_grad():
        return s.spec.model(*s.spec.attributed, *s.spec.fixed).argmax(1).tolist()


def _layer_output(s: Suite, path: str) -> Tensor:
    kept: List[Tensor] = []
    handle = s.spec.model.get_submodule(path).register_forward_hook(lambda mod, args, out: kept.append(out.detach().clone()))
    with torch.no_grad():
        s.spec.model(*s.spec.attributed, *s.spec.fixed)
    handle.remove()
    return kept[-1]


def _strongest(s: Suite, path: str) -> int:
    """The unit of a layer that is most active in its weakest example: one with a gradient to compare."""
    return int(_layer_output(s, path).min(0).values.argmax())


def cnn(s: Suite) -> None:
    t = index(3)
    image = (3, 16, 16)
    one = [drawn(s, "baseline.one-row", (1, *image))]
    each = [drawn(s, "baseline.per-example", (3, *image))]
    quarters = [grid("mask.quarters", 16, 16, 8)]
    sixteen = [grid("mask.sixteen", 16, 16, 4)]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(3, 0, 1), absolute=False)
    m.saliency(s, "argmax", Target("argmax", _argmax(s)), absolute=False)
    m.saliency(s, "difference", Target("difference", (3, 1)), absolute=False)
    m.saliency(s, "probability", Target("probability", 3), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "riemann-middle", indices(3, 0, 1), 16, "riemann-middle", one)
    m.integrated_gradients(s, "captum-trapezoid", t, 10, "captum-trapezoid", one)
    m.integrated_gradients(s, "trapezoid", t, 10, "trapezoid", one)
    m.integrated_gradients(s, "internal-batch", t, 20, baselines=each, internal_batch=9)
    m.integrated_gradients(s, "constant-baseline", t, 20, baselines=[-0.2])
    m.integrated_gradients(s, "gradient-only", t, 20, multiply=False)
    m.integrated_gradients(s, "probability", Target("probability", 3), 20)
    m.gradient_shap(s, "noisy", [drawn(s, "baseline.samples", (4, *image))], t, 4, [0.1])
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", t, 4, [0.2], inner_options={"absolute": True})
    m.noise_tunnel(s, "squared-saliency", "smoothgrad-squared", "saliency", t, 4, [0.2], inner_options={"absolute": False})
    m.noise_tunnel(s, "vargrad-input-x-gradient", "vargrad", "input-x-gradient", t, 4, [0.3])
    m.noise_tunnel(s, "smoothgrad-integrated-gradients", "smoothgrad", "integrated-gradients", t, 3, [0.1], 2, {"steps": 8})
    m.noise_tunnel(
        s, "smoothgrad-occlusion", "smoothgrad", "occlusion", t, 3, [0.1], None, {"windows": [[3, 8, 8]], "strides": [[3, 4, 4]]}
    )
    m.feature_ablation(s, "grid", t, sixteen, mask_note="grid, cells of 4x4, shared by the channels")
    m.feature_ablation(s, "grid-baseline", indices(3, 0, 1), sixteen, one, mask_note="grid, cells of 4x4, shared by the channels")
    channels = [ids("mask.channels", [[[[0]], [[1]], [[2]]]])]
    m.feature_ablation(s, "channels", t, channels, each, mask_note="one group per channel")
    m.occlusion(s, "square", [[3, 4, 4]], [[3, 4, 4]], t)
    m.occlusion(s, "overlapping", [[3, 6, 6]], [[3, 3, 3]], t, one)
    m.occlusion(s, "clipped", [[2, 5, 7]], [[1, 4, 5]], indices(3, 0, 1), [0.1])
    m.occlusion(s, "several-per-evaluation", [[3, 5, 5]], [[3, 5, 5]], t, one, 4)
    m.shapley_values(s, "quarters", quarters, t, one)
    m.shapley_sampling(s, "quarters", quarters, t, 10, one)
    m.shapley_sampling(s, "limit", quarters, t, 5000, one, converges=True)
    m.kernel_shap(s, "captum", quarters, t, 60, one)
    m.kernel_shap(s, "exact", quarters, t, baselines=one, mode="exact")
    m.grad_cam(s, "layer2", "layer2", t)
    m.grad_cam(s, "layer2-relu", "layer2", t, relu=True)
    m.grad_cam(s, "layer1-nearest", "layer1", indices(3, 0, 1), upsample=(16, 16))
    m.grad_cam(s, "layer1-bilinear", "layer1", t, upsample=(16, 16), mode="bilinear")
    m.grad_cam(s, "layer2-bilinear-relu", "layer2", t, True, upsample=(13, 19), mode="bilinear")
    m.grad_cam(s, "layer2-nearest-uneven", "layer2", t, upsample=(13, 19))
    m.grad_cam(s, "conv1-channels", "conv1", t, channels=False)
    m.grad_cam(s, "maxpool", "maxpool", t)
    m.grad_cam(s, "layer1-input", "layer1", t, side="input")
    m.grad_cam(s, "block-convolution", "layer2.1.conv2", t)
    m.activation(s, "conv1", "conv1")
    m.activation(s, "bn1", "bn1")
    m.activation(s, "layer2", "layer2")
    m.activation(s, "block-bn2", "layer2.0.bn2")
    m.activation(s, "downsample", "layer2.0.downsample")
    m.activation(s, "fc-input", "fc", "input")
    m.layer_gradient(s, "maxpool", "maxpool", t)
    m.layer_gradient(s, "layer1", "layer1", indices(3, 0, 1))
    m.layer_gradient(s, "block-bn1", "layer2.1.bn1", t)
    m.layer_input_x_gradient(s, "layer1", "layer1", t)
    m.layer_input_x_gradient(s, "fc-input", "fc", t, "input")
    m.layer_integrated_gradients(s, "layer1", "layer1", t, 20, one)
    m.layer_integrated_gradients(s, "block-bypassed", "layer2.0.conv2", t, 20)
    m.layer_integrated_gradients(s, "avgpool-gradient-only", "avgpool", t, 20, one, multiply=False)
    m.neuron_gradient(s, "layer2", "layer2", [_strongest_map(s, "layer2"), 1, 2])
    m.neuron_gradient(s, "conv1", "conv1", [4, 7, 7])
    m.neuron_gradient(s, "fc", "fc", [2])
    m.neuron_integrated_gradients(s, "layer1", "layer1", [_strongest_map(s, "layer1"), 3, 3], 20, one)
    maps = [Stored("mask.layer1-maps", torch.arange(8)[None, :, None, None])]
    m.layer_feature_ablation(s, "layer1-maps", "layer1", indices(3, 0, 1), maps)
    m.layer_feature_ablation(s, "avgpool", "avgpool", t, None, [0.1])
    m.neuron_feature_ablation(s, "layer2", "layer2", [_strongest_map(s, "layer2"), 2, 1], sixteen, one)


def _strongest_map(s: Suite, path: str) -> int:
    """The channel of a (N, C, H, W) layer whose weakest value anywhere is largest on average."""
    return int(_layer_output(s, path).amin(0).mean((1, 2)).argmax())


def multi_input(s: Suite) -> None:
    t = index(1)
    one = [drawn(s, "baseline.one-row.numbers", (1, 6)), drawn(s, "baseline.one-row.signal", (1, 2, 8))]
    mixed = [0.2, drawn(s, "baseline.per-example.signal", (3, 2, 8))]
    shared = [
        ids("mask.shared.numbers", [[0, 0, 1, 1, 2, 2]]),
        ids("mask.shared.signal", [[[1, 1, 1, 1, 3, 3, 3, 3], [2, 2, 2, 2, 3, 3, 3, 3]]]),
    ]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(0, 1, 2), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "one-row-baselines", t, 30, baselines=one)
    m.integrated_gradients(s, "mixed-baselines", indices(0, 1, 2), 30, baselines=mixed)
    m.integrated_gradients(s, "internal-batch", t, 30, baselines=one, internal_batch=8)
    m.integrated_gradients(s, "gradient-only", t, 30, baselines=one, multiply=False)
    m.integrated_gradients(s, "own-function", Target("sum-of-squares"), 30, baselines=one)
    m.feature_ablation(s, "own-function", Target("sum-of-squares"), shared, one)
    many = [drawn(s, "baseline.samples.numbers", (5, 6)), drawn(s, "baseline.samples.signal", (5, 2, 8))]
    m.gradient_shap(s, "noisy", many, t, 6, [0.1, 0.2])
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", t, 5, [0.1, 0.3], inner_options={"absolute": False})
    m.noise_tunnel(s, "vargrad-integrated-gradients", "vargrad", "integrated-gradients", t, 5, [0.2, 0.4], 2, {"steps": 8}, one)
    m.noise_tunnel(s, "smoothgrad-ablation", "smoothgrad", "feature-ablation", t, 4, [0.1, 0.1], None, {}, one, shared)
    m.feature_ablation(s, "elements", t)
    m.feature_ablation(s, "groups-across-inputs", t, shared, one)
    m.feature_ablation(s, "mixed-baselines", indices(0, 1, 2), shared, mixed)
    m.occlusion(s, "both-inputs", [[2], [1, 3]], [[2], [1, 2]], t)
    m.occlusion(s, "baselines", [[3], [2, 4]], [[2], [2, 3]], t, one)
    m.shapley_values(s, "groups-across-inputs", shared, t, one)
    m.shapley_sampling(s, "groups-across-inputs", shared, t, 20, one)
    m.kernel_shap(s, "captum", shared, t, 80, one)
    m.kernel_shap(s, "exact", shared, t, baselines=one, mode="exact")
    m.grad_cam(s, "signal", "signal", t)
    m.grad_cam(s, "signal-nearest", "signal", t, upsample=(24,))
    m.activation(s, "hidden", "hidden")
    m.activation(s, "embedding", "embedding")
    m.layer_gradient(s, "numbers-bypassed", "numbers", t)
    m.layer_input_x_gradient(s, "signal-bypassed", "signal", t)
    m.layer_gradient(s, "embedding", "embedding", t)
    m.layer_integrated_gradients(s, "hidden", "hidden", t, 30, one)
    m.neuron_gradient(s, "hidden", "hidden", [3])
    m.neuron_integrated_gradients(s, "hidden", "hidden", [3], 20, one)


def text_lstm(s: Suite) -> None:
    t = index(1)
    pad = [3]
    unknown = [ids("baseline.tokens", [[2, 4, 6, 8, 10, 12, 14, 16, 18]])]
    words = [ids("mask.phrases", [[0, 0, 1, 1, 1, 2, 3, 3, 4]])]
    m.feature_ablation(s, "tokens", t)
    m.feature_ablation(s, "pad-token", indices(0, 1, 1), baselines=pad)
    m.feature_ablation(s, "phrases", t, words, unknown)
    m.occlusion(s, "window", [[3]], [[1]], t, pad)
    m.occlusion(s, "clipped", [[4]], [[3]], t, unknown)
    m.shapley_values(s, "phrases", words, t, pad)
    m.shapley_sampling(s, "phrases", words, t, 20, pad)
    m.kernel_shap(s, "captum", words, t, 100, pad)
    m.kernel_shap(s, "exact", words, t, baselines=pad, mode="exact")
    m.activation(s, "embedding", "embedding")
    m.layer_gradient(s, "embedding", "embedding", t)
    m.layer_input_x_gradient(s, "embedding", "embedding", t)
    m.layer_integrated_gradients(s, "embedding", "embedding", t, 30, pad)
    m.layer_integrated_gradients(s, "embedding-tokens", "embedding", indices(0, 1, 1), 20, unknown)


def text_lstm_embedded(s: Suite) -> None:
    t = index(1)
    one = [drawn(s, "baseline.one-row", (1, 9, 12))]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(0, 1, 1), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "one-row-baseline", indices(0, 1, 1), 20, "riemann-right", one)
    m.gradient_shap(s, "default", [drawn(s, "baseline.samples", (4, 9, 12))], t, 4)
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", t, 4, [0.1], inner_options={"absolute": True})
    words = [Stored("mask.words", torch.arange(9)[None, :, None])]
    m.feature_ablation(s, "words", t, words, one, mask_note="one group per position")
    m.occlusion(s, "words", [[2, 12]], [[1, 12]], t)
    m.shapley_sampling(s, "words", words, t, 10)


def transformer_encoder(s: Suite) -> None:
    t = index(0)
    one = [drawn(s, "baseline.one-row", (1, 7, 5))]
    steps = [ids("mask.steps", [[[0], [0], [1], [1], [2], [2], [3]]])]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(2, 1, 0), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "riemann-left", indices(2, 1, 0), 15, "riemann-left", one)
    m.integrated_gradients(s, "internal-batch", t, 15, baselines=one, internal_batch=6)
    m.gradient_shap(s, "noisy", [drawn(s, "baseline.samples", (4, 7, 5))], t, 4, [0.1])
    m.noise_tunnel(s, "squared-saliency", "smoothgrad-squared", "saliency", t, 5, [0.1], 2, {"absolute": False})
    m.feature_ablation(s, "elements", t)
    m.feature_ablation(s, "steps", t, steps, one)
    m.occlusion(s, "window", [[2, 5]], [[1, 5]], t)
    m.shapley_values(s, "steps", steps, t, one)
    m.kernel_shap(s, "captum", steps, t, 60, one)
    m.activation(s, "project", "project")
    m.activation(s, "encoder-layer", "encoder.layers.0")
    m.layer_gradient(s, "encoder-layer", "encoder.layers.0", t)
    m.layer_input_x_gradient(s, "project", "project", indices(2, 1, 0))
    m.layer_integrated_gradients(s, "encoder-layer", "encoder.layers.0", t, 15, one)
    m.layer_integrated_gradients(s, "project", "project", t, 15)
    m.neuron_gradient(s, "encoder-layer", "encoder.layers.0", [3, 7])
    m.neuron_integrated_gradients(s, "project", "project", [2, 5], 10, one)


def segmentation(s: Suite) -> None:
    t = Target("at", [2, 5, 6])
    each = Target("at-each", [[1, 4, 4], [0, 0, 11], [3, 8, 2]])
    image = (3, 12, 12)
    one = [drawn(s, "baseline.one-row", (1, *image))]
    cells = [grid("mask.cells", 12, 12, 6)]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed-per-example", each, absolute=False)
    m.input_x_gradient(s, "at", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "per-example", each, 20, baselines=one, internal_batch=10)
    m.integrated_gradients(s, "riemann-middle", t, 12, "riemann-middle", [0.4])
    m.gradient_shap(s, "noisy", [drawn(s, "baseline.samples", (3, *image))], each, 3, [0.1])
    m.noise_tunnel(s, "vargrad-saliency", "vargrad", "saliency", t, 5, [0.3], inner_options={"absolute": False})
    m.feature_ablation(s, "cells", t, cells, one, mask_note="grid, cells of 6x6, shared by the channels")
    m.occlusion(s, "square", [[3, 4, 4]], [[3, 3, 3]], each)
    m.shapley_values(s, "cells", cells, t, one)
    m.kernel_shap(s, "exact", cells, each, baselines=one, mode="exact")
    m.grad_cam(s, "relu2", "relu2", t)
    m.grad_cam(s, "relu2-bilinear", "relu2", each, True, upsample=(12, 12), mode="bilinear")
    m.grad_cam(s, "up-nearest", "up", t, upsample=(24, 24))
    m.activation(s, "bn2", "bn2")
    m.activation(s, "up", "up")
    m.layer_gradient(s, "relu2", "relu2", t)
    m.layer_input_x_gradient(s, "relu1-two-readers", "relu1", each)
    m.layer_integrated_gradients(s, "relu2-bypassed", "relu2", t, 15, one)
    m.layer_integrated_gradients(s, "relu1", "relu1", each, 15)
    m.neuron_gradient(s, "encode2", "encode2", [4, 3, 3])


def mlp_double(s: Suite) -> None:
    t = index(1)
    one = [drawn(s, "baseline.one-row", (1, 10))]
    mask = [ids("mask.five-groups", [[0, 0, 1, 1, 2, 2, 3, 3, 4, 4]])]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(0, 1, 2), absolute=False)
    m.saliency(s, "probability", Target("probability", 0), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    for rule in ("riemann-left", "riemann-right", "riemann-middle", "captum-trapezoid", "trapezoid"):
        m.integrated_gradients(s, rule, indices(0, 1, 2), 12, rule, one)
    m.integrated_gradients(s, "gradient-only", t, 20, multiply=False)
    m.gradient_shap(s, "noisy", [drawn(s, "baseline.samples", (5, 10))], t, 6, [0.1])
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", t, 6, [0.1], inner_options={"absolute": True})
    m.noise_tunnel(s, "vargrad-saliency", "vargrad", "saliency", t, 6, [0.3], inner_options={"absolute": False})
    m.feature_ablation(s, "elements", t)
    m.feature_ablation(s, "groups", indices(0, 1, 2), mask, one)
    m.occlusion(s, "clipped", [[4]], [[3]], t, one)
    m.shapley_values(s, "groups", mask, t, one)
    m.shapley_sampling(s, "groups", mask, t, 20, one)
    m.kernel_shap(s, "constrained", mask, t, 60, one, "constrained")
    m.kernel_shap(s, "exact", mask, t, baselines=one, mode="exact")
    m.activation(s, "fc2", "fc2")
    m.layer_gradient(s, "tanh", "tanh", t)
    m.layer_input_x_gradient(s, "fc2", "fc2", indices(0, 1, 2))
    m.neuron_gradient(s, "fc2", "fc2", [6])


def timeseries_gru(s: Suite) -> None:
    t = index(2)
    one = [drawn(s, "baseline.one-row", (1, 20, 4))]
    quarters = [Stored("mask.quarters", (torch.arange(20) // 5)[None, :, None])]
    series = [ids("mask.series", [[[0, 1, 2, 3]]])]
    m.saliency(s, "absolute", t)
    m.saliency(s, "signed", indices(0, 1, 2), absolute=False)
    m.input_x_gradient(s, "index", t)
    m.integrated_gradients(s, "default", t)
    m.integrated_gradients(s, "riemann-right", indices(0, 1, 2), 15, "riemann-right", one)
    m.gradient_shap(s, "noisy", [drawn(s, "baseline.samples", (4, 20, 4))], t, 4, [0.05])
    m.noise_tunnel(s, "smoothgrad-input-x-gradient", "smoothgrad", "input-x-gradient", t, 5, [0.1], 2)
    m.feature_ablation(s, "series", t, series, one, mask_note="one group per variable")
    m.feature_ablation(s, "quarters", indices(0, 1, 2), quarters, mask_note="five steps each, all variables")
    m.occlusion(s, "window", [[5, 4]], [[3, 4]], t)
    m.occlusion(s, "one-variable", [[6, 1]], [[4, 1]], t, one)
    m.shapley_values(s, "series", series, t, one)
    m.shapley_sampling(s, "quarters", quarters, t, 15, one)
    m.kernel_shap(s, "captum", series, t, 60, one)
    m.activation(s, "norm", "norm")
    m.layer_gradient(s, "norm", "norm", t)
    m.layer_input_x_gradient(s, "norm", "norm", indices(0, 1, 2))
    m.layer_integrated_gradients(s, "norm", "norm", t, 20, one)
    m.neuron_gradient(s, "norm", "norm", [4])


def regression(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 8))]
    mask = [ids("mask.four-groups", [[0, 0, 1, 1, 2, 2, 3, 3]])]
    m.saliency(s, "absolute")
    m.input_x_gradient(s, "plain")
    m.integrated_gradients(s, "default")
    m.integrated_gradients(s, "one-row-baseline", NONE, 15, "riemann-middle", one)
    m.gradient_shap(s, "default", [drawn(s, "baseline.samples", (5, 8))], NONE, 5, [0.1])
    m.noise_tunnel(s, "smoothgrad-saliency", "smoothgrad", "saliency", NONE, 5, [0.1], inner_options={"absolute": False})
    m.feature_ablation(s, "elements")
    m.feature_ablation(s, "groups", NONE, mask, one)
    m.occlusion(s, "window", [[3]], [[2]], baselines=one)
    m.layer_gradient(s, "act", "act")
    m.activation(s, "fc1", "fc1")


def regression_column(s: Suite) -> None:
    one = [drawn(s, "baseline.one-row", (1, 8))]
    m.saliency(s, "signed", absolute=False)
    m.saliency(s, "index-zero", index(0), absolute=False)
    m.integrated_gradients(s, "default")
    m.feature_ablation(s, "index-zero", index(0), baselines=one)
    m.occlusion(s, "index-zero", [[2]], [[2]], index(0))


SUITES: Dict[str, Callable[[Suite], None]] = {
    f.__name__: f
    for f in (
        mlp_softmax,
        cnn,
        multi_input,
        text_lstm,
        text_lstm_embedded,
        transformer_encoder,
        segmentation,
        mlp_double,
        timeseries_gru,
        regression,
        regression_column,
    )
}
