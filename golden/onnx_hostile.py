# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/hostile.npz: small legal ONNX models, each with a structure that is rare, with what they compute and the gradient of the sum of it.

    python golden/onnx_hostile.py

The arrays are those of unusual.npz (golden/onnx_unusual.py).
"""

from typing import Any, Callable, List

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

import onnx_unusual
from onnx_unusual import FLOAT, HERE, SIX, W, X, model, node, value

BOOL, INT64, DOUBLE = TensorProto.BOOL, TensorProto.INT64, TensorProto.DOUBLE
onnx_unusual.ARRAYS.clear()
x, y, w = value("x", ["N", 3]), value("y", None), W.astype(np.float32)
V = np.array([0.5, -1.5, 0.25])
v = V.astype(np.float32)


def case(name: str, nodes: List[onnx.NodeProto], f: Callable[[np.ndarray], np.ndarray], at: Any = X, inputs: Any = None, outputs: Any = None, **constants: Any) -> None:
    made = model(nodes, inputs or [x if len(np.shape(at)) == 2 and np.shape(at)[1] == 3 else value("x", [None] * np.ndim(at))], outputs or [y], **constants)
    onnx_unusual.save(name, made, at, f)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def body(nodes: List[onnx.NodeProto], states: str, outputs: str, scanned: str = "", name: str = "body") -> onnx.GraphProto:
    """The body of a Loop: i and c, the states, then what they become and what is collected."""
    given = [value("i", [], INT64), value("c", [], BOOL), *[onnx.ValueInfoProto(name=state) for state in states.split()]]
    for info in given[2:]:
        info.type.tensor_type.elem_type = FLOAT
    gives = [value("k", [], BOOL), *[value(name, None) for name in (outputs + " " + scanned).split()]]
    return helper.make_graph([*nodes, node("Identity", "c", "k")], name, given, gives)


def branch(nodes: List[onnx.NodeProto], *outputs: str) -> onnx.GraphProto:
    return helper.make_graph(nodes, "branch", [], [value(name, None) for name in outputs])


def softmax(a: np.ndarray) -> np.ndarray:
    e = np.exp(a - a.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


tanh = np.tanh

# One value, read several times by one node or by several
case("same-twice", [node("Mul", "x x", "a"), node("Sub", "a x", "b"), node("Concat", "b b x b", "y", axis=1)], lambda x: np.concatenate([x * x - x, x * x - x, x, x * x - x], 1))
case("same-product", [node("Transpose", "x", "t", perm=[1, 0]), node("MatMul", "x t", "a"), node("MatMul", "a x", "y")], lambda x: x @ x.T @ x)
case("same-where", [node("Greater", "x zero", "m"), node("Where", "m x x", "a"), node("Max", "a x a", "b"), node("Mul", "b x", "y")], lambda x: x * x, zero=np.float32(0))
case("shared-weight", [node("MatMul", "x w", "a"), node("Tanh", "a", "b"), node("Transpose", "w", "t", perm=[1, 0]), node("MatMul", "b t", "y")], lambda x: tanh(x @ W) @ W.T, w=w)

# Chains of other names, of inputs, of weights, of results and of outputs
case(
    "identities", [node("Identity", "x", "a"), node("Identity", "a", "b"), node("Identity", "w", "p"), node("Identity", "p", "q"), node("MatMul", "b q", "h"), node("Identity", "h", "i"), node("Tanh", "i", "j"), node("Identity", "j", "k"), node("Identity", "k", "y")],
    lambda x: tanh(x @ W), w=w,
)
case("output-between", [node("MatMul", "x w", "y"), node("Tanh", "y", "z"), node("Add", "z y", "t")], lambda x: x @ W, outputs=[y, value("z", None), value("t", None)], w=w)
case("identity-output", [node("Identity", "x", "i"), node("Tanh", "i", "y")], tanh, outputs=[y, value("i", ["N", 3])])

# Constants as nodes of every form, and constants computed from constants
case(
    "constant-nodes",
    [
        node("Constant", "", "two", value_float=2.0), node("Constant", "", "list", value_floats=[0.5, -1.5, 0.25]), node("Constant", "", "axes", value_ints=[1]), node("Constant", "", "axis", value_int=0),
        node("Constant", "", "t", value=numpy_helper.from_array(v, "other")), node("Mul", "x two", "a"), node("Mul", "a list", "b"), node("Add", "b t", "d"), node("ReduceSum", "d axes", "e"), node("Unsqueeze", "axis axis", "f"), node("Squeeze", "e axes", "y"),
    ],
    lambda x: (2 * x * V + V).sum(1),
)
case("constant-computed", [node("Shape", "w", "s"), node("Range", "zero three one", "r"), node("Gather", "w r", "g"), node("Mul", "g g", "p"), node("Reshape", "p s", "q"), node("MatMul", "x q", "y")], lambda x: x @ (W * W), w=w, zero=np.int64(0), three=np.int64(3), one=np.int64(1))
overridable = model([node("MatMul", "x w", "y")], [x, value("w", [3, 2])], [y], w=w)
onnx_unusual.save("constant-input", overridable, X, lambda x: x @ W)

# No elements, and no axes
case("empty-part", [node("Slice", "x three four one", "e"), node("Concat", "e x e", "a", axis=1), node("Mul", "a x", "y")], lambda x: x * x, three=ints(3), four=ints(4), one=ints(1))
case("empty-sum", [node("Slice", "x three four one", "e"), node("ReduceSum", "e one", "s"), node("Exp", "s", "t"), node("Mul", "t x", "y")], lambda x: x, three=ints(3), four=ints(4), one=ints(1))
case("empty-product", [node("Slice", "x three four one", "e"), node("MatMul", "e none", "p"), node("Tanh", "x", "t"), node("Add", "p t", "y")], tanh, three=ints(3), four=ints(4), one=ints(1), none=np.zeros((0, 3), np.float32))
case("empty-lookup", [node("Gather", "x none", "e", axis=1), node("Concat", "e x", "a", axis=1), node("Sin", "a", "y")], np.sin, none=np.zeros(0, np.int64))
case(
    "scalars",
    [
        node("ReduceSum", "x", "s", keepdims=0), node("Tanh", "s", "t"), node("Gather", "x two", "g", axis=1), node("Unsqueeze", "t zero", "u"), node("Expand", "u three", "e"), node("Mul", "x e", "a"), node("Unsqueeze", "g one", "h"), node("Mul", "a h", "b"), node("Div", "b t", "d"), node("Add", "d t", "y"),
    ],
    lambda x: x * x[:, 2:] + tanh(x.sum()), two=np.int64(2), zero=ints(0), one=ints(1), three=ints(3),
)
case("scalar-reshaped", [node("ReduceMax", "x", "m", keepdims=0), node("Reshape", "m none", "n"), node("Reshape", "n one", "o"), node("Mul", "x o", "p"), node("Reshape", "p flat", "y")], lambda x: (x * x.max()).reshape(-1), none=np.zeros(0, np.int64), one=ints(1, 1, 1), flat=ints(-1))
case("no-axes", [node("ReduceSum", "x none", "a", noop_with_empty_axes=1), node("Mul", "a a", "b"), node("ReduceMean", "b none", "s", keepdims=0), node("Mul", "x s", "y")], lambda x: x * (x * x).mean(), none=np.zeros(0, np.int64))
case("squeezed", [node("Unsqueeze", "x places", "u"), node("Tanh", "u", "t"), node("Squeeze", "t", "s"), node("Mul", "s x", "y")], lambda x: tanh(x) * x, places=ints(0, 2, 4))

# Sizes that are repeated on either side
case("repeated", [node("Add", "x a", "p"), node("Mul", "p b", "q"), node("Sub", "q s", "r"), node("Div", "r d", "y")], lambda x: ((x + V) * np.array([[[1.0]], [[2.0]]]) - 0.5) / np.array([[2.0]]), a=v, b=np.float32([[[1]], [[2]]]), s=np.float32(0.5), d=np.float32([[2]]))
case("repeated-itself", [node("ReduceMean", "x one", "m"), node("Sub", "x m", "a"), node("ReduceSum", "x zero", "s"), node("Mul", "a s", "y")], lambda x: (x - x.mean(1, keepdims=True)) * x.sum(0, keepdims=True), one=ints(1), zero=ints(0))
case("chosen", [node("Where", "m x half", "a"), node("Where", "m none a", "b"), node("Softmax", "b", "s"), node("Mul", "s s", "y")], lambda x: softmax(np.where([True, False, False], -np.inf, np.where([True, False, False], x, 0.5)) + 0 * x) ** 2, m=np.array([True, False, False]), half=np.float32(0.5), none=np.float32(-np.inf))
case("masked", [node("Add", "x m", "a"), node("Softmax", "a", "s"), node("Mul", "s x", "y")], lambda x: softmax(x + np.array([0, -np.inf, 0])) * x, m=np.float32([0, -np.inf, 0]))
case("slopes", [node("PRelu", "x s", "y")], lambda x: np.where(x > 0, x, x * V), s=v)

# Inputs and outputs that are left out or not read
case("left-out", [node("Clip", "x _ one", "a"), node("Clip", "x low", "b"), node("Clip", "x", "d"), node("Pad", "a pads _ axes", "e"), node("Mul", "b d", "f"), node("Concat", "e f", "y", axis=1)], lambda x: np.concatenate([np.pad(np.minimum(x, 0.75), ((0, 0), (1, 0))), np.maximum(x, -0.75) * x], 1), one=np.float32(0.75), low=np.float32(-0.75), pads=ints(1, 0), axes=ints(1))
case("not-read", [node("Dropout", "x", "a mask"), node("Split", "a", "b rest", axis=1, num_outputs=2), node("TopK", "b k", "t places", axis=1), node("MatMul", "x w", "unused"), node("Exp", "t", "y")], lambda x: np.exp(-np.sort(-x[:, :2], 1)[:, :1]), k=ints(1), w=w)
case("backwards", [node("Slice", "x last first one step", "a"), node("Mul", "a x", "y")], lambda x: x[:, ::-1] * x, last=ints(-1), first=ints(-(2**63) + 1), one=ints(-1), step=ints(-1))
case("every-second", [node("Slice", "x start end axes step", "a"), node("Tanh", "a", "y")], lambda x: tanh(x[:, -1:-6:-2]), at=SIX, start=ints(-1), end=ints(-6), axes=ints(-1), step=ints(-2))
case("few-smallest", [node("TopK", "x k", "a i", axis=0, largest=0, sorted=1), node("Mul", "a a", "y")], lambda x: np.sort(x, 0)[:1] ** 2, k=ints(1))

# Types on the way
case("double-inside", [node("Cast", "x", "d", to=DOUBLE), node("MatMul", "d w", "h"), node("Tanh", "h", "t"), node("Cast", "t", "f", to=FLOAT), node("CastLike", "f x", "y")], lambda x: tanh(x @ W), w=W)
case("truth", [node("Greater", "x zero", "m"), node("Cast", "m", "f", to=FLOAT), node("Mul", "f x", "a"), node("Not", "m", "n"), node("CastLike", "n x", "g"), node("Mul", "g w", "b"), node("Add", "a b", "y")], lambda x: np.where(x > 0, x, V), zero=np.float32(0), w=v)

# Vectors without rows or columns
case("vectors", [node("MatMul", "x v", "a"), node("MatMul", "a x", "b"), node("MatMul", "b v", "s"), node("Mul", "s a", "y")], lambda x: (((x @ V) @ x) @ V) * (x @ V), v=v)
case("batches", [node("Unsqueeze", "x zero", "u"), node("MatMul", "u ws", "p"), node("MatMul", "x p0", "q"), node("Add", "p q", "y")], lambda x: x[None] @ np.stack([W, -2 * W, W * W]) + x @ W, zero=ints(0), ws=np.stack([w, -2 * w, w * w]), p0=w)

# Graphs in nodes: equal names in several of them, no steps, steps in steps, what they hand on
twice = body([node("Tanh", "u", "h"), node("Mul", "h x", "o")], "u", "o")
case("equal-bodies", [node("Loop", "two _ x", "a", body=twice), node("Loop", "two _ a", "y", body=twice)], lambda x: tanh(tanh(tanh(tanh(x) * x) * x) * x) * x, two=np.int64(2))
case("no-step", [node("Loop", "none _ x", "a", body=twice), node("Mul", "a x", "y")], lambda x: x * x, none=np.int64(0))
case("no-step-by-condition", [node("Loop", "two no x", "a", body=twice), node("Mul", "a x", "y")], lambda x: x * x, two=np.int64(2), no=np.array(False))
handed = body([node("Add", "u p", "o"), node("Identity", "p", "q"), node("Mul", "u u", "e")], "u p", "o q", "e")
case("handed-on", [node("Loop", "three _ x v", "a b s", body=handed), node("ReduceSum", "s zero", "t", keepdims=0), node("Add", "a t", "d"), node("Mul", "d b", "y")], lambda x: ((x + 3 * V) + x**2 + (x + V) ** 2 + (x + 2 * V) ** 2) * V, three=np.int64(3), v=v, zero=ints(0))
crossed = body([node("Tanh", "q", "o"), node("Identity", "u", "r")], "u q", "o r")
case("crossed-states", [node("Sin", "x", "z"), node("Loop", "three _ x z", "a b", body=crossed), node("Mul", "a b", "y")], lambda x: tanh(x) * tanh(tanh(np.sin(x))), three=np.int64(3))
within = body([node("Mul", "n u", "m1"), node("Add", "m1 x", "m2")], "n", "m2", name="within")
for info, old in ((within.input[0], "i"), (within.input[1], "c"), (within.output[0], "k")):
    info.name = old + "2"
within.node[2].input[0], within.node[2].output[0] = "c2", "k2"
nested = body([node("Loop", "two _ u", "o", body=within)], "u", "o")
case("steps-in-steps", [node("Loop", "two _ x", "y", body=nested)], lambda x: (lambda u: (u * u + x) * u + x)((x * x + x) * x + x), two=np.int64(2))
counted = body([node("Cast", "i", "f", to=FLOAT), node("Mul", "u f", "h"), node("Add", "h x", "o")], "u", "o")
counted.node[-1].CopyFrom(node("Less", "i one", "k"))
case("own-condition", [node("Loop", "_ yes x", "y", body=counted)], lambda x: 2 * x, yes=np.array(True), one=np.int64(1))
choosing = body([node("Equal", "i zero", "first"), node("If", "first", "o", then_branch=branch([node("Mul", "u x", "p")], "p"), else_branch=branch([node("Sin", "u", "p")], "p"))], "u", "o")
case("choice-in-steps", [node("Loop", "three _ x", "y", body=choosing)], lambda x: np.sin(np.sin(x * x)), zero=np.int64(0), three=np.int64(3))
case(
    "choice", [node("Size", "x", "n"), node("Greater", "n three", "many"), node("If", "many", "a b", then_branch=branch([node("Sin", "x", "h"), node("Constant", "", "j", value_float=2.0)], "h", "j"), else_branch=branch([node("Cos", "x", "h"), node("ReduceSum", "x", "j", keepdims=0)], "h", "j")), node("Mul", "a b", "y")],
    lambda x: 2 * np.sin(x), three=np.int64(3),
)
case(
    "choice-of-constants", [node("Size", "x", "n"), node("Greater", "n three", "many"), node("If", "many", "a", then_branch=branch([node("Identity", "v", "h")], "h"), else_branch=branch([node("Neg", "x", "h")], "h")), node("Mul", "a x", "y")],
    lambda x: V * x, three=np.int64(3), v=v,
)
inner = branch([node("If", "few", "h2", then_branch=branch([node("Neg", "x", "g")], "g"), else_branch=branch([node("Exp", "x", "g")], "g"))], "h2")
case("choice-in-choice", [node("Size", "x", "n"), node("Greater", "n three", "many"), node("Less", "n three", "few"), node("If", "many", "a", then_branch=inner, else_branch=branch([node("Neg", "x", "h")], "h")), node("Mul", "a x", "y")], lambda x: np.exp(x) * x, three=np.int64(3))

# The number of axes on the way depends on the sizes of the inputs
THREE = [*X, [0.75, -1.25, 0.1]]
products = branch([node("Unsqueeze", "x one", "r"), node("Unsqueeze", "x two", "q"), node("Mul", "r q", "h")], "h")
for name, at in (("ranks-two", X), ("ranks-three", THREE)):
    case(
        name, [node("Size", "x", "n"), node("Greater", "n six", "many"), node("If", "many", "h0", then_branch=products, else_branch=branch([node("Sin", "x", "h")], "h")), node("ReduceMax", "h0 last", "m", keepdims=0), node("Mul", "m m", "y")],
        lambda x: (x[:, None] * x[:, :, None] if x.size > 6 else np.sin(x)).max(-1) ** 2, at=at, inputs=[x], one=ints(1), two=ints(2), six=np.int64(6), last=ints(-1),
    )
for name, at in (("squeezed-two", X), ("squeezed-one", X[:1])):
    case(name, [node("Squeeze", "x", "s"), node("ReduceMax", "s last", "m", keepdims=0), node("Exp", "m", "y")], lambda x: np.exp(x.squeeze().max(-1)), at=at, inputs=[x], last=ints(-1))

weighted = branch([node("MatMul", "x own", "h")], "h")
weighted.initializer.append(numpy_helper.from_array(w, "own"))
other = branch([node("MatMul", "x own", "h")], "h")
other.initializer.append(numpy_helper.from_array(-w, "own"))
case("own-weights", [node("Size", "x", "n"), node("Greater", "n three", "many"), node("If", "many", "y", then_branch=weighted, else_branch=other)], lambda x: x @ W, three=np.int64(3))


def scan(nodes: List[onnx.NodeProto], inputs: str, outputs: str) -> onnx.GraphProto:
    given = [onnx.ValueInfoProto(name=name) for name in inputs.split()]
    for info in given:
        info.type.tensor_type.elem_type = FLOAT
    return helper.make_graph(nodes, "scanned", given, [value(name, None) for name in outputs.split()])


def running(a: np.ndarray) -> np.ndarray:
    s, found = 0.5, []
    for i in range(a.shape[1]):
        s = np.tanh(s * a[:, i])
        found.append(s)
    return np.stack(found, 1)


case("scan-rows", [node("Scan", "x", "y", body=scan([node("Sin", "u", "p"), node("Mul", "p u", "o")], "u", "o"), num_scan_inputs=1)], lambda x: np.sin(x) * x)
case("scan-last-axis", [node("ReduceSum", "x one", "s0", keepdims=0), node("Mul", "s0 zero", "s1"), node("Add", "s1 half", "s"), node("Scan", "s x", "e y", body=scan([node("Mul", "s_ u", "p"), node("Tanh", "p", "o"), node("Identity", "o", "o2")], "s_ u", "o o2"), num_scan_inputs=1, scan_input_axes=[-1], scan_output_axes=[-1])], running, one=ints(1), zero=np.float32(0), half=np.float32(0.5))
case("scan-backwards", [node("Scan", "x x", "y", body=scan([node("Sin", "u", "p"), node("Mul", "p q", "o")], "u q", "o"), num_scan_inputs=2, scan_input_directions=[1, 0], scan_output_directions=[1])], lambda x: (np.sin(x[::-1]) * x)[::-1])
# ONNX Runtime cannot infer the axes of the gradients, which a scan has to declare
either = [node("Size", "u", "n"), node("Greater", "n one", "c"), node("If", "c", "i", then_branch=branch([node("Sin", "u", "h")], "h"), else_branch=branch([node("Unsqueeze", "u place", "h")], "h")), node("Mul", "i u", "o")]
unclear = scan(either, "u", "o")
unclear.output[0].CopyFrom(value("o", [None]))
case("scan-unclear", [node("Scan", "x", "y", body=unclear, num_scan_inputs=1)], lambda x: np.sin(x) * x, one=np.int64(1), place=ints(0))
carrying = scan([*either[:-1], node("Mul", "i s_", "o"), node("Identity", "o", "o2")], "s_ u", "o o2")
for info in carrying.output:
    info.CopyFrom(value(info.name, [None]))
case("scan-unclear-states", [node("ReduceProd", "x axis", "s", keepdims=0), node("Scan", "s x", "e y", body=carrying, num_scan_inputs=1)], lambda x: np.cumprod(np.sin(x), 0) * x.prod(0), one=np.int64(1), place=ints(0), axis=ints(0))

# Functions that call functions, with attributes that are handed on
opset = [helper.make_opsetid("", 18), helper.make_opsetid("own", 1)]
scaled = onnx.helper.make_function("own", "Scaled", ["a"], ["b"], [node("Elu", "a", "e"), node("Mul", "e e", "b")], opset, ["alpha"])
reference = scaled.node[0].attribute.add()
reference.name, reference.ref_attr_name, reference.type = "alpha", "alpha", onnx.AttributeProto.FLOAT
outer = onnx.helper.make_function("own", "Outer", ["a", "b"], ["p", "unread"], [helper.make_node("Scaled", ["a"], ["e"], domain="own"), node("Tanh", "b", "e2"), node("Mul", "e e2", "p"), node("Identity", "a", "unread")], opset, ["alpha"])
handed_on = outer.node[0].attribute.add()
handed_on.name, handed_on.ref_attr_name, handed_on.type = "alpha", "alpha", onnx.AttributeProto.FLOAT
calling = model([helper.make_node("Outer", ["x", "x"], ["e", ""], "first", domain="own", alpha=0.5), helper.make_node("Outer", ["e", "x"], ["y"], "second", domain="own", alpha=2.0)], [x], [y])
calling.functions.extend([outer, scaled])
calling.opset_import.append(helper.make_opsetid("own", 1))


def elu(a: np.ndarray, alpha: float) -> np.ndarray:
    return np.where(a > 0, a, alpha * (np.exp(a) - 1)) ** 2


onnx_unusual.save("functions", calling, X, lambda x: elu(elu(x, 0.5) * tanh(x), 2.0) * tanh(x))


def main() -> None:
    np.savez_compressed(HERE / "onnx" / "hostile.npz", **onnx_unusual.ARRAYS)
    print(len({name.split("/")[0] for name in onnx_unusual.ARRAYS}), "models")


if __name__ == "__main__":
    main()
