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
