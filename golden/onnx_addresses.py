# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/addresses.npz: small models as both exporters of PyTorch write them, whose modules are hard to find in the file, with what each
call of each module takes and returns, and the gradient of the output there, in float64.

    python golden/onnx_addresses.py

The arrays are NAME.EXPORTER/model, /in/x0 ..., /g (the cotangent), /act/ADDRESS and /d/ADDRESS; addresses are those of TorchScript: PATH, PATH#CALL,
PATH:in, PATH#CALL:in[1]. A gradient at what a module takes goes through this call of the module only.
"""

import warnings
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

import onnx_models
from onnx_models import HERE, export

Seen = Dict[str, Tensor]


class Inner(nn.Module):
    """Modules that are called past the modules around them; names that the exporter numbers; a name like a number."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.relu, self.relu_1, self.gate = nn.Linear(4, 6), nn.ReLU(), nn.ReLU(), nn.Sigmoid()
        self.head = nn.Sequential()
        self.head.add_module("pool", nn.AdaptiveAvgPool1d(2))
        self.head.add_module("fc", nn.Linear(2, 3))
        self.last = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.fc(x) + 0.1)
        y = self.relu(self.head.fc(self.head.pool(y.unsqueeze(1)).flatten(1)) + 0.2)
        y = self.last(self.relu_1(y + 0.3) + 0.1)
        return self.last(self.gate(self.gate(y) * 2 - 1))


class Past(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.model = nn.Module()
        self.model.model = Inner()
        self.end = nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.model.model(x))


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc, self.act, self.norm = nn.Linear(5, 5), nn.Tanh(), nn.LayerNorm(5)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x + self.act(self.fc(x)))


class Repeated(nn.Module):
    """Blocks and single layers that run several times, one directly after the other and apart; equal weights, which the exporter stores once."""

    def __init__(self) -> None:
        super().__init__()
        self.block, self.other, self.fc, self.act = Block(), Block(), nn.Linear(5, 5), nn.Tanh()

    def forward(self, x: Tensor) -> Tensor:
        y = self.block(self.block(x))
        y = self.act(self.other(y) * 0.5)
        y = self.block(y + x)
        return self.act(self.fc(self.fc(y)))


class Steps(nn.Module):
    """Repeats its operators within one call."""

    def __init__(self) -> None:
        super().__init__()
        self.w, self.layer = nn.Parameter(torch.randn(5, 5) * 0.4), nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = torch.tanh(self.layer(x) @ self.w)
        return x


class Looping(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.steps, self.fc = nn.Linear(5, 5), Steps(), nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.steps(self.first(x)))


class Mix(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return torch.sigmoid(self.fc(x)) * skip + x


class Outer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mix, self.act = Mix(), nn.Tanh()

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.act(self.mix(x, skip)) - x


class Arguments(nn.Module):
    """Modules that take several values, which others read too; modules within each other that take the same."""

    def __init__(self) -> None:
        super().__init__()
        self.start, self.outer, self.mix, self.end = nn.Linear(4, 4), Outer(), Mix(), nn.Linear(4, 2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        h = self.start(a)
        y = self.outer(h, b)
        return self.end(torch.tanh(self.mix(y, h) + h * b))


class Joined(nn.Module):
    """Batch norms that exporters join with the layer before them."""

    def __init__(self) -> None:
        super().__init__()
        self.fc, self.bn = nn.Linear(4, 6), nn.BatchNorm1d(6)
        self.conv, self.cbn = nn.Conv1d(1, 2, 3, padding=1), nn.BatchNorm1d(2)
        self.down = nn.Sequential(nn.Conv1d(2, 3, 2, stride=2), nn.BatchNorm1d(3), nn.Tanh())
        self.up, self.ubn = nn.ConvTranspose1d(3, 2, 2), nn.BatchNorm1d(2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(self.bn(self.fc(x)))
        y = torch.tanh(self.cbn(self.conv(y.unsqueeze(1))))
        y = torch.tanh(self.ubn(self.up(self.down(y))))
        return self.head(y.flatten(1))


MODELS: Dict[str, Tuple[Callable[[], nn.Module], List[Tuple[int, ...]]]] = {
    "past": (Past, [(4,)]),
    "repeated": (Repeated, [(5,)]),
    "looping": (Looping, [(5,)]),
    "arguments": (Arguments, [(4,), (4,)]),
    "joined": (Joined, [(4,)]),
}


def address(path: str, call: int, end: str) -> str:
    return path + (f"#{call}" if call else "") + end


def run(model: nn.Module, inputs: List[Tensor], leaf: Optional[str]) -> Tuple[Tensor, Seen]:
    """The output and all values; the one at an address is a leaf."""
    seen: Seen = {}
    calls: Dict[str, int] = {}

    def at(name: str, value: Tensor) -> Tensor:
        seen[name] = value.detach().requires_grad_() if name == leaf else value
        return seen[name]

    hooks = []
    for path, module in model.named_modules():
        if path:

            def before(module: nn.Module, args: Any, path: str = path) -> Any:
                ends = [":in" + (f"[{i}]" if i else "") for i in range(len(args))]
                return tuple(at(address(path, calls.get(path, 0), end), value) for end, value in zip(ends, args))

            def after(module: nn.Module, args: Any, y: Tensor, path: str = path) -> Tensor:
                call = calls.get(path, 0)
                calls[path] = call + 1
                return at(address(path, call, ""), y)

            hooks += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    y = model(*inputs)
    for hook in hooks:
        hook.remove()
    return y, seen


def main() -> None:
    warnings.simplefilter("ignore")
    onnx_models.KEPT += ("pkg.torch.onnx.class_hierarchy",)
    arrays: Dict[str, np.ndarray] = {}
    for name, (make, rows) in MODELS.items():
        torch.manual_seed(11)
        model = make().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
                nn.init.uniform_(module.weight, 0.5, 2)
        inputs = [torch.randn(3, *row) for row in rows]
        wide = make().double().eval()
        wide.load_state_dict(model.state_dict())
        doubles = [x.double().requires_grad_() for x in inputs]
        y, seen = run(wide, doubles, None)
        g = torch.randn(y.shape)
        values = {f"act/{at}": value for at, value in seen.items()}
        for at in seen:
            out, again = run(wide, doubles, at)
            values[f"d/{at}"] = torch.autograd.grad((out * g.double()).sum(), [again[at]])[0]
        for exporter, dynamo in (("script", False), ("dynamo", True)):
            case = f"{name}.{exporter}/"
            raw = export(model, tuple(inputs), [("N", *row) for row in rows], dynamo).SerializeToString()
            arrays[case + "model"] = np.frombuffer(raw, np.uint8)
            arrays |= {case + f"in/x{i}": x.numpy() for i, x in enumerate(inputs)} | {case + "g": g.numpy()}
            arrays |= {case + key: value.detach().float().numpy() for key, value in values.items()}
            print(f"{name}.{exporter}: {len(raw)} bytes, {len(seen)} addresses")
    np.savez_compressed(HERE / "onnx" / "addresses.npz", **arrays)


if __name__ == "__main__":
    main()
