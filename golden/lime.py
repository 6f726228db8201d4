# SPDX-License-Identifier: Apache-2.0
"""LIME by Captum, with scikit-learn's lasso, ridge and least squares, on the samples that the library draws.

    python golden/lime.py            writes golden/lime/lime.npz
    python golden/lime.py --check    computes again and compares

The model is a small network in float64 whose weights are in the file: y = sigmoid(w2 tanh(w1 x + b1) + b2). The library draws
coalitions of groups from the run's seed, the method's constant and the example, group after group, and puts x first; so does this
script. Captum is given these coalitions, computes the rows, similarities and the fit. Arrays NAME, NAME/intercept, NAME/r-squared.
"""

from pathlib import Path

import numpy as np
import torch
from captum._utils.models.linear_model import SkLearnLasso, SkLearnLinearRegression, SkLearnRidge
from captum.attr import Lime
from captum.attr._core.lime import get_exp_kernel_similarity_function

import stored
from rise import Stream

OUT = Path(__file__).resolve().parent / "lime" / "lime.npz"
SEED, PURPOSE = 7, 0x11E
FEATURES, HIDDEN, ROWS = 6, 8, 3
SAMPLES = 60
MASK = [0, 1, 1, 2, 3, 3]
TIGHT = dict(tol=1e-14, max_iter=1_000_000)
CASES = {
    "lasso, cosine": (lambda: SkLearnLasso(alpha=0.01, **TIGHT), ("cosine", 1.0), None, 25),
    "lasso, euclidean, mask": (lambda: SkLearnLasso(alpha=0.003, **TIGHT), ("euclidean", 1.5), MASK, SAMPLES),
    "ridge, cosine, mask": (lambda: SkLearnRidge(alpha=1.0, solver="cholesky"), ("cosine", 0.75), MASK, SAMPLES),
    "ridge, groups": (lambda: SkLearnRidge(alpha=0.5, solver="cholesky"), ("groups", 0.25), None, SAMPLES),
    "least-squares, euclidean": (lambda: SkLearnLinearRegression(), ("euclidean", 2.0), None, SAMPLES),
}


def coalitions(example, groups, samples):
    stream = Stream(SEED, PURPOSE, example)
    drawn = [[1.0] * groups]
    for _ in range(samples - 1):
        drawn.append([1.0 if stream.uniform() < 0.5 else 0.0 for _ in range(groups)])
    return drawn


def compute():
    random = np.random.default_rng(17)
    w1 = torch.tensor(random.normal(size=(HIDDEN, FEATURES)))
    b1 = torch.tensor(random.normal(size=HIDDEN))
    w2 = torch.tensor(random.normal(size=HIDDEN))
    b2 = torch.tensor(random.normal(size=1))
    rows = torch.tensor(random.normal(size=(ROWS, FEATURES)))
    baseline = torch.tensor(random.normal(size=(1, FEATURES)))

    def model(x):
        return torch.sigmoid(torch.tanh(x @ w1.T + b1) @ w2 + b2)

    arrays = dict(w1=w1, b1=b1, w2=w2, b2=b2, rows=rows, baseline=baseline)
    arrays = {name: tensor.numpy() for name, tensor in arrays.items()}
    for name, (fit, (kernel, width), mask, samples) in CASES.items():
        mask = mask or list(range(FEATURES))
        groups = max(mask) + 1
        values, intercepts, fits = [], [], []
        for example in range(ROWS):
            drawn = coalitions(example, groups, samples)

            def perturb(original, **kwargs):
                for one in drawn:
                    yield torch.tensor([one], dtype=torch.float64)

            if kernel == "groups":

                def similarity(original, perturbed, interpretable, **kwargs):
                    distance = 1 - np.sqrt(interpretable.sum().item() / groups)
                    return float(np.exp(-(distance**2) / (2 * width**2)))

            else:
                similarity = get_exp_kernel_similarity_function(kernel, kernel_width=width)
            surrogate = fit()
            seen = {}

            def recorded(*args, **kwargs):
                weight = similarity(*args, **kwargs)
                seen.setdefault("weights", []).append(float(weight))
                return weight

            method = Lime(model, interpretable_model=surrogate, similarity_func=recorded, perturb_func=perturb)
            x = rows[example : example + 1]
            result = method.attribute(
                x, baselines=baseline, feature_mask=torch.tensor([mask]), n_samples=samples
            )
            values.append(result[0].double().numpy())
            intercept = float(surrogate.bias())
            intercepts.append(intercept)
            z = torch.tensor(drawn, dtype=torch.float64)
            inside = z[:, mask]
            scores = model(inside * x + (1 - inside) * baseline).numpy()
            weights = np.array(seen["weights"])
            coefficients = np.array([result[0, mask.index(group)].item() for group in range(groups)])
            left = (weights * (scores - intercept - z.numpy() @ coefficients) ** 2).sum()
            mean = (weights * scores).sum() / weights.sum()
            fits.append(1 - left / (weights * (scores - mean) ** 2).sum())
        arrays[name] = np.stack(values)
        arrays[name + "/intercept"] = np.array(intercepts)
        arrays[name + "/r-squared"] = np.array(fits)
    return arrays


if __name__ == "__main__":
    stored.keep(OUT, compute(), 1e-6)
