# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/odd.npz: small ONNX models that are no networks of floats with an open batch, or none at all, each as bytes under its name, and what some of them compute.

    python golden/onnx_odd.py

All are written by hand with onnx.helper: no exporter writes all of this, and every one is met in the wild.
"""

from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
FLOAT, HALF, DOUBLE, INT64 = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE, TensorProto.INT64
MODELS: Dict[str, onnx.ModelProto] = {}
random = np.random.default_rng(3)


def value(name: str, kind: int, shape: Optional[List[Any]]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def weight(name: str, *shape: int, kind: Any = np.float32) -> onnx.TensorProto:
    return numpy_helper.from_array(random.standard_normal(shape).astype(kind), name)


def model(name: str, nodes: List[onnx.NodeProto], inputs: List[Any], outputs: List[Any], weights: List[Any] = [], opset: int = 18, ir: int = 9, domains: Dict[str, int] = {}) -> None:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, weights)
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(domain, version) for domain, version in domains.items()]
    made = helper.make_model(graph, opset_imports=opsets, producer_name="by hand")
    made.ir_version = ir
    MODELS[name] = made


def node(kind: str, inputs: List[str], outputs: List[str], domain: str = "", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, outputs, name="node_" + outputs[0], domain=domain, **attributes)


x, y = value("x", FLOAT, ["N", 3]), value("y", FLOAT, ["N", 2])
linear = [node("MatMul", ["x", "w"], ["h"]), node("Tanh", ["h"], ["y"])]

# Versions and domains
model("newer-ir", linear, [x], [y], [weight("w", 3, 2)], ir=999)
model("newer-opset", linear, [x], [y], [weight("w", 3, 2)], opset=999)
model("newer-ml-opset", linear, [x], [y], [weight("w", 3, 2)], domains={"ai.onnx.ml": 99})
model("no-opset", linear, [x], [y], [weight("w", 3, 2)])
del MODELS["no-opset"].opset_import[:]
model("unknown-operator", [node("MatMul", ["x", "w"], ["h"]), node("Swoosh", ["h"], ["y"])], [x], [y], [weight("w", 3, 2)])
model("unknown-domain", [node("MatMul", ["x", "w"], ["h"]), node("Swoosh", ["h"], ["y"], domain="com.example")], [x], [y], [weight("w", 3, 2)], domains={"com.example": 1})
model("undeclared-domain", [node("MatMul", ["x", "w"], ["h"]), node("Swoosh", ["h"], ["y"], domain="com.example")], [x], [y], [weight("w", 3, 2)])

# Graphs
model("empty", [], [], [])
model("no-output", linear, [x], [], [weight("w", 3, 2)])
model("no-input", [node("Identity", ["w"], ["y"])], [], [value("y", FLOAT, [3, 2])], [weight("w", 3, 2)])
model("missing-value", [node("MatMul", ["x", "nowhere"], ["y"])], [x], [y])
model("output-not-made", linear, [x], [value("z", FLOAT, ["N", 2])], [weight("w", 3, 2)])

# Outputs that are no tensors
labels = dict(classlabels_ints=[0, 1], coefficients=[float(c) for c in random.standard_normal(6)], intercepts=[0.1, -0.2], post_transform="SOFTMAX", multi_class=0)
sequence_of_maps = onnx.ValueInfoProto(name="output_probability", type=helper.make_sequence_type_proto(helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, None))))
model(
    "zipmap",
    [node("LinearClassifier", ["x"], ["output_label", "probabilities"], "ai.onnx.ml", **labels), node("ZipMap", ["probabilities"], ["output_probability"], "ai.onnx.ml", classlabels_int64s=[0, 1])],
    [x],
    [value("output_label", INT64, ["N"]), sequence_of_maps],
    domains={"ai.onnx.ml": 3},
)
model(
    "classifier",
    [node("LinearClassifier", ["x"], ["label", "probabilities"], "ai.onnx.ml", **labels)],
    [x],
    [value("label", INT64, ["N"]), value("probabilities", FLOAT, ["N", 2])],
    domains={"ai.onnx.ml": 3},
)
sequence = onnx.ValueInfoProto(name="pieces", type=helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None)))
model("sequence-output", linear + [node("SplitToSequence", ["y"], ["pieces"], axis=1)], [x], [sequence], [weight("w", 3, 2)])
model("sequence-input", [node("ConcatFromSequence", ["pieces"], ["y"], axis=1)], [sequence], [y])
model(
    "text-input",
    [node("LabelEncoder", ["x"], ["f"], "ai.onnx.ml", keys_strings=["no", "yes"], values_floats=[0.0, 1.0]), node("MatMul", ["f", "w"], ["h"]), node("Tanh", ["h"], ["y"])],
    [value("x", TensorProto.STRING, ["N", 3])],
    [y],
    [weight("w", 3, 2)],
    domains={"ai.onnx.ml": 3},
)

# Training
model("batch-norm-in-training", [node("BatchNormalization", ["x", "s", "b", "m", "v"], ["y", "m2", "v2"], training_mode=1)], [value("x", FLOAT, ["N", 3])], [value("y", FLOAT, ["N", 3])], [numpy_helper.from_array(np.ones(3, np.float32), name) for name in ("s", "b", "m", "v")])
model("dropout-in-training", linear[:1] + [node("Dropout", ["h", "ratio", "training"], ["y"])], [x], [y], [weight("w", 3, 2), numpy_helper.from_array(np.float32(0.5), "ratio"), numpy_helper.from_array(np.bool_(True), "training")])

# Sizes
one, two = value("x", FLOAT, [1, 3]), value("x", FLOAT, [2, 3])
model("batch-of-one", linear, [one], [value("y", FLOAT, [1, 2])], [weight("w", 3, 2)])
model("batch-of-two", linear, [two], [value("y", FLOAT, [2, 2])], [weight("w", 3, 2)])
model("reshaped-to-one", [node("MatMul", ["x", "w"], ["h"]), node("Reshape", ["h", "one"], ["y"])], [x], [value("y", FLOAT, None)], [weight("w", 3, 2), numpy_helper.from_array(np.array([1, -1]), "one")])
model("without-rows", [node("MatMul", ["x", "w"], ["h"]), node("Tanh", ["h"], ["t"]), node("MatMul", ["t", "v"], ["y"])], [value("x", FLOAT, [4, 3])], [value("y", FLOAT, [4, 2])], [weight("w", 3, 5), weight("v", 5, 2)])
model(
    "rows-change-each-other",
    [node("MatMul", ["x", "w"], ["h"]), node("ReduceMean", ["h", "zero"], ["m"], keepdims=1), node("Sub", ["h", "m"], ["c"]), node("Tanh", ["c"], ["y"])],
    [x],
    [y],
    [weight("w", 3, 2), numpy_helper.from_array(np.array([0]), "zero")],
)
model(
    "dynamic-quantization",
    [
        node("DynamicQuantizeLinear", ["x"], ["q", "scale", "zero"]),
        node("DequantizeLinear", ["q", "scale", "zero"], ["d"]),
        node("MatMul", ["d", "w"], ["h"]),
        node("Tanh", ["h"], ["y"]),
    ],
    [x],
    [y],
    [weight("w", 3, 2)],
)
model(
    "state",
    [
        node("GRU", ["x", "w", "r", "", "", "h0"], ["all", "h1"], hidden_size=4),
        node("Squeeze", ["h1", "zero"], ["last"]),
        node("MatMul", ["last", "v"], ["y"]),
    ],
    [value("x", FLOAT, ["T", "N", 3]), value("h0", FLOAT, [1, "N", 4])],
    [value("y", FLOAT, ["N", 2]), value("h1", FLOAT, [1, "N", 4])],
    [weight("w", 1, 12, 3), weight("r", 1, 12, 4), weight("v", 4, 2), numpy_helper.from_array(np.array([0]), "zero")],
)
model("random", linear[:1] + [node("RandomNormalLike", ["h"], ["noise"]), node("Add", ["h", "noise"], ["y"])], [x], [y], [weight("w", 3, 2)])

# Types
model("half", [node("MatMul", ["x", "w"], ["h"]), node("Tanh", ["h"], ["y"])], [value("x", HALF, ["N", 3])], [value("y", HALF, ["N", 2])], [weight("w", 3, 2, kind=np.float16)])
model(
    "half-inside",
    [node("Cast", ["x"], ["x16"], to=HALF), node("MatMul", ["x16", "w"], ["h"]), node("Tanh", ["h"], ["t"]), node("Cast", ["t"], ["y"], to=FLOAT)],
    [x],
    [y],
    [weight("w", 3, 2, kind=np.float16)],
)
model("double", linear, [value("x", DOUBLE, ["N", 3])], [value("y", DOUBLE, ["N", 2])], [weight("w", 3, 2, kind=np.float64)])
model("bytes", [node("Cast", ["x"], ["f"], to=FLOAT), node("MatMul", ["f", "w"], ["h"]), node("Tanh", ["h"], ["y"])], [value("x", TensorProto.UINT8, ["N", 3])], [y], [weight("w", 3, 2)])
model("int8", [node("Cast", ["x"], ["f"], to=FLOAT), node("MatMul", ["f", "w"], ["h"]), node("Tanh", ["h"], ["y"])], [value("x", TensorProto.INT8, ["N", 3])], [y], [weight("w", 3, 2)])
model("lookup", [node("Gather", ["table", "ids"], ["e"]), node("ReduceMean", ["e", "one"], ["m"], keepdims=0), node("Tanh", ["m"], ["y"])], [value("ids", INT64, ["N", "L"])], [value("y", FLOAT, ["N", 5])], [weight("table", 11, 5), numpy_helper.from_array(np.array([1]), "one")])
model("brain-float", [node("Cast", ["x"], ["f"], to=FLOAT), node("MatMul", ["f", "w"], ["h"]), node("Tanh", ["h"], ["y"])], [value("x", TensorProto.BFLOAT16, ["N", 3])], [y], [weight("w", 3, 2)])
model("integer-output", linear + [node("ArgMax", ["y"], ["label"], axis=1, keepdims=0)], [x], [value("label", INT64, ["N"]), y], [weight("w", 3, 2)])


X = np.array([[0.5, -1, 2], [1, 0.25, -0.5]])  # the same in 16 bits
WHOLE = np.array([[1, 2, 3], [4, 0, 1]])


def expected(name: str) -> Dict[str, np.ndarray]:
    """x, y = tanh(x w) and the gradient of the sum of y, in float64 of the weights as they are."""
    w = numpy_helper.to_array(next(weight for weight in MODELS[name].graph.initializer if weight.name == "w")).astype(np.float64)
    kind = MODELS[name].graph.input[0].type.tensor_type.elem_type
    at = X if kind in (FLOAT, HALF, DOUBLE, TensorProto.BFLOAT16) else WHOLE
    y = np.tanh(at @ w)
    return {f"expected/{name}/x": at, f"expected/{name}/y": y, f"expected/{name}/d": (1 - y**2) @ w.T}


def main() -> None:
    arrays = {name: np.frombuffer(made.SerializeToString(), np.uint8) for name, made in MODELS.items()}
    for name in ("half", "half-inside", "double", "brain-float", "bytes", "int8", "batch-of-one", "batch-of-two"):
        arrays.update(expected(name))
    np.savez_compressed(HERE / "onnx" / "odd.npz", **arrays)
    print(len(MODELS), "models")


if __name__ == "__main__":
    main()
