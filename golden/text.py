# SPDX-License-Identifier: Apache-2.0
"""Writes golden/text: small text models as TorchScript archives, and what Captum says about their tokens.

    pip install -r golden/requirements.txt
    python golden/text.py            writes golden/text

Every archive gives the eager model's output; every case is computed on the eager model, example by example, because an embedding of positions has one row
for the whole batch, which Captum cannot interpolate along with the others.
"""

import argparse
import json
import warnings
from pathlib import Path
from typing import Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from captum.attr import FeatureAblation, LayerGradientXActivation, LayerIntegratedGradients, ShapleyValues
from torch import Tensor, nn

import archive
import models

HERE = Path(__file__).resolve().parent
OUT = HERE / "text"
PAD, CLS, SEP, MASK = 0, 1, 2, 3
FIRST_WORD = 4
VOCABULARY = 50
LONGEST = 16
HIDDEN = 12
HEADS = 2
# Float32 against float64: a case further off would compare luck.
CONDITION = 3e-5


class Lstm(nn.Module):
    """Token ids to an embedding to a bidirectional LSTM, averaged over the positions that the mask leaves; three logits."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 8, padding_idx=PAD)
        self.lstm = nn.LSTM(8, 7, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(14, 3)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        states, _ = self.lstm(self.embedding(ids))
        weight = mask.to(states.dtype).unsqueeze(2)
        return self.fc((states * weight).sum(1) / weight.sum(1))


class Embeddings(nn.Module):
    """Word, position and type embeddings, added and normalised. Positions are counted inside."""

    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, HIDDEN, padding_idx=PAD)
        self.position_embeddings = nn.Embedding(LONGEST, HIDDEN)
        self.token_type_embeddings = nn.Embedding(2, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=1e-12)
        self.register_buffer("position_ids", torch.arange(LONGEST)[None], persistent=False)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        positions = self.position_embeddings(self.position_ids[:, : input_ids.size(1)])
        summed = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids) + positions
        return self.LayerNorm(summed)


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query = nn.Linear(HIDDEN, HIDDEN)
        self.key = nn.Linear(HIDDEN, HIDDEN)
        self.value = nn.Linear(HIDDEN, HIDDEN)
        self.heads = HEADS
        self.width = HIDDEN // HEADS

    def split(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), x.size(1), self.heads, self.width).transpose(1, 2)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        scores = torch.matmul(self.split(self.query(x)), self.split(self.key(x)).transpose(2, 3)) / self.width**0.5
        context = torch.matmul(torch.softmax(scores + bias, dim=3), self.split(self.value(x)))
        return context.transpose(1, 2).reshape(x.size(0), x.size(1), self.heads * self.width)


class Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, HIDDEN)
        self.LayerNorm = nn.LayerNorm(HIDDEN, eps=1e-12)

    def forward(self, x: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(x) + before)


class Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.self = SelfAttention()
        self.output = Residual(HIDDEN)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        return self.output(self.self(x, bias), x)


class Intermediate(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(HIDDEN, 2 * HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = Attention()
        self.intermediate = Intermediate()
        self.output = Residual(2 * HIDDEN)

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        x = self.attention(x, bias)
        return self.output(self.intermediate(x), x)


class Encoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.ModuleList([Layer(), Layer()])

    def forward(self, x: Tensor, bias: Tensor) -> Tensor:
        for layer in self.layer:
            x = layer(x, bias)
        return x


class Pooler(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(HIDDEN, HIDDEN)

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(self.dense(x[:, 0]))


class BertModel(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = Encoder()
        self.pooler = Pooler()
        self.lowest = torch.finfo(torch.float32).min

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        x = self.embeddings(input_ids, token_type_ids)
        bias = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * self.lowest
        return self.pooler(self.encoder(x, bias))


class Bert(nn.Module):
    """The architecture of BERT, spelled so that it can be scripted; the same state as a BertForSequenceClassification of Hugging Face, and the same output."""

    def __init__(self) -> None:
        super().__init__()
        self.bert = BertModel()
        self.classifier = nn.Linear(HIDDEN, 3)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        return self.classifier(self.bert(input_ids, attention_mask, token_type_ids))


class Transformers(nn.Module):
    """Hugging Face's BertForSequenceClassification, traced; positions are an input."""

    def __init__(self, state: Dict[str, Tensor]) -> None:
        super().__init__()
        from transformers import BertConfig, BertForSequenceClassification

        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=HIDDEN,
            num_hidden_layers=2,
            num_attention_heads=HEADS,
            intermediate_size=2 * HIDDEN,
            max_position_embeddings=LONGEST,
            num_labels=3,
        )
        self.model = BertForSequenceClassification(config)
        self.model.load_state_dict(state, strict=True)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, position_ids: Tensor) -> Tensor:
        return self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids, position_ids=position_ids, return_dict=False
        )[0]


class Pair(nn.Module):
    """Two texts through one embedding, which is called twice; positions are counted from the tokens that are not padding. Two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 6, padding_idx=PAD)
        self.position = nn.Embedding(LONGEST, 6, padding_idx=0)
        self.mix = nn.Linear(6, 6)
        self.fc = nn.Linear(12, 2)
        self.pad = PAD

    def positions(self, ids: Tensor) -> Tensor:
        word = (ids != self.pad).to(torch.int64)
        return torch.cumsum(word, 1) * word

    def read(self, embedded: Tensor) -> Tensor:
        return torch.tanh(self.mix(embedded)).mean(1)

    def forward(self, question: Tensor, answer: Tensor) -> Tensor:
        q = self.embedding(question) + self.position(self.positions(question))
        a = self.embedding(answer) + self.position(self.positions(answer))
        return self.fc(torch.cat([self.read(q), self.read(a)], dim=1))


class Functional(nn.Module):
    """A table that is looked up by a function, without a module; two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.zeros(VOCABULARY, 6))
        self.fc = nn.Linear(6, 2)

    def forward(self, ids: Tensor) -> Tensor:
        return self.fc(torch.tanh(F.embedding(ids, self.table)).mean(1))


class RotaryEmbedding(nn.Module):
    """Turns positions into angles: named like a lookup, and none."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("frequencies", 1.0 / 10.0 ** torch.arange(6), persistent=False)

    def forward(self, positions: Tensor) -> Tensor:
        return torch.cos(positions.unsqueeze(2) * self.frequencies)


class Relative(nn.Module):
    """Attention with a bias for each distance, whose lookup has no axis for texts, and with rotary positions; two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 6, padding_idx=PAD)
        self.relative_attention_bias = nn.Embedding(2 * LONGEST, 1)
        self.rotary = RotaryEmbedding()
        self.fc = nn.Linear(6, 2)
        self.longest = LONGEST

    def forward(self, ids: Tensor) -> Tensor:
        x = self.embedding(ids)
        positions = torch.arange(ids.size(1))
        bias = self.relative_attention_bias(positions.unsqueeze(1) - positions.unsqueeze(0) + self.longest).squeeze(2)
        turned = x * self.rotary(positions.unsqueeze(0))
        weights = torch.softmax(torch.matmul(turned, turned.transpose(1, 2)) + bias, dim=2)
        return self.fc(torch.tanh(torch.matmul(weights, x)).mean(1))


class Bag(nn.Module):
    """An EmbeddingBag, which adds the words up before anybody sees them; two logits."""

    def __init__(self) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(VOCABULARY, 6, mode="mean")
        self.fc = nn.Linear(6, 2)

    def forward(self, ids: Tensor) -> Tensor:
        return self.fc(torch.tanh(self.bag(ids)))


def texts(rng: np.random.RandomState, lengths: Sequence[int], width: int) -> Tensor:
    """Rows of [CLS] words [SEP] padding."""
    ids = torch.zeros(len(lengths), width, dtype=torch.int64)
    for row, length in enumerate(lengths):
        ids[row, :length] = torch.from_numpy(rng.randint(FIRST_WORD, VOCABULARY, length))
        ids[row, 0], ids[row, length - 1] = CLS, SEP
    return ids


def reference(ids: Tensor, token: int, keep: Sequence[int]) -> Tensor:
    """The text with every token replaced but those kept."""
    kept = torch.zeros_like(ids, dtype=torch.bool)
    for one in keep:
        kept |= ids == one
    return torch.where(kept, ids, torch.full_like(ids, token))


class Book:
    """What is written: archives, arrays, and the cases that join them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arrays: Dict[str, np.ndarray] = {}
        self.models: List[Dict[str, object]] = []
        folder.mkdir(parents=True, exist_ok=True)

    def model(self, name: str, model: nn.Module, inputs: Dict[str, Tensor], kinds: Sequence[str]) -> Dict[str, object]:
        arguments = tuple(inputs.values())
        written = {}
        for kind in kinds:
            module = archive.trace(model, arguments) if kind == "traced" else archive.script(model)
            if kind == "frozen":
                module = torch.jit.freeze(module)
            path = self.folder / f"{name}.{kind}.pt"
            archive.save(module, path, name)
            loaded = torch.jit.load(str(path))
            for rows in (1, 2, 3):
                batch = tuple(t[:rows] for t in arguments)
                with torch.enable_grad():
                    gap = (loaded(*batch) - model(*batch)).abs().max().item()
                if gap > 1e-6:
                    raise ValueError(f"{path.name}: differs from the eager model by {gap}")
            written[kind] = path.name
        with torch.no_grad():
            self.arrays[f"{name}.output"] = model(*arguments).numpy()
        for key, value in inputs.items():
            self.arrays[f"{name}.{key}"] = value.numpy()
        described: Dict[str, object] = {
            "name": name,
            "description": (model.__doc__ or "").strip(),
            "archives": written,
            "inputs": list(inputs),
            "cases": [],
        }
        self.models.append(described)
        return described

    def case(self, model: Dict[str, object], key: str, expected: Sequence[Tensor], deltas: Optional[Tensor] = None, **described: object) -> None:
        names = []
        for i, value in enumerate(expected):
            names.append(f"{model['name']}.{key}.{i}")
            self.arrays[names[-1]] = value.detach().to(torch.float32).numpy()
        if deltas is not None:
            self.arrays[f"{model['name']}.{key}.delta"] = deltas.detach().to(torch.float32).numpy()
        model["cases"].append({"id": key, **described, "expected": names, **({"delta": f"{model['name']}.{key}.delta"} if deltas is not None else {})})


def modules(model: nn.Module, paths: Sequence[str]) -> List[nn.Module]:
    named = dict(model.named_modules())
    return [named[path] for path in paths]


def by_example(count: int, one: Callable[[int], Tuple[List[Tensor], Optional[Tensor]]]) -> Tuple[List[Tensor], Optional[Tensor]]:
    rows = [one(i) for i in range(count)]
    deltas = None if rows[0][1] is None else torch.cat([delta for _, delta in rows])
    return [torch.cat(parts) for parts in zip(*(tensors for tensors, _ in rows))], deltas


def captum_ig(
    model: nn.Module,
    paths: Sequence[str],
    attributed: Sequence[Tensor],
    references: Sequence[Tensor],
    fixed: Sequence[Tensor],
    target: Sequence[int],
    steps: int,
) -> Tuple[List[Tensor], Tensor]:
    def one(i: int) -> Tuple[List[Tensor], Tensor]:
        method = LayerIntegratedGradients(model, modules(model, paths))
        result, delta = method.attribute(
            inputs=tuple(t[i : i + 1] for t in attributed),
            baselines=tuple(t[i : i + 1] for t in references),
            target=target[i],
            additional_forward_args=tuple(t[i : i + 1] for t in fixed),
            n_steps=steps,
            return_convergence_delta=True,
        )
        return [r[0] if isinstance(r, tuple) else r for r in result], delta

    return by_example(len(target), one)


def conditioned(model: nn.Module, compute: Callable[[nn.Module], Tuple[List[Tensor], Optional[Tensor]]], name: str) -> Tuple[List[Tensor], Optional[Tensor]]:
    """Computes in float32 and in float64, and refuses a case in which rounding shows."""
    single = compute(model)
    double = compute(model.double())
    model.float()
    for a, b in zip(single[0], double[0]):
        scale = b.abs().max().item()
        gap = (a.double() - b).abs().max().item()
        if gap > CONDITION * max(scale, 1e-3):
            raise ValueError(f"{name}: float32 and float64 differ by {gap} of {scale}")
    return single


def lstm(book: Book, rng: np.random.RandomState) -> None:
    model = Lstm()
    models.settle(model, rng)
    ids = texts(rng, (9, 6, 8), 9)
    mask = (ids != PAD).to(torch.int64)
    described = book.model("lstm", model, {"ids": ids, "mask": mask}, ("scripted", "traced"))
    target = [2, 0, 1]
    path = ["embedding"]
    for key, token, keep in (("pad", PAD, (CLS, SEP)), ("mask", MASK, (CLS, SEP, PAD)), ("every-token", PAD, ())):
        ref = reference(ids, token, keep)
        values, deltas = conditioned(model, lambda m: captum_ig(m, path, [ids], [ref], [mask], target, 30), key)
        book.case(
            described, key, values, deltas, method="integrated-gradients", layers=path, steps=30, target=target, attributed=["ids"], token=token, keep=list(keep)
        )


def bert(book: Book, rng: np.random.RandomState) -> None:
    model = Bert()
    models.settle(model, rng)
    ids = texts(rng, (11, 7, 9), 11)
    mask = (ids != PAD).to(torch.int64)
    types = torch.zeros_like(ids)
    for row, start in enumerate((5, 3, 6)):
        types[row, start:] = mask[row, start:]
    target = [1, 2, 0]
    positions = torch.arange(ids.shape[1]).repeat(3, 1)
    own = book.model("bert", model, {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}, ("scripted", "traced", "frozen"))
    other = Transformers(model.state_dict()).eval()
    hugging = book.model(
        "bert-transformers",
        other,
        {"input_ids": ids, "attention_mask": mask, "token_type_ids": types, "position_ids": positions},
        ("traced",),
    )
    with torch.no_grad():
        gap = (model(ids, mask, types) - other(ids, mask, types, positions)).abs().max().item()
    if gap > 1e-6:
        raise ValueError(f"bert: differs from transformers by {gap}")
    ref = reference(ids, PAD, (CLS, SEP))
    words = ["bert.embeddings.word_embeddings"]
    three = words + ["bert.embeddings.token_type_embeddings", "bert.embeddings.position_embeddings"]
    whole = ["bert.embeddings"]
    ref_positions = torch.zeros_like(positions)
    ref_types = torch.zeros_like(types)

    # The arguments of the model in their order, whichever of them Captum is to interpolate.
    class Reordered(nn.Module):
        def __init__(self, inner: nn.Module, order: Sequence[int]) -> None:
            super().__init__()
            self.inner = inner
            self.order = order

        def forward(self, *given: Tensor) -> Tensor:
            return self.inner(*[given[i] for i in self.order])

    def run(m: nn.Module, paths: Sequence[str], attributed, references, fixed, order) -> Tuple[List[Tensor], Tensor]:
        return captum_ig(Reordered(m, order), ["inner." + path for path in paths], attributed, references, fixed, target, 20)

    for described, eager, prefix in ((own, model, ""), (hugging, other, "model.")):
        more = [positions] if prefix else []
        last = [3] if prefix else []
        for key, paths in (("word", words), ("whole", whole)):
            at = [prefix + path for path in paths]
            values, deltas = conditioned(eager, lambda m: run(m, at, [ids], [ref], [mask, types, *more], [0, 1, 2, *last]), key)
            book.case(
                described, key, values, deltas, method="integrated-gradients", layers=at, steps=20, target=target, attributed=["input_ids"], token=PAD, keep=[CLS, SEP]
            )
        # Word and type ids change together; positions too where they are an input.
        at = [prefix + path for path in three]
        if prefix:
            values, deltas = conditioned(
                eager, lambda m: run(m, at, [ids, types, positions], [ref, ref_types, ref_positions], [mask], [0, 3, 1, 2]), "three"
            )
        else:
            values, deltas = conditioned(eager, lambda m: run(m, at, [ids, types], [ref, ref_types], [mask], [0, 2, 1]), "three")
        book.arrays[f"{described['name']}.three.reference.0"] = ref.numpy()
        book.arrays[f"{described['name']}.three.reference.1"] = ref_types.numpy()
        references = [f"{described['name']}.three.reference.0", f"{described['name']}.three.reference.1"]
        attributed = ["input_ids", "token_type_ids"]
        if prefix:
            book.arrays[f"{described['name']}.three.reference.2"] = ref_positions.numpy()
            references.append(f"{described['name']}.three.reference.2")
            attributed.append("position_ids")
        book.case(
            described, "three", values, deltas, method="integrated-gradients", layers=at, steps=20, target=target, attributed=attributed, references=references
        )
    # Gradient times activation at the word embedding, and methods that put ids in the place of ids.
    def gradient_times_activation(m: nn.Module) -> Tuple[List[Tensor], Optional[Tensor]]:
        method = LayerGradientXActivation(m, modules(m, words)[0])
        return [method.attribute(ids, target=torch.tensor(target), additional_forward_args=(mask, types))], None

    values, _ = conditioned(model, gradient_times_activation, "input-x-gradient")
    book.case(own, "input-x-gradient", values, method="input-x-gradient", layers=words, target=target, attributed=["input_ids"])
    masked = reference(ids, MASK, (CLS, SEP, PAD))

    def ablation(m: nn.Module) -> Tuple[List[Tensor], Optional[Tensor]]:
        method = FeatureAblation(lambda *given: m(*given).gather(1, torch.tensor(target)[:, None]).squeeze(1))
        return [method.attribute(ids, baselines=masked, additional_forward_args=(mask, types))], None

    values, _ = conditioned(model, ablation, "feature-ablation")
    book.case(own, "feature-ablation", values, method="feature-ablation", target=target, attributed=["input_ids"], token=MASK, keep=[CLS, SEP, PAD])

    # Seven tokens of the second text: 7! orders are what Captum can do.
    short, short_mask, short_types = ids[1:2, :7], mask[1:2, :7], types[1:2, :7]

    def shapley(m: nn.Module) -> Tuple[List[Tensor], Optional[Tensor]]:
        method = ShapleyValues(m)
        return [
            method.attribute(
                short,
                baselines=reference(short, MASK, (CLS, SEP)),
                target=target[1],
                additional_forward_args=(short_mask, short_types),
                perturbations_per_eval=100,
            )
        ], None

    values, _ = conditioned(model, shapley, "shapley-values")
    book.case(
        own, "shapley-values", values, method="shapley-values", target=target[1:2], attributed=["input_ids"], token=MASK, keep=[CLS, SEP], row=1, tokens=7
    )


def path_of_ids(
    read: Callable[[List[Tensor]], Tensor], start: List[Tensor], end: List[Tensor], target: Sequence[int], steps: int
) -> Tuple[List[Tensor], Optional[Tensor]]:
    """Integrated gradients from the definition, with NumPy's Gauss-Legendre nodes: for models on which Captum gives every call of a module the same value."""
    nodes, weights = np.polynomial.legendre.leggauss(steps)
    sums = [torch.zeros_like(e) for e in end]
    for node, weight in zip((1 + nodes) / 2, weights / 2):
        points = [(s + float(node) * (e - s)).detach().requires_grad_() for s, e in zip(start, end)]
        score = read(points).gather(1, torch.tensor(target)[:, None]).sum()
        for total, gradient in zip(sums, torch.autograd.grad(score, points)):
            total += float(weight) * gradient
    return [(e - s) * total for s, e, total in zip(start, end, sums)], None


def pair(book: Book, rng: np.random.RandomState) -> None:
    model = Pair()
    models.settle(model, rng)
    question, answer = texts(rng, (6, 4, 7), 7), texts(rng, (5, 5, 3), 5)
    described = book.model("pair", model, {"question": question, "answer": answer}, ("scripted", "traced"))
    target = [0, 1, 1]
    ref_question, ref_answer = reference(question, PAD, (CLS, SEP)), reference(answer, PAD, (CLS, SEP))

    def both(m: nn.Module) -> Tuple[List[Tensor], Optional[Tensor]]:
        positions = [m.position(m.positions(question)), m.position(m.positions(answer))]

        def read(points: List[Tensor]) -> Tensor:
            return m.fc(torch.cat([m.read(points[0] + positions[0]), m.read(points[1] + positions[1])], dim=1))

        return path_of_ids(
            read, [m.embedding(ref_question), m.embedding(ref_answer)], [m.embedding(question), m.embedding(answer)], target, 20
        )

    values, _ = conditioned(model, both, "both")
    book.case(
        described,
        "both",
        values,
        method="integrated-gradients",
        layers=["embedding", "embedding#1"],
        steps=20,
        target=target,
        attributed=["question", "answer"],
        token=PAD,
        keep=[CLS, SEP],
        reference="formula",
    )


def others(book: Book, rng: np.random.RandomState) -> None:
    ids = texts(rng, (6, 4, 5), 6)
    for name, model, kinds in (("functional", Functional(), ("scripted", "traced")), ("bag", Bag(), ("scripted",))):
        models.settle(model, rng)
        described = book.model(name, model, {"ids": ids}, kinds)
        if name == "functional":
            target = [1, 0, 1]
            ref = reference(ids, PAD, (CLS, SEP))

            def looked_up(m: nn.Module) -> Tuple[List[Tensor], Optional[Tensor]]:
                return path_of_ids(
                    lambda points: m.fc(torch.tanh(points[0]).mean(1)), [F.embedding(ref, m.table)], [F.embedding(ids, m.table)], target, 20
                )

            values, _ = conditioned(model, looked_up, "table")
            book.case(
                described,
                "table",
                values,
                method="integrated-gradients",
                layers=[],
                steps=20,
                target=target,
                attributed=["ids"],
                token=PAD,
                keep=[CLS, SEP],
                reference="formula",
            )


def relative(book: Book, rng: np.random.RandomState) -> None:
    model = Relative()
    models.settle(model, rng)
    ids = texts(rng, (6, 4, 5), 6)
    described = book.model("relative", model, {"ids": ids}, ("scripted", "traced"))
    ref = reference(ids, MASK, (CLS, SEP, PAD))
    target = [1, 0, 1]
    values, deltas = conditioned(model, lambda m: captum_ig(m, ["embedding"], [ids], [ref], [], target, 20), "words")
    book.case(
        described,
        "words",
        values,
        deltas,
        method="integrated-gradients",
        layers=["embedding"],
        steps=20,
        target=target,
        attributed=["ids"],
        token=MASK,
        keep=[CLS, SEP, PAD],
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, help="folder to write")
    folder: Path = parser.parse_args().out
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    warnings.simplefilter("ignore")
    book = Book(folder)
    for seed, build in ((301, lstm), (302, bert), (303, pair), (304, others), (305, relative)):
        build(book, np.random.RandomState(seed))
    np.savez_compressed(folder / "arrays.npz", **book.arrays)
    special = {"pad": PAD, "cls": CLS, "sep": SEP, "mask": MASK}
    (folder / "text.json").write_text(
        json.dumps({"format": 1, "special": special, "models": book.models}, indent=1) + "\n", encoding="utf-8", newline="\n"
    )
    print(sum(len(m["cases"]) for m in book.models), "cases on", len(book.models), "models")


if __name__ == "__main__":
    main()
