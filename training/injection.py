"""Trains the injection classifier and writes `otelagent/reading/injection.model`: `python training/injection.py`.

Needs the `training` dependency group. Sentences are learned, texts are labelled: in an attack text only the sentences
that the last round took for the instruction are positive (multiple-instance learning), in a benign text all are negative.
"""

import argparse
import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from scipy.sparse import csr_matrix
from sklearn.linear_model import LogisticRegression

from otelagent.reading import injection, injection_text
from training import made

HERE = Path(__file__).parent
MODEL = HERE.parent / "otelagent" / "reading" / "injection.model"
DECAY = [0.35, 0.2]
ROUNDS = 3
LEAST = 3
"""Texts that a feature has to occur in."""


class Text(NamedTuple):
    text: str
    label: int
    source: str
    kind: str
    spans: tuple[str, ...] = ()
    """What was embedded into a benign text, where that is known."""


class Read(NamedTuple):
    text: Text
    sentences: list[frozenset[bytes]]
    positive: list[bool]
    """Sentences of an attack that may be the instruction."""


def corpus() -> list[Text]:
    """The public corpora, with their controls as what they are."""
    with gzip.open(HERE / "data" / "injection.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    known = {line.strip() for row in rows if row["source"] == "bipia" and not row["label"] for line in row["text"].split("\n")}
    texts = []
    for row in rows:
        spans: tuple[str, ...] = ()
        if row["source"] == "bipia" and row["label"]:
            spans = tuple(line.strip() for line in row["text"].split("\n") if line.strip() and line.strip() not in known)
        label = 0 if row["source"] == "aib" and row["split"] == "control" else row["label"]
        source = row["source"] if row["source"] != "benign_hard" else row["split"]
        texts.append(Text(row["text"], label, source, row["split"], spans))
    return texts


def read(text: Text) -> Read:
    unwrapped = injection_text.unwrap(text.text)
    found = list(injection.candidates(unwrapped.texts, unwrapped.notes))
    planted = {b" ".join(words) for span in text.spans for words in injection_text.sentences(span)}
    positive = [bool(text.label) and (not planted or b" ".join(sentence.words) in planted) for sentence, _ in found]
    if text.label and not any(positive):
        positive = [True] * len(found)
    return Read(text, [frozenset(keys) for _, keys in found], positive)


class Trained(NamedTuple):
    weights: dict[bytes, float]
    bias: float

    def logits(self, one: Read) -> list[float]:
        return [self.bias + sum(self.weights.get(key, 0.0) for key in keys) for keys in one.sentences]

    def total(self, one: Read) -> float:
        values = sorted(self.logits(one), reverse=True)[:3]
        return injection.combined(values, DECAY) if values else -20.0


def train(reads: Sequence[Read], strength: float = 0.3) -> Trained:
    """Rounds of logistic regression; after the first, the instruction is what scored best in its text."""
    vocabulary = _vocabulary(reads)
    chosen = [[place for place, may in enumerate(one.positive) if may] for one in reads]
    model = Trained({}, 0.0)
    for _ in range(ROUNDS):
        model = _fit(reads, chosen, vocabulary, strength)
        chosen = [_chosen(one, model) if one.text.label else [] for one in reads]
    return model


def _chosen(one: Read, model: Trained) -> list[int]:
    values = model.logits(one)
    ranked = sorted((place for place, may in enumerate(one.positive) if may), key=lambda place: -values[place])
    return ranked[:1] + [place for place in ranked[1:4] if values[place] > 0]


def _vocabulary(reads: Iterable[Read]) -> dict[bytes, int]:
    seen: dict[bytes, set[int]] = defaultdict(set)
    for number, one in enumerate(reads):
        for keys in set(one.sentences):
            for key in keys:
                if len(seen[key]) < LEAST:
                    seen[key].add(number)
    return {key: number for number, key in enumerate(sorted(key for key, texts in seen.items() if len(texts) >= LEAST))}


def _fit(reads: Sequence[Read], chosen: Sequence[Sequence[int]], vocabulary: dict[bytes, int], strength: float) -> Trained:
    rows: dict[tuple[frozenset[bytes], int], float] = defaultdict(float)
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for one in reads:
        counts[one.text.source, one.text.label] += 1
    for one, picked in zip(reads, chosen, strict=True):
        weight = _share(counts[one.text.source, one.text.label])
        if one.text.label:
            for place in picked:
                rows[one.sentences[place], 1] += weight / len(picked)
        else:
            for keys in set(one.sentences):
                rows[keys, 0] += weight
    columns, pointers, labels, weights = [], [0], [], []
    for (keys, label), weight in rows.items():
        columns.extend(sorted(vocabulary[key] for key in keys if key in vocabulary))
        pointers.append(len(columns))
        labels.append(label)
        weights.append(min(weight, 20.0))
    matrix = csr_matrix((np.ones(len(columns)), columns, pointers), shape=(len(labels), len(vocabulary)))
    fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=300, random_state=0)
    fitted.fit(matrix, labels, sample_weight=np.array(weights))
    found = dict(zip(vocabulary, fitted.coef_[0], strict=True))
    return Trained({key: float(value) for key, value in found.items() if abs(value) > 0.02}, float(fitted.intercept_[0]))


def _share(texts: int) -> float:
    """A large source counts for more than a small one, but not by its size."""
    return (400 / max(texts, 40)) ** 0.5


def write(model: Trained, slope: float, offset: float, threshold: float) -> None:
    largest = max(map(abs, model.weights.values()))
    scale = largest / 127
    weights = {key.decode("utf-8", "replace"): round(value / scale) for key, value in model.weights.items()}
    shipped = injection.Model(
        version=1, bias=round(model.bias, 4), scale=scale, decay=DECAY, slope=slope, offset=offset, threshold=threshold,
        weights={key: value for key, value in sorted(weights.items()) if value},
    )
    MODEL.write_bytes(msgspec.json.format(msgspec.json.encode(shipped), indent=0))
