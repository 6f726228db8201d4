# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/quantized.npz: quantized ONNX models, single operators and the demo's network of digits, with what they compute and gradients.

    python golden/onnx_quantized.py

Arrays of a case NAME: /model (its bytes), /x (what it is given), /y (what ONNX Runtime computes at its usual level, whose bits a run has to have), /g (a gradient
of y) and /d (the gradient of x that belongs to it). The oracle follows the nodes in PyTorch, in float64: a quantizer has the value that ONNX Runtime gives it and
the slope of x / scale + zero point where that lies within the range of its type, and else none. Of the networks there is also /float: the gradient of the network before it was quantized.
"""

import logging
import tempfile
import zlib
from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_dynamic, quantize_static

HERE = Path(__file__).resolve().parent
DIGITS = HERE.parent / "attribution-cli" / "src" / "main" / "resources" / "demo" / "digits.onnx"
ARRAYS: Dict[str, np.ndarray] = {}
RANGES = {
    TensorProto.UINT8: (0, 255), TensorProto.INT8: (-128, 127), TensorProto.UINT16: (0, 65535), TensorProto.INT16: (-32768, 32767),
    TensorProto.UINT4: (0, 15), TensorProto.INT4: (-8, 7), TensorProto.FLOAT8E4M3FN: (-448, 448),
}
CONTRIBUTED = "com.microsoft"
UNARY = {
    "QLinearSigmoid": lambda x, at: x.sigmoid(),
    "QLinearLeakyRelu": lambda x, at: F.leaky_relu(x, at.get("alpha", 0.01)),
    "QLinearSoftmax": lambda x, at: x.softmax(at.get("axis", -1)),
    "QLinearAveragePool": lambda x, at: F.avg_pool2d(x, at["kernel_shape"], at.get("strides", 1)),
    "QLinearGlobalAveragePool": lambda x, at: x.mean((2, 3), keepdim=True),
}
# The share of a step by which a value may lie outside: the scale itself is rounded.
SPARE = 1e-3
NARROW = {TensorProto.UINT4, TensorProto.INT4, TensorProto.FLOAT8E4M3FN}
rng = np.random.default_rng(15)


def session(model: onnx.ModelProto, level: Any) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = level
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


class Oracle:
    """Follows the nodes of a model."""

    def __init__(self, model: onnx.ModelProto, x: np.ndarray) -> None:
        self.model = model
        self.kinds: Dict[str, int] = {}
        self.values: Dict[str, torch.Tensor] = {}
        for each in model.graph.initializer:
            self.constant(each.name, each)
        self.x = torch.tensor(x).double().requires_grad_()
        self.values[model.graph.input[0].name] = self.x
        tapped = onnx.ModelProto()
        tapped.CopyFrom(model)
        del tapped.graph.output[:]
        named = [name for node in model.graph.node for name in node.output if name and not self.is_narrow(node)]
        tapped.graph.output.extend(onnx.ValueInfoProto(name=name) for name in named)
        found = session(tapped, onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL).run(None, {model.graph.input[0].name: x})
        self.hard = dict(zip(named, found))
        for node in model.graph.node:
            self.follow(node)

    def constant(self, name: str, tensor: onnx.TensorProto) -> None:
        self.kinds[name] = tensor.data_type
        self.values[name] = torch.tensor(numpy_helper.to_array(tensor).astype(np.float64))

    def is_narrow(self, node: onnx.NodeProto) -> bool:
        """Python has no arrays of such results."""
        return node.op_type == "QuantizeLinear" and self.kind_of(node) in NARROW

    def kind_of(self, node: onnx.NodeProto) -> int:
        said = {a.name: a.i for a in node.attribute}.get("output_dtype", 0)
        return said or (self.kinds[node.input[2]] if len(node.input) > 2 and node.input[2] in self.kinds else TensorProto.UINT8)

    @staticmethod
    def along(x: torch.Tensor, scale: torch.Tensor, axis: int, block: int) -> torch.Tensor:
        if scale.numel() == 1:
            return scale.reshape(())
        if scale.ndim == 1:
            return scale.reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
        return scale.repeat_interleave(block, axis).narrow(axis, 0, x.shape[axis])

    def quantize(self, x: torch.Tensor, scale: torch.Tensor, zero: torch.Tensor, kind: int, hard: Any) -> torch.Tensor:
        low, high = RANGES[kind]
        soft = x / scale + zero
        soft = torch.where((soft >= low - SPARE) & (soft <= high + SPARE), soft, soft.detach())
        if hard is None:
            exact = (torch.round(x / scale) + zero).clamp(low, high)
            if kind == TensorProto.FLOAT8E4M3FN:
                exact = (x / scale).clamp(low, high).float().to(torch.float8_e4m3fn).double()
        else:
            exact = torch.tensor(hard.astype(np.float64))
        return soft + (exact - soft).detach()

    def follow(self, node: onnx.NodeProto) -> None:
        at = {a.name: helper.get_attribute_value(a) for a in node.attribute}
        v = [self.values[name] if name else None for name in node.input]
        y = node.output[0]
        hard = self.hard.get(y)

        def conv(x: torch.Tensor, w: torch.Tensor, b: Any) -> torch.Tensor:
            pads, space = at.get("pads"), w.ndim - 2
            if pads:
                x = F.pad(x, [p for i in reversed(range(space)) for p in (pads[i], pads[i + space])])
            kind = {1: F.conv1d, 2: F.conv2d}[space]
            return kind(x, w, b, stride=at.get("strides", 1), dilation=at.get("dilations", 1), groups=at.get("group", 1))

        def real(i: int, axis: int) -> torch.Tensor:
            """Of the operators that carry their scales."""
            scale, zero = (self.along(v[i], v[i + k], axis, 0) for k in (1, 2))
            return (v[i] - zero) * scale

        def shifted(i: int, zero: int, axis: int) -> torch.Tensor:
            return v[i] - (self.along(v[i], v[zero], axis, 0) if len(v) > zero and v[zero] is not None else 0)

        kind = node.op_type
        if kind == "QuantizeLinear":
            scale = self.along(v[0], v[1], at.get("axis", 1), at.get("block_size", 0))
            zero = self.along(v[0], v[2], at.get("axis", 1), at.get("block_size", 0)) if len(v) > 2 else torch.tensor(0.0)
            made = self.quantize(v[0], scale, zero, self.kind_of(node), hard)
        elif kind == "DequantizeLinear":
            scale = self.along(v[0], v[1], at.get("axis", 1), at.get("block_size", 0))
            zero = self.along(v[0], v[2], at.get("axis", 1), at.get("block_size", 0)) if len(v) > 2 else 0
            made = (v[0] - zero) * scale
        elif kind == "DynamicQuantizeLinear":
            low, high = (torch.clamp(v[0].detach().min(), max=0), torch.clamp(v[0].detach().max(), min=0))
            scale = ((high - low) / 255).float().double()
            zero = torch.round(-low / scale).clamp(0, 255)
            self.values.update(zip(node.output[1:], (scale, zero)))
            soft = v[0] / scale + zero
            exact = (torch.round(v[0] / scale) + zero).clamp(0, 255) if hard is None else torch.tensor(hard.astype(np.float64))
            made = soft + (exact - soft).detach()
        elif kind == "QLinearConv":
            bias = v[8] * v[1] * v[4] if len(v) > 8 else None
            made = self.quantize(conv(real(0, 1), real(3, 0), bias), v[6], v[7], self.kinds[node.input[7]], hard)
        elif kind == "QLinearMatMul":
            made = self.quantize(real(0, -2) @ real(3, -1), v[6], v[7], self.kinds[node.input[7]], hard)
        elif kind in ("QLinearAdd", "QLinearMul"):
            a, b = real(0, 1), real(3, 1)
            made = self.quantize(a + b if kind == "QLinearAdd" else a * b, v[6], v[7], self.kinds[node.input[7]], hard)
        elif kind in UNARY:
            made = self.quantize(UNARY[kind](real(0, 1), at), v[3], v[4], self.kinds[node.input[4]], hard)
        elif kind == "QLinearConcat":
            made = self.quantize(torch.cat([real(i, 1) for i in range(2, len(v), 3)], at["axis"]), v[0], v[1], self.kinds[node.input[1]], hard)
        elif kind == "QLinearWhere":
            made = self.quantize(torch.where(v[0] != 0, real(1, 1), real(4, 1)), v[7], v[8], self.kinds[node.input[8]], hard)
        elif kind == "QGemm":
            a, b = real(0, 1), real(3, 0 if at.get("transB") else 1)
            bias = v[6] * v[1] * v[4] if len(v) > 6 and v[6] is not None else 0
            soft = at.get("alpha", 1.0) * (a.T if at.get("transA") else a) @ (b.T if at.get("transB") else b) + bias
            made = self.quantize(soft, v[7], v[8], self.kinds[node.input[8]], hard) if len(v) > 7 else soft
        elif kind == "MatMulIntegerToFloat":
            a, b = (shifted(i, 4 + i, -2 + i) * self.along(v[i], v[2 + i], -2 + i, 0) for i in (0, 1))
            made = a @ b + (v[6] if len(v) > 6 else 0)
        elif kind == "DynamicQuantizeMatMul":
            b = shifted(1, 3, -1) * self.along(v[1], v[2], -1, 0)
            soft = v[0] @ b + (v[4] if len(v) > 4 else 0)
            # The runtime rounds x: its value counts, and the slope is that of x as given.
            made = soft + (torch.tensor(hard.astype(np.float64)) - soft).detach()
        elif kind == "ConvInteger":
            made = conv(shifted(0, 2, 1), shifted(1, 3, 0), None)
        elif kind == "MatMulInteger":
            made = shifted(0, 2, -2) @ shifted(1, 3, -1)
        elif kind == "Conv":
            made = conv(v[0], v[1], v[2] if len(v) > 2 else None)
        elif kind == "Gemm":
            made = v[0] @ (v[1].T if at.get("transB") else v[1]) + v[2]
        elif kind == "MaxPool":
            pads = at.get("pads", [0, 0, 0, 0])
            assert not any(pads) and at.get("ceil_mode", 0) == 0
            made = F.max_pool2d(v[0], at["kernel_shape"], at.get("strides"))
        elif kind == "Reshape":
            made = v[0].reshape([size if size else v[0].shape[i] for i, size in enumerate(v[1].long().tolist())])
        elif kind == "Constant":
            self.constant(y, at["value"])
            return
        elif kind == "If":
            inner = at["then_branch"]
            for each in inner.node:
                self.follow(each)
            made = self.values[inner.output[0].name]
        else:
            simple = {
                "Add": lambda: v[0] + v[1], "Mul": lambda: v[0] * v[1], "MatMul": lambda: v[0] @ v[1], "Relu": lambda: v[0].relu(), "Cast": lambda: v[0],
                "Flatten": lambda: v[0].flatten(1), "Transpose": lambda: v[0].permute(*at["perm"]), "Tanh": lambda: v[0].tanh(), "Identity": lambda: v[0],
                "Concat": lambda: torch.cat(v, at["axis"]), "Sigmoid": lambda: v[0].sigmoid(), "ReduceMax": lambda: v[0].max(), "Div": lambda: v[0] / v[1], "Abs": lambda: v[0].abs(),
            }
            made = simple[kind]()
        self.values[y] = made

    def result(self) -> torch.Tensor:
        return self.values[self.model.graph.output[0].name]


def save(name: str, model: onnx.ModelProto, x: np.ndarray, g: Any = None, near: float = 1e-5) -> None:
    y = session(model, onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL).run(None, {model.graph.input[0].name: x})[0]
    # Of each case its own, so that a new one does not change the others.
    g = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(y.shape).astype(np.float32) if g is None else g
    oracle = Oracle(model, x)
    found = oracle.result()
    if not np.allclose(found.detach().numpy(), y, rtol=1e-4, atol=near):
        raise ValueError(f"{name}: ONNX Runtime and the oracle disagree about y by {np.abs(found.detach().numpy() - y).max()}")
    (gradient,) = torch.autograd.grad((found * torch.tensor(g).double()).sum(), oracle.x)
    ARRAYS.update({f"{name}/model": np.frombuffer(model.SerializeToString(), np.uint8), f"{name}/x": x, f"{name}/y": y, f"{name}/g": g, f"{name}/d": gradient.numpy().astype(np.float32)})


# Operators

def f32(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


def r(*shape: int, low: float = -1.5, high: float = 1.5) -> np.ndarray:
    return rng.uniform(low, high, shape).astype(np.float32)


def tensor(name: str, array: Any) -> onnx.TensorProto:
    """An array, or its type, sizes and elements if NumPy does not have the type."""
    return helper.make_tensor(name, *array) if isinstance(array, tuple) else numpy_helper.from_array(np.asarray(array), name)


def case(name: str, nodes: str, x: np.ndarray, opset: int = 21, near: float = 1e-5, **constants: Any) -> None:
    made: List[onnx.NodeProto] = []
    for i, text in enumerate(nodes.split(";")):
        node = onnx.parser.parse_node(text.strip())
        node.name = f"/{name}/{node.op_type}_{i}"
        made.append(node)
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", *x.shape[1:]])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)]
    graph = helper.make_graph(made, name, inputs, outputs, [tensor(each, array) for each, array in constants.items()])
    sets = [helper.make_opsetid("", opset)]
    if any(node.domain for node in made):
        sets.append(helper.make_opsetid(CONTRIBUTED, 1))
    save(name, helper.make_model(graph, opset_imports=sets, ir_version=10), x, near=near)


THERE_AND_BACK = "q = QuantizeLinear(x, s, z); d = DequantizeLinear(q, s, z); y = Mul(d, d)"
u8, i8, i32 = np.uint8, np.int8, np.int32
X = r(3, 4, low=-2, high=2)
for kind, zero, scale in [("uint8", u8(100), 0.01), ("uint8_from_zero", u8(0), 0.005), ("int8", i8(3), 0.01), ("uint16", np.uint16(30000), 5e-5), ("int16", np.int16(-7), 4e-5)]:
    case(f"quantize_{kind}", THERE_AND_BACK, X, s=np.float32(scale), z=zero)
for kind, code, zero, scale in [("uint4", TensorProto.UINT4, 6, 0.2), ("int4", TensorProto.INT4, -1, 0.2), ("float8", TensorProto.FLOAT8E4M3FN, 0, 0.004)]:
    case(f"quantize_{kind}", THERE_AND_BACK, X, s=np.float32(scale), z=(code, [], [zero]))
case("quantize_opset_13", THERE_AND_BACK, X, opset=13, s=np.float32(0.01), z=u8(100))
case("quantize_without_zero", "q = QuantizeLinear(x, s); d = DequantizeLinear(q, s); y = Mul(d, d)", X, s=np.float32(0.006))
case("quantize_said_type", "q = QuantizeLinear<output_dtype=3>(x, s); d = DequantizeLinear(q, s); y = Mul(d, d)", X, s=np.float32(0.01))
case("quantize_one_in_a_list", THERE_AND_BACK, X, s=f32(0.01), z=u8([100]))
case("quantize_axis", THERE_AND_BACK, r(2, 3, 4), s=f32(0.004, 0.008, 0.02), z=u8([90, 128, 0]))
case("quantize_axis_last", "q = QuantizeLinear<axis=-1>(x, s, z); d = DequantizeLinear<axis=-1>(q, s, z); y = Mul(d, d)", r(2, 3, 4), s=f32(0.004, 0.008, 0.02, 0.01), z=i8([0, 9, 0, -50]))
BLOCKS = "q = QuantizeLinear<axis=1, block_size=2>(x, s, z); d = DequantizeLinear<axis=1, block_size=2>(q, s, z); y = Mul(d, d)"
case("quantize_blocks", BLOCKS, r(3, 5, 2), s=r(3, 3, 2, low=0.003, high=0.009), z=rng.integers(60, 190, (3, 3, 2)).astype(u8))
case("quantize_other_scale_back", "q = QuantizeLinear(x, s, z); d = DequantizeLinear(q, t, z); y = Tanh(d)", X, s=np.float32(0.01), t=np.float32(0.03), z=u8(100))
case("quantize_again", "q = QuantizeLinear(x, s, z); d = DequantizeLinear(q, s, z); h = Tanh(d); p = QuantizeLinear(h, t, z); e = DequantizeLinear(p, t, z); y = Mul(e, x)", X, s=np.float32(0.01), t=np.float32(0.004), z=u8(100))
case("quantize_computed_scale", "a = Abs(x); m = ReduceMax<keepdims=0>(a); s = Div(m, c); q = QuantizeLinear(x, s, z); d = DequantizeLinear(q, s, z); y = Mul(d, d)", X, opset=18, c=np.float32(127), z=i8(0))
# ONNX Runtime joins them, and then rounds x too.
case("dequantize_weights", "w = DequantizeLinear<axis=1>(v, s, z); y = MatMul(x, w)", r(2, 3), near=1e-2, v=rng.integers(-128, 127, (3, 4)).astype(i8), s=r(4, low=0.01, high=0.02), z=i8([0, 1, 2, -3]))
MOVED = "q = QuantizeLinear(x, s, z); {}; y = DequantizeLinear(p, s, z)"
Z, S = u8(100), np.float32(0.01)
for kind, words, more in [
    ("transpose", "p = Transpose<perm=[0,2,1]>(q)", {}), ("reshape", "p = Reshape(q, l)", {"l": np.array([0, -1])}), ("identity", "p = Identity(q)", {}),
    ("concat", "t = Transpose<perm=[0,2,1]>(q); p = Concat<axis=1>(t, t, o)", {"o": np.full((2, 1, 3), 7, u8)}),
]:
    case(f"moved_{kind}", MOVED.format(words), r(2, 3, 4), s=S, z=Z, **more)
case("moved_pool", "q = QuantizeLinear(x, s, z); p = MaxPool<kernel_shape=[2,2], strides=[2,2]>(q); y = DequantizeLinear(p, s, z)", r(2, 3, 4, 4), s=S, z=Z)


def joined(x: str, words: str, axis: str = "") -> str:
    return f"q = QuantizeLinear({x}, s, z); p = {words}; y = DequantizeLinear{axis}(p, t, u)"


CONV = "QLinearConv{}(q, s, z, w, v, k, t, u)"
W = rng.integers(-128, 127, (4, 3, 3, 3)).astype(i8)
case("conv", joined("x", CONV.format("<pads=[1,1,1,1]>")), r(2, 3, 5, 4), s=S, z=Z, w=W, v=np.float32(0.004), k=i8(0), t=np.float32(0.02), u=u8(128))
case(
    "conv_bias", "q = QuantizeLinear(x, s, z); p = QLinearConv<strides=[2,1]>(q, s, z, w, v, k, t, u, b); y = DequantizeLinear(p, t, u)", r(2, 3, 5, 4), s=S, z=Z, w=W,
    v=r(4, low=0.002, high=0.005), k=np.zeros(4, i8), t=np.float32(0.03), u=u8(0), b=rng.integers(-30000, 30000, 4).astype(i32),
)
case("conv_groups", joined("x", CONV.format("<group=2, dilations=[2]>")), r(2, 4, 7), s=S, z=Z, w=rng.integers(0, 255, (6, 2, 2)).astype(u8), v=np.float32(0.01), k=u8(131), t=np.float32(0.02), u=u8(120))
PRODUCT = "QLinearMatMul(q, s, z, w, v, k, t, u)"
case("product", joined("x", PRODUCT), r(3, 4), s=S, z=Z, w=rng.integers(-128, 127, (4, 5)).astype(i8), v=np.float32(0.01), k=i8(4), t=np.float32(0.02), u=u8(128))
case("product_columns", joined("x", PRODUCT), r(3, 4), s=S, z=Z, w=rng.integers(-128, 127, (4, 5)).astype(i8), v=r(5, low=0.004, high=0.01), k=i8([0, 1, -2, 3, 0]), t=np.float32(0.02), u=u8(128))
case(
    "product_of_two", "q = QuantizeLinear(x, s, z); r = Transpose<perm=[0,2,1]>(q); p = QLinearMatMul(q, s, z, r, s, z, t, u); y = DequantizeLinear(p, t, u)", r(2, 3, 4),
    s=S, z=Z, t=np.float32(0.02), u=u8(60),
)
DYNAMIC = "q, s, z = DynamicQuantizeLinear(x); i = {}; f = Cast<to=1>(i); m = Mul(s, v); h = Mul(f, m); y = Tanh(h)"
case("dynamic", DYNAMIC.format("MatMulInteger(q, w, z, k)"), r(3, 4), w=rng.integers(-128, 127, (4, 5)).astype(i8), v=np.float32(0.01), k=i8(4))
case("dynamic_columns", DYNAMIC.format("MatMulInteger(q, w, z, k)"), r(3, 4), w=rng.integers(-128, 127, (4, 5)).astype(i8), v=r(5, low=0.004, high=0.01), k=i8([0, 1, -2, 3, 0]))
case("dynamic_without_zero", DYNAMIC.format("MatMulInteger(q, w, z)"), r(3, 4), w=rng.integers(-128, 127, (4, 5)).astype(i8), v=np.float32(0.01))
case("dynamic_bias", "q, s, z = DynamicQuantizeLinear(x); i = MatMulInteger(q, w, z); j = Add(i, b); f = Cast<to=1>(j); m = Mul(s, v); y = Mul(f, m)", r(3, 4), w=rng.integers(-128, 127, (4, 5)).astype(i8), v=np.float32(0.01), b=rng.integers(-900, 900, 5).astype(i32))
case("dynamic_conv", DYNAMIC.format("ConvInteger<pads=[1,1,1,1], strides=[2,2]>(q, w, z, k)"), r(2, 3, 5, 4), w=rng.integers(0, 255, (4, 3, 3, 3)).astype(u8), v=np.float32(0.004), k=u8(127))
case("dynamic_there_and_back", "q, s, z = DynamicQuantizeLinear(x); d = DequantizeLinear(q, s, z); y = Mul(d, x)", r(3, 4))
case(
    "in_a_branch", "h = Tanh(x); y = If(c) <then_branch = t () => (float[a,b] p) { q, s, z = DynamicQuantizeLinear(h) d = DequantizeLinear(q, s, z) p = Mul(d, d) }, else_branch = e () => (float[a,b] p) { p = Neg(h) }>",
    r(3, 4), c=np.array(True),
)

# Of the set com.microsoft, as ONNX Runtime's quantizer writes them. The ranges of results leave some elements out.
for kind, zero, low in [("uint8", u8(128), u8(90)), ("int8", i8(0), i8(-38))]:
    more = dict(s=S, z=zero, v=np.float32(0.005), k=low, t=np.float32(0.012), u=zero)
    for operator in ("Add", "Mul"):
        words = "q = QuantizeLinear(x, s, z); h = Tanh(x); o = QuantizeLinear(h, v, k); p = com.microsoft.QLinear{}(q, s, z, o, v, k, t, u); y = DequantizeLinear(p, t, u)"
        case(f"joined_{operator.lower()}_{kind}", words.format(operator), r(3, 4), **more)
    for operator, said, t in [("Sigmoid", "", 0.005), ("LeakyRelu", "", 0.008), ("LeakyRelu", "<alpha=0.3>", 0.008)]:
        words = joined("x", f"com.microsoft.QLinear{operator}{said}(q, s, z, t, u)")
        case(f"joined_{operator.lower()}{'_alpha' if said else ''}_{kind}", words, r(3, 4), s=S, z=zero, t=np.float32(t), u=low)
case("joined_add_constant", joined("x", "com.microsoft.QLinearAdd(q, s, z, w, v, k, t, u)"), r(3, 4), s=S, z=Z, w=rng.integers(0, 255, 4).astype(u8), v=np.float32(0.01), k=u8(131), t=np.float32(0.012), u=u8(120))
# Operators of the runtime's own set, which its quantizer writes and into which it joins quantizers and operators.
# ONNX Runtime rounds some results another way than by their reals: so much a whole step may be off.
MS = "com.microsoft."
B8, T8 = rng.integers(0, 255, (3, 4)).astype(u8), dict(t=np.float32(0.03), u=u8(110))
case("ms_add_to_itself", joined("x", f"{MS}QLinearAdd(q, s, z, q, s, z, t, u)"), r(3, 4), s=S, z=Z, **T8)
case("ms_mul", joined("x", f"{MS}QLinearMul(q, s, z, b, v, k, t, u)"), r(3, 4), s=S, z=Z, b=B8, v=np.float32(0.01), k=u8(120), **T8)
case("ms_sigmoid", joined("x", f"{MS}QLinearSigmoid(q, s, z, t, u)"), r(3, 4), s=S, z=Z, t=np.float32(1 / 256), u=u8(0))
case("ms_leaky_relu", joined("x", f"{MS}QLinearLeakyRelu<alpha=0.2>(q, s, z, t, u)"), r(3, 4), s=S, z=Z, **T8)
case("ms_softmax", joined("x", f"{MS}QLinearSoftmax<axis=-1, opset=13>(q, s, z, t, u)"), r(3, 4), s=S, z=Z, t=np.float32(1 / 256), u=u8(0))
case("ms_average_pool", joined("x", f"{MS}QLinearAveragePool<kernel_shape=[2,2], strides=[2,1]>(q, s, z, t, u)"), r(2, 3, 4, 4), s=S, z=Z, **T8)
case("ms_global_pool", joined("x", f"{MS}QLinearGlobalAveragePool<channels_last=0>(q, s, z, t, u)"), r(2, 3, 4, 4), s=S, z=Z, **T8)
case("ms_concat", joined("x", f"{MS}QLinearConcat<axis=1>(t, u, q, s, z, b, v, k, q, s, z)"), r(3, 4), s=S, z=Z, b=B8, v=np.float32(0.01), k=u8(120), **T8)
case("ms_where", joined("x", f"{MS}QLinearWhere(c, q, s, z, b, v, k, t, u)"), r(3, 4), s=S, z=Z, c=rng.random((3, 4)) < 0.5, b=B8, v=np.float32(0.01), k=u8(120), **T8)
GEMM = dict(s=S, z=Z, w=rng.integers(-128, 127, (5, 4)).astype(i8), k=np.zeros(5, i8), v=r(5, low=0.004, high=0.01), b=rng.integers(-9000, 9000, 5).astype(i32))
case("ms_gemm", joined("x", f"{MS}QGemm<transB=1>(q, s, z, w, v, k, b, t, u)"), r(3, 4), **GEMM, t=np.float32(0.05), u=u8(128))
case("ms_gemm_to_float", f"q = QuantizeLinear(x, s, z); p = {MS}QGemm<transB=1, alpha=1.0>(q, s, z, w, v, k, b); y = Tanh(p)", r(3, 4), **GEMM)
case("ms_gemm_plain", joined("x", f"{MS}QGemm(q, s, z, w, v, k, , t, u)"), r(3, 4), s=S, z=Z, w=rng.integers(-128, 127, (4, 5)).astype(i8), k=i8(3), v=np.float32(0.01), t=np.float32(0.05), u=u8(128))
WIDE = dict(w=rng.integers(-128, 127, (4, 5)).astype(i8), v=r(5, low=0.004, high=0.01), b=r(5))
case("ms_product_to_float", f"q, s, z = DynamicQuantizeLinear(x); p = {MS}MatMulIntegerToFloat(q, w, s, v, z, k, b); y = Tanh(p)", r(3, 4), **WIDE, k=i8([0, 1, -2, 3, 0]))
case("ms_product_to_float_plain", f"q, s, z = DynamicQuantizeLinear(x); p = {MS}MatMulIntegerToFloat(q, w, s, v, z); y = Tanh(p)", r(3, 4), w=WIDE["w"], v=np.float32(0.01))
case("ms_dynamic_product", f"h = Tanh(x); p = {MS}DynamicQuantizeMatMul(h, w, v, k, b); y = Sigmoid(p)", r(3, 4), **WIDE, k=i8([0, 1, -2, 3, 0]))
# Of weights that are dequantized, the way back must not round gradients as the runtime rounds x.
PLAIN = dict(v=WIDE["w"], s=np.float32(0.01))
case("dequantize_weights_plain", "w = DequantizeLinear(v, s); y = MatMul(x, w)", r(2, 4), near=5e-2, **PLAIN)
case("dequantize_weights_zero", "w = DequantizeLinear(v, s, z); y = MatMul(x, w)", r(2, 4), near=5e-2, **PLAIN, z=i8(0))
case("dequantize_weights_transposed", "w = DequantizeLinear(v, s); t = Transpose<perm=[1,0]>(w); y = MatMul(x, t)", r(2, 5), near=5e-2, **PLAIN)
case("dequantize_weights_gemm", "w = DequantizeLinear(v, s); y = Gemm<transB=1>(x, w, b)", r(2, 5), near=5e-2, **PLAIN, b=r(4))
case("ms_dynamic_product_plain", f"h = Tanh(x); p = {MS}DynamicQuantizeMatMul(h, w, v); y = Sigmoid(p)", r(3, 4), w=WIDE["w"], v=np.float32(0.01))

# Networks: the demo's digits, quantized as ONNX Runtime's own tool does it

PIXELS = np.load(HERE / "digits" / "digits.npz")["pixels"] / np.float32(16)


class Calibration(CalibrationDataReader):
    def __init__(self) -> None:
        self.left = iter(PIXELS[20:120])

    def get_next(self) -> Any:
        found = next(self.left, None)
        return None if found is None else {"image": found[None]}


def digits() -> None:
    plain = onnx.load(DIGITS)
    x = PIXELS[:20]
    # The score of the class that the network decides for.
    before = Oracle(plain, x)
    g = np.eye(10, dtype=np.float32)[before.result().detach().numpy().argmax(1)]
    (gradient,) = torch.autograd.grad((before.result() * torch.tensor(g).double()).sum(), before.x)
    with tempfile.TemporaryDirectory() as folder:
        to = Path(folder) / "quantized.onnx"

        def keep(name: str) -> None:
            model = onnx.load(to)
            model.ClearField("metadata_props")
            save(name, model, x, g)
            ARRAYS[f"{name}/float"] = gradient.numpy().astype(np.float32)

        ways: List[Tuple[str, Dict[str, Any]]] = [
            ("digits_qdq", dict(quant_format=QuantFormat.QDQ, per_channel=True)),
            ("digits_qdq_signed", dict(quant_format=QuantFormat.QDQ, activation_type=QuantType.QInt8, extra_options={"ActivationSymmetric": True})),
            ("digits_operators", dict(quant_format=QuantFormat.QOperator, op_types_to_quantize=["Conv", "MaxPool", "MatMul"])),
        ]
        for name, how in ways:
            quantize_static(DIGITS, to, Calibration(), **{"activation_type": QuantType.QUInt8, "weight_type": QuantType.QInt8, **how})
            keep(name)
        quantize_dynamic(DIGITS, to, weight_type=QuantType.QUInt8)
        keep("digits_dynamic")


def main() -> None:
    logging.disable(logging.WARNING)
    digits()
    np.savez_compressed(HERE / "onnx" / "quantized.npz", **ARRAYS)
    for name in ARRAYS:
        if name.endswith("/float"):
            case_name = name[: -len("/float")]
            print(case_name, np.corrcoef(ARRAYS[name].ravel(), ARRAYS[f"{case_name}/d"].ravel())[0, 1])
    print(len({name.split("/")[0] for name in ARRAYS}), "models")


if __name__ == "__main__":
    main()
