# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/weights.npz: for the models of operators.npz whose nodes read weights, the gradients by these weights.

    python golden/onnx_weights.py            writes
    python golden/onnx_weights.py --check    computes again and compares

Arrays: `CASE/d/WEIGHT`, for the cotangent `CASE/g` of operators.npz. The oracle is a difference over four points around each element of a weight, in float64: of what
the case says the nodes are in PyTorch, or else of ONNX's reference evaluator. The points are those that the float32 array of the weight can hold.
"""

import zlib
from pathlib import Path
from typing import Any, Callable, Dict, List

import numpy as np
import torch
from onnx.reference import ReferenceEvaluator

import onnx_control_cases
import onnx_edge_cases
import onnx_rare_cases
import onnx_together_cases
import stored
from onnx_coverage import nodes
from onnx_operator_cases import CASES, Case
from onnx_operators import model_of

HERE = Path(__file__).resolve().parent
STEP = 2.0**-14
# Floats that say how to compute, or were counted and not learned.
SETTINGS = {"Resize", "Upsample", "Pad", "Clip", "OneHot", "Range", "ConstantOfShape", "Dropout", "STFT", "RotaryEmbedding", "CastLike"}
assert onnx_control_cases.ADDED and onnx_edge_cases.ADDED and onnx_rare_cases.ADDED and onnx_together_cases.ADDED


def weights_of(c: Case) -> List[str]:
    found = []
    for name in c.constants:
        reads = [(n.op_type, list(n.input).index(name)) for n in nodes(model_of(c, False, False).graph) if name in n.input]
        if c.values[name].dtype != np.float32 or not c.values[name].ndim or not c.values[name].size:
            continue
        if all(op not in SETTINGS and (op != "BatchNormalization" or at < 3) for op, at in reads):
            found.append(name)
    return found


def result_of(c: Case, name: str, g: np.ndarray) -> Callable[[], float]:
    """The product of the output and the cotangent, as a function of the elements that the array of the weight has when it is called."""
    wide = lambda array: array.astype(np.float64) if array.dtype == np.float32 else array
    if c.torch:
        keyword = c.torch.__code__.co_kwonlyargcount if hasattr(c.torch, "__code__") else 0

        def by_torch() -> float:
            values = {n: torch.tensor(wide(v)) for n, v in c.values.items()}
            leaves = [values[n] for n in c.attributed]
            y = c.torch(*leaves, **{n: v for n, v in values.items() if n not in c.attributed}) if keyword else c.torch(*values.values())
            return float((y.detach() * torch.tensor(wide(g))).sum())

        return by_torch
    open_weight = Case(**{**c.__dict__, "constants": [n for n in c.constants if n != name]})
    evaluator = ReferenceEvaluator(model_of(open_weight, True, False))
    return lambda: float(np.sum(evaluator.run(["y"], {n: wide(v) for n, v in c.values.items() if n not in open_weight.constants})[0] * wide(g)))


def slope(result: Callable[[], float], array: np.ndarray, at: Any) -> float:
    before = array[at]
    steps, values = [], []
    for step in (-2 * STEP, -STEP, STEP, 2 * STEP):
        array[at] = before + np.float32(step)
        steps.append(float(array[at]) - float(before))
        values.append(result())
    array[at] = before
    powers = np.vander(np.array(steps) / STEP, 4, increasing=True).T
    return float(np.linalg.solve(powers, [0, 1, 0, 0]) @ np.array(values)) / STEP


def compute() -> Dict[str, np.ndarray]:
    arrays: Dict[str, np.ndarray] = {}
    for c in CASES:
        if c.linear:
            continue
        for name in weights_of(c):
            shape = SHAPES[f"{c.name}/g"]
            g = np.random.default_rng(zlib.crc32(c.name.encode())).standard_normal(shape).astype(np.float32)
            result = result_of(c, name, g)
            array = c.values[name]
            arrays[f"{c.name}/d/{name}"] = np.array([slope(result, array, at) for at in np.ndindex(*array.shape)]).reshape(array.shape).astype(np.float32)
    return arrays


if __name__ == "__main__":
    with np.load(HERE / "onnx" / "operators.npz") as written:
        SHAPES = {n: written[n].shape for n in written.files if n.endswith("/g")}
    stored.keep(HERE / "onnx" / "weights.npz", compute(), 1e-6)
