# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/fused.npz: models with the operators that optimizers of ONNX Runtime join of several.

    python golden/onnx_fused.py

`saved.NAME.LEVEL`: models of models.npz, and some of this file, as the runtime saves them after its optimizers ran (extended, all), or as onnxruntime.transformers.optimizer does
(transformers). `refused.NAME` cannot be said. `word.NAME`: one operator, written by hand, where no optimizer writes it here, or not with these settings. Arrays: /model; /in/NAME; /y, what the runtime computes
of the original, or of the operator, or, where it has no kernel on the CPU, what PyTorch computes; /g, a cotangent; /d/NAME, the gradient of sum(y * g) by PyTorch in float64.
Level all keeps channels in blocks of the processor that it ran on; /block says how many. `saved.NAME.all8` is the same file with blocks of 8.
"""

import copy
import logging
import math
import tempfile
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

import onnx_models

HERE = Path(__file__).resolve().parent
MS = "com.microsoft"
BLOCKS = "com.microsoft.nchwc"
ARRAYS: Dict[str, np.ndarray] = {}


# Saved by optimizers


class Blocked(nn.Module):
    """Channels in whole blocks, and in blocks that are filled up; sums, functions, pools, depthwise and grouped convolutions."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        self.stem, self.first, self.second = nn.Conv2d(3, 16, 3, 2, 1), nn.Conv2d(16, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.depthwise, self.wide, self.narrow = nn.Conv2d(16, 16, 3, padding=1, groups=16), nn.Conv2d(16, wide, 1), nn.Conv2d(wide, 16, 1, bias=False)
        self.grouped, self.gate = nn.Conv2d(32, 32, 3, padding=1, groups=2), nn.Conv2d(32, 32, 1)
        self.fc, self.out = nn.Linear(32, 12), nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        x = F.relu(self.second(F.leaky_relu(self.first(x), 0.2)) + x)
        y = F.max_pool2d(x, 3, 2, 1)
        y = self.narrow(F.relu6(self.wide(F.hardsigmoid(self.depthwise(y)) + y)))
        y = F.interpolate(F.avg_pool2d(y, 2), scale_factor=2.0, mode="nearest") + y
        y = torch.cat([y, F.interpolate(F.avg_pool2d(y, 2), scale_factor=2, mode="bilinear")], 1)
        y = self.grouped(y)
        most = F.adaptive_max_pool2d(y, 1).flatten(1)
        y = y * torch.sigmoid(self.gate(F.adaptive_avg_pool2d(y, 1)))
        return self.out(torch.tanh(self.fc(y.mean((2, 3)) + most)))


class Gelus(nn.Module):
    """The functions of transformers, between linear layers, and products of transposed factors."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c, self.d, self.norm, self.last = nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.Linear(8, 8), nn.LayerNorm(8), nn.LayerNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        x = self.norm(x + F.gelu(self.a(x)))
        y = self.b(x)
        x = x + y * torch.sigmoid(1.702 * y)
        y = self.c(x)
        x = x + 0.5 * y * (1 + torch.tanh(math.sqrt(2 / math.pi) * (y + 0.044715 * y**3)))
        x = F.gelu(x)
        mixed = torch.softmax(x.transpose(1, 2) @ (x * 0.5), -1)
        return self.last(x + self.d(x @ mixed))[:, 0]


def made(name: str, model: nn.Module, shape: Sequence[Any], values: Tensor) -> None:
    torch.manual_seed(3)
    example = torch.randn(tuple(size if isinstance(size, int) else 2 for size in shape))
    exported = onnx_models.export(model.eval(), (example,), [tuple(shape)], False)
    leaf = values.double().requires_grad_()
    y = copy.deepcopy(model).double()(leaf)
    g = torch.randn(y.shape)
    gradient = torch.autograd.grad((y * g.double()).sum(), leaf)[0]
    saved(name, exported, {"x0": values.numpy()}, g.numpy(), {"x0": gradient.numpy().astype(np.float32)})


def optimized(model: onnx.ModelProto, level: str) -> onnx.ModelProto:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "saved.onnx"
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, f"ORT_ENABLE_{level.upper()}")
        options.optimized_model_filepath = str(path)
        onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return onnx.load(str(path))


def of_transformers(model: onnx.ModelProto) -> onnx.ModelProto:
    from onnxruntime.transformers import optimizer

    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(model, str(path))
        return optimizer.optimize_model(str(path), model_type="bert", num_heads=2, hidden_size=16, opt_level=0).model


def joined(model: onnx.ModelProto) -> List[str]:
    own = {schema.name for schema in onnx.defs.get_all_schemas()}
    return [node.op_type for node in model.graph.node if node.domain or node.op_type not in own]


def reblocked(model: onnx.ModelProto, before: int, after: int) -> Optional[onnx.ModelProto]:
    """The same file for a processor with smaller blocks, if it fills up none and every convolution has as many input channels as before in a block, or one."""
    model = copy.deepcopy(model)
    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    done = set()
    for node in model.graph.node:
        if node.op_type == "ReorderOutput" and next(a.i for a in node.attribute if a.name == "channels") % before:
            return None
        if node.domain.endswith("nchwc") and node.op_type == "Conv" and node.input[1] not in done:
            done.add(node.input[1])
            tensor = weights[node.input[1]]
            w = numpy_helper.to_array(tensor)
            o, i, h, k = w.shape
            if i >= before:
                plain = w.reshape(o // before, i // before, h, k, before, before).transpose(0, 5, 1, 4, 2, 3).reshape(o, i, h, k)
                w = plain.reshape(o // after, after, i // after, after, h, k).transpose(0, 2, 4, 5, 3, 1).reshape(o, i, h, k)
            elif i >= after:
                return None
            else:
                plain = w.reshape(o // before, i, h, k, before).transpose(0, 4, 1, 2, 3).reshape(o, i, h, k)
                w = plain.reshape(o // after, after, i, h, k).transpose(0, 2, 3, 4, 1).reshape(o, i, h, k)
            tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(w), tensor.name))
    return model


def block() -> int:
    node = helper.make_node("ReorderInput", ["x"], ["y"], domain="com.microsoft.nchwc")
    graph = helper.make_graph([node], "block", [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4, 1, 1])], [onnx.ValueInfoProto(name="y")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft.nchwc", 1)], ir_version=8)
    return onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": np.zeros((1, 4, 1, 1), np.float32)})[0].shape[1]


def saved(name: str, model: onnx.ModelProto, inputs: Dict[str, np.ndarray], g: np.ndarray, gradients: Dict[str, np.ndarray]) -> None:
    y = onnxruntime.InferenceSession(model.SerializeToString()).run(["y"], inputs)[0]
    models = {level: optimized(model, level) for level in ("extended", "all")}
    models["transformers"] = of_transformers(model)
    if models["all"].SerializeToString() == models["extended"].SerializeToString():
        del models["all"]
    elif any(operator.startswith("Reorder") for operator in joined(models["all"])):
        other = reblocked(models["all"], block(), 8) if block() == 16 else None
        if other is not None:
            models["all8"] = other
    for level, other in models.items():
        operators = joined(other)
        if operators:
            key = f"saved.{name}.{level}"
            put(key, other, inputs, y, g, gradients)
            if any(operator.startswith("Reorder") for operator in operators):
                ARRAYS[f"{key}/block"] = np.array(8 if level == "all8" else block())
            print(f"{key}: {len(ARRAYS[key + '/model'])} bytes, {', '.join(sorted(set(operators)))}")


def put(key: str, model: onnx.ModelProto, inputs: Dict[str, np.ndarray], y: np.ndarray, g: np.ndarray, gradients: Dict[str, np.ndarray]) -> None:
    ARRAYS[f"{key}/model"] = np.frombuffer(model.SerializeToString(), np.uint8)
    ARRAYS[f"{key}/y"], ARRAYS[f"{key}/g"] = y, g
    ARRAYS.update({f"{key}/in/{k}": v for k, v in inputs.items()})
    ARRAYS.update({f"{key}/d/{k}": v for k, v in gradients.items()})


def known() -> None:
    models = np.load(HERE / "onnx" / "models.npz")
    for name in sorted({key.split("/")[0] for key in models if not key.startswith("resnet_open")}):
        model = onnx.load_from_string(models[f"{name}/model"].tobytes())
        of = {part: {key.split("/")[2]: models[key] for key in models if key.startswith(f"{name}/{part}/")} for part in ("in", "d")}
        saved(name, model, of["in"], models[f"{name}/g"], of["d"])


# Single operators

Reference = Callable[..., Any]


def word(
    name: str, operator: str, attributes: Dict[str, Any], inputs: Dict[str, Any], constants: Dict[str, np.ndarray], order: Sequence[str], reference: Reference,
    outputs: Sequence[str] = ("y",), domain: str = MS, on_cpu: bool = True, after: Sequence[onnx.NodeProto] = (), before: Sequence[onnx.NodeProto] = (), asked: str = "y", opset: int = 18, near: float = 2e-5,
) -> None:
    """Inputs that are floats get gradients; their first axis is open."""
    given = {k: np.asarray(v) for k, v in inputs.items()}
    declared = [helper.make_tensor_value_info(k, helper.np_dtype_to_tensor_dtype(v.dtype), ["N", *v.shape[1:]] if v.ndim > 1 else list(v.shape)) for k, v in given.items()]
    node = helper.make_node(operator, list(order), list(outputs), name="joined", domain=domain, **attributes)
    results = [onnx.ValueInfoProto(name=asked)] + [onnx.ValueInfoProto(name=o) for o in outputs if o and o != asked and not after]
    graph = helper.make_graph([*before, node, *after], name, declared, results, [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid(MS, 1)] + [helper.make_opsetid(domain, 1)] * (domain == BLOCKS)
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    leaves = {k: torch.from_numpy(v).double().requires_grad_() if v.dtype == np.float32 else torch.from_numpy(v) for k, v in given.items()}
    fixed = {k: torch.from_numpy(np.asarray(v)).double() if v.dtype == np.float32 else torch.from_numpy(np.asarray(v)) for k, v in constants.items()}
    y = reference(**leaves, **fixed)
    expected = y.detach().numpy().astype(np.float32)
    if on_cpu:
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 4
        found = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"]).run([asked], given)[0]
        apart = np.abs(found - expected).max() / np.abs(expected).max()
        if not apart < near:
            raise SystemExit(f"{name}: the runtime and the reference are {apart:.1e} apart")
        expected = found
    g = torch.from_numpy(np.random.default_rng(len(name)).standard_normal(y.shape).astype(np.float32))
    floats = {k: v for k, v in leaves.items() if v.requires_grad}
    gradients = torch.autograd.grad((y * g.double()).sum(), list(floats.values()))
    put(f"word.{name}", model, given, expected, g.numpy(), {k: d.numpy().astype(np.float32) for k, d in zip(floats, gradients)})


RNG = np.random.default_rng(11)


def real(*shape: int, scale: float = 1.0) -> np.ndarray:
    return (RNG.standard_normal(shape) * scale).astype(np.float32)


def act(kind: str, *numbers: float) -> Callable[[Tensor], Tensor]:
    return {
        "Relu": F.relu, "Tanh": torch.tanh, "Sigmoid": torch.sigmoid, "LeakyRelu": lambda x: F.leaky_relu(x, *numbers), "Clip": lambda x: x.clamp(*numbers),
        "HardSigmoid": lambda x: (x * numbers[0] + numbers[1]).clamp(0, 1), "Elu": lambda x: F.elu(x, *numbers), "Softplus": F.softplus, "Softsign": F.softsign, "": lambda x: x,
        "ThresholdedRelu": lambda x: torch.where(x > numbers[0], x, torch.zeros_like(x)), "Selu": F.selu, "HardSwish": F.hardswish,
    }[kind]


def products() -> None:
    image, w, b = real(2, 3, 6, 5), real(4, 3, 3, 3, scale=0.4), real(4)
    for kind, numbers in (("Relu", ()), ("Tanh", ()), ("Sigmoid", ()), ("LeakyRelu", (0.3,)), ("Clip", (-0.5, 0.8)), ("HardSigmoid", (0.3, 0.4))):
        settings = {"activation": kind, "pads": [1, 0, 1, 2], "strides": [1, 2], **({"activation_params": list(numbers)} if numbers else {})}
        word(f"conv_{kind}", "FusedConv", settings, {"x": image}, {"w": w, "b": b}, ["x", "w", "b"],
             lambda x, w, b, f=act(kind, *numbers): f(F.conv2d(F.pad(x, (0, 2, 1, 1)), w, b, (1, 2))))
        word(f"conv_sum_{kind}", "FusedConv", {"activation": kind, **({"activation_params": list(numbers)} if numbers else {})}, {"x": image, "z": real(2, 4, 4, 3)},
             {"w": w, "b": b}, ["x", "w", "b", "z"], lambda x, z, w, b, f=act(kind, *numbers): f(F.conv2d(x, w, b) + z))
    word("conv_HardSwish", "FusedConv", {"activation": "HardSwish"}, {"x": image}, {"w": w}, ["x", "w"], lambda x, w: F.hardswish(F.conv2d(x, w)))
    word("nhwc_conv", "NhwcConv", {"strides": [2, 1]}, {"x": real(2, 6, 5, 3)}, {"w": w.transpose(0, 2, 3, 1), "b": b}, ["x", "w", "b"],
         lambda x, w, b: F.conv2d(x.permute(0, 3, 1, 2), w.permute(0, 3, 1, 2), b, (2, 1)).permute(0, 2, 3, 1), on_cpu=False)
    word("nhwc_fused_conv", "NhwcFusedConv", {"activation": "Relu", "pads": [1, 1, 0, 0]}, {"x": real(2, 6, 5, 3), "z": real(2, 5, 4, 4)}, {"w": w, "b": b}, ["x", "w", "b", "z"],
         lambda x, z, w, b: F.relu(F.conv2d(F.pad(x.permute(0, 3, 1, 2), (1, 0, 1, 0)), w, b).permute(0, 2, 3, 1) + z), on_cpu=False)
    steps = (RNG.permutation(180).reshape(2, 5, 6, 3).astype(np.float32) - 90) / 100
    word("nhwc_max_pool", "NhwcMaxPool", {"kernel_shape": [2, 3], "strides": [1, 2], "pads": [1, 0, 0, 1]}, {"x": steps}, {"s": np.float32(0.01), "p": np.uint8(100)}, ["q"],
         lambda x, s, p: F.max_pool2d(F.pad(x.permute(0, 3, 1, 2), (0, 1, 1, 0), value=-1), (2, 3), (1, 2)).permute(0, 2, 3, 1), outputs=("m",),
         before=[helper.make_node("QuantizeLinear", ["x", "s", "p"], ["q"])], after=[helper.make_node("DequantizeLinear", ["m", "s", "p"], ["y"])])
    a, b2, c = real(3, 5), real(5, 4), real(4)
    for kind, numbers in (("Relu", {}), ("Elu", {"activation_alpha": 0.7}), ("LeakyRelu", {"activation_alpha": 0.2}), ("Softplus", {}), ("Softsign", {}), ("Sigmoid", {}),
                          ("HardSigmoid", {"activation_alpha": 0.25, "activation_beta": 0.4}), ("ThresholdedRelu", {"activation_alpha": 0.6}), ("Tanh", {})):
        word(f"gemm_{kind}", "FusedGemm", {"activation": kind, "alpha": 0.8, "beta": 1.3, "transB": 1, **numbers}, {"x": a}, {"w": b2.T.copy(), "c": c}, ["x", "w", "c"],
             lambda x, w, c, f=act(kind, *numbers.values()): f(0.8 * x @ w.T + 1.3 * c))
    left, right = real(2, 3, 4, 5), real(2, 3, 5, 6)
    for turns in ("", "A", "B", "AB"):
        word(f"matmul_{turns}", "FusedMatMul", {"alpha": 0.7, **{f"trans{t}": 1 for t in turns}}, {"x": left.swapaxes(2, 3).copy() if "A" in turns else left,
             "z": right.swapaxes(2, 3).copy() if "B" in turns else right}, {}, ["x", "z"],
             lambda x, z, t=turns: 0.7 * (x.mT if "A" in t else x) @ (z.mT if "B" in t else z))
    word("matmul_batches", "FusedMatMul", {"transBatchA": 1, "transBatchB": 1, "transB": 1}, {"x": real(4, 2, 3, 5)}, {"z": real(6, 2, 3, 5)}, ["x", "z"],
         lambda x, z: x.permute(1, 2, 0, 3) @ z.permute(1, 2, 0, 3).mT)
    word("matmul_vector", "FusedMatMul", {"transB": 1, "alpha": 2.0}, {"x": real(3, 5)}, {"z": real(5)}, ["x", "z"], lambda x, z: 2 * x @ z)
    word("transpose_matmul", "TransposeMatMul", {"transA": 1, "alpha": 0.5}, {"x": real(3, 5)}, {"z": real(3, 2)}, ["x", "z"], lambda x, z: 0.5 * x.T @ z)
    word("matmul_function", "FusedMatMulActivation", {"transB": 1, "activation": "LeakyRelu", "activation_alpha": 0.1}, {"x": real(3, 5)}, {"z": real(2, 5)}, ["x", "z"],
         lambda x, z: F.leaky_relu(x @ z.T, 0.1), on_cpu=False)
    word("blocks_global_max_pool", "GlobalMaxPool", {}, {"x": real(2, 16, 3, 4)}, {}, ["r"], lambda x: x.amax((2, 3), keepdim=True), outputs=("m",), domain=BLOCKS,
         before=[helper.make_node("ReorderInput", ["x"], ["r"], domain=BLOCKS)], after=[helper.make_node("ReorderOutput", ["m"], ["y"], domain=BLOCKS, channels=16)])
    x, bias = real(2, 3, 8), real(8)
    word("bias_gelu", "BiasGelu", {}, {"x": x}, {"b": bias}, ["x", "b"], lambda x, b: F.gelu(x + b))
    word("fast_gelu", "FastGelu", {}, {"x": x}, {"b": bias}, ["x", "b"], lambda x, b: F.gelu(x + b, approximate="tanh"))
    word("quick_gelu", "QuickGelu", {"alpha": 1.3}, {"x": x}, {}, ["x"], lambda x: x * torch.sigmoid(1.3 * x))
    word("gemm_fast_gelu", "GemmFastGelu", {}, {"x": x}, {"w": real(8, 4), "b": real(4)}, ["x", "w", "b"], lambda x, w, b: F.gelu(x @ w + b, approximate="tanh"), on_cpu=False)
    word("split_gelu", "BiasSplitGelu", {}, {"x": x}, {"b": bias}, ["x", "b"], lambda x, b: (x + b)[..., :4] * F.gelu((x + b)[..., 4:]), on_cpu=False)
    word("bias_add", "BiasAdd", {}, {"x": x, "z": real(2, 3, 8)}, {"b": bias}, ["x", "b", "z"], lambda x, z, b: x + b + z, on_cpu=False)
    word("softmax_inner", "BiasSoftmax", {"axis": 3, "is_inner_broadcast": 1}, {"x": real(2, 3, 4, 5), "z": real(2, 1, 1, 5)}, {}, ["x", "z"],
         lambda x, z: torch.softmax(x + z, -1), on_cpu=False)
    word("softmax_of_two", "BiasSoftmax", {"axis": 2, "is_inner_broadcast": 0}, {"x": real(2, 3, 4, 5)}, {"z": real(4, 5)}, ["x", "z"],
         lambda x, z: torch.softmax((x + z).flatten(2), -1).reshape(x.shape), on_cpu=False)


def norms() -> None:
    x, z, s, b, more = real(2, 3, 8), real(2, 3, 8), real(8), real(8), real(8)
    ln = lambda x, s, b=None, eps=1e-3: F.layer_norm(x, (8,), s, b, eps)
    rms = lambda x, s, eps=1e-3: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * s
    skip = "SkipLayerNormalization"
    word("skip_norm", skip, {"epsilon": 1e-3}, {"x": x, "z": z}, {"s": s, "b": b, "c": more}, ["x", "z", "s", "b", "c"], lambda x, z, s, b, c: ln(x + z + c, s, b))
    word("skip_norm_plain", skip, {"epsilon": 1e-3}, {"x": x}, {"z": real(1, 3, 8), "s": s}, ["x", "z", "s"], lambda x, z, s: ln(x + z, s))
    word("skip_norm_sum", skip, {"epsilon": 1e-3}, {"x": x, "z": z}, {"s": s, "b": b}, ["x", "z", "s", "b"], lambda x, z, s, b: ln(x + z, s, b) * (x + z),
         outputs=("n", "", "", "sum"), after=[helper.make_node("Mul", ["n", "sum"], ["y"])])
    word("skip_rms", "SkipSimplifiedLayerNormalization", {"epsilon": 1e-3}, {"x": x, "z": z}, {"s": s, "c": more}, ["x", "z", "s", "c"],
         lambda x, z, s, c: rms(x + z + c, s) * (x + z + c), outputs=("n", "", "", "sum"), after=[helper.make_node("Mul", ["n", "sum"], ["y"])])
    word("rms", "SimplifiedLayerNormalization", {"epsilon": 1e-3, "axis": -1, "stash_type": 1}, {"x": x}, {"s": s}, ["x", "s"], rms, domain="")
    word("rms_of_two", "SimplifiedLayerNormalization", {"epsilon": 1e-3, "axis": 1, "stash_type": 1}, {"x": x}, {"s": real(3, 8)}, ["x", "s"],
         lambda x, s: x * torch.rsqrt(x.pow(2).mean((1, 2), keepdim=True) + 1e-3) * s, domain="")
    gn = lambda x, s, b: F.group_norm(x.permute(0, 3, 1, 2), 2, s, b, 1e-3)
    word("groups", "GroupNorm", {"groups": 2, "activation": 1, "epsilon": 1e-3}, {"x": real(2, 3, 5, 4)}, {"s": real(4), "b": real(4)}, ["x", "s", "b"],
         lambda x, s, b: F.silu(gn(x, s, b)).permute(0, 2, 3, 1), on_cpu=False)
    word("groups_first", "GroupNorm", {"groups": 2, "activation": 0, "channels_last": 0, "epsilon": 1e-3}, {"x": real(2, 4, 3, 5)}, {"s": real(4), "b": real(4)}, ["x", "s", "b"],
         lambda x, s, b: F.group_norm(x, 2, s, b, 1e-3), on_cpu=False)
    ids, kinds, mask = np.array([[1, 4, 0], [2, 2, 5]], np.int32), np.array([[0, 0, 1], [0, 1, 1]], np.int32), np.array([[1, 1, 0], [1, 1, 1]], np.int32)
    tables = {"words.weight": real(6, 8), "places.weight": real(5, 8), "kinds.weight": real(2, 8), "s": s, "b": b}
    last = [helper.make_node("Mul", ["e", "x"], ["y"])]

    def embedded(x: Tensor, ids: Tensor, kinds: Optional[Tensor] = None, mask: Any = None, at: Optional[Tensor] = None, **t: Tensor) -> Tensor:
        places = t["places.weight"][: ids.shape[1]] if at is None else t["places.weight"][at.long()]
        total = t["words.weight"][ids.long()] + places + (0 if kinds is None else t["kinds.weight"][kinds.long()])
        return ln(total, t["s"], t["b"], 1e-12) * x

    word("embed", "EmbedLayerNormalization", {}, {"x": x, "ids": ids, "kinds": kinds, "mask": mask}, tables, ["ids", "kinds", "words.weight", "places.weight", "kinds.weight", "s", "b", "mask"],
         embedded, outputs=("e", "count"), after=last)
    word("embed_places", "EmbedLayerNormalization", {}, {"x": x, "ids": ids, "at": np.array([[2, 0, 4], [1, 1, 3]], np.int32)}, tables,
         ["ids", "", "words.weight", "places.weight", "", "s", "b", "", "at"], embedded, outputs=("e", "count"), after=last)


def split(x: Tensor, heads: int) -> Tensor:
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def attended(q: Tensor, k: Tensor, v: Tensor, bias: Any = 0, scale: float = 0, causal: bool = False, seen: Optional[Tensor] = None) -> Tensor:
    scores = q @ k.mT * (scale or 1 / math.sqrt(q.shape[-1])) + bias
    if causal:
        ones = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(scores.shape[-1] - scores.shape[-2])
        scores = scores.masked_fill(~ones, float("-inf"))
    if seen is not None:
        scores = scores.masked_fill(~seen, float("-inf"))
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def attentions() -> None:
    x, w, b = real(2, 4, 6), real(6, 24, scale=0.5), real(24, scale=0.3)
    hidden = -10000.0

    def plain(x: Tensor, w: Tensor, b: Tensor, mask: Any = None, bias: Any = 0, past: Any = None, sizes: Sequence[int] = (8, 8, 8), **settings: Any) -> Tensor:
        q, k, v = (split(part, 2) for part in (x @ w + b).split(list(sizes), -1))
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        if mask is not None:
            bias = bias + (1 - mask.double()) * hidden
        return attended(q, k, v, bias, **settings)

    word("attention", "Attention", {"num_heads": 2}, {"x": x}, {"w": w, "b": b}, ["x", "w", "b"], plain)
    word("attention_causal", "Attention", {"num_heads": 2, "unidirectional": 1, "scale": 0.4}, {"x": x}, {"w": w, "b": b}, ["x", "w", "b"],
         lambda x, w, b: plain(x, w, b, causal=True, scale=0.4))
    word("attention_sizes", "Attention", {"num_heads": 2, "qkv_hidden_sizes": [6, 6, 12]}, {"x": x}, {"w": w, "b": b}, ["x", "w", "b"], lambda x, w, b: plain(x, w, b, sizes=(6, 6, 12)))
    raw = np.array([[1, 1, 1, 0], [1, 1, 0, 0]], np.int32)
    word("attention_mask", "Attention", {"num_heads": 2}, {"x": x, "mask": raw}, {"w": w, "b": b}, ["x", "w", "b", "mask"], lambda x, mask, w, b: plain(x, w, b, mask[:, None, None]))
    word("attention_ends", "Attention", {"num_heads": 2}, {"x": x, "mask": np.array([3, 2], np.int32)}, {"w": w, "b": b}, ["x", "w", "b", "mask"],
         lambda x, mask, w, b: plain(x, w, b, torch.from_numpy(raw)[:, None, None]))
    later = np.array([[0, 1, 1, 1], [0, 0, 1, 0]], np.int32)
    word("attention_ends_and_starts", "Attention", {"num_heads": 2}, {"x": x, "mask": np.array([4, 3, 1, 2], np.int32)}, {"w": w, "b": b}, ["x", "w", "b", "mask"],
         lambda x, mask, w, b: plain(x, w, b, torch.from_numpy(later)[:, None, None]))
    each = np.maximum(RNG.random((2, 4, 4)) > 0.3, np.eye(4)).astype(np.int32)
    word("attention_mask_of_each", "Attention", {"num_heads": 2, "mask_filter_value": hidden}, {"x": x, "mask": each}, {"w": w, "b": b}, ["x", "w", "b", "mask"],
         lambda x, mask, w, b: plain(x, w, b, mask[:, None]))
    word("attention_bias", "Attention", {"num_heads": 2}, {"x": x, "bias": real(2, 2, 4, 4)}, {"w": w, "b": b}, ["x", "w", "b", "", "", "bias"],
         lambda x, bias, w, b: plain(x, w, b, bias=bias))
    word("attention_past", "Attention", {"num_heads": 2, "unidirectional": 1}, {"x": x, "past": real(2, 2, 2, 3, 4)}, {"w": w, "b": b}, ["x", "w", "b", "", "past"],
         lambda x, past, w, b: plain(x, w, b, past=past, causal=True), outputs=("y", "present"))

    q, k, v = real(2, 4, 8), real(2, 5, 8), real(2, 5, 8)
    names = ["x", "k", "v"]
    multi = "MultiHeadAttention"
    heads = lambda x, k, v, **more: attended(split(x, 2), split(k, 2), split(v, 2), **more)
    given = {"x": q, "k": k, "v": v}
    word("heads", multi, {"num_heads": 2}, given, {}, names, heads)
    word("heads_causal", multi, {"num_heads": 2, "unidirectional": 1}, {"x": q, "k": k[:, :4].copy(), "v": v[:, :4].copy()}, {}, names, lambda x, k, v: heads(x, k, v, causal=True))
    word("heads_bias", multi, {"num_heads": 2, "scale": 0.3}, given, {"b": b}, [*names, "b"], lambda x, k, v, b: heads(x + b[:8], k + b[8:16], v + b[16:], scale=0.3))
    seen = np.array([[1, 1, 1, 1, 0], [1, 1, 0, 0, 0]], np.int32)
    word("heads_mask", multi, {"num_heads": 2}, {**given, "mask": seen}, {}, [*names, "", "mask"], lambda x, k, v, mask: heads(x, k, v, bias=(1 - mask.double())[:, None, None] * hidden))
    word("heads_attention_bias", multi, {"num_heads": 2}, {**given, "bias": real(2, 2, 4, 5)}, {}, [*names, "", "", "bias"], lambda x, k, v, bias: heads(x, k, v, bias=bias))
    word("heads_past", multi, {"num_heads": 2}, {**given, "pk": real(2, 2, 3, 4), "pv": real(2, 2, 3, 4)}, {}, [*names, "", "", "", "pk", "pv"],
         lambda x, k, v, pk, pv: attended(split(x, 2), torch.cat([pk, split(k, 2)], 2), torch.cat([pv, split(v, 2)], 2)), outputs=("y", "key", "value"))
    word("heads_ready", multi, {"num_heads": 2}, {"x": q, "k": real(2, 2, 5, 4), "v": real(2, 2, 5, 4)}, {}, names, lambda x, k, v: attended(split(x, 2), k, v))
    word("heads_packed", multi, {"num_heads": 2}, {"x": real(2, 4, 2, 3, 4)}, {}, ["x"], lambda x: attended(*(x[:, :, :, i].transpose(1, 2) for i in range(3))), on_cpu=False)
    word("heads_packed_keys", multi, {"num_heads": 2}, {"x": q, "k": real(2, 5, 2, 2, 4)}, {}, ["x", "k"],
         lambda x, k: attended(split(x, 2), *(k[:, :, :, i].transpose(1, 2) for i in range(2))), on_cpu=False)

    cos, sin = (f(np.arange(9)[:, None] * np.array([1, 0.1])).astype(np.float32) for f in (np.cos, np.sin))

    def turned(x: Tensor, cos: Tensor, sin: Tensor, at: Tensor, pairs: bool = False) -> Tensor:
        """x: [rows, heads, length, width]; at: [rows, length]."""
        c, s = cos[at][:, None], sin[at][:, None]
        n = 2 * c.shape[-1]
        if pairs:
            a, b = x[..., 0:n:2], x[..., 1:n:2]
            return torch.cat([torch.stack([a * c - b * s, b * c + a * s], -1).flatten(-2), x[..., n:]], -1)
        a, b = x[..., : n // 2], x[..., n // 2 : n]
        return torch.cat([a * c - b * s, b * c + a * s, x[..., n:]], -1)

    tables = {"cos": cos, "sin": sin}
    at = np.array([[1, 2, 3, 4], [0, 5, 2, 7]])
    whole = lambda y: y.transpose(1, 2).flatten(2)
    rotary = "RotaryEmbedding"
    word("rotary", rotary, {}, {"x": q, "at": at}, tables, ["x", "at", "cos", "sin"], lambda x, at, cos, sin: whole(turned(split(x, 2), cos, sin, at)))
    word("rotary_pairs", rotary, {"interleaved": 1}, {"x": q, "at": at}, tables, ["x", "at", "cos", "sin"], lambda x, at, cos, sin: whole(turned(split(x, 2), cos, sin, at, True)))
    word("rotary_from", rotary, {}, {"x": real(2, 3, 4, 4), "at": np.array([2])}, tables, ["x", "at", "cos", "sin"],
         lambda x, at, cos, sin: turned(x, cos, sin, (torch.arange(4) + at)[None].expand(2, 4)))
    word("rotary_part", rotary, {"num_heads": 1, "rotary_embedding_dim": 4}, {"x": q, "at": at}, tables, ["x", "at", "cos", "sin"],
         lambda x, at, cos, sin: whole(turned(split(x, 1), cos, sin, at)))

    group = "GroupQueryAttention"
    wide = real(2, 4, 64)
    few = {"k": real(2, 4, 32), "v": real(2, 4, 32)}
    cos, sin = (f(np.arange(9)[:, None] * np.geomspace(1, 0.01, 8)).astype(np.float32) for f in (np.cos, np.sin))
    tables = {"cos": cos, "sin": sin}
    lasts, total = np.array([3, 3], np.int32), np.array([4], np.int32)

    def grouped(x: Tensor, k: Tensor, v: Tensor, **more: Any) -> Tensor:
        return attended(split(x, 4), k.repeat_interleave(2, 1), v.repeat_interleave(2, 1), causal=True, **more)

    base = {"num_heads": 4, "kv_num_heads": 2}
    order = ["x", "k", "v", "", "", "lasts", "total"]
    three = ("y", "pk", "pv")
    word("groups_of_queries", group, base, {"x": wide, **few}, {"lasts": lasts, "total": total}, order, lambda x, k, v, lasts, total: grouped(x, split(k, 2), split(v, 2)), outputs=three)
    word("groups_of_queries_capped", group, {**base, "softcap": 2.0, "local_window_size": 2, "scale": 0.6}, {"x": wide, **few}, {"lasts": lasts, "total": total}, order,
         lambda x, k, v, lasts, total: capped(split(x, 4), split(k, 2).repeat_interleave(2, 1), split(v, 2).repeat_interleave(2, 1)), outputs=three)
    word("groups_of_queries_smooth", group, {**base, "smooth_softmax": 1}, {"x": wide, **few}, {"lasts": lasts, "total": total}, order,
         lambda x, k, v, lasts, total: smooth(split(x, 4), split(k, 2).repeat_interleave(2, 1), split(v, 2).repeat_interleave(2, 1)), outputs=three)
    places = torch.arange(4)[None].expand(2, 4)
    word("groups_of_queries_turned", group, {**base, "do_rotary": 1}, {"x": wide, **few}, {"lasts": lasts, "total": total, **tables}, [*order, "cos", "sin"],
         lambda x, k, v, lasts, total, cos, sin: attended(turned(split(x, 4), cos, sin, places), turned(split(k, 2), cos, sin, places).repeat_interleave(2, 1),
                                                          split(v, 2).repeat_interleave(2, 1), causal=True), outputs=three)
    word("groups_of_queries_packed", group, base, {"x": real(2, 4, 128)}, {"lasts": lasts, "total": total}, ["x", "", "", "", "", "lasts", "total"],
         lambda x, lasts, total: attended(split(x[..., :64], 4), split(x[..., 64:96], 2).repeat_interleave(2, 1), split(x[..., 96:], 2).repeat_interleave(2, 1), causal=True), outputs=three)
    before = {"ok": real(2, 2, 3, 16), "ov": real(2, 2, 3, 16)}
    word("groups_of_queries_past", group, {**base, "do_rotary": 1}, {"x": wide[:, :1].copy(), "k": few["k"][:, :1].copy(), "v": few["v"][:, :1].copy(), **before},
         {"lasts": lasts, "total": total, **tables}, ["x", "k", "v", "ok", "ov", "lasts", "total", "cos", "sin"],
         lambda x, k, v, ok, ov, lasts, total, cos, sin: grouped_past(x, k, v, ok, ov, lambda t: turned(t, cos, sin, torch.full((2, 1), 3))), outputs=three)


def grouped_past(x: Tensor, k: Tensor, v: Tensor, ok: Tensor, ov: Tensor, turn: Callable[[Tensor], Tensor]) -> Tensor:
    keys, values = torch.cat([ok, turn(split(k, 2))], 2), torch.cat([ov, split(v, 2)], 2)
    return attended(turn(split(x, 4)), keys.repeat_interleave(2, 1), values.repeat_interleave(2, 1), causal=True)


def capped(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = 2 * torch.tanh(q @ k.mT * 0.6 / 2)
    i, j = torch.arange(4)[:, None], torch.arange(4)
    scores = scores.masked_fill((j > i) | (j <= i - 2), float("-inf"))
    return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)


def smooth(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    scores = (q @ k.mT / 4).masked_fill(~torch.ones(4, 4, dtype=torch.bool).tril(), float("-inf"))
    scores = torch.cat([scores, torch.zeros_like(scores[..., :1])], -1)
    return (scores.softmax(-1)[..., :-1] @ v).transpose(1, 2).flatten(2)


def refused() -> None:
    """What the standard cannot say."""
    node = helper.make_node("Attention", ["x", "w", "b"], ["y"], name="joined", domain=MS, num_heads=2, past_present_share_buffer=1)
    graph = helper.make_graph(
        [node], "refused", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 4, 6])], [onnx.ValueInfoProto(name="y")],
        [numpy_helper.from_array(real(6, 24), "w"), numpy_helper.from_array(real(24), "b")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18), helper.make_opsetid(MS, 1)], ir_version=8)
    ARRAYS["refused.shared/model"] = np.frombuffer(model.SerializeToString(), np.uint8)


def main() -> None:
    warnings.simplefilter("ignore")
    known()
    torch.manual_seed(5)
    made("blocked", Blocked(16), ("N", 3, 16, 16), torch.randn(2, 3, 16, 16))
    made("filled", Blocked(24), ("N", 3, 16, 16), torch.randn(2, 3, 16, 16))
    made("gelus", Gelus(), ("N", "T", 8), torch.randn(2, 5, 8))
    products()
    norms()
    attentions()
    refused()
    path = HERE / "onnx" / "fused.npz"
    np.savez_compressed(path, **ARRAYS)
    print(f"{path.name}: {len({k.split('/')[0] for k in ARRAYS})} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
