# SPDX-License-Identifier: Apache-2.0
"""The models on which rules of propagation are compared with Captum, and those on which Captum is not exact.

Captum's hooks stand at modules. It is exact where every nonlinearity is a module of its own, called once, with a linear operation before and after it, and
where max pools do not overlap: such are the models of `exact`. Those of `own` break each of these conditions.
"""

from typing import List, Optional

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import models
from models import Input, Spec

SEEDS = {"convolutional": 1208, "shortcut": 1202, "activations": 1203, "tabular": 1204, "pair": 1405, "pooled": 1206, "functional": 1207, "gated": 1209}


class Add(nn.Module):
    """An addition that is a module, because Captum's LRP splits relevance at modules only."""

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a + b


class Convolutional(nn.Module):
    """Convolutions with ReLU, a max pool between two convolutions, an average pool, two linear layers; four logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3, padding=1)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.maxpool = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(6, 8, 3, padding=1)
        self.relu3 = nn.ReLU()
        self.avgpool = nn.AvgPool2d(2)
        self.dropout = nn.Dropout(0.4)
        self.fc1 = nn.Linear(32, 12)
        self.relu4 = nn.ReLU()
        self.fc2 = nn.Linear(12, 4)

    def forward(self, image: Tensor) -> Tensor:
        x = self.relu1(self.conv1(image))
        x = self.relu3(self.conv3(self.maxpool(self.conv2(x))))
        x = torch.flatten(self.avgpool(x), 1)
        return self.fc2(self.relu4(self.fc1(self.dropout(x))))


class Block(nn.Module):
    """Two convolutions with batch norm and a ReLU module for each call, bypassed by the input or a projection of it."""

    def __init__(self, channels_in: int, channels: int, stride: int, inplace: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU(inplace=inplace)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample: Optional[nn.Module] = None
        if stride != 1 or channels_in != channels:
            self.downsample = nn.Sequential(nn.Conv2d(channels_in, channels, 1, stride=stride, bias=False), nn.BatchNorm2d(channels))
        self.add = Add()
        self.relu2 = nn.ReLU(inplace=inplace)

    def forward(self, x: Tensor) -> Tensor:
        out = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(x)))))
        bypass = x  # no module here: Captum's LRP would multiply by it twice
        if self.downsample is not None:
            bypass = self.downsample(x)
        return self.relu2(self.add(out, bypass))


class Shortcut(nn.Module):
    """A residual network with batch norm and a ReLU module for each call, some in place; no max pool; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(6)
        self.relu = nn.ReLU()
        self.block1 = Block(6, 6, 1, False)
        self.block2 = Block(6, 8, 2, True)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(8, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.block2(self.block1(self.relu(self.bn(self.conv(image)))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class Activations(nn.Module):
    """Every activation that Captum's DeepLift has a rule for, with linear layers between them; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 16)
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(16, 14)
        self.elu = nn.ELU(0.8)
        self.fc3 = nn.Linear(14, 14)
        self.leaky = nn.LeakyReLU(0.1)
        self.fc4 = nn.Linear(14, 12)
        self.sigmoid = nn.Sigmoid()
        self.fc5 = nn.Linear(12, 12)
        self.tanh = nn.Tanh()
        self.fc6 = nn.Linear(12, 10)
        self.softplus = nn.Softplus(beta=2.0)
        self.fc7 = nn.Linear(10, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.elu(self.fc2(self.relu(self.fc1(x))))
        x = self.sigmoid(self.fc4(self.leaky(self.fc3(x))))
        return self.fc7(self.softplus(self.fc6(self.tanh(self.fc5(x)))))


class Tabular(nn.Module):
    """Linear layers with ReLU and tanh; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 16)
        self.relu1 = nn.ReLU()
        self.fc2 = nn.Linear(16, 12)
        self.tanh = nn.Tanh()
        self.fc3 = nn.Linear(12, 12)
        self.relu2 = nn.ReLU()
        self.dropout = nn.Dropout(0.2)
        self.fc4 = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.tanh(self.fc2(self.relu1(self.fc1(x))))
        return self.fc4(self.dropout(self.relu2(self.fc3(x))))


class Pair(nn.Module):
    """Two inputs of different rank and a side input that is held as it is; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = nn.Linear(6, 8)
        self.tanh = nn.Tanh()
        self.signal = nn.Conv1d(2, 4, 3, padding=1)
        self.relu = nn.ReLU()
        self.embedding = nn.Embedding(12, 5)
        self.hidden = nn.Linear(8 + 4 * 7 + 5, 14)
        self.sigmoid = nn.Sigmoid()
        self.out = nn.Linear(14, 3)

    def forward(self, numbers: Tensor, signal: Tensor, ids: Tensor) -> Tensor:
        a = self.tanh(self.numbers(numbers))
        b = torch.flatten(self.relu(self.signal(signal)), 1)
        return self.out(self.sigmoid(self.hidden(torch.cat([a, b, self.embedding(ids)], dim=1))))


class Pooled(nn.Module):
    """What Captum gets wrong in images: a max pool next to a ReLU, max pools that overlap, one ReLU called three times, one in place; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 5, 3, padding=1)
        self.relu = nn.ReLU()
        self.maxpool1 = nn.MaxPool2d(3, stride=2, padding=1)
        self.conv2 = nn.Conv2d(5, 6, 3, padding=1)
        self.maxpool2 = nn.MaxPool2d(2)
        self.fc1 = nn.Linear(24, 10)
        self.fc2 = nn.Linear(10, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = self.maxpool1(self.relu(self.conv1(image)))
        x = self.relu(self.maxpool2(F.relu(self.conv2(x), inplace=True)))
        return self.fc2(self.relu(self.fc1(torch.flatten(x, 1))))


class Functional(nn.Module):
    """What Captum takes for linear: functions instead of modules, GELU, SiLU and kin, two activations in sequence; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 14)
        self.fc2 = nn.Linear(14, 14)
        self.fc3 = nn.Linear(14, 14)
        self.fc4 = nn.Linear(14, 12)
        self.fc5 = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.gelu(self.fc1(x))
        x = torch.tanh(F.silu(self.fc2(x)))
        x = F.hardswish(self.fc3(x)) + torch.relu(x)
        return self.fc5(F.relu6(F.mish(self.fc4(x))))


class Gated(nn.Module):
    """A layer norm, a gate that multiplies two activations, and a softmax, through which Captum lets the examples of a batch mix; four probabilities."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(10, 12)
        self.norm = nn.LayerNorm(12)
        self.fc2 = nn.Linear(12, 16)
        self.fc3 = nn.Linear(8, 4)
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.fc2(self.norm(self.fc1(x)))
        x = torch.sigmoid(x[:, :8]) * torch.tanh(x[:, 8:])
        return self.softmax(self.fc3(x))


def _spec(name: str, model: nn.Module, make_inputs, sample=None) -> Spec:
    seed = SEEDS[name]
    rng = np.random.RandomState(seed)
    models.settle(model, rng, None if sample is None else sample(rng))
    return Spec(name, seed, model, make_inputs(rng))


def _images(r: np.random.RandomState) -> List[Input]:
    return [Input("image", models._normal(r, 3, 2, 8, 8))]


def _rows(r: np.random.RandomState) -> List[Input]:
    return [Input("x", models._normal(r, 3, 10))]


def exact() -> List[Spec]:
    """Models of which Captum's explanations are exact."""
    return [
        _spec("convolutional", Convolutional(), _images),
        _spec("shortcut", Shortcut(), _images, lambda r: (models._normal(r, 64, 2, 8, 8),)),
        _spec("activations", Activations(), _rows),
        _spec("tabular", Tabular(), _rows),
        _spec(
            "pair",
            Pair(),
            lambda r: [
                Input("numbers", models._normal(r, 3, 6)),
                Input("signal", models._normal(r, 3, 2, 7)),
                Input("ids", torch.from_numpy(r.randint(0, 12, (3,)).astype(np.int64)), "fixed"),
            ],
        ),
    ]


def own() -> List[Spec]:
    """Models of which they are not."""
    return [_spec("pooled", Pooled(), _images), _spec("functional", Functional(), _rows), _spec("gated", Gated(), _rows)]
