# SPDX-License-Identifier: Apache-2.0
"""How far estimates of Shapley values by SHAP and Captum are off, for models of other kinds than efficiency.py has.

    python golden/efficiency_held_out.py            writes golden/efficiency/held_out.npz
    python golden/efficiency_held_out.py --check    computes again and compares

Models are fitted by scikit-learn to seeded data (networks, boosted trees, a logistic regression) or drawn at random (networks whose
units see four features, pairwise interactions, a linear one). Each is the sum of what its arrays say, of those it has:

    w x + b2        Σ x q x        w2 tanh(w1 x + b1)        trees of depth 3: split features, thresholds, leaves

through a sigmoid where the array sigmoid is 1. Arrays for each case NAME: these, background, rows, truth, budgets, and
errors/ESTIMATOR: for each budget the mean squared error over RUNS runs and all rows. A budget counts evaluations of coalitions, the
row and the baseline among them. KernelExplainer is asked for all features (l1_reg=0). Captum has no background.

Truth is exact: over all coalitions where a sigmoid joins everything, else the sum over units, trees and pairs.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import shap
import torch
from captum.attr import KernelShap, ShapleyValueSampling
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier

from efficiency import exact

OUT = Path(__file__).resolve().parent / "efficiency" / "held_out.npz"
RUNS, ROWS = 12, 2
SEED = ()
# Kind, features, background rows.
CASES = [
    ("mlp", 12, 1),
    ("mlp", 15, 10),
    ("units", 30, 1),
    ("units", 24, 10),
    ("boosted", 12, 10),
    ("trees", 20, 1),
    ("trees", 30, 10),
    ("logistic", 14, 1),
    ("logistic", 12, 10),
    ("pairwise", 24, 1),
    ("pairwise", 16, 10),
    ("linear", 20, 10),
]


def budgets(features):
    """From the fewest that determine a regression to many."""
    return [2 * features + 2, 4 * features, 10 * features, 24 * features, 60 * features]


def data(random, features, rows=600):
    mix = random.normal(size=(features, features)) / np.sqrt(features)
    x = random.normal(size=(rows, features)) + 0.5 * random.normal(size=(rows, features)) @ mix
    y = (np.sin(2 * x[:, 0] * x[:, 1]) + 2 * np.maximum(x[:, 2], 0) * (x[:, 3] > 0) + x[:, 4] * x[:, 5] * x[:, 6] / 2
         + x @ (0.7 ** np.arange(features)) + 0.3 * random.normal(size=rows))
    return x, y


def grown(ensemble, scale):
    """Trees of scikit-learn as full trees of depth 3; a row goes to the second child where it exceeds the threshold."""
    features, thresholds, leaves = [], [], []
    for tree in (stage[0].tree_ for stage in ensemble.estimators_):
        split, threshold, leaf = np.zeros(7), np.zeros(7), np.zeros(8)

        def walk(node, at):
            end = node < 0 or tree.children_left[node] < 0
            if at >= 7:
                leaf[at - 7] = scale * tree.value[node].ravel()[0]
                return
            split[at] = 0 if end else tree.feature[node]
            threshold[at] = 0 if end else tree.threshold[node]
            walk(node if end else tree.children_left[node], 2 * at + 1)
            walk(node if end else tree.children_right[node], 2 * at + 2)

        walk(0, 0)
        features.append(split)
        thresholds.append(threshold)
        leaves.append(leaf)
    return dict(split=np.array(features), threshold=np.array(thresholds), leaf=np.array(leaves))


def model_of(kind, features, random):
    """Returns the arrays of a model, and rows to draw from."""
    x, y = data(random, features)
    if kind == "mlp":
        net = MLPClassifier((16,), activation="tanh", max_iter=400, alpha=1e-3, random_state=1).fit(x, y > np.median(y))
        return dict(w1=net.coefs_[0].T, b1=net.intercepts_[0], w2=net.coefs_[1][:, 0], b2=net.intercepts_[1], sigmoid=np.ones(1)), x
    if kind == "units":
        w1 = np.zeros((32, features))
        for unit in w1:
            unit[random.choice(features, 4, replace=False)] = 1.5 * random.normal(size=4)
        return dict(w1=w1, b1=random.normal(size=32), w2=random.normal(size=32)), x
    if kind == "boosted":
        fitted = GradientBoostingClassifier(n_estimators=40, max_depth=3, random_state=1).fit(x, y > np.median(y))
        return dict(grown(fitted, 0.1), sigmoid=np.ones(1)), x
    if kind == "trees":
        return grown(GradientBoostingRegressor(n_estimators=60, max_depth=3, random_state=1).fit(x, y), 0.1), x
    if kind == "logistic":
        fitted = LogisticRegression(C=10).fit(x, y > np.median(y))
        return dict(w=fitted.coef_[0], b2=fitted.intercept_, sigmoid=np.ones(1)), x
    if kind == "pairwise":
        return dict(w=random.normal(size=features), q=np.triu(random.normal(size=(features, features)), 1) / np.sqrt(features)), x
    return dict(w=random.normal(size=features), b2=random.normal(size=1)), x


def evaluator(arrays, library=np):
    """Returns the model as a function of rows, of NumPy or of PyTorch."""
    torched = library is torch
    a = {name: torch.from_numpy(np.asarray(array, dtype=np.float64)) if torched else array for name, array in arrays.items()}

    def model(x):
        y = 0 * x[:, 0]
        if "b2" in a:
            y = y + a["b2"][0]
        if "w" in a:
            y = y + x @ a["w"]
        if "q" in a:
            y = y + ((x @ a["q"]) * x).sum(1)
        if "w1" in a:
            y = y + library.tanh(x @ a["w1"].T + a.get("b1")) @ a["w2"]
        if "leaf" in a:
            plain = x.detach().numpy() if torched else x
            trees = np.arange(len(arrays["leaf"]))
            at = np.zeros((len(x), len(trees)), dtype=np.int64)
            for _ in range(3):
                split = arrays["split"][trees, at].astype(np.int64)
                at = 2 * at + 1 + (np.take_along_axis(plain, split, 1) > arrays["threshold"][trees, at])
            leaves = arrays["leaf"][trees, at - 7].sum(1)
            y = y + (torch.from_numpy(leaves) if torched else leaves)
        return 1 / (1 + library.exp(-y)) if a.get("sigmoid", [0])[0] else y

    return model


def parts(arrays):
    """Yields for a model without a sigmoid the features and the arrays of parts that add up to it."""
    if "w" in arrays:
        for i in range(len(arrays["w"])):
            yield [i], dict(w=arrays["w"][[i]])
    if "q" in arrays:
        for i, j in np.argwhere(arrays["q"]):
            yield [i, j], dict(q=arrays["q"][np.ix_([i, j], [i, j])])
    for unit in range(len(arrays.get("w1", ()))):
        where = np.flatnonzero(arrays["w1"][unit])
        yield where, dict(w1=arrays["w1"][[unit]][:, where], b1=arrays["b1"][[unit]], w2=arrays["w2"][[unit]])
    for tree in range(len(arrays.get("leaf", ()))):
        where, renumbered = np.unique(arrays["split"][tree].astype(int), return_inverse=True)
        yield where, dict(split=renumbered[None], threshold=arrays["threshold"][[tree]], leaf=arrays["leaf"][[tree]])


def shapley(arrays, row, background):
    truth = np.zeros(len(row))
    whole = [(np.arange(len(row)), arrays)] if arrays["sigmoid"][0] else parts(arrays)
    for where, part in whole:
        model = evaluator(part)
        truth[where] += exact(len(where), lambda masks: sum(model(np.where(masks, row[where], other[where]))
                                                            for other in background) / len(background))
    return truth


def case(kind, features, background_rows):
    random = np.random.default_rng([features, background_rows, len(kind), *SEED])
    arrays, x = model_of(kind, features, random)
    arrays.setdefault("sigmoid", np.zeros(1))
    background, rows = x[:background_rows], x[-ROWS:]
    truth = np.array([shapley(arrays, row, background) for row in rows])
    model, forward = evaluator(arrays), evaluator(arrays, torch)
    errors = {name: [] for name in ("kernel", "permutation")}
    if background_rows == 1:
        errors.update({name: [] for name in ("captum-kernel", "captum-sampling")})
    for budget in budgets(features):
        sums = dict.fromkeys(errors, 0.0)

        def add(name, values):
            sums[name] += ((np.asarray(values) - truth) ** 2).mean() / RUNS

        for run in range(RUNS):
            np.random.seed(run)
            torch.manual_seed(run)
            add("kernel", shap.KernelExplainer(model, background).shap_values(rows, nsamples=budget - 2, l1_reg=0, silent=True))
            masker = shap.maskers.Independent(background, max_samples=background_rows)
            add("permutation", shap.PermutationExplainer(model, masker, seed=run)(rows, max_evals=budget, silent=True).values)
            if background_rows == 1:
                inputs, baseline = torch.from_numpy(rows), torch.from_numpy(background)
                add("captum-sampling", ShapleyValueSampling(forward).attribute(
                    inputs, baseline, n_samples=budget // features, perturbations_per_eval=64))
                add("captum-kernel", torch.cat(
                    [KernelShap(forward).attribute(row[None], baseline, n_samples=budget, perturbations_per_eval=64) for row in inputs]))
        for name, total in sums.items():
            errors[name].append(total)
    named = {"errors/" + name: np.array(values) for name, values in errors.items()}
    return dict(arrays, background=background, rows=rows, truth=truth, budgets=np.array(budgets(features), dtype=float), **named)


def compute():
    arrays = {}
    for kind, features, background_rows in CASES:
        made = case(kind, features, background_rows)
        arrays.update({f"{kind}-{features}-{background_rows}/{name}": np.asarray(array, dtype=float) for name, array in made.items()})
        size = (made["truth"] ** 2).mean()
        print(kind, features, background_rows, f"mean square {size:.2e}; errors over it:", flush=True)
        for name, values in made.items():
            if name.startswith("errors/"):
                print("   ", name, " ".join(f"{value / size:.1e}" for value in values), flush=True)
    return arrays


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    arrays = compute()
    if "--check" in sys.argv:
        written = np.load(OUT)
        assert sorted(written.files) == sorted(arrays), "other arrays"
        for name, array in arrays.items():
            np.testing.assert_allclose(written[name], array, rtol=1e-3, atol=1e-9, err_msg=name)
        print(f"{len(arrays)} arrays as before")
        return
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, **arrays)


if __name__ == "__main__":
    main()
