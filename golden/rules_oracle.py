# SPDX-License-Identifier: Apache-2.0
"""DeepLIFT's multipliers, slowly: a walk through the graph of a trace that carries every value twice, now and in the reference run.

Three rules only: an element-wise function has the multiplier dy/dx, or its derivative where dx is (nearly) 0; in a product of two values each has the mean of the
other as its multiplier; maxima and ranks follow an element. Softmax, norms, choices and attention are expanded into those. Float64, no shortcuts.
"""

from typing import Callable, Dict, List, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

NEAR = 1e-10


class Pair:
    """A value that depends on the input: now, with a graph, and in the reference run."""

    def __init__(self, now: Tensor, then: Tensor) -> None:
        self.now = now
        self.then = then


def now(v):
    if isinstance(v, (list, tuple)):
        return type(v)(now(i) for i in v)
    return v.now if isinstance(v, Pair) else v


def then(v):
    if isinstance(v, (list, tuple)):
        return type(v)(then(i) for i in v)
    return v.then if isinstance(v, Pair) else v


def paired(v) -> bool:
    return any(map(paired, v)) if isinstance(v, (list, tuple)) else isinstance(v, Pair)


def linear(f: Callable, *args, **kwargs):
    y, y0 = f(*now(args), **kwargs), f(*then(args), **kwargs)
    if isinstance(y, (list, tuple)):
        return [Pair(a, b) for a, b in zip(y, y0)]
    return Pair(y, y0)


def elementwise(f: Callable[[Tensor], Tensor], x: Pair) -> Pair:
    z = x.now.detach().requires_grad_(True)
    y = f(z)
    d = torch.autograd.grad(y.sum(), z)[0] if y.requires_grad else torch.zeros_like(z)
    z, y = z.detach(), y.detach()
    y0 = f(x.then)
    dz = z - x.then
    far = dz.abs() > NEAR
    m = torch.where(far, (y - y0) / torch.where(far, dz, torch.ones_like(dz)), d)
    fixed = torch.where(torch.isfinite(z), z, torch.zeros_like(z))
    moving = torch.where(torch.isfinite(z), x.now, torch.zeros_like(z))
    return Pair(y + torch.where(torch.isfinite(m), m, torch.zeros_like(m)) * (moving - fixed), y0)


def product(f: Callable, a, b) -> Pair:
    """f is linear in each of its two arguments."""
    if not (isinstance(a, Pair) and isinstance(b, Pair)):
        return linear(f, a, b)
    s = f(a.now, (b.now.detach() + b.then) / 2) + f((a.now.detach() + a.then) / 2, b.now)
    y = f(a.now.detach(), b.now.detach())
    return Pair(s + (y - s.detach()), f(a.then, b.then))


def times(a, b) -> Pair:
    return product(torch.mul, a, b)


def softmax_log(x: Pair, dim: int) -> Pair:
    """Minus the log-sum-exp is added by product and ratio rules; a shift that both runs share changes nothing."""
    shift = torch.maximum(x.now.detach(), x.then).amax(dim, True)
    e = elementwise(lambda z: torch.exp(z - shift), x)
    total = linear(lambda v: v.sum(dim, True), e)
    lse = elementwise(lambda v: torch.log(v) + shift, total)
    masked = torch.isinf(x.now.detach())
    clean = linear(lambda v: v.masked_fill(masked, 0.0), x)
    return linear(lambda v: v.masked_fill(masked, float("-inf")), linear(torch.sub, clean, lse))


def softmax(x: Pair, dim: int) -> Pair:
    return elementwise(torch.exp, softmax_log(x, dim))


def norm(x: Pair, dims: List[int], eps: float, centred: bool = True) -> Pair:
    c = linear(lambda v: v - v.mean(dims, True), x) if centred else x
    v = linear(lambda q: q.mean(dims, True) + eps, times(c, c))
    return times(c, elementwise(lambda q: q ** -0.5, v))


def affine(x: Pair, w, b, shape: List[int]) -> Pair:
    def f(v: Tensor) -> Tensor:
        y = v if w is None else v * w.view(shape)
        return y if b is None else y + b.view(shape)

    return linear(f, x)


def maximum(x: Pair, index: Callable[[Tensor], Tuple[Tensor, Tensor]], dims: int) -> Pair:
    """Maxima with the places that they come from, places counted within the last `dims` dimensions of x."""
    z, z0 = x.now.flatten(-dims), x.then.flatten(-dims)
    y, i = index(x.now.detach())
    y0, i0 = index(x.then)
    high = torch.maximum(y, y0)
    s = torch.zeros_like(y).flatten(-dims)
    for where, change, still in ((i, high - y0, y >= y0), (i0, y - high, y != y)):
        where, change, still = where.flatten(-dims), change.flatten(-dims), still.flatten(-dims)
        dz = z.detach().gather(-1, where) - z0.gather(-1, where)
        far = dz.abs() > NEAR
        # A maximum that stays as it is where nothing differs passes its derivative.
        s = s + torch.where(far, change / torch.where(far, dz, torch.ones_like(dz)), still.to(dz)) * z.gather(-1, where)
    s = s.view_as(y)
    return Pair(s + (y - s.detach()), y0)


def rows_maximum(x: Pair, dims: List[int], keep: bool) -> Pair:
    n = x.then.dim()
    dims = sorted(d % n for d in dims) or list(range(n))
    kept = [d for d in range(n) if d not in dims]
    rows = linear(lambda v: v.permute(kept + dims).flatten(len(kept)), x)

    def index(v: Tensor) -> Tuple[Tensor, Tensor]:
        return v.max(-1, True)

    y = maximum(rows, index, 1)
    shape = x.then.amax(dims, keep).shape
    return linear(lambda v: v.reshape(shape), y)


def attention(q, k, v, mask, dropout, causal, scale=None, gqa=False) -> Pair:
    g = then(q).size(-3) // then(k).size(-3) if gqa else 1
    k = linear(lambda t: t.repeat_interleave(g, -3).transpose(-2, -1), k)
    v = linear(lambda t: t.repeat_interleave(g, -3), v)
    z = product(torch.matmul, q, k)
    c = then(q).size(-1) ** -0.5 if scale is None else scale
    z = linear(lambda t: t * c, z)
    if causal:
        mask = torch.ones(z.then.shape[-2:], dtype=torch.bool).tril()
    if mask is not None:
        z = linear(lambda t: t.masked_fill(~mask, float("-inf")) if mask.dtype == torch.bool else t + mask, z)
    return product(torch.matmul, softmax(z, -1), v)


def step(compare: Callable, x, t) -> Pair:
    """A truth value as a number: a step of the difference."""
    if not isinstance(x, Pair):
        x = Pair(x, x)
    d = linear(torch.sub, x, t)
    c, c0 = compare(now(x), now(t)).double(), compare(then(x), then(t)).double()
    dd = d.now.detach() - d.then
    m = torch.where(c != c0, (c - c0) / torch.where(dd == 0, torch.ones_like(dd), dd), torch.zeros_like(dd))
    return Pair(c + m * (d.now - d.now.detach()), c0)


def choose(c, a, b) -> Pair:
    """b + c (a - b); where that is not finite, because one of both is not, all of the change is the choice's."""
    c = c if isinstance(c, Pair) else Pair(torch.as_tensor(c).double(), torch.as_tensor(c).double())
    a, b = (v if isinstance(v, (Pair, Tensor)) else torch.tensor(v, dtype=torch.float64) for v in (a, b))
    y0 = torch.where(c.then > 0.5, then(a), then(b))
    y = torch.where(c.now.detach() > 0.5, now(a).detach(), now(b).detach())
    known = torch.isfinite(now(a).detach() + now(b).detach() + then(a) + then(b))
    clean = [linear(lambda v: torch.where(known, v, torch.zeros_like(v)), v if isinstance(v, Pair) else Pair(v, v)) for v in (a, b)]
    whole = linear(torch.add, clean[1], times(c, linear(torch.sub, *clean)))
    flips = c.now.detach() != c.then
    jump = (y - y0) * (c.now.detach() - c.then) * (c.now - c.now.detach())
    kept = [torch.where(~known & ~flips & (w > 0.5), v, torch.zeros_like(v)) for w, v in ((c.then, now(a)), (1 - c.then, now(b)))]
    s = torch.where(known, whole.now, torch.where(flips, jump, kept[0] + kept[1]))
    return Pair(y + (s - s.detach()), y0)


def as_pair(v) -> Pair:
    return v if isinstance(v, Pair) else Pair(v, v)


def power_norm(x: Pair, p: float, dims, keep: bool) -> Pair:
    n = x.then.dim()
    dims = list(range(n)) if not dims else [d % n for d in dims]
    size = elementwise(torch.abs, x)
    if p == float("inf"):
        return rows_maximum(size, dims, keep)
    if p == float("-inf"):
        return linear(torch.neg, rows_maximum(linear(torch.neg, size), dims, keep))
    terms = elementwise(lambda v: v.abs() ** p, x)
    return elementwise(lambda v: v ** (1 / p), linear(lambda v: v.sum(dims, keep), terms))


def variance(x: Pair, dims, correction: float, keep: bool) -> Pair:
    n = x.then.dim()
    dims = list(range(n)) if not dims else [d % n for d in dims]
    count = 1
    for d in dims:
        count *= x.then.size(d)
    c = linear(lambda v: v - v.mean(dims, True), x)
    return linear(lambda v: v.sum(dims, keep) / (count - correction), times(c, c))


def ranked(x: Pair, index: Callable[[Tensor], Tensor], dim: int) -> Pair:
    """Values of ranks along an axis: each follows the element that crosses from one side of its old value to the other of its new one, and lies nearest to both."""
    dim %= x.then.dim()
    z = x.now.movedim(dim, -1)
    z0 = x.then.movedim(dim, -1)
    i, i0 = index(x.now.detach()).movedim(dim, -1), index(x.then).movedim(dim, -1)
    y, y0 = z.detach().gather(-1, i), z0.gather(-1, i0)
    rows = []
    width, ranks = z.size(-1), y.size(-1)
    for row, row0, v, v0 in zip(z.reshape(-1, width), z0.reshape(-1, width), y.reshape(-1, ranks), y0.reshape(-1, ranks)):
        for r in range(ranks):
            best = None
            for j in range(width):
                up = row[j] >= v[r] and row0[j] <= v0[r]
                down = row[j] <= v[r] and row0[j] >= v0[r]
                far = (row[j] - v[r]).abs().item() + (row0[j] - v0[r]).abs().item()
                if (up if v[r] >= v0[r] else down) and (best is None or far < best[0]):
                    best = (far, j)
            j = best[1]
            dz = (row[j].detach() - row0[j]).item()
            m = (v[r] - v0[r]).item() / dz if abs(dz) > NEAR else 1.0
            rows.append(v[r] + m * (row[j] - row[j].detach()))
    return Pair(torch.stack(rows).view_as(y).movedim(-1, dim), y0.movedim(-1, dim))


def running(x: Pair, dim: int, reduce: Callable[[Pair], Pair]) -> Pair:
    """A reduction of all that came before, along an axis."""
    size = x.then.size(dim)
    parts = [reduce(linear(lambda v: v.narrow(dim, 0, t + 1), x)) for t in range(size)]
    return Pair(torch.cat([p.now for p in parts], dim), torch.cat([p.then for p in parts], dim))


def log_sum(x: Pair, dims: List[int], keep: bool) -> Pair:
    shift = torch.maximum(x.now.detach(), x.then).amax(dims, True)
    e = elementwise(lambda z: torch.exp(z - shift), x)
    y = elementwise(lambda v: torch.log(v) + shift, linear(lambda v: v.sum(dims, True), e))
    return y if keep else linear(lambda v: v.squeeze(dims), y)


def two(a, b) -> Pair:
    return linear(lambda u, v: torch.stack(torch.broadcast_tensors(u, v), -1), as_pair(a), as_pair(b))


def _operator_rule(name: str, args: list):
    """Operators with a rule of their own; None for others."""
    x = args[0]
    comparisons = {"gt": torch.gt, "ge": torch.ge, "lt": torch.lt, "le": torch.le, "eq": torch.eq, "ne": torch.ne}
    if name in comparisons:
        return step(comparisons[name], args[0], args[1])
    if name in ("logical_and", "bitwise_and", "__and__"):
        return times(args[0], args[1])
    if name in ("logical_or", "bitwise_or", "__or__", "logical_xor"):
        k = 2.0 if name == "logical_xor" else 1.0
        return linear(lambda u, v, w: u + v - k * w, args[0], args[1], times(args[0], args[1]))
    if name in ("logical_not", "bitwise_not"):
        return linear(lambda v: 1.0 - v, x)
    if name in ("to", "type_as") and isinstance(x, Pair):
        return x
    if name == "where":
        return choose(*args)
    if name == "masked_fill":
        return choose(args[1], args[2], args[0])
    if name == "index_put":
        return choose(args[1][0], args[2], args[0])
    if name in ("norm", "linalg_vector_norm", "linalg_norm"):
        return power_norm(x, 2.0 if args[1] is None else float(args[1]), args[2], args[3])
    if name == "frobenius_norm":
        return power_norm(x, 2.0, args[1], args[2])
    if name in ("var", "std", "var_mean", "std_mean"):
        dims = args[1]
        # Overloads: (dims, unbiased, keep), and (dims, correction, keep).
        correction = 1.0 if args[2] is None else float(args[2])
        v = variance(x, dims, correction, args[3])
        y = elementwise(torch.sqrt, v) if name.startswith("std") else v
        return [y, linear(lambda t: t.mean(dims, args[3]), x)] if name.endswith("mean") else y
    if name in ("amin", "min") and not isinstance(args[1] if len(args) > 1 else None, (Pair, Tensor)):
        dims = args[1] if name == "amin" else [args[1]]
        y = linear(torch.neg, rows_maximum(linear(torch.neg, x), dims, args[2]))
        return y if name == "amin" else [y, None]
    if name in ("maximum", "fmax") or (name == "max" and isinstance(args[1], (Pair, Tensor))):
        return rows_maximum(two(args[0], args[1]), [-1], False)
    if name in ("minimum", "fmin", "min"):
        return linear(torch.neg, rows_maximum(linear(torch.neg, two(args[0], args[1])), [-1], False))
    if name == "aminmax":
        dims = [] if args[1] is None else [args[1]]
        low = linear(torch.neg, rows_maximum(linear(torch.neg, x), dims, args[2]))
        return [low, rows_maximum(x, dims, args[2])]
    if name == "cummax":
        return [running(x, args[1], lambda v: rows_maximum(v, [args[1]], True)), None]
    if name == "cummin":
        return [linear(torch.neg, running(linear(torch.neg, x), args[1], lambda v: rows_maximum(v, [args[1]], True))), None]
    if name == "topk":
        return [ranked(x, lambda v: torch.topk(v, args[1], args[2], args[3], True)[1], args[2]), None]
    if name == "sort":
        dim, descending = (args[1], args[2]) if len(args) == 3 else (args[2], args[3])
        return [ranked(x, lambda v: torch.sort(v, dim, descending)[1], dim), None]
    if name in ("kthvalue", "median"):
        dim, keep = args[-2], args[-1]
        pick = (lambda v: torch.kthvalue(v, args[1], dim, True)[1]) if name == "kthvalue" else (lambda v: torch.median(v, dim, True)[1])
        y = ranked(x, pick, dim)
        return [y if keep else linear(lambda v: v.squeeze(dim), y), None]
    if name in ("clamp", "clip", "clamp_min", "clamp_max"):
        low = None if name == "clamp_max" else args[1]
        high = args[1] if name == "clamp_max" else args[2] if len(args) > 2 else None
        y = x
        if isinstance(low, (Pair, Tensor)) or isinstance(high, (Pair, Tensor)):
            if low is not None:
                y = rows_maximum(two(y, low), [-1], False)
            if high is not None:
                y = linear(torch.neg, rows_maximum(linear(torch.neg, two(y, high)), [-1], False))
            return y
        return elementwise(lambda v: torch.clamp(v, low, high), x)
    if name == "lerp":
        return linear(torch.add, args[0], times(args[2], linear(torch.sub, args[1], args[0])))
    if name == "addcmul":
        return linear(lambda c, p: c + args[3] * p, args[0], times(args[1], args[2]))
    if name == "addcdiv":
        return linear(lambda c, p: c + args[3] * p, args[0], times(args[1], elementwise(torch.reciprocal, args[2])))
    if name == "logsumexp":
        return log_sum(x, args[1], args[2])
    if name == "logcumsumexp":
        return running(x, args[1], lambda v: log_sum(v, [args[1]], True))
    if name == "logaddexp":
        return log_sum(two(args[0], args[1]), [-1], False)
    if name == "hypot":
        return power_norm(two(args[0], args[1]), 2.0, [-1], False)
    if name == "pairwise_distance":
        d = linear(lambda u, v: u - v + args[3], args[0], args[1])
        return power_norm(d, float(args[2]), [-1], args[4])
    if name == "cosine_similarity":
        u, v = (_unit(t, args[2], args[3]) for t in args[:2])
        return linear(lambda t: t.sum(args[2]), times(u, v))
    return None


def _unit(x, dim: int, eps: float):
    n = power_norm(x, 2.0, [dim], True)
    n = rows_maximum(two(n, torch.full_like(n.then, eps)), [-1], False)
    return times(x, elementwise(torch.reciprocal, n))


ELEMENTWISE = set("""relu leaky_relu elu selu celu gelu silu mish sigmoid log_sigmoid tanh softplus hardswish hardsigmoid hardtanh relu6 threshold prelu
    rrelu softshrink hardshrink clamp clamp_min abs sqrt rsqrt pow exp log log1p sin cos reciprocal""".split())


def _operator(node) -> Callable:
    """The operator of a node, called with all arguments in order; one that writes to its operand is called without writing."""
    schema = torch._C.parse_schema(node.schema())
    name = schema.name.split("::")[1]
    pure = name[:-1] if name.endswith("_") and not name.startswith("_") else name
    f = getattr(torch.ops.aten, pure)
    named = [a.name if a.kwarg_only else None for a in schema.arguments]

    def call(*args):
        return f(*[a for a, k in zip(args, named) if k is None], **{k: a for a, k in zip(args, named) if k is not None})

    return call


def _call(name: str, f: Callable, args: list):
    own = _operator_rule(name, args)
    if own is not None:
        return own
    x = args[0]
    if name == "softmax":
        return softmax(x, args[1])
    if name == "log_softmax":
        return softmax_log(x, args[1])
    if name == "layer_norm":
        dims = [-1 - i for i in range(len(args[1]))]
        return affine(norm(x, dims, args[4]), args[2], args[3], list(args[1]))
    if name == "rms_norm":
        return affine(norm(x, [-1], torch.finfo(x.then.dtype).eps if args[3] is None else args[3], False), args[2], None, list(args[1]))
    if name in ("group_norm", "instance_norm"):
        n, c = x.then.shape[:2]
        groups = args[1] if name == "group_norm" else c
        w, b, eps = (args[2], args[3], args[4]) if name == "group_norm" else (args[1], args[2], args[7])
        y = norm(linear(lambda v: v.reshape(n, groups, -1), x), [2], eps)
        return affine(linear(lambda v: v.reshape(x.then.shape), y), w, b, [1, c] + [1] * (x.then.dim() - 2))
    if name.startswith("max_pool"):
        d = int(name[8])
        pool = getattr(F, f"max_pool{d}d")
        return maximum(x, lambda v: pool(v, args[1], args[2] or None, args[3], args[4], args[5], return_indices=True), d)
    if name.startswith("adaptive_max_pool"):
        d = int(name[17])
        pool = getattr(F, f"adaptive_max_pool{d}d")
        return [maximum(x, lambda v: pool(v, args[1], return_indices=True), d), None]
    if name == "amax":
        return rows_maximum(x, args[1], args[2])
    if name == "max":
        return [rows_maximum(x, [args[1]], args[2]), None]
    if name == "mul":
        return times(args[0], args[1])
    if name == "div":
        return times(args[0], elementwise(torch.reciprocal, args[1])) if isinstance(args[1], Pair) else linear(torch.div, *args)
    if name in ("matmul", "bmm"):
        return product(torch.matmul, args[0], args[1])
    if name == "baddbmm":
        c, a, b, beta, alpha = args
        y = product(torch.bmm, a, b)
        return linear(lambda u, v: beta * u + alpha * v, c, y)
    if name == "einsum":
        items = args[1]
        places = [i for i, item in enumerate(items) if isinstance(item, Pair)]
        if len(places) == 1:
            return linear(lambda v: torch.einsum(args[0], [v if i == places[0] else t for i, t in enumerate(items)]), items[places[0]])

        def both(a: Tensor, b: Tensor) -> Tensor:
            return torch.einsum(args[0], [a if i == places[0] else b if i == places[1] else t for i, t in enumerate(items)])

        return product(both, items[places[0]], items[places[1]])
    if name == "scaled_dot_product_attention":
        return attention(*args)
    if name == "glu":
        a, b = linear(lambda v: v.chunk(2, args[1]), x)
        return times(a, elementwise(torch.sigmoid, b))
    if name in ELEMENTWISE:
        return elementwise(lambda v: f(v, *args[1:]), x)
    return linear(lambda *a: f(*a), *args)


def _walk(graph, model, inputs: List) -> object:
    """Evaluates a graph without control flow, as `torch.jit.trace` gives it."""
    values: Dict[str, object] = {}
    parameters = list(graph.inputs())
    values[parameters[0].debugName()] = model
    for p, v in zip(parameters[1:], inputs):
        values[p.debugName()] = v
    for node in graph.nodes():
        kind = node.kind()
        args = [values[i.debugName()] for i in node.inputs()]
        outputs = [o.debugName() for o in node.outputs()]
        if kind == "prim::Constant":
            result = node.output().toIValue()
        elif kind == "prim::GetAttr":
            result = getattr(args[0], node.s("name"))
        elif kind in ("prim::ListConstruct", "prim::TupleConstruct"):
            result = args
        elif kind in ("prim::ListUnpack", "prim::TupleUnpack"):
            for o, v in zip(outputs, args[0]):
                values[o] = v
            continue
        elif kind in ("aten::Int", "prim::NumToTensor", "aten::ScalarImplicit"):
            result = int(args[0]) if kind != "prim::NumToTensor" else args[0]
        elif kind == "aten::size":
            result = then(args[0]).size(args[1])
        elif kind == "aten::Bool":
            result = bool(args[0])
        else:
            name = kind.split("::")[1]
            if name in ("ones", "full", "zeros", "scalar_tensor"):
                result = getattr(torch.ops.aten, name)(*args[:1], dtype=torch.bool if args[1] == 11 else torch.float64)
            else:
                f = _operator(node)
                result = _call(name if name.endswith("__") else name.rstrip("_"), f, args) if paired(args) else f(*args)
        if len(outputs) > 1:
            for o, v in zip(outputs, result):
                values[o] = v
        else:
            values[outputs[0]] = result
    return values[next(iter(graph.outputs())).debugName()]


def explain(model: nn.Module, x: Tensor, reference: Tensor, target: int) -> Tuple[Tensor, Tensor, Tensor]:
    """Attributions, value and value at the reference, of a float64 model."""
    with torch.enable_grad():
        traced = torch.jit.trace(model, x.clone().requires_grad_(True), check_trace=False)
    leaf = x.clone().requires_grad_(True)
    y = _walk(traced.inlined_graph, traced, [Pair(leaf, reference)])
    multipliers = torch.autograd.grad(y.now[:, target].sum(), leaf)[0]
    return multipliers * (x - reference), y.now[:, target].detach(), y.then[:, target]
