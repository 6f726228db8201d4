# SPDX-License-Identifier: Apache-2.0
"""Writes NAME.expected.npz beside every archive of a folder: what PyTorch computes, to be compared with by `attribution survey`.

    python golden/real_models.py FOLDER

Every example is computed alone, from the state of the file: the archive is loaded again for each call. Where the program allows
it, all is done in float64. NAME.npz holds what is attributed, NAME.fixed.npz and NAME.constant.npz further inputs. NAME.options
may hold `--unbatched one|many`, `--output NAME` and `--model-method NAME`; where the file is missing, an input without rows is tried too.
"""

import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np
import torch

ENDINGS = (".pt", ".ptl", ".pth", ".ts")


def options(archive: Path) -> Dict[str, str]:
    file = archive.with_suffix(".options")
    words = file.read_text().split() if file.exists() else []
    found: Dict[str, str] = {}
    for i, word in enumerate(words):
        if word.startswith("--"):
            found[word[2:]] = words[i + 1] if i + 1 < len(words) and not words[i + 1].startswith("--") else ""
    return found


def arrays(archive: Path, ending: str) -> Dict[str, np.ndarray]:
    file = archive.with_suffix(ending)
    return dict(np.load(file)) if file.exists() else {}


def chosen(output: Any, name: str) -> torch.Tensor:
    """The tensor of a name such as 0.score, or the only one."""
    for part in name.split(".") if name else []:
        output = output[int(part)] if isinstance(output, (list, tuple)) else output[part]
    while not isinstance(output, torch.Tensor):
        values = list(output.values()) if isinstance(output, dict) else list(output)
        if len(values) != 1:
            raise ValueError(f"{len(values)} outputs; choose one with --output")
        output = values[0]
    return output


def arranged(kind: Any, values: List[Any]) -> Any:
    """Takes from the values what a parameter of this type holds."""
    if kind.kind() == "TupleType":
        return tuple(arranged(element, values) for element in kind.elements())
    if kind.kind() == "OptionalType":
        return arranged(kind.getElementType(), values)
    return values.pop(0)


class Program:
    """An archive that is loaded anew for every call."""

    def __init__(self, archive: Path, double: bool, given: Dict[str, str], batch_axis: bool) -> None:
        self.archive = archive
        self.double = double
        self.given = given
        self.batch_axis = batch_axis
        self.fixed = arrays(archive, ".fixed.npz")
        self.constant = arrays(archive, ".constant.npz")

    def tensor(self, values: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(values))
        return tensor.double() if self.double and tensor.is_floating_point() else tensor

    def score(self, attributed: Dict[str, torch.Tensor], row: int) -> torch.Tensor:
        module = torch.jit.load(str(self.archive), map_location="cpu").eval()
        if self.double:
            module = module.double()
        # Copies: a program may write to what it is given.
        one: List[Any] = [values.clone() for values in attributed.values()]
        one += [self.tensor(a[row : row + 1]) if a.ndim else a.item() for a in self.fixed.values()]
        if not self.batch_axis:
            one = [a[0] if isinstance(a, torch.Tensor) else a for a in one]
        names = list(attributed) + list(self.fixed) + list(self.constant)
        one += [self.tensor(a) if a.ndim else a.item() for a in self.constant.values()]
        call: Callable[..., Any] = getattr(module, self.given.get("model-method", "forward"))
        parameters = call.schema.arguments[1:]
        if set(names) <= {parameter.name for parameter in parameters}:
            result = call(**dict(zip(names, one)))
        else:
            result = call(*[arranged(parameter.type, one) for parameter in parameters if one])
        return chosen(result, self.given.get("output", "")).sum()


def expected(archive: Path, double: bool, given: Dict[str, str], batch_axis: bool) -> Dict[str, np.ndarray]:
    program = Program(archive, double, given, batch_axis)
    inputs = arrays(archive, ".npz")
    if not batch_axis and given.get("unbatched") != "many":
        inputs = {name: values[None] for name, values in inputs.items()}
    rows = next(iter(inputs.values())).shape[0]
    found: Dict[str, List[np.ndarray]] = {"scores": []}
    for row in range(rows):
        own = {name: program.tensor(values[row : row + 1]) for name, values in inputs.items()}
        score = program.score(own, row).detach().double()
        found["scores"].append(score.numpy())
        for i, name in enumerate(own):
            without = {**own, name: torch.zeros_like(own[name])}
            ablated = score - program.score(without, row).detach().double()
            found.setdefault(f"ablation_{i}", []).append(ablated.numpy())
        gradients = gradient(program, own, row)
        for i, values in enumerate(gradients or []):
            found.setdefault(f"gradient_{i}", []).append(values.double().numpy())
    return {name: np.stack(values) for name, values in found.items()}


def gradient(program: Program, own: Dict[str, torch.Tensor], row: int) -> Optional[List[torch.Tensor]]:
    leaves = {name: values.clone() for name, values in own.items()}
    if not all(values.is_floating_point() for values in leaves.values()):
        return None
    for values in leaves.values():
        values.requires_grad_()
    try:
        score = program.score(leaves, row)
        return [values[0] for values in torch.autograd.grad(score, list(leaves.values()))]
    except RuntimeError as refused:
        print(f"  no gradient by PyTorch: {str(refused).strip().splitlines()[-1]}")
        return differences(program, own, row) if program.double else None


def differences(program: Program, own: Dict[str, torch.Tensor], row: int) -> List[torch.Tensor]:
    """Central differences, for programs whose own gradient PyTorch refuses."""
    step = 1e-5
    found = []
    for name, values in own.items():
        result = torch.zeros_like(values)
        for k in range(values.numel()):
            ends = []
            for sign in (1, -1):
                moved = values.clone()
                moved.view(-1)[k] += sign * step
                ends.append(program.score({**own, name: moved}, row).item())
            result.view(-1)[k] = (ends[0] - ends[1]) / (2 * step)
        found.append(result[0])
    return found


def write(archive: Path) -> None:
    given = options(archive)
    axes = [False] if "unbatched" in given else [True, False]
    refusals: List[str] = []
    for double in (True, False):
        for batch_axis in axes:
            try:
                found = expected(archive, double, given, batch_axis)
            except Exception as refused:  # whatever the program throws: the next way is tried
                refusals.append(str(refused).strip().splitlines()[-1] if str(refused).strip() else repr(refused))
                continue
            np.savez(archive.with_suffix(".expected.npz"), **found)
            way = ("float64" if double else "float32") + ("" if batch_axis else ", no batch axis")
            print(f"{archive.name}: {way}, scores {found['scores']}")
            return
    print(f"{archive.name}: {refusals[0]}")


def main() -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    for archive in sorted(Path(sys.argv[1]).iterdir()):
        if archive.suffix in ENDINGS and archive.with_suffix(".npz").exists():
            write(archive)


if __name__ == "__main__":
    main()
