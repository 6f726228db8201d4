# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/rules: the networks of golden/propagation and golden/lrp_rules as ONNX files of both exporters of PyTorch.

    python golden/onnx_rules.py

The requests and the expected numbers are those of the two folders; only the models are written here, MODEL.script.onnx and MODEL.dynamo.onnx. Weights are those
of the committed archives, in float32, since ONNX Runtime has no convolution of float64. Rows are open. Each must give the archive's output.
"""

import warnings
from pathlib import Path
from typing import Dict, List

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

import lrp_rules
import propagation_models
from onnx_models import export

HERE = Path(__file__).resolve().parent
OUT = HERE / "onnx" / "rules"
EXPORTERS = (("script", False), ("dynamo", True))
# Of the outputs, which are of order one.
NEAR = 1e-5


def write(name: str, model: nn.Module, archive: Path, inputs: Dict[str, Tensor]) -> None:
    archived = torch.jit.load(str(archive))
    model.load_state_dict(archived.state_dict())
    with torch.no_grad():
        expected = archived(*inputs.values()).numpy()
    model = model.float().eval()
    args = tuple(t.float() if t.is_floating_point() else t for t in inputs.values())
    for exporter, dynamo in EXPORTERS:
        raw = export(model, args, [("N", *t.shape[1:]) for t in args], dynamo, list(inputs)).SerializeToString()
        session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
        for rows in (1, 3):
            given = {i.name: args[list(inputs).index(i.name)][:rows].numpy() for i in session.get_inputs()}
            gap = float(np.abs(session.run(None, given)[0] - expected[:rows]).max())
            if not gap < NEAR:
                raise ValueError(f"{name}.{exporter}: differs from the archive by {gap}")
        (OUT / f"{name}.{exporter}.onnx").write_bytes(raw)
        print(f"{name}.{exporter}: {len(raw)} bytes, y differs by {gap:.1e}")


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    specs: List = propagation_models.exact() + propagation_models.own()
    for spec in specs:
        archive = HERE / "propagation" / "models" / f"{spec.name}.scripted.pt"
        write(spec.name, spec.model, archive, {i.name: i.tensor for i in spec.inputs})
    arrays = np.load(HERE / "lrp_rules" / "cases.npz")
    for name in lrp_rules.MODELS:
        archive = HERE / "lrp_rules" / "models" / f"{name}.scripted.pt"
        write(name, lrp_rules.prepared(name), archive, {"x": torch.tensor(arrays[f"{name}/x"])})


if __name__ == "__main__":
    main()
