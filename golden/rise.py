# SPDX-License-Identifier: Apache-2.0
"""RISE (Petsiuk, Das and Saenko, 2018) in PyTorch and float64, on the models of golden/data, with the library's random numbers.

    python golden/rise.py            writes golden/rise/rise.npz
    python golden/rise.py --check    computes again and compares

The random numbers follow from the run's seed, the method's constant, the example and the number of the mask, as the library
documents them: SplitMix64 from a hash of the key. For each input, cells come first, row-major, then a shift for each axis that has
more than one cell. Masks are resized by torch.nn.functional.interpolate.

Arrays are called MODEL/CELLS/ESTIMATOR/INPUT and MODEL/CELLS/ESTIMATOR/INPUT/error; they have one channel, which counts for all.
"""

import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

import stored

OUT = Path(__file__).resolve().parent / "rise" / "rise.npz"
TARGETS = {"mlp_double": 1, "mlp_softmax": 2, "cnn": 3, "multi_input": 0, "residual": 1}
CELLS = (3, 7)
SEED, PURPOSE = 7, 0x215E
SAMPLES, KEEP, BASELINE = 40, 0.4, 0.1
GOLDEN, WORD = 0x9E3779B97F4A7C15, (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & WORD
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & WORD
    return z ^ (z >> 31)


class Stream:
    def __init__(self, seed, *key):
        self.state = mix((seed + GOLDEN) & WORD)
        for part in key:
            self.state = mix((self.state * 31 + mix((part + GOLDEN) & WORD)) & WORD)

    def word(self):
        self.state = (self.state + GOLDEN) & WORD
        return mix(self.state)

    def uniform(self):
        return (self.word() >> 11) * 2.0**-53

    def integer(self, bound):
        largest = (1 << 63) - 1
        limit = largest - largest % bound
        bits = self.word() >> 1
        while bits >= limit:
            bits = self.word() >> 1
        return bits % bound


def mask(stream, row, cells):
    """One mask, with one channel for all; all positions of an input are behind its channels, or on the only axis."""
    positions = row if len(row) == 1 else row[1:]
    counts = [min(cells, extent) for extent in positions]
    grid = torch.tensor([1.0 if stream.uniform() < KEEP else 0.0 for _ in range(math.prod(counts))], dtype=torch.float64)
    sizes = [math.ceil(extent / count) for extent, count in zip(positions, counts)]
    shifts = [stream.integer(size) if count > 1 else 0 for size, count in zip(sizes, counts)]
    wide = [(count + 1) * size for count, size in zip(counts, sizes)]
    mode = {1: "linear", 2: "bilinear", 3: "trilinear"}[len(positions)]
    resized = F.interpolate(grid.reshape(1, 1, *counts), size=wide, mode=mode, align_corners=False)[0, 0]
    window = tuple(slice(shift, shift + extent) for shift, extent in zip(shifts, positions))
    return resized[window].reshape(row if len(row) == 1 else (1, *positions))


def rise(model, inputs, attributed, target, cells):
    results = {}
    for example in range(next(iter(inputs.values())).shape[0]):
        x = {name: value[example : example + 1] for name, value in inputs.items()}
        scores, masks = [], {name: [] for name in attributed}
        for sample in range(SAMPLES):
            stream = Stream(SEED, PURPOSE, example, sample)
            masked = dict(x)
            for name in attributed:
                m = mask(stream, x[name].shape[1:], cells)
                masks[name].append(m)
                masked[name] = m * x[name] + (1 - m) * BASELINE
            scores.append(model(*masked.values())[0, target].item())
        f = torch.tensor(scores, dtype=torch.float64)
        for name in attributed:
            m = torch.stack(masks[name])
            weights = f.reshape(-1, *[1] * (m.dim() - 1))
            centered = (weights - f.mean()) * (m - KEEP) / KEEP * SAMPLES / (SAMPLES - 1)
            for estimator, terms in ("paper", weights * m / KEEP), ("centered", centered):
                key = f"{estimator}/{name}"
                results.setdefault(key, []).append(terms.mean(0).numpy())
                results.setdefault(key + "/error", []).append((terms.std(0) / math.sqrt(SAMPLES)).numpy())
            # The centered value in the words of the documentation.
            direct = ((weights - f.mean()) * m).sum(0) / ((SAMPLES - 1) * KEEP)
            assert torch.allclose(direct, centered.mean(0), rtol=0, atol=1e-12)
    return {key: np.stack(values) for key, values in results.items()}


def main():
    arrays = {}
    for model_name, model, inputs, attributed in stored.models(TARGETS):
        for cells in CELLS:
            with torch.no_grad():
                values = rise(model, inputs, attributed, TARGETS[model_name], cells)
            arrays.update({f"{model_name}/{cells}/{key}": value for key, value in values.items()})
    stored.keep(OUT, arrays, 1e-12)



if __name__ == "__main__":
    main()
