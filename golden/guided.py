# SPDX-License-Identifier: Apache-2.0
"""Guided integrated gradients (Kapishnikov, Venugopalan, Avci, Wedin, Terry and Bolukbasi, 2021) in PyTorch, step by step and
in float64, on the models of golden/data.

    python golden/guided.py            writes golden/guided/guided.npz
    python golden/guided.py --check    computes again and compares

Each array is called MODEL/STEPS/FRACTION/DISTANCE/INPUT; targets are those that the test asks for.
"""

from pathlib import Path

import numpy as np
import torch

import stored

OUT = Path(__file__).resolve().parent / "guided" / "guided.npz"
TARGETS = {"mlp_double": 1, "mlp_softmax": 2, "cnn": 3, "multi_input": 0}
SETTINGS = ((1, 0.25, 0.02), (10, 0.25, 0.02), (40, 0.1, 1.0), (25, 0.5, 0.1))
BASELINE = 0.1
CLOSE = 1e-9


def walk(gradient_at, start, end, steps, fraction, distance):
    """Attributions of one example, whose attributed inputs are one vector."""
    whole = np.abs(end - start).sum()
    moving = end != start
    here = start.copy()
    result = np.zeros_like(start)
    for step in range(1, steps + 1):
        gradient = gradient_at(here)
        low = start + max(step / steps - distance, 0) * (end - start)
        high = start + min(step / steps + distance, 1) * (end - start)
        left = whole * (1 - step / steps)
        ranks = np.abs(gradient)
        while True:
            before = here.copy()
            share = np.full_like(here, np.inf)
            share[moving] = (here - start)[moving] / (end - start)[moving]
            behind = share < max(step / steps - distance, 0)
            here[behind] = low[behind]
            away = np.abs(end - here).sum()
            if np.isclose(away, left, rtol=CLOSE, atol=CLOSE):
                result += (here - before) * gradient
                break
            ranks = np.where(here == high, np.inf, ranks)
            chosen = (ranks <= np.sort(ranks)[int(np.floor(fraction * (ranks.size - 1)))]) & np.isfinite(ranks)
            reach = np.abs(high - here)[chosen].sum()
            part = (away - left) / reach if reach > 0 else np.inf
            here[chosen] += min(part, 1) * (high - here)[chosen]
            if part > 1:
                here[chosen] = high[chosen]
            result += (here - before) * gradient
            if part <= 1:
                break
    return result


def guided(model, inputs, attributed, target, setting):
    """The attributions of each example of its own, so that nothing depends on what stands beside it."""
    results = {name: np.zeros(inputs[name].shape) for name in attributed}
    for example in range(next(iter(inputs.values())).shape[0]):
        x = {name: value[example : example + 1].double() if value.is_floating_point() else value[example : example + 1]
             for name, value in inputs.items()}
        sizes = [x[name].numel() for name in attributed]

        def gradient_at(flat):
            values = dict(x)
            leaves = []
            for name, piece in zip(attributed, np.split(flat, np.cumsum(sizes)[:-1])):
                leaves.append(torch.tensor(piece).reshape(x[name].shape).requires_grad_(True))
                values[name] = leaves[-1]
            gradients = torch.autograd.grad(model(*values.values())[0, target], leaves)
            return np.concatenate([gradient.reshape(-1).numpy() for gradient in gradients])

        end = np.concatenate([x[name].reshape(-1).numpy() for name in attributed])
        flat = walk(gradient_at, np.full_like(end, BASELINE), end, *setting)
        for name, piece in zip(attributed, np.split(flat, np.cumsum(sizes)[:-1])):
            results[name][example] = piece.reshape(x[name].shape[1:])
    return results


def main():
    arrays = {}
    for model_name, model, inputs, attributed in stored.models(TARGETS):
        for setting in SETTINGS:
            for name, value in guided(model, inputs, attributed, TARGETS[model_name], setting).items():
                arrays["/".join([model_name, *map(str, setting), name])] = value
    stored.keep(OUT, arrays, 1e-12)


if __name__ == "__main__":
    main()
