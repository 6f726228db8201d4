# SPDX-License-Identifier: Apache-2.0
"""IDGI (Yang, Wang and Bilgic, 2023, algorithm 1 on the straight path) in PyTorch, step by step and in float64, on the models of golden/data.

    python golden/idgi.py            writes golden/idgi/idgi.npz
    python golden/idgi.py --check    computes again and compares

Each array is called MODEL/STEPS/INPUT; targets are those that the test asks for.
"""

from pathlib import Path

import numpy as np
import torch

import stored

OUT = Path(__file__).resolve().parent / "idgi" / "idgi.npz"
TARGETS = {"mlp_double": 1, "mlp_softmax": 2, "cnn": 3, "multi_input": 0}
STEPS = (1, 7, 40)
BASELINE = 0.1


def idgi(model, inputs, attributed, target, steps):
    """The attributions of each example of its own, so that nothing depends on what stands beside it."""
    results = {name: np.zeros(inputs[name].shape) for name in attributed}
    for example in range(next(iter(inputs.values())).shape[0]):
        x = {name: value[example : example + 1] for name, value in inputs.items()}

        def at(share):
            return {
                name: (BASELINE + share * (value - BASELINE) if name in attributed else value) for name, value in x.items()
            }

        def score(values):
            return model(*values.values())[0, target]

        for k in range(steps):
            here = at(k / steps)
            leaves = [here[name].clone().requires_grad_(True) for name in attributed]
            here.update(zip(attributed, leaves))
            value = score(here)
            gradients = torch.autograd.grad(value, leaves)
            with torch.no_grad():
                gained = score(at((k + 1) / steps)) - value
                norm = sum((g * g).sum() for g in gradients)
                for name, g in zip(attributed, gradients):
                    if norm > 0:
                        results[name][example] += (g * g / norm * gained)[0].numpy()
    return results


def main():
    arrays = {}
    for model_name, model, inputs, attributed in stored.models(TARGETS):
        for steps in STEPS:
            for name, value in idgi(model, inputs, attributed, TARGETS[model_name], steps).items():
                arrays[f"{model_name}/{steps}/{name}"] = value
    stored.keep(OUT, arrays, 1e-12)



if __name__ == "__main__":
    main()
