# SPDX-License-Identifier: Apache-2.0
"""What scripts share that write one file of arrays: the file, its check, and the models of golden/data in float64."""

import json
import sys
from pathlib import Path

import numpy as np

DATA = Path(__file__).resolve().parent / "data"


def keep(path, arrays, tolerance):
    """Writes the arrays; with --check, compares them with those written, within an absolute tolerance."""
    if sys.argv[1:] == ["--check"]:
        written = np.load(path)
        assert sorted(written.files) == sorted(arrays), "other arrays"
        for name, array in arrays.items():
            np.testing.assert_allclose(written[name], array, rtol=0, atol=tolerance, err_msg=name)
        print(f"{len(arrays)} arrays as before")
        return
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **arrays)
    print(path, len(arrays), path.stat().st_size)


def models(names):
    """The traced models of these names, in float64: name, model, inputs by name, names of those attributed."""
    import torch

    for entry in json.loads((DATA / "manifest.json").read_text())["models"]:
        if entry["name"] not in names:
            continue
        model = torch.jit.load(DATA / entry["archives"]["traced"]).double().eval()
        arrays = np.load(DATA / entry["inputs_file"])
        inputs = {i["name"]: torch.from_numpy(arrays[i["name"]]) for i in entry["inputs"]}
        inputs = {name: value.double() if value.is_floating_point() else value for name, value in inputs.items()}
        yield entry["name"], model, inputs, [i["name"] for i in entry["inputs"] if i["role"] == "attributed"]
