# SPDX-License-Identifier: Apache-2.0
"""Networks for backward rules of single operators, in the variants in which programs write them.

    python golden/rules_operators.py           writes golden/rules_operators
    python golden/rules_operators.py --check   compares what is there with the oracle

Each network is a handful of operators on two linear maps of the input, without biases, and a linear read-out of all that they give. Attributions of DeepLIFT are those of
`rules_oracle.py`. `conserves` says that layer-wise relevance propagation has to hand back the whole score, because no operator of the network adds a constant.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive
import rules_oracle
from rules_models import _save

HERE = Path(__file__).resolve().parent
ROWS = 3


class Operators(nn.Module):
    """What all networks have in common."""

    conserves = False

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 6, bias=False)
        self.second = nn.Linear(4, 6, bias=False)
        self.register_buffer("low", torch.full([6], -0.2))
        self.register_buffer("high", torch.full([6], 0.4))
        self.register_buffer("weight", torch.linspace(0, 1, 6))
        with torch.no_grad():
            values = self.parts(torch.zeros(ROWS, 2, 6), torch.zeros(ROWS, 2, 6))
        self.out = nn.Linear(sum(v.numel() for v in values) // ROWS, 3, bias=False)

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor:
        flat: List[Tensor] = []
        for part in self.parts(self.first(x), self.second(x)):
            flat.append(part.reshape(part.size(0), -1))
        return self.out(torch.cat(flat, 1))


class Choices(Operators):
    """A condition on the value that is chosen: activations written by hand."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.where(a > 0, a, a * 0.1),
            torch.where(a < 0.0, a, 0.3),
            torch.where(a >= 0.5, a, torch.zeros_like(a)),
            torch.where(a.abs() > 0.5, a, torch.zeros_like(a)),
            torch.where(a > 1, a, 0.2 * a),
            torch.where((a > -0.5) & (a <= 0.5), a, torch.zeros_like(a)),
        ]


class Bent(Operators):
    """Choices between two functions of the value."""

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.where(a > 0, a, torch.exp(a) - 1),
            torch.where(a > 0.5, torch.ones_like(a), torch.where(a < -0.5, -torch.ones_like(a), a)),
            torch.where(a > 1, a, torch.log1p(torch.exp(a))),
            torch.where(a > 0.1, torch.log(a), a),
            torch.where(a != 0, 1.0, 0.0) * b + (b == b).to(b.dtype),
        ]


class Masks(Operators):
    """A value times a condition, and places filled by one."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            a * (a > 0),
            (a > 0.2) * a,
            a * (a >= 0.3).to(a.dtype),
            a * (a > 0).type_as(a),
            a.masked_fill(a < 0, 0.0),
            a.masked_fill(~(a > 0.2), -1.0),
            a * torch.logical_or(a > 0.4, a < -0.4),
            a.masked_fill(torch.logical_not(torch.logical_xor(a > 0.3, a > -0.3)), 0.0),
        ]


class Written(Operators):
    """Places of a mask that are written in place."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        c = a.clone()
        c[c < 0] = 0
        d = a * 1
        d.masked_fill_(d < 0.2, 0.0)
        e = a[:, 0] * 1
        e[(e > 0.3) | (e < -0.3)] = 0.0
        f = torch.lerp(a, b, 0.5)
        f.clamp_min_(0.0)
        return [c, d, e, f]


class Others(Operators):
    """Conditions on another value, of other shapes."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.where(b > 0, a, torch.zeros_like(a)),
            torch.where(a > b, a, b),
            torch.where(a.sum(-1, keepdim=True) > 0, a, -a),
            a * (b.sum(1) > 0).unsqueeze(1),
            a * (b[:, :, :1] > 0.1).expand(-1, 2, 6).to(a.dtype),
            torch.where((b > 0).transpose(1, 2).transpose(1, 2), a, b),
            torch.where(torch.arange(6) > 2, a, b),
        ]


class Norms(Operators):
    """Norms of all orders, over axes given in all ways."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.norm(a, 2, dim=-1),
            torch.norm(a, p=1, dim=1, keepdim=True),
            torch.norm(a, float("inf"), dim=-1),
            torch.norm(a, float("-inf"), dim=-1, keepdim=True),
            torch.norm(a, 3.0, dim=2),
            torch.linalg.vector_norm(a, 1.5, dim=(-1, -2), keepdim=True),
            torch.norm(a, dim=[1, 2], keepdim=True),
            torch.linalg.norm(a, dim=-1),
            torch.linalg.vector_norm(a, ord=1, dim=(1, 2)),
            torch.hypot(a, b),
        ]


class Unit(Operators):
    """Quotients by norms."""

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            F.normalize(a, dim=-1),
            F.normalize(a, p=1.0, dim=1),
            F.normalize(a, p=float("inf"), dim=2),
            F.normalize(a, 3.0, 2),
            F.cosine_similarity(a, b, dim=-1),
            F.pairwise_distance(a, b),
            F.pairwise_distance(a, b, p=1.0, keepdim=True),
        ]


class Spread(Operators):
    """Variances and deviations."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            a.var(-1),
            a.var(-1, False),
            a.var([1, 2], unbiased=False, keepdim=True),
            torch.var(a, 1, correction=0),
            torch.var(a, dim=(-1,), correction=2, keepdim=True),
            a.std(1),
            a.std(dim=2, unbiased=False, keepdim=True),
            torch.var_mean(a, -1)[0],
            torch.var_mean(a, dim=[1, 2], unbiased=False, keepdim=True)[1],
            torch.std_mean(a, 1, keepdim=True)[0],
        ]


class Extremes(Operators):
    """Largest and smallest."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.max(a, -1)[0],
            a.max(dim=1, keepdim=True)[0],
            a.min(-2)[0],
            a.amax(dim=[1, 2], keepdim=True),
            torch.amin(a, (-1, -2)),
            torch.maximum(a, b),
            torch.min(a, b),
            torch.fmax(a, b.sum(-1, keepdim=True)),
            torch.aminmax(a, dim=-1)[1],
            torch.cummax(a, -1)[0],
            torch.cummin(a, 1)[0],
        ]


class Ranks(Operators):
    """Values by their rank."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.topk(a, 2, -1)[0],
            torch.topk(a, 1, dim=1, largest=False)[0],
            torch.sort(a, -1)[0],
            a.sort(dim=1, descending=True)[0],
            torch.sort(a, stable=True, dim=-1, descending=True)[0],
            torch.kthvalue(a, 3, -1)[0],
            torch.kthvalue(b, 2, 2, True)[0],
            a.median(-1)[0],
        ]


class Clamped(Operators):
    """Bounds: none, numbers, constants, values."""

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.clamp(a, -0.5, 0.5),
            torch.clamp(a, min=0.1),
            a.clamp(max=0.1),
            torch.clamp(a, self.low, self.high),
            torch.clamp(a, min=b),
            torch.clamp(a, -b.abs(), b.abs()),
            torch.clamp_min(a, 0.2),
            torch.clamp_max(a, b),
            torch.clip(a, -0.1, 0.4),
        ]


class Mixed(Operators):
    """Interpolations, products with a summand, soft extremes."""

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            torch.lerp(a, b, 0.3),
            torch.lerp(a, b, torch.sigmoid(a)),
            torch.lerp(a, b, self.weight),
            torch.addcmul(a, a, b, value=0.3),
            torch.addcdiv(a, b, a.abs() + 1, value=0.4),
            torch.logsumexp(a, -1),
            torch.logsumexp(a, [1, 2], keepdim=True),
            torch.logcumsumexp(a, 1),
            torch.logaddexp(a, b),
        ]


class Activations(Operators):
    """Activations with their numbers."""

    conserves = True

    def parts(self, a: Tensor, b: Tensor) -> List[Tensor]:
        return [
            F.relu6(3 * a),
            F.hardtanh(a, -0.4, 0.6),
            F.hardswish(a),
            F.mish(a),
            F.silu(a),
            F.softplus(a, 3.0, 1.0),
            F.softshrink(a, 0.2),
            F.hardshrink(a, 0.3),
            F.threshold(a, 0.1, 2.0),
            F.celu(a, 0.7),
            F.logsigmoid(a),
            F.gelu(a, approximate="tanh"),
            F.tanhshrink(a),
        ]


KINDS = [Choices, Bent, Masks, Written, Others, Norms, Unit, Spread, Extremes, Ranks, Clamped, Mixed, Activations]


def networks():
    for i, kind in enumerate(KINDS):
        seed = 7100 + i
        torch.manual_seed(seed)
        model = kind()
        for parameter in model.parameters():
            parameter.data.mul_(2.0)
        model = model.eval().requires_grad_(False)
        yield kind.__name__.lower(), seed, model, *example(seed, model)


def example(seed: int, model: nn.Module):
    """Inputs and references that the model tells apart, so that a relative error says something."""
    for attempt in range(20):
        generator = torch.Generator().manual_seed(seed + 100000 * attempt)
        x = torch.randn(ROWS, 2, 4, generator=generator)
        reference = 0.7 * torch.randn(ROWS, 2, 4, generator=generator)
        reference[:, 0, 0] = x[:, 0, 0]  # Some elements do not differ at all.
        if (model(x) - model(reference))[:, seed % 3].abs().min() > 0.05 and model(x)[:, seed % 3].abs().min() > 0.05:
            return x, reference
    raise SystemExit(f"{type(model).__name__}: no example")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=HERE / "rules_operators")
    parser.add_argument("--check", action="store_true")
    out: Path = parser.parse_args().out
    check = parser.parse_args().check
    torch.set_num_threads(1)
    arrays: Dict[str, np.ndarray] = {}
    entries = []
    old: Optional[Dict[str, np.ndarray]] = dict(np.load(out / "rules.npz")) if check else None
    if not check:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
    for kind, seed, model, x, reference in networks():
        exported = {"scripted": archive.script(model), "traced": archive.trace(model, x.clone())}
        double = model.double()
        target = seed % 3
        attribution, value, baseline = rules_oracle.explain(double, x.double(), reference.double(), target)
        gap = (attribution.flatten(1).sum(1) - (value - baseline)).abs().max().item()
        if gap > 1e-9:
            raise SystemExit(f"{kind}: the oracle is incomplete by {gap}")
        gap = (double(x.double())[:, target] - value).abs().max().item()
        if gap > 1e-10:
            raise SystemExit(f"{kind}: the oracle computes a value that differs by {gap}")
        for form, script in exported.items():
            name = f"{kind}-{form}"
            if not check:
                _save(script, out / f"{name}.pt", name)
            arrays[f"{name}.x"] = x.numpy()
            arrays[f"{name}.reference"] = reference.numpy()
            arrays[f"{name}.attribution"] = attribution.numpy()
            arrays[f"{name}.difference"] = (value - baseline).numpy()
            entries.append({"name": name, "form": form, "target": target, "seed": seed, "conserves": model.conserves})
        print(kind, f"{(value - baseline).abs().min():.1e}", f"{gap:.0e}")
    if old is not None:
        worst = max(np.abs(old[k] - v).max() for k, v in arrays.items())
        print("largest difference", worst)
        if worst > 1e-9:
            raise SystemExit("golden/rules_operators is not what the oracle says")
        return
    np.savez_compressed(out / "rules.npz", **arrays)
    (out / "rules.json").write_text(json.dumps({"networks": entries}, indent=1) + "\n")


if __name__ == "__main__":
    main()
