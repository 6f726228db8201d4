# SPDX-License-Identifier: Apache-2.0
"""Influence of training rows by Captum, and digits of which some have a wrong label.

    python golden/influence.py            writes the models, then influence.npz and digits.npz, below golden/influence
    python golden/influence.py --check    computes the numbers of the written models again and compares

`small` has logits of four classes, `one` a single number; both in two checkpoints, as TorchScript archive and as ONNX graph of both exporters. Captum computes in
float64 from the float32 weights. Arrays: `MODEL rows`, `MODEL labels`; `MODEL cosine`, `euclid`, `dot` at layer `act` of the last checkpoint,
`MODEL LOSS fast` (TracInCPFast, no bias), `last` (TracInCP of the last layer), `all` (TracInCP of all parameters), `hessian`
(NaiveInfluenceFunction of all parameters of the last checkpoint, eigenvalues above HESSIAN_TOL), `arnoldi` (ArnoldiInfluenceFunction with more
dimensions than there are parameters; it drops the last one that it finds), each of the first EXPLAINED
rows by all rows, and `... self` of all rows on themselves. The rates of the checkpoints are RATES.

`digits` are the 8x8 digits of scikit-learn, of which one in twenty was given another label before a small network was trained on them.
"""

import contextlib
import io
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch
from captum.influence import SimilarityInfluence, TracInCP, TracInCPFast
from captum.influence._core.arnoldi_influence_function import ArnoldiInfluenceFunction
from captum.influence._core.influence_function import NaiveInfluenceFunction
from captum.influence._core.similarity_influence import cosine_similarity, euclidean_distance
from onnx_models import strip
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import TensorDataset

import archive
import stored

OUT = Path(__file__).resolve().parent / "influence"
ROWS, EXPLAINED, FEATURES, HIDDEN = 23, 5, 6, 8
RATES = [0.5, 0.125]
WRONG = 0.05
HESSIAN_TOL = 0.05


class Mlp(nn.Module):
    def __init__(self, features, hidden, outputs):
        super().__init__()
        self.fc1 = nn.Linear(features, hidden)
        self.act = nn.Tanh()
        self.fc2 = nn.Linear(hidden, outputs)

    def forward(self, rows):
        return self.fc2(self.act(self.fc1(rows)))


def save(model, name):
    model.eval()
    archive.save(archive.script(model), OUT / f"{name}.pt", name)
    written = io.BytesIO()
    axes = {"rows": {0: "N"}, "outputs": {0: "N"}}
    example = torch.zeros(2, model.fc1.in_features)
    names = dict(input_names=["rows"], output_names=["outputs"], dynamic_axes=axes, opset_version=17)
    torch.onnx.export(model, (example,), written, dynamo=False, **names)
    exported = onnx.load_from_string(written.getvalue())
    strip(exported)
    (OUT / f"{name}.onnx").write_bytes(exported.SerializeToString())


def write_dynamo(name):
    """The archive's weights as the newer exporter of PyTorch writes them."""
    weights = torch.jit.load(OUT / f"{name}.pt").state_dict()
    (hidden, features), outputs = weights["fc1.weight"].shape, len(weights["fc2.bias"])
    model = Mlp(features, hidden, outputs).eval()
    model.load_state_dict(weights)
    with contextlib.redirect_stdout(io.StringIO()):
        program = torch.onnx.export(model, (torch.zeros(2, features),), dynamic_shapes=({0: torch.export.Dim("N")},), dynamo=True)
    exported = program.model_proto
    strip(exported)
    (OUT / f"{name}.dynamo.onnx").write_bytes(exported.SerializeToString())


def trained(model, rows, labels, loss, epochs, name, kept):
    """Trains by gradient descent on batches, and saves after the epochs in `kept`."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(1, epochs + 1):
        for batch in torch.randperm(len(rows)).split(16):
            optimizer.zero_grad()
            loss(model(rows[batch]), labels[batch]).backward()
            optimizer.step()
        if epoch in kept:
            save(model, f"{name}-{kept.index(epoch)}")
            write_dynamo(f"{name}-{kept.index(epoch)}")


def write_models():
    OUT.mkdir(exist_ok=True)
    torch.manual_seed(7)
    rows = torch.randn(ROWS, FEATURES)
    labels = torch.randint(4, (ROWS,))
    trained(Mlp(FEATURES, HIDDEN, 4), rows, labels, nn.CrossEntropyLoss(), 20, "small", [2, 20])
    ones = (labels % 2).float()[:, None]
    trained(Mlp(FEATURES, HIDDEN, 1), rows, ones, nn.BCEWithLogitsLoss(), 20, "one", [2, 20])
    data = load_digits()
    images = torch.from_numpy((data.data / 16).astype(np.float32))
    random = np.random.default_rng(11)
    wrong = np.sort(random.choice(len(data.target), round(WRONG * len(data.target)), replace=False))
    given = data.target.copy()
    given[wrong] = (given[wrong] + random.integers(1, 10, len(wrong))) % 10
    trained(Mlp(64, 24, 10), images, torch.from_numpy(given), nn.CrossEntropyLoss(), 30, "digits", [5, 30])
    digits = dict(images=data.data.astype(np.uint8), labels=given.astype(np.int64), wrong=wrong.astype(np.int64))
    np.savez_compressed(OUT / "digits.npz", **digits)
    np.savez(OUT / "rows.npz", rows=rows.numpy(), labels=labels.numpy().astype(np.int64))


def loaded(model, name):
    """A checkpoint for Captum: loads the weights of an archive, in float64, and returns the rate."""
    model.load_state_dict({k: v.double() for k, v in torch.jit.load(OUT / f"{name}.pt").state_dict().items()})
    return RATES[int(name[-1])]


def compute():
    written = np.load(OUT / "rows.npz")
    rows = torch.from_numpy(written["rows"]).double()
    arrays = dict(rates=np.array(RATES))
    for name, outputs in (("small", 4), ("one", 1)):
        labels = torch.from_numpy(written["labels"])
        labels = labels if outputs > 1 else (labels % 2).double()[:, None]
        arrays[f"{name} rows"], arrays[f"{name} labels"] = rows.float().numpy(), labels.numpy().astype(np.float64).reshape(-1)
        model = Mlp(FEATURES, HIDDEN, outputs).double()
        loaded(model, f"{name}-1")
        # Captum fails with a single layer, so that it gets two.
        for kind, metric, way in (
            ("cosine", cosine_similarity, "max"),
            ("euclid", euclidean_distance, "min"),
            ("dot", lambda test, train: test @ train.T, "max"),
        ):
            with tempfile.TemporaryDirectory() as folder:
                similar = SimilarityInfluence(model, ["act", "fc2"], [row for row in rows], folder, "m", metric, way, batch_size=ROWS)
                order, values = similar.influence(rows[:EXPLAINED], top_k=ROWS)["act"]
            scores = torch.zeros(EXPLAINED, ROWS, dtype=torch.float64)
            arrays[f"{name} {kind}"] = scores.scatter(1, order, values.double()).numpy()
        losses = {"cross-entropy": nn.CrossEntropyLoss} if outputs > 1 else {"cross-entropy": nn.BCEWithLogitsLoss, "squared-error": nn.MSELoss}
        for title, loss in losses.items():
            training = TensorDataset(rows, labels)
            checkpoints = [f"{name}-0", f"{name}-1"]
            explained = (rows[:EXPLAINED], labels[:EXPLAINED])
            sums = dict(checkpoints_load_func=loaded, loss_fn=loss(reduction="sum"), batch_size=7)
            each = dict(checkpoints_load_func=loaded, loss_fn=loss(reduction="none"), batch_size=7)
            for how, influence in (
                ("fast", TracInCPFast(model, model.fc2, training, checkpoints, **sums)),
                ("last", TracInCP(model, training, checkpoints, layers=["fc2"], **each)),
                ("all", TracInCP(model, training, checkpoints, **each)),
            ):
                arrays[f"{name} {title} {how}"] = influence.influence(explained).detach().numpy()
                arrays[f"{name} {title} {how} self"] = influence.self_influence().detach().numpy()
            curved = dict(loss_fn=loss(reduction="none"), batch_size=7, hessian_reg=0.0, hessian_inverse_tol=HESSIAN_TOL)
            last = (model, training, checkpoints[1], loaded)
            for how, influence in (
                ("hessian", NaiveInfluenceFunction(*last, sample_wise_grads_per_batch=False, projection_dim=None, **curved)),
                ("arnoldi", ArnoldiInfluenceFunction(*last, projection_dim=100, arnoldi_dim=200, arnoldi_tol=1e-6, **curved)),
            ):
                arrays[f"{name} {title} {how}"] = influence.influence(explained).detach().numpy()
                arrays[f"{name} {title} {how} self"] = influence.self_influence().detach().numpy()
    return arrays


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    if sys.argv[1:] != ["--check"]:
        write_models()
    stored.keep(OUT / "influence.npz", compute(), 1e-9)
