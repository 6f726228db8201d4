# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/unusual.npz: small valid ONNX models that no exporter of PyTorch writes, with what they compute and the gradient of the sum of it.

    python golden/onnx_unusual.py

Arrays of a case NAME: /model (its bytes), /x (what it is given), /y (what it gives) and /d, by central differences of NumPy's words for it in float64. ONNX
Runtime is not asked: it crashes at some of them.
"""

from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
FLOAT, HALF = TensorProto.FLOAT, TensorProto.FLOAT16
STEP = 1e-6
ARRAYS: Dict[str, np.ndarray] = {}
W = np.array([[0.5, -0.25], [0.75, 1.0], [-1.0, 0.375]])


def value(name: str, shape: Any, kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def node(kind: str, inputs: str, outputs: str, **attributes: Any) -> onnx.NodeProto:
    """Inputs and outputs are separated by blanks; an underscore is one that is left out."""
    named = [["" if name == "_" else name for name in names.split()] for names in (inputs, outputs)]
    return helper.make_node(kind, *named, name=f"{kind} {outputs}", **attributes)


def save(name: str, made: onnx.ModelProto, x: Any, f: Callable[[np.ndarray], np.ndarray]) -> None:
    at = np.array(x, dtype=np.float32).astype(np.float64)
    gradient = np.zeros(at.shape)
    for place in np.ndindex(*at.shape):
        step = np.zeros(at.shape)
        step[place] = STEP
        gradient[place] = np.sum(f(at + step) - f(at - step)) / (2 * STEP)
    ARRAYS.update({f"{name}/model": np.frombuffer(made.SerializeToString(), np.uint8), f"{name}/x": at.astype(np.float32), f"{name}/y": f(at).astype(np.float32), f"{name}/d": gradient.astype(np.float32)})


def model(nodes: List[onnx.NodeProto], inputs: List[Any], outputs: List[Any], **constants: Any) -> onnx.ModelProto:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def layer(x: np.ndarray) -> np.ndarray:
    return np.tanh(x @ W)


X = [[0.5, -1, 2], [1, 0.25, -0.5]]
SIX = [[0.5, -1, 2, 1, 0.25, -0.5], [0.3, 0.7, -0.2, 1.5, -0.75, 1.25]]
x, y, w = value("x", ["N", 3]), value("y", ["N", 2]), W.astype(np.float32)
linear = [node("MatMul", "x w", "h"), node("Tanh", "h", "y")]

# Results that nobody reads, and that the node nevertheless writes
save("unnamed-part", model([node("Split", "x", "a _ c", axis=1, num_outputs=3), node("Mul", "a c", "y")], [value("x", ["N", 6])], [y]), SIX, lambda x: x[:, :2] * x[:, 4:])
save(
    "unnamed-largest", model([node("TopK", "x k", "_ i"), node("Cast", "i", "f", to=FLOAT), node("Mul", "f x", "y")], [x], [value("y", ["N", 3])], k=np.array([3])), X,
    lambda x: np.argsort(-x, axis=1) * x,
)
inner = helper.make_graph(
    [node("Split", "u", "a _", axis=1, num_outputs=2), node("Concat", "a a", "v", axis=1), node("Identity", "c", "k")], "body",
    [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("u", None)], [value("k", [], TensorProto.BOOL), value("v", None)],
)
save("unnamed-within", model([node("Loop", "m _ x", "y", body=inner)], [value("x", ["N", 6])], [value("y", ["N", 6])], m=np.array(2)), SIX, lambda x: np.concatenate([x[:, :3]] * 2, 1))

# Nodes in another order
save("order", model([node("Add", "h s", "y"), node("MatMul", "x w", "h"), node("ReduceSum", "x axes", "s")], [x], [y], w=w, axes=np.array([1])), X, lambda x: x @ W + x.sum(1, keepdims=True))
backwards = helper.make_graph(
    [node("Tanh", "q", "v"), node("Mul", "u x", "q"), node("Identity", "c", "k")], "body",
    [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("u", None)], [value("k", [], TensorProto.BOOL), value("v", None)],
)
save("order-within", model([node("Neg", "z", "y"), node("Loop", "m _ x", "z", body=backwards)], [x], [value("y", ["N", 3])], m=np.array(2)), X, lambda x: -np.tanh(np.tanh(x * x) * x))

# Outputs that are computed from nothing: the first one that is computed is explained
save("output-handed-on", model(linear, [x], [x, y], w=w), X, layer)
save("output-constant", model([node("Identity", "w", "z"), *linear], [x], [value("z", [3, 2]), y], w=w), X, layer)
save("output-twice", model(linear, [x], [y, y], w=w), X, layer)

# An input of any number of axes
anything = onnx.ValueInfoProto(name="x")
anything.type.tensor_type.elem_type = FLOAT
soft = [node("Softmax", "x", "s", axis=-1), node("Mul", "s b", "t"), node("ReduceSum", "t axes", "y", keepdims=0)]


def weighted(x: np.ndarray) -> np.ndarray:
    e = np.exp(x)
    return (e / e.sum(-1, keepdims=True) * [1, 2, 4]).sum(-1)


for name, at in [("any-rank-two", X), ("any-rank-three", [X, [row[:3] for row in SIX]]), ("any-rank-one", X[0])]:
    save(name, model(soft, [anything], [value("y", None)], b=np.float32([1, 2, 4]), axes=np.array([-1])), at, weighted)

# Sums at places of numbers of 16 bits, which ONNX Runtime has not
halves = [node("Unsqueeze", "x one", "u"), node("MaxPool", "u", "p", kernel_shape=[2]), node("Gather", "p i", "y", axis=2)]
save(
    "half-pool", model(halves, [value("x", ["N", 3], HALF)], [value("y", None, HALF)], one=np.array([1]), i=np.array([1, 0, 1])), X,
    lambda x: np.maximum(x[:, None, :2], x[:, None, 1:])[:, :, [1, 0, 1]],
)

# Names that this library gives to its own values
save(
    "names", model([node("MatMul", "x attribution/cotangent_0", "attribution/lifted_list"), node("Tanh", "attribution/lifted_list", "attribution/gradient_3")], [x], [value("attribution/gradient_3", ["N", 2])], **{"attribution/cotangent_0": w}),
    X, layer,
)

# Two runs of it differ
noise = helper.make_graph(
    [node("RandomNormalLike", "u", "r"), node("Mul", "u r", "v"), node("Identity", "c", "k")], "body",
    [value("i", [], TensorProto.INT64), value("c", [], TensorProto.BOOL), value("u", None)], [value("k", [], TensorProto.BOOL), value("v", None)],
)
ARRAYS["random/model"] = np.frombuffer(model([node("Loop", "m _ x", "y", body=noise)], [x], [value("y", ["N", 3])], m=np.array(2)).SerializeToString(), np.uint8)


def main() -> None:
    np.savez_compressed(HERE / "onnx" / "unusual.npz", **ARRAYS)
    print(len({name.split("/")[0] for name in ARRAYS}), "models")


if __name__ == "__main__":
    main()
