# SPDX-License-Identifier: Apache-2.0
"""Writes golden/lrp_rules: layer-wise relevance propagation by explicit matrices in float64, and networks that conserve relevance.

    python golden/lrp_rules.py

Every rule is written down as in its paper, with the matrix z[k, j] = w[k, j] x[j] of one example; convolutions are expanded into matrices by loops. Nothing here
uses autograd, batches or the surrogates that the library works by. Rules are named as in the manifest: `epsilon:0.1`, `alpha-beta:2,1`, `z-box:-3,2`.
"""

import json
import shutil
import warnings
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive

OUT = Path(__file__).resolve().parent / "lrp_rules"
STABILISER = 1e-6

Back = Callable[[np.ndarray], List[np.ndarray]]


class Node:
    """A value of one example, what it was computed from, and how its relevance goes back."""

    def __init__(self, value: np.ndarray, parents: Sequence["Node"] = (), back: Optional[Back] = None) -> None:
        self.value, self.parents, self.back = value, parents, back
        self.relevance = np.zeros_like(value)


def propagate(out: Node, relevance: np.ndarray) -> None:
    order: List[Node] = []

    def visit(node: Node) -> None:
        if node not in order:
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(out)
    out.relevance = relevance
    for node in reversed(order):
        if node.back is not None:
            for parent, share in zip(node.parents, node.back(node.relevance)):
                parent.relevance = parent.relevance + share.reshape(parent.value.shape)


# --- rules -----------------------------------------------------------------------------------------------------------------------------------------


def stab(z: np.ndarray, epsilon: float) -> np.ndarray:
    return z + epsilon * np.where(z < 0, -1.0, 1.0)


def over(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """A share of nothing is nothing."""
    return np.where(denominator == 0, 0.0, numerator / np.where(denominator == 0, 1.0, denominator))


def plus(v: np.ndarray) -> np.ndarray:
    return np.where(v > 0, v, 0.0)


def minus(v: np.ndarray) -> np.ndarray:
    return np.where(v < 0, v, 0.0)


def shares(z: np.ndarray, bias: np.ndarray, relevance: np.ndarray, epsilon: float) -> np.ndarray:
    """Relevance of outputs k shared among inputs j in proportion to z[k, j]."""
    return (z * over(relevance, stab(z.sum(1) + bias, epsilon))[:, None]).sum(0)


def weighted_rule(rule: str, w: np.ndarray, x: np.ndarray, b: np.ndarray, connected: np.ndarray, channel: np.ndarray, relevance: np.ndarray) -> np.ndarray:
    """w: (outputs, inputs); connected: which of them exist; channel: of each input."""
    name, _, arguments = rule.partition(":")
    numbers = [float(a) for a in arguments.split(",")] if arguments else []
    z = w * x
    if name in ("epsilon", "norm", "constant-deviation"):
        return shares(z, b, relevance, numbers[0])
    if name == "gradient":
        return shares(z, b, relevance, 0.0)
    if name == "gamma":
        g = numbers[0]
        return shares((w + g * plus(w)) * x, b + g * plus(b), relevance, STABILISER)
    if name == "alpha-beta":
        alpha, beta = numbers
        return alpha * shares(plus(z), plus(b), relevance, STABILISER) - beta * shares(minus(z), minus(b), relevance, STABILISER)
    if name == "z-plus":
        return shares(plus(z), plus(b), relevance, STABILISER)
    if name == "z-box":
        low, high = numbers[: len(numbers) // 2], numbers[len(numbers) // 2 :]
        lows = np.array(low)[channel % len(low)]
        highs = np.array(high)[channel % len(high)]
        return shares(z - plus(w) * lows - minus(w) * highs, np.zeros_like(b), relevance, STABILISER)
    if name == "w-square":
        return shares(w**2, np.zeros_like(b), relevance, STABILISER)
    if name == "flat":
        return shares(connected * 1.0, np.zeros_like(b), relevance, STABILISER)
    raise ValueError(rule)


# --- operations ------------------------------------------------------------------------------------------------------------------------------------


def numbers(tensor: Tensor) -> np.ndarray:
    return tensor.detach().numpy().astype(np.float64)


def after(norm: Optional[nn.Module], w: np.ndarray, b: np.ndarray, repeat: int) -> Tuple[np.ndarray, np.ndarray]:
    """Weights and bias of an operation with the batch norm behind it; every channel has `repeat` outputs in a row."""
    if norm is None:
        return w, b
    s = numbers(norm.weight) / np.sqrt(numbers(norm.running_var) + norm.eps)
    t = numbers(norm.bias) - numbers(norm.running_mean) * s
    s, t = np.repeat(s, repeat), np.repeat(t, repeat)
    return w * s[:, None], b * s + t


def apply(x: Node, w: np.ndarray, b: np.ndarray, connected: np.ndarray, channel: np.ndarray, shape: Tuple[int, ...], rule: str) -> Node:
    flat = x.value.reshape(-1)
    return Node((w @ flat + b).reshape(shape), [x], lambda r: [weighted_rule(rule, w, flat, b, connected, channel, r.reshape(-1))])


def dense(x: Node, layer: nn.Linear, rule: str, norm: Optional[nn.Module] = None) -> Node:
    """On the last axis of x."""
    w, b = numbers(layer.weight), numbers(layer.bias)
    rows = x.value.size // w.shape[1]
    w, b = after(norm, w, b, 1)
    whole = np.kron(np.eye(rows), w)
    channel = np.arange(x.value.size) % w.shape[1]
    return apply(x, whole, np.tile(b, rows), np.kron(np.eye(rows), np.ones_like(w)), channel, x.value.shape[:-1] + (w.shape[0],), rule)


def convolution_matrix(weight: np.ndarray, size: Tuple[int, int], out: Tuple[int, int], stride: int, padding: int, groups: int) -> Tuple[np.ndarray, np.ndarray]:
    """(outputs, inputs) of a correlation, and which of its entries are weights."""
    channels, each = weight.shape[0], weight.shape[1]
    inputs = each * groups
    w = np.zeros((channels, *out, inputs, *size))
    there = np.zeros_like(w)
    for o in range(channels):
        for i in range(each):
            c = o // (channels // groups) * each + i
            for y in range(out[0]):
                for x in range(out[1]):
                    for u in range(weight.shape[2]):
                        for v in range(weight.shape[3]):
                            p, q = y * stride + u - padding, x * stride + v - padding
                            if 0 <= p < size[0] and 0 <= q < size[1]:
                                w[o, y, x, c, p, q] = weight[o, i, u, v]
                                there[o, y, x, c, p, q] = 1
    rows = channels * out[0] * out[1]
    return w.reshape(rows, -1), there.reshape(rows, -1)


def convolution(x: Node, layer: nn.Module, rule: str, norm: Optional[nn.Module] = None) -> Node:
    weight = numbers(layer.weight)
    planar = x.value if x.value.ndim == 3 else x.value[:, None, :]
    flat = weight if weight.ndim == 4 else weight[:, :, None, :]
    height, width = planar.shape[1:]
    s, p, k = layer.stride[-1], layer.padding[-1], flat.shape[3]
    along = lambda n: (n + 2 * p - k) // s + 1
    if isinstance(layer, nn.ConvTranspose2d):
        out = ((height - 1) * s - 2 * p + k, (width - 1) * s - 2 * p + k)
        w, there = convolution_matrix(flat, out, (height, width), s, p, layer.groups)
        w, there = w.T, there.T
    else:
        out = (along(height), along(width)) if x.value.ndim == 3 else (1, along(width))
        if x.value.ndim != 3 and p:
            raise ValueError("one-dimensional convolutions are written for padding 0")
        w, there = convolution_matrix(flat, (height, width), out, s, p, layer.groups)
    repeat = out[0] * out[1]
    bias = np.zeros(layer.out_channels) if layer.bias is None else numbers(layer.bias)
    w, b = after(norm, w, np.repeat(bias, repeat), repeat)
    channel = np.arange(planar.size) // (height * width)
    shape = (layer.out_channels, *out) if x.value.ndim == 3 else (layer.out_channels, out[1])
    return apply(x, w, b, there, channel, shape, rule)


def norm_alone(x: Node, norm: nn.Module, rule: str) -> Node:
    """A batch norm that follows no operation with weights: a diagonal matrix and a bias."""
    repeat = x.value.size // len(norm.weight)
    w, b = after(norm, np.eye(x.value.size), np.zeros(x.value.size), repeat)
    if rule == "pass":
        return activation(x, (w @ x.value.reshape(-1) + b).reshape(x.value.shape))
    return apply(x, w, b, np.eye(x.value.size), np.arange(x.value.size) // repeat, x.value.shape, rule)


def activation(x: Node, value: np.ndarray) -> Node:
    return Node(value, [x], lambda r: [r])


def relu(x: Node) -> Node:
    return activation(x, plus(x.value))


def max_pool(x: Node, kernel: int, stride: int, padding: int) -> Node:
    channels, height, width = x.value.shape
    out = [(n + 2 * padding - kernel) // stride + 1 for n in (height, width)]
    winner = np.zeros((channels, *out), dtype=int)
    for c, y, z in np.ndindex(channels, *out):
        places = [
            (p, q)
            for p in range(max(0, y * stride - padding), min(height, y * stride - padding + kernel))
            for q in range(max(0, z * stride - padding), min(width, z * stride - padding + kernel))
        ]
        p, q = max(places, key=lambda at: x.value[(c, *at)])
        winner[c, y, z] = (c * height + p) * width + q

    def back(r: np.ndarray) -> List[np.ndarray]:
        result = np.zeros(x.value.size)
        np.add.at(result, winner.reshape(-1), r.reshape(-1))
        return [result]

    return Node(x.value.reshape(-1)[winner], [x], back)


def mean(x: Node, groups: np.ndarray, shape: Tuple[int, ...], epsilon: float) -> Node:
    """Means of the elements of equal group, in proportion."""
    w = np.stack([(groups == g) / np.sum(groups == g) for g in range(groups.max() + 1)])
    return apply(x, w, np.zeros(len(w)), w != 0, groups, shape, f"epsilon:{epsilon}")


def add(a: Node, b: Node, epsilon: float) -> Node:
    y = a.value + b.value
    return Node(y, [a, b], lambda r: [a.value * over(r, stab(y, epsilon)), b.value * over(r, stab(y, epsilon))])


def flatten(x: Node) -> Node:
    return Node(x.value.reshape(-1), [x], lambda r: [r])


def layer_norm(x: Node, norm: nn.LayerNorm, rule: str) -> Node:
    """On the last axis. As a matrix: centring, then a division by a constant."""
    n = x.value.shape[-1]
    deviation = np.sqrt(x.value.var(-1) + norm.eps)
    gain, bias = numbers(norm.weight), numbers(norm.bias)
    value = (x.value - x.value.mean(-1, keepdims=True)) / deviation[..., None] * gain + bias
    if rule == "pass":
        return activation(x, value)
    epsilon = float(rule.partition(":")[2])

    def back(r: np.ndarray) -> List[np.ndarray]:
        result = np.zeros_like(x.value)
        for at in np.ndindex(deviation.shape):
            w = gain[:, None] * (np.eye(n) - 1.0 / n) / deviation[at]
            result[at] = shares(w * x.value[at], bias, r[at], epsilon)
        return [result]

    return Node(value, [x], back)


def matmul(a: Node, b: Node, epsilon: float, alive: Tuple[bool, bool] = (True, True)) -> Node:
    """Summands a[i, k] b[k, j] of each result; both operands get half of a summand's share, or one all of it."""
    y = a.value @ b.value
    part = 1.0 / (alive[0] + alive[1])

    def back(r: np.ndarray) -> List[np.ndarray]:
        ratio = over(r, stab(y, epsilon))
        summands = a.value[:, :, None] * b.value[None] * ratio[:, None, :]
        return [summands.sum(2) * part * alive[0], summands.sum(0) * part * alive[1]]

    return Node(y, [a, b], back)


def softmax(x: Node, rule: str) -> Node:
    e = np.exp(x.value - x.value.max(-1, keepdims=True))
    s = e / e.sum(-1, keepdims=True)
    if rule == "stop":
        return Node(s)
    return Node(s, [x], lambda r: [x.value * (r - s * r.sum(-1, keepdims=True))])


def scale(x: Node, factor: float, epsilon: float) -> Node:
    y = x.value * factor
    return Node(y, [x], lambda r: [y * over(r, stab(y, epsilon))])


def transpose(x: Node) -> Node:
    return Node(x.value.T, [x], lambda r: [r.T])


def columns(x: Node, start: int, end: int) -> Node:
    def back(r: np.ndarray) -> List[np.ndarray]:
        result = np.zeros_like(x.value)
        result[:, start:end] = r
        return [result]

    return Node(x.value[:, start:end], [x], back)


def beside(parts: List[Node]) -> Node:
    ends = np.cumsum([0] + [p.value.shape[1] for p in parts])
    return Node(np.concatenate([p.value for p in parts], 1), parts, lambda r: [r[:, a:b] for a, b in zip(ends, ends[1:])])


# --- models ----------------------------------------------------------------------------------------------------------------------------------------


class Rules:
    """The first line that fits says the rule: [selector, rule], selectors `first`, `kind NAME`, `module PATH`."""

    def __init__(self, lines: List[List[str]], first: str) -> None:
        self.lines, self.first = lines, first

    def __call__(self, kind: str, module: str = "") -> str:
        for selector, rule in self.lines:
            how, _, name = selector.partition(" ")
            if (how == "first" and module == self.first and kind == "WEIGHTED") or (how == "kind" and name == kind) or (how == "module" and name == module):
                return rule
        raise ValueError((kind, module))

    def stabiliser(self, kind: str) -> float:
        return float(self(kind).partition(":")[2])


class Dense(nn.Module):
    first = "fc1"
    layers = ["fc1", "act2"]
    shape = (5,)

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(5, 7)
        self.act1 = nn.ReLU()
        self.fc2 = nn.Linear(7, 6)
        self.act2 = nn.Tanh()
        self.fc3 = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.act2(self.fc2(self.act1(self.fc1(x)))))

    def explain(self, x: Node, rules: Rules) -> Dict[str, Node]:
        nodes = {"fc1": dense(x, self.fc1, rules("WEIGHTED", "fc1"))}
        h = dense(relu(nodes["fc1"]), self.fc2, rules("WEIGHTED", "fc2"))
        nodes["act2"] = activation(h, np.tanh(h.value))
        nodes[""] = dense(nodes["act2"], self.fc3, rules("WEIGHTED", "fc3"))
        return nodes


class Residual(nn.Module):
    """Batch norms behind convolutions, in and out of place ReLU, an overlapping max pool, groups, a residual block, a transposed convolution."""

    first = "conv1"
    layers = ["pool", "bn4"]
    shape = (2, 6, 6)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu1 = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1, groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(4)
        self.conv3 = nn.Conv2d(4, 4, 1)
        self.bn3 = nn.BatchNorm2d(4)
        self.conv4 = nn.ConvTranspose2d(4, 6, 2, stride=2, groups=2)
        self.bn4 = nn.BatchNorm2d(6)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu1(self.bn1(self.conv1(x))))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(x)))))
        y = F.relu(y + x, inplace=True)
        y = F.leaky_relu(self.bn4(self.conv4(y)), 0.1)
        return self.fc(F.adaptive_avg_pool2d(y, 1).flatten(1))

    def explain(self, x: Node, rules: Rules) -> Dict[str, Node]:
        x = relu(convolution(x, self.conv1, rules("WEIGHTED", "conv1"), self.bn1))
        pooled = max_pool(x, 3, 2, 1)
        y = relu(convolution(pooled, self.conv2, rules("WEIGHTED", "conv2"), self.bn2))
        y = convolution(y, self.conv3, rules("WEIGHTED", "conv3"), self.bn3)
        y = relu(add(y, pooled, rules.stabiliser("LINEAR")))
        up = convolution(y, self.conv4, rules("WEIGHTED", "conv4"), self.bn4)
        y = activation(up, np.where(up.value < 0, 0.1, 1.0) * up.value)
        y = mean(y, np.arange(y.value.size) // 36, (6,), rules.stabiliser("AVERAGE_POOLING"))
        return {"pool": pooled, "bn4": up, "": dense(y, self.fc, rules("WEIGHTED", "fc"))}


class Preactivated(nn.Module):
    """A batch norm that nothing with weights precedes, one behind a linear layer, one that a ReLU keeps apart."""

    first = "conv"
    layers = ["bn1"]
    shape = (3, 7)

    def __init__(self) -> None:
        super().__init__()
        self.bn0 = nn.BatchNorm1d(3)
        self.conv = nn.Conv1d(3, 4, 3, stride=2)
        self.bn1 = nn.BatchNorm1d(4)
        self.fc = nn.Linear(12, 5)
        self.bn2 = nn.BatchNorm1d(5)
        self.out = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn1(torch.relu(self.conv(self.bn0(x))))
        return self.out(torch.relu(self.bn2(self.fc(x.flatten(1)))))

    def explain(self, x: Node, rules: Rules) -> Dict[str, Node]:
        y = norm_alone(x, self.bn0, rules("NORMALIZATION", "bn0"))
        y = relu(convolution(y, self.conv, rules("WEIGHTED", "conv")))
        norm = norm_alone(y, self.bn1, rules("NORMALIZATION", "bn1"))
        y = relu(dense(flatten(norm), self.fc, rules("WEIGHTED", "fc"), self.bn2))
        return {"bn1": norm, "": dense(y, self.out, rules("WEIGHTED", "out"))}


class Attention(nn.Module):
    """One layer of a transformer before its norm, with two heads; the attention spelled out or by one operator."""

    first = "embed"
    layers = ["norm1", "norm2"]
    shape = (4, 3)

    def __init__(self, fused: bool) -> None:
        super().__init__()
        self.fused = fused
        self.embed = nn.Linear(3, 6)
        self.norm1 = nn.LayerNorm(6)
        self.query = nn.Linear(6, 6)
        self.key = nn.Linear(6, 6)
        self.value = nn.Linear(6, 6)
        self.project = nn.Linear(6, 6)
        self.norm2 = nn.LayerNorm(6)
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 6)
        self.out = nn.Linear(6, 3)

    def heads(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], x.shape[1], 2, 3).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x)
        y = self.norm1(x)
        q, k, v = self.heads(self.query(y)), self.heads(self.key(y)), self.heads(self.value(y))
        if self.fused:
            y = F.scaled_dot_product_attention(q, k, v)
        else:
            y = torch.matmul(torch.softmax(torch.matmul(q, k.transpose(2, 3)) * 0.57735026918962576, -1), v)
        x = x + self.project(y.transpose(1, 2).flatten(2))
        x = x + self.fc2(F.gelu(self.fc1(self.norm2(x))))
        return self.out(x.mean(1))

    def explain(self, x: Node, rules: Rules) -> Dict[str, Node]:
        linear, product = rules.stabiliser("LINEAR"), rules.stabiliser("PRODUCT")
        alive = (rules("SOFTMAX") != "stop", True)
        x = dense(x, self.embed, rules("WEIGHTED", "embed"))
        nodes = {"norm1": layer_norm(x, self.norm1, rules("NORMALIZATION", "norm1"))}
        q, k, v = (dense(nodes["norm1"], getattr(self, name), rules("WEIGHTED", name)) for name in ("query", "key", "value"))
        heads = []
        for start in (0, 3):
            score = matmul(columns(q, start, start + 3), transpose(columns(k, start, start + 3)), product)
            # The operator's own factor takes nothing; a multiplication in the text is stabilised as any other.
            score = scale(score, 1 / np.sqrt(3), 0.0 if self.fused else product)
            heads.append(matmul(softmax(score, rules("SOFTMAX")), columns(v, start, start + 3), product, alive))
        x = add(x, dense(beside(heads), self.project, rules("WEIGHTED", "project")), linear)
        nodes["norm2"] = layer_norm(x, self.norm2, rules("NORMALIZATION", "norm2"))
        h = dense(nodes["norm2"], self.fc1, rules("WEIGHTED", "fc1"))
        h = activation(h, numbers(F.gelu(torch.tensor(h.value))))
        x = add(x, dense(h, self.fc2, rules("WEIGHTED", "fc2")), linear)
        x = mean(x, np.tile(np.arange(6), 4), (6,), linear)
        nodes[""] = dense(x, self.out, rules("WEIGHTED", "out"))
        return nodes


MODELS: Dict[str, Callable[[], nn.Module]] = {
    "dense": Dense,
    "residual": Residual,
    "preactivated": Preactivated,
    "attention": lambda: Attention(False),
    "fused_attention": lambda: Attention(True),
}
SEEDS = {"dense": 1401, "residual": 1402, "preactivated": 1403, "attention": 1404, "fused_attention": 1404}

REST = [
    ["kind LINEAR", "norm:1e-6"],
    ["kind AVERAGE_POOLING", "norm:1e-6"],
    ["kind ACTIVATION", "pass"],
    ["kind MAX_POOLING", "pass"],
    ["kind SOFTMAX", "softmax-taylor"],
    ["kind PRODUCT", "uniform:1e-6"],
]
DEVIATION = [["kind NORMALIZATION", "constant-deviation:1e-6"]]
EVERYWHERE = ["epsilon:0", "epsilon:1e-9", "epsilon:0.1", "gamma:0.25", "alpha-beta:2,1", "alpha-beta:1,0", "z-plus", "w-square", "flat", "z-box:-3,4", "gradient"]


def rule_sets(name: str, model: nn.Module) -> Dict[str, List[List[str]]]:
    sets = {rule: [["kind WEIGHTED", rule]] + DEVIATION + REST for rule in EVERYWHERE}
    for first in ("flat", "w-square", "z-box:-3,4"):
        sets[f"{first} then z-plus"] = [["first", first], ["kind WEIGHTED", "z-plus"]] + DEVIATION + REST
    channels = {"dense": 5, "residual": 2, "preactivated": 3}.get(name)
    if channels:
        bounds = ",".join(str(-3.0 - c) for c in range(channels)) + "," + ",".join(str(4.0 + c) for c in range(channels))
        sets["bounds by channel"] = [["first", "z-box:" + bounds], ["kind WEIGHTED", "gamma:0.25"]] + DEVIATION + REST
    if name == "dense":
        sets["by layer"] = [["module fc1", "z-plus"], ["module fc2", "gamma:0.5"], ["kind WEIGHTED", "epsilon:0.01"]] + DEVIATION + REST
    if name == "residual":
        sets["by layer"] = [["module conv1", "flat"], ["module conv3", "gamma:0.5"], ["module conv4", "alpha-beta:2,1"], ["kind WEIGHTED", "epsilon:0.01"]] + DEVIATION + REST
    if name == "preactivated":
        sets["norms by z-plus"] = [["kind NORMALIZATION", "z-plus"], ["kind WEIGHTED", "z-plus"]] + REST
        sets["norms pass"] = [["kind NORMALIZATION", "pass"], ["kind WEIGHTED", "epsilon:0.01"]] + REST
    if "attention" in name:
        sets["norms pass"] = [["kind NORMALIZATION", "pass"], ["kind WEIGHTED", "epsilon:1e-6"]] + REST
        sets["weights constant"] = [["kind SOFTMAX", "stop"], ["kind WEIGHTED", "epsilon:1e-6"]] + DEVIATION + REST
    return sets


def prepared(name: str) -> nn.Module:
    torch.manual_seed(SEEDS[name])
    model = MODELS[name]().double().eval()
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.normal_(0, 0.5)
            module.running_var.uniform_(0.5, 2)
            nn.init.normal_(module.weight, 0.3, 1)  # of both signs: merging must turn weights round
            nn.init.normal_(module.bias, 0, 0.5)
        elif isinstance(module, nn.LayerNorm):
            nn.init.normal_(module.weight, 1, 0.3)
            nn.init.normal_(module.bias, 0, 0.3)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


# --- models whose relevance is conserved -----------------------------------------------------------------------------------------------------------


class VggStyle(nn.Module):
    shape = (3, 16, 16)

    def __init__(self) -> None:
        super().__init__()
        stages: List[nn.Module] = []
        for channels_in, channels in ((3, 8), (8, 8), (8, 12), (12, 12)):
            stages += [nn.Conv2d(channels_in, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)]
            stages += [nn.MaxPool2d(2)] if channels_in == channels else []
        self.features = nn.Sequential(*stages)
        self.avgpool = nn.AdaptiveAvgPool2d(2)
        self.classifier = nn.Sequential(nn.Linear(48, 16), nn.ReLU(True), nn.Dropout(), nn.Linear(16, 5))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class BasicBlock(nn.Module):
    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = None
        if stride != 1:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNetStyle(nn.Module):
    shape = (3, 20, 20)

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 5, 2, 2, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(BasicBlock(8, 8, 1), BasicBlock(8, 8, 1))
        self.layer2 = nn.Sequential(BasicBlock(8, 12, 2), BasicBlock(12, 12, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(12, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer2(self.layer1(self.maxpool(self.relu(self.bn1(self.conv1(x))))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class EncoderStyle(nn.Module):
    shape = (6, 5)

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(5, 16)
        self.encoder = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 24, activation="gelu", batch_first=True), 2)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.encoder(self.embed(x))[:, 0])


class VisionBlock(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.ln_1 = nn.LayerNorm(16)
        self.self_attention = nn.MultiheadAttention(16, 4, batch_first=True)
        self.ln_2 = nn.LayerNorm(16)
        self.mlp = nn.Sequential(nn.Linear(16, 24), nn.GELU(), nn.Linear(24, 16))

    def forward(self, x: Tensor) -> Tensor:
        y = self.ln_1(x)
        y, _ = self.self_attention(y, y, y, need_weights=False)
        x = x + y
        return x + self.mlp(self.ln_2(x))


class VisionTransformerStyle(nn.Module):
    """The class token and the positions are constants, which take relevance as biases do: it is conserved as far as the first block's input."""

    shape = (3, 12, 12)

    def __init__(self) -> None:
        super().__init__()
        self.conv_proj = nn.Conv2d(3, 16, 4, 4)
        self.class_token = nn.Parameter(torch.randn(1, 1, 16))
        self.pos_embedding = nn.Parameter(torch.randn(1, 10, 16))
        self.blocks = nn.Sequential(VisionBlock(), VisionBlock())
        self.ln = nn.LayerNorm(16)
        self.head = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        patches = self.conv_proj(x).flatten(2).transpose(1, 2)
        tokens = torch.cat([self.class_token.expand(x.size(0), -1, -1), patches], 1) + self.pos_embedding
        return self.head(self.ln(self.blocks(tokens))[:, 0])


CONSERVING = {"vgg": VggStyle, "resnet": ResNetStyle, "encoder": EncoderStyle, "vit": VisionTransformerStyle}


def conserving(name: str) -> Dict[str, object]:
    """A network whose biases, those of merged batch norms included, are zero: nothing but the stabilisers takes relevance."""
    torch.manual_seed(1500 + len(name))
    model = CONSERVING[name]().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_var.uniform_(0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
        if getattr(module, "bias", None) is not None:
            nn.init.zeros_(module.bias)
        if getattr(module, "in_proj_bias", None) is not None:
            nn.init.zeros_(module.in_proj_bias)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    x = torch.randn(2, *model.shape).requires_grad_()
    archives = {}
    for kind, module in (("scripted", torch.jit.script(model)), ("traced", archive.trace(model, x))):
        archives[kind] = f"models/{name}.{kind}.pt"
        archive.save(module, OUT / archives[kind], name)
    return {"archives": archives, "shape": list(model.shape)}


def main() -> None:
    warnings.simplefilter("ignore")
    shutil.rmtree(OUT, ignore_errors=True)
    (OUT / "models").mkdir(parents=True)
    arrays: Dict[str, np.ndarray] = {}
    manifest: Dict[str, object] = {}
    for name in MODELS:
        model = prepared(name)
        x = torch.randn(3, *model.shape, dtype=torch.float64)
        x.reshape(3, -1)[:, ::4] = 0  # rules may give relevance to zeros
        targets = [int(t) for t in torch.randint(0, 3, (3,))]
        archives = {}
        scripted, traced = torch.jit.script(model), torch.jit.trace(model, x)
        for kind, module in (("scripted", scripted), ("traced", traced), ("frozen", torch.jit.freeze(scripted))):
            archives[kind] = f"models/{name}.{kind}.pt"
            archive.save(module, OUT / archives[kind], name)
        arrays[f"{name}/x"] = x.numpy()
        with torch.no_grad():
            arrays[f"{name}/output"] = model(x).numpy()
        cases = []
        for label, lines in rule_sets(name, model).items():
            rows: Dict[str, List[np.ndarray]] = {}
            for row, target in zip(x.numpy(), targets):
                start = Node(row)
                nodes = model.explain(start, Rules(lines, model.first))
                out = nodes[""]
                assert np.allclose(out.value, model(torch.tensor(row)[None])[0].numpy(), rtol=1e-10, atol=1e-12), name
                propagate(out, np.where(np.arange(3) == target, out.value, 0.0))
                for at, node in [("x", start)] + [(layer, nodes[layer]) for layer in model.layers]:
                    rows.setdefault(at, []).append(node.relevance)
            for at, values in rows.items():
                arrays[f"{name}/{label}/{at}"] = np.stack(values)
            cases.append({"name": label, "rules": lines, "layers": list(model.layers)})
        manifest[name] = {"archives": archives, "targets": targets, "cases": cases}
    np.savez_compressed(OUT / "cases.npz", **arrays)
    manifest = {"rules": manifest, "conserving": {name: conserving(name) for name in CONSERVING}}
    (OUT / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
