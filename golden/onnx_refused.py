# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/refused.npz: small ONNX models through which no gradient comes back, each for another reason.

    python golden/onnx_refused.py

`CASE/model` is a model from x to y, `CASE/in/x` an input. RefusalsTest says what each of them is refused with.
"""

from pathlib import Path
from typing import Dict

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HERE = Path(__file__).resolve().parent

CONSTANTS = {
    "zero": np.float32(0), "axes": np.array([0, 1]), "one": np.int64(1), "three": np.array(3), "true": np.array(True), "step": np.float32(0.1), "point": np.uint8(128), "two": np.array([0, 1]),
    "sizes": np.array([3, 5]), "rois": np.float32([[0, 0, 1, 1]]), "batch": np.array([0]),
}
BRANCHES = "<then_branch = t () => (float[a,b] p) { p = Sin(x) }, else_branch = e () => (float[a,b] p) { p = Exp(x) }>"
SUM = "s = ReduceSum<keepdims=0>(x, axes)"
CASES = {
    "if_on_value": f"{SUM}; c = Greater(s, zero); y = If(c) {BRANCHES}",
    "if_in_module": f"{SUM}; c = Less(s, zero); h = If(c) {BRANCHES}; y = Neg(h)",
    "loop_until_value": "y = Loop(three, true, x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) { o = Sin(u) s = ReduceSum <keepdims=0> (o, axes) k = Less(s, zero) }>",
    "loop_as_often_as_a_value": f"{SUM}; m = Cast<to=7>(s); y = Loop(m, , x) <body = b (int64 i, bool c, float[a,b] u) => (bool k, float[a,b] o) {{ k = Identity(c) o = Sin(u) }}>",
    "several": "a = Det(x); b = Det(x); u = Unique<axis=0>(x); z = Det(u); m = Mul(a, b); y = Add(m, z)",
    "in_a_branch": "y = If(true) <then_branch = t () => (float p) { p = Det(x) }, else_branch = e () => (float p) { p = ReduceSum <keepdims=0> (x, axes) }>",
    "quantized_arithmetic": "q = QuantizeLinear(x, step, point); m = Max(q, point); d = DequantizeLinear(m, step, point); y = Add(d, x)",
    "quantized_through_a_branch": "q = QuantizeLinear(x, step, point); m = If(true) <then_branch = t () => (uint8[a,b] p) { p = Identity(q) }, else_branch = e () => (uint8[a,b] p) { p = Transpose(q) }>; d = DequantizeLinear(m, step, point); y = Add(d, x)",
    "quantized_in_a_branch": "y = If(true) <then_branch = t () => (float[a,b] p) { q = QuantizeLinear(x, step, point) m = QLinearMatMul(q, step, point, q, step, point, step, point) p = DequantizeLinear(m, step, point) }, else_branch = e () => (float[a,b] p) { p = Neg(x) }>",
    "training_dropout": "y = Dropout(x, , true)",
    "aspect_ratio": "z = Unsqueeze(x, two); y = Resize<mode=\"linear\", keep_aspect_ratio_policy=\"not_larger\", axes=[2,3]>(z, , , sizes)",
    "highest_of_regions": "z = Unsqueeze(x, two); y = RoiAlign<mode=\"max\">(z, rois, batch)",
    "ends_at_argmax": "a = ArgMax(x); y = Cast<to=1>(a)",
    "ends_at_cast": "a = Cast<to=7>(x); b = Cast<to=1>(a); y = Mul(b, b)",
    "ends_at_floor": "a = Floor(x); y = Mul(a, a)",
    "ends_twice": "a = Greater(x, zero); b = Cast<to=1>(a); c = Round(x); y = Mul(b, c)",
}


def main() -> None:
    arrays: Dict[str, np.ndarray] = {}
    for name, text in CASES.items():
        nodes = []
        for i, line in enumerate(text.split("; ")):
            node = onnx.parser.parse_node(line)
            node.name = f"/net/block.{i}/{node.op_type}"
            nodes.append(node)
        used = {i for n in nodes for i in n.input} | set(CONSTANTS)
        graph = helper.make_graph(
            nodes, name, [helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 2])], [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
            [numpy_helper.from_array(np.asarray(value), key) for key, value in CONSTANTS.items() if key in used],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
        arrays[f"{name}/model"] = np.frombuffer(model.SerializeToString(), dtype=np.uint8)
        arrays[f"{name}/in/x"] = np.float32([[1, 2], [4, 3]])
    np.savez_compressed(HERE / "onnx" / "refused.npz", **arrays)
    print(f"{len(CASES)} models")


if __name__ == "__main__":
    main()
