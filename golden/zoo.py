# SPDX-License-Identifier: Apache-2.0
"""Exports the zoo: many kinds of models as TorchScript archives, with what PyTorch computes on the eager models.

    python golden/zoo.py DIRECTORY            everything; needs torchvision, timm and transformers
    python golden/zoo.py --subset [DIRECTORY] the small archives that are committed (default directory: golden/zoo)
    python golden/zoo.py DIRECTORY NAME...    some models

For every model up to eight modules, spread over its run, are hooked: what the first call returned (its first floating-point tensor), and the gradient of
sum(output * cos(0, 1, 2, ...)) with respect to it. README.md describes the files.
"""

import json
import re
import sys
import time
import warnings
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

import archive
import zoo_models as own

warnings.filterwarnings("ignore")

LAYERS = 8
ELEMENTS = 3
CONDITION = 1e-5
ATTEMPTS = 60
HERE = Path(__file__).resolve().parent
Inputs = List[Tuple[str, Any]]


@dataclass
class Spec:
    """A model, its arguments by name, and the ways to export it."""

    build: Callable[[], nn.Module]
    inputs: Callable[[], Inputs]
    forms: str
    small: str = "stnmezy"  # of these the committed folder holds
    attempt: int = 0


def floats(*shape: int, name: str = "x") -> Callable[[], Inputs]:
    return lambda: [(name, torch.randn(*shape))]


def encoder_mask() -> Tensor:
    mask = torch.zeros(2, 5, dtype=torch.bool)
    mask[1, 3:] = True
    return mask


def quantized(build: Callable[[], nn.Module]) -> Callable[[], nn.Module]:
    return lambda: torch.ao.quantization.quantize_dynamic(build().eval(), {nn.Linear, nn.LSTM}, dtype=torch.qint8)


def causal(length: int) -> Tensor:
    return torch.full([length, length], float("-inf")).triu(1)


def numbers(high: int, *shape: int) -> Tensor:
    return torch.randint(0, high, shape)


def bert_inputs() -> Inputs:
    mask = (~encoder_mask()[:, [0, 1, 2, 2, 3, 4]]).long()
    return [("input_ids", numbers(40, 2, 6)), ("attention_mask", mask), ("token_type_ids", numbers(2, 2, 6))]


def attention_inputs() -> Inputs:
    return [("x", torch.randn(2, 5, 4)), ("padding", encoder_mask()), ("mask", causal(5))]


# What to export: s script, t trace, n trace under no_grad, z freeze the script, y freeze the trace, m freeze the trace under no_grad,
# e trace under no_grad into nested tensors, which have no values to compare inside.
OWN: Dict[str, Spec] = {
    "mlp": Spec(own.Mlp, floats(3, 6), "stz"),
    "double_mlp": Spec(own.DoubleMlp, lambda: [("x", torch.randn(3, 6, dtype=torch.float64))], "st"),
    "lstm": Spec(own.Lstm, floats(2, 4, 5), "stz"),
    "lstm_bidirectional": Spec(lambda: own.Lstm(True), floats(2, 4, 5), "st"),
    "lstm_states": Spec(own.LstmStates, floats(2, 4, 5), "st"),
    "gru": Spec(own.Gru, floats(2, 4, 6), "stz"),
    "cells": Spec(own.LstmCells, floats(2, 3, 4), "st"),
    "text_lstm": Spec(own.TextClassifier, lambda: [("tokens", numbers(30, 2, 6)), ("mask", 1 - encoder_mask()[:, [0, 1, 2, 2, 3, 4]].long())], "st"),
    "text_cnn": Spec(own.TextCnn, lambda: [("tokens", numbers(30, 2, 7))], "st"),
    "bag_of_words": Spec(own.BagOfWords, lambda: [("tokens", numbers(30, 2, 7))], "st"),
    "bert_shaped": Spec(own.Bert, bert_inputs, "stz"),
    "encoder": Spec(own.Encoder, floats(2, 5, 5), "stnm"),
    "encoder_gelu_norm_first": Spec(lambda: own.Encoder(True, "gelu"), floats(2, 5, 5), "stn", "tn"),
    "encoder_nested": Spec(lambda: own.MaskedEncoder(nested=True), lambda: [("x", torch.randn(2, 5, 5)), ("padding", encoder_mask())], "ste", "se"),
    "encoder_padding": Spec(own.MaskedEncoder, lambda: [("x", torch.randn(2, 5, 5)), ("padding", encoder_mask())], "stn", "n"),
    "encoder_causal": Spec(own.CausalEncoder, lambda: [("x", torch.randn(2, 5, 5)), ("mask", causal(5))], "stn", "tn"),
    "attention_cross": Spec(own.Attention, lambda: [("x", torch.randn(2, 3, 4)), ("y", torch.randn(2, 5, 6))], "st"),
    "attention_plain": Spec(lambda: own.OwnAttention(False, True, 0), attention_inputs, "stnm"),
    "attention_average": Spec(lambda: own.OwnAttention(True, True, 1), attention_inputs, "stn"),
    "attention_heads": Spec(lambda: own.OwnAttention(True, False, 3), attention_inputs, "stn"),
    "rms_norm": Spec(own.RmsNorm, floats(2, 3, 6), "st"),
    "translator": Spec(
        own.Translator, lambda: [("source", torch.randn(2, 4, 4)), ("target", torch.randn(2, 3, 3)), ("mask", causal(3))], "stn", "tn"),
    "tabular": Spec(own.Tabular, lambda: [("numbers", torch.randn(3, 5)), ("categories", numbers(4, 3, 3))], "stz"),
    "factorization": Spec(own.FactorizationMachine, lambda: [("fields", numbers(20, 3, 3))], "st"),
    "unet": Spec(own.UNet, floats(2, 2, 8, 8), "stz", "tz"),
    "unet_bilinear": Spec(own.BilinearUNet, floats(2, 2, 8, 8), "st", ""),
    "segnet": Spec(own.SegNet, floats(2, 1, 6, 6), "st"),
    "small_resnet": Spec(own.SmallResNet, floats(2, 2, 8, 8), "stzy"),
    "dense": Spec(own.Dense, floats(2, 2, 5, 5), "st"),
    "squeeze_excite": Spec(own.SqueezeExcite, floats(2, 2, 6, 6), "stz"),
    "convnext_shaped": Spec(own.ConvNext, floats(2, 2, 8, 8), "stz"),
    "pixel_shuffle": Spec(own.PixelShuffler, floats(2, 1, 5, 5), "st"),
    "generator": Spec(own.Generator, floats(2, 4, 1, 1), "st", ""),
    "autoencoder": Spec(own.Autoencoder, floats(2, 8), "st"),
    "temporal": Spec(own.TemporalConv, floats(2, 2, 9), "st"),
    "graph": Spec(own.GraphConv, lambda: [("nodes", torch.randn(4, 3)), ("edges", torch.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 0, 2]]))], "st"),
    "point_net": Spec(own.PointNet, floats(2, 3, 8), "st"),
    "spatial_transformer": Spec(own.SpatialTransformer, floats(2, 1, 8, 8), "st"),
    "volume": Spec(own.Volume, floats(2, 1, 4, 6, 6), "st"),
    "experts": Spec(own.Experts, floats(3, 4), "st"),
    "control": Spec(own.Control, floats(2, 4), "st"),
    "solver": Spec(own.Solver, floats(2, 3), "st"),
    "dict": Spec(own.DictInput, lambda: [("features", {"left": torch.randn(2, 3), "right": torch.randn(2, 2)})], "st"),
    "tuple": Spec(
        own.TupleInput, lambda: [("pair", (torch.randn(2, 3), (torch.randn(2, 2), torch.randn(2, 4)))), ("more", [torch.randn(2, 4), torch.randn(2, 4)])], "st"),
    "nested": Spec(own.Nested, floats(2, 3), "st"),
    "optional": Spec(own.OptionalArguments, lambda: [("x", torch.randn(2, 3)), ("bias", torch.randn(4)), ("scale", 0.75)], "st"),
    "optional_default": Spec(own.OptionalArguments, floats(2, 3), "st"),
    "siamese": Spec(own.Siamese, lambda: [("a", torch.randn(2, 1, 8)), ("b", torch.randn(2, 1, 8))], "st"),
    "shared_names": Spec(own.SharedNames, floats(2, 4), "st"),
    "inplace": Spec(own.Inplace, floats(2, 4), "st"),
    "containers": Spec(own.Containers, floats(2, 4), "st"),
    "interfaces": Spec(own.Interfaces, floats(2, 3), "st"),
    "picked": Spec(own.Picked, floats(2, 3), "s"),
    "forked": Spec(own.Forked, floats(2, 4), "st"),
    "methods": Spec(own.Methods, floats(2, 4), "st"),
    "weight_norm": Spec(own.Normalized, floats(2, 2, 6), "st"),
    "mlp_quantized": Spec(quantized(own.Mlp), floats(3, 6), "st"),
    "lstm_quantized": Spec(quantized(own.Lstm), floats(2, 4, 5), "st"),
    "bert_shaped_quantized": Spec(quantized(own.Bert), bert_inputs, "st", "s"),
    "recommender": Spec(own.Recommender, lambda: [("user", numbers(10, 3)), ("item", numbers(12, 3)), ("context", torch.randn(3, 2))], "st"),
}

KINDS = {"s": "scripted", "t": "traced", "n": "traced under no_grad", "z": "scripted, frozen", "y": "traced, frozen", "m": "traced under no_grad, frozen", "e": "traced under no_grad"}
SUFFIXES = {"s": "script", "t": "trace", "n": "trace_no_grad", "z": "script_frozen", "y": "trace_frozen", "m": "trace_no_grad_frozen", "e": "trace_no_grad"}


FROZEN = "zym"


def specs(subset: bool) -> Dict[str, Spec]:
    if subset:
        small = {name: "".join(form for form in spec.forms if form in spec.small) for name, spec in OWN.items()}
        return {name: Spec(spec.build, spec.inputs, small[name]) for name, spec in OWN.items() if small[name]}
    import zoo_libraries

    result = dict(OWN)
    result.update({name: Spec(build, inputs, forms) for name, (build, inputs, forms) in zoo_libraries.MODELS.items()})
    return result


def seed(name: str) -> int:
    return zlib.crc32(name.encode()) % 100000


def flat(value: Any) -> List[Tensor]:
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, dict):
        return [t for v in value.values() for t in flat(v)]
    if isinstance(value, (tuple, list)):
        return [t for v in value for t in flat(v)]
    return []


def replaced(value: Any, old: Tensor, new: Tensor) -> Any:
    if value is old:
        return new
    if isinstance(value, dict):
        return type(value)({k: replaced(v, old, new) for k, v in value.items()})
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*[replaced(v, old, new) for v in value])
    if isinstance(value, (tuple, list)):
        return type(value)(replaced(v, old, new) for v in value)
    return value


def copied(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {k: copied(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(copied(v) for v in value)
    return value


def fill(model: nn.Module, inputs: Inputs) -> None:
    """Moves parameters away from the zeros and ones of an initialisation, and measures batch-norm statistics."""
    norms = [m for m in model.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.running_mean is not None]
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.is_floating_point():
                value = parameter.detach()
                if bool((value == value.flatten()[0]).all()):
                    parameter.add_(torch.randn_like(parameter) * 0.1)
        if norms:
            # Only the norms learn, and none from fewer values than make a statistic.
            model.eval()
            handles = []

            def measure(norm: nn.Module, arguments: Any) -> None:
                # One statistic for all channels, jittered: a channel's own may be that of almost equal numbers.
                x = arguments[0]
                deviation = float(x.std()) + 1e-3
                norm.running_mean.normal_(0, 0.1).mul_(deviation).add_(float(x.mean()))
                norm.running_var.uniform_(0.7, 1.4).mul_(deviation**2)

            for norm in norms:
                handles.append(norm.register_forward_pre_hook(measure))
            model(*[copied(v) for _, v in inputs])
            for handle in handles:
                handle.remove()
    model.eval()


def make(name: str, spec: Spec) -> Tuple[nn.Module, Inputs]:
    torch.manual_seed(seed(name) + spec.attempt)
    inputs = spec.inputs()
    torch.manual_seed(seed(name) + spec.attempt + 1)
    model = spec.build()
    fill(model, inputs)
    return model, inputs


def arguments(inputs: Inputs) -> Tuple[Any, ...]:
    return tuple(copied(value) for _, value in inputs)


def first_float(value: Any) -> Optional[Tensor]:
    tensors = [t for t in flat(value) if t.is_floating_point()]
    return tensors[0] if tensors else None


def calls(model: nn.Module, inputs: Inputs) -> List[str]:
    """Paths of the modules in the order in which their first calls end, without the root."""
    order: List[str] = []
    handles = []
    for path, module in model.named_modules():
        if path:

            def hook(_module: nn.Module, _arguments: Any, result: Any, path: str = path) -> None:
                if first_float(result) is not None and path not in order:
                    order.append(path)

            handles.append(module.register_forward_hook(hook))
    with torch.enable_grad():
        model(*arguments(inputs))
    for handle in handles:
        handle.remove()
    return order


def spread(paths: List[str], count: int) -> List[str]:
    if len(paths) <= count:
        return paths
    return [paths[round(i * (len(paths) - 1) / (count - 1))] for i in range(count)]


def cotangent(tensor: Tensor) -> Tensor:
    return torch.from_numpy(np.cos(np.arange(tensor.numel(), dtype=np.float64))).to(tensor.dtype).reshape(tensor.shape)


def eager(model: nn.Module, inputs: Inputs, paths: List[str]) -> Tuple[Any, Dict[str, Dict[str, Any]], List[Optional[Tensor]]]:
    """The output; for each path the floating-point tensors that the first call returns; the gradients of the inputs, None where there is none."""
    seen: Dict[str, Dict[str, Any]] = {}
    handles = []
    for path in paths:

        def hook(_module: nn.Module, _arguments: Any, result: Any, path: str = path) -> Any:
            if path in seen:
                return None
            tensors = flat(result)
            elements = {i: t.clone() for i, t in enumerate(tensors) if t.is_floating_point()}
            elements = dict(list(elements.items())[:ELEMENTS])
            for i, kept in elements.items():
                if kept.requires_grad:
                    kept.retain_grad()
                result = replaced(result, tensors[i], kept.clone())
            seen[path] = {"elements": elements, "tensors": len(tensors)}
            return result

        handles.append(model.get_submodule(path).register_forward_hook(hook))
    leaves: List[Optional[Tensor]] = []
    given = [leaf(value, leaves) for value in arguments(inputs)]
    with torch.enable_grad():
        output = model(*given)
        tensor = first_float(output)
        model.zero_grad()
        if tensor.requires_grad:
            (tensor * cotangent(tensor)).sum().backward()
    for handle in handles:
        handle.remove()
    return output, seen, [None if t is None else t.grad for t in leaves]


def conditioned(model: nn.Module, inputs: Inputs, paths: List[str], output: Any, seen: Dict[str, Dict[str, Any]], gradients: List[Optional[Tensor]]) -> None:
    """Refuses a model whose own numbers are rounding noise or sit on a kink: they must be those of the same model in float64."""
    wide = [(key, widened(value)) for key, value in inputs]
    exact, points, slopes = eager(model, wide, paths)
    pairs = [("output", first_float(output), first_float(exact))]
    for path in paths:
        for element, kept in seen[path]["elements"].items():
            other = points[path]["elements"][element]
            pairs.append((path, kept, other))
            pairs.append((f"gradient at {path}", kept.grad, other.grad))
    pairs += [(f"gradient of input {i}", a, b) for i, (a, b) in enumerate(zip(gradients, slopes))]
    for what, actual, expected in pairs:
        if actual is not None and expected is not None:
            check(actual.detach().double(), expected.detach(), CONDITION, f"{what} is not well conditioned")


def widened(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.double() if value.is_floating_point() else value
    if isinstance(value, dict):
        return {k: widened(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(widened(v) for v in value)
    return value


def leaf(value: Any, leaves: List[Optional[Tensor]]) -> Any:
    """Tensors with gradients, so that everything behind them has a graph; clones, so that in-place operations are allowed."""
    if isinstance(value, dict):
        return {k: leaf(v, leaves) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(leaf(v, leaves) for v in value)
    if isinstance(value, Tensor) and value.is_floating_point():
        leaves.append(value.clone().requires_grad_(True))
        return leaves[-1].clone()
    leaves.append(None)
    return value


def settled(path: Path) -> Path:
    """An empty folder: what an earlier run left is taken away."""
    path.mkdir(parents=True, exist_ok=True)
    for old in list(path.glob("*.pt")) + list(path.glob("*.npz")):
        old.unlink()
    return path


def export(model: nn.Module, inputs: Inputs, form: str) -> torch.jit.ScriptModule:
    if form in "sz":
        exported = torch.jit.script(model)
    elif form in "nme":
        with torch.no_grad():
            exported = torch.jit.trace(model, arguments(inputs), check_trace=False, strict=False)
    else:
        with torch.enable_grad():
            exported = torch.jit.trace(model, arguments(inputs), check_trace=False, strict=False)
    return torch.jit.freeze(exported) if form in FROZEN else exported


def places(frozen: torch.jit.ScriptModule, inputs: Inputs, wanted: Dict[str, Tensor]) -> Dict[str, str]:
    """Where a frozen archive, which has no modules, computes what a module of the eager model returned: operator and number of its place in the text.

    Runs the graph with all its values as outputs and compares. Of several equal values the last is meant: in-place operations write over the others.
    """
    graph = frozen.graph.copy()
    nodes = [n for n in graph.nodes() if n.kind().startswith("aten::") and n.outputsSize() == 1 and n.output().type().kind() == "TensorType"]
    values = [n.output() for n in nodes]
    everything = graph.create("prim::TupleConstruct", values, 1)
    everything.output().setType(torch._C.TupleType([v.type() for v in values]))
    graph.appendNode(everything)
    graph.eraseOutput(0)
    graph.registerOutput(everything.output())
    graph.eraseInput(0)
    with torch.no_grad():
        results = torch._C._create_function_from_graph("values", graph)(*arguments(inputs))
    found: Dict[str, str] = {}
    for path, expected in wanted.items():
        for node, result in reversed(list(zip(nodes, results))):
            if result.shape == expected.shape and result.is_floating_point() and equal(result, expected):
                operator = node.kind().split("::")[1]
                number = [n for n in nodes if n.kind() == node.kind()].index(node)
                if in_order(frozen.code, operator, len([n for n in graph.nodes() if n.kind() == node.kind()])):
                    found[path] = f"{operator}#{number}"
                break
    return found


def equal(actual: Tensor, expected: Tensor) -> bool:
    return float((actual - expected).abs().max()) <= 1e-5 * float(expected.abs().max())


def in_order(code: str, operator: str, count: int) -> bool:
    """Whether the operator's calls stand in the text in the order in which they run: none in the arguments of another, all in the main block."""
    name = f"torch.{operator}("
    return code.count(name) == count and not any(line.count(name) > 1 for line in code.splitlines())


class Folder:
    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self.models: List[Dict[str, Any]] = []
        self.failed: List[Dict[str, str]] = []

    def fail(self, name: str, kind: str, failure: Exception) -> None:
        lines = [re.sub(r" at 0x[0-9a-f]+", "", line.strip()) for line in str(failure).splitlines() if line.strip()]
        self.failed.append({"model": name, "kind": kind, "reason": f"{type(failure).__name__}: {lines[0][:200] if lines else ''}"})

    def describe(self, name: str, value: Any, arrays: Dict[str, np.ndarray], out: List[Dict[str, Any]]) -> None:
        """An input for each tensor and number; parts are named with dots."""
        if isinstance(value, Tensor):
            key = f"input_{len(out)}"
            arrays[key] = value.numpy()
            role = "attributed" if value.is_floating_point() else "fixed"
            rows = arrays["input_0"].shape[:1]
            out.append({"name": name, "array": key, "gradient": None, "role": role if value.shape[:1] == rows else "constant"})
        elif isinstance(value, dict):
            for key, part in value.items():
                self.describe(f"{name}.{key}", part, arrays, out)
        elif isinstance(value, (tuple, list)):
            for i, part in enumerate(value):
                self.describe(f"{name}.{i}", part, arrays, out)
        else:
            key = f"input_{len(out)}"
            arrays[key] = np.array([value])
            out.append({"name": name, "array": key, "role": "constant"})

    def add(self, name: str, spec: Spec) -> None:
        model, inputs = make(name, spec)
        names = dict(model.named_modules(remove_duplicate=False))
        order = calls(model, inputs)
        paths = spread(order, LAYERS)
        plain = model(*arguments(inputs))
        output, seen, gradients = eager(model, inputs, paths)
        check(first_float(output), first_float(plain), 1e-6, "hooks change the output")
        if not name.endswith("_quantized"):
            try:
                conditioned(make(name, spec)[0].double(), inputs, paths, output, seen, gradients)
            except ValueError:
                if spec.attempt == ATTEMPTS:
                    raise
                self.add(name, replace(spec, attempt=spec.attempt + 10))
                return
        arrays: Dict[str, np.ndarray] = {}
        described: List[Dict[str, Any]] = []
        for key, value in inputs:
            self.describe(key, value, arrays, described)
        for number, gradient in enumerate(gradients):
            if gradient is not None and described[number]["role"] == "attributed":
                described[number]["gradient"] = f"input_gradient_{number}"
                arrays[f"input_gradient_{number}"] = gradient.numpy()
        arrays["output"] = first_float(output).detach().numpy()
        layers = []
        for number, path in enumerate(paths):
            entry = seen[path]
            elements = []
            for element, kept in entry["elements"].items():
                key = f"{number}_{element}"
                arrays[f"activation_{key}"] = kept.detach().numpy()
                if kept.grad is not None:
                    arrays[f"gradient_{key}"] = kept.grad.numpy()
                elements.append({"element": element, "activation": f"activation_{key}", "gradient": None if kept.grad is None else f"gradient_{key}"})
            layers.append({"path": path, "type": type(model.get_submodule(path)).__name__, "tensors": entry["tensors"], "elements": elements})
        archives = []
        for form in spec.forms:
            try:
                archives.append(self.export(name, spec, form, arrays))
            except Exception as failure:
                self.fail(name, KINDS[form], failure)
                (self.path / f"{name}.{SUFFIXES[form]}.pt").unlink(missing_ok=True)
        if archives:
            np.savez_compressed(self.path / f"{name}.npz", **arrays)
            tensors = flat(output)
            self.models.append({"name": name, "arrays": f"{name}.npz", "inputs": described, "outputs": len(tensors),
                                "output": [t is first_float(output) for t in tensors].index(True), "modules": len(names), "layers": layers, "archives": archives})

    def export(self, name: str, spec: Spec, form: str, arrays: Dict[str, np.ndarray]) -> Dict[str, Any]:
        model, inputs = make(name, spec)
        exported = export(model, inputs, form)
        file = f"{name}.{SUFFIXES[form]}.pt"
        archive.save(exported, self.path / file, name)
        loaded = torch.jit.load(str(self.path / file))
        loaded.eval() if form not in FROZEN else None
        value = loaded(*arguments(inputs))
        check(first_float(value).detach(), torch.from_numpy(arrays["output"]), 1e-5, "the archive differs from the model")
        kind = KINDS[form] + (", quantized" if name.endswith("_quantized") else "")
        result: Dict[str, Any] = {"file": file, "kind": kind, "modules": len(list(loaded.named_modules()))}
        if form == "e":
            result["layers"] = []
        if form in FROZEN:
            result["layers"] = self.places(name, spec, exported, arrays)
        return result

    def places(self, name: str, spec: Spec, exported: torch.jit.ScriptModule, arrays: Dict[str, np.ndarray]) -> List[Dict[str, Any]]:
        model, inputs = make(name, spec)
        _, seen, _ = eager(model, inputs, calls(model, inputs))
        first = {path: next(iter(entry["elements"].items())) for path, entry in seen.items()}
        found = places(exported, inputs, {path: kept.detach() for path, (_, kept) in first.items()})
        # Modules that return one value (a block and its last layer) have one place.
        paths = spread(list({place: path for path, place in found.items()}.values()), LAYERS)
        layers = []
        for path in paths:
            element, kept = first[path]
            keys = {"element": 0, "activation": f"place_{path}", "gradient": None}
            arrays[keys["activation"]] = kept.detach().numpy()
            if kept.grad is not None:
                keys["gradient"] = f"place_gradient_{path}"
                arrays[keys["gradient"]] = kept.grad.numpy()
            layers.append({"path": found[path], "type": f"{path} {type(model.get_submodule(path)).__name__}", "tensors": 1, "elements": [keys]})
        return layers

    def write(self) -> None:
        text = json.dumps({"torch": torch.__version__, "models": self.models, "failed": self.failed}, separators=(",", ":")).replace('{"name":"', '\n{"name":"')
        (self.path / "zoo.json").write_text(text + "\n")


def check(actual: Tensor, expected: Tensor, tolerance: float, what: str) -> None:
    scale = float(expected.abs().max())
    error = float((actual - expected).abs().max())
    if not error <= tolerance * max(scale, 1e-30):
        raise ValueError(f"{what}: {error} at {scale}")


def main() -> None:
    options = sys.argv[1:]
    subset = "--subset" in options
    rest = [o for o in options if o != "--subset"]
    if not rest and not subset:
        sys.exit(__doc__)
    path = Path(rest[0]) if rest else HERE / "zoo"
    chosen = rest[1:]
    folder = Folder(path if chosen else settled(path))
    torch.set_num_threads(1)
    for name, spec in specs(subset).items():
        if chosen and name not in chosen:
            continue
        started = time.time()
        try:
            folder.add(name, spec)
            print(f"{name} {time.time() - started:.1f} s", flush=True)
        except Exception as failure:
            folder.fail(name, "eager", failure)
        if not chosen:
            folder.write()
    folder.write()
    for failure in folder.failed:
        print(f"failed: {failure['model']} {failure['kind']}: {failure['reason']}")


if __name__ == "__main__":
    main()
