# SPDX-License-Identifier: Apache-2.0
"""TCAV by Captum, for given vectors, and scikit-learn's SGDClassifier, which is Captum's.

    python golden/concepts.py            writes golden/concepts/tcav.npz, sgd.npz and digits.npz
    python golden/concepts.py --check    computes again and compares

The model is the cnn of golden/models.py, whose archives and ONNX files are there already. inputs: 24 images. For each LAYER and each SET of
concepts, of two and of three: "LAYER SET weights", one row for each concept, and what TCAV.interpret gives, "LAYER SET sign_count TARGET" and
"LAYER SET magnitude TARGET". The file of SGDClassifier has rows, whether they are positive, and "plane ALPHA MAX_ITER TOL": weights and bias, trained without
shuffling. digits.npz has scikit-learn's digits, values 0..16, and their labels, for concepts of the demo's model.
"""

import tempfile
from pathlib import Path

import numpy as np
import torch
from captum.concept import TCAV, Classifier, Concept
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

import models
import stored

OUT = Path(__file__).resolve().parent / "concepts"
LAYERS = ("maxpool", "layer1", "avgpool")
TARGETS = (0, 3)
ROWS = 24


SETTINGS = ((0.01, 1000, 0.001), (0.1, 1000, 0.001), (0.01, 3, 0.001), (0.001, 50, 0.0))


class Given(Classifier):
    """Weights that are there already, in place of a training."""

    def __init__(self, weights):
        self.given = weights

    def train_and_eval(self, dataloader, **kwargs):
        rows, labels = zip(*dataloader)
        self.labels = sorted(set(torch.cat(labels).tolist()))
        self.features = rows[0].shape[1]

    def weights(self):
        return self.given(len(self.labels), self.features)

    def classes(self):
        return self.labels


def tcav():
    random = np.random.default_rng(31)
    spec = next(spec for spec in models.build() if spec.name == "cnn")
    model = spec.model.eval()
    inputs = torch.tensor(random.normal(size=(ROWS, *spec.inputs[0].tensor.shape[1:])), dtype=torch.float32)
    arrays = {"inputs": inputs.numpy()}
    drawn = {}

    def weights(concepts, features):
        if (concepts, features) not in drawn:
            rows = random.normal(size=(concepts, features)).astype(np.float32)
            # Two concepts of a binary classifier have opposite vectors.
            drawn[concepts, features] = torch.tensor(np.stack([-rows[0], rows[0]]) if concepts == 2 else rows)
        return drawn[concepts, features]

    concepts = [Concept(i, f"concept{i}", [inputs[:2]]) for i in range(5)]
    with tempfile.TemporaryDirectory() as folder:
        method = TCAV(model, list(LAYERS), classifier=Given(weights), save_path=folder)
        for name, group in (("two", concepts[:2]), ("three", concepts[2:])):
            for target in TARGETS:
                scores = method.interpret(inputs, [group], target=target)
                for key, layers in scores.items():
                    for layer, found in layers.items():
                        arrays[f"{layer} {name} weights"] = method.cavs[key][layer].stats["weights"].numpy()
                        for kind, values in found.items():
                            arrays[f"{layer} {name} {kind} {target}"] = values.detach().numpy()
    return arrays


def sgd():
    random = np.random.default_rng(32)
    rows = random.normal(size=(40, 6))
    positive = np.arange(40) % 2 == 0
    rows[positive] += 0.7
    arrays = {"rows": rows, "positive": positive}
    for alpha, max_iter, tol in SETTINGS:
        fitted = SGDClassifier(alpha=alpha, max_iter=max_iter, tol=tol, shuffle=False).fit(rows, positive)
        arrays[f"plane {alpha} {max_iter} {tol}"] = np.append(fitted.coef_[0], fitted.intercept_)
    return arrays


def digits():
    every = load_digits()
    return {"pixels": np.rint(every.images).astype(np.uint8), "labels": every.target.astype(np.uint8)}


if __name__ == "__main__":
    stored.keep(OUT / "tcav.npz", tcav(), 1e-5)
    stored.keep(OUT / "sgd.npz", sgd(), 1e-12)
    stored.keep(OUT / "digits.npz", digits(), 0)
