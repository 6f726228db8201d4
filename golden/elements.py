# SPDX-License-Identifier: Apache-2.0
"""Writes golden/elements: what modules of the zoo are given and return besides their first tensor, at their first and at later calls.

    python golden/elements.py

Models are those of zoo_models.py with the weights of the committed scripted archives, run eagerly in float32. One tensor at a time is exchanged by hooks, so
that neither what bypasses the module nor another argument that is the same tensor goes with it. README.md describes the files.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

import zoo

HERE = Path(__file__).resolve().parent
TOLERANCE = 1e-5


@dataclass
class Place:
    """Tensors number `elements`, one and the same, of what a call of a module is given or returns; and their addresses in archives."""

    model: str
    module: str
    call: int
    side: str
    elements: Sequence[int]
    addresses: Dict[str, str]


def both(address: str) -> Dict[str, str]:
    return {"script": address, "trace": address}


# A trace has an argument for each tensor that it uses, in its own order, and one only for a tensor that is given twice.
PLACES = [
    Place("lstm_states", "lstm", 0, "out", [1], {"script": "lstm[1]", "trace": "lstm"}),
    Place("cells", "lstm", 0, "out", [1], both("lstm[1]")),
    Place("cells", "lstm", 1, "out", [1], both("lstm#1[1]")),
    Place("cells", "lstm", 1, "in", [0], {"script": "lstm#1:in", "trace": "lstm#1:in[1]"}),
    Place("cells", "lstm", 1, "in", [1], {"script": "lstm#1:in[1]", "trace": "lstm#1:in"}),
    Place("cells", "lstm", 1, "in", [2], both("lstm#1:in[2]")),
    Place("cells", "gru", 0, "in", [1], both("gru:in[1]")),
    Place("cells", "gru", 2, "in", [0], both("gru#2:in")),
    Place("cells", "gru", 2, "in", [1], both("gru#2:in[1]")),
    Place("attention_cross", "attention", 0, "in", [0], both("attention:in")),
    Place("attention_cross", "attention", 0, "in", [1], {"script": "attention:in[1]"}),
    Place("attention_cross", "attention", 0, "in", [2], {"script": "attention:in[2]"}),
    Place("attention_cross", "attention", 0, "in", [1, 2], {"trace": "attention:in[1]"}),
    Place("attention_average", "attention", 0, "in", [2], {"script": "attention:in[2]"}),
    Place("attention_average", "attention", 0, "in", [0, 1, 2], {"trace": "attention:in[1]", "trace_no_grad": "attention:in[1]"}),
    Place("attention_average", "attention", 0, "out", [1], {**both("attention[1]"), "trace_no_grad": "attention[1]"}),
    Place("attention_heads", "attention", 0, "out", [1], {**both("attention[1]"), "trace_no_grad": "attention[1]"}),
    Place("nested", "first", 0, "out", [2], {"script": "first[2]"}),
    Place("optional", "mix", 0, "in", [1], {"script": "mix:in[1]"}),
    Place("siamese", "similarity", 0, "in", [1], both("similarity:in[1]")),
    Place("siamese", "encoder", 1, "in", [0], both("encoder#1:in")),
    Place("siamese", "encoder.1", 1, "in", [0], both("encoder.1#1:in")),
    Place("siamese", "encoder.3", 1, "out", [0], both("encoder.3#1")),
    Place("methods", "fc2", 1, "in", [0], both("fc2#1:in")),
    Place("forked", "left", 0, "in", [0], both("left:in")),
    Place("forked", "left", 0, "out", [0], both("left/linear#0")),
    Place("shared_names", "block", 1, "in", [0], {"script": "again:in", "trace": "block#1:in"}),
    Place("shared_names", "tied", 0, "in", [0], {"script": "tied:in", "trace": "tied:in[1]"}),
]


def exchanged(value: Any, numbers: Sequence[int], new: Tensor) -> Any:
    """The value with another tensor in these places of its flat list."""
    count = [0]

    def walk(part: Any) -> Any:
        if isinstance(part, Tensor):
            count[0] += 1
            return new if count[0] - 1 in numbers else part
        if isinstance(part, dict):
            return {k: walk(v) for k, v in part.items()}
        if isinstance(part, (tuple, list)):
            return type(part)([walk(v) for v in part])
        return part

    return walk(value)


def run(model: nn.Module, inputs: zoo.Inputs, place: Place, give: Callable[[Tensor], Tensor]) -> Tuple[Tensor, Tensor]:
    """The output if `give` of the place's tensor is put in its place, and what `give` returned."""
    calls: List[int] = []
    given: List[Tensor] = []

    def hook(value: Any) -> Any:
        calls.append(1)
        if len(calls) - 1 != place.call:
            return None
        tensors = zoo.flat(value)
        assert all(torch.equal(tensors[i], tensors[place.elements[0]]) for i in place.elements)
        given.append(give(tensors[place.elements[0]]))
        return exchanged(value, place.elements, given[0].clone())

    module = model.get_submodule(place.module)
    if place.side == "in":

        def before(_module: nn.Module, positional: Any, named: Any) -> Any:
            result = hook((positional, named))
            return None if result is None else tuple(result)

        handle = module.register_forward_pre_hook(before, with_kwargs=True)
    else:
        handle = module.register_forward_hook(lambda _module, _arguments, result: hook(result))
    output = zoo.first_float(model(*zoo.arguments(inputs)))
    handle.remove()
    assert len(given) == 1, f"{place} is not reached"
    return output, given[0]


def computed(model: nn.Module, inputs: zoo.Inputs, place: Place) -> Dict[str, Tensor]:
    """The value, the gradient of sum(output * cos(0, 1, 2, ...)) with respect to it, and the output if half of it is put in its place."""
    output, value = run(model, inputs, place, lambda t: t.detach().clone().requires_grad_(True))
    (output * zoo.cotangent(output)).sum().backward()
    with torch.no_grad():
        half, _ = run(model, inputs, place, lambda t: t * 0.5 + 0.25)
    return {"value": value.detach(), "gradient": value.grad, "changed": half}


def main() -> None:
    index = {m["name"]: m for m in json.loads((HERE / "zoo" / "zoo.json").read_text())["models"]}
    arrays: Dict[str, np.ndarray] = {}
    described: List[Dict[str, Any]] = []
    for number, place in enumerate(PLACES):
        model, inputs = weighted(place.model, index[place.model])
        results = computed(model, inputs, place)
        exact = computed(model.double(), [(k, zoo.widened(v)) for k, v in inputs], place)
        for what, tensor in results.items():
            zoo.check(tensor.double(), exact[what], TOLERANCE, f"{what} at {place} is not well conditioned")
            arrays[f"{what}_{number}"] = tensor.numpy()
        for form, address in place.addresses.items():
            described.append({"archive": f"{place.model}.{form}.pt", "address": address, "number": number})
    folder = HERE / "elements"
    folder.mkdir(exist_ok=True)
    np.savez_compressed(folder / "elements.npz", **arrays)
    lines = ",\n".join("  " + json.dumps(entry) for entry in described)
    (folder / "elements.json").write_text(f"[\n{lines}\n]\n")


def weighted(name: str, entry: Dict[str, Any]) -> Tuple[nn.Module, zoo.Inputs]:
    """The model and the inputs that are committed."""
    stored: Dict[str, np.ndarray] = dict(np.load(HERE / "zoo" / f"{name}.npz"))
    keys = iter([described["array"] for described in entry["inputs"]])

    def read(value: Any) -> Any:
        if isinstance(value, (tuple, list)):
            return type(value)([read(v) for v in value])
        array = stored[next(keys)]
        return torch.from_numpy(array) if isinstance(value, Tensor) else array.item()

    inputs: zoo.Inputs = [(key, read(value)) for key, value in zoo.OWN[name].inputs()]
    model: nn.Module = zoo.OWN[name].build()
    model.load_state_dict(torch.jit.load(str(HERE / "zoo" / f"{name}.script.pt")).state_dict())
    model.eval()
    output: Optional[Tensor] = zoo.first_float(model(*zoo.arguments(inputs)))
    zoo.check(output.detach(), torch.from_numpy(stored["output"]), 1e-6, "another model than the committed one")
    return model, inputs


if __name__ == "__main__":
    main()
