# SPDX-License-Identifier: Apache-2.0
"""LIME of tables by the paper's code (lime 0.2, its discretizers and its fit), on the rows that the library draws.

    pip install --no-deps lime==0.2.0.1
    python golden/lime_tabular.py            writes golden/lime/tabular.npz
    python golden/lime_tabular.py --check    computes again and compares

The model is a small network in float64 whose weights are in the file: y = sigmoid(w2 tanh(w1 x + b1) + b2). A sample takes each
column from a row of the background, which follows from the run's seed, the method's constant, the example and the number of the
sample. (lime draws the bin of each column and then a number of a normal distribution within it.) Bins of x and of the samples,
their distances, the kernel and the ridge are lime's. Arrays NAME, NAME/intercept, NAME/score.
"""

import sys
from functools import partial
from pathlib import Path

sys.path.append(sys.path.pop(0))  # lime is the installed package, not the script beside this one

import numpy as np
from lime.discretize import DecileDiscretizer, QuartileDiscretizer
from lime.lime_base import LimeBase
from sklearn.metrics import pairwise_distances

import stored
from rise import Stream

OUT = Path(__file__).resolve().parent / "lime" / "tabular.npz"
SEED, PURPOSE = 7, 0x11EB
FEATURES, HIDDEN, ROWS, BACKGROUND, SAMPLES = 6, 8, 3, 41, 400
WIDTH = 0.75 * np.sqrt(FEATURES)
CASES = {"quartile": QuartileDiscretizer, "decile": DecileDiscretizer}


def kernel(distances, kernel_width):
    return np.sqrt(np.exp(-(distances**2) / kernel_width**2))


def rows_drawn(background, example):
    ends = np.cumsum(np.full(len(background), 1 / len(background)))
    rows = np.empty((SAMPLES - 1, FEATURES))
    for sample in range(SAMPLES - 1):
        stream = Stream(SEED, PURPOSE, example, sample)
        for column in range(FEATURES):
            row = min(np.searchsorted(ends, stream.uniform(), side="right"), len(background) - 1)
            rows[sample, column] = background[row, column]
    return rows


def compute():
    random = np.random.default_rng(23)
    w1 = random.normal(size=(HIDDEN, FEATURES))
    b1 = random.normal(size=HIDDEN)
    w2 = random.normal(size=HIDDEN)
    b2 = random.normal(size=1)
    background = random.normal(size=(BACKGROUND, FEATURES))
    background[:, 1] = np.exp(background[:, 1])
    background[:, 2] = np.round(2 * background[:, 2])
    background[:, 3] = np.clip(np.round(background[:, 3]), -1, 1)
    rows = random.normal(size=(ROWS, FEATURES))
    rows[:, 2:4] = background[:ROWS, 2:4]

    def model(x):
        return 1 / (1 + np.exp(-(np.tanh(x @ w1.T + b1) @ w2 + b2)))

    arrays = dict(w1=w1, b1=b1, w2=w2, b2=b2, background=background, rows=rows)
    for name, discretizer in CASES.items():
        bins = discretizer(background, [], [str(i) for i in range(FEATURES)])
        values, intercepts, scores = [], [], []
        for example in range(ROWS):
            samples = np.vstack([rows[example : example + 1], rows_drawn(background, example)])
            divided = bins.discretize(samples)
            z = (divided == divided[0]).astype(float)
            distances = pairwise_distances(z, z[0].reshape(1, -1), metric="euclidean").ravel()
            base = LimeBase(partial(kernel, kernel_width=WIDTH))
            intercept, explanation, score, _ = base.explain_instance_with_data(
                z, model(samples).reshape(-1, 1), distances, 0, FEATURES, feature_selection="none"
            )
            coefficients = np.zeros(FEATURES)
            for feature, coefficient in explanation:
                coefficients[feature] = coefficient
            values.append(coefficients)
            intercepts.append(intercept)
            scores.append(score)
        arrays[name] = np.stack(values)
        arrays[name + "/intercept"] = np.array(intercepts)
        arrays[name + "/score"] = np.array(scores)
    return arrays


if __name__ == "__main__":
    stored.keep(OUT, compute(), 1e-9)
