# SPDX-License-Identifier: Apache-2.0
"""Writes golden/samediff: the weights of golden models as arrays, for engines whose graphs a test builds by hand.

    python golden/samediff.py            writes golden/samediff
    python golden/samediff.py --check    reads the archives again and compares

NAME.npz holds the parameters and buffers of golden/data/models/NAME.scripted.pt under their names in PyTorch, as they are.
"""

import sys
from pathlib import Path

import numpy as np
import torch

HERE = Path(__file__).resolve().parent
OUT = HERE / "samediff"
MODELS = ["mlp_softmax", "cnn", "multi_input", "text_lstm_embedded", "mlp_double", "residual"]


def weights(name):
    state = torch.jit.load(str(HERE / "data" / "models" / f"{name}.scripted.pt"), map_location="cpu").state_dict()
    return {key: value.numpy() for key, value in state.items() if not key.endswith("num_batches_tracked")}


def main():
    OUT.mkdir(exist_ok=True)
    for name in MODELS:
        file = OUT / f"{name}.npz"
        arrays = weights(name)
        if "--check" in sys.argv:
            with np.load(file) as stored:
                assert set(stored) == set(arrays), name
                for key, value in arrays.items():
                    assert np.array_equal(stored[key], value), f"{name} {key}"
        else:
            np.savez(file, **arrays)
    print("same" if "--check" in sys.argv else f"wrote {OUT}")


if __name__ == "__main__":
    main()
