# SPDX-License-Identifier: Apache-2.0
"""Writes inputs, and what PyTorch computes, beside ONNX files that other people published, to be compared with by `attribution survey`.

    python golden/real_onnx.py FOLDER

docs/real-models.md says where the files come from; they lie in FOLDER under the names below. For each, NAME.npz holds random inputs, NAME.fixed.npz and
NAME.constant.npz those held fixed, NAME.options what the command line needs, and NAME.expected.npz scores (the sum of each example's output), gradient_0 (their
derivatives by the input) and ablation_0 (the score less that with the input at zero): each example alone. The nodes of the file are run in PyTorch, in float64;
ONNX Runtime has to agree about the scores. Where a file has nodes that are not written down here, there are scores and ablations of ONNX Runtime alone.
"""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor

rng = np.random.default_rng(0)
STEPS = np.arange(512) / 16000
SPEECH = np.stack([0.3 * np.sin(2 * np.pi * 200 * STEPS) + 0.05 * rng.normal(size=512), 0.1 * rng.normal(size=512)]).astype(np.float32)
IDS = np.array([[101, 2023, 2143, 2003, 2307, 102], [101, 1037, 2919, 2143, 999, 102]])
TEXT = {"": {"input_ids": IDS}, ".fixed": {"attention_mask": np.ones_like(IDS), "token_type_ids": np.zeros_like(IDS)}}


def noise(*shape: int) -> np.ndarray:
    return rng.normal(0, 1, shape).astype(np.float32)


# Inputs by the ending of their file, and options.
FILES: Dict[str, Any] = {
    "speech-detector-v4": (
        {"": {"input": SPEECH}, ".fixed": {"h": np.zeros((2, 2, 64), np.float32), "c": np.zeros((2, 2, 64), np.float32)}, ".constant": {"sr": np.array(16000)}},
        "--row-axis h=1,c=1",
    ),
    "speech-detector-v5": ({"": {"input": SPEECH}, ".fixed": {"state": np.zeros((2, 2, 128), np.float32)}, ".constant": {"sr": np.array(16000)}}, "--row-axis state=1"),
    "mel-spectrogram": ({"": {"input": noise(2, 1760) * 1000}}, ""),
    "speech-embedding": ({"": {"input_1": noise(2, 76, 32, 1)}}, ""),
    "wake-word": ({"": {"x.1": noise(2, 16, 96)}}, ""),
    "wake-word-small": ({"": {"onnx::Flatten_0": noise(2, 16, 96)}}, ""),
    "text-detector": ({"": {"x": noise(2, 3, 64, 96)}}, "--output p2o.Add.281"),
    "text-direction": ({"": {"x": noise(2, 3, 48, 96)}}, "--output p2o.Add.87"),
    "text-recognizer": ({"": {"x": noise(2, 3, 48, 64)}}, "--output p2o.Add.277"),
    "text-embedding": (TEXT, ""),
    "text-embedding-int8": (TEXT, ""),
    "iris-classifier": ({"": {"float_input": np.array([[5.1, 3.5], [6.2, 2.9], [7.7, 3.0]], np.float32)}}, "--output probability_tensor"),
    "squeezenet": ({"": {"data_0": noise(1, 3, 224, 224)}}, "--output r65"),
}


def pads(values: Dict[str, Any], axes: int) -> List[int]:
    return list(values.get("pads", [0] * 2 * axes))


def padded(x: Tensor, amounts: List[int], value: float = 0) -> Tensor:
    half = len(amounts) // 2
    flat = [amounts[i + side * half] for i in reversed(range(half)) for side in (0, 1)]
    return F.pad(x, flat, value=value) if any(flat) else x


def conv(x: Tensor, a: Dict[str, Any], w: Tensor, b: Optional[Tensor] = None) -> Tensor:
    axes = w.ndim - 2
    if a.get("auto_pad", b"NOTSET") not in (b"NOTSET", b"VALID"):
        raise NotImplementedError("auto_pad")
    run = {1: F.conv1d, 2: F.conv2d}[axes]
    return run(padded(x, pads(a, axes)), w, b, a.get("strides", [1] * axes), 0, a.get("dilations", [1] * axes), a.get("group", 1))


def conv_transpose(x: Tensor, a: Dict[str, Any], w: Tensor, b: Optional[Tensor] = None) -> Tensor:
    own = pads(a, 2)
    if own[:2] != own[2:]:
        raise NotImplementedError("pads that differ")
    return F.conv_transpose2d(x, w, b, a.get("strides", [1, 1]), own[:2], a.get("output_padding", [0, 0]), a.get("group", 1), a.get("dilations", [1, 1]))


def average_pool(x: Tensor, a: Dict[str, Any]) -> Tensor:
    if any(pads(a, 2)) or a.get("ceil_mode", 0):
        raise NotImplementedError("padded average")
    return F.avg_pool2d(x, a["kernel_shape"], a.get("strides", [1, 1]))


def max_pool(x: Tensor, a: Dict[str, Any]) -> Tensor:
    return F.max_pool2d(padded(x, pads(a, 2), -np.inf), a["kernel_shape"], a.get("strides", [1, 1]), ceil_mode=bool(a.get("ceil_mode", 0)))


def resize(x: Tensor, a: Dict[str, Any], *more: Optional[Tensor]) -> Tensor:
    """Nearest neighbors at whole scales, where all rules of rounding agree."""
    sizes = more[2] if len(more) > 2 else None
    scales = [int(s) / n for s, n in zip(sizes, x.shape)] if sizes is not None else [float(s) for s in more[1 if len(more) > 1 else 0]]
    if a.get("mode", b"nearest") != b"nearest" or any(s != int(s) for s in scales):
        raise NotImplementedError("resize")
    for axis, scale in enumerate(scales):
        x = x.repeat_interleave(int(scale), axis)
    return x


def sliced(x: Tensor, a: Dict[str, Any], *given: Tensor) -> Tensor:
    starts, ends = (given[0].tolist(), given[1].tolist()) if given else (a["starts"], a["ends"])
    axes = given[2].tolist() if len(given) > 2 and given[2] is not None else a.get("axes", range(len(starts)))
    steps = given[3].tolist() if len(given) > 3 and given[3] is not None else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, steps):
        places = range(x.shape[axis])[slice(start, None if step < 0 and end < -x.shape[axis] else end, step)]
        x = x.index_select(axis, torch.tensor(list(places), dtype=torch.int64))
    return x


def reduced(x: Tensor, a: Dict[str, Any], axes: Optional[Tensor], how: Callable[..., Tensor]) -> Tensor:
    chosen = a.get("axes") or (axes.tolist() if axes is not None else list(range(x.ndim)))
    return how(x, dim=tuple(chosen), keepdim=bool(a.get("keepdims", 1)))


def softmax(x: Tensor, a: Dict[str, Any], opset: int) -> Tensor:
    axis = a.get("axis", -1 if opset >= 13 else 1)
    return x.softmax(axis) if opset >= 13 or axis in (-1, x.ndim - 1) else x.flatten(axis).softmax(-1).reshape(x.shape)


def squeezed(x: Tensor, a: Dict[str, Any], axes: Optional[Tensor] = None) -> Tensor:
    for axis in sorted((i % x.ndim for i in a.get("axes") or axes.tolist()), reverse=True):
        x = x.squeeze(axis)
    return x


def unsqueezed(x: Tensor, a: Dict[str, Any], axes: Optional[Tensor] = None) -> Tensor:
    chosen = a.get("axes") or axes.tolist()
    for axis in sorted(i % (x.ndim + len(chosen)) for i in chosen):
        x = x.unsqueeze(axis)
    return x


def reshaped(x: Tensor, shape: Tensor) -> Tensor:
    return x.reshape([x.shape[i] if size == 0 else size for i, size in enumerate(shape.tolist())])


def clipped(x: Tensor, a: Dict[str, Any], low: Optional[Tensor] = None, high: Optional[Tensor] = None) -> Tensor:
    low = torch.tensor(a["min"], dtype=x.dtype) if "min" in a else low
    high = torch.tensor(a["max"], dtype=x.dtype) if "max" in a else high
    x = x if low is None else torch.maximum(x, low)
    return x if high is None else torch.minimum(x, high)


def gemm(a: Dict[str, Any], x: Tensor, w: Tensor, b: Optional[Tensor] = None) -> Tensor:
    product = (x.T if a.get("transA") else x) @ (w.T if a.get("transB") else w) * a.get("alpha", 1.0)
    return product if b is None else product + b * a.get("beta", 1.0)


def cast(x: Tensor, to: int) -> Tensor:
    kinds = {1: torch.float64, 11: torch.float64, 6: torch.int32, 7: torch.int64, 9: torch.bool}
    return x.to(kinds[to])


def onnx_pad(x: Tensor, a: Dict[str, Any], amounts: Tensor) -> Tensor:
    flat = [p for axis in reversed(range(x.dim())) for p in (int(amounts[axis]), int(amounts[axis + x.dim()]))]
    mode = a.get("mode", b"constant").decode()
    if mode == "constant":
        return F.pad(x, flat)
    flat = flat[: 2 * max(1, x.dim() - 2)]  # PyTorch repeats no rows and channels
    return F.pad(x, flat, mode={"reflect": "reflect", "edge": "replicate"}[mode])


def lstm(a: Dict[str, Any], v: List[Any]) -> List[Tensor]:
    """One direction, forward, with the activations that are usual."""
    x, w, r = v[0], v[1][0], v[2][0]
    hidden = r.shape[1]
    b = v[3][0][: 4 * hidden] + v[3][0][4 * hidden :] if len(v) > 3 and v[3] is not None else 0
    zeros = torch.zeros(x.shape[1], hidden, dtype=torch.float64)
    h = v[5][0] if len(v) > 5 and v[5] is not None else zeros
    c = v[6][0] if len(v) > 6 and v[6] is not None else zeros
    steps = []
    for step in x:
        i, o, f, g = (step @ w.T + h @ r.T + b).chunk(4, -1)
        c = f.sigmoid() * c + i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        steps.append(h)
    return [torch.stack(steps)[:, None], h[None], c[None]]


def node(kind: str, a: Dict[str, Any], v: List[Any], opset: int) -> Tensor:
    x = v[0] if v else None
    simple: Dict[str, Callable[[], Tensor]] = {
        "Add": lambda: x + v[1],
        "Sub": lambda: x - v[1],
        "Mul": lambda: x * v[1],
        "Div": lambda: x / v[1],
        "Pow": lambda: x ** v[1],
        "Sqrt": lambda: x.sqrt(),
        "Log": lambda: x.log(),
        "Erf": lambda: x.erf(),
        "Relu": lambda: x.relu(),
        "LeakyRelu": lambda: F.leaky_relu(x, a.get("alpha", 0.01)),
        "Sigmoid": lambda: x.sigmoid(),
        "HardSigmoid": lambda: (x * a.get("alpha", 0.2) + a.get("beta", 0.5)).clamp(0, 1),
        "Max": lambda: torch.maximum(x, v[1]),
        "Clip": lambda: clipped(x, a, *v[1:]),
        "MatMul": lambda: x @ v[1],
        "Gemm": lambda: gemm(a, *v),
        "Conv": lambda: conv(x, a, *v[1:]),
        "ConvTranspose": lambda: conv_transpose(x, a, *v[1:]),
        "BatchNormalization": lambda: F.batch_norm(x, v[3], v[4], v[1], v[2], False, 0, a.get("epsilon", 1e-5)),
        "GlobalAveragePool": lambda: x.mean((2, 3), keepdim=True),
        "AveragePool": lambda: average_pool(x, a),
        "MaxPool": lambda: max_pool(x, a),
        "Resize": lambda: resize(x, a, *v[1:]),
        "Softmax": lambda: softmax(x, a, opset),
        "ReduceMean": lambda: reduced(x, a, v[1] if len(v) > 1 else None, torch.mean),
        "ReduceMax": lambda: reduced(x, a, v[1] if len(v) > 1 else None, torch.amax),
        "Concat": lambda: torch.cat(v, a["axis"]),
        "Slice": lambda: sliced(x, a, *v[1:]),
        "Gather": lambda: torch.index_select(x, a.get("axis", 0), (v[1].reshape(-1).long() + x.shape[a.get("axis", 0)]) % x.shape[a.get("axis", 0)]).reshape(
            [*x.shape[: a.get("axis", 0)], *v[1].shape, *x.shape[a.get("axis", 0) + 1 :]]
        ),
        "Shape": lambda: torch.tensor(x.shape),
        "Reshape": lambda: reshaped(x, v[1]),
        "Transpose": lambda: x.permute(a["perm"]),
        "Squeeze": lambda: squeezed(x, a, *v[1:]),
        "Unsqueeze": lambda: unsqueezed(x, a, *v[1:]),
        "Flatten": lambda: x.flatten(a.get("axis", 1)),
        "Cast": lambda: cast(x, a["to"]),
        "Dropout": lambda: x,
        "Identity": lambda: x,
        "Neg": lambda: -x,
        "Tanh": lambda: x.tanh(),
        "Not": lambda: ~x,
        "Equal": lambda: x == v[1],
        "Size": lambda: torch.tensor(x.numel()),
        "Pad": lambda: onnx_pad(x, a, v[1]),
        "ConstantOfShape": lambda: torch.full(x.tolist(), float(numpy_helper.to_array(a["value"]).item()), dtype=torch.float64),
    }
    if kind not in simple:
        raise NotImplementedError(kind)
    return simple[kind]()


def wide(array: np.ndarray) -> Tensor:
    tensor = torch.from_numpy(np.array(array))
    return tensor.double() if tensor.is_floating_point() else tensor


class Program:
    """The nodes of a file, run in PyTorch in float64."""

    def __init__(self, model: onnx.ModelProto, output: str) -> None:
        self.graph, self.output = model.graph, output
        self.opset = max([o.version for o in model.opset_import if o.domain in ("", "ai.onnx")], default=0)

    def score(self, given: Dict[str, Tensor]) -> Tensor:
        values: Dict[str, Any] = {"": None, **given}
        self.run(self.graph, values)
        return values[self.output].sum()

    def run(self, graph: onnx.GraphProto, values: Dict[str, Any]) -> None:
        values.update({t.name: wide(numpy_helper.to_array(t)) for t in graph.initializer})
        for each in graph.node:
            a = {a.name: onnx.helper.get_attribute_value(a) for a in each.attribute}
            v = [values[name] for name in each.input]
            if each.op_type == "Constant":
                results = [wide(numpy_helper.to_array(a["value"]))]
            elif each.op_type == "If":
                branch, inner = a["then_branch" if bool(v[0]) else "else_branch"], dict(values)
                self.run(branch, inner)
                results = [inner[o.name] for o in branch.output]
            else:
                results = lstm(a, v) if each.op_type == "LSTM" else [node(each.op_type, a, v, self.opset)]
            values.update(zip(each.output, results))
            if self.output in each.output:
                break


def tapped(model: onnx.ModelProto, output: str) -> onnxruntime.InferenceSession:
    if output not in [o.name for o in model.graph.output]:
        model.graph.output.append(onnx.ValueInfoProto(name=output))
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def main(folder: Path) -> None:
    for name, (given, options) in FILES.items():
        file = folder / f"{name}.onnx"
        if not file.exists():
            print(f"{name}: not there")
            continue
        for ending, arrays in given.items():
            np.savez(folder / f"{name}{ending}.npz", **arrays)
        if options:
            (folder / f"{name}.options").write_text(options + "\n")
        model = onnx.load(file)
        words = options.split()
        output = words[words.index("--output") + 1] if "--output" in words else model.graph.output[0].name
        session = tapped(model, output)
        axes = {p.split("=")[0]: int(p.split("=")[1]) for p in words[words.index("--row-axis") + 1].split(",")} if "--row-axis" in words else {}
        own = next(iter(given[""]))
        fixed_batch = [d.dim_value for i in model.graph.input if i.name == own for d in i.type.tensor_type.shape.dim[:1]][0]
        rows = len(given[""][own])
        found: Dict[str, List[np.ndarray]] = {"scores": [], "ablation_0": []}
        program: Optional[Program] = Program(model, output)
        differs = 0.0
        for row in range(rows):
            one = {own: given[""][own][row : row + 1]}
            for key, array in given.get(".fixed", {}).items():
                one[key] = np.take(array, [row], axes.get(key, 0))
            one.update(given.get(".constant", {}))

            def score(feed: Dict[str, np.ndarray]) -> float:
                if fixed_batch > 1:
                    feed = {key: np.repeat(array, fixed_batch, 0) for key, array in feed.items()}
                return float(session.run([output], feed)[0].sum(dtype=np.float64)) / max(fixed_batch, 1)

            runtime, without = score(one), score({**one, own: np.zeros_like(one[own])})
            try:
                if program is None:
                    raise NotImplementedError
                leaf = wide(one[own])
                leaf.requires_grad_(leaf.is_floating_point())
                exact = program.score({**{key: wide(array) for key, array in one.items()}, own: leaf})
                absent = program.score({**{key: wide(array) for key, array in one.items()}, own: torch.zeros_like(leaf)})
                differs = max(differs, abs(float(exact.detach()) - runtime) / max(abs(runtime), 1e-3))
                if differs > 1e-3:
                    raise AssertionError(f"{name}: {float(exact.detach())} in PyTorch, {runtime} in ONNX Runtime")
                if leaf.requires_grad:
                    found.setdefault("gradient_0", []).append(torch.autograd.grad(exact, leaf)[0].numpy()[0])
                runtime, without = float(exact.detach()), float(absent)
            except NotImplementedError as e:
                program = None
                print(f"{name}: by ONNX Runtime alone ({e})")
            found["scores"].append(np.float64(runtime))
            found["ablation_0"].append(np.float64(runtime - without))
        np.savez(folder / f"{name}.expected.npz", **{key: np.stack(value).reshape(rows, *np.shape(value[0])) for key, value in found.items()})
        print(f"{name}: {', '.join(found)}; PyTorch and ONNX Runtime differ by {differs:.0e}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
