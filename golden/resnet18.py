# SPDX-License-Identifier: Apache-2.0
"""Writes the models of the benchmarks, for TorchScript and for ONNX.

    python golden/resnet18.py                      writes attribution-benchmarks/src/main/resources
    python golden/resnet18.py --full resnet18.pt   also writes the whole ResNet-18 with seeded random weights (45 MB, not committed)

ResNet-18 is committed as a skeleton: an archive with everything but the tensors' bytes, and `storages.json`, which names every storage with its type, length
and the distribution its values are drawn from. Whoever adds the entries `resnet18/data/<key>` with that many little-endian values has a loadable archive.

The exporter to ONNX joins each batch norm with the convolution before it. So `resnet18/skeleton.onnx` names for each of its weights a place in a file
`resnet18.weights`, and `weights.json` says in the order of that file what they are made of: a parameter, or a convolution and its batch norm.
"""

import argparse
import collections
import io
import json
import math
import pickle
import zipfile
from pathlib import Path
from typing import Dict, List, Optional

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn

import archive

SEED = 18
HERE = Path(__file__).resolve().parent
BENCHMARKS = HERE.parent / "attribution-benchmarks" / "src" / "main" / "resources"


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with batch norm around a shortcut (He et al. 2016, figure 5 left)."""

    def __init__(self, channels_in: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: Optional[nn.Module] = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(
                nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class ResNet18(nn.Module):
    """ResNet-18 (He et al. 2016, table 1): [N, 3, 224, 224] to 1000 logits, modules named as is usual for it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = nn.Sequential(BasicBlock(64, 64, 1), BasicBlock(64, 64, 1))
        self.layer2 = nn.Sequential(BasicBlock(64, 128, 2), BasicBlock(128, 128, 1))
        self.layer3 = nn.Sequential(BasicBlock(128, 256, 2), BasicBlock(256, 256, 1))
        self.layer4 = nn.Sequential(BasicBlock(256, 512, 2), BasicBlock(512, 512, 1))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class SmallCnn(nn.Module):
    """[N, 3, 32, 32] to ten logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(16, 32, 3, stride=2, padding=1)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(32, 48, 3, stride=2, padding=1)
        self.relu3 = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(48, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.relu1(self.conv1(image))
        x = self.relu3(self.conv3(self.relu2(self.conv2(x))))
        return self.fc(torch.flatten(self.pool(x), 1))


class Mlp(nn.Module):
    """[N, 64] to ten logits: so small that a call costs more than its arithmetic."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(64, 128)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(128, 128)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(128, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.relu2(self.fc2(self.relu1(self.fc1(x)))))


class Table(nn.Module):
    """[N, 30] to two logits: what services ask of a table's row."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(30, 64)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(64, 64)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(64, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.relu2(self.fc2(self.relu1(self.fc1(x)))))


def recipe(model: nn.Module, name: str) -> Dict[str, object]:
    """How to draw the values of one parameter or buffer, so that activations keep their size through the whole depth."""
    owner, _, kind = name.rpartition(".")
    module = model.get_submodule(owner)
    if isinstance(module, nn.Conv2d) and kind == "weight":
        fan_in = module.weight[0].numel()
        return {"distribution": "normal", "mean": 0.0, "std": math.sqrt(2.0 / fan_in)}
    if isinstance(module, nn.Linear):
        bound = 1.0 / math.sqrt(module.in_features)
        return {"distribution": "uniform", "low": -bound, "high": bound}
    if isinstance(module, nn.Conv2d):
        return {"distribution": "constant", "value": 0.0}
    if kind == "weight":
        # A branch that adds less than it receives keeps the sum from growing block by block.
        return {"distribution": "constant", "value": 0.5 if owner.endswith("bn2") else 1.0}
    return {"distribution": "constant", "value": 1.0 if kind == "running_var" else 0.0}


def draw(how: Dict[str, object], numel: int, rng: np.random.RandomState) -> np.ndarray:
    if how["distribution"] == "normal":
        return rng.normal(how["mean"], how["std"], numel)
    if how["distribution"] == "uniform":
        return rng.uniform(how["low"], how["high"], numel)
    return np.full(numel, how["value"])


def initialise(model: nn.Module, seed: int) -> nn.Module:
    rng = np.random.RandomState(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            tensor.copy_(torch.from_numpy(draw(recipe(model, name), tensor.numel(), rng)).reshape(tensor.shape))
    return model.eval()


Storage = collections.namedtuple("Storage", "key dtype numel")


class _Storages(pickle.Unpickler):
    """Reads data.pkl without PyTorch's classes: modules become objects with their attributes, tensors become their storages."""

    def find_class(self, module: str, name: str):
        if module == "collections":
            return getattr(collections, name)
        if name == "_rebuild_tensor_v2":
            return lambda storage, *rest: storage
        if module == "torch.jit._pickle":
            return lambda values: values
        return type(name, (), {"__setstate__": lambda self, state: self.__dict__.update(state)})

    def persistent_load(self, pid):
        _, kind, key, _, numel = pid
        return Storage(key, {"FloatStorage": "float32", "LongStorage": "int64"}[kind.__name__], int(numel))


def storages(model: nn.Module, data: bytes) -> List[Dict[str, object]]:
    found: List[Dict[str, object]] = []

    def walk(module: object, path: str) -> None:
        for name, value in vars(module).items():
            here = f"{path}.{name}" if path else name
            if isinstance(value, Storage):
                found.append({"key": value.key, "name": here, "dtype": value.dtype, "numel": value.numel, **recipe(model, here)})
            elif hasattr(value, "__dict__"):
                walk(value, here)

    walk(_Storages(io.BytesIO(data)).load(), "")
    return sorted(found, key=lambda entry: int(entry["key"]))


def skeleton(folder: Path) -> None:
    model = ResNet18().eval()
    content = archive.entries(archive.script_bytes(archive.script(model)))
    listed = storages(model, content["data.pkl"])
    if {f"data/{s['key']}" for s in listed} != {name for name in content if name.startswith("data/")}:
        raise ValueError("the storages listed are not the storages of the archive")
    folder.mkdir(parents=True, exist_ok=True)
    archive.write(folder / "skeleton.pt", content, "resnet18", lambda name: not name.startswith("data/"))
    lines = ",\n".join("    " + json.dumps(entry) for entry in listed)
    head = json.dumps({"model": "ResNet-18", "input": [3, 224, 224], "outputs": 1000, "folder": "resnet18"})[1:-1]
    (folder / "storages.json").write_text(f'{{\n  {head},\n  "storages": [\n{lines}\n  ]\n}}\n', encoding="utf-8", newline="\n")


def exported(model: nn.Module, shape: List[int]) -> onnx.ModelProto:
    out = io.BytesIO()
    names = {"input_names": ["x"], "output_names": ["scores"], "dynamic_axes": {"x": {0: "rows"}, "scores": {0: "rows"}}}
    torch.onnx.export(model.eval(), (torch.zeros([2] + shape),), out, opset_version=17, dynamo=False, **names)
    return onnx.load_from_string(out.getvalue())


def same(model: onnx.ModelProto, archive_path: Path, shape: List[int]) -> None:
    rows = np.random.RandomState(0).normal(0, 1, [3] + shape).astype(np.float32)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = torch.jit.load(str(archive_path))(torch.from_numpy(rows)).numpy()
    if np.abs(session.run(None, {"x": rows})[0] - expected).max() > 1e-5:
        raise ValueError(f"{archive_path.name} and its ONNX file compute something else")


def onnx_skeleton(folder: Path) -> None:
    """The ResNet without its weights. What an initializer is made of is found by its numbers: every parameter has numbers of its own here."""
    model = ResNet18().eval()
    with torch.no_grad():
        for tensor in model.state_dict().values():
            if tensor.dtype == torch.float32:
                tensor.copy_(torch.rand(tensor.shape) + 0.5)
    parameters = {name: tensor.numpy().astype(np.float64) for name, tensor in model.state_dict().items()}
    made: Dict[str, np.ndarray] = {}
    sources: Dict[str, Dict[str, str]] = {}
    for name, value in parameters.items():
        owner, _, kind = name.rpartition(".")
        if isinstance(model.get_submodule(owner), nn.Conv2d):
            norm = owner[:-1] + "1" if owner.endswith(".0") else owner.replace("conv", "bn")
            factor = parameters[norm + ".weight"] / np.sqrt(parameters[norm + ".running_var"] + 1e-5)
            made[f"{owner} weight"], sources[f"{owner} weight"] = value * factor[:, None, None, None], {"convolution": name, "norm": norm}
            made[f"{owner} bias"] = parameters[norm + ".bias"] - parameters[norm + ".running_mean"] * factor
            sources[f"{owner} bias"] = {"norm": norm}
        elif isinstance(model.get_submodule(owner), nn.Linear):
            made[name], sources[name] = value, {"parameter": name}
    graph = exported(model, [3, 224, 224])
    listed, offset = [], 0
    for tensor in graph.graph.initializer:
        value = onnx.numpy_helper.to_array(tensor)
        found = [n for n, m in made.items() if m.shape == value.shape and np.allclose(m, value, rtol=1e-4, atol=1e-5)]
        if len(found) != 1:
            raise ValueError(f"{tensor.name} is made of {found}")
        listed.append({"numel": int(value.size), **sources[found[0]]})
        tensor.ClearField("raw_data")
        tensor.data_location = onnx.TensorProto.EXTERNAL
        for key, entry in (("location", "resnet18.weights"), ("offset", str(offset)), ("length", str(4 * value.size))):
            tensor.external_data.add(key=key, value=entry)
        offset += 4 * value.size
    if len(listed) != len(made):
        raise ValueError(f"{len(listed)} weights were exported of {len(made)}")
    (folder / "skeleton.onnx").write_bytes(graph.SerializeToString())
    lines = ",\n".join("    " + json.dumps(entry) for entry in listed)
    (folder / "weights.json").write_text(f'{{\n  "weights": [\n{lines}\n  ]\n}}\n', encoding="utf-8", newline="\n")


def complete(folder: Path, path: Path, seed: int) -> None:
    """The whole archive from the skeleton and the list alone: what a benchmark does in Java."""
    listed = json.loads((folder / "storages.json").read_text(encoding="utf-8"))
    rng = np.random.RandomState(seed)
    with zipfile.ZipFile(folder / "skeleton.pt") as source:
        top = listed["folder"]
        content = {n[len(top) + 1 :]: source.read(n) for n in source.namelist()}
    for entry in listed["storages"]:
        values = draw(entry, entry["numel"], rng).astype({"float32": "<f4", "int64": "<i8"}[entry["dtype"]])
        content[f"data/{entry['key']}"] = values.tobytes()
    archive.write(path, content, top)


def verify(path: Path, shape: List[int]) -> None:
    loaded = torch.jit.load(str(path))
    with torch.no_grad():
        out = loaded(torch.from_numpy(np.random.RandomState(0).normal(0, 1, [2] + shape).astype(np.float32)))
    if not torch.isfinite(out).all() or not 0.05 < out.std() < 50:
        raise ValueError(f"{path.name}: unusable output, standard deviation {out.std()}")
    print(f"{path.name}: output {tuple(out.shape)}, standard deviation {out.std():.2f}, {path.stat().st_size} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=BENCHMARKS, help="folder to write")
    parser.add_argument("--full", type=Path, help="also write the whole ResNet-18 here")
    options = parser.parse_args()
    folder = options.out / "resnet18"
    skeleton(folder)
    onnx_skeleton(folder)
    for name, model, shape in (("small-cnn", SmallCnn(), [3, 32, 32]), ("mlp", Mlp(), [64]), ("table", Table(), [30])):
        path = options.out / f"{name}.pt"
        archive.save(archive.script(initialise(model, SEED)), path, name)
        verify(path, shape)
        graph = exported(model, shape)
        same(graph, path, shape)
        path.with_suffix(".onnx").write_bytes(graph.SerializeToString())
    if options.full:
        complete(folder, options.full, SEED)
        verify(options.full, [3, 224, 224])


if __name__ == "__main__":
    main()
