# SPDX-License-Identifier: Apache-2.0
"""The cases of onnx_operators.py: one for each operator and combination of its attributes, and what it is in PyTorch."""


from dataclasses import dataclass
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch
import torch.nn.functional as F

OPSET = 20


@dataclass
class Case:
    name: str
    nodes: str
    values: Dict[str, np.ndarray]
    attributed: List[str]
    constants: List[str]
    torch: Optional[Callable[..., torch.Tensor]]
    opset: int
    fixed: List[str]
    linear: bool
    functions: List[str]


CASES: List[Case] = []
random = np.random.default_rng(12)


def r(*shape: int, low: float = -1.5, high: float = 1.5) -> np.ndarray:
    """Numbers none of which are close to each other or to a whole number of halves, where kinks are."""
    count = int(np.prod(shape)) if shape else 1
    values = np.linspace(low, high, count + 2)[1:-1] + 0.0137
    return random.permutation(values).reshape(shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def case(
    name: str,
    nodes: str,
    torch: Optional[Callable[..., Any]] = None,
    const: Optional[Dict[str, np.ndarray]] = None,
    given: Optional[Dict[str, np.ndarray]] = None,
    opset: int = OPSET,
    fixed: str = "",
    linear: bool = False,
    slopes: bool = False,
    functions: Optional[List[str]] = None,
    **attributed: np.ndarray,
) -> None:
    """
    `const`: initializers; `given`: inputs that are not attributed; `fixed`: inputs whose sizes stay known; `linear`: the oracle is ONNX Runtime's own answer to
    each unit vector; `slopes`: the oracle is central differences (as ever where there is no PyTorch).
    """
    assert [bool(torch), linear, slopes].count(True) <= 1, name
    assert name not in {c.name for c in CASES}, name
    values = dict(attributed, **(given or {}), **(const or {}))
    CASES.append(Case(name, nodes, values, list(attributed), list(const or {}), torch, opset, fixed.split(), linear, functions or []))


# Functions of one operand

for op, low, high in [
    ("Abs", -1.5, 1.5), ("Acos", -0.9, 0.9), ("Acosh", 1.2, 3), ("Asin", -0.9, 0.9), ("Asinh", -2, 2), ("Atan", -2, 2), ("Atanh", -0.9, 0.9),
    ("Cos", -3, 3), ("Cosh", -2, 2), ("Exp", -2, 2), ("Log", 0.2, 3), ("Neg", -2, 2), ("Reciprocal", 0.3, 2), ("Sigmoid", -3, 3), ("Sin", -3, 3),
    ("Sinh", -2, 2), ("Sqrt", 0.2, 3), ("Tan", -1.2, 1.2), ("Tanh", -2, 2), ("Relu", -2, 2), ("Softplus", -3, 3), ("Softsign", -3, 3),
    ("HardSwish", -4, 4), ("Mish", -3, 3), ("Identity", -2, 2),
]:
    case(f"{op.lower()}", f"y = {op}(x)", x=r(3, 4, low=low, high=high))
case("erf", "y = Erf(x)", x=r(3, 4), torch=torch.erf)
case("leaky_relu", "y = LeakyRelu(x)", x=r(3, 4), torch=lambda x: F.leaky_relu(x, 0.01))
case("leaky_relu_alpha", "y = LeakyRelu<alpha=0.3>(x)", x=r(3, 4), torch=lambda x: F.leaky_relu(x, 0.3))
case("thresholded_relu", "y = ThresholdedRelu(x)", x=r(3, 4, low=-2, high=2))
case("thresholded_relu_alpha", "y = ThresholdedRelu<alpha=0.4>(x)", x=r(3, 4), torch=lambda x: F.threshold(x, 0.4, 0.0))
case("elu", "y = Elu(x)", x=r(3, 4), torch=F.elu)
case("elu_alpha", "y = Elu<alpha=0.6>(x)", x=r(3, 4), torch=lambda x: F.elu(x, 0.6))
case("celu", "y = Celu(x)", x=r(3, 4), torch=F.celu)
case("celu_alpha", "y = Celu<alpha=2.5>(x)", x=r(3, 4), torch=lambda x: F.celu(x, 2.5))
case("selu", "y = Selu(x)", x=r(3, 4), torch=F.selu)
case("selu_alpha", "y = Selu<alpha=1.2, gamma=0.8>(x)", x=r(3, 4))
case("hard_sigmoid", "y = HardSigmoid(x)", x=r(3, 8, low=-4, high=4))
case("hard_sigmoid_torch", "y = HardSigmoid<alpha=0.16666667, beta=0.5>(x)", x=r(3, 8, low=-4, high=4), torch=F.hardsigmoid)
case("swish", "y = Swish(x)", x=r(3, 4), opset=24, torch=F.silu)
case("swish_alpha", "y = Swish<alpha=1.7>(x)", x=r(3, 4), opset=24, torch=lambda x: x * torch.sigmoid(1.7 * x))
case("shrink", "y = Shrink(x)", x=r(3, 8), torch=lambda x: torch.where(x.abs() > 0.5, x, torch.zeros_like(x)))
case("shrink_soft", "y = Shrink<lambd=0.4, bias=0.4>(x)", x=r(3, 8), torch=lambda x: F.softshrink(x, 0.4))
case("gelu", "y = Gelu(x)", x=r(3, 8, low=-3, high=3), torch=F.gelu)
case("gelu_tanh", 'y = Gelu<approximate="tanh">(x)', x=r(3, 8, low=-3, high=3), torch=lambda x: F.gelu(x, approximate="tanh"))
case("clip", "y = Clip(x, a, b)", x=r(3, 8), const={"a": np.float32(-0.6), "b": np.float32(0.7)}, torch=lambda x, a, b: x.clamp(-0.6, 0.7))
case("clip_low", "y = Clip(x, a)", x=r(3, 8), const={"a": np.float32(-0.6)}, torch=lambda x, a: x.clamp(min=-0.6))
case("clip_high", "y = Clip(x, , b)", x=r(3, 8), const={"b": np.float32(0.7)}, torch=lambda x, b: x.clamp(max=0.7))
case("cast_there_and_back", "d = Cast<to=11>(x); e = Mul(d, d); y = Cast<to=1>(e)", x=r(3, 4), torch=lambda x: x * x)
case("cast_like", "y = CastLike(x, z)", x=r(3, 4), given={"z": r(2)}, torch=lambda x, z: x * 1)
case("dropout", "y = Dropout(x)", x=r(3, 4), torch=lambda x: x * 1)

# Several operands that are broadcast

PAIRS = {"same": ((2, 3), (2, 3)), "row": ((4, 2, 3), (3,)), "column": ((2, 3), (4, 2, 1)), "both": ((2, 1, 3), (4, 1)), "scalar": ((2, 3), ())}
for kind, (left, right) in PAIRS.items():
    case(f"add_{kind}", "y = Add(a, b)", a=r(*left), b=r(*right), torch=lambda a, b: a + b)
    case(f"sub_{kind}", "y = Sub(a, b)", a=r(*left), b=r(*right), torch=lambda a, b: a - b)
    case(f"mul_{kind}", "y = Mul(a, b)", a=r(*left), b=r(*right), torch=lambda a, b: a * b)
    case(f"div_{kind}", "y = Div(a, b)", a=r(*left), b=r(*right, low=0.4, high=2), torch=lambda a, b: a / b)
case("add_to_itself", "y = Add(a, a)", a=r(2, 3), torch=lambda a: a + a)
case("mul_by_constant", "y = Mul(a, b)", a=r(2, 3), const={"b": r(2, 3)}, torch=lambda a, b: a * b)
case("pow", "y = Pow(a, b)", a=r(2, 3, low=0.3, high=2), b=r(3), torch=lambda a, b: a**b)
case("pow_two", "y = Pow(a, b)", a=r(2, 3), const={"b": np.float32(2)}, torch=lambda a, b: a**2)
case("pow_three", "y = Pow(a, b)", a=r(2, 3), const={"b": np.float32(3)}, torch=lambda a, b: a**3)
case("pow_half", "y = Pow(a, b)", a=r(2, 3, low=0.2, high=2), const={"b": np.float32(0.5)}, torch=lambda a, b: a**0.5)
case("pow_zero", "y = Pow(a, b)", a=r(2, 3), const={"b": np.float32(0)}, torch=lambda a, b: a**0)
case("pow_whole", "y = Pow(a, b)", a=r(2, 3), const={"b": np.int64(4)}, torch=lambda a, b: a**4)
case("pow_given", "y = Pow(a, b)", a=r(2, 3), given={"b": ints(0, 2, 3)}, torch=lambda a, b: torch.stack([a[:, 0] ** 0, a[:, 1] ** 2, a[:, 2] ** 3], 1))
case("mod", "y = Mod<fmod=1>(a, b)", a=r(2, 4, low=-3, high=3), b=r(4, low=0.4, high=1.1), torch=lambda a, b: torch.fmod(a, b))
case("sum_three", "y = Sum(a, b, c)", a=r(2, 3), b=r(3), c=r(4, 1, 1), torch=lambda a, b, c: a + b + c)
case("mean_three", "y = Mean(a, b, c)", a=r(2, 3), b=r(3), c=r(4, 1, 1), torch=lambda a, b, c: (a + b + c) / 3)
case("max_two", "y = Max(a, b)", a=r(2, 5), b=r(5), torch=torch.maximum)
case("max_ties", "y = Max(a, b)", a=np.float32([1, 2, 3]), b=np.float32([2, 2, 2]), torch=torch.maximum)
case("max_three", "y = Max(a, b, c)", a=r(2, 5), b=r(5), c=r(2, 1), torch=lambda a, b, c: torch.maximum(torch.maximum(a, b), c))
case("min_two", "y = Min(a, b)", a=r(2, 5), b=r(5), torch=torch.minimum)
case("min_constant", "y = Min(a, b)", a=r(2, 5), const={"b": np.float32(0.3)}, torch=lambda a, b: torch.minimum(a, b))
case("where", "y = Where(c, a, b)", a=r(2, 3), b=r(3), given={"c": np.array([[True, False, True], [False, False, True]])}, torch=lambda a, b, c: torch.where(c, a, b))
case("where_broadcast", "y = Where(c, a, b)", a=r(3), b=r(1, 1), given={"c": np.array([[True], [False]])}, torch=lambda a, b, c: torch.where(c, a, b))
case("where_condition_of_x", "c = Greater(a, z); y = Where(c, a, b)", a=r(2, 4), b=r(4), const={"z": np.float32(0)}, torch=lambda a, b, z: torch.where(a > 0, a, b))
case("prelu", "y = PRelu(x, s)", x=r(2, 3, 4), s=r(3, 1), torch=lambda x, s: torch.where(x > 0, x, s * x))
case("prelu_scalar", "y = PRelu(x, s)", x=r(2, 3, 4), s=r(1), torch=lambda x, s: torch.where(x > 0, x, s * x))

# Products

for name, left, right in [
    ("matrices", (2, 3), (3, 4)), ("batches", (5, 2, 3), (5, 3, 4)), ("batch_times_matrix", (5, 2, 3), (3, 4)), ("matrix_times_batch", (2, 3), (5, 3, 4)),
    ("batches_broadcast", (5, 1, 2, 3), (4, 3, 2)), ("vector_matrix", (3,), (3, 4)), ("matrix_vector", (2, 3), (3,)), ("vectors", (3,), (3,)),
    ("vector_batch", (3,), (5, 3, 2)), ("batch_vector", (5, 2, 3), (3,)),
]:
    case(f"matmul_{name}", "y = MatMul(a, b)", a=r(*left), b=r(*right), torch=torch.matmul)
case("matmul_constant", "y = MatMul(a, b)", a=r(5, 2, 3), const={"b": r(3, 4)}, torch=torch.matmul)
case("gemm", "y = Gemm(a, b, c)", a=r(2, 3), b=r(3, 4), c=r(4), torch=lambda a, b, c: a @ b + c)
case("gemm_left", "y = Gemm<transA=1, alpha=0.5>(a, b)", a=r(3, 2), b=r(3, 4), torch=lambda a, b: 0.5 * a.T @ b)
case("gemm_right", "y = Gemm<transB=1, beta=0.3>(a, b, c)", a=r(2, 3), b=r(4, 3), c=r(2, 1), torch=lambda a, b, c: a @ b.T + 0.3 * c)
case("gemm_both", "y = Gemm<transA=1, transB=1, alpha=2.0, beta=1.5>(a, b, c)", a=r(3, 2), b=r(4, 3), c=r(2, 4), torch=lambda a, b, c: 2 * a.T @ b.T + 1.5 * c)
for name, equation, left, right in [
    ("matrices", "ij,jk->ik", (2, 3), (3, 4)), ("attention", "bhid,bhjd->bhij", (2, 2, 3, 2), (2, 2, 4, 2)), ("outer", "i,j->ij", (3,), (4,)),
    ("dots", "...ij,jk->...ik", (5, 2, 3), (3, 4)), ("summed", "ij,kj->k", (2, 3), (4, 3)),
]:
    case(f"einsum_{name}", f'y = Einsum<equation="{equation}">(a, b)', a=r(*left), b=r(*right), torch=lambda a, b, equation=equation: torch.einsum(equation, a, b))
case("einsum_turned", 'y = Einsum<equation="ij->ji">(a)', a=r(2, 3), torch=lambda a: a.T * 1)
case("einsum_three", 'y = Einsum<equation="ij,jk,k->i">(a, b, c)', a=r(2, 3), b=r(3, 4), c=r(4), torch=lambda a, b, c: torch.einsum("ij,jk,k->i", a, b, c))

# Convolutions

CONV = [
    ("plain", "", (2, 2, 5, 6), (3, 2, 3, 3), {}), ("pads", "pads=[1,1,1,1]", (2, 2, 5, 6), (3, 2, 3, 3), {"padding": 1}),
    ("strides", "strides=[2,2], pads=[1,1,1,1]", (2, 2, 6, 7), (3, 2, 3, 3), {"padding": 1, "stride": 2}),
    ("strides_odd", "strides=[3,2]", (1, 2, 8, 7), (3, 2, 3, 2), {"stride": (3, 2)}), ("dilations", "dilations=[2,1], pads=[2,1,2,1]", (1, 2, 6, 5), (2, 2, 3, 3), {"padding": (2, 1), "dilation": (2, 1)}),
    ("groups", "group=2, pads=[1,1,1,1]", (2, 4, 5, 4), (6, 2, 3, 3), {"padding": 1, "groups": 2}), ("depthwise", "group=3, pads=[1,1,1,1]", (2, 3, 5, 4), (3, 1, 3, 3), {"padding": 1, "groups": 3}),
    ("pointwise_strides", "strides=[2,2]", (2, 3, 5, 4), (4, 3, 1, 1), {"stride": 2}), ("one_axis", "pads=[2,2], dilations=[2]", (2, 2, 7), (3, 2, 3), {"padding": 2, "dilation": 2}),
    ("three_axes", "pads=[1,0,1,1,0,1], strides=[1,2,1]", (1, 2, 3, 4, 3), (2, 2, 3, 2, 3), {"padding": (1, 0, 1), "stride": (1, 2, 1)}),
    ("wide_pads", "pads=[3,3,3,3]", (1, 1, 3, 3), (2, 1, 3, 3), {"padding": 3}),
]
CONVS = {3: F.conv1d, 4: F.conv2d, 5: F.conv3d}
for name, attributes, x, w, settings in CONV:
    case(
        f"conv_{name}", f"y = Conv<{attributes}>(x, w, b)" if attributes else "y = Conv(x, w, b)", x=r(*x), const={"w": r(*w), "b": r(w[0])},
        torch=lambda x, w, b, settings=settings: CONVS[x.dim()](x, w, b, **settings),
    )
case("conv_uneven_pads", "y = Conv<pads=[0,1,2,0], strides=[2,1]>(x, w)", x=r(1, 2, 5, 4), const={"w": r(2, 2, 3, 2)}, torch=lambda x, w: F.conv2d(F.pad(x, (1, 0, 0, 2)), w, stride=(2, 1)))
case("conv_same_upper", 'y = Conv<auto_pad="SAME_UPPER">(x, w)', x=r(1, 2, 5, 4), const={"w": r(2, 2, 2, 3)}, torch=lambda x, w: F.conv2d(F.pad(x, (1, 1, 0, 1)), w))
case("conv_same_lower", 'y = Conv<auto_pad="SAME_LOWER", strides=[2,2]>(x, w)', x=r(1, 2, 5, 4), const={"w": r(2, 2, 2, 3)}, fixed="x", torch=lambda x, w: F.conv2d(F.pad(x, (1, 0, 1, 0)), w, stride=2))
case("conv_given_weights", "y = Conv<pads=[1,1,1,1]>(x, w)", x=r(1, 2, 4, 4), given={"w": r(3, 2, 3, 3)}, fixed="w", torch=lambda x, w: F.conv2d(x, w, padding=1))
case("conv_bias", "y = Conv(x, w, b)", x=r(1, 2, 4, 4), b=r(3), const={"w": r(3, 2, 3, 3)}, torch=lambda x, b, w: F.conv2d(x, w, b))
TRANSPOSED = [
    ("plain", "", (2, 2, 3, 4), (2, 3, 3, 3), {}), ("strides", "strides=[2,2], pads=[1,1,1,1]", (1, 2, 3, 4), (2, 3, 3, 3), {"stride": 2, "padding": 1}),
    ("output_padding", "strides=[2,3], pads=[1,1,1,1], output_padding=[1,2]", (1, 2, 3, 4), (2, 3, 3, 4), {"stride": (2, 3), "padding": 1, "output_padding": (1, 2)}),
    ("groups", "group=2, strides=[2,1]", (1, 4, 3, 3), (4, 2, 2, 3), {"groups": 2, "stride": (2, 1)}), ("dilations", "dilations=[2,2]", (1, 2, 3, 3), (2, 2, 2, 2), {"dilation": 2}),
]
for name, attributes, x, w, settings in TRANSPOSED:
    case(
        f"conv_transpose_{name}", f"y = ConvTranspose<{attributes}>(x, w)" if attributes else "y = ConvTranspose(x, w)", x=r(*x), const={"w": r(*w)},
        torch=lambda x, w, settings=settings: F.conv_transpose2d(x, w, **settings),
    )

# Pooling

for name, attributes, x, settings in [
    ("plain", "kernel_shape=[2,2], strides=[2,2]", (2, 2, 4, 6), {"kernel_size": 2}), ("overlap", "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]", (2, 2, 5, 6), {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("ceil", "kernel_shape=[2,3], strides=[2,3], ceil_mode=1", (1, 2, 5, 7), {"kernel_size": (2, 3), "ceil_mode": True}),
    ("dilations", "kernel_shape=[2,2], strides=[1,1], dilations=[2,1]", (1, 2, 5, 4), {"kernel_size": 2, "stride": 1, "dilation": (2, 1)}),
]:
    case(f"max_pool_{name}", f"y = MaxPool<{attributes}>(x)", x=r(*x), torch=lambda x, settings=settings: F.max_pool2d(x, **settings))
case("max_pool_ties", "y = MaxPool<kernel_shape=[2,2], strides=[1,1]>(x)", x=np.float32([[[[1, 2, 2], [2, 2, 0], [2, 1, 2]]]]), torch=lambda x: F.max_pool2d(x, 2, 1))
case("max_pool_one_axis", "y = MaxPool<kernel_shape=[3], strides=[2], pads=[1,1]>(x)", x=r(2, 2, 8), torch=lambda x: F.max_pool1d(x, 3, 2, 1))
for name, attributes, x, settings in [
    ("plain", "kernel_shape=[2,2], strides=[2,2]", (2, 2, 4, 6), {"kernel_size": 2}), ("left_over", "kernel_shape=[2,2], strides=[2,2]", (2, 2, 5, 7), {"kernel_size": 2}),
    ("overlap", "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1]", (2, 2, 5, 6), {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    ("counted", "kernel_shape=[3,3], strides=[1,2], pads=[1,1,1,1], count_include_pad=1", (1, 2, 4, 5), {"kernel_size": 3, "stride": (1, 2), "padding": 1}),
    ("ceil", "kernel_shape=[2,3], strides=[2,3], ceil_mode=1", (1, 2, 5, 7), {"kernel_size": (2, 3), "ceil_mode": True}),
    ("ceil_pads", "kernel_shape=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1", (1, 2, 6, 6), {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}),
]:
    case(f"average_pool_{name}", f"y = AveragePool<{attributes}>(x)", x=r(*x), torch=lambda x, settings=settings: F.avg_pool2d(x, **settings))
case("average_pool_one_axis", "y = AveragePool<kernel_shape=[3], strides=[2]>(x)", x=r(2, 2, 8), torch=lambda x: F.avg_pool1d(x, 3, 2))
case("average_pool_three_axes", "y = AveragePool<kernel_shape=[2,2,2], strides=[1,2,1]>(x)", x=r(1, 2, 3, 4, 3), torch=lambda x: F.avg_pool3d(x, 2, (1, 2, 1)))
case("lp_pool", "y = LpPool<kernel_shape=[2,2], strides=[2,2]>(x)", x=r(1, 2, 4, 5), torch=lambda x: F.avg_pool2d(x**2, 2, 2).mul(4).sqrt())
case("lp_pool_three", "y = LpPool<kernel_shape=[2,2], strides=[1,1], p=3>(x)", x=r(1, 2, 4, 4), torch=lambda x: F.avg_pool2d(x.abs() ** 3, 2, 1).mul(4) ** (1 / 3))
case("global_average_pool", "y = GlobalAveragePool(x)", x=r(2, 3, 4, 5), torch=lambda x: x.mean((2, 3), keepdim=True))
case("global_average_pool_one_axis", "y = GlobalAveragePool(x)", x=r(2, 3, 4), torch=lambda x: x.mean(2, keepdim=True))
case("global_max_pool", "y = GlobalMaxPool(x)", x=r(2, 3, 4, 5), torch=lambda x: x.amax((2, 3), keepdim=True))
case("global_lp_pool", "y = GlobalLpPool<p=2>(x)", x=r(2, 3, 4, 5), torch=lambda x: x.pow(2).sum((2, 3), keepdim=True).sqrt())
case("global_lp_pool_three", "y = GlobalLpPool<p=3>(x)", x=r(2, 3, 4), torch=lambda x: x.abs().pow(3).sum(2, keepdim=True) ** (1 / 3))

# Norms

NORM = {"s": r(3), "b": r(3), "m": r(3), "v": r(3, low=0.3, high=2)}
case("batch_norm", "y = BatchNormalization(x, s, b, m, v)", x=r(2, 3, 4, 2), const=NORM, torch=lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b))
case("batch_norm_table", "y = BatchNormalization<epsilon=0.01>(x, s, b, m, v)", x=r(4, 3), const=NORM, torch=lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b, eps=0.01))
case("layer_norm", "y = LayerNormalization(x, s, b)", x=r(2, 4, 3), const={"s": r(3), "b": r(3)}, torch=lambda x, s, b: F.layer_norm(x, (3,), s, b))
case("layer_norm_axes", "y = LayerNormalization<axis=1, epsilon=0.01>(x, s)", x=r(2, 4, 3), const={"s": r(4, 3)}, torch=lambda x, s: F.layer_norm(x, (4, 3), s, None, 0.01))
case("layer_norm_scale", "y = LayerNormalization<axis=-2>(x, s, b)", x=r(2, 4, 3), s=r(4, 3), b=r(4, 3), torch=lambda x, s, b: F.layer_norm(x, (4, 3), s, b))
case("rms_norm", "y = RMSNormalization(x, s)", x=r(2, 4, 3), s=r(3), opset=23, torch=lambda x, s: F.rms_norm(x, (3,), s, 1e-5))
case("rms_norm_axes", "y = RMSNormalization<axis=1, epsilon=0.01>(x, s)", x=r(2, 4, 3), const={"s": r(4, 3)}, opset=23, torch=lambda x, s: F.rms_norm(x, (4, 3), s, 0.01))
case("instance_norm", "y = InstanceNormalization(x, s, b)", x=r(2, 3, 4, 2), const={"s": r(3), "b": r(3)}, torch=lambda x, s, b: F.instance_norm(x, weight=s, bias=b))
case("instance_norm_one_axis", "y = InstanceNormalization<epsilon=0.01>(x, s, b)", x=r(2, 3, 6), const={"s": r(3), "b": r(3)}, torch=lambda x, s, b: F.instance_norm(x, weight=s, bias=b, eps=0.01))
case("group_norm", "y = GroupNormalization<num_groups=2>(x, s, b)", x=r(2, 4, 3, 2), const={"s": r(4), "b": r(4)}, opset=21, torch=lambda x, s, b: F.group_norm(x, 2, s, b))
case("group_norm_per_group", "y = GroupNormalization<num_groups=2, epsilon=0.01>(x, s, b)", x=r(2, 4, 3), const={"s": r(2), "b": r(2)}, opset=20, torch=lambda x, s, b: F.group_norm(x, 2, s.repeat_interleave(2), b.repeat_interleave(2), 0.01))
case("mean_variance", "y = MeanVarianceNormalization(x)", x=r(2, 3, 3, 2), torch=lambda x: (x - x.mean((0, 2, 3), keepdim=True)) / (x.var((0, 2, 3), unbiased=False, keepdim=True).sqrt() + 1e-9))
case("mean_variance_axes", "y = MeanVarianceNormalization<axes=[2,3]>(x)", x=r(2, 3, 3, 2), torch=lambda x: (x - x.mean((2, 3), keepdim=True)) / (x.var((2, 3), unbiased=False, keepdim=True).sqrt() + 1e-9))
case("lp_norm", "y = LpNormalization(x)", x=r(3, 4), torch=lambda x: F.normalize(x, dim=-1))
case("lp_norm_one", "y = LpNormalization<axis=0, p=1>(x)", x=r(3, 4), torch=lambda x: F.normalize(x, p=1, dim=0))
case("lrn", "y = LRN<size=3>(x)", x=r(2, 5, 2, 3), torch=lambda x: F.local_response_norm(x, 3))
case("lrn_settings", "y = LRN<size=3, alpha=0.2, beta=0.5, bias=2.0>(x)", x=r(2, 5, 2, 3), torch=lambda x: F.local_response_norm(x, 3, 0.2, 0.5, 2.0))

# Reductions

REDUCE = {
    "Sum": lambda x, d, k: x.sum(d, k), "Mean": lambda x, d, k: x.mean(d, k), "Max": lambda x, d, k: x.amax(d, k), "Min": lambda x, d, k: x.amin(d, k),
    "L1": lambda x, d, k: x.abs().sum(d, k), "L2": lambda x, d, k: x.pow(2).sum(d, k).sqrt(), "SumSquare": lambda x, d, k: x.pow(2).sum(d, k),
    "LogSumExp": lambda x, d, k: torch.logsumexp(x, d, k), "LogSum": lambda x, d, k: x.sum(d, k).log(),
    "Prod": lambda x, d, k: torch.exp(x.log().sum(d, k)),
}
for op, f in REDUCE.items():
    low = 0.3 if op in ("LogSum", "Prod") else -1.5
    for name, attributes, axes, keep in [("kept", "keepdims=1", [1], True), ("negative", "keepdims=0", [-1, 0], False), ("middle", "keepdims=0", [-2], False)]:
        case(f"reduce_{op.lower()}_{name}", f"y = Reduce{op}<{attributes}>(x, d)", x=r(2, 3, 2, low=low), const={"d": ints(*axes)}, torch=lambda x, d, f=f, axes=axes, keep=keep: f(x, axes, keep))
    case(f"reduce_{op.lower()}_all", f"y = Reduce{op}<keepdims=0>(x)", x=r(2, 3, low=low), torch=lambda x, f=f: f(x, [0, 1], False))
case("reduce_sum_nothing", "y = ReduceSum<noop_with_empty_axes=1>(x, d)", x=r(2, 3), const={"d": ints()}, torch=lambda x, d: x * 1)
case("reduce_prod_zeros", "y = ReduceProd<keepdims=0>(x, d)", x=np.float32([[1, 0, 3], [0, 2, 0], [2, 3, 4]]), const={"d": ints(1)}, torch=lambda x, d: x.prod(1))
case("reduce_max_ties", "y = ReduceMax<keepdims=0>(x, d)", x=np.float32([[1, 3, 3], [2, 2, 2]]), const={"d": ints(1)}, torch=lambda x, d: x.amax(1))
case("reduce_mean_before_18", "y = ReduceMean<axes=[-1], keepdims=0>(x)", x=r(2, 3, 4), opset=17, torch=lambda x: x.mean(-1))
case("reduce_max_before_18", "y = ReduceMax<axes=[0, 2]>(x)", x=r(2, 3, 4), opset=13, torch=lambda x: x.amax((0, 2), keepdim=True))
case("softmax", "y = Softmax(x)", x=r(2, 3, 4), torch=lambda x: x.softmax(-1))
case("softmax_axis", "y = Softmax<axis=1>(x)", x=r(2, 3, 4), torch=lambda x: x.softmax(1))
case("log_softmax", "y = LogSoftmax(x)", x=r(2, 3, 4), torch=lambda x: x.log_softmax(-1))
case("log_softmax_axis", "y = LogSoftmax<axis=-2>(x)", x=r(2, 3, 4), torch=lambda x: x.log_softmax(-2))
case("cum_sum", "y = CumSum(x, d)", x=r(2, 4), const={"d": ints(1).reshape(())}, torch=lambda x, d: x.cumsum(1))
case("cum_sum_exclusive", "y = CumSum<exclusive=1>(x, d)", x=r(3, 4), const={"d": ints(-2).reshape(())})
case("cum_sum_reverse", "y = CumSum<reverse=1>(x, d)", x=r(2, 4), const={"d": ints(-1).reshape(())}, torch=lambda x, d: x.flip(1).cumsum(1).flip(1))

# Elements that move

case("reshape", "y = Reshape(x, s)", x=r(2, 3, 4), const={"s": ints(2, -1)}, torch=lambda x, s: x.reshape(2, -1))
case("reshape_zero", "y = Reshape(x, s)", x=r(2, 3, 4), const={"s": ints(0, 4, 3)}, torch=lambda x, s: x.reshape(2, 4, 3))
case("flatten", "y = Flatten(x)", x=r(2, 3, 4), torch=lambda x: x.flatten(1))
case("flatten_axis", "y = Flatten<axis=-1>(x)", x=r(2, 3, 4), torch=lambda x: x.reshape(6, 4))
case("squeeze", "y = Squeeze(x, d)", x=r(2, 1, 3, 1), const={"d": ints(1, -1)}, torch=lambda x, d: x.reshape(2, 3))
case("squeeze_all", "y = Squeeze(x)", x=r(2, 1, 3, 1), fixed="x", torch=lambda x: x.squeeze())
case("unsqueeze", "y = Unsqueeze(x, d)", x=r(2, 3), const={"d": ints(0, -1)}, torch=lambda x, d: x[None, :, :, None] * 1)
case("transpose", "y = Transpose(x)", x=r(2, 3, 4), torch=lambda x: x.permute(2, 1, 0) * 1)
case("transpose_order", "y = Transpose<perm=[1,2,0]>(x)", x=r(2, 3, 4), torch=lambda x: x.permute(1, 2, 0) * 1)
case("expand", "y = Expand(x, s)", x=r(3, 1), const={"s": ints(2, 3, 4)}, torch=lambda x, s: x.expand(2, 3, 4) * 1)
case("expand_ones", "y = Expand(x, s)", x=r(2, 3), const={"s": ints(1, 1)}, torch=lambda x, s: x * 1)
case("tile", "y = Tile(x, n)", x=r(2, 3), const={"n": ints(2, 3)}, torch=lambda x, n: x.tile(2, 3))
case("tile_given", "y = Tile(x, n)", x=r(2, 3), given={"n": ints(1, 2)}, torch=lambda x, n: x.tile(1, 2))
case("concat", "y = Concat<axis=1>(a, b, c)", a=r(2, 3), b=r(2, 1), c=r(2, 2), torch=lambda a, b, c: torch.cat([a, b, c], 1))
case("concat_negative", "y = Concat<axis=-2>(a, b)", a=r(2, 3, 2), b=r(2, 1, 2), torch=lambda a, b: torch.cat([a, b], -2))
case("concat_constant", "y = Concat<axis=0>(c, a)", a=r(2, 3), const={"c": r(1, 3)}, torch=lambda a, c: torch.cat([c, a], 0))
case("split", "a, b, c = Split<axis=1>(x, s); d = Mul(a, c); y = Concat<axis=1>(d, b)", x=r(2, 5), const={"s": ints(2, 1, 2)}, torch=lambda x, s: torch.cat([x[:, :2] * x[:, 3:], x[:, 2:3]], 1))
case("split_unused", "a, b = Split<axis=-1, num_outputs=2>(x); y = Neg(b)", x=r(2, 6), torch=lambda x: -x[:, 3:])
case("split_before_18", "a, b = Split<axis=0>(x); y = Sub(b, a)", x=r(4, 3), opset=13, torch=lambda x: x[2:] - x[:2])
for name, start, end, axes, step, f in [
    ("plain", [1], [3], [1], None, lambda x: x[:, 1:3]), ("negative", [-3, 0], [-1, 1], [-1, 0], None, lambda x: x[0:1, :, -3:-1]), ("beyond", [2], [2**62], [2], None, lambda x: x[:, :, 2:]),
    ("steps", [0], [100], [2], [2], lambda x: x[:, :, ::2]), ("backwards", [-1], [-(2**62)], [1], [-1], lambda x: x.flip(1)), ("before", [-100], [2], [1], [1], lambda x: x[:, :2]),
]:
    const = {"s": ints(*start), "e": ints(*end), "a": ints(*axes)}
    if step:
        const["t"] = ints(*step)
    case(f"slice_{name}", f"y = Slice(x, s, e, a{', t' if step else ''})", x=r(2, 4, 5), const=const, torch=lambda x, *, s, e, a, t=None, f=f: f(x) * 1)
case("slice_no_axes", "y = Slice(x, s, e)", x=r(2, 4, 5), const={"s": ints(0, 1), "e": ints(1, 3)}, torch=lambda x, s, e: x[0:1, 1:3] * 1)
case("slice_given", "y = Slice(x, s, e, a)", x=r(2, 4, 5), given={"s": ints(1), "e": ints(3)}, const={"a": ints(-2)}, fixed="s e", torch=lambda x, s, e, a: x[:, 1:3] * 1)
case("pad", "y = Pad(x, p)", x=r(2, 3), const={"p": ints(0, 1, 2, 0)}, torch=lambda x, p: F.pad(x, (1, 0, 0, 2)))
case("pad_value", "y = Pad(x, p, v)", x=r(2, 3), const={"p": ints(1, 1, 0, 2), "v": np.float32(0.7)}, torch=lambda x, p, v: F.pad(x, (1, 2, 1, 0), value=0.7))
case("pad_cuts", "y = Pad(x, p)", x=r(3, 4), const={"p": ints(-1, 1, 0, -2)}, torch=lambda x, p: F.pad(x, (1, -2, -1, 0)))
case("pad_axes", "y = Pad(x, p, , a)", x=r(2, 3, 4), const={"p": ints(1, 2), "a": ints(-2)}, torch=lambda x, p, a: F.pad(x, (0, 0, 1, 2)))
case("pad_reflect", 'y = Pad<mode="reflect">(x, p)', x=r(1, 2, 4, 4), const={"p": ints(0, 0, 1, 2, 0, 0, 2, 1)}, torch=lambda x, p: F.pad(x, (2, 1, 1, 2), mode="reflect"))
case("pad_edge", 'y = Pad<mode="edge">(x, p)', x=r(1, 2, 3, 3), const={"p": ints(0, 0, 1, 2, 0, 0, 2, 1)}, torch=lambda x, p: F.pad(x, (2, 1, 1, 2), mode="replicate"))
case("pad_wrap", 'y = Pad<mode="wrap">(x, p)', x=r(1, 2, 3, 3), const={"p": ints(0, 0, 1, 2, 0, 0, 2, 1)}, torch=lambda x, p: F.pad(x, (2, 1, 1, 2), mode="circular"))
case("trilu", "y = Trilu(x)", x=r(2, 3, 4), torch=torch.triu)
case("trilu_lower", "y = Trilu<upper=0>(x, k)", x=r(2, 3, 4), const={"k": ints(1).reshape(())}, torch=lambda x, k: x.tril(1))
case("depth_to_space", "y = DepthToSpace<blocksize=2>(x)", x=r(1, 8, 2, 3))
case("depth_to_space_crd", 'y = DepthToSpace<blocksize=2, mode="CRD">(x)', x=r(1, 8, 2, 3), torch=lambda x: F.pixel_shuffle(x, 2))
case("space_to_depth", "y = SpaceToDepth<blocksize=2>(x)", x=r(1, 2, 4, 6))
case("reverse_sequence", "y = ReverseSequence(x, n)", x=r(4, 3), const={"n": ints(4, 2, 3)})
case("reverse_sequence_batch", "y = ReverseSequence<batch_axis=0, time_axis=1>(x, n)", x=r(2, 4, 2), const={"n": ints(4, 2)})

# Indices

case("gather_one", "y = Gather<axis=1>(x, i)", x=r(2, 4, 3), const={"i": ints(-1).reshape(())}, torch=lambda x, i: x[:, -1] * 1)
case("gather_some", "y = Gather<axis=1>(x, i)", x=r(2, 4, 3), const={"i": ints(3, 0, 3)}, torch=lambda x, i: x[:, [3, 0, 3]] * 1)
case("gather_grid", "y = Gather(x, i)", x=r(4, 3), given={"i": ints(3, 0, 3, 1).reshape(2, 2)}, torch=lambda x, i: x[i])
case("gather_last", "y = Gather<axis=-1>(x, i)", x=r(2, 4), given={"i": ints(-1, 1)}, torch=lambda x, i: x[:, i])
case("gather_elements", "y = GatherElements<axis=1>(x, i)", x=r(2, 4), given={"i": ints(3, 0, 3, 1, 1, 2).reshape(2, 3)}, torch=lambda x, i: x.gather(1, i))
case("gather_elements_first", "y = GatherElements(x, i)", x=r(3, 2), given={"i": ints(2, 0, 2, 1).reshape(2, 2)}, torch=lambda x, i: x.gather(0, i))
case("gather_nd", "y = GatherND(x, i)", x=r(2, 3, 4), given={"i": ints(0, 1, 1, 2, 0, 1).reshape(3, 2)}, fixed="i", torch=lambda x, i: x[i[:, 0], i[:, 1]])
case("gather_nd_batch", "y = GatherND<batch_dims=1>(x, i)", x=r(2, 3, 4), given={"i": ints(1, 2).reshape(2, 1)}, fixed="i", torch=lambda x, i: torch.stack([x[0, 1], x[1, 2]]))
case("scatter_elements", "y = ScatterElements<axis=1>(x, i, u)", x=r(2, 4), u=r(2, 2), given={"i": ints(3, 0, 1, 2).reshape(2, 2)}, torch=lambda x, u, i: x.scatter(1, i, u))
case("scatter_elements_add", 'y = ScatterElements<axis=-1, reduction="add">(x, i, u)', x=r(2, 4), u=r(2, 3), given={"i": ints(3, 0, 3, 1, 1, 1).reshape(2, 3)}, torch=lambda x, u, i: x.scatter_add(1, i, u))
case("scatter_nd", "y = ScatterND(x, i, u)", x=r(4, 3), u=r(2, 3), given={"i": ints(3, 1).reshape(2, 1)}, fixed="i", torch=lambda x, u, i: torch.stack([x[0], u[1], x[2], u[0]]))
case("scatter_nd_add", 'y = ScatterND<reduction="add">(x, i, u)', x=r(4, 3), u=r(3, 3), given={"i": ints(3, 1, 3).reshape(3, 1)}, fixed="i", torch=lambda x, u, i: x.index_add(0, i[:, 0], u))
case("top_k", "y, n = TopK(x, k)", x=r(2, 5), const={"k": ints(3)}, torch=lambda x, k: x.topk(3).values)
case("top_k_lowest", "y, n = TopK<axis=0, largest=0>(x, k)", x=r(5, 2), const={"k": ints(2)}, torch=lambda x, k: x.topk(2, 0, largest=False).values)
case("one_hot", "y = OneHot(i, d, v)", v=r(2), given={"i": ints(2, 0)}, const={"d": ints(3).reshape(())}, fixed="v")
case("one_hot_axis", "y = OneHot<axis=0>(i, d, v)", v=r(2), given={"i": ints(2, 0)}, const={"d": ints(3).reshape(())}, fixed="v")
case("compress", "y = Compress<axis=1>(x, c)", x=r(2, 3), given={"c": np.array([True, False, True])}, torch=lambda x, c: x[:, [0, 2]] * 1)

# Images of another size

for name, attributes, const, f in [
    ("nearest", 'mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"', {"s": np.float32([1, 1, 2, 3])}, lambda x: F.interpolate(x, scale_factor=(2, 3), mode="nearest")),
    ("linear", 'mode="linear"', {"s": np.float32([1, 1, 2, 1.5])}, None),
    ("linear_corners", 'mode="linear", coordinate_transformation_mode="align_corners"', {"z": ints(2, 2, 5, 7)}, lambda x: F.interpolate(x, size=(5, 7), mode="bilinear", align_corners=True)),
    ("linear_smaller", 'mode="linear", coordinate_transformation_mode="pytorch_half_pixel"', {"z": ints(2, 2, 2, 3)}, lambda x: F.interpolate(x, size=(2, 3), mode="bilinear")),
    ("cubic", 'mode="cubic", cubic_coeff_a=-0.75', {"z": ints(2, 2, 6, 8)}, lambda x: F.interpolate(x, size=(6, 8), mode="bicubic")),
    ("nearest_smaller", 'mode="nearest", nearest_mode="ceil"', {"s": np.float32([1, 1, 0.6, 0.5])}, None),
    ("antialias", 'mode="linear", antialias=1', {"z": ints(2, 2, 2, 2)}, None),
]:
    scales = "s" in const
    case(f"resize_{name}", f"y = Resize<{attributes}>(x, , {'s' if scales else ', z'})", x=r(2, 2, 3, 4), const=const, torch=None if f is None else lambda x, *, s=None, z=None, f=f: f(x))
case("resize_axes", 'y = Resize<mode="linear", axes=[2,3]>(x, , s)', x=r(1, 2, 3, 4), const={"s": np.float32([2, 2])}, torch=lambda x, s: F.interpolate(x, scale_factor=2, mode="bilinear"))


# Recurrent layers

STEPS, ROWS, SIZE, UNITS = 4, 2, 3, 2


def recurrent(name: str, op: str, gates: int, attributes: str, directions: int, inputs: str, outputs: str, nodes: str, relu: bool = False, **attributed: np.ndarray) -> None:
    """`outputs` and `nodes` make y of what the layer gives; PyTorch's layer has the same weights, with its gates in its own order."""
    w, k, b = r(directions, gates * UNITS, SIZE), r(directions, gates * UNITS, UNITS), r(directions, 2 * gates * UNITS)
    order = {1: [0], 3: [1, 0, 2], 4: [0, 2, 3, 1]}[gates]

    def by_layer(x, h=None, c=None):
        kinds = {1: torch.nn.RNN, 3: torch.nn.GRU, 4: torch.nn.LSTM}
        settings = {"nonlinearity": "relu"} if relu else {}
        layer = kinds[gates](SIZE, UNITS, bidirectional=directions == 2, **settings).double()
        backwards = "reverse" in attributes
        with torch.no_grad():
            for d in range(directions):
                end = "_reverse" if d else ""
                for source, kind in ((w, "weight_ih"), (k, "weight_hh"), (b[:, : gates * UNITS], "bias_ih"), (b[:, gates * UNITS :], "bias_hh")):
                    if kind.startswith("bias") and "b" not in inputs.split(","):
                        source = 0 * source
                    parts = torch.tensor(source[d]).double().split(UNITS)
                    getattr(layer, f"{kind}_l0{end}").copy_(torch.cat([parts[i] for i in order]))
        state = None if h is None else h if c is None else (h, c)
        out, last = layer(x.flip(0) if backwards else x, state)
        last, cells = last if gates == 4 else (last, None)
        out = out.flip(0) if backwards else out
        out = out.reshape(STEPS, ROWS, directions, UNITS).permute(0, 2, 1, 3)
        return {"a": out, "e": last, "f": cells}

    def whole(*values):
        names = list(attributed)
        found = by_layer(**dict(zip(names, values)))
        kept = [found[n] for n in outputs.split(",") if n]
        return torch.cat([v.reshape(-1, UNITS) for v in kept], 0)

    function = lambda *values: whole(*values[: len(attributed)])
    const = {"w": w, "k": k}
    if "b" in inputs.split(","):
        const["b"] = b
    text = f"{outputs} = {op}<hidden_size={UNITS}{attributes}>(x, w, k, {inputs})" if inputs else f"{outputs} = {op}<hidden_size={UNITS}{attributes}>(x, w, k)"
    flat = "; ".join(f"{n}_flat = Reshape({n}, rows)" for n in outputs.split(",") if n)
    joined = ", ".join(f"{n}_flat" for n in outputs.split(",") if n)
    case(name, f"{text}; {flat}; y = Concat<axis=0>({joined})", torch=function, const=dict(const, rows=ints(-1, UNITS)), **attributed)


X, H2, H1 = (STEPS, ROWS, SIZE), (2, ROWS, UNITS), (1, ROWS, UNITS)
for kind, gates, more in [("RNN", 1, ""), ("GRU", 3, ", linear_before_reset=1"), ("LSTM", 4, "")]:
    states = "a, e, f" if gates == 4 else "a, e"
    first = {"h": r(*H1), "c": r(*H1)} if gates == 4 else {"h": r(*H1)}
    both = {"h": r(*H2), "c": r(*H2)} if gates == 4 else {"h": r(*H2)}
    given = "b,,h,c" if gates == 4 else "b,,h"
    recurrent(f"{kind.lower()}", kind, gates, more, 1, "b", "a", "", x=r(*X))
    recurrent(f"{kind.lower()}_states", kind, gates, more, 1, given, states.replace(" ", ""), "", x=r(*X), **first)
    recurrent(f"{kind.lower()}_reverse", kind, gates, more + ', direction="reverse"', 1, "b", states.replace(" ", ""), "", x=r(*X))
    recurrent(f"{kind.lower()}_two_ways", kind, gates, more + ', direction="bidirectional"', 2, given, states.replace(" ", ""), "", x=r(*X), **both)
    recurrent(f"{kind.lower()}_last", kind, gates, more, 1, "", ",e", "", x=r(*X))
recurrent("rnn_relu", "RNN", 1, ', activations=["Relu"]', 1, "b", "a", "", relu=True, x=r(*X))


def gru_before(x: torch.Tensor, w: torch.Tensor, k: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The state is reset before it meets its weights, which PyTorch's layer does not do."""
    h = torch.zeros(ROWS, UNITS, dtype=x.dtype)
    all_states = []
    wz, wr, wn = w[0].split(UNITS)
    kz, kr, kn = k[0].split(UNITS)
    bz, br, bn, cz, cr, cn = b[0].split(UNITS)
    for step in x:
        z = torch.sigmoid(step @ wz.T + h @ kz.T + bz + cz)
        reset = torch.sigmoid(step @ wr.T + h @ kr.T + br + cr)
        n = torch.tanh(step @ wn.T + (reset * h) @ kn.T + bn + cn)
        h = (1 - z) * n + z * h
        all_states.append(h)
    return torch.stack(all_states)[:, None]


case("gru_before", f"y = GRU<hidden_size={UNITS}>(x, w, k, b)", x=r(*X), const={"w": r(1, 6, SIZE), "k": r(1, 6, UNITS), "b": r(1, 12)}, torch=gru_before)
