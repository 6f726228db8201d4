# SPDX-License-Identifier: Apache-2.0
"""Trains the demo's text classifier on sentences of the documentation inside four installed Python packages, and writes the assets of the command line's demo.

    pip install -r golden/requirements.txt
    python golden/demo_text.py                writes attribution-cli/src/main/resources/demo

The question: what is a sentence about? Charts (Matplotlib), graphs (NetworkX), neural networks (torch.nn, torch.optim) or statistics (scipy.stats). Seeded
and single-threaded; takes about a minute. Other versions of the packages have other sentences.
"""

import argparse
import collections
import importlib
import inspect
import json
import pkgutil
import random
import re
import warnings
from importlib.metadata import version
from pathlib import Path
from typing import Dict, Iterator, List, Sequence, Set, Tuple

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn

import archive

SEED = 20
HERE = Path(__file__).resolve().parent
DEMO = HERE.parent / "attribution-cli" / "src" / "main" / "resources" / "demo"
TOPICS: Dict[str, Tuple[str, ...]] = {
    "charts": ("matplotlib",),
    "graphs": ("networkx",),
    "neural networks": ("torch.nn", "torch.optim"),
    "statistics": ("scipy.stats",),
}
MOST_SENTENCES = 700
PAD, UNKNOWN, CLS, SEP, MASK = range(5)
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
LONGEST = 48
WIDTH = 24
WORDS = 1300
SUFFIXES = 150


class Topics(nn.Module):
    """Token ids and attention mask, both [N, T] int64, to four logits: embeddings of words and positions, one layer of self-attention, mean over the text."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, WIDTH, padding_idx=PAD)
        self.position_embeddings = nn.Embedding(LONGEST, WIDTH)
        self.dropout = nn.Dropout(0.3)
        self.query = nn.Linear(WIDTH, WIDTH)
        self.key = nn.Linear(WIDTH, WIDTH)
        self.value = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.classifier = nn.Linear(WIDTH, len(TOPICS))
        self.scale = WIDTH**-0.5
        for embeddings in (self.word_embeddings, self.position_embeddings):
            nn.init.normal_(embeddings.weight, std=0.1)

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        positions = torch.arange(input_ids.size(1), device=input_ids.device).unsqueeze(0).expand_as(input_ids)
        x = self.dropout(self.word_embeddings(input_ids) + self.position_embeddings(positions))
        there = attention_mask.to(x.dtype)
        scores = torch.matmul(self.query(x), self.key(x).transpose(1, 2)) * self.scale + (there - 1.0).unsqueeze(1) * 1e4
        x = self.norm(x + torch.matmul(torch.softmax(scores, dim=2), self.value(x)))
        mean = (x * there.unsqueeze(2)).sum(1) / there.sum(1, keepdim=True)
        return self.classifier(self.dropout(mean))


def _modules(name: str) -> Iterator[object]:
    root = importlib.import_module(name)
    yield root
    for found in pkgutil.walk_packages(root.__path__, name + ".", onerror=lambda failed: None):
        if not any(part.startswith("_") or part in ("tests", "testing") for part in found.name.split(".")[1:]):
            try:
                yield importlib.import_module(found.name)
            except Exception:  # a module for another system, or one whose own requirements are missing
                continue


def _sentence(text: str) -> Iterator[str]:
    """The first sentence, if it is plain prose of a useful length."""
    plain = " ".join(inspect.cleandoc(text).split("\n\n")[0].split()).replace("`", "").replace("*", "")
    sentence = re.split(r"(?<=[.])\s(?=[A-Z])", plain)[0]
    if 5 <= len(sentence.split()) <= 24 and re.fullmatch(r"[A-Z][A-Za-z0-9 ,'()/-]+\.", sentence) and "----" not in sentence:
        yield sentence


def documentation(names: Sequence[str]) -> List[str]:
    """The first sentence of every public function, class and method, in alphabetical order, each once."""
    result: Set[str] = set()
    for name in names:
        for module in _modules(name):
            for key, value in vars(module).items():
                if key.startswith("_") or not str(getattr(value, "__module__", "")).startswith(name.split(".")[0]):
                    continue
                members = [m for k, m in vars(value).items() if not k.startswith("_")] if inspect.isclass(value) else []
                for described in [value, *members]:
                    text = getattr(described, "__doc__", None)
                    if isinstance(text, str):
                        result.update(_sentence(text))
    return sorted(result)


def data() -> List[Tuple[str, int]]:
    """Sentences with their topics; what two packages say alike belongs to neither."""
    all_sentences = [documentation(names) for names in TOPICS.values()]
    count = collections.Counter(sentence for sentences in all_sentences for sentence in sentences)
    rows = []
    for topic, sentences in enumerate(all_sentences):
        own = [sentence for sentence in sentences if count[sentence] == 1]
        random.Random(SEED + topic).shuffle(own)
        rows += [(sentence, topic) for sentence in own[:MOST_SENTENCES]]
    random.Random(SEED).shuffle(rows)
    return rows


def tokenizer(sentences: Sequence[str]) -> Tokenizer:
    """WordPiece over the frequent words and word endings of the sentences; single characters spell the rest."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    words = collections.Counter(
        word for sentence in sentences for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(sentence))
    )
    frequent = [word for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0])) if count > 1 and len(word) > 1][:WORDS]
    known = set(frequent)
    endings: collections.Counter = collections.Counter()
    for word, count in words.items():
        for cut in range(3, len(word)):
            if word[:cut] in known:
                endings[word[cut:]] += count
    pieces = [e for e, _ in sorted(endings.items(), key=lambda item: (-item[1], item[0])) if len(e) > 1][:SUFFIXES]
    characters = sorted({character for word in words for character in word})
    vocabulary = SPECIAL + characters + ["##" + c for c in characters] + frequent + ["##" + p for p in pieces]
    result = Tokenizer(models.WordPiece({token: i for i, token in enumerate(vocabulary)}, unk_token="[UNK]"))
    result.normalizer = normalizer
    result.pre_tokenizer = splitter
    result.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", CLS), ("[SEP]", SEP)])
    result.add_special_tokens(SPECIAL)
    result.enable_truncation(LONGEST)
    return result


def encode(texts: Sequence[str], with_tokenizer: Tokenizer) -> Tuple[Tensor, Tensor]:
    encoded = [with_tokenizer.encode(text).ids for text in texts]
    ids = torch.full((len(texts), max(len(e) for e in encoded)), PAD, dtype=torch.int64)
    for row, e in enumerate(encoded):
        ids[row, : len(e)] = torch.tensor(e)
    return ids, (ids != PAD).to(torch.int64)


def train(model: nn.Module, ids: Tensor, mask: Tensor, topics: Tensor, epochs: int) -> None:
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=5e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    generator = torch.Generator().manual_seed(SEED)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(ids), generator=generator).split(64):
            batch = ids[rows]
            # Every fifth word is hidden behind [MASK], so that the model knows what "this word is absent" looks like.
            hidden = (torch.rand(batch.shape, generator=generator) < 0.2) & (batch > MASK)
            optimizer.zero_grad()
            logits = model(torch.where(hidden, torch.full_like(batch, MASK), batch), mask[rows])
            F.cross_entropy(logits, topics[rows], label_smoothing=0.05).backward()
            optimizer.step()
        schedule.step()
    model.eval()


def _readme(d: Dict[str, object]) -> str:
    sentences = "\n".join(f"| {s['text']} | {s['topic']} | {s['probability']:.2f} |" for s in d["sentences"])
    versions = ", ".join(f"{name} {number}" for name, number in d["versions"].items())
    counts = ", ".join(f"{topic} {count}" for topic, count in d["counts"].items())
    return f"""# Demo: what is a sentence about?

`topics.pt`: a small text classifier, inputs `input_ids` and `attention_mask`, int64 `[N, T]` with T up to {LONGEST}, output four logits: {", ".join(f"{i} {t}" for i, t in enumerate(TOPICS))}.
Embeddings of words and positions, one layer of self-attention. `tokenizer.json`: its tokenizer (WordPiece, {d['vocabulary']} tokens), in the format of Hugging Face's
tokenizers.

It was trained by `golden/demo_text.py` on the first sentences of the documentation inside four Python packages ({versions}):
{counts} sentences. Accuracy on the {d['tested']} sentences held out: {100 * d['accuracy']:.1f} %. None of these was trained on:

| `sentences.txt` | topic | probability |
|---|---|---|
{sentences}

While training, every fifth word was hidden behind `[MASK]`, which makes the mask token a good reference.

## Where the sentences come from

Matplotlib (Matplotlib licence, based on the PSF licence), NetworkX (BSD-3-Clause), PyTorch (BSD-3-Clause), SciPy (BSD-3-Clause). Only the sentences in the
table are included here; the weights and the vocabulary are this project's own and stand under its licence, Apache-2.0.

## Again

    pip install -r golden/requirements.txt
    python golden/demo_text.py
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO, help="folder to write")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    warnings.simplefilter("ignore")
    rows = data()
    held_out = len(rows) // 5
    test, rest = rows[:held_out], rows[held_out:]
    words = tokenizer([sentence for sentence, _ in rest])
    torch.manual_seed(SEED)
    model = Topics(words.get_vocab_size())
    train(model, *encode([s for s, _ in rest], words), torch.tensor([t for _, t in rest]), 30)
    with torch.no_grad():
        probability = torch.softmax(model(*encode([s for s, _ in test], words)), 1)
    topics = torch.tensor([t for _, t in test])
    accuracy = (probability.argmax(1) == topics).float().mean().item()
    names = list(TOPICS)
    chosen = []
    for topic in range(len(names)):
        right = [i for i, (s, t) in enumerate(test) if t == topic and probability[i].argmax() == topic and 8 <= len(s.split()) <= 14]
        right.sort(key=lambda i: (-round(float(probability[i, topic]), 3), test[i][0]))
        for i in (right[3], right[len(right) // 2]):
            chosen.append({"text": test[i][0], "topic": names[topic], "probability": round(float(probability[i, topic]), 3)})
    described = {
        "accuracy": accuracy,
        "tested": len(test),
        "vocabulary": words.get_vocab_size(),
        "counts": {name: sum(t == i for _, t in rows) for i, name in enumerate(names)},
        "versions": {name: version(name).split("+")[0] for name in ("matplotlib", "networkx", "torch", "scipy")},
        "sentences": chosen,
    }
    print(json.dumps(described, indent=1))
    if accuracy <= 0.92:
        raise SystemExit(f"accuracy too low: {accuracy:.3f}")
    archive.save(archive.script(model), folder / "topics.pt", "topics")
    words.save(str(folder / "tokenizer.json"), pretty=False)
    (folder / "sentences.txt").write_text("".join(s["text"] + "\n" for s in chosen), encoding="utf-8", newline="\n")
    (folder / "topics.md").write_text(_readme(described), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
