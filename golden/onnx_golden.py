# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/golden: the models of golden/data and golden/text, of the same weights, as both exporters of PyTorch write them.

    python golden/onnx_golden.py

The requests and the expected numbers are those of data/manifest.json and text/text.json; only the models are written here, MODEL.script.onnx and
MODEL.dynamo.onnx. Rows are open, of texts the length too. Each must give the eager model's output for several batch sizes.
"""

import tempfile
import warnings
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

import models
import text
from onnx_models import export

OUT = Path(__file__).resolve().parent / "onnx" / "golden"
EXPORTERS = (("script", False), ("dynamo", True))
# Of the outputs, which are of order one.
NEAR = 1e-5


def write(name: str, model: nn.Module, inputs: Dict[str, Tensor], shapes: List[Tuple[Any, ...]]) -> None:
    args = tuple(inputs.values())
    for exporter, dynamo in EXPORTERS:
        raw = export(model, args, shapes, dynamo, list(inputs)).SerializeToString()
        session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
        gap = 0.0
        for rows in (1, 2, 3, 7):
            batch = tuple(t.repeat(3, *[1] * (t.dim() - 1))[:rows] for t in args)
            with torch.no_grad():
                expected = model(*batch).numpy()
            found = session.run(None, {i.name: batch[list(inputs).index(i.name)].numpy() for i in session.get_inputs()})[0]
            gap = max(gap, float(np.abs(found - expected).max()))
        if not gap < NEAR:
            raise ValueError(f"{name}.{exporter}: differs from the eager model by {gap}")
        (OUT / f"{name}.{exporter}.onnx").write_bytes(raw)
        print(f"{name}.{exporter}: {len(raw)} bytes, y differs by {gap:.1e}")


class Exporting(text.Book):
    """Exports the models; the cases stand in text.json already."""

    def model(self, name: str, model: nn.Module, inputs: Dict[str, Tensor], kinds: Sequence[str]) -> Dict[str, object]:
        write(name, model, inputs, [("N", "T" if key != "answer" else "U") for key in inputs])
        return super().model(name, model, inputs, ())

    def case(self, model: Dict[str, object], key: str, *values: object, **described: object) -> None:
        pass


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for spec in models.build():
        inputs = {i.name: i.tensor for i in spec.inputs}
        write(spec.name, spec.model, inputs, [("N", *t.shape[1:]) for t in inputs.values()])
    # What the cases expect stands in text.json and is not computed again.
    text.conditioned = lambda *_: ([], None)
    with tempfile.TemporaryDirectory() as elsewhere:
        book = Exporting(Path(elsewhere))
        for seed, build in ((301, text.lstm), (302, text.bert), (303, text.pair), (304, text.others), (305, text.relative)):
            build(book, np.random.RandomState(seed))


if __name__ == "__main__":
    main()
