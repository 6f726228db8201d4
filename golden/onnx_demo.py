# SPDX-License-Identifier: Apache-2.0
"""Writes the demo's networks as ONNX models, of the same weights: digits.onnx beside digits.pt, and golden/onnx/topics.onnx.

    python golden/onnx_demo.py
"""

import io
import warnings
from pathlib import Path
from typing import Dict, Tuple

import onnx
import torch
from onnx_models import strip
from torch import Tensor

HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "attribution-cli" / "src" / "main" / "resources" / "demo"


def export(archive: str, args: Tuple[Tensor, ...], axes: Dict[str, Dict[int, str]], out: Path) -> None:
    model = torch.jit.load(DEMO / archive).eval()
    written = io.BytesIO()
    names = [name for name in axes if name != "logits"]
    torch.onnx.export(model, args, written, dynamo=False, input_names=names, output_names=["logits"], dynamic_axes=axes, opset_version=17)
    exported = onnx.load_from_string(written.getvalue())
    strip(exported)
    out.write_bytes(exported.SerializeToString())
    print(f"{out.name}: {out.stat().st_size} bytes")


def main() -> None:
    warnings.simplefilter("ignore")
    rows = {0: "N"}
    export("digits.pt", (torch.rand(2, 1, 8, 8),), {"image": rows, "logits": rows}, DEMO / "digits.onnx")
    tokens = {0: "N", 1: "T"}
    ids = torch.ones(2, 7, dtype=torch.int64)
    export("topics.pt", (ids, ids), {"input_ids": tokens, "attention_mask": tokens, "logits": rows}, HERE / "onnx" / "topics.onnx")


if __name__ == "__main__":
    main()
