# SPDX-License-Identifier: Apache-2.0
"""Writes golden/data: the models as TorchScript archives, their inputs, and what PyTorch and Captum compute on the eager models.

    python golden/generate.py            writes golden/data
    python golden/check.py               regenerates elsewhere and compares
"""

import argparse
import json
import platform
import shutil
import sys
import warnings
from pathlib import Path
from typing import Dict, List

import captum
import numpy as np
import torch

import archive
import inside_cases
import models
from cases import SUITES, common
from reference import Suite

FORMAT = 1
CAPTUM_COMMIT = "faac08773131888714b15709b28494ebeea7f6eb"


def _inputs_json(spec: models.Spec) -> List[Dict[str, object]]:
    return [
        {"name": i.name, "role": i.role, "dtype": str(i.tensor.dtype).replace("torch.", ""), "shape": list(i.tensor.shape)}
        for i in spec.inputs
    ]


def _write_arrays(path: Path, arrays: Dict[str, np.ndarray]) -> None:
    for key, value in arrays.items():
        if value.dtype.str not in ("<f4", "<f8", "<i8"):
            raise ValueError(f"{path.name}: {key} has dtype {value.dtype}; only little-endian f4, f8 and i8 are written")
    np.savez_compressed(path, **arrays)


def _archives(spec: models.Spec, folder: Path) -> Dict[str, str]:
    """Both archives; each must give the eager model's output for several batch sizes before anything is compared with it."""
    arguments = tuple(i.tensor for i in spec.inputs)
    result = {}
    for kind, module in (("scripted", archive.script(spec.model)), ("traced", archive.trace(spec.model, arguments))):
        path = folder / f"{spec.name}.{kind}.pt"
        archive.save(module, path, spec.name)
        loaded = torch.jit.load(str(path))
        for rows in (1, 2, 3, 7):
            batch = tuple(t.repeat(3, *[1] * (t.dim() - 1))[:rows] for t in arguments)
            with torch.enable_grad():
                gap = (loaded(*batch) - spec.model(*batch)).abs().max().item()
            if gap > 1e-6:
                raise ValueError(f"{path.name}: differs from the eager model by {gap} for {rows} rows")
        result[kind] = f"models/{path.name}"
    return result


def generate(target: Path, only: List[str]) -> Dict[str, object]:
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    warnings.simplefilter("ignore")
    (target / "models").mkdir(parents=True, exist_ok=True)
    described = []
    for spec in models.build():
        archives = _archives(spec, target / "models")
        if only and spec.name not in only:
            continue
        suite = Suite(spec)
        common(suite)
        for suites in (SUITES, inside_cases.SUITES):
            if spec.name in suites:
                suites[spec.name](suite)
        folder = target / spec.name
        folder.mkdir(exist_ok=True)
        _write_arrays(folder / "inputs.npz", {i.name: i.tensor.numpy() for i in spec.inputs})
        _write_arrays(folder / "cases.npz", suite.arrays)
        worst = max(suite.worst.items(), key=lambda item: item[1], default=("-", 0.0))
        print(f"{spec.name}: {len(suite.cases)} cases; furthest from float64: {worst[0]} {worst[1]:.1g}", file=sys.stderr)
        described.append(
            {
                "name": spec.name,
                "description": spec.description,
                "seed": spec.seed,
                "archives": archives,
                "inputs": _inputs_json(spec),
                "inputs_file": f"{spec.name}/inputs.npz",
                "arrays_file": f"{spec.name}/cases.npz",
                "cases": suite.cases,
            }
        )
    manifest = {
        "format": FORMAT,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "captum": captum.__version__,
            "captum_commit": CAPTUM_COMMIT,
            "numpy": np.__version__,
        },
        "models": described,
    }
    (target / "manifest.json").write_text(_readable(manifest), encoding="utf-8", newline="\n")
    return manifest


def _readable(value: object, indent: int = 0, width: int = 150) -> str:
    """JSON with small objects and lists on one line."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(flat) + indent <= width or not isinstance(value, (dict, list)):
        return flat + ("\n" if indent == 0 else "")
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{pad}{json.dumps(k)}: {_readable(v, indent + 2, width)}" for k, v in value.items()]
        text = "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
    else:
        text = "[\n" + ",\n".join(pad + _readable(v, indent + 2, width) for v in value) + "\n" + " " * indent + "]"
    return text + ("\n" if indent == 0 else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "data", help="folder to write (default: golden/data)")
    parser.add_argument("--only", nargs="*", default=[], help="names of models, while working on a case; the manifest then holds only these")
    options = parser.parse_args()
    if not options.only and options.out.exists():
        shutil.rmtree(options.out)
    manifest = generate(options.out, options.only)
    print(f"{sum(len(m['cases']) for m in manifest['models'])} cases on {len(manifest['models'])} models", file=sys.stderr)


if __name__ == "__main__":
    main()
