# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/traits: small ONNX files with what published files have, each with its inputs.

    python golden/onnx_traits.py

NAME.onnx, NAME.npz (inputs), NAME.fixed.npz and NAME.constant.npz (inputs held fixed, and those without examples), NAME.options (of the command line), and
NAME.expected.npz: y, what ONNX Runtime gives for each example alone, scores, the sums of y, and gradient_0, their gradients by the input where there are any
(central differences in float32, or exact).
"""

import shutil
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

FOLDER = Path(__file__).resolve().parent / "onnx" / "traits"
FLOAT, INT64, HALF = TensorProto.FLOAT, TensorProto.INT64, TensorProto.FLOAT16
rng = np.random.default_rng(3)


def random(*shape: int) -> np.ndarray:
    return rng.normal(0, 1, shape).astype(np.float32)


def value(name: str, kind: int, shape: Optional[List[Any]]) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def write(
    name: str,
    nodes: List[onnx.NodeProto],
    inputs: List[onnx.ValueInfoProto],
    outputs: List[onnx.ValueInfoProto],
    weights: Dict[str, np.ndarray],
    given: Dict[str, Dict[str, np.ndarray]],
    **opsets: int,
) -> None:
    tensors = [numpy_helper.from_array(array, key) for key, array in weights.items()]
    graph = helper.make_graph(nodes, name, inputs, outputs, tensors)
    sets = [helper.make_opsetid("" if key == "standard" else key.replace("_", "."), number) for key, number in (opsets or {"standard": 17}).items()]
    model = helper.make_model(graph, opset_imports=sets, ir_version=8)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())
    for ending, arrays in given.items():
        np.savez(FOLDER / f"{name}{ending}.npz", **arrays)
    size = (FOLDER / f"{name}.onnx").stat().st_size
    print(f"{name}: {size} bytes")


def run(name: str, given: Dict[str, np.ndarray], output: str) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(FOLDER / f"{name}.onnx"), providers=["CPUExecutionProvider"])
    return session.run([output], given)[0]


def expect(name: str, y: np.ndarray, d: Optional[np.ndarray] = None) -> None:
    scores = y.reshape(y.shape[0], -1).sum(1, dtype=np.float64)
    np.savez(FOLDER / f"{name}.expected.npz", y=y, scores=scores, **({} if d is None else {"gradient_0": d}))


def linear(count: int, width: int) -> Dict[str, np.ndarray]:
    return {"w": random(width, count), "b": random(count)}


def state() -> None:
    """A step of an LSTM whose state goes in and out, with examples on axis 1, and a rate that is a scalar."""
    width, hidden = 4, 3
    weights = {
        "W": random(1, 4 * hidden, width),
        "R": random(1, 4 * hidden, hidden),
        "B": random(1, 8 * hidden),
        "v": random(hidden, 1),
        "steps": np.array([0], np.int64),
        "first": np.array([0], np.int64),
    }
    nodes = [
        helper.make_node("Cast", ["rate"], ["rate_float"], to=FLOAT),
        helper.make_node("Mul", ["x", "rate_float"], ["scaled"]),
        helper.make_node("Unsqueeze", ["scaled", "steps"], ["sequence"]),
        helper.make_node("LSTM", ["sequence", "W", "R", "B", "", "h", "c"], ["", "hn", "cn"], name="/lstm/LSTM", hidden_size=hidden),
        helper.make_node("Squeeze", ["hn", "first"], ["seen"]),
        helper.make_node("MatMul", ["seen", "v"], ["logit"]),
        helper.make_node("Sigmoid", ["logit"], ["speech"], name="/Sigmoid"),
    ]
    inputs = [value("x", FLOAT, ["N", width]), value("h", FLOAT, [1, "N", hidden]), value("c", FLOAT, [1, "N", hidden]), value("rate", INT64, [])]
    outputs = [value("speech", FLOAT, ["N", 1]), value("hn", FLOAT, [1, "N", hidden]), value("cn", FLOAT, [1, "N", hidden])]
    x, h, c, rate = random(3, width), random(1, 3, hidden), random(1, 3, hidden), np.array(2)
    write("state", nodes, inputs, outputs, weights, {"": {"x": x}, ".fixed": {"h": h, "c": c}, ".constant": {"rate": rate}})
    (FOLDER / "state.options").write_text("--row-axis h=1,c=1\n")
    y = run("state", {"x": x, "h": h, "c": c, "rate": rate}, "speech")
    d = np.zeros_like(x, dtype=np.float64)
    for place in np.ndindex(*x.shape):
        for sign in (1, -1):
            moved = x.copy()
            moved[place] += sign * 0.02
            d[place] += sign * run("state", {"x": moved, "h": h, "c": c, "rate": rate}, "speech").sum(dtype=np.float64) / 0.04
    expect("state", y=y, d=d.astype(np.float32))


def fixed_batch() -> None:
    """One row alone, and exactly three."""
    for name, rows in (("one_row", 1), ("three_rows", 3)):
        weights = linear(2, 5)
        nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["z"], name="/fc/Gemm"), helper.make_node("Relu", ["z"], ["y"], name="/Relu")]
        x = random(3, 5)
        write(name, nodes, [value("x", FLOAT, [rows, 5])], [value("y", FLOAT, [rows, 2])], weights, {"": {"x": x}})
        z = x @ weights["w"] + weights["b"]
        expect(name, y=np.maximum(z, 0), d=((z > 0) @ weights["w"].T).astype(np.float32))


def rows_meet() -> None:
    """Each row less the mean of all rows, as batch norm in training mode has it."""
    weights = linear(2, 5)
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Mul", ["mean", "half"], ["share"]),
        helper.make_node("Sub", ["x", "share"], ["rest"], name="/norm/Sub"),
        helper.make_node("Tanh", ["rest"], ["bent"], name="/Tanh"),
        helper.make_node("Gemm", ["bent", "w", "b"], ["y"], name="/fc/Gemm"),
    ]
    x = random(3, 5)
    write("rows_meet", nodes, [value("x", FLOAT, ["N", 5])], [value("y", FLOAT, ["N", 2])], {**weights, "half": np.array(0.5, np.float32)}, {"": {"x": x}})
    y = np.concatenate([run("rows_meet", {"x": x[i : i + 1]}, "y") for i in range(3)])
    slope = 1 - np.tanh(0.5 * x.astype(np.float64)) ** 2
    expect("rows_meet", y=y, d=(0.5 * slope * weights["w"].sum(1)).astype(np.float32))


def half() -> None:
    """Takes and gives float16."""
    weights = {key: array.astype(np.float16) for key, array in linear(2, 5).items()}
    nodes = [helper.make_node("Gemm", ["x", "w", "b"], ["z"], name="/fc/Gemm"), helper.make_node("Tanh", ["z"], ["y"], name="/Tanh")]
    x = random(3, 5)
    write("half", nodes, [value("x", HALF, ["N", 5])], [value("y", HALF, ["N", 2])], weights, {"": {"x": x}})
    w = weights["w"].astype(np.float64)
    z = x.astype(np.float16).astype(np.float64) @ w + weights["b"]
    (FOLDER / "half.options").write_text("--dtype float32\n")
    expect("half", y=np.tanh(z).astype(np.float32), d=((1 - np.tanh(z) ** 2) @ w.T).astype(np.float32))


def maps() -> None:
    """A linear classifier as scikit-learn's converter writes it: classes, and a list of maps from class to probability."""
    nodes = [
        helper.make_node(
            "LinearClassifier",
            ["x"],
            ["label", "raw"],
            name="classifier",
            domain="ai.onnx.ml",
            classlabels_ints=[0, 1, 2],
            coefficients=[float(v) for v in random(12)],
            intercepts=[float(v) for v in random(3)],
            post_transform="SOFTMAX",
        ),
        helper.make_node("Normalizer", ["raw"], ["scores"], domain="ai.onnx.ml", norm="L1"),
        helper.make_node("ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", classlabels_int64s=[0, 1, 2]),
    ]
    kind = helper.make_sequence_type_proto(helper.make_map_type_proto(INT64, helper.make_tensor_type_proto(FLOAT, [])))
    x = random(3, 4)
    outputs = [value("label", INT64, ["N"]), helper.make_value_info("probabilities", kind)]
    write("maps", nodes, [value("x", FLOAT, ["N", 4])], outputs, {}, {"": {"x": x}}, ai_onnx_ml=1)
    (FOLDER / "maps.options").write_text("--output scores\n")
    expect("maps", y=np.array([[row[c] for c in range(3)] for row in run("maps", {"x": x}, "probabilities")], np.float32))


def sequence() -> None:
    """Gives a list of tensors, and one tensor."""
    nodes = [
        helper.make_node("Tanh", ["x"], ["y"], name="/Tanh"),
        helper.make_node("SplitToSequence", ["y"], ["parts"], axis=1, keepdims=1),
    ]
    x = random(2, 3)
    outputs = [helper.make_value_info("parts", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None))), value("y", FLOAT, ["N", 3])]
    write("sequence", nodes, [value("x", FLOAT, ["N", 3])], outputs, {}, {"": {"x": x}})
    (FOLDER / "sequence.options").write_text("--output y\n")
    expect("sequence", y=np.tanh(x), d=(1 - np.tanh(x) ** 2).astype(np.float32))


def rows_inside() -> None:
    """Inside, examples are on axis 1: time comes first, as recurrent layers have it."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["turned"], name="/Transpose", perm=[1, 0, 2]),
        helper.make_node("MatMul", ["turned", "w"], ["mixed"], name="/mix/MatMul"),
        helper.make_node("Tanh", ["mixed"], ["bent"], name="/Tanh"),
        helper.make_node("ReduceMean", ["bent"], ["y"], name="/ReduceMean", axes=[0], keepdims=0),
    ]
    x, w = random(3, 4, 5), random(5, 2)
    write("rows_inside", nodes, [value("x", FLOAT, ["N", 4, 5])], [value("y", FLOAT, ["N", 2])], {"w": w}, {"": {"x": x}})
    bent = np.tanh(x.astype(np.float64) @ w)
    expect("rows_inside", y=bent.mean(1).astype(np.float32), d=((1 - bent**2) / 4 @ w.T).astype(np.float32))


def moving_bounds() -> None:
    """Spectra are cut at a distance below their largest number."""
    nodes = [
        helper.make_node("Mul", ["x", "x"], ["power"]),
        helper.make_node("ReduceMax", ["power"], ["peak"], axes=[1], keepdims=1),
        helper.make_node("ReduceMax", ["peak"], ["top"], keepdims=0),
        helper.make_node("Sub", ["top", "range"], ["floor"], name="/floor/Sub"),
        helper.make_node("Mul", ["top", "part"], ["ceiling"], name="/ceiling/Mul"),
        helper.make_node("Clip", ["power", "floor", "ceiling"], ["y"], name="/Clip"),
    ]
    x = np.array([[0.3, -1.2, 2.0, 0.9, 1.9]], np.float32)
    weights = {"range": np.array(3.2, np.float32), "part": np.array(0.875, np.float32)}
    write("moving_bounds", nodes, [value("x", FLOAT, ["N", 5])], [value("y", FLOAT, ["N", 5])], weights, {"": {"x": x}})
    # The element below the floor, and the two above the ceiling, follow the largest one: 4 + 2 * 0.875 * 4.
    expect("moving_bounds", y=run("moving_bounds", {"x": x}, "y"), d=np.array([[0, -2.4, 11, 1.8, 0]], np.float32))


def nested_choices() -> None:
    """A choice within a choice, both by an input that is not attributed."""

    def branch(name: str, nodes: List[onnx.NodeProto], output: str) -> onnx.GraphProto:
        return helper.make_graph(nodes, name, [], [value(output, FLOAT, None)])

    def inner(name: str, factor: str) -> onnx.NodeProto:
        return helper.make_node(
            "If",
            ["fast"],
            [f"{name}_y"],
            name=f"{name}_If",
            then_branch=branch(f"{name}_then", [helper.make_node("Mul", ["bent", factor], ["then_y"]), helper.make_node("Exp", ["then_y"], ["then_z"])], "then_z"),
            else_branch=branch(f"{name}_else", [helper.make_node("Mul", ["bent", factor], ["else_y"])], "else_y"),
        )

    outer = helper.make_node(
        "If",
        ["fast"],
        ["y"],
        name="outer_If",
        then_branch=branch("outer_then", [helper.make_node("Tanh", ["x"], ["bent"]), inner("a", "two")], "a_y"),
        else_branch=branch("outer_else", [helper.make_node("Sigmoid", ["x"], ["bent"]), inner("b", "three")], "b_y"),
    )
    nodes = [helper.make_node("Equal", ["rate", "known"], ["fast"]), outer]
    x, rate = random(2, 4), np.array(16)
    weights = {"two": np.array(2, np.float32), "three": np.array(3, np.float32), "known": np.array(16, np.int64)}
    inputs = [value("x", FLOAT, ["N", 4]), value("rate", INT64, [])]
    write("nested_choices", nodes, inputs, [value("y", FLOAT, ["N", 4])], weights, {"": {"x": x}, ".constant": {"rate": rate}})
    tanh = np.tanh(x.astype(np.float64))
    y = np.exp(2 * tanh)
    expect("nested_choices", y=y.astype(np.float32), d=(y * 2 * (1 - tanh**2)).astype(np.float32))


def table_of_integers() -> None:
    """Categories as int64 in a table, and a number beside them."""
    nodes = [
        helper.make_node("Gather", ["table", "kind"], ["vectors"], name="/embed/Gather"),
        helper.make_node("ReduceSum", ["vectors", "axis"], ["y"], name="/ReduceSum", keepdims=0),
    ]
    kind, table = rng.integers(0, 4, (3, 2)), random(4, 2)
    write("categories", nodes, [value("kind", INT64, ["N", 2])], [value("y", FLOAT, ["N", 2])], {"table": table, "axis": np.array([1], np.int64)}, {"": {"kind": kind}})
    expect("categories", y=table[kind].sum(1))


def main() -> None:
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    for trait in (state, fixed_batch, rows_meet, half, maps, sequence, rows_inside, moving_bounds, nested_choices, table_of_integers):
        trait()


if __name__ == "__main__":
    main()
