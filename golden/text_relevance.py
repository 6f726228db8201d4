# SPDX-License-Identifier: Apache-2.0
"""Writes golden/text_relevance: AttnLRP by token for the BERT of golden/text, by explicit matrices in float64.

    python golden/text_relevance.py

Reads the committed archive's weights and inputs, and nothing of how the library rewrites programs: the rules are those that lrp_rules.py writes down, the model
is spelled out below, one example at a time. Besides the relevance of every vector it says what no vector gets, because biases or the Taylor rule of the softmax
keep it: relevance and what is kept add up to the score, but for the stabilizers. In the case `conserving` nothing keeps any: weights share without their biases,
the softmax passes relevance on, and there are no stabilizers.
"""

from pathlib import Path
from typing import Dict, List

import numpy as np
import torch
import torch.nn.functional as F

from lrp_rules import Node, add, beside, columns, matmul, over, propagate, scale, softmax, stab, transpose

HERE = Path(__file__).resolve().parent
OUT = HERE / "text_relevance"
EPSILON = 1e-6
HEADS = 2
EMBEDDINGS = ("word_embeddings", "token_type_embeddings", "position_embeddings")
TARGET = (1, 2, 1)


class Bert:
    """The weights of golden/text/bert, and a way through them that keeps every value.

    unbiased: the case in which nothing keeps relevance.
    """

    def __init__(self, state: Dict[str, torch.Tensor], unbiased: bool) -> None:
        self.state = {name: tensor.numpy().astype(np.float64) for name, tensor in state.items()}
        self.unbiased = unbiased
        self.epsilon = 0.0 if unbiased else EPSILON
        self.kept: Dict[str, float] = {"biases": 0.0, "softmax": 0.0}

    def dense(self, x: Node, path: str) -> Node:
        """The epsilon rule, in which the bias takes its share; unbiased: shares of what the inputs add alone."""
        w, b = self.state[path + ".weight"], self.state[path + ".bias"]
        y = x.value @ w.T + b

        def back(r: np.ndarray) -> List[np.ndarray]:
            ratio = over(r, y - b) if self.unbiased else over(r, stab(y, self.epsilon))
            self.kept["biases"] += 0.0 if self.unbiased else float((b * ratio).sum())
            return [x.value * (ratio @ w)]

        return Node(y, [x], back)

    def norm(self, x: Node, path: str) -> Node:
        centred = x.value - x.value.mean(-1, keepdims=True)
        y = centred / np.sqrt(x.value.var(-1, keepdims=True) + 1e-12)
        return Node(y * self.state[path + ".weight"] + self.state[path + ".bias"], [x], lambda r: [r])

    def weights(self, scores: Node) -> Node:
        if self.unbiased:
            return Node(softmax(scores, "taylor").value, [scores], lambda r: [r])
        plain = softmax(scores, "taylor")

        def back(r: np.ndarray) -> List[np.ndarray]:
            shares = plain.back(r)
            self.kept["softmax"] += float(r.sum() - shares[0].sum())
            return shares

        return Node(plain.value, [scores], back)

    def attention(self, x: Node, path: str, mask: Node) -> Node:
        q, k, v = (self.dense(x, f"{path}.self.{name}") for name in ("query", "key", "value"))
        width = q.value.shape[1] // HEADS
        heads = []
        for start in range(0, q.value.shape[1], width):
            scores = matmul(columns(q, start, start + width), transpose(columns(k, start, start + width)), self.epsilon)
            scores = add(scale(scores, 1 / width**0.5, self.epsilon), mask, self.epsilon)
            heads.append(matmul(self.weights(scores), columns(v, start, start + width), self.epsilon))
        return self.norm(add(self.dense(beside(heads), path + ".output.dense"), x, self.epsilon), path + ".output.LayerNorm")

    def run(self, vectors: List[Node], mask: np.ndarray) -> Node:
        x = self.norm(add(add(vectors[0], vectors[1], self.epsilon), vectors[2], self.epsilon), "bert.embeddings.LayerNorm")
        masked = np.broadcast_to((1.0 - mask)[None] * float(np.finfo(np.float32).min), (len(mask), len(mask)))
        for layer in ("bert.encoder.layer.0", "bert.encoder.layer.1"):
            x = self.attention(x, layer + ".attention", Node(masked))
            h = self.dense(x, layer + ".intermediate.dense")
            h = Node(F.gelu(torch.tensor(h.value)).numpy(), [h], lambda r: [r])
            x = self.norm(add(self.dense(h, layer + ".output.dense"), x, self.epsilon), layer + ".output.LayerNorm")
        whole = x
        first = Node(x.value[:1], [x], lambda r: [np.concatenate([r, np.zeros_like(whole.value[1:])])])
        pooled = self.dense(first, "bert.pooler.dense")
        return self.dense(Node(np.tanh(pooled.value), [pooled], lambda r: [r]), "classifier")


def main() -> None:
    OUT.mkdir(exist_ok=True)
    state = torch.jit.load(str(HERE / "text" / "bert.scripted.pt")).state_dict()
    given = np.load(HERE / "text" / "arrays.npz")
    ids, mask, types = (given[f"bert.{name}"] for name in ("input_ids", "attention_mask", "token_type_ids"))
    arrays: Dict[str, np.ndarray] = {}
    for case, unbiased in (("attn-lrp", False), ("conserving", True)):
        rows: Dict[str, List[np.ndarray]] = {name: [] for name in EMBEDDINGS}
        kept, scores = [], []
        for row, target in enumerate(TARGET):
            model = Bert(state, unbiased)
            places = (ids[row], types[row], np.arange(ids.shape[1]))
            vectors = [Node(model.state[f"bert.embeddings.{name}.weight"][at]) for name, at in zip(EMBEDDINGS, places)]
            out = model.run(vectors, mask[row].astype(np.float64))
            assert np.allclose(out.value[0], given["bert.output"][row], rtol=1e-4, atol=1e-5), case
            score = out.value[0, target]
            propagate(out, np.where(np.arange(out.value.shape[1]) == target, out.value, 0.0))
            for name, node in zip(EMBEDDINGS, vectors):
                rows[name].append(node.relevance.sum(1))
            scores.append(score)
            kept.append([model.kept["biases"], model.kept["softmax"]])
            whole = sum(node.relevance.sum() for node in vectors) + sum(kept[-1])
            if abs(whole - score) > 2e-4 * abs(score):
                raise ValueError(f"{case} {row}: {whole} of {score}")
        for name in EMBEDDINGS:
            arrays[f"{case}.{name}"] = np.stack(rows[name])
        arrays[f"{case}.kept"] = np.array(kept)
        arrays[f"{case}.scores"] = np.array(scores)
    np.savez_compressed(OUT / "cases.npz", **arrays)


if __name__ == "__main__":
    main()
