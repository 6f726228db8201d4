# SPDX-License-Identifier: Apache-2.0
"""Writes golden/rules: random networks that mix every operation for which DeepLIFT has a rule, and their attributions by a slow oracle.

    python golden/rules_models.py           writes golden/rules
    python golden/rules_models.py --check   compares what is there with the oracle

The oracle (`rules_oracle.py`) walks through the graph of a trace of the same network in float64 and knows multipliers of element-wise functions and of products
only: softmax, norms and attention are expanded into those.
"""

import argparse
import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive
import rules_oracle

HERE = Path(__file__).resolve().parent
IMAGES, SEQUENCES, VECTORS = 14, 14, 8
ROWS = 3


# Activations, as modules and as functions, in place and not.
class Functional(nn.Module):
    """Element-wise functions that are no modules."""

    def __init__(self, kind: int) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == 0:
            return F.relu(x)
        if self.kind == 1:
            return F.relu_(x + 0.1)
        if self.kind == 2:
            return F.gelu(x, approximate="tanh")
        if self.kind == 3:
            return x.sigmoid() - 0.5 * x.tanh()
        if self.kind == 4:
            return torch.clamp(x, -0.7, 0.9) + 0.1 * x.abs()
        if self.kind == 5:
            return (x * x + 0.3).sqrt() + (0.2 * x).pow(3)
        if self.kind == 6:
            return torch.log1p(torch.exp(x)) + x.clamp(min=0.0)
        return F.leaky_relu(x, 0.2, inplace=True) + torch.sin(x)


ACTIVATIONS = [
    lambda: nn.ReLU(),
    lambda: nn.ReLU(inplace=True),
    lambda: nn.LeakyReLU(0.1),
    lambda: nn.ELU(0.8, inplace=True),
    lambda: nn.SELU(),
    lambda: nn.CELU(1.3),
    lambda: nn.GELU(),
    lambda: nn.GELU(approximate="tanh"),
    lambda: nn.SiLU(inplace=True),
    lambda: nn.Mish(),
    lambda: nn.Sigmoid(),
    lambda: nn.LogSigmoid(),
    lambda: nn.Tanh(),
    lambda: nn.Softplus(2.0, 5.0),
    lambda: nn.Hardswish(),
    lambda: nn.Hardsigmoid(),
    lambda: nn.Hardtanh(-0.8, 1.1),
    lambda: nn.ReLU6(),
    lambda: nn.Threshold(0.1, -0.2),
    lambda: nn.PReLU(),
    lambda: nn.RReLU(),
    lambda: nn.Softsign(),
    lambda: nn.Tanhshrink(),
    lambda: nn.Softshrink(0.2),
]


class Draw:
    """Choices of one seed. Activations are dealt like cards, so that all occur."""

    def __init__(self, seed: int, deck: List[int]) -> None:
        self.random = random.Random(seed)
        self.deck = deck

    def activation(self) -> nn.Module:
        if self.random.random() < 0.35:
            return Functional(self.random.randrange(8))
        return ACTIVATIONS[self.deck.pop()]()

    def pick(self, *choices):
        return self.random.choice(choices)


# Images: (C, H, W) to (C, H, W).
class Conv(nn.Module):
    """Convolution, batch norm, activation; the activation is used twice where it is a module that keeps its input."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        groups = draw.pick(1, 2)
        self.conv = nn.Conv2d(channels, channels, 3, padding=draw.pick(1, 2), dilation=1, groups=groups, bias=draw.pick(True, False))
        self.norm = nn.BatchNorm2d(channels)
        self.act = draw.activation()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.norm(self.conv(x)))


class Residual(nn.Module):
    """Two convolutions around one activation that is called twice."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 1)
        self.relu = nn.ReLU(inplace=draw.pick(True, False))

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.conv2(y)
        y += x
        return self.relu(y)


class Squeeze(nn.Module):
    """Squeeze and excitation: a gate for every channel."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, 2, 1)
        self.up = nn.Conv2d(2, channels, 1)
        self.act = draw.activation()
        self.gate = draw.pick(nn.Sigmoid(), nn.Hardsigmoid())

    def forward(self, x: Tensor) -> Tensor:
        s = F.adaptive_avg_pool2d(x, 1)
        return x * self.gate(self.up(self.act(self.down(s))))


class Gated(nn.Module):
    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, 2 * channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.glu(self.conv(x), 1)


class NonLocal(nn.Module):
    """Attention among positions, by bmm and softmax."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.query = nn.Conv2d(channels, 3, 1)
        self.key = nn.Conv2d(channels, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        q = self.query(x).flatten(2).transpose(1, 2)
        k = self.key(x).flatten(2)
        p = torch.softmax(torch.bmm(q, k), dim=-1)
        return x + torch.bmm(x.flatten(2), p.transpose(1, 2)).view_as(x)


class Branches(nn.Module):
    """Two branches, one pooled and brought back, joined along the channels."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.pool = draw.pick(nn.MaxPool2d(3, 2, 1), nn.AvgPool2d(2, 2), nn.MaxPool2d(2, ceil_mode=True))
        self.up = nn.ConvTranspose2d(channels, channels, 2, stride=2)
        self.join = nn.Conv2d(2 * channels, channels, 1)
        self.act = draw.activation()

    def forward(self, x: Tensor) -> Tensor:
        y = self.up(self.pool(x))
        h = min(y.size(2), x.size(2))
        w = min(y.size(3), x.size(3))
        return self.act(self.join(torch.cat([x[:, :, :h, :w], y[:, :, :h, :w]], 1)))


class Pools(nn.Module):
    """Overlapping maxima."""

    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.pool = draw.pick(nn.MaxPool2d(3, 1, 1), nn.MaxPool2d(3, 2, 1), nn.AdaptiveMaxPool2d((5, 4)), nn.MaxPool2d(2, 1, dilation=2))
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.relu(x))


class ImageNorm(nn.Module):
    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.norm = draw.pick(
            nn.GroupNorm(2, channels), nn.InstanceNorm2d(channels, affine=True), nn.GroupNorm(1, channels), nn.LocalResponseNorm(3, 0.5)
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class ImageHead(nn.Module):
    def __init__(self, channels: int, draw: Draw) -> None:
        super().__init__()
        self.kind = draw.random.randrange(4)
        self.norm = nn.LayerNorm(channels)
        self.fc1 = nn.Linear(channels, 6)
        self.act = draw.activation()
        self.fc2 = nn.Linear(6, 3)
        self.last = draw.pick(nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1))

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == 0:
            y = x.mean([2, 3])
        elif self.kind == 1:
            y = torch.amax(x, dim=[2, 3])
        elif self.kind == 2:
            y = torch.max(x.flatten(2), dim=2)[0]
        else:
            y = F.adaptive_avg_pool2d(x, 1).flatten(1) + F.adaptive_max_pool2d(x, 1).flatten(1)
        return self.last(self.fc2(self.act(self.fc1(self.norm(y)))))


# Sequences: (T, D), the batch first.
class Encoder(nn.Module):
    """A transformer's layer, time or batch first."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.first = draw.pick(True, False)
        self.layer = nn.TransformerEncoderLayer(
            width, 2, 10, dropout=0.1, activation=draw.pick("relu", "gelu"), batch_first=self.first, norm_first=draw.pick(True, False)
        )

    def forward(self, x: Tensor) -> Tensor:
        if self.first:
            return self.layer(x)
        return self.layer(x.transpose(0, 1)).transpose(0, 1)


class Attention(nn.Module):
    """nn.MultiheadAttention, time first, that gives its weights too."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        t = x.transpose(0, 1)
        y, p = self.attention(t, t, t)
        z = (t + y).transpose(0, 1)
        if p is not None:
            z = z + p[:, :, :1]
        return z


class Heads(nn.Module):
    """Scaled dot products, with a mask, causal, or with few heads of keys."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.kind = draw.random.randrange(4)
        self.q = nn.Linear(width, 8)
        self.k = nn.Linear(width, 4 if self.kind == 2 else 8)
        self.v = nn.Linear(width, 4 if self.kind == 2 else 8)
        self.out = nn.Linear(8, width)

    def forward(self, x: Tensor) -> Tensor:
        q = self.q(x).unflatten(2, [-1, 2]).transpose(1, 2)
        k = self.k(x).unflatten(2, [-1, 2]).transpose(1, 2)
        v = self.v(x).unflatten(2, [-1, 2]).transpose(1, 2)
        if self.kind == 0:
            mask = torch.ones(x.size(1), x.size(1), dtype=torch.bool).tril(1)
            y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        elif self.kind == 1:
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.9)
        elif self.kind == 2:
            y = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        else:
            y = F.scaled_dot_product_attention(q, k, v)
        return x + self.out(y.transpose(1, 2).flatten(2))


class Products(nn.Module):
    """Attention by einsum or matmul, with a mask of minus infinity."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.summed = draw.pick(True, False)
        self.q = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        q = self.q(x)
        scores = torch.einsum("btd,bsd->bts", q, x) if self.summed else torch.matmul(q, x.transpose(1, 2)) / 3.0
        future = torch.ones(x.size(1), x.size(1), dtype=torch.bool).triu(1)
        p = F.softmax(scores.masked_fill(future, float("-inf")), dim=-1)
        return torch.einsum("bts,bsd->btd", p, x) if self.summed else p @ x


class RootMeanSquare(nn.Module):
    """A norm written out."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.rand(width) + 0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5))


class SequenceNorm(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.norm = draw.pick(nn.LayerNorm(width), nn.RMSNorm(width), nn.LayerNorm(width, elementwise_affine=False))

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class Gate(nn.Module):
    """A gated unit: SwiGLU, GLU, or a highway."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.kind = draw.random.randrange(3)
        self.both = nn.Linear(width, 2 * width)
        self.act = draw.activation()

    def forward(self, x: Tensor) -> Tensor:
        y = self.both(x)
        if self.kind == 0:
            return F.glu(y, -1)
        a, b = y.chunk(2, -1)
        if self.kind == 1:
            return self.act(a) * b
        t = torch.sigmoid(a)
        return t * torch.tanh(b) + (1 - t) * x


class Temporal(nn.Module):
    """A convolution along time and a maximum."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.conv = nn.Conv1d(width, width, 3, padding=1)
        self.act = draw.activation()
        self.pool = draw.pick(nn.MaxPool1d(3, 1, 1), nn.MaxPool1d(2), nn.AdaptiveMaxPool1d(4), nn.AvgPool1d(2))

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(self.act(self.conv(x.transpose(1, 2)))).transpose(1, 2)


class SequenceHead(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.kind = draw.random.randrange(3)
        self.score = nn.Linear(width, 1)
        self.out = nn.Linear(width, 3)
        self.last = draw.pick(nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1))

    def forward(self, x: Tensor) -> Tensor:
        if self.kind == 0:
            y = x.mean(1)
        elif self.kind == 1:
            y = x.max(1)[0]
        else:
            y = (x * torch.softmax(self.score(x), 1)).sum(1)
        return self.last(self.out(y))


# Vectors.
class Dense(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.act = draw.activation()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.fc(x))


class Maxout(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.fc = nn.Linear(width, 3 * width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x).view(x.size(0), -1, 3).max(-1)[0]


class Quotient(nn.Module):
    """Products and quotients of activations, one of a tensor with itself."""

    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.bilinear = nn.Parameter(torch.randn(width, width, width) * 0.1)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.tanh(self.fc(x))
        z = y * y / (1.0 + torch.exp(-y)) + torch.reciprocal(2.0 + y * y)
        return torch.einsum("bi,ijk,bj->bk", x, self.bilinear, y) + z.div(1.5 + torch.cos(x))


class WrittenSoftmax(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.fc = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        e = torch.exp(2.0 * torch.tanh(self.fc(x)))
        return x * (e / e.sum(1, keepdim=True)) + torch.log(e + 1.0)


class Standardized(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.norm = draw.pick(nn.LayerNorm(width), nn.BatchNorm1d(width))
        self.same = draw.pick(True, False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(x) if self.same else self.norm(x)


class VectorHead(nn.Module):
    def __init__(self, width: int, draw: Draw) -> None:
        super().__init__()
        self.out = nn.Linear(width, 3)
        self.last = draw.pick(nn.Identity(), nn.Softmax(1), nn.LogSoftmax(1))

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.out(x))


class Network(nn.Module):
    def __init__(self, width_in: int, width: int, blocks: List[nn.Module], head: nn.Module, image: bool) -> None:
        super().__init__()
        self.stem: nn.Module = nn.Conv2d(width_in, width, 3, padding=1) if image else nn.Linear(width_in, width)
        self.blocks = nn.Sequential(*blocks)
        self.head = head

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)))


KINDS = {
    "image": ([Conv, Residual, Squeeze, Gated, NonLocal, Branches, Pools, ImageNorm], ImageHead, (2, 7, 6), 4, 4),
    "sequence": ([Encoder, Attention, Heads, Products, RootMeanSquare, SequenceNorm, Gate, Temporal], SequenceHead, (6, 5), 8, 3),
    "vector": ([Dense, Maxout, Quotient, WrittenSoftmax, Standardized], VectorHead, (7,), 6, 4),
}


def network(kind: str, seed: int, decks: Dict[str, List[int]]) -> nn.Module:
    blocks, head, shape, width, count = KINDS[kind]
    torch.manual_seed(seed)
    draw = Draw(seed, _deck(decks, "activations", len(ACTIVATIONS)))
    chosen = []
    for _ in range(count):
        draw.deck = _deck(decks, "activations", len(ACTIVATIONS))
        deck = _deck(decks, kind, len(blocks))
        chosen.append(blocks[deck.pop()](width, draw))
    draw.deck = _deck(decks, "activations", len(ACTIVATIONS))
    image = kind == "image"
    model = Network(shape[0] if image else shape[-1], width, chosen, head(width, draw), image)
    for module in model.modules():
        if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
            module.running_mean.normal_(0.0, 0.3)
            module.running_var.uniform_(0.5, 2.0)
    for parameter in model.parameters():
        if parameter.dim() > 1:
            parameter.data.mul_(1.5)
        else:
            parameter.data.add_(torch.randn_like(parameter) * 0.1)
    model.stem.weight.data.mul_(2.0)
    for last in (getattr(model.head, n) for n in ("fc2", "out") if hasattr(model.head, n)):
        last.weight.data.mul_(3.0)
    return model.eval().requires_grad_(False)


def _deck(decks: Dict[str, List[int]], name: str, size: int) -> List[int]:
    deck = decks.setdefault(name, [])
    if len(deck) < 3:
        cards = list(range(size))
        random.Random(len(name) + sum(decks.get("dealt", [0]))).shuffle(cards)
        decks.setdefault("dealt", []).append(1)
        deck[:0] = cards
    return deck


def networks():
    decks: Dict[str, List[int]] = {}
    seed = 4000
    for kind, count in (("image", IMAGES), ("sequence", SEQUENCES), ("vector", VECTORS)):
        for i in range(count):
            found = None
            while found is None:
                seed += 1
                model = network(kind, seed, decks)
                found = example(kind, seed, model)
            yield f"{kind}{i}", seed, model, *found


def example(kind: str, seed: int, model: nn.Module):
    """Inputs and references that the model tells apart, so that a relative error says something; None if there are none."""
    for attempt in range(20):
        x, reference = _example(kind, seed, attempt)
        with torch.no_grad():
            if (model(x.clone()) - model(reference.clone()))[:, seed % 3].abs().min() > 0.02:
                return x, reference
    return None


def _example(kind: str, seed: int, attempt: int):
    shape = KINDS[kind][2]
    generator = torch.Generator().manual_seed(seed + 100000 * attempt)
    x = torch.randn(ROWS, *shape, generator=generator)
    # Where a constant reference makes all places of a window equal, rounding would choose the place of its maximum.
    constant = kind == "vector" and seed % 3 == 0
    reference = torch.zeros_like(x) if constant else 0.7 * torch.randn(ROWS, *shape, generator=generator)
    if seed % 4 == 0:
        reference[:, ..., 0] = x[:, ..., 0]  # Some elements do not differ at all.
    return x, reference


def _save(module: torch.jit.ScriptModule, path: Path, folder: str) -> None:
    """Deflates all entries, which loads too: these archives are many and small."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for entry, data in archive.entries(archive.script_bytes(module)).items():
            info = zipfile.ZipInfo(f"{folder}/{entry}", (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            target.writestr(info, data)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=HERE / "rules")
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
    for name, seed, model, x, reference in networks():
        form = "traced" if len(entries) % 2 else "scripted"
        if not check:
            exported = archive.trace(model, x.clone().requires_grad_(True)) if form == "traced" else archive.script(model)
            _save(exported, out / f"{name}.pt", name)
        double = model.double()
        target = seed % 3
        attribution, value, baseline = rules_oracle.explain(double, x.double(), reference.double(), target)
        gap = (attribution.flatten(1).sum(1) - (value - baseline)).abs().max().item()
        if gap > 1e-9:
            raise SystemExit(f"{name}: the oracle is incomplete by {gap}")
        with torch.no_grad():
            gap = (double(x.double())[:, target] - value).abs().max().item()
            if gap > 1e-10:
                raise SystemExit(f"{name}: the oracle computes a value that differs by {gap}")
        arrays[f"{name}.x"] = x.numpy()
        arrays[f"{name}.reference"] = reference.numpy()
        arrays[f"{name}.attribution"] = attribution.numpy()
        arrays[f"{name}.difference"] = (value - baseline).numpy()
        entries.append({"name": name, "form": form, "target": target, "seed": seed})
        print(name, form, [type(b).__name__ for b in model.blocks], f"{(value - baseline).abs().min():.1e}", f"{gap:.0e}")
    if old is not None:
        worst = max(np.abs(old[k] - v).max() for k, v in arrays.items())
        print("largest difference", worst)
        if worst > 1e-9:
            raise SystemExit("golden/rules is not what the oracle says")
        return
    np.savez_compressed(out / "rules.npz", **arrays)
    (out / "rules.json").write_text(json.dumps({"networks": entries}, indent=1) + "\n")


if __name__ == "__main__":
    main()
