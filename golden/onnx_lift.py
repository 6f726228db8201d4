# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/lifted.npz: one operator at a time in the words of old opsets, 7 to 12, with what ONNX Runtime computes of them.

    python golden/onnx_lift.py

Arrays of a case NAME@OPSET: /model (its bytes), /x (what it is given), /y (what it gives), /d (the gradient of the sum of y * y by x, by central
differences in steps that the runtime's float32 resolves; none where the operator is a step).
"""

from pathlib import Path
from typing import Any, Dict, List, Tuple

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent
IMAGE = (2, 3, 4, 6)
TABLE = (3, 5)
STEP = 0.05
# Operator, opset, shape of x, attributes, further inputs.
Case = Tuple[str, int, Tuple[int, ...], Dict[str, Any], List[np.ndarray]]


def floats(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


CASES: Dict[str, Case] = {
    "slice": ("Slice", 9, IMAGE, {"starts": [1, -4], "ends": [3, 100], "axes": [1, 3]}, []),
    "slice_all": ("Slice", 7, IMAGE, {"starts": [0, 1, 1, 2], "ends": [2, 2, 4, 5]}, []),
    "top_k": ("TopK", 9, TABLE, {"k": 2}, []),
    "top_k_axis": ("TopK", 7, IMAGE, {"k": 2, "axis": 1}, []),
    "clip": ("Clip", 10, TABLE, {"min": -0.5, "max": 0.7}, []),
    "clip_low": ("Clip", 7, TABLE, {"min": 0.1}, []),
    "clip_none": ("Clip", 9, TABLE, {}, []),
    "pad": ("Pad", 10, IMAGE, {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "value": 0.3}, []),
    "pad_zeros": ("Pad", 7, IMAGE, {"pads": [0, 1, 1, 0, 0, 0, 0, 1]}, []),
    "pad_reflect": ("Pad", 9, IMAGE, {"pads": [0, 0, 1, 2, 0, 0, 0, 1], "mode": "reflect"}, []),
    "pad_cut": ("Pad", 9, IMAGE, {"pads": [0, 0, -1, 0, 0, 0, 0, -2]}, []),
    "dropout": ("Dropout", 7, TABLE, {"ratio": 0.4}, []),
    "dropout_10": ("Dropout", 10, TABLE, {"ratio": 0.4}, []),
    "upsample": ("Upsample", 7, IMAGE, {"scales": [1.0, 1.0, 2.0, 3.0], "mode": "nearest"}, []),
    "upsample_linear": ("Upsample", 7, IMAGE, {"scales": [1.0, 1.0, 2.0, 1.5], "mode": "linear"}, []),
    "upsample_input": ("Upsample", 9, IMAGE, {}, [floats(1, 1, 2.5, 2)]),
    "resize": ("Resize", 10, IMAGE, {"mode": "nearest"}, [floats(1, 1, 1.5, 2)]),
    "resize_smaller": ("Resize", 10, IMAGE, {"mode": "nearest"}, [floats(1, 1, 0.5, 0.6)]),
    "resize_linear": ("Resize", 10, IMAGE, {"mode": "linear"}, [floats(1, 1, 1.5, 0.5)]),
    "softmax": ("Softmax", 7, TABLE, {}, []),
    "softmax_image": ("Softmax", 11, IMAGE, {}, []),
    "softmax_axis": ("Softmax", 12, IMAGE, {"axis": 2}, []),
    "softmax_last": ("Softmax", 12, IMAGE, {"axis": -1}, []),
    "log_softmax": ("LogSoftmax", 9, IMAGE, {"axis": 1}, []),
    "hardmax": ("Hardmax", 11, IMAGE, {}, []),
    "squeeze": ("Squeeze", 11, (2, 1, 3, 1), {"axes": [1, 3]}, []),
    "squeeze_all": ("Squeeze", 9, (2, 1, 3, 1), {}, []),
    "unsqueeze": ("Unsqueeze", 12, TABLE, {"axes": [0, 2]}, []),
    "split": ("Split", 11, IMAGE, {"axis": 3, "split": [1, 5]}, []),
    "split_equal": ("Split", 7, IMAGE, {"axis": 3}, []),
    "reduce_sum": ("ReduceSum", 11, IMAGE, {"axes": [1, 3], "keepdims": 0}, []),
    "reduce_sum_all": ("ReduceSum", 7, IMAGE, {}, []),
    "reduce_mean": ("ReduceMean", 11, IMAGE, {"axes": [-1]}, []),
    "reduce_max": ("ReduceMax", 12, IMAGE, {"axes": [2], "keepdims": 0}, []),
    "reduce_log_sum_exp": ("ReduceLogSumExp", 8, IMAGE, {"axes": [1]}, []),
    "batch_norm": ("BatchNormalization", 7, IMAGE, {"spatial": 1, "epsilon": 0.01}, [floats(1, 0.5, 2), floats(0.1, 0, -1), floats(0, 0.3, 1), floats(1, 2, 0.5)]),
    "batch_norm_9": ("BatchNormalization", 9, IMAGE, {}, [floats(1, 0.5, 2), floats(0.1, 0, -1), floats(0, 0.3, 1), floats(1, 2, 0.5)]),
    "average_pool": ("AveragePool", 7, IMAGE, {"kernel_shape": [2, 3], "pads": [0, 1, 1, 1]}, []),
    "max_pool": ("MaxPool", 8, IMAGE, {"kernel_shape": [2, 2], "strides": [2, 2]}, []),
    "flatten": ("Flatten", 8, IMAGE, {"axis": 2}, []),
    "arg_max": ("ArgMax", 9, TABLE, {"axis": 1, "keepdims": 0}, []),
    "gather": ("Gather", 9, TABLE, {"axis": 1}, [np.array([0, 3, 3], np.int64)]),
    "scatter": ("Scatter", 9, TABLE, {"axis": 1}, [np.array([[1], [0], [4]], np.int64), floats(9, 8, 7).reshape(3, 1)]),
}
STEPS = {"arg_max", "hardmax"}


def model(case: Case, outputs: int, constants: bool) -> onnx.ModelProto:
    """One node; further inputs are initializers or nodes."""
    operator, opset, shape, attributes, more = case
    names = [f"k{i}" for i in range(len(more))]
    results = ["y"] + [f"unused{i}" for i in range(1, outputs)]
    nodes = [helper.make_node(operator, ["x", *names], results, name="old", **attributes)]
    tensors = [numpy_helper.from_array(value, name) for value, name in zip(more, names)]
    if constants:
        nodes = [helper.make_node("Constant", [], [t.name], value=t) for t in tensors] + nodes
        tensors = []
    open_shape = ["N", *shape[1:]] if operator not in ("Slice", "Pad", "Upsample", "Resize", "Squeeze") else list(shape)
    graph = helper.make_graph(
        nodes,
        "lifted",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, open_shape)],
        [onnx.ValueInfoProto(name="y")],
        tensors,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=4)


def main() -> None:
    arrays: Dict[str, np.ndarray] = {}
    for number, (name, case) in enumerate(CASES.items()):
        operator, opset, shape = case[:3]
        outputs = {"TopK": 2, "Split": 2, "Dropout": 2}.get(operator, 1)
        raw = model(case, outputs, number % 2 == 1).SerializeToString()
        session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
        rng = np.random.default_rng(number)
        # Distances between elements are larger than the steps, so that no step changes which is the largest or which is cut.
        x = (rng.permutation(int(np.prod(shape))).reshape(shape) / np.prod(shape) * 3 - 1.43).astype(np.float32)
        y = session.run(["y"], {"x": x})[0]
        key = f"{name}@{opset}"
        arrays[f"{key}/model"] = np.frombuffer(raw, np.uint8)
        arrays[f"{key}/x"], arrays[f"{key}/y"] = x, y
        if name not in STEPS:
            step = min(STEP, 0.3 / np.prod(shape) * 3)
            gradient = np.zeros(shape)
            for place in np.ndindex(*shape):
                scores = []
                for sign in (1, -1):
                    moved = x.copy()
                    moved[place] += sign * step
                    scores.append((session.run(["y"], {"x": moved})[0].astype(np.float64) ** 2).sum() / (2 * sign * step))
                gradient[place] = sum(scores)
            arrays[f"{key}/d"] = gradient.astype(np.float32)
        print(f"{key}: {len(raw)} bytes, y {y.shape} {y.dtype}")
    np.savez_compressed(HERE / "onnx" / "lifted.npz", **arrays)


if __name__ == "__main__":
    main()
