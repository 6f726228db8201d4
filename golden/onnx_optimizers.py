# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/optimizers.npz: small graphs that optimizers of ONNX Runtime crash at, change the numbers of, or take away outputs of.

    python golden/onnx_optimizers.py

`CASE/model` is the file; `CASE/in/NAME` its inputs; `CASE/out/NAME` its outputs as the reference implementation of the onnx package computes them. With --runtime the installed
ONNX Runtime says what it makes of each, in processes of their own, with all of its optimizers.
"""

import subprocess
import sys
from pathlib import Path
from typing import Dict, List, Optional, Sequence, Tuple

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

OUT = Path(__file__).resolve().parent / "onnx" / "optimizers.npz"
F, D, I = TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.INT64
Case = Tuple[onnx.ModelProto, Dict[str, np.ndarray]]
CASES: Dict[str, Case] = {}


def numbers(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).standard_normal(shape).astype(np.float32)


def case(name: str, nodes: Sequence[onnx.NodeProto], inputs: Dict[str, np.ndarray], outputs: Dict[str, int], constants: Dict[str, np.ndarray],
         shapes: Optional[Dict[str, List[object]]] = None) -> None:
    types = {k: helper.np_dtype_to_tensor_dtype(v.dtype) for k, v in inputs.items()}
    declared = [helper.make_tensor_value_info(k, types[k], (shapes or {}).get(k, list(v.shape))) for k, v in inputs.items()]
    kept = [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()]
    given = [helper.make_tensor_value_info(k, t, [None] * inputs["x"].ndim) for k, t in outputs.items()]
    graph = helper.make_graph(list(nodes), name, declared, given, kept)
    CASES[name] = (helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), inputs)


node = helper.make_node

# A Cast between Transpose and MatMul, over an axis of size 1: SIGSEGV at level ALL.
for kind, value in (("int64", np.ones((2, 1, 4), np.int64)), ("float64", numbers(2, 1, 4).astype(np.float64))):
    case(f"cast_of_transposed_{kind}",
         [node("Transpose", ["x"], ["t"], perm=[1, 0, 2]), node("Cast", ["t"], ["c"], to=F), node("MatMul", ["c", "w"], ["y"])],
         {"x": value}, {"y": F}, {"w": numbers(4, 3)}, {"x": ["rows", 1, "width"]})
# The same, and the value between is asked for: it has no producer any more.
case("cast_of_transposed_given",
     [node("Transpose", ["x"], ["t"], perm=[0, 2, 1]), node("Cast", ["t"], ["c"], to=F), node("MatMul", ["c", "w"], ["y"])],
     {"x": np.ones((2, 4, 3), np.int64)}, {"y": F, "c": F}, {"w": numbers(4, 3)}, {"x": ["rows", 4, 3]})
# Zeros around what is pooled become padding, which is lower than everything.
case("pad_before_max_pool",
     [node("Pad", ["x", "p", "z"], ["q"]), node("MaxPool", ["q"], ["y"], kernel_shape=[2, 2], strides=[2, 2])],
     {"x": -np.ones((1, 1, 2, 2), np.float32)}, {"y": F}, {"p": np.array([0, 0, 1, 1, 0, 0, 1, 1]), "z": np.float32(0)})
# Steps are overlooked where axes are left out.
case("steps_without_axes",
     [node("Abs", ["x"], ["a"]), node("Slice", ["a", "s", "e", "", "st"], ["b"]), node("Neg", ["b"], ["y"])],
     {"x": np.arange(6, dtype=np.float32)}, {"y": F}, {"s": np.array([0]), "e": np.array([2**63 - 1]), "st": np.array([2])})
# Nothing, of one.
case("expand_to_nothing",
     [node("Abs", ["x"], ["a"]), node("Expand", ["a", "s"], ["b"]), node("Neg", ["b"], ["y"])],
     {"x": np.ones(1, np.float32)}, {"y": F}, {"s": np.array([0])})
# Zero as float32, but not as float64.
case("small_in_double",
     [node("Neg", ["x"], ["a"]), node("Add", ["a", "k"], ["b"]), node("Neg", ["b"], ["y"])],
     {"x": np.zeros(3)}, {"y": D}, {"k": np.float64(1e-50)})
case("scale_in_double",
     [node("Mul", ["x", "k"], ["a"]), node("MatMul", ["a", "w"], ["y"])],
     {"x": np.ones((2, 3))}, {"y": D}, {"k": np.float64(1 / 3), "w": numbers(3, 2).astype(np.float64)})
# The fused operator normalizes the last axis, whatever this one says.
case("sum_before_layer_norm",
     [node("Add", ["x", "z"], ["a"]), node("LayerNormalization", ["a", "s", "b"], ["y"], axis=-2)],
     {"x": numbers(2, 3, 4), "z": 2 * numbers(2, 3, 4)}, {"y": F}, {"s": np.ones((3, 4), np.float32)[0], "b": np.zeros(4, np.float32)})
# The value between is asked for, as layers are: it has no producer any more.
case("reshaped_before_batch_norm",
     [node("MatMul", ["x", "w"], ["a"]), node("Reshape", ["a", "to"], ["r"]), node("BatchNormalization", ["r", "s", "b", "m", "v"], ["y"])],
     {"x": numbers(2, 3)}, {"y": F, "r": F},
     {"w": numbers(3, 4), "to": np.array([2, 4]), "s": numbers(4), "b": numbers(4), "m": numbers(4), "v": np.abs(numbers(4)) + 1})


def runtime(name: str, level: str) -> str:
    import onnxruntime

    model, inputs = CASES[name]
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    expected = ReferenceEvaluator(model).run(None, inputs)
    found = session.run(None, inputs)
    return "right" if all(a.shape == b.shape and np.allclose(a, b, rtol=1e-6 if a.dtype == np.float32 else 1e-13, atol=0) for a, b in zip(found, expected)) else "WRONG NUMBERS"


def main() -> None:
    if len(sys.argv) > 2:
        print(runtime(sys.argv[2], sys.argv[3]))
        return
    arrays: Dict[str, np.ndarray] = {}
    for name, (model, inputs) in CASES.items():
        onnx.checker.check_model(model, full_check=True)
        arrays[f"{name}/model"] = np.frombuffer(model.SerializeToString(), np.uint8)
        arrays |= {f"{name}/in/{k}": v for k, v in inputs.items()}
        outputs = [o.name for o in model.graph.output]
        arrays |= {f"{name}/out/{k}": np.ascontiguousarray(v) for k, v in zip(outputs, ReferenceEvaluator(model).run(None, inputs))}
    np.savez_compressed(OUT, **arrays)
    print(f"{OUT.name}: {len(CASES)} cases, {OUT.stat().st_size} bytes")
    if "--runtime" in sys.argv:
        for name in CASES:
            for level in ("ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"):
                child = subprocess.run([sys.executable, __file__, "--one", name, level], capture_output=True, text=True)
                print(name, level, "SIGNAL" if child.returncode < 0 else (child.stdout + child.stderr).strip().split("\n")[-1][:120])


if __name__ == "__main__":
    main()
