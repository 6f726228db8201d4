# SPDX-License-Identifier: Apache-2.0
"""Writes the small TorchScript archives on which the rewriter is tested, and what eager PyTorch computes on them.

    python golden/archives.py [directory]

The default directory is attribution-djl/src/test/resources/archives. Every archive has random weights from a fixed seed and a few
kilobytes. `expected.json` holds for each archive the inputs, the outputs, the gradients of sum(first output * cotangent) with respect to the
floating-point inputs, the module paths, and for every module call the flattened result tensors with their gradients.
Tensors are [dtype, shape, values]. Nothing here is needed to build or test the library.
"""
import enum
import json
import math
import pathlib
import sys
import warnings
import zipfile
from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
from torch import Tensor, nn

warnings.filterwarnings("ignore")
torch.set_num_threads(1)


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1 = nn.Linear(4, 6)
        self.act = nn.ReLU()
        self.fc2 = nn.Linear(6, 3)

    def forward(self, x):
        return self.fc2(self.act(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, channels_in, channels, stride=1):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: Optional[nn.Module] = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride, bias=False), nn.BatchNorm2d(channels))

    def forward(self, x):
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class Cnn(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.MaxPool2d(2))
        self.layer1 = nn.Sequential(Block(3, 3), Block(3, 3))
        self.layer2 = nn.Sequential(Block(3, 4, 2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        return self.fc(self.drop(torch.flatten(self.pool(x), 1)))


class Lstm(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(3, 4, num_layers=2, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.head(out[:, -1])


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(3, 4, batch_first=True, bidirectional=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x):
        out, h = self.gru(x)
        return self.head(out.mean(1)), h


class Text(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(10, 3)
        self.lstm = nn.LSTM(3, 4, batch_first=True)
        self.head = nn.Linear(4, 2)

    def forward(self, tokens, weight):
        out, _ = self.lstm(self.embedding(tokens) * weight.unsqueeze(-1))
        return self.head(out[:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        layer = nn.TransformerEncoderLayer(4, 2, 8, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        return self.head(self.encoder(x).mean(1))


class DictInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(2, 4)

    def forward(self, features: Dict[str, Tensor]) -> Dict[str, Tensor]:
        h = torch.tanh(self.a(features["left"])) + self.b(features["right"])
        return {"logits": h, "mean": h.mean(1)}


class TupleInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(2, 4)

    def forward(self, pair: Tuple[Tensor, Tuple[Tensor, Tensor]], more: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
        x, (y, z) = pair
        h = self.a(x) + self.b(y) * z
        for extra in more:
            h = h + extra
        return h, [h.sum(1), torch.relu(h)]


class ControlFlow(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell = nn.Linear(3, 3)
        self.small = nn.Linear(3, 3)
        self.large = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 3))
        self.gate = nn.Sigmoid()

    def forward(self, x, steps: int = 3):
        if x.size(0) == 0:
            return x
        for i in range(steps):
            x = torch.tanh(self.cell(x))
            if i == 1:
                x = x + self.gate(x)
        n = 0
        while n < 2:
            x = self.small(x)
            n += 1
        if bool(x.sum() > 1000.0):
            y = self.small(x)
        else:
            y = self.large(x)
        for _ in range(2):
            if n > 1:
                return y * 2.0
            y = self.gate(y)
        return y


class Out(NamedTuple):
    logits: Tensor
    hidden: Optional[Tensor]
    aux: Tuple[Tensor, Tensor]


class Inner(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 4)

    def forward(self, x, keep: bool) -> Out:
        h = self.fc(x)
        return Out(h, h.exp() if keep else None, (h * 2.0, h.sum(1)))


class NamedOutput(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.other = Inner()

    def forward(self, x, keep: bool = True) -> Out:
        a = self.inner(x, keep)
        b = self.other(x, False)
        return Out(a.logits + b.aux[0], a.hidden, (b.logits, a.aux[1] + b.aux[1]))


class Reused(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.relu = nn.ReLU(inplace=True)
        self.norm = nn.LayerNorm(4)

    def forward(self, x):
        x = self.relu(self.fc(x))
        x = self.relu(self.norm(self.fc(x)))
        return self.relu(self.fc(x) + x)


class OptionalInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.mask = nn.Softmax(-1)

    def forward(self, x, bias: Optional[Tensor] = None, scale: float = 2.0, mode: str = "plain"):
        y = self.fc(x) * scale
        if bias is not None:
            y = y + self.mask(bias)
        if mode == "square":
            y = y * y
        return y


class Containers(nn.Module):
    def __init__(self):
        super().__init__()
        self.list = nn.ModuleList([nn.Linear(3, 3), nn.Tanh(), nn.Linear(3, 3)])
        self.dict = nn.ModuleDict({"first": nn.Linear(3, 2), "second-one": nn.Linear(3, 2)})

    def forward(self, x):
        for m in self.list:
            x = m(x)
        y = torch.zeros(1)
        for _, m in self.dict.items():
            y = y + m(x)
        return y


@torch.jit.interface
class Step(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class Double(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) * 2.0


class Interfaces(nn.Module):
    step: Step

    def __init__(self):
        super().__init__()
        self.step = Double()
        self.steps = nn.ModuleList([Double(), Double()])
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor, k: int = 1) -> Tensor:
        x = self.step.forward(x)
        chosen: Step = self.steps[k]
        return self.head(chosen.forward(x))


class Mode(enum.Enum):
    PLAIN = "plain"
    DOUBLE = "double"


@torch.jit.script
class Accumulator:
    def __init__(self, start: float):
        self.total = start
        self.names: List[str] = ["a\tb", "it's \"quoted\" \\ \n", "\x01\xe9"]

    def add(self, value: float) -> float:
        self.total += value
        return self.total


class Language(nn.Module):
    """Constructs of the language that no usual model needs."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(3, 3)
        self.mode = Mode.DOUBLE
        self.register_buffer("calls", torch.zeros(1))
        self.limits: Dict[str, float] = {"low": -1.5, "high": 1e-5}

    def branch(self, x: Tensor) -> Tensor:
        return torch.sin(self.fc(x))

    def forward(self, x):
        total = Accumulator(0.5)
        total.add(math.inf if x.dim() > 7 else self.limits["high"])
        future = torch.jit.fork(self.branch, x)
        y = self.fc(x)
        if self.mode == Mode.DOUBLE:
            y = y * 2
        z = torch.jit.wait(future)
        squares = [i * i for i in range(3)]
        if len(squares) != 3 or math.isnan(total.total):
            raise ValueError("never: {}".format(len(squares)))
        w = torch.view_as_real(torch.full([3], 1.0 + 2.0j, dtype=torch.complex64))
        self.calls = self.calls + 0.0
        value: Optional[int] = None
        if x.dim() == 9:
            value = 3
        if value is not None:
            y = y + value
        with torch.no_grad():
            offset = torch.ones(3) * total.total
        names: Dict[str, List[int]] = {"a": [1], "b": [2]}
        union = torch.jit.annotate(Tuple[int, str], (len(names), "end"))
        del names["a"]
        y[0, 0] = y[0, 0] * 3
        first, second = torch.unbind(w, -1)
        assert len(union[1]) == 3, "three"
        return y + z + offset + first


class Resize(nn.Module):
    """The scripted form names an operation that libtorch 2.7.1 does not have, in a branch that never runs."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)

    def forward(self, x):
        return nn.functional.interpolate(self.conv(x), scale_factor=2.0, mode="bilinear", align_corners=False)


class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return x * self.factor


class Passing(nn.Module):
    """Values that a trace lifts out of the modules: an identity, an unused module, a tied weight."""

    def __init__(self):
        super().__init__()
        self.identity = nn.Identity()
        self.unused = nn.Linear(2, 2)
        self.first = nn.Linear(3, 3, bias=False)
        self.second = nn.Linear(3, 3, bias=False)
        self.second.weight = self.first.weight
        self.scale = Scale()
        self.again = self.scale

    def forward(self, x):
        x = self.identity(x)
        self.unused(x[:, :2])
        return self.again(self.second(self.scale(self.first(x))))


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.Tanh()

    def forward(self, x):
        return self.act(self.fc(x))


class Named(nn.Module):
    """One module under two names, the second of which is called; one under three, two of which are called; one that only has its weights."""

    def __init__(self):
        super().__init__()
        self.shown = Cell()
        self.called = self.shown
        self.three = nn.Linear(4, 4)
        self.two = self.three
        self.one = self.three
        self.other = nn.Linear(4, 4)
        self.like = nn.Linear(4, 4)
        self.like.weight = self.other.weight
        self.plain = nn.Tanh()
        self.head = nn.Linear(4, 2)

    def forward(self, x):
        x = self.called(x)
        return self.head(self.other(self.one(self.two(x))))


class Attention(nn.Module):
    """Stands for the class of this name in timm; so do the next two. A trace knows a class by its name alone."""

    __module__ = "timm.layers.attention"

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(4, 12)
        self.q_norm = nn.Identity()
        self.k_norm = nn.Identity()
        self.norm = nn.Identity()

    def forward(self, x):
        q, k, v = self.qkv(x).reshape(2, 3, 4).permute(1, 0, 2).unbind(0)
        q, k = self.q_norm(q), self.k_norm(k)
        x = torch.sigmoid(q * k) @ v.T
        return self.norm(x)


class BatchNormAct2d(nn.BatchNorm1d):
    __module__ = "timm.layers.norm_act"

    def __init__(self, channels):
        super().__init__(channels)
        self.drop = nn.Identity()
        self.act = nn.Identity()

    def forward(self, x):
        return self.act(self.drop(super().forward(x)))


class BottleneckBlock(nn.Module):
    __module__ = "timm.models.byobnet"

    def __init__(self):
        super().__init__()
        self.conv1_1x1 = nn.Linear(4, 4)
        self.bn = BatchNormAct2d(4)
        self.attn = nn.Identity()
        self.drop_path = nn.Identity()
        self.shortcut = nn.Sequential()
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        shortcut = x
        x = self.attn(self.bn(self.conv1_1x1(x)))
        x = self.drop_path(x)
        return self.act(x + self.shortcut(shortcut))


class SwinTransformerBlock(nn.Module):
    __module__ = "torchvision.models.swin_transformer"

    def __init__(self):
        super().__init__()
        self.norm1 = nn.Linear(4, 4)
        self.stochastic_depth = nn.Identity()
        self.norm2 = nn.Linear(4, 4)

    def forward(self, x):
        x = x + self.stochastic_depth(self.norm1(x))
        return x + self.stochastic_depth(self.norm2(x))


class Handing(nn.Module):
    """Modules that hand on what they are given: in a row, in blocks of known classes, and where a trace cannot tell."""

    def __init__(self):
        super().__init__()
        self.row = nn.Sequential(nn.Identity(), nn.Linear(4, 4), nn.Identity(), nn.ReLU(inplace=True), nn.Identity(), nn.Identity())
        self.block = BottleneckBlock()
        self.swin = SwinTransformerBlock()
        self.attention = Attention()
        self.probe = nn.Identity()
        self.head = nn.Linear(2, 3)
        self.empty = nn.Sequential(nn.Sequential(nn.Identity()), nn.Tanh())

    def forward(self, x):
        y = self.swin(self.block(self.row(x)))
        self.probe(x)
        return self.head(self.empty(self.attention(y)))


class InplaceInput(nn.Module):
    def __init__(self):
        super().__init__()
        self.act = nn.ReLU(inplace=True)
        self.fc = nn.Linear(3, 2)

    def forward(self, x):
        return self.fc(self.act(x))


def fill(model, seed):
    generator = torch.Generator().manual_seed(seed)
    for name, p in list(model.named_parameters()) + list(model.named_buffers()):
        if not p.is_floating_point():
            continue
        with torch.no_grad():
            if name.endswith("running_var"):
                p.copy_(torch.rand(p.shape, generator=generator) + 0.5)
            elif name.endswith("calls"):
                p.zero_()
            else:
                p.copy_(torch.randn(p.shape, generator=generator) * 0.5 + (0.8 if p.dim() <= 1 else 0.0) * torch.rand(p.shape, generator=generator))
    model.eval()
    return model


def sample(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def flat(value):
    """Tensors in order; a None counts as one element, so that the elements after it keep their number."""
    if isinstance(value, Tensor) or value is None:
        return [value]
    if isinstance(value, dict):
        return [t for v in value.values() for t in flat(v)]
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in flat(v)]
    return []


def rebuild(value, tensors):
    if isinstance(value, Tensor) or value is None:
        return tensors.pop(0)
    if isinstance(value, dict):
        return {k: rebuild(v, tensors) for k, v in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[rebuild(v, tensors) for v in value])
    if isinstance(value, (tuple, list)):
        return type(value)(rebuild(v, tensors) for v in value)
    return value


def plain(t):
    if t is None:
        return None
    t = t.detach()
    kind = str(t.dtype).replace("torch.", "")
    values = [v if not isinstance(v, float) else float("%.9g" % v) for v in t.flatten().tolist()]
    return [kind, list(t.shape), values]


def describe(value):
    if isinstance(value, Tensor):
        return {"tensor": plain(value)}
    if value is None:
        return {"none": True}
    if isinstance(value, dict):
        return {"dict": [[k, describe(v)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [describe(v) for v in value]}
    if isinstance(value, list):
        return {"list": [describe(v) for v in value]}
    return {"scalar": value, "kind": type(value).__name__}


def eager(model, inputs):
    """Output, input gradients and every module call's result and gradient, with hooks that pass a clone on."""
    calls = []
    handles = []
    for path, module in model.named_modules(remove_duplicate=False):
        if module is model or any(module is m for _, m, *_ in handles):
            continue

        def hook(_module, _arguments, result, path=path):
            tensors = flat(result)
            kept = [t if t is None or not t.requires_grad else t.clone() for t in tensors]
            for t in kept:
                if t is not None and t.requires_grad:
                    t.retain_grad()
            calls.append((path, kept))
            return rebuild(result, [None if t is None else t.clone() for t in kept])

        handles.append((path, module, module.register_forward_hook(hook)))
    leaves = []

    def leaf(t):
        if t is None or not t.is_floating_point():
            return t
        leaves.append(t.clone().requires_grad_(True))
        return leaves[-1].clone()

    arguments = rebuild(tuple(inputs), [leaf(t) for t in flat(tuple(inputs))])
    out = model(*arguments)
    first = [t for t in flat(out) if t is not None][0]
    cotangent = torch.cos(torch.arange(first.numel(), dtype=first.dtype)).reshape(first.shape)
    (first * cotangent).sum().backward()
    for _, _, handle in handles:
        handle.remove()
    return {
        "output": describe(out),
        "gradients": [plain(l.grad if l.grad is not None else torch.zeros_like(l)) for l in leaves],
        "calls": [{"path": path, "tensors": [plain(t) for t in kept],
                   "gradients": [plain(t.grad) if t is not None and t.grad is not None else None for t in kept]}
                  for path, kept in calls],
    }


def frozen(model, _inputs):
    return torch.jit.freeze(torch.jit.script(model))


def script(model, _inputs):
    return torch.jit.script(model)


def trace(model, inputs):
    return torch.jit.trace(model, tuple(inputs), check_trace=False)


def slim(path, keep_all):
    """Drops source ranges and example inputs, which the loader does not need and which are most of a small archive."""
    if keep_all:
        return
    with zipfile.ZipFile(path) as source:
        entries = [(i, source.read(i)) for i in source.infolist()]
    with zipfile.ZipFile(path, "w") as target:
        for info, data in entries:
            if not info.filename.endswith(".debug_pkl") and "/traced_inputs" not in info.filename:
                stable = zipfile.ZipInfo(info.filename)
                stable.compress_type = info.compress_type
                target.writestr(stable, data)


ZOO = [
    ("mlp", Mlp, [sample(2, 4)], [script, trace, frozen]),
    ("cnn", Cnn, [sample(2, 1, 8, 8)], [script, trace, frozen]),
    ("lstm", Lstm, [sample(2, 3, 3)], [script, trace]),
    ("gru", Gru, [sample(2, 3, 3)], [script, trace]),
    ("text", Text, [torch.tensor([[1, 2, 3], [4, 5, 0]]), torch.ones(2, 3)], [script, trace]),
    ("encoder", Encoder, [sample(2, 3, 4)], [script, trace]),
    ("dict", DictInput, [{"left": sample(2, 3), "right": sample(2, 2, seed=2)}], [script]),
    ("tuple", TupleInput, [(sample(2, 3), (sample(2, 2, seed=2), sample(2, 4, seed=3))), [sample(2, 4, seed=4), sample(2, 4, seed=5)]], [script]),
    ("control", ControlFlow, [sample(2, 3)], [script]),
    ("named", NamedOutput, [sample(2, 3)], [script]),
    ("reused", Reused, [sample(2, 4)], [script, trace]),
    ("optional", OptionalInput, [sample(2, 3), sample(3, seed=2), 0.5], [script]),
    ("containers", Containers, [sample(2, 3)], [script, trace]),
    ("interfaces", Interfaces, [sample(2, 3)], [script]),
    ("language", Language, [sample(2, 3)], [script]),
    ("resize", Resize, [sample(1, 1, 5, 5)], [script]),
    ("passing", Passing, [sample(2, 3)], [script, trace]),
    ("inplace", InplaceInput, [sample(2, 3)], [script, trace]),
    ("handing", Handing, [sample(2, 4)], [trace]),
    ("aliases", Named, [sample(2, 4)], [script, trace]),
]


def main(directory):
    directory.mkdir(parents=True, exist_ok=True)
    expected = {}
    for number, (name, make, inputs, forms) in enumerate(ZOO):
        for form in forms:
            model = fill(make(), 100 + number)
            archive = f"{name}_{form.__name__}.pt"
            exported = form(fill(make(), 100 + number), inputs)
            torch.jit.save(exported, directory / archive)
            slim(directory / archive, keep_all=archive == "mlp_trace.pt")
            loaded = torch.jit.load(directory / archive)
            expected[archive] = {
                "model": name, "form": form.__name__, "inputs": [describe(i) for i in inputs],
                "modules": [path for path, _ in loaded.named_modules()],
            }
            if name not in [e.get("name") for e in expected.values()]:
                expected.setdefault("eager:" + name, {"name": name, **eager(model, inputs)})
    models = {k[6:]: v for k, v in expected.items() if k.startswith("eager:")}
    archives = {k: v for k, v in expected.items() if not k.startswith("eager:")}
    text = json.dumps({"torch": torch.__version__, "archives": archives, "models": models}, separators=(",", ":"))
    (directory / "expected.json").write_text(text.replace('},"', '},\n"') + "\n")


if __name__ == "__main__":
    here = pathlib.Path(__file__).resolve().parent.parent
    main(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "attribution-djl/src/test/resources/archives")
