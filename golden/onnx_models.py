# SPDX-License-Identifier: Apache-2.0
"""Writes golden/onnx/models.npz: small whole models as both exporters of PyTorch write them, with PyTorch's gradients in float64 of the same weights.

    python golden/onnx_models.py

Weights are random. Models are exported with open batch, and open length or size where they allow it, and asked with a batch of another size than the exporter saw.
Of the exporter's notes only the names of modules are kept. The arrays are named as in operators.npz, with only one model for each case.
"""

import io
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F
from torch import Tensor, nn

HERE = Path(__file__).resolve().parent
KEPT = ("pkg.torch.onnx.name_scopes",)


class Block(nn.Module):
    def __init__(self, inner: int, outer: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inner, outer, 3, stride, 1, bias=False), nn.BatchNorm2d(outer)
        self.conv2, self.bn2 = nn.Conv2d(outer, outer, 3, 1, 1, bias=False), nn.BatchNorm2d(outer)
        self.down = nn.Sequential(nn.Conv2d(inner, outer, 1, stride, bias=False), nn.BatchNorm2d(outer)) if stride > 1 else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.down(x))


class ResNetLike(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 6, 5, 2, 2, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        self.layer1, self.layer2 = Block(6, 6, 1), Block(6, 8, 2)
        self.pool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.pool(self.layer2(self.layer1(self.stem(x)))).flatten(1))


class Mobile(nn.Module):
    """Depthwise convolutions, a gate over channels, hard functions."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.depthwise = nn.Sequential(nn.Conv2d(8, 8, 5, 2, 2, groups=8, bias=False), nn.BatchNorm2d(8), nn.Hardswish())
        self.squeeze, self.excite = nn.Conv2d(8, 4, 1), nn.Conv2d(4, 8, 1)
        self.head = nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.depthwise(self.stem(x))
        gate = F.hardsigmoid(self.excite(F.relu(self.squeeze(F.adaptive_avg_pool2d(y, 1)))))
        return self.head((y * gate).mean((2, 3)))


class ConvNextLike(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.depthwise, self.norm = nn.Conv2d(8, 8, 7, padding=3, groups=8), nn.LayerNorm(8, eps=1e-6)
        self.up, self.down, self.scale = nn.Linear(8, 32), nn.Linear(32, 8), nn.Parameter(torch.full((8,), 0.3))
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = (self.down(F.gelu(self.up(y))) * self.scale).permute(0, 3, 1, 2)
        return self.head((x + y).mean((-2, -1)))


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 8, 3, padding=1)
        self.up, self.mix, self.out = nn.ConvTranspose2d(8, 4, 2, 2), nn.Conv2d(8, 4, 3, padding=1), nn.Conv2d(4, 2, 1)
        self.norm = nn.GroupNorm(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        a = F.leaky_relu(self.down1(x), 0.1)
        b = F.elu(self.down2(F.avg_pool2d(a, 2)))
        y = self.norm(self.mix(torch.cat([self.up(b), a], 1)))
        return F.interpolate(self.out(y), scale_factor=2, mode="bilinear", align_corners=False)


class Encoder(nn.Module):
    """BERT's shape: embeddings in, masked attention, layer norms, a pooled first token."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads = heads
        self.positions, self.norm0 = nn.Embedding(12, width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.out = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, 32), nn.Linear(32, width)
        self.pooler, self.classifier = nn.Linear(width, width), nn.Linear(width, 3)

    def split(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.norm0(x + self.positions.weight[: x.shape[1]])
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
        scores = scores + (1.0 - mask[:, None, None, :].to(x.dtype)) * -10000.0
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
        x = self.norm1(x + self.out(y))
        x = self.norm2(x + self.down(F.gelu(self.up(x))))
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class Decoder(nn.Module):
    """GPT's shape: one projection for all heads, causal attention by the fused operator, root mean square norms, rotated positions."""

    def __init__(self, width: int = 16, heads: int = 2) -> None:
        super().__init__()
        self.heads, self.half = heads, width // heads // 2
        self.norm, self.all = nn.Parameter(torch.rand(width) + 0.5), nn.Linear(width, 3 * width, bias=False)
        self.gate, self.up, self.down = nn.Linear(width, 24), nn.Linear(width, 24), nn.Linear(24, width)
        self.head = nn.Linear(width, 5)

    def rms(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6) * self.norm

    def turned(self, x: Tensor) -> Tensor:
        angle = torch.arange(x.shape[2], dtype=x.dtype)[:, None] * torch.tensor([1.0, 0.1, 0.01, 0.001], dtype=x.dtype)[: self.half]
        a, b = x[..., : self.half], x[..., self.half :]
        return torch.cat([a * angle.cos() - b * angle.sin(), b * angle.cos() + a * angle.sin()], -1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(1, 2) for p in self.all(self.rms(x)).chunk(3, -1))
        y = F.scaled_dot_product_attention(self.turned(q), self.turned(k), v, is_causal=True).transpose(1, 2).flatten(2)
        x = x + y
        x = x + self.down(F.silu(self.gate(x)) * self.up(x))
        return self.head(self.rms(x)[:, -1])


class Recurrent(nn.Module):
    def __init__(self, kind: Any, **settings: Any) -> None:
        super().__init__()
        self.layer = kind(4, 5, batch_first=True, **settings)
        self.head = nn.Linear(5 * (2 if settings.get("bidirectional") else 1), 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0][:, -1])


class Series(nn.Module):
    """Temporal convolutions that look back only."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.skip, self.head = nn.Conv1d(3, 6, 3), nn.Conv1d(6, 6, 3, dilation=2), nn.Conv1d(3, 6, 1), nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.first(F.pad(x, (2, 0))))
        y = F.relu(self.second(F.pad(y, (4, 0))))
        return self.head((y + self.skip(x)).amax(-1))


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 16), nn.Tanh(), nn.Linear(16, 8), nn.SELU(), nn.Linear(8, 3), nn.LogSoftmax(-1))


def cnn() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 6, 3), nn.BatchNorm2d(6), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(), nn.AvgPool2d(3, 2, 1), nn.Flatten(), nn.Linear(32, 4), nn.Softmax(-1)
    )


# Model, shapes with the letters of open axes, and shapes to ask with.
IMAGE = [("N", 3, 16, 16)]
MODELS: Dict[str, Tuple[Any, List[Tuple[Any, ...]], List[Tuple[int, ...]]]] = {
    "mlp": (mlp, [("N", 6)], [(3, 6)]),
    "cnn": (cnn, [("N", 1, 10, 10)], [(3, 1, 10, 10)]),
    "resnet": (ResNetLike, IMAGE, [(2, 3, 16, 16)]),
    "resnet_open": (ResNetLike, [("N", 3, "H", "W")], [(2, 3, 17, 22)]),
    "mobile": (Mobile, IMAGE, [(2, 3, 16, 16)]),
    "convnext": (ConvNextLike, IMAGE, [(2, 3, 16, 16)]),
    "unet": (UNet, [("N", 1, 8, 12)], [(2, 1, 8, 12)]),
    "encoder": (Encoder, [("N", "T", 16), ("N", "T")], [(3, 7, 16), (3, 7)]),
    "decoder": (Decoder, [("N", 6, 16)], [(3, 6, 16)]),
    "gru": (lambda: Recurrent(nn.GRU), [("N", "T", 4)], [(3, 7, 4)]),
    "lstm": (lambda: Recurrent(nn.LSTM, num_layers=2, bidirectional=True), [("N", "T", 4)], [(3, 5, 4)]),
    "series": (Series, [("N", 3, "T")], [(2, 3, 11)]),
}


def example(sizes: Tuple[Any, ...], mask: bool) -> Tensor:
    given = {"N": 2, "T": 5, "H": 16, "W": 20}
    shape = [given.get(size, size) for size in sizes]
    return torch.ones(shape, dtype=torch.int64) if mask else torch.randn(shape)


def export(
    model: nn.Module, args: Tuple[Tensor, ...], shapes: List[Tuple[Any, ...]], dynamo: bool, names: Optional[List[str]] = None
) -> onnx.ModelProto:
    names = names or [f"x{i}" for i in range(len(args))]
    axes = [{i: size for i, size in enumerate(shape) if isinstance(size, str)} for shape in shapes]
    out = io.BytesIO()
    settings: Dict[str, Any] = dict(input_names=names, output_names=["y"], dynamo=dynamo)
    if dynamo:
        settings["dynamic_shapes"] = tuple({i: torch.export.Dim.AUTO for i in shape} for shape in axes)
        program = torch.onnx.export(model, args, **settings, opset_version=18, verbose=False)
        exported = program.model_proto
    else:
        settings["dynamic_axes"] = {name: shape for name, shape in zip(names, axes)}
        torch.onnx.export(model, args, out, **settings, opset_version=17)
        exported = onnx.load_from_string(out.getvalue())
    strip(exported)
    return exported


def strip(model: onnx.ModelProto) -> None:
    """Leaves out what names the machine and the files of the exporter."""
    del model.metadata_props[:]
    for graph in [model.graph]:
        del graph.metadata_props[:], graph.value_info[:]
        graph.doc_string = ""
        for item in [*graph.node, *graph.input, *graph.output, *graph.initializer]:
            item.doc_string = ""
            kept = [p for p in item.metadata_props if p.key in KEPT]
            del item.metadata_props[:]
            item.metadata_props.extend(kept)


def main() -> None:
    arrays: Dict[str, np.ndarray] = {}
    warnings.simplefilter("ignore")
    for name, (make, shapes, asked) in MODELS.items():
        torch.manual_seed(7)
        model = make().eval()
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
                module.running_var.uniform_(0.5, 2)
                module.weight.data.uniform_(0.5, 1.5)
                module.bias.data.normal_(0, 0.3)
        args = tuple(example(shape, i == 1) for i, shape in enumerate(shapes))
        values = [torch.randn(asked[0])]
        if len(asked) > 1:
            mask = torch.ones(asked[1], dtype=torch.int64)
            mask[0, -2:] = 0
            values.append(mask)
        exports = {}
        for exporter, dynamo in (("script", False), ("dynamo", True)):
            exports[exporter] = export(model, args, shapes, dynamo)
        model = model.double()
        leaves = [v.double().requires_grad_() if v.is_floating_point() else v for v in values]
        y = model(*leaves)
        g = torch.randn(y.shape)
        gradient = torch.autograd.grad((y * g.double()).sum(), leaves[0])[0]
        for exporter, exported in exports.items():
            raw = exported.SerializeToString()
            session = onnxruntime.InferenceSession(raw, providers=["CPUExecutionProvider"])
            given = {i.name: v.numpy() for i, v in zip(session.get_inputs(), values)}
            found = session.run(None, given)[0]
            print(f"{name}.{exporter}: {len(raw)} bytes, {len(exported.graph.node)} nodes, y differs by {np.abs(found - y.detach().numpy()).max():.1e}")
            key = f"{name}.{exporter}"
            arrays[f"{key}/model"] = np.frombuffer(raw, dtype=np.uint8)
            arrays[f"{key}/g"] = g.numpy()
            for input_name, value in given.items():
                arrays[f"{key}/in/{input_name}"] = value
            arrays[f"{key}/d/{list(given)[0]}"] = gradient.numpy().astype(np.float32)
    (HERE / "onnx").mkdir(exist_ok=True)
    np.savez_compressed(HERE / "onnx" / "models.npz", **arrays)


if __name__ == "__main__":
    main()
