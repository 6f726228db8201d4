# SPDX-License-Identifier: Apache-2.0
"""Writes golden/special: archives that are unusual or that have to be refused, with what PyTorch computes on them.

    python golden/special.py
"""

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archive
import models

HERE = Path(__file__).resolve().parent
OUT = HERE / "special"


class Plain(nn.Module):
    """Two linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x)))


class TupleOutput(Plain):
    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor]:
        hidden = self.relu(self.fc1(x))
        return self.fc2(hidden), hidden


class ListOutput(Plain):
    def forward(self, x: Tensor) -> List[Tensor]:
        hidden = self.relu(self.fc1(x))
        return [self.fc2(hidden), hidden]


class DictOutput(Plain):
    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        hidden = self.relu(self.fc1(x))
        return {"logits": self.fc2(hidden), "hidden": hidden}


class OptionalOutput(Plain):
    """One of the two outputs is None."""

    def forward(self, x: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
        return self.fc2(self.relu(self.fc1(x))), None


class ListInput(Plain):
    def forward(self, parts: List[Tensor]) -> Tensor:
        return self.fc2(self.relu(self.fc1(torch.cat(parts, dim=1))))


class TupleInput(Plain):
    def forward(self, parts: Tuple[Tensor, Tensor]) -> Tensor:
        return self.fc2(self.relu(self.fc1(torch.cat([parts[0], parts[1]], dim=1))))


class DictInput(Plain):
    def forward(self, parts: Dict[str, Tensor]) -> Tensor:
        return self.fc2(self.relu(self.fc1(torch.cat([parts["left"], parts["right"]], dim=1))))


class UnusedInput(Plain):
    """The second input has no influence: its gradient is undefined, its attribution zero."""

    def forward(self, x: Tensor, unused: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x)))


class OptionalArgument(Plain):
    """A trailing argument with a default."""

    def forward(self, x: Tensor, scale: float = 2.0) -> Tensor:
        return self.fc2(self.relu(self.fc1(x * scale)))


class Detached(Plain):
    """No gradient reaches the input."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x.detach())))


class InsideNoGrad(Plain):
    """The first half runs with gradients switched off."""

    def forward(self, x: Tensor) -> Tensor:
        with torch.no_grad():
            hidden = self.relu(self.fc1(x))
        return self.fc2(hidden)


class IntegerOutput(Plain):
    """Class numbers instead of scores."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x))).argmax(1)


class NanOutput(Plain):
    """The logarithm of scores, some of which are negative."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(self.fc2(self.relu(self.fc1(x))))


class InfiniteOutput(Plain):
    """Divides by zero."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x))) / torch.zeros([1], dtype=x.dtype, device=x.device)


class ChangesItsInput(Plain):
    """Works in place on what the caller passed."""

    def forward(self, x: Tensor) -> Tensor:
        x.mul_(0.5)
        return self.fc2(self.relu(self.fc1(x)))


class Storages(nn.Module):
    """Parameters that share a storage, lie in it with an offset or with strides, are tied, or of other types."""

    def __init__(self) -> None:
        super().__init__()
        both = torch.linspace(-0.1, 0.1, 10 + 2 * 64 * 64)
        self.left = nn.Parameter(both[10 : 10 + 64 * 64].view(64, 64))
        self.right = nn.Parameter(both[10 + 64 * 64 :].view(64, 64).t())
        self.first = nn.Linear(64, 64, bias=False)
        self.second = nn.Linear(64, 64, bias=False)
        self.second.weight = self.first.weight
        self.wide = nn.Parameter(torch.linspace(0, 1, 64 * 64, dtype=torch.float64).view(64, 64))
        self.narrow = nn.Parameter(torch.linspace(0, 1, 128 * 64).view(128, 64).half())
        self.brain = nn.Parameter(torch.linspace(1, 2, 128 * 64).view(128, 64).bfloat16())
        self.order = nn.Parameter(torch.arange(64 * 64 - 1, -1, -1), requires_grad=False)
        self.listed = nn.Parameter(torch.linspace(-1, 0, 64 * 64).view(64, 64))
        self.others: List[Tensor] = [self.listed]
        self.register_buffer("table", torch.linspace(-1, 1, 64 * 64).view(64, 64))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(x @ self.left + x @ self.right) + torch.tanh(self.second(self.first(x)))
        y = y * self.wide.sum(1).float() * self.narrow.float().sum(0) / self.brain.float().sum(0)
        y = y + x @ self.table.flatten()[self.order].view(64, 64)
        return y * self.others[0][0] + self.listed[1]


class Stateful(Plain):
    """Counts its calls in a buffer and adds the count to the output."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return self.fc2(self.relu(self.fc1(x))) + self.calls


class MixesExamples(Plain):
    """Subtracts the mean over the batch: an example's score depends on the others."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x - x.mean(dim=0, keepdim=True))))


class TotalOutput(Plain):
    """One number for the whole batch."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.relu(self.fc1(x))).sum()


class Reused(nn.Module):
    """One linear layer called three times, one of them in a loop with a running index."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.Linear(6, 6)
        self.act = nn.Tanh()
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(3):
            x = self.act(self.shared(x))
        return self.fc(x)


class DropoutAndNorm(nn.Module):
    """Different in train mode, in which the archive was saved."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(6, 8)
        self.norm = nn.BatchNorm1d(8)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.dropout(torch.relu(self.norm(self.fc1(x)))))


class FunctionalDropout(Plain):
    """Dropout that is always on: the same input gives different outputs even in eval mode."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(F.dropout(self.relu(self.fc1(x)), 0.5, True))


class Interpolates(nn.Module):
    """Scripted F.interpolate: the code names an operation newer than libtorch 2.7, in a branch that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.conv(x), scale_factor=2.0, mode="bilinear", align_corners=False).mean(dim=[2, 3])


class Writer:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrays: Dict[str, np.ndarray] = {}
        self.listed: List[Dict[str, object]] = []
        self.rng = np.random.RandomState(7)

    def normal(self, *shape: int) -> Tensor:
        return torch.from_numpy(self.rng.normal(0, 1, shape).astype(np.float32))

    def settled(self, model: nn.Module, *sample: Tensor) -> nn.Module:
        return models.settle(model, self.rng, sample or None)

    def refused(self, file: str, kind: str, content: bytes, about: str) -> None:
        (self.folder / file).write_bytes(content)
        self.listed.append({"file": file, "kind": kind, "about": about})

    def loads(
        self,
        name: str,
        kind: str,
        module: torch.jit.ScriptModule,
        inputs: Sequence[Tensor],
        run: Optional[Callable] = None,
        names: Optional[Sequence[str]] = None,
        about: str = "",
    ) -> None:
        """Stores inputs, outputs in order, and, where every float input has one, the gradient of the sum of all float outputs."""
        archive.save(module, self.folder / f"{name}.pt", name)
        run = run or module
        leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
        for k, x in enumerate(inputs):
            self.arrays[f"{name}.input_{k}"] = x.numpy()
        entry: Dict[str, object] = {"file": f"{name}.pt", "kind": kind, "about": about or (module.__doc__ or "").strip()}
        entry["inputs"] = [f"{name}.input_{k}" for k in range(len(inputs))]
        if names:
            entry["input_names"] = list(names)
        if kind in ("works", "needs-repair", "no-gradient"):
            outputs = run(*[x.clone() for x in leaves])
            outputs = list(outputs.values()) if isinstance(outputs, dict) else outputs
            outputs = [o for o in (outputs if isinstance(outputs, (list, tuple)) else [outputs]) if o is not None]
            entry["outputs"] = [self._keep(f"{name}.output_{k}", o) for k, o in enumerate(outputs)]
            if kind != "no-gradient":
                grads = torch.autograd.grad(sum(o.sum() for o in outputs if o.is_floating_point()), leaves, allow_unused=True)
                entry["gradients"] = [None if g is None else self._keep(f"{name}.gradient_{k}", g) for k, g in enumerate(grads)]
        self.listed.append(entry)

    def _keep(self, key: str, value: Tensor) -> str:
        self.arrays[key] = value.detach().numpy()
        return key


def _saved(value: object, **options) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def _exported(model: nn.Module, inputs: Tuple[Tensor, ...]) -> bytes:
    """A torch.export archive with the source locations taken out."""
    program = torch.export.export(model, inputs)
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
        node.meta.pop("nn_module_stack", None)
        node.meta.pop("source_fn_stack", None)
    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    with zipfile.ZipFile(io.BytesIO(buffer.getvalue())) as source:
        target = io.BytesIO()
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
            for name in source.namelist():
                if not name.endswith("serialization_id"):
                    copy.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), source.read(name))
    return target.getvalue()


def _with_version(content: Dict[str, bytes], version: bytes, path: Path) -> None:
    changed = {name: version if name in ("version", ".data/version") else data for name, data in content.items()}
    archive.write(path, changed, path.stem)


def write(folder: Path) -> None:
    w = Writer(folder)
    plain = w.settled(Plain())
    content = archive.entries(archive.script_bytes(torch.jit.script(plain)))
    archive.write(folder / "plain.pt", content, "plain")
    whole = (folder / "plain.pt").read_bytes()
    (folder / "plain.pt").unlink()

    w.refused("state-dict.pt", "refuse-load", _saved(plain.state_dict()), "torch.save(model.state_dict()): weights without code.")
    w.refused(
        "state-dict-legacy.pt",
        "refuse-load",
        _saved(plain.state_dict(), _use_new_zipfile_serialization=False),
        "The same in the format before PyTorch 1.6: not a zip file (its bytes hold memory addresses and change with every run).",
    )
    w.refused("pickled-module.pt", "refuse-load", _saved(plain), "torch.save(model): a pickled Python object that needs its Python class.")
    w.refused("exported.pt2", "refuse-load", _exported(plain, (w.normal(2, 6),)), "torch.export.save: not TorchScript.")
    w.refused("truncated.pt", "refuse-load", whole[: len(whole) // 2], "The first half of an archive.")
    w.refused("not-a-zip.pt", "refuse-load", b"This is not an archive.\n", "A text file.")
    _with_version(content, b"99\n", folder / "version-99.pt")
    w.listed.append({"file": "version-99.pt", "kind": "refuse-load", "about": "Written by a PyTorch of the future: format version 99."})
    missing = {n: d for n, d in content.items() if n != "data/0"}
    archive.write(folder / "missing-storage.pt", missing, "missing-storage")
    w.listed.append({"file": "missing-storage.pt", "kind": "refuse-load", "about": "One tensor's bytes are missing."})

    def scripted(name: str, kind: str, model: nn.Module, inputs: Sequence[Tensor], **more) -> None:
        model = w.settled(model)
        w.loads(name, kind, torch.jit.script(model), inputs, about=(type(model).__doc__ or "").strip(), **more)

    scripted("plain", "works", Plain(), [w.normal(3, 6)])
    scripted("tuple-output", "works", TupleOutput(), [w.normal(3, 6)])
    scripted("list-output", "works", ListOutput(), [w.normal(3, 6)])
    scripted("dict-output", "works", DictOutput(), [w.normal(3, 6)])
    scripted("optional-output", "works", OptionalOutput(), [w.normal(3, 6)])
    pair = [w.normal(3, 2), w.normal(3, 4)]
    for name, model, wrap, names in (
        ("list-input", ListInput(), lambda *p: [list(p)], ("parts[]", "parts[]")),
        ("tuple-input", TupleInput(), lambda *p: [tuple(p)], ("parts()", "parts()")),
        ("dict-input", DictInput(), lambda *p: [dict(zip(("left", "right"), p))], ("parts.left", "parts.right")),
    ):
        module = torch.jit.script(w.settled(model))
        w.loads(
            name, "works", module, pair, run=lambda *p, m=module, f=wrap: m(*f(*p)), names=names, about="Tensors in one argument: " + name + "."
        )
    scripted("unused-input", "works", UnusedInput(), [w.normal(3, 6), w.normal(3, 2)])
    scripted("optional-argument", "works", OptionalArgument(), [w.normal(3, 6)])
    scripted("changes-its-input", "works", ChangesItsInput(), [w.normal(3, 6)])
    scripted("reused-module", "works", Reused(), [w.normal(3, 6)])
    scripted("total-output", "works", TotalOutput(), [w.normal(3, 6)])
    scripted("mixes-examples", "mixes-examples", MixesExamples(), [w.normal(3, 6)])
    scripted("stateful", "keeps-state", Stateful(), [w.normal(3, 6)])
    scripted("random-in-eval", "changes-between-calls", FunctionalDropout(), [w.normal(3, 6)])
    scripted("detached", "no-gradient", Detached(), [w.normal(3, 6)])
    scripted("inside-no-grad", "no-gradient", InsideNoGrad(), [w.normal(3, 6)])
    scripted("integer-output", "no-gradient", IntegerOutput(), [w.normal(3, 6)])
    scripted("nan-output", "not-finite", NanOutput(), [w.normal(3, 6)])
    scripted("infinite-output", "not-finite", InfiniteOutput(), [w.normal(3, 6)])

    model = w.settled(DropoutAndNorm(), w.normal(32, 6))
    about = "Saved in train mode; outputs and gradients here are those of eval mode."
    script = torch.jit.script(model.train())
    w.loads("saved-in-train-mode", "works", script, [w.normal(3, 6)], run=torch.jit.script(model.eval()), about=about)
    archive.save(torch.jit.script(model.train()), folder / "saved-in-train-mode.pt", "saved-in-train-mode")
    model.eval()
    frozen = torch.jit.freeze(torch.jit.script(model))
    w.loads("frozen", "works", frozen, [w.normal(3, 6)], about="torch.jit.freeze: no modules left, weights are constants of the code.")

    half = w.settled(Plain()).half()
    w.loads("float16", "other-dtype", torch.jit.script(half), [w.normal(3, 6)], about="float16 weights: the input has to be float16 too.")
    w.loads("interpolate", "needs-repair", torch.jit.script(w.settled(Interpolates())), [w.normal(3, 1, 4, 4)], about=Interpolates.__doc__ or "")

    transformer = w.settled(models.TransformerEncoder())
    with torch.no_grad():
        fused = torch.jit.trace(transformer, w.normal(3, 7, 5), check_trace=False)
    about = "Traced under no_grad: fused attention without a derivative. Outputs and gradients are those of the eager model."
    w.loads("fused-attention", "needs-repair", fused, [w.normal(3, 7, 5)], run=transformer, about=about)

    scripted("storages", "works", Storages(), [w.normal(3, 64)])

    np.savez_compressed(folder / "arrays.npz", **w.arrays)
    lines = ",\n".join("  " + json.dumps(entry) for entry in w.listed)
    (folder / "special.json").write_text(f"[\n{lines}\n]\n", encoding="utf-8", newline="\n")
    kinds = [str(entry["kind"]) for entry in w.listed]
    print(len(w.listed), "archives:", ", ".join(f"{kinds.count(k)} {k}" for k in dict.fromkeys(kinds)))


def main() -> None:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    OUT.mkdir(exist_ok=True)
    for old in OUT.iterdir():
        old.unlink()
    write(OUT)


if __name__ == "__main__":
    main()
