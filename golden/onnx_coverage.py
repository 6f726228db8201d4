# SPDX-License-Identifier: Apache-2.0
"""What the cases of onnx_operators.py leave out, seen from the standard's own descriptions of its operators.

`gaps` wants of every operator with a rule: each attribute with at least two values; every operand smaller than the others where operands are broadcast; axes
counted from the front and from the end; tensors without axes and without elements where an operator takes any shape. What cannot be had is named here with the
reason.
"""

import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set, Tuple

import onnx
from onnx import defs, numpy_helper

PAGE = Path(__file__).resolve().parent.parent / "docs" / "onnx-operators.md"
# The opsets in which the standard's descriptions count: before, models are lifted.
OLDEST = 13
NEWEST = 26

# Attributes of which there is one value only that has a gradient, or that gradients do not see.
OUT_OF_REACH: Dict[Tuple[str, str], str] = {
    ("Attention", "left_window_size"): "ONNX Runtime does not have it",
    ("Attention", "right_window_size"): "ONNX Runtime does not have it",
    ("BatchNormalization", "momentum"): "counts in training only",
    ("BatchNormalization", "training_mode"): "refused in training",
    ("Cast", "round_mode"): "of types of eight bits",
    ("Cast", "saturate"): "of types of eight bits",
    ("CastLike", "round_mode"): "of types of eight bits",
    ("CastLike", "saturate"): "of types of eight bits",
    ("Dropout", "seed"): "counts in training only",
    ("Mod", "fmod"): "floats have to have 1",
    ("Reshape", "allowzero"): "of tensors without elements",
    ("RoiAlign", "mode"): "others than avg are refused",
    ("Resize", "keep_aspect_ratio_policy"): "others than stretch are refused",
    **{(op, "stash_type"): "ONNX Runtime has one only" for op in ("GroupNormalization", "LayerNormalization", "RMSNormalization")},
    **{(op, "hidden_size"): "the rules take it from the weights" for op in ("GRU", "LSTM", "RNN")},
    **{(op, "layout"): "ONNX Runtime has one only" for op in ("GRU", "LSTM", "RNN")},
}

# Operands that are broadcast, by their places.
BROADCAST: Dict[str, List[int]] = {
    **{op: [0, 1] for op in ("Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum", "Mean", "MatMul")},
    "Where": [0, 1, 2],
    "PRelu": [1],
    "Gemm": [2],
    "Expand": [0],
    "LayerNormalization": [1, 2],
    "RMSNormalization": [1],
}

# Operators that take any shape.
ANY_SHAPE = set(
    "Abs Acos Acosh Add Asin Asinh Atan Atanh Cast CastLike Celu Clip Cos Cosh Div Dropout Elu Erf Exp Expand Gelu HardSigmoid HardSwish Identity LeakyRelu Log Max "
    "Mean Min Mish Mod Mul Neg PRelu Pow Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd ReduceSum ReduceSumSquare Relu Reshape Selu "
    "Shrink Sigmoid Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh ThresholdedRelu Unsqueeze Where".split()
)
# ONNX Runtime gives a result of another shape than the standard says.
NEEDS_ELEMENTS = {op for op in ANY_SHAPE if op.startswith("Reduce")}

# Inputs that are axes.
AXES = {"Squeeze": 1, "Unsqueeze": 1, "Slice": 3, "Pad": 3, "CumSum": 1, **{f"Reduce{r}": 1 for r in "L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare".split()}}


def listed() -> Dict[str, Set[str]]:
    """The operators of the page, by heading."""
    found: Dict[str, Set[str]] = {}
    heading = ""
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line[3:].strip()
        elif heading:
            found.setdefault(heading, set()).update(re.findall(r"`([A-Z]\w+)`", line))
    return found


def nodes(graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from nodes(inner)


def key(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else "a tensor" if isinstance(value, onnx.TensorProto) else value.SerializeToString().hex() if isinstance(value, onnx.GraphProto) else str(value)


def gaps(cases: List[Any], model_of: Any) -> List[str]:
    ruled = listed()["Gradients pass"]
    seen: Dict[Tuple[str, str], Set[str]] = {}
    smaller: Dict[str, Set[int]] = {}
    signs: Dict[str, Set[bool]] = {}
    shapes: Dict[str, Set[str]] = {}
    for c in cases:
        model = model_of(c, False, False)
        constants = {i.name: numpy_helper.to_array(i) for i in model.graph.initializer}
        values = {**c.values, **constants}
        for node in nodes(model.graph):
            if node.op_type not in ruled:
                continue
            schema = defs.get_schema(node.op_type, c.opset)
            written = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            for name, attribute in schema.attributes.items():
                default = attribute.default_value
                standing = written[name] if name in written else onnx.helper.get_attribute_value(default) if default.name else None
                seen.setdefault((node.op_type, name), set()).add(key(standing))
                if name in ("axis", "axes") and name in written:
                    for axis in [written[name]] if isinstance(written[name], int) else written[name]:
                        signs.setdefault(node.op_type, set()).add(axis < 0)
            place = AXES.get(node.op_type)
            if place is not None and place < len(node.input) and node.input[place] in values:
                for axis in values[node.input[place]].reshape(-1):
                    signs.setdefault(node.op_type, set()).add(bool(axis < 0))
            operands = [values[i].shape if i in values else None for i in node.input]
            first = operands[0] if operands else None
            if first is not None:
                if first == ():
                    shapes.setdefault(node.op_type, set()).add("without axes")
                if 0 in first:
                    shapes.setdefault(node.op_type, set()).add("without elements")
            known = [o for o in operands if o is not None]
            for i in BROADCAST.get(node.op_type, []):
                if i < len(operands) and operands[i] is not None and is_smaller(node.op_type, i, operands[i], known, values, node):
                    smaller.setdefault(node.op_type, set()).add(i)
    found = []
    for op in sorted(ruled):
        for version in {s.since_version: s for s in defs.get_all_schemas_with_history() if s.name == op and s.domain == "" and valid(s)}.values():
            for name in version.attributes:
                if (op, name) not in OUT_OF_REACH and len(seen.get((op, name), set())) < 2:
                    found.append(f"{op}: attribute {name} with one value only: {sorted(seen.get((op, name), set()))}")
        for i in BROADCAST.get(op, []):
            if i not in smaller.get(op, set()):
                found.append(f"{op}: operand {i} is never repeated")
        if has_axes(op) and signs.get(op, set()) != {False, True}:
            found.append(f"{op}: axes are only {'negative' if signs.get(op) == {True} else 'counted from the front'}")
        if op in ANY_SHAPE:
            for kind in ["without axes", "without elements"]:
                if kind not in shapes.get(op, set()) and not (kind == "without elements" and op in NEEDS_ELEMENTS):
                    found.append(f"{op}: no case {kind}")
    return sorted(set(found))


def valid(schema: Any) -> bool:
    """Whether it is what a model of opset 13 or later means."""
    if schema.since_version >= OLDEST:
        return schema.since_version <= NEWEST
    return defs.has(schema.name, OLDEST) and defs.get_schema(schema.name, OLDEST).since_version == schema.since_version


def has_axes(op: str) -> bool:
    return op in AXES or any(name in ("axis", "axes") for name in defs.get_schema(op).attributes)


def is_smaller(op: str, place: int, own: Tuple[int, ...], others: List[Tuple[int, ...]], values: Any, node: Any) -> bool:
    """Whether an operand is repeated to fit the result."""
    if op == "Expand":
        return len(node.input) > 1 and node.input[1] in values and tuple(values[node.input[1]]) != own
    if op == "MatMul":
        own, others = own[:-2], [o[:-2] for o in others]
    if op == "Gemm":
        return len(own) < 2 or 1 in own
    result = [1] * max(len(o) for o in others)
    for o in others:
        for i, size in enumerate(reversed(o)):
            result[-1 - i] = max(result[-1 - i], size)
    return list(own) != result


def unlisted() -> List[str]:
    """Operators of the standard that the page does not name, or names twice."""
    standard = {s.name for s in defs.get_all_schemas_with_history() if s.domain == ""}
    named: List[str] = [op for heading, group in listed().items() if not heading.startswith("Joined") for op in group]
    return [f"{op} is named {named.count(op)} times in {PAGE.name}" for op in sorted(standard) if named.count(op) != 1] + [
        f"{op} is no operator of the standard" for op in sorted(set(named) - standard)
    ]
