# SPDX-License-Identifier: Apache-2.0
"""What surrounds a comparison: targets, baselines, recorded random draws, independent formulas, and the files they are written to."""

import copy
import itertools
import math
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Callable, Dict, List, Optional, Sequence, Tuple
from unittest import mock

import numpy as np
import torch
from captum.attr import NoiseTunnel
from torch import Tensor, nn

RELATIVE = 1e-4
RELATIVE_DOUBLE = 1e-9
# A case counts only where rounding cannot move it: the float32 result must lie this close to the float64 one, and to the float64 ones of models whose
# weights are off by a few float32 roundings. Anything further apart sits on a kink (a ReLU or a max pool that switches) and would compare luck.
CONDITION = 3e-5
JITTER = 3e-7
JITTERED = 2


@dataclass(frozen=True)
class Target:
    """Which number of the output is explained."""

    kind: str
    value: object = None

    def json(self) -> Dict[str, object]:
        if self.kind in ("none", "sum-of-squares"):
            return {"kind": self.kind}
        if self.kind == "difference":
            return {"kind": "difference", "index": self.value[0], "minus": self.value[1]}
        key = {"index": "index", "indices": "indices", "at": "at", "at-each": "at", "argmax": "resolved", "probability": "index"}
        return {"kind": self.kind, key[self.kind]: self.value}

    @property
    def captum(self):
        if self.kind in ("none", "difference", "probability", "sum-of-squares"):
            return None
        if self.kind == "at":
            return tuple(self.value)
        if self.kind == "at-each":
            return [tuple(v) for v in self.value]
        return list(self.value) if isinstance(self.value, list) else self.value

    def forward(self, model: nn.Module) -> Callable[..., Tensor]:
        """The model, or a function on top of it where Captum has no such target."""
        if self.kind in ("difference", "probability", "sum-of-squares"):
            return lambda *args: self.select(model(*args))
        return model

    def select(self, out: Tensor) -> Tensor:
        """One number per row; rows may be a multiple of the examples (all examples of step 0, then of step 1, ...)."""
        n = out.shape[0]
        if self.kind == "none":
            return out.reshape(n)
        if self.kind == "difference":
            return out[:, self.value[0]] - out[:, self.value[1]]
        if self.kind == "probability":
            return torch.softmax(out, 1)[:, self.value]
        if self.kind == "sum-of-squares":
            return (out**2).reshape(n, -1).sum(1)
        if self.kind == "index":
            return out[:, self.value]
        if self.kind == "at":
            return out[(slice(None), *self.value)]
        each = [(v,) if isinstance(v, int) else tuple(v) for v in self.value]
        return torch.stack([out[(i, *each[i % len(each)])] for i in range(n)])


NONE = Target("none")


def index(value: int) -> Target:
    return Target("index", value)


def indices(*values: int) -> Target:
    return Target("indices", list(values))


@dataclass(frozen=True)
class Stored:
    """A tensor kept among the arrays of the model under a name of its own."""

    key: str
    tensor: Tensor


@dataclass
class Context:
    """One evaluation of a case: the model and its inputs, in float32 as recorded or in float64 to see how well conditioned the case is."""

    model: nn.Module
    inputs: Tuple[Tensor, ...]
    fixed: Tuple[Tensor, ...]
    dtype: torch.dtype
    case: str
    target: Target
    case_is_double: bool = False
    draws: Dict[str, np.ndarray] = field(default_factory=dict)

    def cast(self, tensor: Tensor) -> Tensor:
        return tensor.to(self.dtype) if tensor.is_floating_point() else tensor

    def baselines(self, baselines):
        if baselines is None:
            return None
        return tuple(self.cast(b.tensor) if isinstance(b, Stored) else b for b in baselines)

    @property
    def forward(self) -> Callable[..., Tensor]:
        return self.target.forward(self.model)

    @property
    def args(self) -> Dict[str, object]:
        """The keyword arguments that every Captum method takes."""
        return {"target": self.target.captum, "additional_forward_args": self.fixed if self.fixed else None}

    def layer(self, path: str) -> nn.Module:
        return self.model.get_submodule(path)

    @contextmanager
    def recorded_noise(self, samples: int, deviations: Sequence[float]):
        """Replaces every random draw of NoiseTunnel and GradientShap by one from a generator seeded with the case's name, and records it.

        Recorded, example-major: noise_k (N, samples, ...) added to input k; baseline_index_k (N, samples); alpha (N, samples).
        """
        rng = np.random.RandomState(zlib.crc32(self.case.encode()))
        n = self.inputs[0].shape[0]
        noise: List[np.ndarray] = []
        alphas: List[np.ndarray] = []
        rows: List[np.ndarray] = []

        def add(input: Tensor, stdev: float, count: int) -> Tensor:
            drawn = rng.normal(0, 1, (n * count,) + tuple(input.shape[1:])) * stdev
            drawn = drawn if self.case_is_double else drawn.astype(np.float32)
            noise.append(drawn.reshape((n, count) + tuple(input.shape[1:])))
            return input.repeat_interleave(count, dim=0) + torch.from_numpy(drawn).to(input.dtype)

        def choice(rows_available: int, size: int) -> np.ndarray:
            drawn = rng.randint(0, rows_available, size)
            rows.append(drawn.reshape(n, -1).astype(np.int64))
            return drawn

        def uniform(low: float, high: float, size: int) -> np.ndarray:
            drawn = rng.uniform(low, high, size)
            drawn = drawn if self.case_is_double else drawn.astype(np.float32)
            alphas.append(drawn.reshape(n, -1))
            return drawn

        with mock.patch.object(NoiseTunnel, "_add_noise_to_input", staticmethod(add)), mock.patch(
            "numpy.random.choice", choice
        ), mock.patch("numpy.random.uniform", uniform):
            yield
        count = len(self.inputs)
        if any(d != 0 for d in deviations):
            for k in range(count):
                self.draws[f"noise_{k}"] = np.concatenate(noise[k::count], 1)
        for k in range(count if rows else 0):
            self.draws[f"baseline_index_{k}"] = np.concatenate(rows[k::count], 1)
        if alphas:
            self.draws["alpha"] = np.concatenate(alphas, 1)


# --- independent formulas: autograd and NumPy only -------------------------------------------------------------------------------------------------


def quadrature(name: str, steps: int) -> Tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on [0, 1]; the weights sum to 1 except for Captum's own trapezoid."""
    if name == "gauss-legendre":
        nodes, weights = np.polynomial.legendre.leggauss(steps)
        return 0.5 * (1 + nodes), 0.5 * weights
    equal = np.full(steps, 1.0 / steps)
    if name == "riemann-left":
        return np.arange(steps) / steps, equal
    if name == "riemann-right":
        return (np.arange(steps) + 1.0) / steps, equal
    if name == "riemann-middle":
        return (np.arange(steps) + 0.5) / steps, equal
    nodes = np.linspace(0, 1, steps)
    weights = np.full(steps, 1.0 / (steps - 1) if name == "trapezoid" else 1.0 / steps)
    weights[[0, -1]] /= 2
    return nodes, weights


def full_baselines(c: Context, baselines) -> Tuple[Tensor, ...]:
    if baselines is None:
        return tuple(torch.zeros_like(x) for x in c.inputs)
    values = c.baselines(baselines)
    return tuple(
        b.expand_as(x) if isinstance(b, Tensor) else torch.full_like(x, b) for x, b in zip(c.inputs, values)
    )


def gradients(c: Context, points: Sequence[Tensor], score: Callable[[Tensor], Tensor]) -> Tuple[Tensor, ...]:
    leaves = [p.detach().clone().requires_grad_(True) for p in points]
    return torch.autograd.grad(score(c.model(*leaves, *c.fixed)).sum(), leaves)


def scores(c: Context, points: Sequence[Tensor]) -> Tensor:
    with torch.no_grad():
        return c.target.select(c.model(*points, *c.fixed))


def integrated_gradients(c: Context, steps: int, rule: str, baselines=None, multiply: bool = True) -> Dict[str, Tensor]:
    starts = full_baselines(c, baselines)
    nodes, weights = quadrature(rule, steps)
    total = [torch.zeros_like(x) for x in c.inputs]
    for node, weight in zip(nodes.tolist(), weights.tolist()):
        point = [b + node * (x - b) for x, b in zip(c.inputs, starts)]
        for k, g in enumerate(gradients(c, point, c.target.select)):
            total[k] = total[k] + weight * g
    if multiply:
        total = [t * (x - b) for t, x, b in zip(total, c.inputs, starts)]
    result = {f"attribution_{k}": t for k, t in enumerate(total)}
    if multiply:
        summed = sum(t.reshape(t.shape[0], -1).sum(1) for t in total)
        result["delta"] = summed - (scores(c, c.inputs) - scores(c, starts))
    return result


def occlusion(c: Context, windows, strides, baselines=None) -> Dict[str, Tensor]:
    """The mean drop over the windows that cover an element; windows at the far edge are clipped."""
    starts = full_baselines(c, baselines)
    base = scores(c, c.inputs)
    result = {}
    for k, (x, window, stride) in enumerate(zip(c.inputs, windows, strides)):
        total, covered = torch.zeros_like(x), torch.zeros_like(x)
        corners = [range(0, (-(-(d - w) // s) + 1) * s, s) for d, w, s in zip(x.shape[1:], window, stride)]
        for corner in itertools.product(*corners):
            place = (slice(None), *(slice(i, i + w) for i, w in zip(corner, window)))
            points = [p.clone() for p in c.inputs]
            points[k][place] = starts[k][place]
            total[place] += (base - scores(c, points)).reshape([-1] + [1] * (x.dim() - 1))
            covered[place] += 1
        result[f"attribution_{k}"] = total / covered
    return result


def coalition_scores(c: Context, coalitions: np.ndarray, masks, baselines) -> Tensor:
    """(coalitions, N): the score with the groups that are 1 kept and the others replaced by the baseline."""
    starts = full_baselines(c, baselines)
    rows = []
    for coalition in coalitions:
        kept = torch.from_numpy(np.asarray(coalition, dtype=bool))
        rows.append(scores(c, [torch.where(kept[m].expand_as(x), x, b) for x, b, m in zip(c.inputs, starts, masks)]))
    return torch.stack(rows)


def all_coalitions(m: int) -> np.ndarray:
    return np.array(list(itertools.product((0, 1), repeat=m)), dtype=np.int64)


def spread(c: Context, values: np.ndarray, masks) -> Dict[str, Tensor]:
    """(N, M) group values to one tensor per input, every element with the value of its group."""
    values = torch.from_numpy(np.ascontiguousarray(values)).to(c.dtype)
    result = {}
    for k, (x, m) in enumerate(zip(c.inputs, masks)):
        ids = m.expand_as(x).reshape(x.shape[0], -1)
        result[f"attribution_{k}"] = torch.gather(values, 1, ids).reshape(x.shape)
    return result


def shapley_exact(c: Context, masks, groups: int, baselines=None) -> Dict[str, Tensor]:
    """Shapley values by the sum over all coalitions, in float64."""
    coalitions = all_coalitions(groups)
    value = {tuple(s): v for s, v in zip(coalitions.tolist(), coalition_scores(c, coalitions, masks, baselines).double().numpy())}
    result = np.zeros((c.inputs[0].shape[0], groups))
    for s in coalitions.tolist():
        for g in range(groups):
            if s[g] == 0:
                joined = list(s)
                joined[g] = 1
                weight = math.factorial(sum(s)) * math.factorial(groups - sum(s) - 1) / math.factorial(groups)
                result[:, g] += weight * (value[tuple(joined)] - value[tuple(s)])
    return spread(c, result, masks)


def permutation_walk(c: Context, permutations: np.ndarray, masks, baselines=None) -> Dict[str, Tensor]:
    """The mean marginal gain over the given permutations, walking from the baseline to the input."""
    groups = permutations.shape[1]
    result = np.zeros((c.inputs[0].shape[0], groups))
    for permutation in permutations:
        walk = np.zeros((groups + 1, groups), dtype=np.int64)
        for i, g in enumerate(permutation):
            walk[i + 1 :, g] = 1
        value = coalition_scores(c, walk, masks, baselines).double().numpy()
        for i, g in enumerate(permutation):
            result[:, g] += (value[i + 1] - value[i]) / len(permutations)
    return spread(c, result, masks)


def weighted_shapley(c: Context, coalitions: np.ndarray, weights: np.ndarray, masks, baselines=None) -> Dict[str, Tensor]:
    """KernelSHAP's regression with both trivial coalitions as exact constraints: intercept = F(baseline), coefficients sum to F(x) - F(baseline)."""
    groups = coalitions.shape[1]
    ends = coalition_scores(c, np.array([[0] * groups, [1] * groups]), masks, baselines).double().numpy()
    value = coalition_scores(c, coalitions, masks, baselines).double().numpy()
    gain = ends[1] - ends[0]
    z = coalitions.astype(np.float64)
    reduced = z[:, :-1] - z[:, -1:]
    y = value - ends[0] - z[:, -1:] * gain
    root = np.sqrt(weights.astype(np.float64))[:, None]
    solution = np.linalg.lstsq(reduced * root, y * root, rcond=None)[0]
    return spread(c, np.concatenate([solution, (gain - solution.sum(0))[None]]).T, masks)


def at_layer(c: Context, layer: str, side: str, points: Sequence[Tensor], value: Optional[Tensor] = None) -> Tuple[Tensor, Tensor]:
    """What a layer answers to the points, and the gradient of the score with respect to it; `value` is put in its place if given."""
    kept: List[Tensor] = []

    def keep(tensor: Tensor) -> Tensor:
        kept.append(tensor.clone() if value is None else value.detach().clone().requires_grad_(True))
        return kept[-1]

    module = c.layer(layer)
    if side == "input":
        handle = module.register_forward_pre_hook(lambda mod, args: (keep(args[0]), *args[1:]))
    else:
        handle = module.register_forward_hook(lambda mod, args, out: keep(out))
    try:
        leaves = [p.detach().clone().requires_grad_(p.is_floating_point()) for p in points]
        out = c.target.select(c.model(*leaves, *c.fixed))
        if not kept[-1].requires_grad:
            raise ValueError(f"{c.case}: nothing before {layer} has a gradient")
        return kept[-1].detach(), torch.autograd.grad(out.sum(), kept[-1])[0]
    finally:
        handle.remove()


def between(c: Context, starts: Sequence[Tensor], node: float) -> List[Tensor]:
    return [b + node * (x - b) for x, b in zip(c.inputs, starts)]


def conductance(c: Context, layer: str, side: str, steps: int, baselines=None, stay: bool = False) -> Dict[str, Tensor]:
    """The integral of dF/dh dh along the inputs' straight path: on each of `steps` equal intervals the mean of the two gradients times the increment."""
    starts = full_baselines(c, baselines)
    total, before = None, None
    for k in range(steps + 1):
        point = between(c, starts, k / steps)
        activation, gradient = at_layer(c, layer, side, point)
        if stay:
            gradient = at_layer(c, layer, side, c.inputs, activation)[1]
        if before is not None:
            part = 0.5 * (gradient + before[1]) * (activation - before[0])
            total = part if total is None else total + part
        before = activation, gradient
    if not stay:
        return {"attribution_0": total}
    first = at_layer(c, layer, side, starts)[0]
    gap = total.reshape(total.shape[0], -1).sum(1) - (scores(c, c.inputs) - injected_scores(c, layer, side, first))
    return {"attribution_0": total, "delta": gap}


def injected_scores(c: Context, layer: str, side: str, value: Tensor) -> Tensor:
    """The scores at the inputs with a value in place of the layer's."""
    module = c.layer(layer)
    if side == "input":
        handle = module.register_forward_pre_hook(lambda mod, args: (value.clone(), *args[1:]))
    else:
        handle = module.register_forward_hook(lambda mod, args, out: value.clone())
    try:
        return scores(c, c.inputs)
    finally:
        handle.remove()


def internal_influence(c: Context, layer: str, side: str, steps: int, rule: str, baselines=None, stay: bool = False) -> Dict[str, Tensor]:
    """The gradient with respect to the layer, averaged along the inputs' straight path."""
    starts = full_baselines(c, baselines)
    nodes, weights = quadrature(rule, steps)
    total = 0
    for node, weight in zip(nodes.tolist(), weights.tolist()):
        activation, gradient = at_layer(c, layer, side, between(c, starts, node))
        if stay:
            gradient = at_layer(c, layer, side, c.inputs, activation)[1]
        total = total + weight * gradient
    return {"attribution_0": total}


def neuron_conductance(c: Context, layer: str, side: str, selection, steps: int, rule: str, baselines=None) -> Dict[str, Tensor]:
    """The integral of (x - x') sum over the selected units j of dF/dh_j dh_j/dx along the inputs' straight path."""
    starts = full_baselines(c, baselines)
    nodes, weights = quadrature(rule, steps)
    total = [torch.zeros_like(x) for x in c.inputs]
    for node, weight in zip(nodes.tolist(), weights.tolist()):
        point = between(c, starts, node)
        gradient = at_layer(c, layer, side, point)[1]
        selected = torch.zeros_like(gradient)
        selected[(slice(None), *selection)] = gradient[(slice(None), *selection)]
        kept: List[Tensor] = []
        module = c.layer(layer)
        if side == "input":
            handle = module.register_forward_pre_hook(lambda mod, args: kept.append(args[0].clone()))
        else:
            handle = module.register_forward_hook(lambda mod, args, out: kept.append(out.clone()))
        leaves = [p.detach().clone().requires_grad_(True) for p in point]
        c.model(*leaves, *c.fixed)
        handle.remove()
        for k, g in enumerate(torch.autograd.grad((kept[-1] * selected).sum(), leaves, allow_unused=True)):
            total[k] = total[k] + (0 if g is None else weight * g)
    return {f"attribution_{k}": t * (x - b) for k, (t, x, b) in enumerate(zip(total, c.inputs, starts))}


# --- recording -------------------------------------------------------------------------------------------------------------------------------------


class Suite:
    """The cases of one model: runs each, checks that it is well conditioned, and keeps arrays and manifest entries."""

    def __init__(self, spec) -> None:
        self.spec = spec
        self.double = next(spec.model.parameters()).dtype == torch.float64
        self.relative = RELATIVE_DOUBLE if self.double else RELATIVE
        self.arrays: Dict[str, np.ndarray] = {}
        self.cases: List[Dict[str, object]] = []
        self.worst: Dict[str, float] = {}
        self._copies: List[nn.Module] = []

    def store(self, key: str, value) -> str:
        array = value.detach().cpu().numpy() if isinstance(value, Tensor) else np.asarray(value)
        array = np.ascontiguousarray(array)
        if key in self.arrays and not np.array_equal(self.arrays[key], array):
            raise ValueError(f"{self.spec.name}: two arrays named {key}")
        self.arrays[key] = array
        return key

    def _baselines_json(self, baselines):
        if baselines is None:
            return None
        return [
            {"kind": "array", "array": self.store(b.key, b.tensor)} if isinstance(b, Stored) else {"kind": "constant", "value": b}
            for b in baselines
        ]

    def _precise_models(self) -> List[nn.Module]:
        """The model in float64, as it is and with weights a few float32 roundings away."""
        if not self._copies:
            rng = np.random.RandomState(self.spec.seed)
            for amount in [0.0] + [JITTER] * JITTERED:
                model = copy.deepcopy(self.spec.model).double().eval()
                with torch.no_grad():
                    for parameter in model.parameters():
                        parameter.mul_(torch.from_numpy(1 + amount * rng.uniform(-1, 1, tuple(parameter.shape))))
                self._copies.append(model)
        return self._copies

    def context(self, case: str, target: Target, precise: Optional[nn.Module] = None) -> Context:
        model = self.spec.model if precise is None else precise
        dtype = next(model.parameters()).dtype
        cast = lambda t: t.to(dtype) if t.is_floating_point() else t  # noqa: E731
        return Context(
            model,
            tuple(cast(t).detach().clone() for t in self.spec.attributed),
            tuple(cast(t) for t in self.spec.fixed),
            dtype,
            f"{self.spec.name}/{case}",
            target,
            self.double,
        )

    def add(
        self,
        case: str,
        method: str,
        compute: Callable[[Context], Dict[str, Tensor]],
        options: Optional[Dict[str, object]] = None,
        target: Target = NONE,
        baselines=None,
        masks: Optional[Sequence[Stored]] = None,
        layer: Optional[str] = None,
        side: str = "output",
        layers: Optional[Sequence[str]] = None,
        unit=None,
        given: Optional[Dict[str, Stored]] = None,
        reference: str = "captum",
        relative: Optional[float] = None,
        compare: str = "values",
        note: Optional[str] = None,
    ) -> None:
        if any(entry["id"] == case for entry in self.cases):
            raise ValueError(f"{self.spec.name}: two cases named {case}")
        c = self.context(case, target)
        result = compute(c)
        relative = relative if relative is not None else self.relative
        if not self.double:
            for model in self._precise_models():
                self._check(case, result, compute(self.context(case, target, model)), relative)
        entry: Dict[str, object] = {"id": case, "method": method, "options": options or {}, "target": target.json()}
        if baselines is not None:
            entry["baselines"] = self._baselines_json(baselines)
        if masks is not None:
            entry["masks"] = [self.store(m.key, m.tensor) for m in masks]
        if layer is not None:
            entry["layer"] = {"path": layer, "side": side}
        if layers is not None:
            entry["layers"] = [{"path": path, "side": side} for path in layers]
        if unit is not None:
            entry["unit"] = unit if isinstance(unit, dict) else list(unit)
        if given:
            entry["given"] = {name: self.store(s.key, s.tensor) for name, s in given.items()}
        if c.draws:
            entry["draws"] = {name: self.store(f"{case}.{name}", value) for name, value in c.draws.items()}
        entry["expected"] = [
            self._expected(case, name, value, result, relative) for name, value in result.items()
        ]
        entry["reference"] = reference
        entry["compare"] = compare
        if note:
            entry["note"] = note
        self.cases.append(entry)

    def _expected(self, case: str, name: str, value: Tensor, result, relative: float) -> Dict[str, object]:
        if not torch.isfinite(value).all():
            raise ValueError(f"{self.spec.name}/{case}: {name} is not finite")
        entry = {"name": name, "array": self.store(f"{case}.{name}", value), "relative": relative}
        if name == "delta":
            entry["scale"] = float(f"{self._scale(name, value, result):.6g}")
        return entry

    @staticmethod
    def _scale(name: str, value: Tensor, result: Dict[str, Tensor]) -> float:
        """The largest absolute value; a gap is measured against the attributions whose sum it closes."""
        if name != "delta":
            return value.abs().max().item()
        parts = [v for n, v in result.items() if n.startswith("attribution")]
        return sum(v.reshape(v.shape[0], -1).abs().sum(1) for v in parts).max().item()

    def _check(self, case: str, result, precise, relative: float) -> None:
        for name, value in result.items():
            scale = self._scale(name, value, result)
            if scale == 0:
                raise ValueError(f"{self.spec.name}/{case}: {name} is zero everywhere")
            gap = (value.double() - precise[name].double()).abs().max().item() / scale
            self.worst[case] = max(self.worst.get(case, 0.0), gap)
            if gap > CONDITION * relative / RELATIVE:
                raise ValueError(f"{self.spec.name}/{case}: {name} moves by {gap:.2g} under rounding; choose another seed")
