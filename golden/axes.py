# SPDX-License-Identifier: Apache-2.0
"""Writes golden/axes: models whose attributed inputs count rows on another axis than 0, and the same models with rows on axis 0, with
outputs, gradients, integrated gradients and ablations in float64, one row at a time and with rows on axis 0.

    python golden/axes.py
"""

import json
from pathlib import Path
from typing import Dict, Final, List

import numpy as np
import torch
from torch import Tensor, nn

import archive

OUT = Path(__file__).resolve().parent / "axes"
ROWS = 3
NODES = 64


class Series(nn.Module):
    """Takes (time, rows, features), as recurrent layers do by default."""

    rows_first: Final[bool]

    def __init__(self, rows_first: bool) -> None:
        super().__init__()
        self.rows_first = rows_first
        self.encoder = nn.Linear(3, 5)
        self.rnn = nn.GRU(5, 4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        if self.rows_first:
            x = x.permute(1, 0, 2)
        return self.fc(self.rnn(torch.tanh(self.encoder(x)))[0][-1])


class States(nn.Module):
    """Takes the states of two layers, (layers, rows, width), beside series with rows on axis 0."""

    rows_first: Final[bool]

    def __init__(self, rows_first: bool) -> None:
        super().__init__()
        self.rows_first = rows_first
        self.lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        if self.rows_first:
            h, c = h.permute(1, 0, 2).contiguous(), c.permute(1, 0, 2).contiguous()
        return self.fc(self.lstm(x, (h, c))[0][:, -1])


class Columns(nn.Module):
    """Takes (features, rows): each column is a row."""

    rows_first: Final[bool]

    def __init__(self, rows_first: bool) -> None:
        super().__init__()
        self.rows_first = rows_first
        self.hidden = nn.Linear(4, 6)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        if not self.rows_first:
            x = torch.t(x)
        return self.fc(self.relu(self.hidden(x)))


class Picture(nn.Module):
    """Takes (channels, height, width, rows)."""

    rows_first: Final[bool]

    def __init__(self, rows_first: bool) -> None:
        super().__init__()
        self.rows_first = rows_first
        self.conv = nn.Conv2d(2, 3, 3, padding=1)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        if not self.rows_first:
            x = x.permute(3, 0, 1, 2)
        return self.fc(torch.mean(self.relu(self.conv(x)), dim=[2, 3]))


class Turning(nn.Module):
    """A layer whose value lies one way or the other, by the sign of the first number."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 5)
        self.act = nn.Tanh()
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.fc(x)
        turned = bool(x[0, 0] < 0)
        if turned:
            h = torch.t(h)
        h = self.act(h)
        if turned:
            h = torch.t(h)
        return self.head(h)


KINDS = {
    "series": (Series, {"x": ([4, 3], 1)}, ["encoder", "rnn"]),
    "states": (States, {"x": ([2, 3], 0), "h": ([2, 4], 1), "c": ([2, 4], 1)}, ["lstm"]),
    "columns": (Columns, {"x": ([4], 1)}, ["hidden", "relu"]),
    "picture": (Picture, {"x": ([2, 4, 5], 3)}, ["conv", "relu"]),
}


def integrated(model: nn.Module, inputs: List[Tensor]) -> List[Tensor]:
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    sums = [torch.zeros_like(x) for x in inputs]
    for node, weight in zip((nodes + 1) / 2, weights / 2):
        leaves = [(x * node).requires_grad_(True) for x in inputs]
        for total, gradient in zip(sums, torch.autograd.grad(model(*leaves)[0, 1], leaves)):
            total += weight * gradient
    return [total * x for total, x in zip(sums, inputs)]


def ablated(model: nn.Module, inputs: List[Tensor]) -> List[Tensor]:
    score = model(*inputs)[0, 1]
    results = []
    for i, x in enumerate(inputs):
        result = torch.zeros_like(x)
        for element in range(x.numel()):
            changed = x.clone()
            changed.view(-1)[element] = 0
            others = [changed if j == i else other for j, other in enumerate(inputs)]
            result.view(-1)[element] = score - model(*others)[0, 1]
        results.append(result)
    return results


def write(name: str) -> Dict[str, object]:
    kind, shapes, layers = KINDS[name]
    torch.manual_seed(len(name))
    given = kind(False).double().eval()
    first = kind(True).double().eval()
    first.load_state_dict(given.state_dict())
    for model in (given, first):
        for parameter in model.parameters():
            parameter.requires_grad_(False)
    archive.save(torch.jit.script(given), OUT / f"{name}.pt", "model")
    archive.save(torch.jit.script(first), OUT / f"{name}_first.pt", "model")
    inputs = [torch.randn(ROWS, *shape).double() for shape, _ in shapes.values()]
    said: Dict[str, object] = {"name": name, "layers": layers, "outputs": []}
    for field in ("gradients", "integrated", "ablated"):
        said[field] = [[] for _ in inputs]
    for row in range(ROWS):
        one = [x[row : row + 1] for x in inputs]
        with torch.no_grad():
            said["outputs"].append(first(*one)[0].tolist())
            lost = ablated(first, one)
        leaves = [x.clone().requires_grad_(True) for x in one]
        gradients = torch.autograd.grad(first(*leaves)[0, 1], leaves)
        for field, values in (("gradients", gradients), ("integrated", integrated(first, one)), ("ablated", lost)):
            for i, value in enumerate(values):
                said[field][i] += value.flatten().tolist()
    said["inputs"] = [
        {"name": key, "shape": shape, "axis": axis, "values": x.flatten().tolist()}
        for (key, (shape, axis)), x in zip(shapes.items(), inputs)
    ]
    return said


def main() -> None:
    OUT.mkdir(exist_ok=True)
    cases = [write(name) for name in KINDS]
    torch.manual_seed(1)
    archive.save(torch.jit.script(Turning().double().eval()), OUT / "turning.pt", "model")
    lines = ",\n".join(json.dumps(case) for case in cases)
    (OUT / "axes.json").write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()
