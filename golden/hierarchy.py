# SPDX-License-Identifier: Apache-2.0
"""Owen values against a background by SHAP's partition explainer, and interaction values of trees by its tree explainer.

    python golden/hierarchy.py            writes golden/hierarchy/hierarchy.npz
    python golden/hierarchy.py --check    computes again and compares

A small network as in background.py: y = sigmoid(w2 tanh(w1 x + b1) + b2). Columns are clustered by SciPy; merges/LINKAGE has
its rows (two clusters that are joined, numbered as SciPy does). owen/values are those of the average linkage.

A gradient-boosted model of scikit-learn: for each tree left, right, feature, threshold, value, cover by node. A column that is
absent sends a row down both branches, by their cover (SHAP's tree_path_dependent). trees/interactions has a matrix for each row.
"""

import sys
from pathlib import Path

import numpy as np
import shap
from scipy.cluster.hierarchy import linkage
from scipy.spatial.distance import squareform
from sklearn.ensemble import GradientBoostingRegressor

OUT = Path(__file__).resolve().parent / "hierarchy" / "hierarchy.npz"
FEATURES, HIDDEN, BACKGROUND, ROWS = 6, 8, 20, 3


def owen(arrays):
    random = np.random.default_rng(17)
    w1 = random.normal(size=(HIDDEN, FEATURES))
    b1 = random.normal(size=HIDDEN)
    w2 = random.normal(size=HIDDEN)
    b2 = random.normal()
    background = random.normal(size=(BACKGROUND, FEATURES))
    background[:, 2] += background[:, 0]
    background[:, 4] -= 2 * background[:, 1]
    rows = random.normal(size=(ROWS, FEATURES))

    def probability(x):
        return 1 / (1 + np.exp(-(np.tanh(x @ w1.T + b1) @ w2 + b2)))

    distances = 1 - np.abs(np.corrcoef(background.T))
    np.fill_diagonal(distances, 0)
    arrays.update(w1=w1, b1=b1, w2=w2, b2=np.array([b2]), background=background, rows=rows)
    for method in ("average", "complete"):
        merges = linkage(squareform(distances, checks=False), method)
        arrays["merges/" + method] = merges[:, :2]
        if method == "average":
            masker = shap.maskers.Partition(background, max_samples=BACKGROUND, clustering=merges)
            explainer = shap.PartitionExplainer(probability, masker)
            values = [explainer(rows[i : i + 1], max_evals=100_000, silent=True) for i in range(ROWS)]
            arrays["owen/values"] = np.concatenate([one.values for one in values])
            arrays["owen/base"] = np.concatenate([np.broadcast_to(one.base_values, 1) for one in values])


def interactions(arrays):
    random = np.random.default_rng(19)
    x = random.normal(size=(300, 5))
    y = x[:, 0] * x[:, 1] + np.abs(x[:, 2]) + 0.5 * (x[:, 3] > 0) * x[:, 1]
    model = GradientBoostingRegressor(n_estimators=6, max_depth=4, random_state=1).fit(x, y)
    rows = x[:4].astype(np.float32).astype(float)
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    arrays["trees/rows"] = rows
    arrays["trees/interactions"] = explainer.shap_interaction_values(rows)
    trees = [one[0].tree_ for one in model.estimators_]
    nodes = max(tree.node_count for tree in trees)

    def padded(column):
        return np.array([np.pad(column(tree).astype(float), (0, nodes - tree.node_count)) for tree in trees])

    arrays["trees/left"] = padded(lambda tree: tree.children_left)
    arrays["trees/right"] = padded(lambda tree: tree.children_right)
    arrays["trees/feature"] = padded(lambda tree: tree.feature)
    arrays["trees/threshold"] = padded(lambda tree: tree.threshold)
    arrays["trees/value"] = padded(lambda tree: tree.value[:, 0, 0] * model.learning_rate)
    arrays["trees/cover"] = padded(lambda tree: tree.weighted_n_node_samples)


def compute():
    arrays = {}
    owen(arrays)
    interactions(arrays)
    return arrays


def main():
    arrays = compute()
    if "--check" in sys.argv:
        written = np.load(OUT)
        assert sorted(written.files) == sorted(arrays), "other arrays"
        for name, array in arrays.items():
            np.testing.assert_allclose(written[name], array, rtol=0, atol=1e-12, err_msg=name)
        print(f"{len(arrays)} arrays as before")
        return
    OUT.parent.mkdir(exist_ok=True)
    np.savez(OUT, **arrays)


if __name__ == "__main__":
    main()
