# SPDX-License-Identifier: Apache-2.0
"""Writes golden/trees: tree ensembles, and their Shapley values against a background by SHAP's TreeExplainer.

    python golden/trees.py            writes golden/trees
    python golden/trees.py --check    computes again and compares

forest.onnx is a random forest of scikit-learn as a TreeEnsembleRegressor, and boosted.onnx a gradient-boosted classifier of it
whose output is the margin; lightgbm.json is a LightGBM classifier with three classes, its trees as plain nested objects.
trees.npz holds for each NAME the arrays NAME/rows, NAME/background, NAME/scores and NAME/values; values of three classes have a
last axis for them. multiclass.json and multiclass.ubj are an XGBoost model of three classes, which xgboost itself did not write: its trees are drawn
at random, and the tests walk them.
"""

import json
import struct
import sys
from pathlib import Path

import lightgbm
import numpy as np
import onnx
import shap
from onnx import TensorProto, helper
from sklearn.ensemble import GradientBoostingClassifier, RandomForestRegressor

from tabular import tree_json

OUT = Path(__file__).resolve().parent / "trees"
FEATURES, ROWS, BACKGROUND = 6, 5, 12


def data(seed: int):
    random = np.random.default_rng(seed)
    x = random.normal(size=(400, FEATURES))
    # Two columns that hold categories by their position.
    x[:, 4] = random.integers(0, 3, 400)
    x[:, 5] = random.integers(0, 2, 400)
    x = x.astype(np.float32)
    y = x[:, 0] * x[:, 1] + np.where(x[:, 4] == 1, 2.0, -0.5) * x[:, 2] + x[:, 5] + 0.1 * random.normal(size=400)
    return x, y


def below(threshold: float) -> float:
    """The largest float32 that is not above a threshold: a float32 is at most one if it is at most the other."""
    narrow = np.float32(threshold)
    return float(np.nextafter(narrow, np.float32(-np.inf)) if float(narrow) > threshold else narrow)


def ensemble(trees, scale: float, base: float) -> onnx.ModelProto:
    """Trees of scikit-learn as one node; a score is the base plus the scaled sum of leaves."""
    nodes = {key: [] for key in ("treeids", "nodeids", "featureids", "modes", "values", "truenodeids", "falsenodeids")}
    target = {key: [] for key in ("treeids", "nodeids", "ids", "weights")}
    for number, tree in enumerate(trees):
        for node in range(tree.node_count):
            leaf = tree.children_left[node] < 0
            nodes["treeids"].append(number)
            nodes["nodeids"].append(node)
            nodes["featureids"].append(0 if leaf else int(tree.feature[node]))
            nodes["modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            nodes["values"].append(0.0 if leaf else below(float(tree.threshold[node])))
            nodes["truenodeids"].append(0 if leaf else int(tree.children_left[node]))
            nodes["falsenodeids"].append(0 if leaf else int(tree.children_right[node]))
            if leaf:
                target["treeids"].append(number)
                target["nodeids"].append(node)
                target["ids"].append(0)
                target["weights"].append(scale * float(tree.value[node].ravel()[0]))
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["rows"],
        ["score"],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[base],
        **{f"nodes_{key}": value for key, value in nodes.items()},
        **{f"target_{key}": value for key, value in target.items()},
    )
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node],
        "trees",
        [value("rows", TensorProto.FLOAT, ["n", FEATURES])],
        [value("score", TensorProto.FLOAT, ["n", 1])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8, producer_name="")
    onnx.checker.check_model(model)
    return model


def plain(node):
    """A tree of LightGBM's dump: [feature, threshold, left, right], or the value of a leaf."""
    if "leaf_value" in node:
        return node["leaf_value"]
    assert node["decision_type"] == "<=" and node["missing_type"] == "None"
    return [node["split_feature"], node["threshold"], plain(node["left_child"]), plain(node["right_child"])]


def drawn(random, depth: int):
    """A random tree in the form of tabular.py."""
    if depth == 0 or random.random() < 0.15:
        return float(np.float32(random.normal()))
    feature = int(random.integers(FEATURES))
    threshold = float(np.float32(random.normal() if feature < 4 else random.integers(3) - 0.5))
    side = "left" if random.random() < 0.5 else "right"
    return (feature, threshold, side, drawn(random, depth - 1), drawn(random, depth - 1))


def xgboost(classes: int):
    random = np.random.default_rng(41)
    trees = [drawn(random, 3) for _ in range(4 * classes)]
    count = len(trees)
    parts = [tree_json(number, tree) for number, tree in enumerate(trees)]
    for part in parts:
        part["tree_param"]["num_feature"] = str(FEATURES)
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
                    "iteration_indptr": list(range(0, count + 1, classes)),
                    "tree_info": [number % classes for number in range(count)],
                    "trees": parts,
                },
            },
            "learner_model_param": {
                "base_score": "5E-1",
                "boost_from_average": "1",
                "num_class": str(classes),
                "num_feature": str(FEATURES),
                "num_target": "1",
            },
            "objective": {"name": "multi:softprob", "softmax_multiclass_param": {"num_class": str(classes)}},
        },
    }


def explained(model, rows, background, arrays, name, scores):
    explainer = shap.TreeExplainer(model, background, feature_perturbation="interventional")
    arrays[name + "/rows"] = rows
    arrays[name + "/background"] = background
    arrays[name + "/scores"] = scores
    arrays[name + "/values"] = explainer.shap_values(rows)


def text(value):
    return b"L" + struct.pack(">q", len(value)) + value.encode()


TYPED = {
    "U": ("B", ["default_left", "split_type"]),
    "L": ("q", ["categories_segments", "categories_sizes"]),
    "d": ("f", ["base_weights", "loss_changes", "split_conditions", "sum_hessian"]),
    "l": ("i", ["categories", "categories_nodes", "left_children", "right_children", "parents", "split_indices"]),
}


def ubjson(value, key=""):
    """A value as XGBoost writes it to a .ubj file: the numbers of a tree are arrays of one type."""
    if isinstance(value, dict):
        return b"{" + b"".join(text(k) + ubjson(v, k) for k, v in value.items()) + b"}"
    if isinstance(value, list):
        start = len(value)
        for mark, (code, keys) in TYPED.items():
            if key in keys:
                return b"[$" + mark.encode() + b"#L" + struct.pack(f">q{start}{code}", start, *value)
        return b"[#L" + struct.pack(">q", start) + b"".join(ubjson(v) for v in value)
    return b"S" + text(value) if isinstance(value, str) else b"L" + struct.pack(">q", value)


def compute():
    files, arrays = {}, {}
    x, y = data(5)
    rows, background = x[:ROWS], x[ROWS : ROWS + BACKGROUND]
    forest = RandomForestRegressor(n_estimators=8, max_depth=4, random_state=3).fit(x, y)
    files["forest.onnx"] = ensemble([tree.tree_ for tree in forest], 1 / 8, 0.0).SerializeToString()
    explained(forest, rows, background, arrays, "forest", forest.predict(rows))
    boosted = GradientBoostingClassifier(n_estimators=12, max_depth=3, learning_rate=0.3, random_state=3)
    positive = (y > 0).astype(int)
    boosted.fit(x, positive)
    prior = float(np.log(positive.mean() / (1 - positive.mean())))
    trees = [stage[0].tree_ for stage in boosted.estimators_]
    files["boosted.onnx"] = ensemble(trees, 0.3, prior).SerializeToString()
    explained(boosted, rows, background, arrays, "boosted", boosted.decision_function(rows))
    classes = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    wide = x.astype(np.float64)
    light = lightgbm.LGBMClassifier(
        n_estimators=5, num_leaves=7, random_state=3, verbose=-1, n_jobs=1, deterministic=True, use_missing=False
    ).fit(wide, classes)
    dump = light.booster_.dump_model()
    # One list of trees for each class.
    parts = [[plain(tree["tree_structure"]) for tree in dump["tree_info"][k::3]] for k in range(3)]
    files["lightgbm.json"] = (json.dumps(parts, separators=(",", ":")) + "\n").encode()
    scores = light.predict(wide[:ROWS], raw_score=True)
    explained(light, wide[:ROWS], wide[ROWS : ROWS + BACKGROUND], arrays, "lightgbm", scores)
    multiclass = xgboost(3)
    files["multiclass.json"] = (json.dumps(multiclass, separators=(",", ":"), sort_keys=True) + "\n").encode()
    files["multiclass.ubj"] = ubjson(multiclass)
    return files, arrays


def main():
    files, arrays = compute()
    if "--check" in sys.argv:
        for name, content in files.items():
            assert (OUT / name).read_bytes() == content, "another " + name
        written = np.load(OUT / "trees.npz")
        assert sorted(written.files) == sorted(arrays), "other arrays"
        for name, array in arrays.items():
            np.testing.assert_allclose(written[name], array, rtol=0, atol=1e-10, err_msg=name)
        print(f"{len(files)} files and {len(arrays)} arrays as before")
        return
    OUT.mkdir(exist_ok=True)
    for name, content in files.items():
        (OUT / name).write_bytes(content)
    np.savez(OUT / "trees.npz", **arrays)


if __name__ == "__main__":
    main()
