# SPDX-License-Identifier: Apache-2.0
"""Shapley values estimated by SHAP and Captum, with their truth: how far off they are for the same evaluations.

    python golden/efficiency.py            writes golden/efficiency/efficiency.npz
    python golden/efficiency.py --check    computes again and compares

Models are networks y = sigmoid(w2 tanh(w1 x + b1) + b2), or without the sigmoid for the larger ones, whose hidden units see
six features each, so that their Shapley values are sums of those of the units and known exactly. Arrays, for each case
FEATURES-BACKGROUND: w1, b1, w2, b2, sigmoid, background, rows, budget, truth, and for each estimator the estimates of RUNS runs,
shape (run, row, feature). The budget counts evaluations of coalitions; each is as many rows as the background has.
KernelExplainer is asked for all features (l1_reg=0), which serves it better than its default. Captum has no background.
"""

import math
import sys
import warnings
from pathlib import Path

import numpy as np
import shap
import torch
from captum.attr import KernelShap, ShapleyValueSampling

OUT = Path(__file__).resolve().parent / "efficiency" / "efficiency.npz"
RUNS, ROWS, HIDDEN, SEEN = 12, 3, 24, 6
CASES = [(12, 1), (12, 10), (20, 1), (20, 10), (30, 1), (30, 10)]


def exact(features, value):
    """Shapley values of a function of masks."""
    masks = (np.arange(1 << features)[:, None] >> np.arange(features) & 1).astype(bool)
    scores = value(masks)
    sizes = masks.sum(1)
    weights = np.array([1 / (features * math.comb(features - 1, size)) for size in range(features)])
    values = np.zeros(features)
    for i in range(features):
        without = np.flatnonzero(~masks[:, i])
        values[i] = (weights[sizes[without]] * (scores[without | 1 << i] - scores[without])).sum()
    return values


def case(features, background_rows):
    random = np.random.default_rng(100 * features + background_rows)
    sigmoid = features == 12
    w1 = random.normal(size=(HIDDEN, features))
    seen = [np.arange(features) if sigmoid else random.choice(features, SEEN, replace=False) for _ in range(HIDDEN)]
    for unit, where in enumerate(seen):
        w1[unit, np.setdiff1d(np.arange(features), where)] = 0
    b1 = random.normal(size=HIDDEN)
    w2 = random.normal(size=HIDDEN)
    b2 = random.normal()
    background = random.normal(size=(background_rows, features))
    rows = random.normal(size=(ROWS, features))
    budget = 20 * (2 * features + 1)

    def model(x):
        y = np.tanh(x @ w1.T + b1) @ w2 + b2
        return 1 / (1 + np.exp(-y)) if sigmoid else y

    def unit_value(row, unit, where):
        def value(masks):
            total = 0
            for other in background:
                mixed = np.where(masks, row[where], other[where])
                total = total + np.tanh(mixed @ w1[unit, where] + b1[unit]) * w2[unit]
            return total / background_rows

        return value

    def whole_value(row):
        return lambda masks: sum(model(np.where(masks, row, other)) for other in background) / background_rows

    truth = np.zeros((ROWS, features))
    for r, row in enumerate(rows):
        if sigmoid:
            truth[r] = exact(features, whole_value(row))
        else:
            for unit, where in enumerate(seen):
                truth[r, where] += exact(SEEN, unit_value(row, unit, where))

    estimates = {name: [] for name in ("kernel", "permutation")}
    if background_rows == 1:
        estimates.update({name: [] for name in ("captum-kernel", "captum-sampling")})
    tensors = [torch.from_numpy(array) for array in (w1, b1, w2)]

    def forward(x):
        y = torch.tanh(x @ tensors[0].T + tensors[1]) @ tensors[2] + b2
        return torch.sigmoid(y) if sigmoid else y

    for run in range(RUNS):
        np.random.seed(run)
        torch.manual_seed(run)
        kernel = shap.KernelExplainer(model, background)
        estimates["kernel"].append(kernel.shap_values(rows, nsamples=budget, l1_reg=0, silent=True))
        masker = shap.maskers.Independent(background, max_samples=background_rows)
        permutation = shap.PermutationExplainer(model, masker, seed=run)
        estimates["permutation"].append(permutation(rows, max_evals=budget, silent=True).values)
        if background_rows == 1:
            inputs, baseline = torch.from_numpy(rows), torch.from_numpy(background)
            estimates["captum-sampling"].append(
                ShapleyValueSampling(forward).attribute(inputs, baseline, n_samples=budget // features).numpy())
            estimates["captum-kernel"].append(
                torch.cat([KernelShap(forward).attribute(row[None], baseline, n_samples=budget) for row in inputs]).numpy())
    arrays = dict(w1=w1, b1=b1, w2=w2, b2=np.array([b2]), sigmoid=np.array([float(sigmoid)]), background=background,
                  rows=rows, budget=np.array([float(budget)]), truth=truth)
    for name, values in estimates.items():
        arrays["estimates/" + name] = np.array(values, dtype=np.float32)
    return arrays


def compute():
    arrays = {}
    for features, background_rows in CASES:
        for name, array in case(features, background_rows).items():
            arrays[f"{features}-{background_rows}/{name}"] = array
    return arrays


def report(arrays):
    for features, background_rows in CASES:
        at = f"{features}-{background_rows}/"
        truth = arrays[at + "truth"]
        errors = {name.split("/")[-1]: ((arrays[name] - truth) ** 2).mean()
                  for name in arrays if name.startswith(at + "estimates/")}
        print(at, f"variance {(truth ** 2).mean():.2e}", {name: f"{error:.2e}" for name, error in errors.items()})


def main():
    warnings.filterwarnings("ignore")
    arrays = compute()
    report(arrays)
    if "--check" in sys.argv:
        written = np.load(OUT)
        assert sorted(written.files) == sorted(arrays), "other arrays"
        for name, array in arrays.items():
            np.testing.assert_allclose(written[name], array, rtol=1e-5, atol=1e-6, err_msg=name)
        print(f"{len(arrays)} arrays as before")
        return
    OUT.parent.mkdir(exist_ok=True)
    np.savez_compressed(OUT, **arrays)


if __name__ == "__main__":
    main()
