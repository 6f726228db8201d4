# SPDX-License-Identifier: Apache-2.0
"""Cases of onnx_operators.py: operators that few models have, sequences, and functions that a model defines."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F

from onnx_operator_cases import case, ints, r

ADDED = True


def f32(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


# Reading images at positions: some of them lie far outside

for mode, padding, corners in itertools.product(["linear", "nearest", "cubic"], ["zeros", "border", "reflection"], [0, 1]):
    theirs = {"linear": "bilinear", "nearest": "nearest", "cubic": "bicubic"}[mode]
    case(
        f"grid_sample_{mode}_{padding}_{corners}", f'y = GridSample<mode="{mode}", padding_mode="{padding}", align_corners={corners}>(x, g)',
        x=r(2, 2, 3, 4), g=r(2, 3, 2, 2, low=-2.1, high=2.1),
        torch=lambda x, g, m=theirs, p=padding, c=corners: F.grid_sample(x, g, mode=m, padding_mode=p, align_corners=bool(c)),
    )
case("grid_sample_opset_16", 'y = GridSample<mode="bilinear">(x, g)', x=r(1, 2, 3, 4), g=r(1, 2, 2, 2), opset=16, torch=lambda x, g: F.grid_sample(x, g, align_corners=False))
case("grid_sample_image", "y = GridSample(x, g)", x=r(1, 2, 3, 4), given={"g": r(1, 2, 2, 2)}, torch=lambda x, g: F.grid_sample(x, g, align_corners=False))
for mode, padding in [("linear", "zeros"), ("linear", "border"), ("nearest", "reflection")]:
    theirs = {"linear": "bilinear"}.get(mode, mode)
    case(
        f"grid_sample_volume_{mode}_{padding}", f'y = GridSample<mode="{mode}", padding_mode="{padding}">(x, g)', x=r(1, 2, 2, 3, 4), g=r(1, 2, 2, 2, 3, low=-1.3, high=1.3),
        torch=lambda x, g, m=theirs, p=padding: F.grid_sample(x, g, mode=m, padding_mode=p, align_corners=False),
    )
for corners in (0, 1):
    case(f"affine_grid_{corners}", f"y = AffineGrid<align_corners={corners}>(t, z)", t=r(2, 2, 3), const={"z": ints(2, 3, 4, 5)}, torch=lambda t, z, c=corners: F.affine_grid(t, [2, 3, 4, 5], align_corners=bool(c)))
case("affine_grid_volume", "y = AffineGrid(t, z)", t=r(1, 3, 4), const={"z": ints(1, 2, 2, 3, 2)}, torch=lambda t, z: F.affine_grid(t, [1, 2, 2, 3, 2], align_corners=False))

# Windows and regions

case("col2im", "y = Col2Im(x, i, b)", x=r(2, 8, 6), const={"i": ints(3, 4), "b": ints(2, 2)}, torch=lambda x, i, b: F.fold(x, (3, 4), (2, 2)))
case("col2im_strides", "y = Col2Im<strides=[2,2], pads=[1,1,1,1]>(x, i, b)", x=r(1, 8, 9), const={"i": ints(4, 4), "b": ints(2, 2)}, torch=lambda x, i, b: F.fold(x, (4, 4), (2, 2), stride=2, padding=1))
case("col2im_dilations", "y = Col2Im<dilations=[2,2]>(x, i, b)", x=r(1, 4, 9), const={"i": ints(5, 5), "b": ints(2, 2)}, torch=lambda x, i, b: F.fold(x, (5, 5), (2, 2), dilation=2))
case("max_unpool", "y = MaxUnpool<kernel_shape=[2,2], strides=[2,2]>(x, i)", x=r(1, 2, 2, 2), given={"i": ints(0, 3, 8, 13, 18, 20, 25, 31).reshape(1, 2, 2, 2)}, linear=True)
case("max_unpool_shape", "y = MaxUnpool<kernel_shape=[2], strides=[3], pads=[1,0]>(x, i, z)", x=r(1, 1, 3), given={"i": ints(0, 4, 6).reshape(1, 1, 3)}, const={"z": ints(1, 1, 8)}, linear=True)
ROIS, BATCH = f32(0.2, 0.3, 3.1, 2.7, 1.0, 0.5, 4.4, 3.6, -1, -2, 9, 8).reshape(3, 4), ints(1, 0, 1)
for name, attributes in [
    ("plain", "output_height=2, output_width=3"), ("sampled", "output_height=3, output_width=2, sampling_ratio=2"), ("scaled", "output_height=2, output_width=2, spatial_scale=0.5"),
    ("half", 'output_height=2, output_width=2, coordinate_transformation_mode="output_half_pixel", sampling_ratio=3'),
]:
    case(f"roi_align_{name}", f"y = RoiAlign<{attributes}>(x, rois, b)", x=r(2, 2, 4, 5), given={"rois": ROIS, "b": BATCH}, linear=True)
for name, attributes, shape, x in [("cuts", "", ints(3, 2), (5, 3)), ("pads", "", ints(4, 5), (2, 4)), ("both", "axes=[1,-1]", ints(2, 6), (2, 3, 3)), ("axis", "axes=[-2]", ints(1), (4, 3))]:
    case(f"center_crop_pad_{name}", f"y = CenterCropPad<{attributes}>(x, z)" if attributes else "y = CenterCropPad(x, z)", x=r(*x), const={"z": shape}, linear=True)

for mode, axis, places in [("linear", -2, [0, 2]), ("circular", 1, [3, 1])]:
    case(
        f"tensor_scatter_{mode}", f'y = TensorScatter<mode="{mode}", axis={axis}>(x, u, i)', x=r(2, 4, 3) if axis == 1 else r(2, 2, 4, 3), u=r(2, 2, 3) if axis == 1 else r(2, 2, 2, 3),
        const={"i": ints(*places)}, opset=24, linear=True,
    )

# Signals

for name, nodes, x, more in [
    ("real", "y = DFT(x, , d)", (2, 5, 1), {"d": ints(1).reshape(())}), ("complex", "y = DFT(x, , d)", (2, 4, 2), {"d": ints(-2).reshape(())}),
    ("half", "y = DFT<onesided=1>(x, , d)", (1, 6, 1), {"d": ints(1).reshape(())}), ("inverse", "y = DFT<inverse=1>(x, , d)", (1, 5, 2), {"d": ints(1).reshape(())}),
    ("longer", "y = DFT(x, n, d)", (1, 4, 1), {"n": ints(7).reshape(()), "d": ints(1).reshape(())}), ("shorter", "y = DFT<onesided=1>(x, n, d)", (1, 7, 1), {"n": ints(4).reshape(()), "d": ints(1).reshape(())}),
    ("usual_axis", "y = DFT(x)", (2, 3, 4, 1), {}),
]:
    case(f"dft_{name}", nodes, x=r(*x), const=more, linear=True, fixed="x")
for opset in (17, 19):
    case(f"dft_opset_{opset}", "y = DFT<axis=2>(x)", x=r(1, 2, 4, 1), opset=opset, linear=True, fixed="x")
case("dft_opset_17_usual", "y = DFT(x)", x=r(1, 4, 3, 1), opset=17, linear=True, fixed="x")
case("stft", "y = STFT(x, s, w)", x=r(2, 12, 1), const={"s": ints(3).reshape(()), "w": r(6)}, linear=True, fixed="x")
case("stft_length", "y = STFT<onesided=0>(x, s, w, n)", x=r(1, 11, 1), const={"s": ints(2).reshape(()), "w": r(4), "n": ints(4).reshape(())}, linear=True, fixed="x")
case("range", "y = Range(a, b, d)", a=f32(0.3).reshape(()), b=f32(2.6).reshape(()), d=f32(0.7).reshape(()), torch=lambda a, b, d: a + torch.arange(4) * d + 0 * b)

for name, attributes, axis, f in [
    ("plain", "", 1, lambda x: x.cumprod(1)), ("reverse", "<reverse=1>", -1, lambda x: x.flip(1).cumprod(1).flip(1)), ("exclusive", "<exclusive=1>", 0, lambda x: torch.cat([torch.ones_like(x[:1]), x[:-1].cumprod(0)])),
]:
    for kind, x in [("", r(3, 4)), ("_zeros", f32(1, 0, 3, 2, 0, 2, 0, 3, 2, 3, 0.5, 0).reshape(3, 4))]:
        case(f"cum_prod_{name}{kind}", f"y = CumProd{attributes}(x, d)", x=x, const={"d": ints(axis).reshape(())}, opset=26, torch=lambda x, d, f=f: f(x))

# Sequences

case("sequence_of_three", "s = SequenceConstruct(a, b, a); y = ConcatFromSequence<axis=0>(s)", a=r(2, 3), b=r(1, 3), torch=lambda a, b: torch.cat([a, b, a]))
case("sequence_stacked", "s = SequenceConstruct(a, b); y = ConcatFromSequence<axis=-1, new_axis=1>(s)", a=r(2, 3), b=r(2, 3), torch=lambda a, b: torch.stack([a, b], -1))
case("sequence_at", "s = SequenceConstruct(a, b); t = SequenceAt(s, i); u = SequenceAt(s, j); y = Mul(t, u)", a=r(2, 3), b=r(2, 3), const={"i": ints(-1).reshape(()), "j": ints(0).reshape(())}, torch=lambda a, b, i, j: a * b)
case(
    "sequence_insert", "e = SequenceEmpty(); s = SequenceInsert(e, a); t = SequenceInsert(s, b, i); u = SequenceInsert(t, a, j); y = ConcatFromSequence<axis=1>(u)",
    a=r(2, 3), b=r(2, 2), const={"i": ints(0).reshape(()), "j": ints(-1).reshape(())}, torch=lambda a, b, i, j: torch.cat([b, a, a], 1),
)
case("sequence_erase", "s = SequenceConstruct(a, b, a); t = SequenceErase(s, i); u = SequenceErase(t); y = ConcatFromSequence<axis=0>(u)", a=r(2, 3), b=r(2, 3), const={"i": ints(0).reshape(())}, torch=lambda a, b, i: b * 1)
case("split_to_sequence", "s = SplitToSequence<axis=1>(x, z); t = SequenceAt(s, i); u = SequenceAt(s, j); v = Sin(u); y = Concat<axis=1>(t, v)", x=r(2, 5), const={"z": ints(2, 3), "i": ints(1).reshape(()), "j": ints(0).reshape(())}, torch=lambda x, z, i, j: torch.cat([x[:, 2:], x[:, :2].sin()], 1))
case("split_to_sequence_single", "s = SplitToSequence<axis=-1, keepdims=0>(x); t = SequenceAt(s, i); y = Exp(t)", x=r(2, 3), const={"i": ints(1).reshape(())}, torch=lambda x, i: x[:, 1].exp())
case("split_to_sequence_kept", "s = SplitToSequence(x); t = SequenceAt(s, i); y = Exp(t)", x=r(2, 3), const={"i": ints(-1).reshape(())}, torch=lambda x, i: x[1:].exp())
case(
    "sequence_in_loop",
    "e = SequenceEmpty(); s, h = Loop(m, , e, x) <body = b (int64 i, bool c, seq(float[a,b]) q, float[a,b] u) => (bool k, seq(float[a,b]) p, float[a,b] o) "
    "{ k = Identity(c) f = Mul(u, x) o = Tanh(f) p = SequenceInsert(q, o) }>; y = ConcatFromSequence<axis=0, new_axis=1>(s)",
    x=r(2, 3), const={"m": ints(3).reshape(())}, torch=lambda x, m: torch.stack([(x * x).tanh(), ((x * x).tanh() * x).tanh(), (((x * x).tanh() * x).tanh() * x).tanh()]),
)
case(
    "sequence_read_in_loop",
    "s = SplitToSequence<keepdims=0>(x); h = Loop(m, , w) <body = b (int64 i, bool c, float[a] u) => (bool k, float[a] o) "
    "{ k = Identity(c) t = SequenceAt(s, i) f = Mul(u, t) o = Add(f, w) }>; y = Neg(h)",
    x=r(3, 2), w=r(2), const={"m": ints(3).reshape(())}, torch=lambda x, w, m: -(((w * x[0] + w) * x[1] + w) * x[2] + w),
)

# Functions that a model defines

SCALED = """
<opset_import: ["" : 20], domain: "local">
Scaled <factor, axis: int = 1> (x, w) => (y) { c = Constant <value_float: float = @factor> () m = Mul (x, c) a = Constant <value_int: int = @axis> () s = CumSum (m, a) y = Mul (s, w) }
"""
TWICE = """
<opset_import: ["" : 20, "local" : 1], domain: "local">
Twice (x, w) => (y, h) { h = local.Scaled <factor: float = 2.0> (x, w) y = local.Scaled <factor: float = -0.5, axis: int = 0> (h, w) }
"""
case("function", "h = local.Scaled<factor=1.5>(x, w); y = Sin(h)", functions=[SCALED], x=r(2, 3), w=r(2, 3), torch=lambda x, w: ((1.5 * x).cumsum(1) * w).sin())
case(
    "function_in_function", "a, b = local.Twice(x, w); y = Add(a, b)", functions=[SCALED, TWICE], x=r(2, 3), w=r(2, 3),
    torch=lambda x, w: (-0.5 * ((2 * x).cumsum(1) * w)).cumsum(0) * w + (2 * x).cumsum(1) * w,
)
case("function_twice", "a = local.Scaled<factor=1.5>(x, w); y = local.Scaled<factor=2.0, axis=0>(a, x)", functions=[SCALED], x=r(2, 3), w=r(2, 3), torch=lambda x, w: (2 * ((1.5 * x).cumsum(1) * w)).cumsum(0) * x)
OLD = """
<opset_import: ["" : 17], domain: "local">
Centred <axes> (x) => (y) { m = ReduceMean <axes: ints = @axes> (x) y = Sub (x, m) }
"""
case("function_of_opset_17", "h = local.Centred<axes=[-1]>(x); y = Mul(h, h)", functions=[OLD], opset=17, x=r(2, 3), torch=lambda x: (x - x.mean(-1, keepdim=True)) ** 2)
CHOOSING = """
<opset_import: ["" : 20], domain: "local">
Choosing (c, x, w) => (y) { h = Mul (x, w) y = If (c) <then_branch = t () => (float[a,b] p) { p = Sin(h) }, else_branch = e () => (float[a,b] p) { q = Exp(h) p = Mul(q, x) }> }
"""
case("function_with_if", "a = local.Choosing(c, x, w); y = local.Choosing(n, a, w)", functions=[CHOOSING], x=r(2, 3), w=r(2, 3), given={"c": np.array(True), "n": np.array(False)}, torch=lambda x, w, c, n: (lambda a: (a * w).exp() * a)((x * w).sin()))
case(
    "function_in_loop",
    "y = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) { k = Identity(c) o = local.Scaled <factor: float = 0.5> (u, x) }>",
    functions=[SCALED], x=r(2, 3), const={"m": ints(2).reshape(())}, torch=lambda x, m: (0.5 * ((0.5 * x).cumsum(1) * x)).cumsum(1) * x,
)


# Recurrent layers with settings that PyTorch's layers do not have

STEPS, ROWS, SIZE, UNITS = 4, 2, 3, 2
HAND = {
    "Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Relu": torch.relu, "Softsign": F.softsign, "Softplus": F.softplus, "LeakyRelu": lambda v: F.leaky_relu(v, 0.2),
    "ThresholdedRelu": lambda v: F.threshold(v, 0.1, 0.0), "Elu": lambda v: F.elu(v, 0.7), "HardSigmoid": lambda v: (0.3 * v + 0.4).clamp(0, 1), "Affine": lambda v: 0.5 * v + 0.1,
    "ScaledTanh": lambda v: 1.3 * torch.tanh(0.6 * v),
}
NUMBERS = {"LeakyRelu": ([0.2], []), "ThresholdedRelu": ([0.1], []), "Elu": ([0.7], []), "HardSigmoid": ([0.3], [0.4]), "Affine": ([0.5], [0.1]), "ScaledTanh": ([1.3], [0.6])}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}


def by_hand(kind, x, w, k, b, names, clip=None, lengths=None, backwards=False, peep=None, coupled=False, after=False, h=None, c=None):
    """One direction; the results of all steps, the last state, the last cells."""
    count = GATES[kind] * UNITS
    first, second = b[:count], b[count:]
    bound = (lambda v: v) if clip is None else (lambda v: v.clamp(-clip, clip))
    act = [(lambda v, f=HAND[n]: f(bound(v))) for n in names]
    h = torch.zeros(ROWS, UNITS, dtype=x.dtype) if h is None else h
    c = torch.zeros(ROWS, UNITS, dtype=x.dtype) if c is None else c
    results = [None] * STEPS
    for t in reversed(range(STEPS)) if backwards else range(STEPS):
        own, past = (x[t] @ w.T + first).split(UNITS, -1), (h @ k.T + second).split(UNITS, -1)
        new_c = c
        if kind == "RNN":
            new = act[0](own[0] + past[0])
        elif kind == "GRU":
            z, q = act[0](own[0] + past[0]), act[0](own[1] + past[1])
            n = act[1](own[2] + q * past[2]) if after else act[1](own[2] + (q * h) @ k[2 * UNITS :].T + second[2 * UNITS :])
            new = (1 - z) * n + z * h
        else:
            p = torch.zeros(3 * UNITS, dtype=x.dtype) if peep is None else peep
            i = act[0](own[0] + past[0] + p[:UNITS] * c)
            f = 1 - i if coupled else act[0](own[2] + past[2] + p[2 * UNITS :] * c)
            new_c = f * c + i * act[1](own[3] + past[3])
            new = act[0](own[1] + past[1] + p[UNITS : 2 * UNITS] * new_c) * HAND[names[2]](new_c)
        live = torch.ones(ROWS, 1, dtype=torch.bool) if lengths is None else (lengths > t)[:, None]
        results[t] = torch.where(live, new, torch.zeros_like(new))
        h, c = torch.where(live, new, h), torch.where(live, new_c, c)
    return torch.stack(results), h, c


def layer(name, kind, names, attributes="", directions=1, lengths=None, peep=False, states=False, low=-1.5, **settings):
    gates = GATES[kind]
    w, k, b = r(directions, gates * UNITS, SIZE), r(directions, gates * UNITS, UNITS), r(directions, 2 * gates * UNITS, low=low)
    const = {"w": w, "k": k, "b": b, "rows": ints(-1, UNITS)}
    inputs = ["x", "w", "k", "b", "", "", "", ""]
    attributed = {"x": r(STEPS, ROWS, SIZE)}
    if states:
        attributed["h"] = r(directions, ROWS, UNITS)
        inputs[5] = "h"
        if kind == "LSTM":
            attributed["c"] = r(directions, ROWS, UNITS)
            inputs[6] = "c"
    if lengths is not None:
        const["l"] = np.array(lengths, dtype=np.int32)
        inputs[4] = "l"
    if peep:
        const["p"] = r(directions, 3 * UNITS)
        inputs[7] = "p"
    while not inputs[-1]:
        inputs.pop()
    alphas = [a for n in names * directions for a in NUMBERS.get(n, ([], []))[0]]
    betas = [a for n in names * directions for a in NUMBERS.get(n, ([], []))[1]]
    text = f"hidden_size={UNITS}, activations=[{', '.join(chr(34) + n + chr(34) for n in names * directions)}]{attributes}"
    text += f", activation_alpha=[{', '.join(map(str, alphas))}]" if alphas else ""
    text += f", activation_beta=[{', '.join(map(str, betas))}]" if betas else ""
    outs = ["a", "e", "f"] if kind == "LSTM" else ["a", "e"]

    def whole(*values):
        given = dict(zip(attributed, values))
        found = []
        for d in range(directions):
            t = lambda array: torch.tensor(array[d]).double()
            found.append(by_hand(
                kind, given["x"], t(w), t(k), t(b), names, lengths=None if lengths is None else torch.tensor(lengths), backwards=d == 1 or "reverse" in attributes,
                peep=t(const["p"]) if peep else None, h=given["h"][d] if states else None, c=given["c"][d] if "c" in given else None, **settings,
            ))
        parts = [torch.stack([f[0] for f in found], 1), torch.stack([f[1] for f in found]), torch.stack([f[2] for f in found])]
        return torch.cat([p.reshape(-1, UNITS) for p in parts[: len(outs)]])

    flat = "; ".join(f"{o}_flat = Reshape({o}, rows)" for o in outs)
    case(
        name, f"{', '.join(outs)} = {kind}<{text}>({', '.join(inputs)}); {flat}; y = Concat<axis=0>({', '.join(o + '_flat' for o in outs)})",
        torch=lambda *values: whole(*values[: len(attributed)]), const=const, **attributed,
    )


for one in HAND:
    layer(f"rnn_{one.lower()}_hand", "RNN", [one])
layer("gru_hard", "GRU", ["HardSigmoid", "ScaledTanh"])
layer("gru_hard_after", "GRU", ["HardSigmoid", "Softsign"], ", linear_before_reset=1", after=True)
layer("gru_two_ways_hard", "GRU", ["HardSigmoid", "Elu"], ', direction="bidirectional"', directions=2, states=True)
layer("lstm_hard", "LSTM", ["HardSigmoid", "Softsign", "LeakyRelu"], states=True)
layer("lstm_relu", "LSTM", ["Sigmoid", "Relu", "Relu"])
layer("lstm_peepholes", "LSTM", ["Sigmoid", "Tanh", "Tanh"], peep=True, states=True)
layer("lstm_peepholes_two_ways", "LSTM", ["Sigmoid", "Tanh", "Tanh"], ', direction="bidirectional"', directions=2, peep=True)
layer("lstm_coupled", "LSTM", ["Sigmoid", "Tanh", "Tanh"], ", input_forget=1", coupled=True, states=True)
for kind, names in [("RNN", ["Tanh"]), ("GRU", ["Sigmoid", "Tanh"]), ("LSTM", ["Sigmoid", "Tanh", "Tanh"])]:
    layer(f"{kind.lower()}_clip", kind, names, ", clip=0.6", clip=0.6)
    layer(f"{kind.lower()}_lengths", kind, names, lengths=[2, 4], states=True)
    layer(f"{kind.lower()}_lengths_reverse", kind, names, ', direction="reverse"', lengths=[3, 4], states=True)
    layer(f"{kind.lower()}_lengths_two_ways", kind, names, ', direction="bidirectional"', directions=2, lengths=[4, 1], states=True)
layer("gru_lengths_after", "GRU", ["Sigmoid", "Tanh"], ", linear_before_reset=1", lengths=[1, 3], after=True)
layer("lstm_peepholes_lengths", "LSTM", ["Sigmoid", "Tanh", "Tanh"], lengths=[1, 3], peep=True, states=True)


# Attention of opset 23


def attend(q, k, v, mask=None, scale=None, cap=0.0, causal=False, past_k=None, past_v=None):
    k, v = (k, v) if past_k is None else (torch.cat([past_k, k], 2), torch.cat([past_v, v], 2))
    repeat = q.shape[1] // k.shape[1]
    keys, values = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
    scores = q @ keys.transpose(-1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if causal:
        scores = scores.masked_fill(torch.ones(scores.shape[-2:]).triu(1 + (0 if past_k is None else past_k.shape[2])).bool(), -torch.inf)
    scores = scores if mask is None else scores + mask
    scores = cap * torch.tanh(scores / cap) if cap else scores
    return scores.softmax(-1) @ values


Q, K = (2, 2, 3, 4), (2, 2, 5, 4)
case("attention", "y = Attention(q, k, v)", q=r(*Q), k=r(*K), v=r(2, 2, 5, 3), opset=23, torch=attend)
case("attention_mask", "y = Attention<scale=0.7>(q, k, v, m)", q=r(*Q), k=r(*K), v=r(*K), m=r(2, 1, 3, 5), opset=23, torch=lambda q, k, v, m: attend(q, k, v, m, 0.7))
case("attention_bool_mask", "y = Attention(q, k, v, m)", q=r(*Q), k=r(*K), v=r(*K), given={"m": np.array([[True, False, True, True, True]] * 3)}, opset=23, torch=lambda q, k, v, m: attend(q, k, v, torch.where(m, 0.0, -torch.inf)))
case("attention_causal", "y = Attention<is_causal=1>(q, k, v)", q=r(2, 2, 4, 3), k=r(2, 2, 4, 3), v=r(2, 2, 4, 3), opset=23, torch=lambda q, k, v: attend(q, k, v, causal=True))
case("attention_cap", "y = Attention<softcap=0.8>(q, k, v)", q=r(*Q), k=r(*K), v=r(*K), opset=23, torch=lambda q, k, v: attend(q, k, v, cap=0.8))
case("attention_groups", "y = Attention(q, k, v)", q=r(1, 4, 3, 2), k=r(1, 2, 3, 2), v=r(1, 2, 3, 2), opset=23, torch=attend)
SPLIT = lambda t, n: t.reshape(t.shape[0], t.shape[1], n, -1).transpose(1, 2)
case(
    "attention_joined", "y = Attention<q_num_heads=4, kv_num_heads=2>(q, k, v)", q=r(2, 3, 8), k=r(2, 5, 4), v=r(2, 5, 6), opset=23, fixed="q k v",
    torch=lambda q, k, v: attend(SPLIT(q, 4), SPLIT(k, 2), SPLIT(v, 2)).transpose(1, 2).reshape(2, 3, 12),
)
case(
    "attention_past", "a, b, c = Attention(q, k, v, , pk, pv); d = ReduceSum<keepdims=0>(b); e = ReduceMax<keepdims=0>(c); f = Mul(a, d); y = Mul(f, e)",
    q=r(1, 2, 2, 3), k=r(1, 2, 2, 3), v=r(1, 2, 2, 3), pk=r(1, 2, 3, 3), pv=r(1, 2, 3, 3), opset=23,
    torch=lambda q, k, v, pk, pv: attend(q, k, v, None, None, 0.0, False, pk, pv) * torch.cat([pk, k], 2).sum() * torch.cat([pv, v], 2).amax(),
)
case(
    "attention_modes", "a, , , d = Attention<qk_matmul_output_mode=2, softmax_precision=1>(q, k, v); y = Neg(a)",
    q=r(*Q), k=r(*K), v=r(*K), opset=23, torch=lambda q, k, v: -attend(q, k, v),
)


def turn(x, cos, sin, ids, interleaved=False, size=None):
    size = size or x.shape[-1]
    c, s = (cos[ids], sin[ids]) if ids is not None else (cos, sin)
    c, s = c[:, None], s[:, None]
    turned, rest = x[..., :size], x[..., size:]
    a, b = (turned[..., ::2], turned[..., 1::2]) if interleaved else turned.chunk(2, -1)
    p, q = a * c - b * s, a * s + b * c
    return torch.cat([torch.stack([p, q], -1).flatten(-2) if interleaved else torch.cat([p, q], -1), rest], -1)


TURN = {"c": r(6, 2), "s": r(6, 2)}
IDS = {"i": ints(0, 1, 2, 5, 4, 3).reshape(2, 3)}
case("rotary", "y = RotaryEmbedding(x, c, s, i)", x=r(2, 2, 3, 4), given=IDS, const=TURN, opset=23, torch=lambda x, i, c, s: turn(x, c, s, i))
case("rotary_interleaved", "y = RotaryEmbedding<interleaved=1>(x, c, s, i)", x=r(2, 2, 3, 4), given=IDS, const=TURN, opset=23, torch=lambda x, i, c, s: turn(x, c, s, i, True))
case("rotary_part", "y = RotaryEmbedding<rotary_embedding_dim=4>(x, c, s, i)", x=r(2, 2, 3, 6), given=IDS, const=TURN, opset=23, torch=lambda x, i, c, s: turn(x, c, s, i, False, 4))
case("rotary_joined", "y = RotaryEmbedding<num_heads=2>(x, c, s)", x=r(2, 3, 8), const={"c": r(2, 3, 2), "s": r(2, 3, 2)}, opset=23, torch=lambda x, c, s: turn(x.reshape(2, 3, 2, 4).transpose(1, 2), c, s, None).transpose(1, 2).reshape(2, 3, 8))
