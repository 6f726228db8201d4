# SPDX-License-Identifier: Apache-2.0
"""The small models whose explanations are compared with PyTorch and Captum.

Every model is deterministic: its weights come from a NumPy generator with a fixed seed, scaled so that activations and outputs are of order one, and
batch-norm statistics are measured on random data, so that no layer is saturated or dead.
"""

from dataclasses import dataclass
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn


# Chosen so that no case sits on a kink of its model (see README): a changed seed must pass generate.py's own check.
SEEDS = {
    "mlp_softmax": 101,
    "cnn": 1102,
    "multi_input": 103,
    "text_lstm": 104,
    "transformer_encoder": 105,
    "segmentation": 106,
    "mlp_double": 107,
    "timeseries_gru": 108,
    "regression": 109,
    "regression_column": 110,
    "residual": 111,
}


class MlpSoftmax(nn.Module):
    """Three linear layers with ReLU and a softmax over four classes."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(12, 32)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(32, 16)
        self.relu2 = nn.ReLU()
        self.fc3 = nn.Linear(16, 4)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu1(self.fc1(x))
        x = self.relu2(self.fc2(x))
        return self.softmax(self.fc3(x))


class ResidualBlock(nn.Module):
    """Two convolutions with batch norm, an in-place addition of the input, and one in-place ReLU that is used twice."""

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


class Cnn(nn.Module):
    """A small residual network: batch norm, in-place ReLU, max and average pooling, dropout; five logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(8)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(2)
        self.layer1 = nn.Sequential(ResidualBlock(8, 8, 1))
        self.layer2 = nn.Sequential(ResidualBlock(8, 16, 2), ResidualBlock(16, 16, 1))
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.dropout = nn.Dropout(0.3)
        self.fc = nn.Linear(16, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer2(self.layer1(x))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc(self.dropout(x))


class MultiInput(nn.Module):
    """Two float inputs of different rank and one integer side input that selects embeddings; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = nn.Linear(6, 10)
        self.signal = nn.Conv1d(2, 4, 3, padding=1)
        self.embedding = nn.Embedding(20, 5)
        self.hidden = nn.Linear(10 + 4 * 8 + 5, 16)
        self.tanh = nn.Tanh()
        self.relu = nn.ReLU()
        self.out = nn.Linear(16, 3)

    def forward(self, numbers: Tensor, signal: Tensor, ids: Tensor) -> Tensor:
        a = self.tanh(self.numbers(numbers))
        b = torch.flatten(self.relu(self.signal(signal)), 1)
        c = torch.mean(self.embedding(ids), dim=1)
        h = self.tanh(self.hidden(torch.cat([a, b, c], dim=1)))
        return self.out(h)


class TextLstmHead(nn.Module):
    """A bidirectional LSTM over embeddings, mean-pooled over time; two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(12, 10, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(20, 2)

    def forward(self, embedded: Tensor) -> Tensor:
        states, _ = self.lstm(embedded)
        return self.fc(torch.mean(states, dim=1))


class TextLstm(nn.Module):
    """Token ids to an embedding to an LSTM; two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(60, 12)
        self.head = TextLstmHead()

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.embedding(ids))


class TransformerEncoder(nn.Module):
    """A float sequence through two transformer encoder layers with GELU; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(5, 16)
        self.position = nn.Parameter(torch.zeros(1, 7, 16))
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, activation="gelu", batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.fc = nn.Linear(16, 3)

    def forward(self, sequence: Tensor) -> Tensor:
        h = self.encoder(self.project(sequence) + self.position)
        return self.fc(torch.mean(h, dim=1))


class Segmentation(nn.Module):
    """Encoder and decoder with a skip connection; one logit per class and pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.encode1 = nn.Conv2d(3, 8, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.encode2 = nn.Conv2d(8, 12, 3, stride=2, padding=1)
        self.bn2 = nn.BatchNorm2d(12)
        self.relu2 = nn.ReLU()
        self.up = nn.ConvTranspose2d(12, 8, 2, stride=2)
        self.relu3 = nn.ReLU()
        self.classify = nn.Conv2d(16, 4, 3, padding=1)

    def forward(self, image: Tensor) -> Tensor:
        fine = self.relu1(self.encode1(image))
        coarse = self.relu2(self.bn2(self.encode2(fine)))
        return self.classify(torch.cat([fine, self.relu3(self.up(coarse))], dim=1))


class MlpDouble(nn.Module):
    """A float64 network with smooth and piecewise linear activations; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 24)
        self.tanh = nn.Tanh()
        self.fc2 = nn.Linear(24, 24)
        self.relu = nn.ReLU()
        self.fc3 = nn.Linear(24, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.relu(self.fc2(self.tanh(self.fc1(x)))))


class TimeSeriesGru(nn.Module):
    """A GRU over a multivariate time series, read at the last step; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(4, 14, num_layers=2, batch_first=True)
        self.norm = nn.LayerNorm(14)
        self.fc = nn.Linear(14, 3)

    def forward(self, series: Tensor) -> Tensor:
        states, _ = self.gru(series)
        return self.fc(self.norm(states[:, -1]))


class Regression(nn.Module):
    """A tiny regression network with one number per example, of shape (N,)."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(8, 12)
        self.act = nn.SiLU()
        self.fc2 = nn.Linear(12, 1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.squeeze(self.fc2(self.act(self.fc1(x))), 1)


class RegressionColumn(Regression):
    """The same kind of network with an output of shape (N, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(self.act(self.fc1(x)))


class Residual(nn.Module):
    """A tiny residual network without anything in place: two blocks that something bypasses, smooth and piecewise linear; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, padding=1)
        self.tanh = nn.Tanh()
        self.conv1 = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.conv2 = nn.Conv2d(4, 4, 3, stride=2, padding=1)
        self.shortcut = nn.Conv2d(4, 4, 1, stride=2)
        self.gelu = nn.GELU()
        self.fc = nn.Linear(64, 3)

    def forward(self, image: Tensor) -> Tensor:
        h = self.tanh(self.conv(image))
        h = h + self.relu(self.conv1(h))
        h = self.gelu(self.shortcut(h) + self.conv2(h))
        return self.fc(torch.flatten(h, 1)) + torch.mean(image, dim=[1, 2, 3])[:, None]


@dataclass
class Input:
    """One argument of forward: attributed (what is explained) or fixed (held as it is)."""

    name: str
    tensor: Tensor
    role: str = "attributed"


@dataclass
class Spec:
    """A model with its sample inputs, in the order of forward's arguments."""

    name: str
    seed: int
    model: nn.Module
    inputs: List[Input]

    @property
    def description(self) -> str:
        return (self.model.__doc__ or "").strip()

    @property
    def attributed(self) -> Tuple[Tensor, ...]:
        return tuple(i.tensor for i in self.inputs if i.role == "attributed")

    @property
    def fixed(self) -> Tuple[Tensor, ...]:
        return tuple(i.tensor for i in self.inputs if i.role == "fixed")


def settle(model: nn.Module, rng: np.random.RandomState, sample: Optional[Tuple[Tensor, ...]] = None) -> nn.Module:
    """Gives a model seeded weights of useful size, measures its batch-norm statistics on `sample` and puts it in eval mode."""
    for _, module in sorted(model.named_modules(), key=lambda item: item[0]):
        own: Dict[str, Tensor] = dict(module.named_parameters(recurse=False))
        for name in sorted(own):
            parameter = own[name]
            shape = tuple(parameter.shape)
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d, nn.LayerNorm)):
                value = rng.uniform(0.6, 1.4, shape) if name == "weight" else rng.normal(0, 0.2, shape)
            elif isinstance(module, (nn.LSTM, nn.GRU)):
                bound = 3.0 / np.sqrt(module.hidden_size)
                value = rng.uniform(-bound, bound, shape)
            elif isinstance(module, nn.Embedding):
                value = rng.normal(0, 1.0, shape)
            elif len(shape) == 1:
                value = rng.normal(0, 0.2, shape)
            elif name == "position":
                value = rng.normal(0, 0.5, shape)
            elif isinstance(module, nn.ConvTranspose2d):
                value = rng.normal(0, np.sqrt(2.0 / shape[0]), shape)
            elif len(shape) > 1:
                value = rng.normal(0, np.sqrt(2.0 / np.prod(shape[1:])), shape)
            with torch.no_grad():
                parameter.copy_(torch.from_numpy(np.asarray(value)))
    model.eval()
    norms = [m for m in model.modules() if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d))]
    if norms and sample is not None:
        for norm in norms:
            norm.train()
            norm.momentum = None
            norm.reset_running_stats()
        with torch.no_grad():
            model(*sample)
        for norm in norms:
            norm.momentum = 0.1
    return model.eval()


def _normal(rng: np.random.RandomState, *shape: int) -> Tensor:
    return torch.from_numpy(rng.normal(0, 1, shape).astype(np.float32))


def build() -> List[Spec]:
    """All models in a fixed order (the order decides the mangled class names inside the archives)."""
    specs: List[Spec] = []

    def add(name: str, model: nn.Module, make_inputs, sample=None) -> None:
        seed = SEEDS[name]
        rng = np.random.RandomState(seed)
        settle(model, rng, None if sample is None else sample(rng))
        specs.append(Spec(name, seed, model, make_inputs(rng)))

    add("mlp_softmax", MlpSoftmax(), lambda r: [Input("x", _normal(r, 3, 12))])
    add(
        "cnn",
        Cnn(),
        lambda r: [Input("image", _normal(r, 3, 3, 16, 16))],
        lambda r: (_normal(r, 64, 3, 16, 16),),
    )
    add(
        "multi_input",
        MultiInput(),
        lambda r: [
            Input("numbers", _normal(r, 3, 6)),
            Input("signal", _normal(r, 3, 2, 8)),
            Input("ids", torch.from_numpy(r.randint(0, 20, (3, 4)).astype(np.int64)), "fixed"),
        ],
    )
    text = TextLstm()
    add("text_lstm", text, lambda r: [Input("ids", torch.from_numpy(r.randint(1, 60, (3, 9)).astype(np.int64)))])
    with torch.no_grad():
        embedded = text.embedding(specs[-1].inputs[0].tensor).clone()
    specs.append(Spec("text_lstm_embedded", SEEDS["text_lstm"], text.head, [Input("embedded", embedded)]))
    add("transformer_encoder", TransformerEncoder(), lambda r: [Input("sequence", _normal(r, 3, 7, 5))])
    add(
        "segmentation",
        Segmentation(),
        lambda r: [Input("image", _normal(r, 3, 3, 12, 12))],
        lambda r: (_normal(r, 64, 3, 12, 12),),
    )
    add(
        "mlp_double",
        MlpDouble().double(),
        lambda r: [Input("x", torch.from_numpy(r.normal(0, 1, (3, 10))))],
    )
    add("timeseries_gru", TimeSeriesGru(), lambda r: [Input("series", _normal(r, 3, 20, 4))])
    add("regression", Regression(), lambda r: [Input("x", _normal(r, 3, 8))])
    add("regression_column", RegressionColumn(), lambda r: [Input("x", _normal(r, 3, 8))])
    add("residual", Residual(), lambda r: [Input("image", _normal(r, 3, 1, 8, 8))])
    return specs
