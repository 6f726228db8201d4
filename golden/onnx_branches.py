# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/branches.npz: models with an If of which one branch cannot run, or no gradient passes, with the inputs of the other,
and one of which each branch takes inputs of another length, as a network for speech does that knows two sampling rates.

    python golden/onnx_branches.py

The arrays are NAME/model, /in/x, /in/first (what the condition is made of), /y, /g (the cotangent) and /d/x, of the branch that is taken. In the LSTM's branches
another If, which depends on sizes, leaves the number of axes open, so that ONNX Runtime does not know it.
"""

from typing import Dict, List

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from onnx_models import HERE

FLOAT = TensorProto.FLOAT
rng = np.random.default_rng(3)


def graph(name: str, nodes: List[onnx.NodeProto], output: str) -> onnx.GraphProto:
    return helper.make_graph(nodes, name, [], [onnx.ValueInfoProto(name=output)])


def model(then: onnx.GraphProto, other: onnx.GraphProto, constants: Dict[str, np.ndarray]) -> bytes:
    nodes = [
        helper.make_node("Cast", ["first"], ["condition"], "condition", to=TensorProto.BOOL),
        helper.make_node("If", ["condition"], ["y"], "choice", then_branch=then, else_branch=other),
    ]
    inputs = [helper.make_tensor_value_info("x", FLOAT, ["N", "T", "W"]), helper.make_tensor_value_info("first", TensorProto.INT64, [])]
    weights = [numpy_helper.from_array(array, name) for name, array in constants.items()]
    made = helper.make_graph(nodes, "branches", inputs, [helper.make_tensor_value_info("y", FLOAT, None)], weights)
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", 18)], ir_version=9).SerializeToString()


def opened(end: str) -> List[onnx.NodeProto]:
    """Gives x, of which ONNX Runtime then does not know the number of axes."""
    thin = graph("thin" + end, [helper.make_node("Squeeze", ["x", "two"], ["thin" + end], "thin" + end)], "thin" + end)
    same = graph("same" + end, [helper.make_node("Identity", ["x"], ["same" + end], "same" + end)], "same" + end)
    return [
        helper.make_node("Shape", ["x"], ["width" + end], "width" + end, start=2),
        helper.make_node("Equal", ["width" + end, "one"], ["is_thin" + end], "is_thin" + end),
        helper.make_node("If", ["is_thin" + end], ["open" + end], "open" + end, then_branch=thin, else_branch=same),
    ]


def of_length(steps: str, end: str, weights: str) -> onnx.GraphProto:
    """An LSTM that takes one length only."""
    nodes = [
        *opened(end),
        helper.make_node("Reshape", ["open" + end, steps], ["rows" + end], "rows" + end),
        helper.make_node("Transpose", ["rows" + end], ["steps" + end], "steps" + end, perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps" + end, weights, "r", "b"], ["", "last" + end, ""], "lstm" + end, hidden_size=4),
        helper.make_node("Squeeze", ["last" + end, "zero"], ["y" + end], "y" + end),
    ]
    return graph("length" + end, nodes, "y" + end)


def lstm() -> onnx.GraphProto:
    nodes = [
        *opened(""),
        helper.make_node("Transpose", ["open"], ["steps"], "steps", perm=[1, 0, 2]),
        helper.make_node("LSTM", ["steps", "w", "r", "b"], ["", "last", ""], "lstm", hidden_size=4),
        helper.make_node("Squeeze", ["last", "zero"], ["y1"], "y1"),
    ]
    return graph("lstm", nodes, "y1")


def constants(net: nn.LSTM) -> Dict[str, np.ndarray]:
    def gates(weight: torch.Tensor) -> np.ndarray:
        i, f, g, o = weight.detach().float().chunk(4)
        return torch.cat([i, o, f, g])[None].numpy()

    b = np.concatenate([gates(net.bias_ih_l0), gates(net.bias_hh_l0)], 1)
    ints = {"zero": [0], "one": [1], "two": [2], "beyond": [99]}
    return {"w": gates(net.weight_ih_l0), "r": gates(net.weight_hh_l0), "b": b} | {key: np.array(value) for key, value in ints.items()}


def main() -> None:
    torch.manual_seed(5)
    net = nn.LSTM(3, 4, batch_first=True).double()
    weights = constants(net)
    fails = graph(
        "fails",
        [
            *opened("2"),
            helper.make_node("Gather", ["open2", "beyond"], ["far"], "far", axis=1),
            helper.make_node("LSTM", ["far", "w", "r", "b"], ["", "last2", ""], "second", hidden_size=4),
            helper.make_node("Squeeze", ["last2", "zero"], ["y2"], "y2"),
        ],
        "y2",
    )
    tanh = graph("tanh", [helper.make_node("Tanh", ["x"], ["y3"], "y3")], "y3")
    unknown = graph(
        "unknown",
        [
            helper.make_node("Unique", ["x"], ["sorted"], "unique"),
            helper.make_node("Shape", ["x"], ["sizes"], "sizes"),
            helper.make_node("Reshape", ["sorted", "sizes"], ["y4"], "y4"),
        ],
        "y4",
    )
    x = torch.from_numpy(rng.standard_normal((2, 5, 3)).astype(np.float32))
    arrays: Dict[str, np.ndarray] = {}
    leaf = x.double().requires_grad_()
    cases = {
        "lstm": (model(lstm(), fails, weights), 1, leaf, net(leaf)[0][:, -1]),
        "lstm_else": (model(fails, lstm(), weights), 0, leaf, net(leaf)[0][:, -1]),
        "operator": (model(tanh, unknown, {}), 1, leaf, leaf.tanh()),
    }
    rates = model(of_length("five", "5", "w"), of_length("three", "3", "v"), weights | {"v": -weights["w"], "five": np.array([-1, 5, 3]), "three": np.array([-1, 3, 3])})
    few = torch.from_numpy(rng.standard_normal((2, 3, 3)).astype(np.float32)).double().requires_grad_()
    cases |= {"five": (rates, 1, leaf, net(leaf)[0][:, -1]), "three": (rates, 0, few, net(-few)[0][:, -1])}
    for name, (raw, first, at, y) in cases.items():
        g = torch.from_numpy(rng.standard_normal(tuple(y.shape)))
        (d,) = torch.autograd.grad((y * g).sum(), at)
        arrays |= {f"{name}/model": np.frombuffer(raw, np.uint8), f"{name}/in/x": at.detach().float().numpy(), f"{name}/in/first": np.array(first)}
        arrays |= {f"{name}/y": y.detach().float().numpy(), f"{name}/g": g.float().numpy(), f"{name}/d/x": d.float().numpy()}
        print(f"{name}: {len(raw)} bytes")
    np.savez_compressed(HERE / "onnx" / "branches.npz", **arrays)


if __name__ == "__main__":
    main()
