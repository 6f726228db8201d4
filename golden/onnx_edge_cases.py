# SPDX-License-Identifier: Apache-2.0
"""Cases of onnx_operators.py at the edges: tensors without axes or without elements, ties and kinks as PyTorch has them, and settings that are seldom used."""

import itertools

import numpy as np
import torch
import torch.nn.functional as F

from onnx_operator_cases import NORM, REDUCE, case, ints, r

ADDED = True
INF = np.inf


def f32(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


# No axes, no elements

ONE_OPERAND = {
    "Abs": "", "Acos": "", "Asin": "", "Asinh": "", "Atan": "", "Atanh": "", "Celu": "<alpha=0.7>", "Cos": "", "Cosh": "", "Dropout": "", "Elu": "<alpha=0.7>", 
    "Exp": "", "HardSigmoid": "<alpha=0.3, beta=0.4>", "HardSwish": "", "Identity": "", "LeakyRelu": "", "Log": "", "Mish": "", "Neg": "", "Reciprocal": "",
    "Relu": "", "Selu": "", "Shrink": "<lambd=0.1>", "Sigmoid": "", "Sin": "", "Sinh": "", "Softplus": "", "Sqrt": "", "Tan": "", "Tanh": "",
    "ThresholdedRelu": "<alpha=0.2>",
}
SHAPES = {"scalar": (), "empty": (0, 3)}
for (op, attributes), (kind, shape) in itertools.product(ONE_OPERAND.items(), SHAPES.items()):
    case(f"{op.lower()}_{kind}", f"y = {op}{attributes}(x)", x=r(*shape, low=0.3, high=0.9))
for kind, shape in SHAPES.items():
    case(f"erf_{kind}", "y = Erf(x)", x=r(*shape), torch=torch.erf)
    case(f"gelu_{kind}", "y = Gelu(x)", x=r(*shape), torch=F.gelu)
    case(f"softsign_{kind}", "y = Softsign(x)", x=r(*shape), torch=F.softsign)
    case(f"acosh_{kind}", "y = Acosh(x)", x=r(*shape, low=1.2, high=2))
    case(f"swish_{kind}", "y = Swish(x)", x=r(*shape), opset=24, torch=F.silu)
    case(f"cast_{kind}", "d = Cast<to=11>(x); e = Mul(d, d); y = Cast<to=1>(e)", x=r(*shape), torch=lambda x: x * x)
    case(f"cast_like_{kind}", "y = CastLike(x, z)", x=r(*shape), given={"z": r(2)}, torch=lambda x, z: x * 1)
    case(f"clip_{kind}", "y = Clip(x, a)", x=r(*shape), const={"a": np.float32(-2)}, torch=lambda x, a: x.clamp(min=-2))
    case(f"expand_{kind}", "y = Expand(x, s)", x=r(*shape), const={"s": ints(2, 0, 3) if kind == "empty" else ints(2, 3)}, torch=lambda x, s: x.expand(tuple(s)) * 1)
    case(f"reshape_{kind}", "y = Reshape(x, s)", x=r(*shape), const={"s": ints(0, 3) if kind == "empty" else ints(1, 1)}, torch=lambda x, s: x.reshape(x.shape or (1, 1)) * 1)
    case(f"unsqueeze_{kind}", "y = Unsqueeze(x, d)", x=r(*shape), const={"d": ints(0)}, torch=lambda x, d: x[None] * 1)
    # ONNX Runtime takes the sum of nothing over no axes for one element: sizes stay known.
    case(f"where_{kind}", "y = Where(c, a, b)", fixed="a b c", a=r(*shape), b=r(*shape), given={"c": np.ones(shape, dtype=bool)}, torch=lambda a, b, c: torch.where(c, a, b))
    case(f"prelu_of_{kind}", "y = PRelu(x, s)", fixed="x s", x=r(*shape), s=r(*shape), torch=lambda x, s: torch.where(x > 0, x, s * x))
    for op, f in [
        ("Add", lambda a, b: a + b), ("Sub", lambda a, b: a - b), ("Mul", lambda a, b: a * b), ("Div", lambda a, b: a / b), ("Pow", lambda a, b: a**b),
        ("Max", torch.maximum), ("Min", torch.minimum), ("Sum", lambda a, b: a + b), ("Mean", lambda a, b: (a + b) / 2), ("Mod", torch.fmod),
    ]:
        attribute = "<fmod=1>" if op == "Mod" else ""
        case(f"{op.lower()}_of_{kind}", f"y = {op}{attribute}(a, b)", a=r(*shape, low=0.6, high=0.9), b=r(*shape, low=0.3, high=0.5), torch=f, fixed="a b")
for op, f in [("Max", torch.maximum), ("Min", torch.minimum), ("Pow", lambda a, b: a**b), ("Mod", torch.fmod)]:
    attribute = "<fmod=1>" if op == "Mod" else ""
    case(f"{op.lower()}_first_repeated", f"y = {op}{attribute}(a, b)", a=r(3, low=1.2, high=2.4), b=r(2, 4, 1, low=0.3, high=2.1), torch=f)

# Reductions

for op, f in REDUCE.items():
    name = op.lower()
    low = 0.3 if op in ("LogSum", "Prod") else -1.5
    case(f"reduce_{name}_left_as_it_is", f"y = Reduce{op}<noop_with_empty_axes=1>(x)", x=r(2, 3, low=0.3), torch=None if op not in ("Sum", "Mean", "Max", "Min", "Prod", "L1") else lambda x: x * 1)
    case(f"reduce_{name}_kept_all", f"y = Reduce{op}(x)", x=r(2, 3, low=low), torch=lambda x, f=f: f(x, [0, 1], True))
    if op != "Sum":
        for kind, opset, axes in [("17", 17, [-1, 0]), ("13", 13, [1])]:
            case(f"reduce_{name}_opset_{kind}", f"y = Reduce{op}<axes={axes}, keepdims=0>(x)", x=r(2, 3, 4, low=low), opset=opset, torch=lambda x, f=f, axes=axes: f(x, axes, False))
    if op not in ("Max", "Min"):
        case(f"reduce_{name}_scalar", f"y = Reduce{op}<keepdims=0>(x)", x=r(low=0.4, high=0.9), fixed="x", torch=lambda x, f=f: f(x.reshape(1), [0], False))
    case(f"reduce_{name}_axes_given", f"y = Reduce{op}<keepdims=0>(x, d)", x=r(2, 3, 4, low=low), given={"d": ints(-2)}, fixed="d", torch=lambda x, d, f=f: f(x, [1], False))
case("softmax_first", "y = Softmax<axis=-2>(x)", x=r(2, 3, 4), torch=lambda x: x.softmax(1))
case("log_softmax_first", "y = LogSoftmax<axis=0>(x)", x=r(2, 3, 4), torch=lambda x: x.log_softmax(0))

# Ties and kinks

T = f32(-2, 0, 0, 2)
case("relu_tie", "y = Relu(x)", x=T, torch=torch.relu)
case("abs_tie", "y = Abs(x)", x=T, torch=torch.abs)
case("leaky_relu_tie", "y = LeakyRelu<alpha=0.2>(x)", x=T, torch=lambda x: F.leaky_relu(x, 0.2))
case("elu_tie", "y = Elu<alpha=0.6>(x)", x=T, torch=lambda x: F.elu(x, 0.6))
case("celu_tie", "y = Celu<alpha=0.6>(x)", x=T, torch=lambda x: F.celu(x, 0.6))
case("selu_tie", "y = Selu(x)", x=T, torch=F.selu)
case("prelu_tie", "y = PRelu(x, s)", x=T, s=f32(0.3), torch=lambda x, s: F.prelu(x, s))
case("thresholded_relu_tie", "y = ThresholdedRelu<alpha=0.5>(x)", x=f32(0.4, 0.5, 0.6), torch=lambda x: F.threshold(x, 0.5, 0.0))
case("hard_sigmoid_tie", "y = HardSigmoid<alpha=0.25, beta=0.5>(x)", x=f32(-3, -2, 0, 2, 3), torch=lambda x: F.hardsigmoid(x * 1.5))
case("hard_swish_tie", "y = HardSwish(x)", x=f32(-4, -3, 0, 3, 4), torch=F.hardswish)
case("shrink_tie", "y = Shrink<lambd=0.5>(x)", x=f32(-0.6, -0.5, 0, 0.5, 0.6), torch=lambda x: F.hardshrink(x, 0.5))
case("shrink_soft_tie", "y = Shrink<lambd=0.5, bias=0.5>(x)", x=f32(-0.6, -0.5, 0, 0.5, 0.6), torch=lambda x: F.softshrink(x, 0.5))
case("softsign_tie", "y = Softsign(x)", x=T, torch=F.softsign)
case("clip_tie", "y = Clip(x, a, b)", x=f32(-1, -0.5, 0, 0.5, 1), const={"a": np.float32(-0.5), "b": np.float32(0.5)}, torch=lambda x, a, b: x.clamp(-0.5, 0.5))
case("sqrt_zero", "y = Sqrt(x)", x=f32(0, 1, 4), torch=torch.sqrt)
case("log_zero", "y = Log(x)", x=f32(0, 1, 4), torch=torch.log)
case("reciprocal_zero", "y = Reciprocal(x)", x=f32(0, 1, 4), torch=torch.reciprocal)
case("asin_one", "y = Asin(x)", x=f32(-1, 0, 1), torch=torch.asin)
case("acos_one", "y = Acos(x)", x=f32(-1, 0, 1), torch=torch.acos)
case("acosh_one", "y = Acosh(x)", x=f32(1, 2), torch=torch.acosh)
case("atanh_one", "y = Atanh(x)", x=f32(-1, 0, 1), torch=torch.atanh)
case("div_zero", "y = Div(a, b)", a=f32(0, 1, 2), b=f32(1, 0, 2), torch=lambda a, b: a / b)
for name, value in [("half", 0.5), ("one", 1.0), ("two", 2.0), ("three", 3.0), ("zero", 0.0), ("minus", -1.0), ("one_and_half", 1.5)]:
    case(f"pow_of_zero_{name}", "y = Pow(a, b)", a=f32(0, 1, 2), const={"b": np.float32(value)}, torch=lambda a, b, value=value: a**value)
case("pow_zero_both", "y = Pow(a, b)", a=f32(0, 0, 0, 2), b=f32(0, 1, 2, 0), torch=lambda a, b: a**b)
case("pow_negative_base", "y = Pow(a, b)", a=f32(-2, -1, 3), const={"b": np.float32(3)}, torch=lambda a, b: a**3)
case("max_three_ties", "y = Max(a, b)", a=f32(1, 2, 3), b=f32(1, 2, 2), torch=torch.maximum)
case("min_ties", "y = Min(a, b)", a=f32(1, 2, 3), b=f32(1, 2, 2), torch=torch.minimum)
case("max_one", "y = Max(a)", a=r(2, 3), torch=lambda a: a * 1)
case("sum_one", "y = Sum(a)", a=r(2, 3), torch=lambda a: a * 1)
case("reduce_min_ties", "y = ReduceMin<keepdims=0>(x, d)", x=f32(1, 1, 3, 2, 2, 2).reshape(2, 3), const={"d": ints(1)}, torch=lambda x, d: x.amin(1))
case("reduce_max_ties_all", "y = ReduceMax<keepdims=0>(x)", x=f32(3, 1, 3, 3), torch=lambda x: x.amax())
case("reduce_l1_zero", "y = ReduceL1<keepdims=0>(x, d)", x=f32(0, 1, 0, 0).reshape(2, 2), const={"d": ints(1)}, torch=lambda x, d: torch.linalg.vector_norm(x, 1, 1))
case("reduce_l2_zero", "y = ReduceL2<keepdims=0>(x, d)", x=f32(0, 1, 0, 0).reshape(2, 2), const={"d": ints(1)}, torch=lambda x, d: torch.linalg.vector_norm(x, 2, 1))
case("reduce_log_sum_exp_far", "y = ReduceLogSumExp<keepdims=0>(x, d)", x=f32(90, -90, 0, 1).reshape(2, 2), const={"d": ints(1)}, torch=lambda x, d: torch.logsumexp(x, 1))
case("reduce_prod_one_zero", "y = ReduceProd<keepdims=0>(x)", x=f32(0, 2, 3), torch=lambda x: x.prod())
case("max_pool_flat", "y = MaxPool<kernel_shape=[2,2], strides=[2,2]>(x)", x=np.ones((1, 2, 4, 4), dtype=np.float32), torch=lambda x: F.max_pool2d(x, 2))
case("global_max_pool_ties", "y = GlobalMaxPool(x)", x=f32(1, 3, 3, 2, 2, 2, 0, 2).reshape(1, 2, 2, 2), torch=lambda x: F.adaptive_max_pool2d(x, 1))
case("softplus_far", "y = Softplus(x)", x=f32(-80, 0, 80), torch=lambda x: torch.where(x > 50, x, x.exp().log1p()))
case("mod_whole", "y = Mod<fmod=1>(a, b)", a=f32(-3, 3, 2), b=f32(1.5, 2, 0.75), torch=torch.fmod)
case("celu_far", "y = Celu(x)", x=f32(-90, 90), torch=F.celu)
case("top_k_ties", "y, n = TopK(x, k)", x=f32(2, 2, 1, 2).reshape(1, 4), const={"k": ints(2)}, torch=lambda x, k: x[:, [0, 1]] * 1)

# Windows

case("conv_kernel_said", "y = Conv<kernel_shape=[3,2]>(x, w)", x=r(1, 2, 5, 4), const={"w": r(3, 2, 3, 2)}, torch=lambda x, w: F.conv2d(x, w))
case("conv_valid", 'y = Conv<auto_pad="VALID", strides=[2,1]>(x, w)', x=r(1, 2, 5, 4), const={"w": r(3, 2, 3, 2)}, torch=lambda x, w: F.conv2d(x, w, stride=(2, 1)))
case("conv_same_upper_strides", 'y = Conv<auto_pad="SAME_UPPER", strides=[2,3]>(x, w)', x=r(1, 2, 5, 7), const={"w": r(2, 2, 2, 3)}, torch=lambda x, w: F.conv2d(F.pad(x, (1, 1, 0, 1)), w, stride=(2, 3)))
case("conv_same_lower_open", 'y = Conv<auto_pad="SAME_LOWER", strides=[2,2]>(x, w)', x=r(1, 2, 6, 5), const={"w": r(2, 2, 3, 2)}, torch=lambda x, w: F.conv2d(F.pad(x, (1, 0, 1, 0)), w, stride=2))
for name, attributes, x, w, f in [
    ("plain", "", (2, 2, 5, 4), (3, 2, 3, 2), lambda x, w: F.conv2d(x, w)),
    ("strides", "strides=[2,1], pads=[1,0,1,0]", (2, 2, 6, 4), (3, 2, 3, 2), lambda x, w: F.conv2d(x, w, stride=(2, 1), padding=(1, 0))),
    ("dilations", "dilations=[2,1], pads=[1,1,1,1]", (1, 2, 6, 4), (2, 2, 2, 3), lambda x, w: F.conv2d(x, w, dilation=(2, 1), padding=1)),
    ("groups", "group=2, strides=[2,2]", (2, 4, 5, 5), (6, 2, 2, 2), lambda x, w: F.conv2d(x, w, groups=2, stride=2)),
    ("depthwise", "group=3", (2, 3, 5), (3, 1, 2), lambda x, w: F.conv1d(x, w, groups=3)),
]:
    case(f"conv_weights_{name}", f"y = Conv<{attributes}>(x, w)" if attributes else "y = Conv(x, w)", x=r(*x), w=r(*w), fixed="w", torch=f)
for name, attributes, x, w, f in [
    ("plain", "", (2, 2, 3, 4), (2, 3, 3, 2), lambda x, w: F.conv_transpose2d(x, w)),
    ("strides", "strides=[2,2], pads=[1,0,1,0], output_padding=[1,1]", (2, 2, 3, 4), (2, 3, 3, 2), lambda x, w: F.conv_transpose2d(x, w, stride=2, padding=(1, 0), output_padding=1)),
    ("groups", "group=2", (2, 4, 3), (4, 2, 2), lambda x, w: F.conv_transpose1d(x, w, groups=2)),
]:
    case(f"conv_transpose_weights_{name}", f"y = ConvTranspose<{attributes}>(x, w)" if attributes else "y = ConvTranspose(x, w)", x=r(*x), w=r(*w), fixed="w", torch=f)
case("conv_transpose_bias", "y = ConvTranspose<kernel_shape=[3,2]>(x, w, b)", x=r(1, 2, 3, 4), b=r(3), const={"w": r(2, 3, 3, 2)}, torch=lambda x, b, w: F.conv_transpose2d(x, w, b))
for name, attributes in [
    ("same_upper", 'auto_pad="SAME_UPPER", strides=[2,2]'), ("same_lower", 'auto_pad="SAME_LOWER", strides=[2,1]'), ("valid", 'auto_pad="VALID", strides=[2,2]'),
]:
    case(f"conv_transpose_{name}", f"y = ConvTranspose<{attributes}>(x, w)", x=r(1, 2, 3, 4), const={"w": r(2, 3, 3, 4)}, linear=True)
case("conv_transpose_output_shape", "y = ConvTranspose<output_shape=[6,8], strides=[2,2]>(x, w)", x=r(1, 2, 3, 4), const={"w": r(2, 3, 3, 3)}, fixed="x", linear=True)
case("max_pool_same", 'y = MaxPool<kernel_shape=[3,2], strides=[2,2], auto_pad="SAME_UPPER">(x)', x=r(1, 2, 5, 5), torch=lambda x: F.max_pool2d(F.pad(x, (0, 1, 1, 1), value=-9), (3, 2), 2))
case("max_pool_columns", "y = MaxPool<kernel_shape=[2,2], strides=[1,2], storage_order=1>(x)", x=r(2, 2, 4, 6), torch=lambda x: F.max_pool2d(x, 2, (1, 2)))
case("max_pool_three_axes", "y = MaxPool<kernel_shape=[2,2,2]>(x)", x=r(1, 2, 3, 3, 4), torch=lambda x: F.max_pool3d(x, 2, 1))
for op in ("AveragePool", "LpPool"):
    for name, attributes in [
        ("same_upper", 'kernel_shape=[2,3], strides=[2,2], auto_pad="SAME_UPPER"'), ("same_lower", 'kernel_shape=[3,2], auto_pad="SAME_LOWER"'), ("valid", 'kernel_shape=[3,2], auto_pad="VALID"'),
        ("dilations", "kernel_shape=[2,2], dilations=[2,1]"), ("pads", "kernel_shape=[3,3], pads=[1,0,1,2], strides=[2,2]"), ("ceil_mode", "kernel_shape=[2,3], strides=[2,3], ceil_mode=1"),
        ("ceil_dilations", "kernel_shape=[2,2], strides=[2,3], dilations=[2,2], ceil_mode=1"),
    ]:
        if op == "LpPool" and "ceil_mode" in attributes:
            continue
        settings = {"linear": True} if op == "AveragePool" else {"slopes": True}
        case(f"{op.lower()}_{name}", f"y = {op}<{attributes}>(x)", x=r(1, 2, 5, 7, low=0.3, high=2), opset=22, fixed="x" if "SAME" in attributes and "strides" in attributes else "", **settings)
case("average_pool_counted_ceil", "y = AveragePool<kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1, count_include_pad=1>(x)", x=r(1, 1, 6, 5), linear=True)
case("lp_pool_ceil", "y = LpPool<kernel_shape=[2,3], strides=[2,3], ceil_mode=1>(x)", x=r(1, 2, 5, 7), torch=lambda x: (F.avg_pool2d(F.pad(x**2, (0, 2, 0, 1)), (2, 3)) * 6).sqrt())
case("lp_pool_first", "y = LpPool<kernel_shape=[2,2], p=1>(x)", x=r(1, 2, 4, 4), torch=lambda x: F.avg_pool2d(x.abs(), 2, 1) * 4)

# Seldom used settings

case("compress_flat", "y = Compress(x, c)", x=r(2, 3), given={"c": np.array([True, False, True, False, True])}, torch=lambda x, c: x.flatten()[[0, 2, 4]] * 1)
case("compress_last", "y = Compress<axis=-1>(x, c)", x=r(2, 3), given={"c": np.array([False, True])}, torch=lambda x, c: x[:, [1]] * 1)
case("depth_to_space_three", 'y = DepthToSpace<blocksize=3, mode="CRD">(x)', x=r(2, 9, 2, 2), torch=lambda x: F.pixel_shuffle(x, 3))
case("depth_to_space_three_dcr", "y = DepthToSpace<blocksize=3>(x)", x=r(2, 9, 2, 2), linear=True)
case("space_to_depth_three", "y = SpaceToDepth<blocksize=3>(x)", x=r(1, 2, 3, 6), linear=True)
case("flatten_first", "y = Flatten<axis=2>(x)", x=r(2, 3, 4), torch=lambda x: x.reshape(6, 4))
case("flatten_zero", "y = Flatten<axis=0>(x)", x=r(2, 3), torch=lambda x: x.reshape(1, 6))
case("gather_elements_last", "y = GatherElements<axis=-1>(x, i)", x=r(2, 4), given={"i": ints(-1, 0, 3, 1).reshape(2, 2)}, torch=lambda x, i: x.gather(1, i % 4))
case("scatter_elements_negative", "y = ScatterElements<axis=-2>(x, i, u)", x=r(4, 2), u=r(2, 2), given={"i": ints(-1, 0, 1, 2).reshape(2, 2)}, torch=lambda x, u, i: x.scatter(0, i % 4, u))
case("one_hot_last", "y = OneHot<axis=-2>(i, d, v)", v=r(2), given={"i": ints(2, 0)}, const={"d": ints(3).reshape(())}, fixed="v")
case("lp_norm_last", "y = LpNormalization<axis=-2>(x)", x=r(3, 4), torch=lambda x: F.normalize(x, dim=0))
case("lrn_five", "y = LRN<size=5, alpha=0.3>(x)", x=r(2, 5, 3, 2), torch=lambda x: F.local_response_norm(x, 5, 0.3, 0.75, 1.0))
case("mean_variance_negative", "y = MeanVarianceNormalization<axes=[-1,0]>(x)", x=r(2, 3, 3), torch=lambda x: (x - x.mean((0, 2), keepdim=True)) / (x.var((0, 2), unbiased=False, keepdim=True).sqrt() + 1e-9))
case("pad_axes_front", "y = Pad(x, p, , a)", x=r(2, 3, 4), const={"p": ints(1, 0, 2, 1), "a": ints(0, 2)}, torch=lambda x, p, a: F.pad(x, (0, 1, 0, 0, 1, 2)))
case("pad_given", "y = Pad(x, p)", x=r(2, 3), given={"p": ints(0, 1, 2, 0)}, fixed="p", torch=lambda x, p: F.pad(x, (1, 0, 0, 2)))
case("pad_value_attributed", "y = Pad(x, p, v)", x=r(2, 3), v=f32(0.7).reshape(()), const={"p": ints(1, 1, 0, 2)}, slopes=True)
case("rms_norm_negative", "y = RMSNormalization<axis=-2, stash_type=1>(x, s)", x=r(2, 4, 3), const={"s": r(4, 3)}, opset=23, torch=lambda x, s: F.rms_norm(x, (4, 3), s, 1e-5))
case("group_norm_three", "y = GroupNormalization<num_groups=3>(x, s, b)", x=r(2, 6, 4), s=r(6), b=r(6), opset=21, torch=lambda x, s, b: F.group_norm(x, 3, s, b))
case("group_norm_scale_per_group", "y = GroupNormalization<num_groups=2>(x, s, b)", x=r(2, 4, 3), s=r(2), b=r(2), opset=18, torch=lambda x, s, b: F.group_norm(x, 2, s.repeat_interleave(2), b.repeat_interleave(2)))
case("instance_norm_scale", "y = InstanceNormalization(x, s, b)", x=r(2, 3, 4), s=r(3), b=r(3), torch=lambda x, s, b: F.instance_norm(x, weight=s, bias=b))
case("batch_norm_scale", "y = BatchNormalization(x, s, b, m, v)", x=r(2, 3, 4), s=r(3), b=r(3), const={"m": r(3), "v": r(3, low=0.3, high=2)}, torch=lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b))
case("top_k_unsorted", "t, n = TopK<sorted=0, axis=-2>(x, k); p = Mul(t, t); y = ReduceSum(p)", x=r(5, 2), const={"k": ints(3)}, torch=lambda x, k: (x.topk(3, 0).values ** 2).sum().reshape(1, 1))
case("max_of_bounds", "y = Clip(x, a, b)", x=r(3, 4), a=f32(-0.5).reshape(()), b=f32(0.4).reshape(()), torch=lambda x, a, b: torch.clamp(x, a, b))
case("mod_negative", "y = Mod<fmod=1>(a, b)", a=r(6, low=-3, high=3), b=f32(-0.7), torch=torch.fmod)
case("softmax_opset_13", "y = Softmax<axis=0>(x)", x=r(2, 3), opset=13, torch=lambda x: x.softmax(0))
case("einsum_diagonal", 'y = Einsum<equation="ii->i">(a)', a=r(3, 3), fixed="a", torch=lambda a: torch.einsum("ii->i", a))
case("einsum_trace", 'y = Einsum<equation="bii,b->b">(a, b)', a=r(2, 3, 3), b=r(2), fixed="a b", torch=lambda a, b: torch.einsum("bii,b->b", a, b))
case("einsum_unsaid", 'y = Einsum<equation="ij,jk">(a, b)', a=r(2, 3), b=r(3, 4), torch=lambda a, b: torch.einsum("ij,jk", a, b))
case("einsum_all_summed", 'y = Einsum<equation="ij->">(a)', a=r(2, 3), torch=lambda a: a.sum())
case("einsum_dots_last", 'y = Einsum<equation="b...,bk...->...k">(a, b)', a=r(2, 3), b=r(2, 4, 3), torch=lambda a, b: torch.einsum("b...,bk...->...k", a, b))
case("einsum_upper", 'y = Einsum<equation="Aa, a B -> A B">(a, b)', a=r(2, 3), b=r(3, 4), torch=lambda a, b: a @ b)
for name, reduction in [("mul", "prod"), ("max", "amax"), ("min", "amin")]:
    case(
        f"scatter_elements_{name}", f'y = ScatterElements<axis=1, reduction="{name}">(x, i, u)', x=r(2, 4), u=r(2, 3), given={"i": ints(3, 0, 3, 1, 1, 2).reshape(2, 3)},
        torch=lambda x, u, i, reduction=reduction: x.scatter_reduce(1, i, u, reduction),
    )
    case(f"scatter_nd_{name}", f'y = ScatterND<reduction="{name}">(x, i, u)', x=r(4, 3), u=r(3, 3), given={"i": ints(3, 1, 3).reshape(3, 1)}, fixed="i", slopes=True)

# Images of another size: every way to count coordinates with every way to read between them

WAYS = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
for way in WAYS:
    for mode in ["nearest", "linear", "cubic"]:
        sizes = {"s": f32(1, 1, 1.7, 0.6)} if mode == "linear" else {"z": ints(1, 2, 6, 3)}
        given = "s" if "s" in sizes else ", z"
        case(f"resize_{way}_{mode}", f'y = Resize<mode="{mode}", coordinate_transformation_mode="{way}">(x, , {given})', x=r(1, 2, 4, 5), const=sizes, linear=True)
for rounding in ["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]:
    for way in ["half_pixel", "asymmetric", "align_corners"]:
        case(
            f"resize_{rounding}_{way}", f'y = Resize<mode="nearest", nearest_mode="{rounding}", coordinate_transformation_mode="{way}">(x, , s)',
            x=r(1, 1, 4, 6), const={"s": f32(1, 1, 1.5, 0.5)}, linear=True,
        )
for name, attributes, sizes in [
    ("outside", 'mode="cubic", exclude_outside=1', {"z": ints(1, 2, 7, 3)}), ("coefficient", 'mode="cubic", cubic_coeff_a=-0.5', {"s": f32(1, 1, 1.5, 2)}),
    ("antialias_cubic", 'mode="cubic", antialias=1', {"z": ints(1, 2, 2, 3)}), ("antialias_outside", 'mode="cubic", antialias=1, exclude_outside=1', {"s": f32(1, 1, 0.5, 0.6)}),
    ("antialias_scales", 'mode="linear", antialias=1', {"s": f32(1, 1, 0.5, 0.4)}),
]:
    case(f"resize_{name}", f"y = Resize<{attributes}>(x, , {'s' if 's' in sizes else ', z'})", x=r(1, 2, 4, 5), const=sizes, linear=True)
case("resize_negative_axes", 'y = Resize<mode="linear", axes=[-1,-2]>(x, , s)', x=r(1, 2, 3, 4), const={"s": f32(2, 1.5)}, linear=True)
case("resize_sizes_of_axes", 'y = Resize<mode="nearest", axes=[2,3]>(x, , , z)', x=r(1, 2, 3, 4), const={"z": ints(5, 3)}, linear=True)
case("resize_one_axis", 'y = Resize<mode="linear">(x, , s)', x=r(2, 2, 5), const={"s": f32(1, 1, 1.75)}, linear=True)
case("resize_three_axes", 'y = Resize<mode="linear">(x, , s)', x=r(1, 1, 2, 3, 3), const={"s": f32(1, 1, 2, 1.5, 2)}, linear=True)
case("resize_given", 'y = Resize<mode="linear">(x, , s)', x=r(1, 2, 3, 4), given={"s": f32(1, 1, 2, 1.5)}, fixed="s", linear=True)
for name, mode, more in [("linear", "linear", ""), ("linear_value", "linear", ", extrapolation_value=2.0"), ("nearest", "nearest", "")]:
    case(
        f"resize_crop_{name}", f'y = Resize<mode="{mode}", coordinate_transformation_mode="tf_crop_and_resize"{more}>(x, roi, , z)',
        x=r(1, 2, 4, 5), const={"roi": f32(0, 0, 0.2, -0.1, 1, 1, 0.8, 1.2), "z": ints(1, 2, 3, 6)}, linear=True,
    )
