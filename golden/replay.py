# SPDX-License-Identifier: Apache-2.0
"""Recomputes cases from the committed files alone: manifest, arrays and the scripted archive, without Captum and without models.py.

It is a second, slow reading of the format: what passes here can be computed by anyone who has only the files. Layer cases need a cut and are left to Java.
"""

import itertools
import json
import math
import sys
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import numpy as np
import torch
from torch import Tensor

HERE = Path(__file__).resolve().parent


class Model:
    """One archive with its inputs and arrays."""

    def __init__(self, data: Path, entry: Dict, kind: str) -> None:
        self.module = torch.jit.load(str(data / entry["archives"][kind]))
        inputs = np.load(data / entry["inputs_file"])
        self.arrays = np.load(data / entry["arrays_file"])
        self.roles = [i["role"] for i in entry["inputs"]]
        self.inputs = [torch.from_numpy(inputs[i["name"]]) for i in entry["inputs"]]
        self.attributed = [x for x, role in zip(self.inputs, self.roles) if role == "attributed"]

    def array(self, key: str) -> Tensor:
        return torch.from_numpy(self.arrays[key])

    def forward(self, attributed: List[Tensor], repeats: int = 1) -> Tensor:
        """Rows are example-major: `repeats` rows for example 0, then for example 1."""
        given = iter(attributed)
        rows = [
            next(given) if role == "attributed" else x.repeat_interleave(repeats, 0) for x, role in zip(self.inputs, self.roles)
        ]
        return self.module(*rows)


def score(target: Dict, out: Tensor, repeats: int = 1) -> Tensor:
    kind, n = target["kind"], out.shape[0]
    if kind == "none":
        return out.reshape(n)
    if kind == "sum-of-squares":
        return out.pow(2).reshape(n, -1).sum(1)
    if kind == "difference":
        return out[:, target["index"]] - out[:, target["minus"]]
    if kind == "probability":
        return out.softmax(1)[:, target["index"]]
    if kind == "index":
        return out[:, target["index"]]
    if kind == "at":
        return out[(slice(None), *target["at"])]
    each = target.get("indices", target.get("resolved", target.get("at")))
    each = [(e,) if isinstance(e, int) else tuple(e) for e in each]
    return torch.stack([out[(i, *each[i // repeats])] for i in range(n)])


def gradient(m: Model, target: Dict, points: List[Tensor], repeats: int = 1) -> List[Tensor]:
    leaves = [p.detach().clone().requires_grad_(True) for p in points]
    return list(torch.autograd.grad(score(target, m.forward(leaves, repeats), repeats).sum(), leaves))


def value(m: Model, target: Dict, points: List[Tensor], repeats: int = 1) -> Tensor:
    with torch.no_grad():
        return score(target, m.forward(points, repeats), repeats)


def baselines(m: Model, case: Dict, points: List[Tensor], repeats: int = 1) -> List[Tensor]:
    result = []
    for k, x in enumerate(points):
        given = case["baselines"][k] if "baselines" in case else {"kind": "constant", "value": 0}
        if given["kind"] == "constant":
            result.append(torch.full_like(x, given["value"]))
        else:
            b = m.array(given["array"])
            result.append(b.expand_as(x) if b.shape[0] == 1 else b.repeat_interleave(repeats, 0))
    return result


def masks(m: Model, case: Dict) -> List[Tensor]:
    if "masks" in case:
        return [m.array(key) for key in case["masks"]]
    result, start = [], 0
    for x in m.attributed:
        result.append(torch.arange(start, start + x[0].numel()).reshape((1,) + tuple(x.shape[1:])))
        start += x[0].numel()
    return result


def rule(name: str, n: int) -> Iterator[Tuple[float, float]]:
    if name == "gauss-legendre":
        x, w = np.polynomial.legendre.leggauss(n)
        return zip((x + 1) / 2, w / 2)
    shift = {"riemann-left": 0.0, "riemann-middle": 0.5, "riemann-right": 1.0}
    if name in shift:
        return zip((np.arange(n) + shift[name]) / n, np.full(n, 1 / n))
    w = np.ones(n)
    w[0] = w[-1] = 0.5
    return zip(np.arange(n) / (n - 1), w / (n if name == "captum-trapezoid" else n - 1))


def simple(m: Model, method: str, options: Dict, case: Dict, points: List[Tensor], repeats: int = 1) -> List[Tensor]:
    target = case["target"]
    if method == "saliency":
        found = gradient(m, target, points, repeats)
        return [g.abs() for g in found] if options["absolute"] else found
    if method == "input-x-gradient":
        return [x * g for x, g in zip(points, gradient(m, target, points, repeats))]
    starts = baselines(m, case, points, repeats)
    if method == "integrated-gradients":
        total = [torch.zeros_like(x) for x in points]
        for a, w in rule(options.get("quadrature", "gauss-legendre"), options["steps"]):
            at = [b + a * (x - b) for x, b in zip(points, starts)]
            total = [t + w * g for t, g in zip(total, gradient(m, target, at, repeats))]
        return [t * (x - b) for t, x, b in zip(total, points, starts)] if options.get("multiply-by-inputs", True) else total
    base = value(m, target, points, repeats)
    total = [torch.zeros(x.shape, dtype=base.dtype) for x in points]
    wide = lambda v, x: v.reshape([-1] + [1] * (x.dim() - 1))  # noqa: E731
    if method == "feature-ablation":
        ids = [i.repeat_interleave(repeats, 0) if i.shape[0] > 1 else i for i in masks(m, case)]
        for group in sorted({int(g) for i in ids for g in i.unique()}):
            off = [(i == group).expand_as(x) for i, x in zip(ids, points)]
            drop = base - value(m, target, [torch.where(o, b, x) for o, b, x in zip(off, starts, points)], repeats)
            total = [t + o * wide(drop, t) for t, o in zip(total, off)]
        return total
    counts = [torch.zeros_like(t) for t in total]
    for k, (x, window, stride) in enumerate(zip(points, options["windows"], options["strides"])):
        steps = [range(math.ceil((d - w) / s) + 1) for d, w, s in zip(x.shape[1:], window, stride)]
        for corner in itertools.product(*steps):
            place = (slice(None), *(slice(c * s, c * s + w) for c, s, w in zip(corner, stride, window)))
            changed = [p.clone() for p in points]
            changed[k][place] = starts[k][place]
            drop = base - value(m, target, changed, repeats)
            total[k][place] += wide(drop, total[k])
            counts[k][place] += 1
    return [t / c for t, c in zip(total, counts)]


def with_noise(m: Model, case: Dict, samples: int) -> List[Tensor]:
    draws = case.get("draws", {})
    result = []
    for k, x in enumerate(m.attributed):
        rows = x.repeat_interleave(samples, 0)
        result.append(rows + m.array(draws[f"noise_{k}"]).reshape(rows.shape) if f"noise_{k}" in draws else rows)
    return result


def gradient_shap(m: Model, case: Dict) -> List[Tensor]:
    samples = case["options"]["samples"]
    noisy = with_noise(m, case, samples)
    alpha = m.array(case["draws"]["alpha"]).reshape(-1)
    chosen = [m.array(b["array"])[m.array(case["draws"][f"baseline_index_{k}"]).reshape(-1)] for k, b in enumerate(case["baselines"])]
    mix = []
    for x, b in zip(noisy, chosen):
        a = alpha.reshape([-1] + [1] * (x.dim() - 1))
        mix.append(a * x + (1 - a) * b)
    found = gradient(m, case["target"], mix, samples)
    if case["options"]["multiply-by-inputs"]:
        found = [g * (x - b) for g, x, b in zip(found, noisy, chosen)]
    return [g.reshape((-1, samples) + tuple(g.shape[1:])).mean(1) for g in found]


def noise_tunnel(m: Model, case: Dict) -> List[Tensor]:
    options, samples = case["options"], case["options"]["samples"]
    found = simple(m, options["inner"], options["inner-options"], case, with_noise(m, case, samples), samples)
    found = [g.reshape((-1, samples) + tuple(g.shape[1:])) for g in found]
    if options["type"] == "smoothgrad":
        return [g.mean(1) for g in found]
    if options["type"] == "smoothgrad-squared":
        return [g.pow(2).mean(1) for g in found]
    return [g.var(1, correction=0) for g in found]


def shapley(m: Model, case: Dict) -> List[Tensor]:
    ids, starts = masks(m, case), baselines(m, case, m.attributed)
    count = 1 + max(int(i.max()) for i in ids)
    known: Dict[Tuple[int, ...], np.ndarray] = {}

    def worth(coalition) -> np.ndarray:
        key = tuple(int(c) for c in coalition)
        if key not in known:
            keep = torch.tensor(key, dtype=torch.bool)
            known[key] = value(m, case["target"], [torch.where(keep[i], x, b) for i, x, b in zip(ids, m.attributed, starts)]).double().numpy()
        return known[key]

    rows = m.attributed[0].shape[0]
    result = np.zeros((rows, count))
    draws = case.get("draws", {})
    if "permutations" in draws or "coalitions" not in draws:
        orders = m.arrays[draws["permutations"]] if "permutations" in draws else np.array(list(itertools.permutations(range(count))))
        for order in orders:
            coalition = [0] * count
            for g in order:
                before = worth(coalition)
                coalition[g] = 1
                result[:, g] += (worth(coalition) - before) / len(orders)
    else:
        given = m.arrays[draws["coalitions"]]
        for i in range(rows):
            z = (given[i] if given.ndim == 3 else given).astype(float)
            w = m.arrays[draws["weights"]] if "weights" in draws else np.ones(len(z))
            w = np.where((z.sum(1) == 0) | (z.sum(1) == count), 1e6, w)
            if "weights" in draws or case["options"]["sampling"] == "given":
                z, w = np.concatenate([z, np.ones((1, count)), np.zeros((1, count))]), np.concatenate([w, [1e9, 1e9]])
            design = np.concatenate([z, np.ones((len(z), 1))], 1) * np.sqrt(w)[:, None]
            y = np.array([worth(c)[i] for c in z]) * np.sqrt(w)
            result[i] = np.linalg.lstsq(design, y, rcond=None)[0][:-1]
    values = torch.from_numpy(result)
    return [torch.gather(values, 1, i.expand_as(x).reshape(rows, -1)).reshape(x.shape) for i, x in zip(ids, m.attributed)]


def recompute(m: Model, case: Dict) -> List[Tensor]:
    method = case["method"]
    if method == "output":
        with torch.no_grad():
            return [m.forward(m.attributed)]
    if method == "pullback":
        leaves = [x.clone().requires_grad_(True) for x in m.attributed]
        return list(torch.autograd.grad((m.forward(leaves) * m.array(case["given"]["cotangent"])).sum(), leaves))
    if method == "gradient-shap":
        return gradient_shap(m, case)
    if method == "noise-tunnel":
        return noise_tunnel(m, case)
    if method in ("shapley-values", "shapley-sampling", "kernel-shap"):
        return shapley(m, case)
    return simple(m, method, case["options"], case, m.attributed)


def replay(data: Path) -> List[str]:
    """Recomputes every case without a layer on both archives; returns what is out of tolerance."""
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    found, done = [], 0
    for entry in manifest["models"]:
        for kind in entry["archives"]:
            m = Model(data, entry, kind)
            for case in entry["cases"]:
                if "layer" in case or "layers" in case:
                    continue
                expected = [e for e in case["expected"] if e["name"] != "delta"]
                for e, actual in zip(expected, recompute(m, case), strict=True):
                    wanted = m.arrays[e["array"]]
                    # Constraints here are large weights (1e9), good to about 1e-7.
                    relative = max(e["relative"], 1e-6) if case["method"] == "kernel-shap" else e["relative"]
                    gap = np.abs(actual.detach().numpy() - wanted).max() / np.abs(wanted).max()
                    if not gap <= relative:
                        found.append(f"{entry['name']}.{kind}/{case['id']}: {e['name']} differs by {gap:.3g}")
                done += 1
    print(f"{done} cases recomputed from the files alone, {len(found)} out of tolerance")
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    problems = replay(HERE / "data")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)
