# SPDX-License-Identifier: Apache-2.0
"""Writes golden/rows: models whose layers do not count rows on axis 0, models for one example without an axis of rows, and
models that compute in 16 bits, with what eager PyTorch computes on them, one row at a time.

    python golden/rows.py
"""

import json
import warnings
from pathlib import Path
from typing import Dict, Final, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn

import archive

HERE = Path(__file__).resolve().parent
OUT = HERE / "rows"
ROWS = 3


class Frames(nn.Module):
    """Frames are folded into the rows for the encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 5)
        self.act = nn.Tanh()
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = self.act(self.encoder(torch.flatten(x, 0, 1)))
        return self.head(h.view(x.size(0), x.size(1), 5).mean(1))


class Choices(nn.Module):
    """Multiple choice: a score for each of the choices, which are folded into the rows."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 6)
        self.act = nn.ReLU()
        self.score = nn.Linear(6, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = self.act(self.encoder(x.reshape(-1, x.size(2), x.size(3))))
        return self.score(h.sum(1)).view(-1, x.size(1))


class Windows(nn.Module):
    """Windows of an image become rows."""

    def __init__(self) -> None:
        super().__init__()
        self.inside = nn.Conv2d(2, 3, 2)
        self.act = nn.ReLU()
        self.head = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        n = x.size(0)
        w = x.view(n, 2, 2, 2, 2, 2).permute(0, 2, 4, 1, 3, 5).reshape(n * 4, 2, 2, 2)
        h = self.act(self.inside(w))
        return self.head(h.view(n, 4, 3).amax(1) + h.view(n, 4, 3).mean(1))


class Siamese(nn.Module):
    """Both sides go through the encoder in one batch, one behind the other."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 5)
        self.act = nn.Tanh()
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        h = self.act(self.encoder(torch.cat([x, y], 0)))
        a, b = torch.chunk(h, 2, 0)
        return self.head((a - b).abs() + a * b)


class Triplet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(4, 5)
        self.head = nn.Linear(15, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.encoder(torch.cat([x[:, 0], x[:, 1], x[:, 2]], 0)))
        n = x.size(0)
        return self.head(torch.cat([h[:n], h[n : 2 * n], h[2 * n :]], 1))


class TimeFirst(nn.Module):
    """Time is the first axis inside."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(4, 4)
        self.lstm = nn.LSTM(4, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        h, _ = self.lstm(self.embed(x.transpose(0, 1)))
        return self.head(h[-1] + h.mean(0))


class Table(nn.Module):
    """Vectors of positions are computed once for all rows, and a temperature without any axis."""

    def __init__(self) -> None:
        super().__init__()
        self.positions = nn.Embedding(4, 4)
        self.mix = nn.Tanh()
        self.temperature = nn.Softplus()
        self.log_temperature = nn.Parameter(torch.tensor(0.3))
        self.head = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        p = self.positions(torch.arange(x.size(1)))
        return self.head(self.mix(x + p).mean(1)) * self.temperature(self.log_temperature)


# ---- one example, no axis of rows


class Energy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.pair = nn.Linear(1, 4)
        self.act = nn.Tanh()
        self.out = nn.Linear(4, 1)

    def forward(self, positions: Tensor) -> Tensor:
        d = positions.unsqueeze(0) - positions.unsqueeze(1)
        r = (d * d).sum(-1, keepdim=True)
        return self.out(self.act(self.pair(r))).sum()


class Charges(nn.Module):
    """A value for each atom; species are token ids of the same example, the box serves all."""

    def __init__(self) -> None:
        super().__init__()
        self.species = nn.Embedding(5, 3)
        self.mix = nn.Linear(3, 3)

    def forward(self, positions: Tensor, species: Tensor, box: Tensor) -> Tensor:
        s = self.species(species)
        c = positions / box
        return torch.tanh(self.mix(c * s)) + c.mean(0)


class Image(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 2, 3)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(torch.flatten(self.pool(self.relu(self.conv(x)))))


class Vector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 5)
        self.relu = nn.ReLU()
        self.second = nn.Linear(5, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.relu(self.first(x)))[0]


class Tokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(9, 4)
        self.mix = nn.Tanh()
        self.head = nn.Linear(4, 3)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.mix(self.embedding(ids)).mean(0))


# ---- 16 bits inside


class Mixed(nn.Module):
    """The second layer is stored and computed in float16."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(4, 6)
        self.act = nn.Tanh()
        self.b = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.act(self.a(x)).half()).float()

    def reference(self, x: Tensor) -> Tensor:
        return self.b(self.act(self.a(x)))

    def narrowed(self) -> nn.Module:
        self.b.half()
        return self


class Autocast(Mixed):
    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            h = self.b(self.act(self.a(x)))
        return h.float()

    def narrowed(self) -> nn.Module:
        return self


class Written(Mixed):
    """Names types in many ways."""

    inner: int
    later: Final[int]

    def __init__(self) -> None:
        super().__init__()
        self.inner = torch.float16
        self.later = torch.bfloat16

    def forward(self, x: Tensor) -> Tensor:
        dtype = torch.float16
        h = self.act(self.a(x))
        if h.dtype == torch.float16:
            h = h.to(torch.float32)
        h = h.to(self.inner).type_as(x).to(self.later).to(x.dtype)
        zeros = torch.zeros([1, 6], dtype=torch.float16, device=x.device)
        h = (h.to(dtype) + zeros).float()
        weights = torch.softmax(torch.zeros_like(h, dtype=torch.bfloat16), dim=-1, dtype=torch.float32)
        total = (h * weights * 6).half().sum(1, dtype=torch.float32, keepdim=True) / 6
        return self.b(h) + total.to(torch.bfloat16).to(x)

    def reference(self, x: Tensor) -> Tensor:
        h = self.act(self.a(x))
        return self.b(h) + h.mean(1, keepdim=True)

    def narrowed(self) -> nn.Module:
        return self


class Stored(Mixed):
    """All weights are float16, and so are inputs and output."""

    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.act(self.a(x)))

    def narrowed(self) -> nn.Module:
        return self.half()


def value_and_gradient(
    model: nn.Module, layer: str, inputs: List[Tensor], target: Optional[Tuple[int, ...]], factor: float
) -> Tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The value of a layer, the gradient of the target there, and the output with the value times a factor."""
    module = model.get_submodule(layer)
    kept: List[Tensor] = []

    def hook(_m: nn.Module, _i: object, out: object) -> object:
        first = out[0] if isinstance(out, tuple) else out
        if factor != 1:
            first = first * factor
        else:
            first = first.detach().requires_grad_(True)
        kept.append(first)
        return (first,) + tuple(out[1:]) if isinstance(out, tuple) else first

    handle = module.register_forward_hook(hook)
    output = model(*inputs)
    handle.remove()
    if factor != 1:
        return kept[0].detach().numpy(), np.zeros(0), output.detach().numpy()
    score = output[target] if target else output
    (gradient,) = torch.autograd.grad(score, kept[0])
    return kept[0].detach().numpy(), gradient.numpy(), output.detach().numpy()


class Writer:
    def __init__(self) -> None:
        OUT.mkdir(exist_ok=True)
        self.cases: List[dict] = []
        self.generator = torch.Generator().manual_seed(20261129)

    def normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.generator, dtype=torch.float64)

    def settle(self, model: nn.Module) -> nn.Module:
        for parameter in model.parameters():
            parameter.data = torch.randn(parameter.shape, generator=self.generator, dtype=torch.float64) * 0.6
        return model.double().eval()

    def case(
        self,
        name: str,
        model: nn.Module,
        inputs: Dict[str, Tensor],
        layers: Dict[str, Optional[int]],
        target: Optional[Tuple[int, ...]],
        unbatched: bool = False,
        constants: Dict[str, Tensor] = {},
    ) -> None:
        """`layers`: which axis of a layer's value counts rows in a run of one row; None where the value is that row."""
        model = self.settle(model)
        everything = {**inputs, **constants}

        def row(r: int) -> List[Tensor]:
            taken = [v[r] if unbatched else v[r : r + 1] for v in inputs.values()]
            return taken + list(constants.values())

        sample = row(0) if unbatched else list(everything.values())
        modules = {"script": torch.jit.script(model), "trace": torch.jit.trace(model, tuple(sample))}
        modules["frozen"] = torch.jit.freeze(modules["script"])
        for kind, module in modules.items():
            archive.save(module, OUT / f"{name}_{kind}.pt", f"{name}_{kind}")
        arrays = {f"input/{key}": value.numpy() for key, value in everything.items()}
        of_row = (lambda t: (target or None)) if unbatched else (lambda t: (0,) + (target or ()))
        outputs, gradients = [], {key: [] for key, value in inputs.items() if value.is_floating_point()}
        for r in range(ROWS):
            given = [v.clone().requires_grad_(v.is_floating_point() and i < len(inputs)) for i, v in enumerate(row(r))]
            output = model(*given)
            outputs.append(output.detach().numpy() if unbatched else output.detach().numpy()[0])
            score = output[of_row(0)] if of_row(0) else output
            found = torch.autograd.grad(score, [given[list(inputs).index(key)] for key in gradients]) if gradients else []
            for key, gradient in zip(gradients, found):
                gradients[key].append(gradient.numpy() if unbatched else gradient.numpy()[0])
        arrays["output"] = np.stack(outputs).reshape(ROWS, -1) if np.ndim(outputs[0]) == 0 else np.stack(outputs)
        if np.ndim(outputs[0]) == 0:
            arrays["output"] = np.stack(outputs)
        for key, parts in gradients.items():
            arrays[f"gradient/{key}"] = np.stack(parts)
        for layer, axis in layers.items():
            values, slopes, doubled = [], [], []
            for r in range(ROWS):
                value, slope, _ = value_and_gradient(model, layer, row(r), of_row(0), 1)
                _, _, output = value_and_gradient(model, layer, row(r), None, 1.5)
                values.append(value if axis is None else np.take(value, 0, axis))
                slopes.append(slope if axis is None else np.take(slope, 0, axis))
                doubled.append(output if unbatched else output[0])
            arrays[f"layer/{layer}/value"] = np.stack(values)
            arrays[f"layer/{layer}/gradient"] = np.stack(slopes)
            arrays[f"layer/{layer}/output"] = np.stack(doubled)
        np.savez(OUT / f"{name}.npz", **arrays)
        self.cases.append(
            {
                "name": name,
                "inputs": list(inputs),
                "constants": list(constants),
                "layers": list(layers),
                "target": list(target or ()),
                "unbatched": unbatched,
            }
        )

    def narrow(self, name: str, model: Mixed, kinds: List[str]) -> None:
        """What the same weights give in float64 throughout."""
        for parameter in model.parameters():
            wide = torch.randn(parameter.shape, generator=self.generator, dtype=torch.float64) * 0.6
            parameter.data = wide.to(torch.bfloat16 if name == "autocast" else torch.float16).float()
        model.eval()
        x = self.normal(ROWS, 4).to(torch.float16).double()
        wide = type(model)().double()
        wide.load_state_dict(model.state_dict())
        given = x.clone().requires_grad_(True)
        kept: List[Tensor] = []
        wide.act.register_forward_hook(lambda m, i, o: kept.append(o))
        output = wide.reference(given)
        gradient, at_layer = torch.autograd.grad(output[:, 1].sum(), [given, kept[0]])
        np.savez(
            OUT / f"{name}.npz",
            x=x.numpy(),
            output=output.detach().numpy(),
            gradient=gradient.numpy(),
            value=kept[0].detach().numpy(),
            layer_gradient=at_layer.numpy(),
        )
        model = model.narrowed()
        scripted = torch.jit.script(model) if "trace" not in kinds or len(kinds) > 1 else None
        sample = x.half() if name == "stored" else x.float()
        for kind in kinds:
            if kind == "trace":
                module = torch.jit.trace(model, sample)
            else:
                module = scripted if kind == "script" else torch.jit.freeze(scripted)
            archive.save(module, OUT / f"{name}_{kind}.pt", f"{name}_{kind}")

    def close(self) -> None:
        (OUT / "rows.json").write_text(json.dumps(self.cases, indent=1) + "\n")


def main() -> None:
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    w = Writer()
    n = w.normal
    w.case("frames", Frames(), {"x": n(ROWS, 4, 4)}, {"encoder": None, "act": None, "head": 0}, (1,))
    w.case("choices", Choices(), {"x": n(ROWS, 2, 3, 4)}, {"encoder": None, "act": None, "score": None}, (1,))
    w.case("windows", Windows(), {"x": n(ROWS, 2, 4, 4)}, {"inside": None, "act": None}, (2,))
    w.case("siamese", Siamese(), {"x": n(ROWS, 4), "y": n(ROWS, 4)}, {"encoder": None, "act": None, "head": 0}, (0,))
    w.case("triplet", Triplet(), {"x": n(ROWS, 3, 4)}, {"encoder": None, "head": 0}, (2,))
    w.case("time_first", TimeFirst(), {"x": n(ROWS, 4, 4)}, {"embed": 1, "lstm": 1, "head": 0}, (1,))
    w.case("table", Table(), {"x": n(ROWS, 4, 4)}, {"positions": None, "mix": 0, "temperature": None}, (1,))
    w.case("energy", Energy(), {"positions": n(ROWS, 4, 3)}, {"pair": None, "act": None}, None, True)
    w.case(
        "charges",
        Charges(),
        {"positions": n(ROWS, 4, 3), "species": torch.randint(0, 5, (ROWS, 4), generator=w.generator)},
        {"species": None, "mix": None},
        (2, 1),
        True,
        {"box": torch.tensor([2.0, 3.0, 4.0], dtype=torch.float64)},
    )
    w.case("image", Image(), {"x": n(ROWS, 1, 6, 6)}, {"conv": None, "relu": None, "pool": None, "head": None}, (1,), True)
    w.case("vector", Vector(), {"x": n(ROWS, 4)}, {"first": None, "relu": None}, None, True)
    w.case(
        "tokens",
        Tokens(),
        {"ids": torch.randint(0, 9, (ROWS, 5), generator=w.generator)},
        {"embedding": None, "mix": None},
        (2,),
        True,
    )
    for name, model in [("mixed", Mixed()), ("autocast", Autocast()), ("written", Written()), ("stored", Stored())]:
        w.narrow(name, model, ["script", "trace", "frozen"])
    w.close()


if __name__ == "__main__":
    main()
