# SPDX-License-Identifier: Apache-2.0
"""Writes golden/programs: archives that are called in other ways than `forward(x) -> Tensor`, with what PyTorch computes in float64.

    python golden/programs.py

Gradients are central differences of the eager model in float64.
"""

import copy
import json
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import torch
from torch import Tensor, nn

import archive

HERE = Path(__file__).resolve().parent
OUT = HERE / "programs"
FEATURES = 4
STEP = 1e-5


class Methods(nn.Module):
    """Three methods, of which one calls another and one calls forward."""

    def __init__(self) -> None:
        super().__init__()
        self.enc = nn.Linear(4, 3)
        self.dec = nn.Linear(3, 2)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return torch.tanh(self.enc(x))

    @torch.jit.export
    def twice(self, x: Tensor) -> Tensor:
        return 2.0 * self.forward(x) + self.encode(x)[:, :2]

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.dec(self.encode(x)))


class NoForward(nn.Module):
    """No forward at all."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    @torch.jit.export
    def score(self, x: Tensor) -> Tensor:
        return torch.tanh(self.fc(x))


class ListOfDicts(nn.Module):
    """Dicts in a list, lists in a dict, tuples and an Optional that is not there."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tuple[List[Dict[str, Tensor]], Dict[str, List[Tensor]], Optional[Tensor], Tuple[Tensor, Optional[Tensor]]]:
        y = self.fc(x)
        many = [{"score": torch.tanh(y), "raw": y}, {"score": torch.sin(y)}]
        return many, {"parts": [y * 2.0, y * 3.0]}, None, (y * 4.0, torch.exp(y))


class Prints(nn.Module):
    """Prints, once with a value that is computed for that alone by a method with an effect."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.n = 1

    def count(self) -> int:
        self.n += 1
        return self.n

    def forward(self, x: Tensor) -> Tensor:
        print("shape", x.shape)
        if x.size(1) == 4:
            print(self.count())
        for i in range(2):
            print(i)
        return self.fc(x) * float(self.n)


class Forces(nn.Module):
    """An energy and its derivative by the input; the graph is not kept."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 5)
        self.out = nn.Linear(5, 1)

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        x.requires_grad_(True)
        energy = self.out(torch.tanh(self.fc(x)))
        ones: List[Optional[Tensor]] = [torch.ones_like(energy)]
        forces = torch.autograd.grad([energy], [x], ones, retain_graph=False, create_graph=False)[0]
        assert forces is not None
        return {"energy": energy, "forces": -forces}


class Backward(Forces):
    """The same by backward(), from a leaf of its own and from the input."""

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        z = x.detach().requires_grad_(True)
        self.out(torch.tanh(self.fc(z))).sum().backward()
        own = z.grad
        assert own is not None
        x.requires_grad_(True)
        energy = self.out(torch.tanh(self.fc(x)))
        energy.sum().backward()
        forces = x.grad
        assert forces is not None
        return {"energy": energy * 2.0 + (own - forces).sum(1, keepdim=True), "forces": -forces}


def forces(model: nn.Module, x: Tensor, key: str) -> Tensor:
    x = x.clone().requires_grad_(True)
    energy = model.out(torch.tanh(model.fc(x)))
    gradient = torch.autograd.grad(energy.sum(), x)[0]
    return (energy if key == "energy" else -gradient).detach()


Case = Tuple[str, Callable[[], nn.Module], str, str, Callable[[Any, Tensor], Tensor]]
CASES: List[Case] = [
    ("methods", Methods, "encode", "", lambda m, x: m.encode(x)),
    ("methods", Methods, "twice", "", lambda m, x: m.twice(x)),
    ("methods", Methods, "forward", "", lambda m, x: m(x)),
    ("no-forward", NoForward, "score", "", lambda m, x: m.score(x)),
    ("list-of-dicts", ListOfDicts, "forward", "0.0.score", lambda m, x: m(x)[0][0]["score"]),
    ("list-of-dicts", ListOfDicts, "forward", "0.1.score", lambda m, x: m(x)[0][1]["score"]),
    ("list-of-dicts", ListOfDicts, "forward", "1.parts.1", lambda m, x: m(x)[1]["parts"][1]),
    ("list-of-dicts", ListOfDicts, "forward", "3.1", lambda m, x: m(x)[3][1]),
    ("prints", Prints, "forward", "", lambda m, x: copy.deepcopy(m)(x)),
    ("forces", Forces, "forward", "energy", lambda m, x: forces(m, x, "energy")),
    ("forces", Forces, "forward", "forces", lambda m, x: forces(m, x, "forces")),
    ("backward", Backward, "forward", "energy", lambda m, x: 2.0 * forces(m, x, "energy")),
]


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    listed: List[Dict[str, object]] = []
    for name, make, method, output, run in CASES:
        torch.manual_seed(200 + len(name))
        model = make().eval()
        script = archive.script(model)
        archive.save(script, OUT / f"{name}.pt", name)
        x = torch.randn(3, FEATURES)
        exact = copy.deepcopy(model).double()
        value = run(exact, x.double()).detach()
        gradient = []
        for row in range(3):
            columns = []
            for i in range(FEATURES):
                step = torch.zeros(3, FEATURES, dtype=torch.float64)
                step[row, i] = STEP
                there = run(exact, x.double() + step)[row] - run(exact, x.double() - step)[row]
                columns.append(there.detach() / (2 * STEP))
            gradient.append(torch.stack(columns, 1).tolist())
        listed.append({
            "file": f"{name}.pt", "method": method, "chosen": output, "x": x.tolist(), "output": value.tolist(), "gradient": gradient,
        })
    lines = ",\n".join("  " + json.dumps(entry) for entry in listed)
    (OUT / "programs.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    print(len(listed), "cases")


if __name__ == "__main__":
    main()
