# SPDX-License-Identifier: Apache-2.0
"""Two hundred digits that the demo's network was not trained on, with their classes.

    python golden/digits.py            writes golden/digits/digits.npz
    python golden/digits.py --check    computes again and compares

They are the first of the held-out quarter that golden/demo.py splits off. `pixels` are the original levels, 0 to 16; divide by 16 for the network.
"""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import stored
from demo import SEED

OUT = Path(__file__).resolve().parent / "digits" / "digits.npz"
COUNT = 200


def compute():
    data = load_digits()
    _, held_out = train_test_split(np.arange(len(data.target)), test_size=0.25, random_state=SEED, stratify=data.target)
    chosen = held_out[:COUNT]
    return {"pixels": data.images[chosen].astype(np.float32)[:, None], "labels": data.target[chosen].astype(np.int64)}


if __name__ == "__main__":
    stored.keep(OUT, compute(), 0)
