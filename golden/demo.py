# SPDX-License-Identifier: Apache-2.0
"""Trains the two demo models on data that ships with scikit-learn and writes the assets of the command line's demo.

    python golden/demo.py                writes attribution-cli/src/main/resources/demo

Seeded and single-threaded; takes some seconds. The numbers of another machine may differ in the last digits, the accuracy may not.
"""

import argparse
import csv
from pathlib import Path
from typing import Dict, List, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn

import archive

SEED = 20
HELD_OUT = 100
HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "attribution-cli" / "src" / "main" / "resources" / "demo"


class DigitsCnn(nn.Module):
    """8x8 grey digits, [N, 1, 8, 8] with values 0..1, to ten logits. `conv2` still has the full 8x8 resolution: a good place for Grad-CAM."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(16, 32, 3, padding=1)
        self.relu2 = nn.ReLU()
        self.pool = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(32, 32, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(32 * 4 * 4, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = self.relu1(self.bn1(self.conv1(image)))
        x = self.pool(self.relu2(self.conv2(x)))
        x = self.relu3(self.conv3(x))
        return self.fc(self.dropout(torch.flatten(x, 1)))


class BreastCancerMlp(nn.Module):
    """30 raw measurements, [N, 30], to two logits (0 malignant, 1 benign); the standardisation is part of the model."""

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        self.fc1 = nn.Linear(30, 16)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(16, 8)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(8, 2)

    def forward(self, row: Tensor) -> Tensor:
        x = (row - self.mean) / self.scale
        return self.fc3(self.relu2(self.fc2(self.relu1(self.fc1(x)))))


def _train(model: nn.Module, x: Tensor, y: Tensor, epochs: int, rate: float, decay: float, augment=None) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    generator = torch.Generator().manual_seed(SEED)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(x), generator=generator).split(64):
            batch = x[rows] if augment is None else augment(x[rows], generator)
            optimizer.zero_grad()
            F.cross_entropy(model(batch), y[rows], label_smoothing=0.02).backward()
            optimizer.step()
        schedule.step()
    model.eval()


def _shifted(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Moves each image by at most one pixel, so that the model learns strokes rather than positions."""
    dy, dx = torch.randint(0, 3, (2,), generator=generator).tolist()
    return F.pad(batch, (1, 1, 1, 1))[:, :, dy : dy + 8, dx : dx + 8]


def _accuracy(model: nn.Module, x: Tensor, y: Tensor) -> float:
    with torch.no_grad():
        return (model(x).argmax(1) == y).float().mean().item()


def _scripted(model: nn.Module, path: Path) -> None:
    for parameter in model.parameters():
        parameter.requires_grad_(True)
    archive.save(archive.script(model), path, path.stem)


def digits(folder: Path) -> Dict[str, object]:
    data = load_digits()
    x = torch.from_numpy((data.images / 16.0).astype(np.float32))[:, None]
    y = torch.from_numpy(data.target.astype(np.int64))
    train, test = train_test_split(np.arange(len(y)), test_size=0.25, random_state=SEED, stratify=data.target)
    torch.manual_seed(SEED)
    model = DigitsCnn()
    _train(model, x[train], y[train], 25, 3e-3, 1e-2, _shifted)
    accuracy = _accuracy(model, x[test], y[test])
    _scripted(model, folder / "digits.pt")
    with torch.no_grad():
        probability = torch.softmax(model(x), 1)
    chosen: List[Tuple[int, int]] = []
    for digit in (3, 5, 8):
        candidates = [int(i) for i in test if y[i] == digit and probability[i].argmax() == digit]
        # The darkest confident one: full strokes make the clearest picture.
        chosen.append((digit, max(candidates, key=lambda i: float(x[i].sum()) + 10 * float(probability[i, digit]))))
    described = []
    for digit, i in chosen:
        Image.fromarray(np.rint(data.images[i] * 255 / 16).astype(np.uint8), "L").save(folder / f"digit-{digit}.png")
        np.savez(folder / f"digit-{digit}.npz", image=x[i : i + 1].numpy())
        described.append({"digit": digit, "row": i, "probability": round(float(probability[i, digit]), 3)})
    held_out(folder, x, test)
    return {"accuracy": accuracy, "tested": len(test), "images": described}


def held_out(folder: Path, x: Tensor, test: np.ndarray) -> None:
    """Writes the first test images, with which methods are judged."""
    np.savez_compressed(folder / "digits.npz", image=x[torch.from_numpy(test[:HELD_OUT])].numpy())


def breast_cancer(folder: Path) -> Dict[str, object]:
    data = load_breast_cancer()
    x = torch.from_numpy(data.data.astype(np.float32))
    y = torch.from_numpy(data.target.astype(np.int64))
    train, test = train_test_split(np.arange(len(y)), test_size=0.25, random_state=SEED, stratify=data.target)
    mean, scale = x[train].mean(0), x[train].std(0)
    torch.manual_seed(SEED)
    model = BreastCancerMlp(mean, scale)
    _train(model, x[train], y[train], 60, 5e-3, 5e-2)
    accuracy = _accuracy(model, x[test], y[test])
    _scripted(model, folder / "breast-cancer.pt")
    with torch.no_grad():
        malignant = torch.softmax(model(x), 1)[:, 0]
    header = [str(name) for name in data.feature_names]
    right = [int(i) for i in test if (malignant[i] > 0.5) == (y[i] == 0)]
    order = sorted(right, key=lambda i: -float(malignant[i]))
    bad, good = [i for i in order if y[i] == 0], [i for i in order if y[i] == 1]
    # A clear malignant case first, then a typical one, the least certain one of each class, and a clear benign case.
    chosen = [bad[len(bad) // 4], bad[len(bad) // 2], bad[-1], good[0], good[len(good) // 2]]
    _csv(folder / "patients.csv", header, x[chosen])
    _csv(folder / "patient.csv", header, x[chosen[:1]])
    _csv(folder / "patient-baseline.csv", header, mean[None])
    described = [
        {"row": i, "diagnosis": "malignant" if y[i] == 0 else "benign", "p(malignant)": round(float(malignant[i]), 3)} for i in chosen
    ]
    return {"accuracy": accuracy, "tested": len(test), "patients": described}


def _csv(path: Path, header: List[str], rows: Tensor) -> None:
    with path.open("w", newline="", encoding="utf-8") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(header)
        for row in rows.numpy():
            writer.writerow([f"{value:.9g}" for value in row])


def _readme(d: Dict[str, object], b: Dict[str, object]) -> str:
    images = "\n".join(f"| `digit-{i['digit']}.png`, `.npz` | row {i['row']} | {i['probability']} |" for i in d["images"])
    patients = "\n".join(f"| {n} | row {p['row']} | {p['diagnosis']} | {p['p(malignant)']} |" for n, p in enumerate(b["patients"], 1))
    return f"""# Demo assets

Two small TorchScript archives with inputs for them, trained by `golden/demo.py` on real data that ships with scikit-learn. None of the rows shown here was
trained on.

## Digits

`digits.pt`: a convolutional network, input `[N, 1, 8, 8]` float32 with values 0 to 1, output ten logits. Layers worth explaining: `conv2` and `relu2` (8x8),
`conv3` and `relu3` (4x4). Accuracy on the {d['tested']} test images: {100 * d['accuracy']:.1f} %.

`digits.onnx` is the same network with the same weights, as PyTorch exports it (`golden/onnx_demo.py`).

| file | in the data set | probability of its digit |
|---|---|---|
{images}

The `.png` files are 8x8 grey images (0 black background, 255 full ink); the `.npz` files hold the same image as `image`, float32 `[1, 1, 8, 8]`, with the
data set's 17 grey levels divided by 16. `digits.npz` holds the first {HELD_OUT} test images in the same way, to judge methods with.

## Breast cancer

`breast-cancer.pt`: a multilayer perceptron, input `[N, 30]` float32 *raw* measurements (the standardisation is inside), output two logits: 0 malignant,
1 benign. Accuracy on the {b['tested']} test rows: {100 * b['accuracy']:.1f} %.

`patients.csv` (header: the names of the features; `patient.csv` holds its first row alone):

| line | in the data set | diagnosis | model's probability of malignant |
|---|---|---|---|
{patients}

`patient-baseline.csv`: the mean of the training rows, the natural baseline ("an average patient").

These are teaching examples. They are no medical device and say nothing about a real person's health.

## Where the data comes from

* Digits: `sklearn.datasets.load_digits`, the test set of *Optical Recognition of Handwritten Digits*, E. Alpaydin and C. Kaynak (1998), UCI Machine Learning
  Repository, https://doi.org/10.24432/C50P49, licensed CC BY 4.0.
* Breast cancer: `sklearn.datasets.load_breast_cancer`, *Breast Cancer Wisconsin (Diagnostic)*, W. Wolberg, O. Mangasarian, N. Street and W. Street (1993), UCI
  Machine Learning Repository, https://doi.org/10.24432/C5DW2B, licensed CC BY 4.0.

Changes: grey levels and measurements are converted to float32 as described above; only the rows listed are included.

## Again

    pip install -r golden/requirements.txt
    python golden/demo.py

The models' weights are this project's own and stand under its licence, Apache-2.0.
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO, help="folder to write")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    d, b = digits(folder), breast_cancer(folder)
    if d["accuracy"] <= 0.97 or b["accuracy"] <= 0.95:
        raise SystemExit(f"accuracy too low: digits {d['accuracy']:.3f}, breast cancer {b['accuracy']:.3f}")
    (folder / "README.md").write_text(_readme(d, b), encoding="utf-8", newline="\n")
    print(d, b, sep="\n")


if __name__ == "__main__":
    main()
