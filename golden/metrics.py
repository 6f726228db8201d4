# SPDX-License-Identifier: Apache-2.0
"""Infidelity and sensitivity by Captum, for given perturbations.

    python golden/metrics.py            writes golden/metrics/metrics.npz
    python golden/metrics.py --check    computes again and compares

The model is a small network in float64 whose weights are in the file: y = w2 tanh(w1 x + b1) + b2. The attributions that infidelity
judges are random numbers. Sensitivity judges feature ablation with a baseline of zeros. Arrays NAME of one score for each row.
"""

from pathlib import Path

import numpy as np
import torch
from captum.attr import FeatureAblation
from captum.metrics import infidelity, infidelity_perturb_func_decorator, sensitivity_max

import stored

OUT = Path(__file__).resolve().parent / "metrics" / "metrics.npz"
FEATURES, HIDDEN, ROWS, SAMPLES = 6, 8, 4, 9


def compute():
    random = np.random.default_rng(23)
    w1 = torch.tensor(random.normal(size=(HIDDEN, FEATURES)))
    b1 = torch.tensor(random.normal(size=HIDDEN))
    w2 = torch.tensor(random.normal(size=HIDDEN))
    b2 = torch.tensor(random.normal(size=1))
    rows = torch.tensor(random.normal(size=(ROWS, FEATURES)))
    baseline = torch.tensor(random.normal(size=(ROWS, FEATURES)))
    # Where input and baseline are equal, a global attribution has no way to divide by.
    baseline[1, 2] = rows[1, 2]
    baseline[3, :] = rows[3, :]
    attributions = torch.tensor(random.normal(size=(ROWS, FEATURES)))
    attributions[2, :] = 0
    changes = torch.tensor(0.1 * random.normal(size=(ROWS, SAMPLES, FEATURES)))

    def model(x):
        return torch.tanh(x @ w1.T + b1) @ w2 + b2

    def changed(inputs):
        return inputs - changes.reshape(-1, FEATURES)

    arrays = dict(w1=w1, b1=b1, w2=w2, b2=b2, rows=rows, baseline=baseline, attributions=attributions, changes=changes)
    arrays = {name: tensor.numpy() for name, tensor in arrays.items()}
    arrays["sigmoid"] = np.array([0.0])
    for kind in ("local", "global"):

        @infidelity_perturb_func_decorator(multiply_by_inputs=kind == "global")
        def perturb(inputs, baselines=None):
            return changed(inputs)

        for normalize in (False, True):
            scores = infidelity(
                model,
                perturb,
                rows,
                attributions,
                baselines=baseline if kind == "global" else None,
                n_perturb_samples=SAMPLES,
                normalize=normalize,
            )
            arrays[kind + (" normalized" if normalize else "")] = scores.numpy()
    ablation = FeatureAblation(model)
    arrays["sensitivity-max"] = sensitivity_max(
        ablation.attribute,
        rows,
        perturb_func=changed,
        n_perturb_samples=SAMPLES,
    ).numpy()
    return arrays


if __name__ == "__main__":
    stored.keep(OUT, compute(), 1e-9)
