# SPDX-License-Identifier: Apache-2.0
"""How far estimates of Shapley values by SHAP and Captum are off, for a third set of models and data.

    python golden/efficiency_third.py            writes golden/efficiency/third.npz
    python golden/efficiency_third.py --check    computes again and compares

Nothing was chosen with it: no estimator was looked at on these models before their numbers were written. Models are drawn at random
or fitted by scikit-learn, on normal, heavy-tailed, skewed or binary data; arrays and errors are those of efficiency_held_out.py.

    crowd       64 units that see eight features each
    steps       48 steep units that see three features each
    saturated   a network of large weights on all features, through a sigmoid
    forest      extremely randomized trees on binary data
    survey      binary answers, alone and in pairs, through a sigmoid
    mixed       single features, pairs, units and trees together
    steep       few boosted trees on all features, through a sigmoid
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import torch
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingClassifier

import efficiency_held_out as held_out

OUT = Path(__file__).resolve().parent / "efficiency" / "third.npz"
SEED = (7919,)
# Kind, features, background rows.
CASES = [
    ("crowd", 28, 1),
    ("crowd", 21, 10),
    ("steps", 26, 1),
    ("steps", 18, 10),
    ("saturated", 13, 1),
    ("saturated", 12, 10),
    ("forest", 22, 1),
    ("forest", 25, 10),
    ("survey", 14, 10),
    ("mixed", 17, 1),
    ("mixed", 29, 10),
    ("steep", 13, 10),
]


def budgets(features):
    return [2 * features + 2, 4 * features, 240, 610]


def units(random, count, features, seen, size):
    w1 = np.zeros((count, features))
    for unit in w1:
        unit[random.choice(features, seen, replace=False)] = size * random.normal(size=seen)
    return dict(w1=w1, b1=random.normal(size=count), w2=random.normal(size=count) / np.sqrt(count))


def pairs(random, features):
    return np.triu(random.normal(size=(features, features)) * (random.random((features, features)) < 0.2), 1)


def grown(trees, scale):
    """The trees of a forest, as those of a boosted ensemble are read."""
    ensemble = type("Ensemble", (), {"estimators_": [[tree] for tree in trees]})
    return held_out.grown(ensemble, scale)


def model_of(kind, features, random):
    """Returns the arrays of a model, and rows to draw from."""
    if kind == "crowd":
        return units(random, 64, features, 8, 0.5), random.normal(size=(600, features))
    if kind == "steps":
        return units(random, 48, features, 3, 5), random.standard_t(3, size=(600, features))
    if kind == "saturated":
        made = units(random, 20, features, features, 1.5)
        return dict(made, w2=8 * made["w2"], b2=random.normal(size=1), sigmoid=np.ones(1)), random.normal(size=(600, features))
    if kind == "forest":
        x = (random.random((600, features)) < random.uniform(0.2, 0.8, features)).astype(float)
        y = x[:, 0] * x[:, 1] * x[:, 2] + (x[:, 3] != x[:, 4]) + x @ random.normal(size=features) / 4
        fitted = ExtraTreesRegressor(80, max_depth=3, random_state=2).fit(x, y)
        return grown(fitted.estimators_, 1 / 80), x
    if kind == "survey":
        x = (random.random((600, features)) < 0.5).astype(float)
        return dict(w=random.normal(size=features), q=2 * pairs(random, features), b2=random.normal(size=1), sigmoid=np.ones(1)), x
    if kind == "mixed":
        x = random.exponential(size=(600, features)) - 1
        y = x[:, 0] * x[:, 1] - np.minimum(x[:, 2], x[:, 3]) * x[:, 4]
        fitted = ExtraTreesRegressor(30, max_depth=3, random_state=3).fit(x, y)
        return dict(units(random, 24, features, 5, 0.8), w=random.normal(size=features) / 2, q=pairs(random, features) / 4,
                    **grown(fitted.estimators_, 1 / 10)), x
    x = random.normal(size=(600, features))
    y = np.abs(x[:, 0] + x[:, 1]) * np.sign(x[:, 2]) + x[:, 3] * x[:, 4] + 0.2 * x.sum(1)
    fitted = GradientBoostingClassifier(n_estimators=12, learning_rate=0.8, max_depth=3, random_state=4).fit(x, y > 0)
    return dict(held_out.grown(fitted, 0.8), sigmoid=np.ones(1)), x


def main():
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    held_out.OUT, held_out.CASES, held_out.SEED = OUT, CASES, SEED
    held_out.budgets, held_out.model_of = budgets, model_of
    held_out.main()


if __name__ == "__main__":
    main()
