# SPDX-License-Identifier: Apache-2.0
"""Writes golden/together: archives whose rows change each other or which take one row only, with what each row gives alone, in float64.

    python golden/together.py
"""

import json
import warnings
from pathlib import Path
from typing import Callable, List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive

OUT = Path(__file__).resolve().parent / "together"
ROWS = 4


class Net(nn.Module):
    """A convolution, something in between, a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(2, 3)

    def between(self, x: Tensor) -> Tensor:
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.mean(self.relu(self.between(self.conv(x))), dim=[2, 3]))


class BatchNormInTrainMode(Net):
    def between(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, training=True)


class NormOverRows(Net):
    def between(self, x: Tensor) -> Tensor:
        return x / (1 + torch.norm(x, dim=0, keepdim=True))


class RangeOfTheBatch(Net):
    def between(self, x: Tensor) -> Tensor:
        return x / torch.max(torch.abs(x))


class BranchOnTheSum(Net):
    def between(self, x: Tensor) -> Tensor:
        if bool(torch.sum(x) > 0):
            return x * 0.5
        return x + 1


class BranchOnBlankLines(Net):
    """A branch that none of the rows takes, and that every row takes beside one with a blank line."""

    def forward(self, x: Tensor) -> Tensor:
        if bool(torch.any(torch.amax(torch.abs(x), 3) < 1e-6)):
            x = torch.tanh(x + 0.5)
        return self.fc(torch.mean(self.relu(self.conv(x)), dim=[2, 3]))


class StepOfTheBatch(Net):
    """A number made of all rows, in a function, in steps so coarse that most batches give the same."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(torch.mean(self.relu(self.conv(x / coarse(x))), dim=[2, 3]))


def coarse(x: Tensor) -> float:
    return 1.0 + float(torch.floor(torch.amin(torch.amax(torch.abs(x), 3)) * 1e3 + 1) / 1e3 > 1e-3)


class FactorOfBlankLines(Net):
    """As a branch on blank lines, of tensors alone, as a trace has it."""

    def forward(self, x: Tensor) -> Tensor:
        blank = torch.any(torch.amax(torch.abs(x), 3) < 1e-6).float()
        return self.fc(torch.mean(self.relu(self.conv(x * (1 + 0.5 * blank))), dim=[2, 3]))


class TopRowsOnly(Net):
    """Rows below the second are made small."""

    def between(self, x: Tensor) -> Tensor:
        best = torch.topk(torch.amax(x, dim=[1, 2, 3]), min(2, x.size(0)), 0)[0][-1]
        return torch.where(torch.amax(x, dim=[1, 2, 3], keepdim=True) >= best, x, 0.1 * x)


class ManyRows(Net):
    """Another way for many rows."""

    def between(self, x: Tensor) -> Tensor:
        if x.size(0) > 8:
            return x * 3
        return x


class Checked(Net):
    """Numbers that do not join rows: sizes, what weights hold, and what only an error depends on."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("scale", torch.tensor(0.5))

    def forward(self, x: Tensor) -> Tensor:
        if bool(torch.any(torch.isnan(x))):
            raise ValueError(f"NaN beside {float(torch.amax(x))}")
        assert float(torch.amin(x)) > -100, "out of range"
        if x.size(2) > 100 or float(self.scale) > 1:
            x = x * 2
        for i in range(int(torch.ceil(self.scale))):
            x = x * float(self.scale) + i / x.size(2)
        return self.fc(torch.mean(self.relu(self.conv(x)), dim=[2, 3]))


class Whitened(Net):
    """Subtracts half of the mean over the rows behind the first layer."""

    def between(self, x: Tensor) -> Tensor:
        return x - 0.5 * torch.mean(x, dim=0, keepdim=True)


class RunsAlongTheRows(Net):
    def between(self, x: Tensor) -> Tensor:
        return torch.cumsum(x, dim=0)


class RunsBackAlongTheRows(Net):
    def between(self, x: Tensor) -> Tensor:
        return torch.flip(torch.cumsum(torch.flip(x, [0]), dim=0), [0])


class LoopOverRows(Net):
    """Traced with one row, it computes one."""

    def forward(self, x: Tensor) -> Tensor:
        out = torch.zeros(x.shape[0], 3, dtype=x.dtype)
        for i in range(x.shape[0]):
            out[i] = Net.forward(self, x[i : i + 1])[0]
        return out


class OneRowView(Net):
    """Traced with one row, the number stands in the view."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.relu(self.conv(x))
        return self.fc(torch.mean(hidden.view(1, 2, -1), dim=2))


class FourRowsView(Net):
    """Traced with four rows, the number stands in the view."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.relu(self.conv(x))
        return self.fc(torch.mean(hidden.view(4, 2, -1), dim=2))


class FirstRowOnly(Net):
    """A convolution without an axis of rows: the output has one row, whatever is given."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.relu(self.conv(x[0]))
        return self.fc(torch.mean(hidden, dim=[1, 2])).unsqueeze(0)


class Squeezed(Net):
    """Loses the axis of rows where there is one row."""

    def forward(self, x: Tensor) -> Tensor:
        return Net.forward(self, x).squeeze()


class SqueezedInside(Net):
    """Fails inside where there is one row."""

    def forward(self, x: Tensor) -> Tensor:
        hidden = torch.mean(self.relu(self.conv(x)), dim=[2, 3]).squeeze()
        return self.fc(hidden[:, 0:2])


class StateForOneRow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 4, batch_first=True)
        self.fc = nn.Linear(4, 3)
        self.register_buffer("h", torch.randn(1, 1, 4))
        self.register_buffer("c", torch.randn(1, 1, 4))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.lstm(x[:, 0], (self.h, self.c))[0][:, -1])


class TimeFirst(nn.Module):
    """Reads axis 0 as time."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(25, 4)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.rnn(x.flatten(1).unsqueeze(1))[0][:, 0])


class SortedLengths(nn.Module):
    """Wants rows of more steps first: a step counts where its first value is not zero."""

    def __init__(self) -> None:
        super().__init__()
        self.rnn = nn.GRU(5, 4, batch_first=True)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        steps = x[:, 0]
        lengths = torch.sum((steps[:, :, 0] != 0).long(), dim=1)
        packed = nn.utils.rnn.pack_padded_sequence(steps, lengths, batch_first=True)
        return self.fc(self.rnn(packed)[1][0])


class GivenState(nn.Module):
    """Takes the state of two layers, whose axis 1 counts rows."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 4, num_layers=2, batch_first=True)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: Tensor, h: Tensor, c: Tensor) -> Tensor:
        return self.fc(self.lstm(x, (h, c))[0][:, -1])


class Distances(nn.Module):
    """Sums one over the distances of points, (rows, points, 3): zeros, which lie on each other, give infinity."""

    def forward(self, x: Tensor) -> Tensor:
        apart = torch.norm(x[:, 1:] - x[:, :-1], dim=2)
        return torch.stack([torch.sum(1 / apart, dim=1), torch.sum(apart, dim=1)], dim=1)


class DistancesOverAll(Distances):
    """The same, seen against the mean of all rows."""

    def forward(self, x: Tensor) -> Tensor:
        sums = Distances.forward(self, x)
        return sums / (1 + torch.mean(sums, dim=0, keepdim=True))


class Ratios(nn.Module):
    """Divides by integers."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(1 / x, dim=1)


class RatiosOverAll(nn.Module):
    """The same, seen against all rows."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.cumsum(1 / x, dim=1) / torch.sum(x)


def without_zeros() -> None:
    """Models that have no finite output at zeros."""
    points, integers = torch.randn(1, 4, 3), torch.tensor([[2, 3, 4]])
    for kind, x in ((Distances, points), (DistancesOverAll, points), (Ratios, integers), (RatiosOverAll, integers)):
        archive.save(torch.jit.trace(kind().eval(), x), OUT / f"{kind.__name__}.pt", "model")


def states() -> dict:
    torch.manual_seed(11)
    model = GivenState().eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    x, h, c = torch.randn(3, 2, 5), torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    archive.save(torch.jit.script(model), OUT / "GivenState.pt", "model")
    model, x, h, c = model.double(), x.double(), h.double(), c.double()
    gradients, outputs = [], []
    for row in range(3):
        leaf = x[row : row + 1].clone().requires_grad_(True)
        output = model(leaf, h[:, row : row + 1], c[:, row : row + 1])
        gradients.append(torch.autograd.grad(output[0, 1], leaf)[0].flatten().tolist())
        outputs.append(output[0].tolist())
    flat = {"x": x.flatten().tolist(), "h": h.flatten().tolist(), "c": c.flatten().tolist()}
    return {"file": "GivenState.pt", **flat, "outputs": outputs, "gradients": gradients}


def inputs(kind: str) -> Tensor:
    x = torch.randn(ROWS, 1, 5, 5, dtype=torch.float64)
    x[1] -= 3
    x[2] += 1
    if kind == "SortedLengths":
        x[:, 0, :, 0] = torch.abs(x[:, 0, :, 0]) + 0.5
        for row, steps in enumerate([2, 5, 3, 4]):
            x[row, 0, steps:] = 0
    return x


SCRIPTED = {"BranchOnTheSum", "BranchOnBlankLines", "StepOfTheBatch", "ManyRows", "TopRowsOnly", "Checked", "SortedLengths", "StateForOneRow"}
KINDS: List[Tuple[str, Callable[[], nn.Module], str]] = [
    ("BatchNormInTrainMode", BatchNormInTrainMode, "change each other"),
    ("NormOverRows", NormOverRows, "change each other"),
    ("RangeOfTheBatch", RangeOfTheBatch, "change each other"),
    ("BranchOnTheSum", BranchOnTheSum, "change each other"),
    ("BranchOnBlankLines", BranchOnBlankLines, "(a branch in the model's own code)"),
    ("StepOfTheBatch", StepOfTheBatch, "makes one number of the values of all rows of a call"),
    ("Whitened", Whitened, "change each other"),
    ("RunsAlongTheRows", RunsAlongTheRows, "change each other"),
    ("RunsBackAlongTheRows", RunsBackAlongTheRows, "change each other"),
    ("LoopOverRows", LoopOverRows, "row by row"),
    ("TimeFirst", TimeFirst, "change each other"),
    ("OneRowView", OneRowView, "one of a single row did not"),
    ("FirstRowOnly", FirstRowOnly, "one of a single row did not"),
    ("StateForOneRow", StateForOneRow, "one of a single row did not"),
    ("SortedLengths", SortedLengths, "one of a single row did not"),
    ("Squeezed", Squeezed, "a call of one row failed"),
    ("SqueezedInside", SqueezedInside, "a call of one row failed"),
    ("FactorOfBlankLines", FactorOfBlankLines, "makes one number of the values of all rows of a call"),
    ("ManyRows", ManyRows, "does otherwise for more rows (a branch"),
    ("TopRowsOnly", TopRowsOnly, "works along the rows of a call"),
]


def alone(model: nn.Module, kind: str, x: Tensor) -> Tensor:
    """The output of one row; beside copies of itself where one row is not allowed."""
    if kind == "FourRowsView":
        return model(torch.cat([x] * ROWS))[:1]
    return model(torch.cat([x, x]))[:1] if kind.startswith("Squeezed") else model(x)


def case(kind: str, make: Callable[[], nn.Module], says: str) -> dict:
    torch.manual_seed(sum(kind.encode()))
    model = make().eval()
    x = inputs(kind)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    example = x[: {"Squeezed": 2, "SqueezedInside": 2, "FourRowsView": ROWS}.get(kind, 1)].float()
    program = torch.jit.script(model) if kind in SCRIPTED else torch.jit.trace(model, example, check_trace=False)
    file = kind + ".pt"
    archive.save(program, OUT / file, "model")
    x = x.float().double()
    model = model.double()
    outputs, gradients, ablations = [], [], []
    for row in x:
        leaf = row.unsqueeze(0).clone().requires_grad_(True)
        output = alone(model, kind, leaf)
        gradients.append(torch.autograd.grad(output[0, 1], leaf)[0][0].flatten().tolist())
        outputs.append(output[0].tolist())
        # Five groups, the lines of the picture.
        changed = []
        for line in range(0 if kind == "SortedLengths" else 5):
            without = row.unsqueeze(0).clone()
            without[0, 0, line] = 0
            changed.append((output[0, 1] - alone(model, kind, without)[0, 1]).item())
        ablations.append(changed)
    return {
        "kind": kind,
        "file": file,
        "says": says,
        "inputs": x.flatten().tolist(),
        "outputs": outputs,
        "gradients": gradients,
        # A step that is zero makes a row shorter, or none.
        "ablations": [] if kind == "SortedLengths" else ablations,
    }


def main() -> None:
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    cases = [case(*kind) for kind in KINDS]
    torch.manual_seed(3)
    net = nn.Sequential(nn.Flatten(1), nn.Linear(25, 6), nn.ReLU(), nn.Linear(6, 3)).eval()
    dynamic = torch.ao.quantization.quantize_dynamic(net, {nn.Linear}, dtype=torch.qint8)
    x = inputs("")
    archive.save(torch.jit.trace(dynamic, x[:1].float()), OUT / "Dynamic.pt", "model")
    # No float64 there is: what quantized arithmetic gives for one row at a time.
    single = torch.cat([dynamic(row.unsqueeze(0).float()) for row in x]).double()
    cases.append({
        "kind": "Dynamic",
        "file": "Dynamic.pt",
        "says": "quantizes by the range of all rows of a call (linear_dynamic)",
        "inputs": x.float().double().flatten().tolist(),
        "outputs": single.tolist(),
        "gradients": [],
        "ablations": [],
    })
    lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    (OUT / "together.json").write_text("[\n" + lines + "\n]\n")
    (OUT / "checked.json").write_text(json.dumps(case("Checked", Checked, "")) + "\n")
    (OUT / "saved.json").write_text(json.dumps(case("FourRowsView", FourRowsView, "")) + "\n")
    (OUT / "states.json").write_text(json.dumps(states()) + "\n")
    without_zeros()


if __name__ == "__main__":
    main()
