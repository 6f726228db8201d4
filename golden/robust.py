# SPDX-License-Identifier: Apache-2.0
"""FGSM, PGD and MinParamPerturbation by Captum, on a small network in float64 and on archives of golden/data in float32.

    python golden/robust.py            writes golden/robust/robust.npz
    python golden/robust.py --check    computes again and compares

The network is y = w2 tanh(w1 x + b1) + b2; its arrays begin with `network`. Arrays are called MODEL/CASE/INPUT; MODEL/labels are the classes that the model decides for,
MODEL/others the next ones. Losses are negative logarithms of probabilities (Captum's default) for models that end in a softmax, and cross-entropy of logits for others.
Captum takes gradients below 1e-6 for 0; that threshold is set to 0 here, since the library has none.
"""

from pathlib import Path

import numpy as np
import torch
from captum.robust import FGSM, PGD, MinParamPerturbation

import stored

OUT = Path(__file__).resolve().parent / "robust" / "robust.npz"
ARCHIVES = ("mlp_softmax", "cnn", "multi_input", "mlp_double", "timeseries_gru", "residual")
RADIUS, STEP, STEPS = 0.1, 0.03, 7
LEAST, MOST, DISTANCE = 0.02, 0.9, 0.02


def network(arrays):
    random = np.random.default_rng(41)
    w1, b1 = torch.tensor(random.normal(size=(8, 6))), torch.tensor(random.normal(size=8))
    w2, b2 = torch.tensor(random.normal(size=(3, 8))), torch.tensor(random.normal(size=3))
    rows = torch.tensor(random.normal(size=(7, 6)))
    for name, value in dict(w1=w1, b1=b1, w2=w2, b2=b2, rows=rows).items():
        arrays[f"network/{name}"] = value.numpy()
    return lambda x: torch.tanh(x @ w1.T + b1) @ w2.T + b2, (rows,), (), ["rows"]


def archive(name):
    for found, model, inputs, attributed in stored.models([name]):
        # In the type in which the archive is used.
        archive = torch.jit.load(stored.DATA / f"models/{name}.traced.pt").eval()
        wide = next(archive.parameters()).dtype
        values = {key: value.to(wide) if value.is_floating_point() else value for key, value in inputs.items()}
        fixed = tuple(value for key, value in values.items() if key not in attributed)
        return archive, tuple(values[key] for key in attributed), fixed, attributed


def attack(arrays, name, model, inputs, fixed, names):
    output = model(*inputs, *fixed)
    probabilities = bool(torch.allclose(output.sum(1), torch.ones(len(output), dtype=output.dtype), atol=1e-4))
    labels = output.argmax(1)
    others = (labels + 1) % output.shape[1]
    arrays[f"{name}/labels"], arrays[f"{name}/others"] = labels.numpy(), others.numpy()
    arrays[f"{name}/probabilities"] = np.array(int(probabilities))
    loss = None if probabilities else lambda out, y: torch.nn.functional.cross_entropy(out, y, reduction="none")
    low = min(float(x.min()) for x in inputs) - 0.02
    high = max(float(x.max()) for x in inputs) + 0.02
    arrays[f"{name}/bounds"] = np.array([low, high])
    masks = tuple((torch.arange(x.numel()).reshape(x.shape) % 3 != 1).to(x.dtype) for x in inputs)
    for mask, key in zip(masks, names):
        arrays[f"{name}/mask/{key}"] = mask.numpy()

    def keep(case, results):
        for key, value in zip(names, results):
            arrays[f"{name}/{case}/{key}"] = value.detach().numpy()
        losses = model(*results, *fixed)
        arrays[f"{name}/{case}/output"] = losses.detach().numpy()

    def one(kind, **bounds):
        made = kind(model, loss_func=loss, **bounds)
        (made.fgsm if kind is PGD else made).zero_thresh = 0
        return made

    bounds = dict(lower_bound=low, upper_bound=high)
    keep("fgsm", one(FGSM).perturb(inputs, RADIUS, labels, fixed))
    keep("fgsm targeted", one(FGSM).perturb(inputs, RADIUS, others, fixed, targeted=True))
    keep("fgsm bounded", one(FGSM, **bounds).perturb(inputs, RADIUS, labels, fixed))
    keep("fgsm masked", one(FGSM).perturb(inputs, RADIUS, labels, fixed, mask=masks))
    for norm in ("Linf", "L2"):
        radius, step = (RADIUS, STEP) if norm == "Linf" else (5 * RADIUS, STEP)
        keep(f"pgd {norm}", one(PGD).perturb(inputs, radius, step, STEPS, labels, fixed, norm=norm))
        keep(
            f"pgd {norm} targeted",
            one(PGD, **bounds).perturb(inputs, radius, step, STEPS, others, fixed, targeted=True, norm=norm, mask=masks),
        )
    for mode in ("linear", "binary"):
        amounts = []
        for row in range(len(output)):
            fgsm = one(FGSM)
            rest = tuple(value[row : row + 1] for value in fixed)
            search = MinParamPerturbation(
                lambda x, *more: model(*(x if isinstance(x, tuple) else (x,)), *more),
                attack=fgsm.perturb,
                arg_name="epsilon",
                arg_min=LEAST,
                arg_max=MOST,
                arg_step=DISTANCE,
                mode=mode,
            )
            label = labels[row : row + 1]
            own = tuple(value[row : row + 1] for value in inputs)
            _, amount = search.evaluate(
                own if len(own) > 1 else own[0],
                rest if rest else None,
                target=label,
                attack_kwargs={"target": label, "additional_forward_args": rest if rest else None},
            )
            amounts.append(np.nan if amount is None else amount)
        arrays[f"{name}/minimal {mode}"] = np.array(amounts)


def compute():
    arrays = {}
    attack(arrays, "network", *network(arrays))
    for name in ARCHIVES:
        attack(arrays, name, *archive(name))
    return arrays


if __name__ == "__main__":
    torch.manual_seed(0)
    stored.keep(OUT, compute(), 1e-5)
