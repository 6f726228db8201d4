# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/halves.npz: models of 16 bits as both exporters of PyTorch write them, and models that a converter made float16 inside, with PyTorch's gradients.

    python golden/onnx_halves.py

Expected numbers are those of the same weights, which have 16 bits, computed in float64. Inputs have 16 bits too. Arrays of a case NAME: /model, /in/INPUT, /y, /g (the
cotangent) and /d (the gradient at the first input). Names are MODEL.TYPE.EXPORTER; in those of type islands some nodes are float32 and others float16, with casts between.
"""

import warnings
from typing import Callable, Dict

import numpy as np
import onnx
import torch
from onnxruntime.transformers.float16 import convert_float_to_float16
from torch import nn

from onnx_models import HERE, MODELS, Encoder, example, export

TYPES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
KINDS = ["mlp", "cnn", "resnet", "convnext", "encoder", "gru", "wide"]
# What stays float32: normalizations, or products, or what has no kernel for 16 bits.
BLOCKED = ["LayerNormalization", "Softmax", "Gemm", "MaxPool", "Tanh", "GlobalAveragePool"]


def without_norms(net: nn.Module) -> nn.Module:
    """Exporters round batch norms to 16 bits when they join them with convolutions, so that the file has other weights than the model."""
    for name, module in list(net.named_modules()):
        if isinstance(module, nn.BatchNorm2d):
            path, _, last = name.rpartition(".")
            setattr(net.get_submodule(path), last, nn.Identity())
    return net


# The square root of a head's width is exact in 16 bits, and the widest weight is long enough to stay in the file.
MADE: Dict[str, Callable[[], nn.Module]] = {"encoder": lambda: Encoder(16, 4), "wide": lambda: nn.Sequential(nn.Linear(6, 96), nn.Tanh(), nn.Linear(96, 64), nn.Tanh(), nn.Linear(64, 3))}
SHAPES = {name: (shapes, asked) for name, (_, shapes, asked) in MODELS.items()} | {"wide": MODELS["mlp"][1:]}


def made(kind: str, dtype: torch.dtype) -> nn.Module:
    """A model in float32 whose weights have 16 bits."""
    torch.manual_seed(7)
    return without_norms(MADE.get(kind, MODELS.get(kind, [None])[0])().eval()).to(dtype).float()


def main() -> None:
    warnings.simplefilter("ignore")
    arrays: Dict[str, np.ndarray] = {}
    for kind in KINDS:
        shapes, asked = SHAPES[kind]
        for named, dtype in TYPES.items():
            net = made(kind, dtype)
            args = [example(shape, i == 1) for i, shape in enumerate(shapes)]
            torch.manual_seed(11)
            values = [torch.randn(asked[0]).to(dtype).float()]
            if len(asked) > 1:
                mask = torch.ones(asked[1], dtype=torch.int64)
                mask[0, -2:] = 0
                values.append(mask)
            exports: Dict[str, onnx.ModelProto] = {}
            for exporter, dynamo in (("script", False), ("dynamo", True)):
                given = tuple(arg.to(dtype) if arg.is_floating_point() else arg for arg in args)
                exports[f"{named}.{exporter}"] = export(made(kind, dtype).to(dtype), given, shapes, dynamo)
                if dtype == torch.float16:
                    plain = export(net, tuple(args), shapes, dynamo)
                    exports[f"islands.{exporter}"] = convert_float_to_float16(plain, keep_io_types=True, op_block_list=BLOCKED)
            double = made(kind, dtype).double()
            leaves = [v.double().requires_grad_() if v.is_floating_point() else v for v in values]
            y = double(*leaves)
            g = torch.randn(y.shape).to(dtype).double()
            (d,) = torch.autograd.grad((y * g).sum(), leaves[0])
            if kind == "encoder" and dtype == torch.bfloat16:
                del exports["bfloat16.script"]  # this exporter casts to complex128 where it means bfloat16
            for way, exported in exports.items():
                raw = exported.SerializeToString()
                key = f"{kind}.{way}"
                inputs = [i.name for i in exported.graph.input]
                print(f"{key}: {len(raw)} bytes, {sum(n.op_type == 'Cast' for n in exported.graph.node)} casts of {len(exported.graph.node)} nodes")
                arrays[f"{key}/model"] = np.frombuffer(raw, dtype=np.uint8)
                arrays |= {f"{key}/in/{name}": v.numpy() for name, v in zip(inputs, values)}
                arrays |= {f"{key}/y": y.detach().float().numpy(), f"{key}/g": g.float().numpy(), f"{key}/d": d.float().numpy()}
    np.savez_compressed(HERE / "onnx" / "halves.npz", **arrays)


if __name__ == "__main__":
    main()
