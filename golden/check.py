# SPDX-License-Identifier: Apache-2.0
"""Regenerates the golden data in a temporary folder and compares it with golden/data; counts the cases per method.

Exit status 1 when a case, an option or a number (relative to the largest of its array, beyond --tolerance) differs.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Dict, List

import numpy as np

HERE = Path(__file__).resolve().parent
LAYER_METHODS = (
    "grad-cam", "activation", "layer-activation", "gradient-x-activation", "internal-influence", "conductance", "layer-gradient-shap",
)  # fmt: skip


def _arrays(path: Path) -> Dict[str, np.ndarray]:
    with np.load(path) as data:
        return {key: data[key] for key in data.files}


def compare_arrays(old: Path, new: Path, tolerance: float) -> List[str]:
    a, b = _arrays(old), _arrays(new)
    found = [f"{old}: {key} only on one side" for key in sorted(set(a) ^ set(b))]
    for key in sorted(set(a) & set(b)):
        if a[key].shape != b[key].shape or a[key].dtype != b[key].dtype:
            found.append(f"{old}: {key} is {a[key].dtype}{a[key].shape}, regenerated {b[key].dtype}{b[key].shape}")
            continue
        scale = 1.0 if key.endswith(".delta") else max(float(np.abs(a[key]).max(initial=0)), 1e-12)
        gap = float(np.abs(a[key].astype(np.float64) - b[key]).max(initial=0)) / scale
        if not gap <= tolerance:
            found.append(f"{old}: {key} differs by {gap:.3g}")
    return found


def compare_values(old: object, new: object, where: str, tolerance: float) -> List[str]:
    """Manifests must be equal; numbers that were computed may differ by a rounding."""
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return [line for key in old for line in compare_values(old[key], new[key], f"{where}.{key}", tolerance)]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [line for i, (a, b) in enumerate(zip(old, new)) for line in compare_values(a, b, f"{where}[{i}]", tolerance)]
    if isinstance(old, float) and isinstance(new, float):
        return [] if abs(old - new) <= 10 * tolerance * max(abs(old), abs(new)) else [f"{where}: {old} became {new}"]
    return [] if old == new else [f"{where}: {old} became {new}"]


def summary(manifest: Dict[str, object]) -> str:
    methods: Counter = Counter()
    models: Dict[str, set] = {}
    for model in manifest["models"]:
        for case in model["cases"]:
            kind = case["method"]
            if "unit" in case:
                kind += " (towards a unit)"
            elif ("layer" in case or "layers" in case) and kind not in LAYER_METHODS:
                kind += " (at a layer)"
            methods[kind] += 1
            models.setdefault(kind, set()).add(model["name"])
    lines = [f"{count:4d}  {kind}, on {len(models[kind])} models" for kind, count in sorted(methods.items())]
    return "\n".join(lines + [f"{sum(methods.values()):4d}  cases, each on a scripted and a traced archive"])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=HERE / "data", help="the committed data")
    parser.add_argument("--tolerance", type=float, default=1e-6, help="relative to the largest absolute value of an array")
    parser.add_argument("--count", action="store_true", help="only count the cases (needs neither PyTorch nor Captum)")
    options = parser.parse_args()
    manifest = json.loads((options.data / "manifest.json").read_text(encoding="utf-8"))
    print(summary(manifest))
    if options.count:
        return 0
    if options.data.resolve().name == "propagation":
        from propagation import generate
    else:
        from generate import generate

    found: List[str] = []
    with tempfile.TemporaryDirectory() as folder:
        again = generate(Path(folder), [])
        again = json.loads(json.dumps(again))
        versions = manifest.pop("versions"), again.pop("versions")
        if versions[0] != versions[1]:
            print(f"note: written with {versions[0]}, running with {versions[1]}")
        found += compare_values(manifest, again, "manifest", options.tolerance)
        for model in manifest["models"]:
            for key in ("inputs_file", "arrays_file"):
                if model[key].startswith(".."):
                    continue  # checked with the data it belongs to
                found += compare_arrays(options.data / model[key], Path(folder) / model[key], options.tolerance)
            for name in model["archives"].values():
                if not name.startswith("..") and (options.data / name).read_bytes() != (Path(folder) / name).read_bytes():
                    print(f"note: {name} is not the same bytes; its weights are compared through the outputs only")
    print("\n".join(found) if found else "regenerated: the same cases and the same numbers")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
