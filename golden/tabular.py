# SPDX-License-Identifier: Apache-2.0
"""Writes golden/tabular: a model for ONNX Runtime and one for XGBoost, with what they answer and exact Shapley values.

    python golden/tabular.py

XGBoost itself is not needed: its models are JSON, written here in the form of version 2.1, and the trees are walked here. A row
goes left where its value is less than the threshold; where the value is missing, it goes as the node says.
"""

import itertools
import json
import math
from pathlib import Path
from typing import Callable, Dict, List, Sequence

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

OUT = Path(__file__).resolve().parent / "tabular"

# feature, threshold, side of missing values, left, right; or the value of a leaf
Node = Sequence
TREES: List[Node] = [
    (0, 0.25, "left", (1, -0.5, "right", -0.75, 0.4), (2, 0.75, "left", 0.2, 1.25)),
    (2, -0.25, "right", 0.3, (3, 1.5, "right", -0.6, (0, 1.0, "left", 0.05, 0.9))),
    (3, 0.0, "left", -0.35, (1, 0.125, "right", 0.15, -0.45)),
]
BASE = 0.5
FEATURES = 4


def walk(node: Node, row: np.ndarray) -> float:
    if isinstance(node, float):
        return node
    feature, threshold, missing, left, right = node
    value = row[feature]
    goes_left = missing == "left" if math.isnan(value) else value < np.float32(threshold)
    return walk(left if goes_left else right, row)


def score(row: np.ndarray) -> float:
    return BASE + sum(walk(tree, row) for tree in TREES)


def tree_json(number: int, root: Node) -> Dict:
    columns: Dict[str, List] = {
        name: []
        for name in ("left_children", "right_children", "parents", "split_indices", "split_conditions", "default_left")
    }

    # XGBoost takes the right child to be the node after the left one.
    waiting = [(root, 2147483647)]
    while waiting:
        node, parent = waiting.pop(0)
        index = len(columns["parents"])
        leaf = isinstance(node, float)
        left = -1 if leaf else index + len(waiting) + 1
        columns["parents"].append(parent)
        columns["left_children"].append(left)
        columns["right_children"].append(-1 if leaf else left + 1)
        columns["split_indices"].append(0 if leaf else node[0])
        columns["split_conditions"].append(node if leaf else node[1])
        columns["default_left"].append(0 if leaf else int(node[2] == "left"))
        if not leaf:
            waiting += [(node[3], index), (node[4], index)]
    nodes = len(columns["parents"])
    return {
        **columns,
        "id": number,
        "base_weights": [0.0] * nodes,
        "loss_changes": [0.0] * nodes,
        "sum_hessian": [1.0] * nodes,
        "split_type": [0] * nodes,
        "categories": [],
        "categories_nodes": [],
        "categories_segments": [],
        "categories_sizes": [],
        "tree_param": {
            "num_deleted": "0",
            "num_feature": str(FEATURES),
            "num_nodes": str(nodes),
            "size_leaf_vector": "1",
        },
    }


def booster() -> Dict:
    count = len(TREES)
    return {
        "version": [2, 1, 1],
        "learner": {
            "attributes": {},
            "feature_names": [],
            "feature_types": [],
            "gradient_booster": {
                "name": "gbtree",
                "model": {
                    "gbtree_model_param": {"num_trees": str(count), "num_parallel_tree": "1"},
                    "iteration_indptr": list(range(count + 1)),
                    "tree_info": [0] * count,
                    "trees": [tree_json(i, tree) for i, tree in enumerate(TREES)],
                },
            },
            "learner_model_param": {
                "base_score": str(BASE),
                "boost_from_average": "1",
                "num_class": "0",
                "num_feature": str(FEATURES),
                "num_target": "1",
            },
            "objective": {"name": "reg:squarederror", "reg_loss_param": {"scale_pos_weight": "1"}},
        },
    }


def network(rng: np.random.Generator) -> onnx.ModelProto:
    """Two inputs, whose order in the file is not that of the alphabet, and two outputs."""
    first = rng.standard_normal((3, 5)).astype(np.float32)
    second = rng.standard_normal((2, 5)).astype(np.float32)
    out = rng.standard_normal((5, 3)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["profile", "first"], ["a"]),
        helper.make_node("MatMul", ["account", "second"], ["b"]),
        helper.make_node("Add", ["a", "b"], ["c"]),
        helper.make_node("Tanh", ["c"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "out"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "credit",
        [value("profile", TensorProto.FLOAT, ["rows", 3]), value("account", TensorProto.FLOAT, ["rows", 2])],
        [value("logits", TensorProto.FLOAT, ["rows", 3]), value("probabilities", TensorProto.FLOAT, ["rows", 3])],
        [
            numpy_helper.from_array(first, "first"),
            numpy_helper.from_array(second, "second"),
            numpy_helper.from_array(out, "out"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    return model


def shapley(value: Callable[[np.ndarray], float], row: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """By the definition, over all orders' coalitions."""
    n = len(row)
    result = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = math.factorial(size) * math.factorial(n - size - 1) / math.factorial(n)
            for present in itertools.combinations(others, size):
                without = reference.copy()
                without[list(present)] = row[list(present)]
                with_i = without.copy()
                with_i[i] = row[i]
                result[i] += weight * (value(with_i) - value(without))
    return result


def main() -> None:
    OUT.mkdir(exist_ok=True)
    rng = np.random.default_rng(7)
    (OUT / "trees.json").write_text(json.dumps(booster(), separators=(",", ":"), sort_keys=True) + "\n")
    rows = (rng.standard_normal((6, FEATURES)) * 0.8).astype(np.float32)
    rows[1, 0] = np.nan
    rows[2, [1, 2]] = np.nan
    rows[3] = np.nan
    nothing = np.full(FEATURES, np.nan, dtype=np.float32)
    zeros = np.zeros(FEATURES, dtype=np.float32)
    np.savez(
        OUT / "trees.npz",
        rows=rows,
        scores=np.array([score(row) for row in rows]),
        shapley=np.stack([shapley(score, row, zeros) for row in rows]),
        shapley_from_missing=np.stack([shapley(score, row, nothing) for row in rows]),
    )
    model = network(rng)
    onnx.save(model, OUT / "credit.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    profile = rng.standard_normal((4, 3)).astype(np.float32)
    account = rng.standard_normal((4, 2)).astype(np.float32)

    def probability(both: np.ndarray) -> float:
        both = both.astype(np.float32)[None]
        return float(session.run(["probabilities"], {"profile": both[:, :3], "account": both[:, 3:]})[0][0, 1])

    both = np.concatenate([profile, account], axis=1)
    logits, probabilities = session.run(["logits", "probabilities"], {"profile": profile, "account": account})
    np.savez(
        OUT / "credit.npz",
        profile=profile,
        account=account,
        logits=logits,
        probabilities=probabilities,
        shapley=np.stack([shapley(probability, row, np.zeros(5, dtype=np.float32)) for row in both]),
    )


if __name__ == "__main__":
    main()
