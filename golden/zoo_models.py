# SPDX-License-Identifier: Apache-2.0
"""The zoo's own models: small, and each with something in its program that a rewriter of programs can get wrong."""

from typing import Dict, List, NamedTuple, Optional, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Lstm(nn.Module):
    def __init__(self, bidirectional: bool = False) -> None:
        super().__init__()
        self.project = nn.Linear(5, 6)
        self.lstm = nn.LSTM(6, 7, num_layers=2, batch_first=True, bidirectional=bidirectional)
        self.norm = nn.LayerNorm(14 if bidirectional else 7)
        self.head = nn.Linear(14 if bidirectional else 7, 3)

    def forward(self, x: Tensor) -> Tensor:
        out, _ = self.lstm(torch.tanh(self.project(x)))
        return self.head(self.norm(out[:, -1]))


class LstmStates(nn.Module):
    """Uses the last hidden state only, so that a trace keeps no other result of the LSTM."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 7, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(x)
        return self.head(self.dropout(hidden[-1]))


class Gru(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 6, 3, padding=1)
        self.gru = nn.GRU(6, 5, batch_first=True, bidirectional=True)
        self.rnn = nn.RNN(10, 6, batch_first=True)
        self.head = nn.Sequential(nn.Linear(6, 8), nn.ELU(), nn.Linear(8, 2))

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv(x)).transpose(1, 2)
        x, _ = self.gru(x)
        x, _ = self.rnn(x)
        return self.head(x.mean(1))


class LstmCells(nn.Module):
    """A recurrent cell called once a time step, in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTMCell(4, 6)
        self.gru = nn.GRUCell(6, 5)
        self.head = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros([x.size(0), 6], dtype=x.dtype)
        c = torch.zeros([x.size(0), 6], dtype=x.dtype)
        g = torch.zeros([x.size(0), 5], dtype=x.dtype)
        for t in range(x.size(1)):
            h, c = self.lstm(x[:, t], (h, c))
            g = self.gru(h, g)
        return self.head(g)


class TextClassifier(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 6, padding_idx=0)
        self.lstm = nn.LSTM(6, 8, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(16, 1)
        self.head = nn.Linear(16, 4)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        out, _ = self.lstm(self.embedding(tokens))
        score = self.attention(torch.tanh(out)).squeeze(-1).masked_fill(mask == 0, -1e9)
        return self.head((out * torch.softmax(score, 1).unsqueeze(-1)).sum(1))


class TextCnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(30, 8)
        self.convs = nn.ModuleList([nn.Conv1d(8, 5, k) for k in (2, 3, 4)])
        self.head = nn.Linear(15, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.embedding(tokens).transpose(1, 2)
        pooled: List[Tensor] = []
        for conv in self.convs:
            pooled.append(F.relu(conv(x)).amax(2))
        return self.head(torch.cat(pooled, 1))


class BagOfWords(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(30, 6, mode="mean")
        self.hidden = nn.Linear(6, 10)
        self.act = nn.GELU()
        self.head = nn.Linear(10, 3)

    def forward(self, tokens: Tensor) -> Tensor:
        return self.head(self.act(self.hidden(self.bag(tokens))))


class SelfAttention(nn.Module):
    """Attention written out, as in BERT."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.output = nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        return x.reshape(x.size(0), x.size(1), self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        q, k, v = self.split(self.query(x)), self.split(self.key(x)), self.split(self.value(x))
        scores = torch.matmul(q, k.transpose(-1, -2)) / (q.size(-1) ** 0.5) + mask
        context = torch.matmul(torch.softmax(scores, -1), v)
        return self.output(context.transpose(1, 2).reshape(x.shape))


class BertLayer(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.attention = SelfAttention(width, heads)
        self.norm1 = nn.LayerNorm(width)
        self.intermediate = nn.Linear(width, 2 * width)
        self.dense = nn.Linear(2 * width, width)
        self.norm2 = nn.LayerNorm(width)
        self.dropout = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        x = self.norm1(x + self.dropout(self.attention(x, mask)))
        return self.norm2(x + self.dropout(self.dense(F.gelu(self.intermediate(x)))))


class Bert(nn.Module):
    """Shaped like BERT, written so that it can be scripted."""

    def __init__(self, width: int = 12, heads: int = 2, layers: int = 2) -> None:
        super().__init__()
        self.words = nn.Embedding(40, width, padding_idx=0)
        self.positions = nn.Embedding(16, width)
        self.types = nn.Embedding(2, width)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList([BertLayer(width, heads) for _ in range(layers)])
        self.pooler = nn.Linear(width, width)
        self.classifier = nn.Linear(width, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        positions = torch.arange(input_ids.size(1), device=input_ids.device).unsqueeze(0)
        x = self.norm(self.words(input_ids) + self.positions(positions) + self.types(token_type_ids))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * -10000.0
        for layer in self.layers:
            x = layer(x, mask)
        return self.classifier(torch.tanh(self.pooler(x[:, 0])))


class Encoder(nn.Module):
    def __init__(self, norm_first: bool = False, activation: str = "relu", nested: bool = False) -> None:
        super().__init__()
        self.embed = nn.Linear(5, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, activation=activation, batch_first=True, norm_first=norm_first)
        norm = nn.LayerNorm(8) if norm_first else None
        self.encoder = nn.TransformerEncoder(layer, 2, norm=norm, enable_nested_tensor=nested)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x)).mean(1))


class MaskedEncoder(Encoder):
    """With a padding mask, for which the encoder may choose nested tensors."""

    def forward(self, x: Tensor, padding: Tensor) -> Tensor:
        y = self.encoder(self.embed(x), src_key_padding_mask=padding)
        return self.head(y.masked_fill(padding.unsqueeze(-1), 0.0).sum(1))


class CausalEncoder(Encoder):
    """With an attention mask."""

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x), mask=mask).mean(1))


class Attention(nn.Module):
    """Attention from one sequence to another, with its weights as second output."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 8)
        self.right = nn.Linear(6, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor, y: Tensor) -> Tuple[Tensor, Optional[Tensor]]:
        left, right = self.left(x), self.right(y)
        out, weights = self.attention(left, right, right, need_weights=True)
        return self.head(out), weights


class OwnAttention(nn.Module):
    """Self-attention, for which a trace under no_grad holds the fused operation; weights averaged, per head or none."""

    def __init__(self, need_weights: bool, average: bool, masks: int) -> None:
        super().__init__()
        self.need_weights = need_weights
        self.average = average
        self.masks = masks
        self.embed = nn.Linear(4, 8)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor, padding: Tensor, mask: Tensor) -> Tensor:
        h = self.embed(x)
        key_padding: Optional[Tensor] = None
        attention: Optional[Tensor] = None
        if self.masks == 1 or self.masks == 3:
            key_padding = padding
        if self.masks == 2 or self.masks == 3:
            attention = mask
        out, weights = self.attention(
            h, h, h, key_padding_mask=key_padding, need_weights=self.need_weights, attn_mask=attention, average_attn_weights=self.average
        )
        y = self.head(out)
        if weights is not None:
            y = y + weights.reshape(x.size(0), -1, x.size(1), x.size(1)).mean(1).sum(-1, keepdim=True) * 0.1 + (weights * weights).sum() * 0.2
        return y


class Translator(nn.Module):
    """Encoder and decoder with a causal mask."""

    def __init__(self) -> None:
        super().__init__()
        self.source = nn.Linear(4, 8)
        self.target = nn.Linear(3, 8)
        self.transformer = nn.Transformer(8, 2, 1, 1, 16, dropout=0.1, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, source: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        return self.head(self.transformer(self.source(source), self.target(target), tgt_mask=mask))


class Tabular(nn.Module):
    """Categories embedded, numbers normalised."""

    def __init__(self) -> None:
        super().__init__()
        self.embeddings = nn.ModuleList([nn.Embedding(n, d) for n, d in ((4, 2), (7, 3), (12, 4))])
        self.norm = nn.BatchNorm1d(5)
        self.layers = nn.Sequential(nn.Linear(14, 16), nn.ReLU(inplace=True), nn.BatchNorm1d(16), nn.Dropout(0.1), nn.Linear(16, 8), nn.ReLU(inplace=True))
        self.head = nn.Linear(8, 1)

    def forward(self, numbers: Tensor, categories: Tensor) -> Tensor:
        parts: List[Tensor] = [self.norm(numbers)]
        for i, embedding in enumerate(self.embeddings):
            parts.append(embedding(categories[:, i]))
        return self.head(self.layers(torch.cat(parts, 1)))


class FactorizationMachine(nn.Module):
    """Linear, pairwise and deep part (DeepFM)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Embedding(20, 1)
        self.second = nn.Embedding(20, 4)
        self.deep = nn.Sequential(nn.Linear(12, 8), nn.ReLU(), nn.Linear(8, 1))
        self.cross = nn.Bilinear(4, 4, 2)

    def forward(self, fields: Tensor) -> Tensor:
        v = self.second(fields)
        pairs = 0.5 * (v.sum(1) ** 2 - (v**2).sum(1))
        linear = self.first(fields).sum(1)
        return linear + pairs.sum(1, keepdim=True) + self.deep(v.flatten(1)) + self.cross(v[:, 0], v[:, 1])


class DoubleConv(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
            nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.block(x)


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.enter = DoubleConv(2, 4)
        self.down1 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(4, 6))
        self.down2 = nn.Sequential(nn.MaxPool2d(2), DoubleConv(6, 8))
        self.up1 = nn.ConvTranspose2d(8, 6, 2, stride=2)
        self.conv1 = DoubleConv(12, 6)
        self.up2 = nn.Upsample(scale_factor=2, mode="nearest")
        self.conv2 = DoubleConv(10, 4)
        self.leave = nn.Conv2d(4, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.enter(x)
        b = self.down1(a)
        y = self.up1(self.down2(b))
        y = self.conv1(torch.cat([b, y], 1))
        y = self.conv2(torch.cat([a, self.up2(y)], 1))
        return self.leave(y)


class BilinearUNet(UNet):
    """Upsamples with F.interpolate, whose scripted form names an operation that older libraries lack."""

    def forward(self, x: Tensor) -> Tensor:
        a = self.enter(x)
        b = self.down1(a)
        y = self.up1(self.down2(b))
        y = self.conv1(torch.cat([b, y], 1))
        y = F.interpolate(y, size=[a.size(2), a.size(3)], mode="bilinear", align_corners=False)
        return self.leave(self.conv2(torch.cat([a, y], 1)))


class SegNet(nn.Module):
    """Pools with indices and puts the values back there."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 4, 3, padding=1)
        self.pool = nn.MaxPool2d(2, return_indices=True)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.conv3 = nn.Conv2d(4, 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y, indices = self.pool(torch.relu(self.conv1(x)))
        y = torch.relu(self.conv2(y))
        wide = torch.zeros([x.size(0), 4, x.size(2) * x.size(3)], dtype=y.dtype).scatter(2, indices.flatten(2), y.flatten(2))
        return self.conv3(wide.reshape(x.size(0), 4, x.size(2), x.size(3)))


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample: Optional[nn.Module] = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        identity = x
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        if self.downsample is not None:
            identity = self.downsample(x)
        out += identity
        return self.relu(out)


class SmallResNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(4)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(Residual(4, 4, 1), Residual(4, 4, 1))
        self.layer2 = nn.Sequential(Residual(4, 6, 2))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.avgpool(self.layer2(self.layer1(x)))
        return self.fc(torch.flatten(x, 1))


class Dense(nn.Module):
    """Every layer takes the list of all results before it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Joined(2 + 3 * i) for i in range(3)])
        self.head = nn.Linear(11, 2)

    def forward(self, x: Tensor) -> Tensor:
        features: List[Tensor] = [x]
        for layer in self.layers:
            features.append(layer(features))
        return self.head(torch.cat(features, 1).mean([2, 3]))


class Joined(nn.Module):
    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(inputs)
        self.conv = nn.Conv2d(inputs, 3, 3, padding=1)

    def forward(self, features: List[Tensor]) -> Tensor:
        return self.conv(F.relu(self.norm(torch.cat(features, 1))))


class SqueezeExcite(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(2, 6, 3, padding=1, groups=2)
        self.norm = nn.GroupNorm(2, 6)
        self.squeeze = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(6, 2, 1), nn.SiLU(), nn.Conv2d(2, 6, 1), nn.Hardsigmoid())
        self.act = nn.Hardswish(inplace=True)
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.norm(self.conv(x)))
        return self.head((x * self.squeeze(x)).mean([2, 3]))


class ConvNext(nn.Module):
    """Channels last inside, a scale per layer, an identity where other models have a norm."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(2, 6, 2, stride=2)
        self.depthwise = nn.Conv2d(6, 6, 3, padding=1, groups=6)
        self.norm = nn.LayerNorm(6)
        self.expand = nn.Linear(6, 12)
        self.act = nn.GELU(approximate="tanh")
        self.reduce = nn.Linear(12, 6)
        self.identity = nn.Identity()
        self.scale = nn.Parameter(torch.full([6], 0.5))
        self.head = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        y = self.reduce(self.act(self.expand(y))) * self.scale
        x = x + self.identity(y).permute(0, 3, 1, 2)
        return self.head(x.mean([2, 3]))


class PixelShuffler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2, padding_mode="reflect")
        self.act = nn.PReLU(6)
        self.conv2 = nn.Conv2d(6, 4, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.shuffle(self.conv2(self.act(self.conv1(x)))))


class Generator(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(4, 6, 4, 1, 0, bias=False), nn.BatchNorm2d(6), nn.ReLU(True),
            nn.ConvTranspose2d(6, 4, 4, 2, 1, bias=False), nn.InstanceNorm2d(4, affine=True), nn.LeakyReLU(0.2, True),
            nn.ConvTranspose2d(4, 2, 4, 2, 1), nn.Tanh(),
        )

    def forward(self, z: Tensor) -> Tensor:
        return self.main(z)


class Autoencoder(nn.Module):
    """The mean of a variational autoencoder in eval mode, with two more outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(8, 6), nn.Softplus())
        self.mean = nn.Linear(6, 2)
        self.variance = nn.Linear(6, 2)
        self.decoder = nn.Sequential(nn.Linear(2, 6), nn.SELU(), nn.Linear(6, 8))

    def forward(self, x: Tensor) -> Tuple[Tensor, Tensor, Tensor]:
        h = self.encoder(x)
        mean, variance = self.mean(h), self.variance(h)
        z = mean
        if self.training:
            z = mean + torch.randn_like(mean) * torch.exp(0.5 * variance)
        return self.decoder(z), mean, variance


class TemporalBlock(nn.Module):
    def __init__(self, inputs: int, outputs: int, dilation: int) -> None:
        super().__init__()
        self.pad = nn.ConstantPad1d((2 * dilation, 0), 0.0)
        self.filter = nn.Conv1d(inputs, outputs, 3, dilation=dilation)
        self.gate = nn.Conv1d(inputs, outputs, 3, dilation=dilation)
        self.skip = nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.pad(x)
        return torch.tanh(self.filter(y)) * torch.sigmoid(self.gate(y)) + self.skip(x)


class TemporalConv(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.Sequential(TemporalBlock(2, 4, 1), TemporalBlock(4, 4, 2), TemporalBlock(4, 4, 4))
        self.glu = nn.GLU(1)
        self.head = nn.Linear(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.glu(self.blocks(x)).mean(2))


class GraphConv(nn.Module):
    """Messages along edges, added at their targets."""

    def __init__(self) -> None:
        super().__init__()
        self.message = nn.Linear(6, 8)
        self.update = nn.Linear(11, 5)
        self.out = nn.Linear(5, 2)

    def forward(self, nodes: Tensor, edges: Tensor) -> Tensor:
        pairs = torch.cat([nodes[edges[0]], nodes[edges[1]]], 1)
        total = torch.zeros([nodes.size(0), 8], dtype=nodes.dtype).index_add(0, edges[1], F.leaky_relu(self.message(pairs), 0.1))
        return self.out(torch.relu(self.update(torch.cat([nodes, total], 1))))


class PointNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.local = nn.Sequential(nn.Conv1d(3, 6, 1), nn.BatchNorm1d(6), nn.ReLU(), nn.Conv1d(6, 9, 1))
        self.transform = nn.Linear(9, 9)
        self.feature = nn.Conv1d(3, 7, 1)
        self.head = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        t = self.transform(torch.max(self.local(x), 2)[0]).reshape(-1, 3, 3)
        y = torch.bmm(t, x)
        return F.log_softmax(self.head(torch.max(self.feature(y), 2).values), 1)


class SpatialTransformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.locate = nn.Sequential(nn.Flatten(), nn.Linear(64, 6))
        self.conv = nn.Conv2d(1, 3, 3)
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        theta = self.locate(x).reshape(-1, 2, 3) * 0.1
        grid = F.affine_grid(theta, [x.size(0), x.size(1), x.size(2), x.size(3)], align_corners=False)
        return self.head(torch.relu(self.conv(F.grid_sample(x, grid, align_corners=False))).mean([2, 3]))


class Volume(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(1, 3, 3, padding=1)
        self.bn = nn.BatchNorm3d(3)
        self.pool = nn.MaxPool3d(2)
        self.conv2 = nn.Conv3d(3, 4, (1, 3, 3))
        self.average = nn.AdaptiveAvgPool3d(1)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.bn(self.conv1(x)), inplace=True))
        return self.head(self.average(F.relu6(self.conv2(x))).flatten(1))


class Experts(nn.Module):
    """A gate mixes experts; which of them run is decided by the data."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(4, 3)
        self.experts = nn.ModuleList([nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)) for _ in range(3)])

    def forward(self, x: Tensor) -> Tensor:
        weights = torch.softmax(self.gate(x), 1)
        out = torch.zeros([x.size(0), 2], dtype=x.dtype)
        for i, expert in enumerate(self.experts):
            if weights[:, i].max() > 0.05:
                out = out + expert(x) * weights[:, i : i + 1]
        return out


class Control(nn.Module):
    """While, for, break, early return, and branches on values of the data."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(4, 4)
        self.step = nn.Linear(4, 4)
        self.left = nn.Linear(4, 3)
        self.right = nn.Linear(4, 3)

    def forward(self, x: Tensor, rounds: int = 3) -> Tensor:
        x = torch.tanh(self.enter(x))
        n = 0
        while float(x.abs().sum()) > 0.5 and n < rounds:
            x = x + 0.5 * torch.tanh(self.step(x))
            n += 1
        for i in range(5):
            if i == 2:
                break
            x = x * 1.1
        if float(x.sum()) > 1000.0:
            return self.right(x)
        if n == rounds:
            y = self.left(x)
        else:
            y = self.right(x)
        return y


class Solver(nn.Module):
    """Runge-Kutta steps: one module called at four places and in a loop."""

    def __init__(self) -> None:
        super().__init__()
        self.field = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 3))
        self.head = nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        h = 0.25
        for _ in range(2):
            k1 = self.field(x)
            k2 = self.field(x + h / 2 * k1)
            k3 = self.field(x + h / 2 * k2)
            k4 = self.field(x + h * k3)
            x = x + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return self.head(x)


class DictInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(3, 4)
        self.right = nn.Linear(2, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, features: Dict[str, Tensor]) -> Dict[str, Tensor]:
        h = torch.tanh(self.left(features["left"])) + self.right(features["right"])
        return {"logits": self.head(h), "hidden": h}


class TupleInput(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(2, 4)
        self.c = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, pair: Tuple[Tensor, Tuple[Tensor, Tensor]], more: List[Tensor]) -> Tuple[Tensor, List[Tensor]]:
        h = self.a(pair[0]) + self.b(pair[1][0]) + self.c(pair[1][1])
        for extra in more:
            h = h + self.c(extra)
        return self.head(torch.relu(h)), [h, h * 2]


class Answer(NamedTuple):
    logits: Tensor
    hidden: Optional[Tensor]


class Nested(nn.Module):
    """A module that returns a NamedTuple with a None inside, another that returns a dict of lists."""

    def __init__(self) -> None:
        super().__init__()
        self.first = NestedPart()
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Answer:
        parts = self.first(x)
        return Answer(self.head(parts["sum"][0] + parts["parts"][1]), None)


class NestedPart(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(3, 4)
        self.b = nn.Linear(3, 4)

    def forward(self, x: Tensor) -> Dict[str, List[Tensor]]:
        a, b = self.a(x), torch.sigmoid(self.b(x))
        return {"sum": [a + b], "parts": [a, b]}


class OptionalArguments(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Linear(3, 4)
        self.mix = Mixing()
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor, bias: Optional[Tensor] = None, scale: float = 1.5, mode: str = "tanh") -> Tensor:
        h = self.mix(self.embed(x) * scale, bias)
        if mode == "tanh":
            h = torch.tanh(h)
        return self.head(h)


class Mixing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(4, 4)

    def forward(self, x: Tensor, bias: Optional[Tensor]) -> Tensor:
        y = self.project(x)
        if bias is not None:
            y = y + bias
        return y


class Siamese(nn.Module):
    """One encoder for two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv1d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(18, 4))
        self.similarity = nn.CosineSimilarity(dim=1)
        self.head = nn.Linear(5, 2)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        u, v = self.encoder(a), self.encoder(b)
        return self.head(torch.cat([(u - v).abs(), self.similarity(u, v).unsqueeze(1)], 1))


class SharedNames(nn.Module):
    """One module under two names, tied weights, an unused module."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.again = self.block
        self.tied = nn.Linear(4, 4)
        self.tied.weight = self.block[0].weight
        self.unused = nn.Linear(4, 4)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.tied(self.again(self.block(x))))


class Inplace(nn.Module):
    """In-place activations on views and sums of what layers returned."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, 6)
        self.act = nn.ReLU(inplace=True)
        self.fc2 = nn.Linear(6, 6)
        self.drop = nn.Dropout(0.5, inplace=True)
        self.celu = nn.CELU(inplace=True)
        self.fc3 = nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.fc1(x))
        z = self.fc2(y)
        z += y
        z[:, :2].mul_(0.5)
        z = self.drop(self.celu(z))
        return self.fc3(z).add_(1.0)


class Containers(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList([nn.Sequential(nn.Linear(4, 4), nn.Mish()) for _ in range(3)])
        self.heads = nn.ModuleDict({"small": nn.Linear(4, 2), "large": nn.Linear(4, 5)})

    def forward(self, x: Tensor) -> Dict[str, Tensor]:
        for block in self.blocks:
            x = x + block(x)
        out: Dict[str, Tensor] = {}
        for name, head in self.heads.items():
            out[name] = head(x)
        return out


@torch.jit.interface
class Operation(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        pass


class Interfaces(nn.Module):
    operation: Operation

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(3, 4)
        self.operation = Gated()
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.operation.forward(self.enter(x)))


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.value = nn.Linear(4, 4)
        self.gate = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.value(x) * torch.sigmoid(self.gate(x))


class Shift(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.linear(x)) + x


class Picked(nn.Module):
    """Modules picked by an index and by a name that are computed from the input."""

    def __init__(self) -> None:
        super().__init__()
        self.enter = nn.Linear(3, 4)
        self.steps = nn.ModuleList([Gated(), Shift(), Gated()])
        self.ways = nn.ModuleDict({"up": Shift(), "down": Gated()})
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        y = self.enter(x)
        first = int(x.sum() > 1000)
        for i in range(2):
            step: Operation = self.steps[2 - first - i]
            y = y + step.forward(y)
        name = "up" if bool(x.sum() > 1000) else "down"
        way: Operation = self.ways[name]
        return self.head(way.forward(y))


class Forked(nn.Module):
    """Two branches as tasks."""

    def __init__(self) -> None:
        super().__init__()
        self.left = nn.Linear(4, 4)
        self.right = nn.Linear(4, 4)
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        future = torch.jit.fork(self.left, x)
        right = self.right(x)
        return self.head(torch.cat([torch.jit.wait(future), right], 1))


class Methods(nn.Module):
    """Layers called from other methods than forward, and from a function of the module."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(4, 6)
        self.fc2 = nn.Linear(6, 6)
        self.fc3 = nn.Linear(6, 2)

    @torch.jit.export
    def encode(self, x: Tensor) -> Tensor:
        return F.softplus(self.fc1(x))

    def refine(self, x: Tensor, times: int) -> Tensor:
        for _ in range(times):
            x = torch.tanh(self.fc2(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(self.refine(self.encode(x), 2))


class Mlp(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 10), nn.Sigmoid(), nn.Linear(10, 4))
        self.softmax = nn.Softmax(dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.softmax(self.layers(x))


class DoubleMlp(Mlp):
    """In float64."""

    def __init__(self) -> None:
        super().__init__()
        self.double()


class Normalized(nn.Module):
    """Weight norm and spectral norm, which compute weights from others on every call."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = torch.nn.utils.weight_norm(nn.Conv1d(2, 4, 3))
        self.norm = nn.LocalResponseNorm(2)
        self.head = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(F.hardtanh(self.conv(x))).mean(2))


class Recommender(nn.Module):
    """Two towers."""

    def __init__(self) -> None:
        super().__init__()
        self.users = nn.Embedding(10, 4)
        self.items = nn.Embedding(12, 4)
        self.user = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 3))
        self.item = nn.Sequential(nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 3))

    def forward(self, user: Tensor, item: Tensor, context: Tensor) -> Tensor:
        u = self.user(self.users(user))
        v = self.item(torch.cat([self.items(item), context], 1))
        return (F.normalize(u, dim=1) * F.normalize(v, dim=1)).sum(1)


class RmsNorm(nn.Module):
    """The root-mean-square norm as a module, and by the fused operator that older libraries do not have."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(6)
        self.hidden = nn.Linear(6, 6)
        self.weight = nn.Parameter(torch.ones(3, 6))
        self.head = nn.Linear(6, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = self.hidden(self.norm(x))
        y, _ = torch._fused_rms_norm(x, [3, 6], self.weight, 1e-3)
        z, _ = torch._fused_rms_norm(y, [6], None, None)
        return self.head(z)
