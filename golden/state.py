# SPDX-License-Identifier: Apache-2.0
"""Writes golden/state: archives of models that change themselves, with what PyTorch computes in float64 from the state that each was saved with.

    python golden/state.py

Every output and every gradient is that of a fresh copy of the eager model; gradients are central differences, which know nothing of autograd.
"""

import copy
import json
import warnings
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

import archive

HERE = Path(__file__).resolve().parent
OUT = HERE / "state"
FEATURES = 4
STEP = 1e-5


class CountsInt(nn.Module):
    """An int attribute that every call raises; a branch depends on it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.n = 2

    def forward(self, x: Tensor) -> Tensor:
        self.n += 1
        y = self.fc(x) * float(self.n)
        if self.n % 2 == 0:
            y = torch.tanh(y)
        return y

    @torch.jit.export
    def again(self, x: Tensor) -> Tensor:
        self.n += 10
        return self.forward(x)


class CountsBuffer(nn.Module):
    """A buffer that is raised in place."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.register_buffer("n", torch.full([1], 2.0))

    def forward(self, x: Tensor) -> Tensor:
        self.n += 1
        return torch.tanh(self.fc(x)) * self.n


class AssignsTensor(nn.Module):
    """A tensor that is given another value, of another shape."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.out = nn.Linear(3, 2)
        self.register_buffer("h", torch.tensor([[0.3, -0.2, 0.1]]))

    def forward(self, x: Tensor) -> Tensor:
        self.h = torch.tanh(self.fc(x) + 0.7 * self.h)
        return self.out(self.h)


class KeepsWhatIsOverwritten(nn.Module):
    """A product needs the old state for its gradient, and the state is overwritten before the gradient is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.register_buffer("h", torch.tensor([[0.5, -1.5]]))

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        z = y * self.h
        self.h.copy_(y.mean(0, keepdim=True))
        return torch.tanh(z) + z * self.h.mean()


class SeesTheNewValue(nn.Module):
    """A name for the state that was made before the state was written to."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.register_buffer("h", torch.tensor([[0.5, -1.5]]))

    def forward(self, x: Tensor) -> Tensor:
        h = self.h
        self.h.add_(1.0)
        y = self.fc(x) * h
        h.mul_(2.0)
        return y * self.h


class WritesThroughViews(nn.Module):
    """Views and slices of a buffer, an index, and `out=`."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.register_buffer("h", torch.linspace(-1, 1, 4).reshape(1, 4))
        self.register_buffer("room", torch.zeros(1, 4))

    def forward(self, x: Tensor) -> Tensor:
        flat = self.h.view(-1)
        flat[1:3].add_(0.5)
        self.h[:, 0] = 2.0
        self.h[0, torch.tensor([3])] = -1.0
        torch.add(self.h, self.h, out=self.room)
        row = self.room[0]
        row.mul_(0.5)
        return (self.fc(x) * self.room * self.h)[:, :2]


class Appends(nn.Module):
    """A list that gets longer, and one whose items are replaced."""

    past: List[Tensor]
    kept: List[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.past = [torch.ones(1, 4)]
        self.kept = [torch.zeros(1, 2), torch.ones(1, 2)]

    def forward(self, x: Tensor) -> Tensor:
        self.past.append(torch.sin(x))
        total = self.past[0]
        for i in range(1, len(self.past)):
            total = total + self.past[i]
        y = self.fc(total)
        self.kept[1] = y * (1.0 + self.kept[1])
        self.kept[0].add_(1.0)
        return self.kept[1] + self.kept[0] * float(len(self.past))


class KeepsContainers(nn.Module):
    """A dict, a tuple, an Optional and lists inside a dict."""

    named: Dict[str, Tensor]
    pair: Tuple[Tensor, Tensor]
    last: Optional[Tensor]
    many: Dict[str, List[Tensor]]

    def __init__(self) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(4, 2)
        self.named = {"a": torch.ones(1, 2)}
        self.pair = (torch.full([1, 2], 0.2), torch.full([1, 2], -0.4))
        self.last = None
        self.many = {"x": [torch.ones(1, 2)]}

    def forward(self, x: Tensor) -> Tensor:
        h, c = self.pair
        h, c = self.cell(x, (h.expand(x.size(0), 2), c.expand(x.size(0), 2)))
        self.pair = (h, c)
        last = self.last
        if last is not None:
            h = h + last
        self.last = h
        self.named["a"] = self.named["a"] * 2.0 + c
        self.many["x"].append(h)
        self.many["x"][0].mul_(3.0)
        return h + self.named["a"] * self.many["x"][0] * float(len(self.many["x"]))


class Pair(NamedTuple):
    left: Tensor
    right: Tensor


class Gauge:
    """An object that changes."""

    def __init__(self, level: float) -> None:
        self.level = level
        self.seen = torch.zeros(1)

    def rise(self, x: Tensor) -> Tensor:
        self.level = self.level + 1.0
        self.seen.add_(0.5)
        return x * self.level + self.seen


class KeepsObjects(nn.Module):
    """A named tuple and an object of a script class."""

    pair: Pair

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.pair = Pair(torch.ones(1, 2), torch.full([1, 2], 0.5))
        self.gauge = Gauge(1.0)

    def forward(self, x: Tensor) -> Tensor:
        y = self.gauge.rise(self.fc(x)) * self.pair.left
        self.pair = Pair(self.pair.right, y)
        return torch.tanh(y) * self.pair.left


class Memory(nn.Module):
    """A part with a state of its own."""

    h: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.mix = nn.Linear(3, 3)
        self.h = torch.full([1, 3], 0.25)
        self.register_buffer("calls", torch.zeros(1))

    def _update(self, x: Tensor) -> None:
        self.h = torch.tanh(self.mix(x) + self.h)
        self.calls.add_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        self._update(x)
        return self.h * (1.0 + self.calls)


class StateBelow(nn.Module):
    """Modules below the root change, are called twice, stand in a list, and the root reads what they keep."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.memory = Memory()
        self.steps = nn.Sequential(Memory(), nn.Tanh(), Memory())
        self.out = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.memory(self.memory(self.fc(x)))
        y = self.steps(y) + self.memory.h
        for step in self.steps:
            y = step(y)
        return self.out(y) * self.memory.calls


@torch.jit.interface
class Step(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class PicksByIndex(nn.Module):
    """Modules with a state, picked through an interface by a computed index."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 3)
        self.steps = nn.ModuleList([Memory(), Memory()])

    def forward(self, x: Tensor) -> Tensor:
        y = self.fc(x)
        for i in range(4):
            step: Step = self.steps[i % 2]
            y = step.forward(y)
        return y[:, :2]


class SharesMemory(nn.Module):
    """Two buffers that overlap, and one that is another name of a part's weight."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        whole = torch.linspace(0.5, 2.0, 4)
        self.register_buffer("front", whole[:3])
        self.register_buffer("back", whole[1:])
        self.register_buffer("bias", self.fc.bias.detach())

    def forward(self, x: Tensor) -> Tensor:
        self.front.mul_(2.0)
        self.back[0] += 1.0
        self.bias.add_(self.front[:2])
        return torch.tanh(self.fc(x)) * self.front[1] * self.back.sum()


class RenormalisesItsTable(nn.Module):
    """An embedding with a largest norm, which is written to when it is read."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(3, 4, max_norm=1.0)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x * self.table(torch.tensor([0, 1])).sum(0)) + self.table.weight.sum() * x[:, :2]


class DecaysItsWeights(nn.Module):
    """Weights that are scaled in every call."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            self.fc.weight.mul_(0.5)
        return torch.tanh(self.fc(x))


class LoopsOverState(nn.Module):
    """Loops in which the state goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.h = torch.full([1, 4], 0.1)
        self.n = 0

    def forward(self, x: Tensor) -> Tensor:
        while self.n < 3:
            self.h = torch.tanh(self.fc(x) + self.h)
            self.n += 1
        for i in range(2):
            self.h = self.h * 1.5
            if i == 1:
                self.n = 0
        return self.h[:, :2]


class Traced(nn.Module):
    """What a trace keeps: in-place operators, here in a part that is called twice."""

    class Part(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)
            self.register_buffer("h", torch.full([1, 4], 0.5))

        def forward(self, x: Tensor) -> Tensor:
            y = self.fc(x) * self.h
            self.h[:, 1:3].add_(0.25)
            self.h.mul_(1.5)
            return torch.tanh(y) * self.h

    def __init__(self) -> None:
        super().__init__()
        self.part = Traced.Part()
        self.register_buffer("n", torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        self.n.add_(1)
        y = self.part(self.part(x))
        return (y * self.n + self.part.h)[:, :2]


class TracedInTraining(nn.Module):
    """Normalisation in training: its running statistics, and the count of calls, move with every call."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(1)
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(x.view(-1, 1, 4))
        return self.fc(y.flatten(1)) * self.norm.num_batches_tracked


class Convolves(nn.Module):
    """A picture of two by two, channels that a count of calls scales, and a weight that every call writes to."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 3, 2, padding=1)
        self.relu = nn.ReLU()
        self.fc = nn.Linear(3, 2)
        self.register_buffer("n", torch.ones(1))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.conv(x.reshape(-1, 1, 2, 2) * self.n))
        self.n.add_(0.5)
        return self.fc(torch.mean(y * self.n, dim=[2, 3]))


CLOSED_OVER = torch.ones(1)


class WritesToConstant(nn.Module):
    """A tensor that is no buffer, which a trace keeps as a constant."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor, constant: Optional[Tensor] = None) -> Tensor:
        count = CLOSED_OVER if constant is None else constant
        count.add_(1)
        return torch.tanh(self.fc(x)) * count


MODELS: Dict[str, Tuple[Callable[[], nn.Module], str]] = {
    "counts-int": (CountsInt, "script"),
    "counts-buffer": (CountsBuffer, "script"),
    "counts-buffer-frozen": (CountsBuffer, "freeze"),
    "assigns-tensor": (AssignsTensor, "script"),
    "assigns-tensor-frozen": (AssignsTensor, "freeze"),
    "keeps-what-is-overwritten": (KeepsWhatIsOverwritten, "script"),
    "keeps-what-is-overwritten-traced": (KeepsWhatIsOverwritten, "trace"),
    "sees-the-new-value": (SeesTheNewValue, "script"),
    "sees-the-new-value-traced": (SeesTheNewValue, "trace"),
    "writes-through-views": (WritesThroughViews, "script"),
    "writes-through-views-traced": (WritesThroughViews, "trace"),
    "appends": (Appends, "script"),
    "keeps-containers": (KeepsContainers, "script"),
    "keeps-objects": (KeepsObjects, "script"),
    "state-below": (StateBelow, "script"),
    "state-below-frozen": (StateBelow, "freeze"),
    "picks-by-index": (PicksByIndex, "script"),
    "shares-memory": (SharesMemory, "script"),
    "shares-memory-traced": (SharesMemory, "trace"),
    "renormalises-its-table": (RenormalisesItsTable, "trace"),
    "decays-its-weights": (DecaysItsWeights, "script"),
    "loops-over-state": (LoopsOverState, "script"),
    "traced": (Traced, "trace"),
    "traced-in-training": (TracedInTraining, "trace"),
    "writes-to-constant": (WritesToConstant, "trace"),
    "convolves": (Convolves, "script"),
    "convolves-traced": (Convolves, "trace"),
}


def outputs(make: Callable[[], nn.Module], start: nn.Module, training: bool, *calls: Tensor) -> Tensor:
    """What a fresh copy of the model gives in the last of calls one after the other, in float64."""
    torch.set_default_dtype(torch.float64)
    model = make().double()
    torch.set_default_dtype(torch.float32)
    # Buffers that share memory have to go on sharing it: values are written into what is there.
    own = dict(model.named_parameters()) | dict(model.named_buffers())
    with torch.no_grad():
        for name, value in dict(start.named_parameters()).items():
            own[name].copy_(value)
        for name, value in dict(start.named_buffers()).items():
            own[name].copy_(value)
        tie(model)
        model.train(training)
        for x in calls:
            given = (x, torch.ones(1, dtype=torch.float64)) if isinstance(model, WritesToConstant) else (x,)
            result = model(*given).clone()
        return result


def tie(model: nn.Module) -> None:
    """A copy of a model has lost what its parameters share with buffers."""
    if isinstance(model, SharesMemory):
        model.bias = model.fc.bias.detach()


def export(kind: str, model: nn.Module) -> torch.jit.ScriptModule:
    model = copy.deepcopy(model)
    tie(model)
    if kind == "trace":
        return archive.trace(model, torch.ones(1, FEATURES))
    script = archive.script(model)
    return torch.jit.freeze(script) if kind == "freeze" else script


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    listed: List[Dict[str, object]] = []
    for number, (name, (make, kind)) in enumerate(MODELS.items()):
        torch.manual_seed(100 + number)
        model = make().eval()
        if name == "traced-in-training":
            model.train()
        training = model.training
        # The archive holds the state from before the trace, which advances it.
        CLOSED_OVER.fill_(1.0)
        start = copy.deepcopy(model)
        script = export(kind, model)
        if kind == "trace":
            restore(script, start)
        CLOSED_OVER.fill_(1.0)
        archive.save(script, OUT / f"{name}.pt", name)
        x = torch.randn(3, FEATURES)
        rows = [x[i : i + 1].double() for i in range(3)]
        value = [outputs(make, start, training, row)[0] for row in rows]
        after = [outputs(make, start, training, *rows[: i + 1])[0] for i in range(3)]
        gradient = []
        for row in rows:
            columns = []
            for i in range(FEATURES):
                step = torch.zeros(1, FEATURES, dtype=torch.float64)
                step[0, i] = STEP
                columns.append((outputs(make, start, training, row + step) - outputs(make, start, training, row - step))[0] / (2 * STEP))
            gradient.append(torch.stack(columns, 1).tolist())
        listed.append({
            "file": f"{name}.pt",
            "about": (make.__doc__ or "").strip(),
            "x": x.tolist(),
            "output": [v.tolist() for v in value],
            "after": [v.tolist() for v in after],
            "gradient": gradient,
        })
    lines = ",\n".join("  " + json.dumps(entry) for entry in listed)
    (OUT / "state.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    flags()
    print(len(listed), "archives")


class Hooked(nn.Module):
    """Keeps what it has seen where a flag says so, as models with hooks for evaluation do; reads a table on the way."""

    seen: List[Tensor]
    cache: Optional[Tensor]

    def __init__(self, keeps: bool, cache: Optional[Tensor] = None) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.keeps = keeps
        self.cache = cache
        self.seen = []
        self.names: Dict[int, str] = {6: "single", 7: "double"}
        self.widths: List[int] = [4, 2]
        self.bias = nn.Parameter(torch.randn(2))

    @torch.jit.export
    def switch(self, on: bool) -> None:
        self.keeps = on

    def width(self) -> int:
        return self.widths[0]

    def named(self, x: Tensor) -> Tuple[Tensor, str]:
        return x, self.names[6]

    def forward(self, x: Tensor) -> Tensor:
        both: List[Tuple[Tensor, str]] = []
        both.append(self.named(x))
        y, _ = both[0]
        y = self.fc(y * float(self.width()))
        if self.keeps:
            self.seen.append(y)
        cache = self.cache
        if cache is not None:
            cache.add_(1)
            y = y + cache
        y.add_(self.bias, alpha=1)
        return y


class Switches(nn.Module):
    """A flag that a call sets for the next."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.started = False
        self.register_buffer("n", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        if self.started:
            self.n.add_(1)
        self.started = True
        return self.fc(x) + self.n


class CountsInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.register_buffer("n", torch.zeros(1))
        self.steps = 0

    def forward(self, x: Tensor) -> Tensor:
        if self.training and self.steps < 3:
            self.n.add_(1)
            self.steps += 1
        return self.fc(x) + self.n


class TwoHooked(nn.Module):
    """Two modules of a class, of which one keeps what it has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.one = Hooked(False)
        self.other = Hooked(True)
        self.fc = nn.Linear(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.other(self.fc(self.one(x)))


def flags() -> None:
    """Archives of which StateTest says what they change."""
    torch.manual_seed(7)
    for name, model in {
        "flag-off": Hooked(False),
        "flag-on": Hooked(True),
        "flag-of-one": TwoHooked(),
        "flag-cache": Hooked(False, torch.zeros(2)),
        "flag-set": Switches(),
        "flag-training": CountsInTraining(),
    }.items():
        archive.save(archive.script(model.eval()), OUT / f"{name}.pt", name)


def restore(script: torch.jit.ScriptModule, start: nn.Module) -> None:
    with torch.no_grad():
        own = dict(script.named_parameters()) | dict(script.named_buffers())
        for name, value in (dict(start.named_parameters()) | dict(start.named_buffers())).items():
            own[name].detach_().copy_(value)


if __name__ == "__main__":
    main()
