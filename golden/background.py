# SPDX-License-Identifier: Apache-2.0
"""Shapley values against a background, by SHAP's exact explainer: a small network in NumPy and float64.

    python golden/background.py            writes golden/background/background.npz
    python golden/background.py --check    computes again and compares

The network's weights are in the file: y = sigmoid(w2 tanh(w1 x + b1) + b2). Values are those of the probability, and of its log
odds (link logit): of the mean probability over the background, as KernelExplainer takes it, without what SHAP calls
linearize_link. Arrays values/LINK and base/LINK.
"""

from pathlib import Path

import numpy as np
import shap

import stored

OUT = Path(__file__).resolve().parent / "background" / "background.npz"
FEATURES, HIDDEN, BACKGROUND, ROWS = 7, 9, 15, 4


def compute():
    random = np.random.default_rng(13)
    w1 = random.normal(size=(HIDDEN, FEATURES))
    b1 = random.normal(size=HIDDEN)
    w2 = random.normal(size=HIDDEN)
    b2 = random.normal()
    background = random.normal(size=(BACKGROUND, FEATURES))
    # A column with two values, as a category has.
    background[:, 3] = (background[:, 3] > 0).astype(float)
    rows = random.normal(size=(ROWS, FEATURES))
    rows[:, 3] = 1

    def probability(x):
        return 1 / (1 + np.exp(-(np.tanh(x @ w1.T + b1) @ w2 + b2)))

    arrays = dict(w1=w1, b1=b1, w2=w2, b2=np.array([b2]), background=background, rows=rows)
    for name, link in (("identity", shap.links.identity), ("logit", shap.links.logit)):
        masker = shap.maskers.Independent(background, max_samples=BACKGROUND)
        explanation = shap.explainers.ExactExplainer(probability, masker, link=link, linearize_link=False)(rows)
        arrays["values/" + name] = explanation.values
        arrays["base/" + name] = np.broadcast_to(explanation.base_values, ROWS).copy()
    return arrays


if __name__ == "__main__":
    stored.keep(OUT, compute(), 1e-12)
