# SPDX-License-Identifier: Apache-2.0
"""Rules of propagation from their definitions, slowly: a tape of operations that holds every example twice, at its input and at its reference.

Nothing here is differentiated where a multiplier can be had from values, every linear operation is expanded into its matrix, and nothing is shared with
Captum. Only for networks of a few hundred numbers.
"""

from typing import Callable, Dict, List, Sequence, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

NEAR = 1e-10


class Node:
    """A value for one example without a batch dimension, its reference, and how its multipliers reach what it was computed from."""

    def __init__(self, value: Tensor, reference: Tensor, parents: Sequence[Tuple["Node", Callable[[Tensor], Tensor]]] = ()) -> None:
        self.value = value
        self.reference = reference
        self.parents = list(parents)
        self.multiplier = torch.zeros_like(value)

    @property
    def difference(self) -> Tensor:
        return self.value - self.reference


class DeepLift:
    """Multipliers dy/dx of differences from the reference: Shrikumar et al. 2017, the Rescale rule."""

    def __init__(self) -> None:
        self.nodes: List[Node] = []

    def _add(self, node: Node) -> Node:
        self.nodes.append(node)
        return node

    def leaf(self, value: Tensor, reference: Tensor) -> Node:
        return self._add(Node(value.double(), reference.double()))

    def linear(self, function: Callable[[Tensor], Tensor], x: Node) -> Node:
        """A function of the form A x + b that expects a batch: its matrix is A's columns, one for each element of x."""
        size = x.value.numel()
        zero = function(torch.zeros((1, *x.value.shape), dtype=torch.float64))
        columns = function(torch.eye(size, dtype=torch.float64).reshape(size, *x.value.shape)) - zero
        matrix = columns.reshape(size, -1)
        value, reference = function(x.value[None])[0], function(x.reference[None])[0]
        return self._add(Node(value, reference, [(x, lambda m: (matrix @ m.reshape(-1)).reshape(x.value.shape))]))

    def activation(self, function: Callable[[Tensor], Tensor], x: Node) -> Node:
        value, reference = function(x.value), function(x.reference)
        change = torch.where(x.difference.abs() < NEAR, _derivative(function, x.value), (value - reference) / _away(x.difference))
        return self._add(Node(value, reference, [(x, lambda m: m * change)]))

    def max_pool(self, x: Node, kernel: int, stride: int, padding: int) -> Node:
        """A window's difference is split at the greater of its two maxima: up to it belongs to the input's largest element, down from it to the reference's."""
        rows = (x.value.shape[1] + 2 * padding - kernel) // stride + 1
        columns = (x.value.shape[2] + 2 * padding - kernel) // stride + 1
        value = torch.empty(x.value.shape[0], rows, columns, dtype=torch.float64)
        reference = torch.empty_like(value)
        shares: List[Tuple[Tuple[int, int, int], Tuple[int, int, int], float]] = []
        for c in range(value.shape[0]):
            for i in range(rows):
                for j in range(columns):
                    window = [
                        (c, r, k)
                        for r in range(i * stride - padding, i * stride - padding + kernel)
                        for k in range(j * stride - padding, j * stride - padding + kernel)
                        if 0 <= r < x.value.shape[1] and 0 <= k < x.value.shape[2]
                    ]
                    top = max(window, key=lambda at: x.value[at].item())
                    before = max(window, key=lambda at: x.reference[at].item())
                    value[c, i, j], reference[c, i, j] = x.value[top], x.reference[before]
                    greater = max(x.value[top].item(), x.reference[before].item())
                    shares.append(((c, i, j), top, greater - x.reference[before].item()))
                    shares.append(((c, i, j), before, x.value[top].item() - greater))

        def back(m: Tensor) -> Tensor:
            contribution = torch.zeros_like(x.value)
            for out, at, share in shares:
                contribution[at] += m[out] * share
            return torch.where(x.difference.abs() < NEAR, torch.zeros_like(contribution), contribution / _away(x.difference))

        return self._add(Node(value, reference, [(x, back)]))

    def add(self, a: Node, b: Node) -> Node:
        return self._add(Node(a.value + b.value, a.reference + b.reference, [(a, lambda m: m), (b, lambda m: m)]))

    def product(self, a: Node, b: Node) -> Node:
        """Each factor's difference counts with the mean of the other's two values: the Shapley values of the two."""
        node = Node(a.value * b.value, a.reference * b.reference)
        node.parents = [(a, lambda m: m * (b.value + b.reference) / 2), (b, lambda m: m * (a.value + a.reference) / 2)]
        return self._add(node)

    def layer_norm(self, norm, x: Node) -> Node:
        """As the operations that it is made of: a mean, squares, their mean, a power, a product, a scale and shift for each unit."""
        centred = self.linear(lambda v: v - v.mean(1, keepdim=True), x)
        variance = self.linear(lambda v: v.mean(1, keepdim=True).expand_as(v), self.activation(torch.square, centred))
        scale = self.activation(lambda v: (v + norm.eps) ** -0.5, variance)
        return self.linear(lambda v: v * norm.weight + norm.bias, self.product(centred, scale))

    def softmax(self, x: Node) -> Node:
        """exp(x - log of the sum of exponentials), as these operations; a shift that is the same for both runs changes no ratio."""
        shift = torch.maximum(x.value.max(), x.reference.max())
        exponentials = self.activation(lambda v: torch.exp(v - shift), x)
        total = self.linear(lambda v: v.sum(1, keepdim=True), exponentials)
        logarithm = self.activation(torch.log, total)
        negative = self.linear(lambda v: -(v + shift).expand(-1, x.value.numel()), logarithm)
        return self.activation(torch.exp, self.add(x, negative))

    def flatten(self, x: Node) -> Node:
        return self._add(Node(x.value.reshape(-1), x.reference.reshape(-1), [(x, lambda m: m.reshape(x.value.shape))]))

    def explain(self, out: Node, unit: Tuple[int, ...]) -> float:
        """Sends the multiplier 1 back from one element; each node then knows its own. Returns the difference of that element."""
        for node in self.nodes:
            node.multiplier = torch.zeros_like(node.value)
        out.multiplier[unit] = 1
        for node in reversed(self.nodes):
            for parent, back in node.parents:
                parent.multiplier = parent.multiplier + back(node.multiplier)
        return out.difference[unit].item()


def _away(difference: Tensor) -> Tensor:
    return torch.where(difference.abs() < NEAR, torch.ones_like(difference), difference)


def _derivative(function: Callable[[Tensor], Tensor], at: Tensor) -> Tensor:
    with torch.enable_grad():
        leaf = at.detach().clone().requires_grad_(True)
        return torch.autograd.grad(function(leaf).sum(), leaf)[0]


def pooled(model, tape: DeepLift, image: Node) -> Dict[str, Node]:
    """The program of `propagation_models.Pooled`."""
    nodes = {"image": image}
    nodes["conv1"] = tape.linear(model.conv1, image)
    x = tape.max_pool(tape.activation(torch.relu, nodes["conv1"]), 3, 2, 1)
    nodes["maxpool1"] = x
    nodes["conv2"] = tape.linear(model.conv2, x)
    x = tape.max_pool(tape.activation(torch.relu, nodes["conv2"]), 2, 2, 0)
    x = tape.flatten(tape.activation(torch.relu, x))
    nodes["fc1"] = tape.linear(model.fc1, x)
    nodes["output"] = tape.linear(model.fc2, tape.activation(torch.relu, nodes["fc1"]))
    return nodes


def functional(model, tape: DeepLift, x: Node) -> Dict[str, Node]:
    """The program of `propagation_models.Functional`."""
    nodes = {"x": x}
    nodes["fc1"] = tape.linear(model.fc1, x)
    nodes["fc2"] = tape.linear(model.fc2, tape.activation(F.gelu, nodes["fc1"]))
    x = tape.activation(torch.tanh, tape.activation(F.silu, nodes["fc2"]))
    nodes["fc3"] = tape.linear(model.fc3, x)
    x = tape.add(tape.activation(F.hardswish, nodes["fc3"]), tape.activation(torch.relu, x))
    nodes["fc4"] = tape.linear(model.fc4, x)
    nodes["output"] = tape.linear(model.fc5, tape.activation(F.relu6, tape.activation(F.mish, nodes["fc4"])))
    return nodes


def gated(model, tape: DeepLift, x: Node) -> Dict[str, Node]:
    """The program of `propagation_models.Gated`."""
    nodes = {"x": x}
    nodes["fc1"] = tape.linear(model.fc1, x)
    nodes["norm"] = tape.layer_norm(model.norm, nodes["fc1"])
    nodes["fc2"] = tape.linear(model.fc2, nodes["norm"])
    gate = tape.activation(torch.sigmoid, tape.linear(lambda v: v[:, :8], nodes["fc2"]))
    content = tape.activation(torch.tanh, tape.linear(lambda v: v[:, 8:], nodes["fc2"]))
    nodes["fc3"] = tape.linear(model.fc3, tape.product(gate, content))
    nodes["output"] = tape.softmax(nodes["fc3"])
    return nodes


PROGRAMS = {"pooled": pooled, "functional": functional, "gated": gated}


class _Rectified(torch.autograd.Function):
    """A ReLU that passes back what is positive: where its input was positive (guided backprop), or everywhere (deconvolution)."""

    @staticmethod
    def forward(ctx, x: Tensor, guided: bool) -> Tensor:
        ctx.guided = guided
        ctx.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(ctx, gradient: Tensor):
        passed = gradient.clamp(min=0)
        return (passed * (ctx.saved_tensors[0] > 0) if ctx.guided else passed), None


def rectified(model, inputs: Tuple[Tensor, ...], score: Callable[[Tensor], Tensor], guided: bool) -> List[Tensor]:
    """The gradient with every ReLU of the model replaced, modules and functions alike."""
    replacement = lambda x, inplace=False: _Rectified.apply(x, guided)  # noqa: E731
    kept = F.relu, torch.relu
    leaves = [x.detach().clone().requires_grad_(True) for x in inputs]
    try:
        F.relu = torch.relu = replacement
        return list(torch.autograd.grad(score(model(*leaves)).sum(), leaves))
    finally:
        F.relu, torch.relu = kept
