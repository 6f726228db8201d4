# SPDX-License-Identifier: Apache-2.0
"""Activations that a program writes in several operators, between two linear layers without biases: archives and the relevance of their inputs.

    python golden/written.py

Writes golden/written/NAME.trace.pt and NAME.script.pt, in float64, and written.npz with the inputs and, for each name, the relevance
by the epsilon rule with epsilon 0, computed with NumPy: an activation hands its relevance on, so it is that of x_i * w_ik / sum_i(x_i * w_ik).
"""

import math
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

OUT = Path(__file__).resolve().parent / "written"


class Gelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1.0 + torch.tanh(math.sqrt(2.0 / math.pi) * (x + 0.044715 * torch.pow(x, 3.0))))


class GeluErf(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * 0.5 * (1.0 + torch.erf(x / math.sqrt(2.0)))


class QuickGelu(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(1.702 * x)


class Swish(nn.Module):
    """Its slope is a parameter."""

    def __init__(self):
        super().__init__()
        self.beta = nn.Parameter(torch.tensor(1.3))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.beta * x)


class Mish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.tanh(torch.nn.functional.softplus(x))


class HardSwish(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * torch.clamp(x + 3.0, 0.0, 6.0) / 6.0


class Steps(nn.Module):
    """Each step has a variable, and other statements stand between them."""

    def forward(self, x: Tensor) -> Tensor:
        half = x * 0.5
        cube = x * x * x
        rows = x.shape[0]
        inner = 0.7978845608 * (x + 0.044715 * cube)
        if rows > 100:
            rows = 100
        bent = torch.tanh(inner)
        return half * (bent + 1.0)


class Net(nn.Module):
    def __init__(self, bend):
        super().__init__()
        self.first = nn.Linear(5, 6, bias=False)
        self.bend = bend
        self.last = nn.Linear(6, 3, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.bend(self.first(x)))


BENDS = {
    "gelu": Gelu,
    "gelu-erf": GeluErf,
    "quick-gelu": QuickGelu,
    "swish": Swish,
    "mish": Mish,
    "hard-swish": HardSwish,
    "steps": Steps,
}


def relevance(net: Net, x: np.ndarray, target: int) -> np.ndarray:
    first, last = (layer.weight.detach().numpy() for layer in (net.first, net.last))
    hidden = x @ first.T
    with torch.no_grad():
        bent = net.bend(torch.from_numpy(hidden)).numpy()
    ofHidden = bent * last[target]
    return x * ((ofHidden / hidden) @ first)


def main():
    OUT.mkdir(exist_ok=True)
    torch.manual_seed(7)
    x = torch.randn(2, 5, dtype=torch.float64)
    arrays = {"x": x.numpy()}
    for name, bend in BENDS.items():
        net = Net(bend()).double().eval()
        torch.jit.trace(net, x).save(str(OUT / f"{name}.trace.pt"))
        torch.jit.script(net).save(str(OUT / f"{name}.script.pt"))
        arrays[name] = relevance(net, x.numpy(), 1)
    np.savez(OUT / "written.npz", **arrays)


if __name__ == "__main__":
    main()
