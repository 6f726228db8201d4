# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/operators.npz: small ONNX models, one for each operator and combination of its attributes, with the gradients of their inputs.

    python golden/onnx_operators.py            writes
    python golden/onnx_operators.py --check    computes again and compares, and says what no case exercises

Each case is a line of nodes in ONNX's text form, from inputs to y. Its oracle computes in float64: either PyTorch's autograd, where the line of the case says
what the nodes are in PyTorch, or central differences of ONNX's reference evaluator; ONNX Runtime has to agree with both about y. There are two models of each
case: all sizes fixed, and all sizes of what is given open. README.md describes the arrays.
"""

import sys
import zlib
from pathlib import Path
from typing import Any, Dict

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import onnx_control_cases
import onnx_coverage
import onnx_edge_cases
import onnx_rare_cases
import onnx_together_cases
from onnx_operator_cases import CASES, Case

HERE = Path(__file__).resolve().parent
STEP = 1e-5
assert onnx_control_cases.ADDED and onnx_edge_cases.ADDED and onnx_rare_cases.ADDED and onnx_together_cases.ADDED


def model_of(c: Case, double: bool, open_sizes: bool) -> onnx.ModelProto:
    def typed(array: np.ndarray) -> np.ndarray:
        return array.astype(np.float64) if double and array.dtype == np.float32 else array

    inputs = []
    for name, array in c.values.items():
        if name not in c.constants:
            kind = helper.np_dtype_to_tensor_dtype(typed(array).dtype)
            open_here = open_sizes and name not in c.fixed
            shape = [f"{name}_{i}" if open_here else size for i, size in enumerate(array.shape)]
            inputs.append(helper.make_tensor_value_info(name, kind, shape))
    nodes = []
    for i, text in enumerate(c.nodes.split(";")):
        node = onnx.parser.parse_node(text.strip())
        node.name = f"/{c.name}/{node.op_type}_{i}"
        if double and node.op_type == "Cast":
            node.attribute[0].i = TensorProto.DOUBLE
        nodes.append(node)
    output = helper.make_tensor_value_info("y", TensorProto.DOUBLE if double else TensorProto.FLOAT, None)
    initializers = [numpy_helper.from_array(np.asarray(typed(c.values[name])), name) for name in c.constants]
    graph = helper.make_graph(nodes, c.name, inputs, [output], initializers)
    functions = [onnx.parser.parse_function(text) for text in c.functions]
    domains = [helper.make_opsetid("", c.opset)] + [helper.make_opsetid(domain, 1) for domain in sorted({f.domain for f in functions})]
    return helper.make_model(graph, opset_imports=domains, ir_version=10, functions=functions)


def by_torch(c: Case, g: np.ndarray) -> Any:
    values = {name: torch.tensor(v) for name, v in c.values.items()}
    values = {name: v.double() if v.is_floating_point() else v for name, v in values.items()}
    leaves = [values[name].requires_grad_() for name in c.attributed]
    keyword = c.torch.__code__.co_kwonlyargcount if hasattr(c.torch, "__code__") else 0
    if keyword:
        rest = {k: v for k, v in values.items() if k not in c.attributed}
        y = c.torch(*leaves, **rest)
    else:
        y = c.torch(*values.values())
    gradients = torch.autograd.grad((y * torch.tensor(g).double()).sum(), leaves, allow_unused=True)
    return y.detach().numpy(), [np.zeros(v.shape) if d is None else d.numpy() for v, d in zip(leaves, gradients)]


def by_differences(c: Case, g: np.ndarray) -> Any:
    evaluator = ReferenceEvaluator(model_of(c, True, False))
    given = {n: v.astype(np.float64) if v.dtype == np.float32 else v for n, v in c.values.items() if n not in c.constants}
    y = evaluator.run(["y"], given)[0]
    gradients = []
    for name in c.attributed:
        gradient = np.zeros(given[name].shape)
        for at in np.ndindex(*gradient.shape):
            sides = []
            for step in (STEP, -STEP):
                moved = given[name].copy()
                moved[at] += step
                sides.append(np.sum(evaluator.run(["y"], {**given, name: moved})[0] * g))
            gradient[at] = (sides[0] - sides[1]) / (2 * STEP)
        gradients.append(gradient)
    return y, gradients


def by_units(c: Case, session: onnxruntime.InferenceSession, given: Dict[str, np.ndarray], g: np.ndarray) -> Any:
    """Of what is linear, each unit vector's result less that of zeros is a column of the Jacobian."""
    gradients = []
    for name in c.attributed:
        zeros = np.zeros_like(given[name])
        start = session.run(["y"], {**given, name: zeros})[0].astype(np.float64)
        gradient = np.zeros(zeros.shape)
        for at in np.ndindex(*zeros.shape):
            unit = zeros.copy()
            unit[at] = 1
            gradient[at] = np.sum((session.run(["y"], {**given, name: unit})[0] - start) * g)
        gradients.append(gradient)
    return session.run(["y"], given)[0], gradients


def arrays_of(c: Case) -> Dict[str, np.ndarray]:
    model = model_of(c, False, False)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    given = {name: v for name, v in c.values.items() if name not in c.constants}
    y = session.run(["y"], given)[0]
    # Of each case its own, so that a new one does not change the others.
    g = np.random.default_rng(zlib.crc32(c.name.encode())).standard_normal(y.shape).astype(np.float32)
    expected, gradients = by_units(c, session, given, g) if c.linear else (by_torch if c.torch else by_differences)(c, g)
    if y.shape != expected.shape or not np.allclose(y, expected, rtol=1e-4, atol=1e-5, equal_nan=True):
        raise ValueError(f"ONNX Runtime and the oracle disagree about y: {y.shape} {expected.shape}")
    arrays = {
        "fixed": np.frombuffer(model.SerializeToString(), dtype=np.uint8),
        "open": np.frombuffer(model_of(c, False, True).SerializeToString(), dtype=np.uint8),
        "g": g,
    }
    arrays.update({f"in/{name}": np.asarray(value) for name, value in given.items()})
    arrays.update({f"d/{name}": gradient.astype(np.float32) for name, gradient in zip(c.attributed, gradients)})
    return arrays


def main() -> None:
    check = sys.argv[1:] == ["--check"]
    only = [] if check else sys.argv[1:]
    arrays: Dict[str, np.ndarray] = {}
    wrong = []
    for c in CASES:
        if only and not any(c.name.startswith(name) for name in only):
            continue
        try:
            arrays.update({f"{c.name}/{name}": array for name, array in arrays_of(c).items()})
        except Exception as e:  # all that are wrong are named, not the first one only
            wrong.append(c.name)
            print(f"{c.name}: {str(e).splitlines()[0] if str(e) else type(e).__name__}", file=sys.stderr)
    operators = {n.op_type for c in CASES for n in onnx_coverage.nodes(model_of(c, False, False).graph)}
    print(f"{len(arrays) and len({a.split('/')[0] for a in arrays})} cases, {len(operators)} operators")
    path = HERE / "onnx" / "operators.npz"
    if check:
        written = dict(np.load(path))
        wrong += sorted({n.split("/")[0] for n in set(written) ^ set(arrays)})
        wrong += [n for n in sorted(set(written) & set(arrays)) if written[n].shape != arrays[n].shape or not np.allclose(written[n], arrays[n], rtol=1e-5, atol=1e-6, equal_nan=True)]
    elif not only:
        path.parent.mkdir(exist_ok=True)
        np.savez_compressed(path, **arrays)
    gaps = onnx_coverage.unlisted() + onnx_coverage.gaps(CASES, model_of)
    print("\n".join(gaps))
    if wrong or gaps:
        sys.exit(f"wrong: {', '.join(wrong)}; {len(gaps)} gaps")


if __name__ == "__main__":
    main()
