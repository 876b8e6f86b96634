"""Trains the injection classifier: `python -m training.injection` writes the model, its probe set and its scores; with
`--check` it writes nothing and says whether training again decides the probe set as the shipped model does.

Needs the `training` dependency group. Sentences are learned, texts are labelled: in an attack text only the sentences
that the last round took for the instruction are positive (multiple-instance learning), in a benign text all negative.
"""

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from scipy.sparse import csr_matrix

from otelagent.reading import injection, injection_features, injection_keys, injection_text
from otelagent.reading.injection_keys import Key
from training import heldout, made

HERE = Path(__file__).parent
MODEL = HERE.parent / "otelagent" / "reading" / "injection.model"
PROBE = HERE / "data" / "probe.jsonl"
CARD = HERE.parent / "docs" / "injection-classifier.md"
OPERATING_POINT = 0.75
"""Total at which a text is flagged; the card says why."""
STRENGTH = 0.4
DECAY = [0.3, 0.15]
ROUNDS = 3
MARKED = 2.6
"""What a marked attack counts: missing one is worse than missing a plain request."""
WRITTEN = ("readme", "man", "ui")
MANUALS = 1.6
"""What they count: made of commands, and read by agents often."""
_TELLTALE = frozenset(map(injection_keys.key, ("~quoted", "~topic", "TOPIC", "QUOTING")))
"""Without one of these a quoted attack reads as an attack, and there is nothing to learn from it."""
_NEVER_HARMLESS = frozenset(
    (b"b:SYSTEMTAG", b"b:ROLETAG", b"b:COMMENTTAG", b"p:SYSTEMTAG", b"p:ROLETAG", b"p:IGNORE", b"p:MODEL")
)
"""What stands before an attack's order. That documents about models have it too must not excuse the order."""
_SOLID = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_NO_SENTENCE = injection_features.Sentence([], [])
LEAST = 3
"""Texts that a feature has to occur in."""


class Text(NamedTuple):
    text: str
    label: int
    source: str
    kind: str
    spans: tuple[str, ...] = ()
    """What was embedded into a benign text, where that is known."""


class Seen(NamedTuple):
    """A sentence with all its features."""

    keys: frozenset[Key]
    own: frozenset[Key]
    """Of its words."""


class Read(NamedTuple):
    text: Text
    sentences: list[Seen]
    positive: list[bool]
    """Sentences of an attack that may be the instruction."""


def corpus() -> list[Text]:
    """The public corpora, with their controls as what they are."""
    with gzip.open(HERE / "data" / "injection.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    known = {
        line.strip()
        for row in rows
        if row["source"] == "bipia" and not row["label"]
        for line in row["text"].split("\n")
    }
    texts = []
    for row in rows:
        spans: tuple[str, ...] = ()
        if row["source"] == "bipia" and row["label"]:
            spans = tuple(
                line.strip() for line in row["text"].split("\n") if line.strip() and line.strip() not in known
            )
        label = 0 if row["source"] == "aib" and row["split"] == "control" else row["label"]
        source = row["source"] if row["source"] != "benign_hard" else row["split"]
        texts.append(Text(row["text"], label, source, row["split"], spans))
    return texts


def manuals(*, held: bool = False) -> list[Text]:
    """Stretches of READMEs and man pages, and messages of programs in seven languages (`ui`), each with its package and
    licence; `held`: of packages, or parts of them, not learned from."""
    with gzip.open(HERE / "data" / "manuals.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [Text(row["text"], 0, _group(row), row["package"]) for row in rows if row["held"] == held]


def _group(row: dict[str, str]) -> str:
    return f"{row['source']}, {row['language']}" if row["held"] and "language" in row else row["source"]


def read(text: Text) -> Read:
    unwrapped = injection_text.unwrap(text.text)
    notes = {b"!" + note.encode() for note in unwrapped.notes}
    found = [
        (each, _learned(each.words | each.order | each.around()) | notes)
        for each in injection_features.candidates(unwrapped.text)
    ]
    if text.kind == "made_mention":
        found = [(each, keys) for each, keys in found if not _TELLTALE.isdisjoint(keys)]
    planted = [_joined(injection_text.ascii_of(injection_text.unwrap(span).text)) for span in text.spans]
    joined = [_joined(b" ".join(each.sentence.words)) for each, _ in found]
    positive = [bool(text.label) and (not planted or any(each in part for part in planted)) for each in joined]
    if planted and not any(positive):
        positive = [bool(text.label)] * len(found)
    return Read(
        text,
        [Seen(frozenset(keys), frozenset(_learned(each.words | each.order) | notes)) for each, keys in found],
        positive,
    )


def _learned(keys: Iterable[Key]) -> set[Key]:
    return {key for key in map(injection_keys.learned_as, keys) if key is not None}


def _joined(raw: bytes) -> bytes:
    """Letters and digits only, to find a sentence again whatever stands between them."""
    return bytes(filter(_SOLID.__contains__, raw.lower()))


class Trained(NamedTuple):
    weights: dict[Key, float]
    bias: float

    def weigh(self, keys: Iterable[Key]) -> float:
        return self.bias + sum(self.weights.get(key, 0.0) for key in keys)

    def logits(self, one: Read) -> list[float]:
        return [self.weigh(each.keys) for each in one.sentences]

    def total(self, one: Read) -> float:
        scored = [
            injection.Scored(self.weigh(keys), _NO_SENTENCE, keys, injection_features.IMPERATIVE in own)
            for keys, own in one.sentences
            if self.weigh(own) > injection.HOPELESS
        ]
        scored.sort(key=lambda each: each.logit, reverse=True)
        return injection.total(scored[:3], DECAY) if scored else -20.0


def train(reads: Sequence[Read], strength: float = STRENGTH) -> Trained:
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


def _vocabulary(reads: Iterable[Read]) -> dict[Key, int]:
    seen: dict[Key, set[int]] = defaultdict(set)
    for number, one in enumerate(reads):
        for keys in {each.keys for each in one.sentences}:
            for key in keys:
                if len(seen[key]) < LEAST:
                    seen[key].add(number)
    return {
        key: number
        for number, key in enumerate(
            sorted([k for k, texts in seen.items() if len(texts) >= LEAST], key=injection_keys.name)
        )
    }


def _fit(
    reads: Sequence[Read], chosen: Sequence[Sequence[int]], vocabulary: dict[Key, int], strength: float
) -> Trained:
    rows: dict[tuple[frozenset[Key], int], float] = defaultdict(float)
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for one in reads:
        counts[one.text.source, one.text.label] += 1
    for one, picked in zip(reads, chosen, strict=True):
        if one.text.label and not picked:
            continue
        weight = _share(counts[one.text.source, one.text.label])
        if one.text.source in WRITTEN:
            weight *= MANUALS
        if one.text.source.startswith("made_marked"):
            weight *= MARKED
        if one.text.label:
            for place in picked:
                rows[one.sentences[place].keys, 1] += weight / len(picked)
        else:
            for keys in {each.keys for each in one.sentences}:
                rows[keys, 0] += weight
    columns: list[int] = []
    values: list[float] = []
    pointers, labels, weights = [0], [], []
    for (keys, label), weight in rows.items():
        known = sorted((key for key in keys if key in vocabulary), key=vocabulary.__getitem__)
        columns.extend(vocabulary[key] for key in known)
        values.extend(injection_keys.value(key) for key in known)
        pointers.append(len(columns))
        labels.append(label)
        weights.append(min(weight, 20.0))
    from sklearn.linear_model import LogisticRegression  # only training needs it

    matrix = csr_matrix((values, columns, pointers), shape=(len(labels), len(vocabulary)))
    fitted = LogisticRegression(C=strength, solver="liblinear", max_iter=300, random_state=0)
    fitted.fit(matrix, labels, sample_weight=np.array(weights))
    found = dict(zip(vocabulary, fitted.coef_[0], strict=True))
    return Trained(
        {
            key: float(value) * injection_keys.value(key)
            for key, value in found.items()
            if abs(value) > 0.1 and (value > 0 or key not in _NEVER_HARMLESS)
        },
        float(fitted.intercept_[0]),
    )


def _share(texts: int) -> float:
    """A large source counts for more than a small one, but not by its size."""
    return (400 / max(texts, 40)) ** 0.5


def generated(texts: Sequence[Text]) -> list[Text]:
    """Texts from templates, attacks embedded in benign texts of the corpora."""
    unfit = ("security_docs", "bastioncorpus")
    contexts = [text.text for text in texts if not text.label and text.source not in unfit]
    return [
        Text(each.text, each.label, each.kind, each.kind, (each.span,) * bool(each.span))
        for each in made.texts(contexts)
    ]


def left_out(reads: Sequence[Read], more: Sequence[Read]) -> dict[tuple[str, int], list[float]]:
    """Totals of each source's texts by a model that has seen no text of that source."""
    totals: dict[tuple[str, int], list[float]] = defaultdict(list)
    for source in sorted({one.text.source for one in reads}):
        model = train([one for one in reads if one.text.source != source] + list(more))
        for one in reads:
            if one.text.source == source:
                totals[source, one.text.label].append(model.total(one))
    return totals


def held_out(model: Trained, path: Path) -> dict[tuple[str, int], list[float]]:
    """Totals of the texts that no model has seen, by group."""
    totals: dict[tuple[str, int], list[float]] = defaultdict(list)
    for held in heldout.texts(path):
        totals[held.group, held.label].append(model.total(read(Text(held.text, held.label, held.group, ""))))
    return totals


def held_manuals(model: Trained) -> dict[tuple[str, int], list[float]]:
    """Totals of the manuals whose packages no model has seen."""
    totals: dict[tuple[str, int], list[float]] = defaultdict(list)
    for manual in manuals(held=True):
        totals[manual.source, 0].append(model.total(read(manual)))
    return totals


def calibrated(totals: dict[tuple[str, int], list[float]]) -> tuple[float, float]:
    """Slope and offset from a total to a probability: attacks and benign texts count the same, and so do the sources
    of each. Of manuals those of packages that weren't learned: a model without any says little about the shipped."""
    sources = Counter(label for _, label in totals)
    rows = [
        (max(-4.0, total), label, 1 / len(values) / sources[label])
        for (_, label), values in totals.items()
        for total in values
    ]
    from sklearn.linear_model import LogisticRegression  # only training needs it

    column, labels, weights = (np.array(each) for each in zip(*rows, strict=True))
    fitted = LogisticRegression(C=1e6).fit(column.reshape(-1, 1), labels, sample_weight=weights / weights.mean())
    return round(float(fitted.coef_[0][0]), 4), round(float(fitted.intercept_[0]), 4)


def shipped(model: Trained, slope: float, offset: float) -> injection.Model:
    scale = max(abs(weight) / injection_keys.value(key) for key, weight in model.weights.items()) / 127
    weights = {
        injection_keys.name(key): round(weight / injection_keys.value(key) / scale)
        for key, weight in model.weights.items()
    }
    threshold = 1 / (1 + np.exp(-(slope * OPERATING_POINT + offset)))
    return injection.Model(
        version=1,
        bias=round(model.bias, 4),
        scale=scale,
        decay=DECAY,
        slope=slope,
        offset=offset,
        threshold=round(float(threshold), 4),
        weights={key: weight for key, weight in sorted(weights.items()) if weight},
    )


# --- what is written ----------------------------------------------------------------------------------------------


def probe(reads: Sequence[Read], model: Trained, size: int = 240) -> list[dict[str, object]]:
    """Texts whose decision is clear enough to be the same on another machine."""
    rng = random.Random(5)
    chosen = [one for one in rng.sample(list(reads), k=len(reads)) if len(one.text.text) < 1500]
    clear = [(one, model.total(read(one.text._replace(kind="")))) for one in chosen[: size * 3]]
    rows = [(one, total) for one, total in clear if abs(total - OPERATING_POINT) > 0.4][:size]
    return [
        {"text": one.text.text, "source": one.text.source, "flagged": total > OPERATING_POINT} for one, total in rows
    ]


def table(totals: dict[tuple[str, int], list[float]]) -> str:
    points = (-1.0, -0.5, 0.0, 0.25, 0.5, OPERATING_POINT, 1.0, 1.5)
    lines = [
        "| source | texts | "
        + " | ".join(f"{each:g}" for each in points)
        + f" | 95 % interval at {OPERATING_POINT:g} |"
    ]
    lines.append("| --- " * (len(points) + 3) + "|")
    for label, title in ((1, "attacks flagged"), (0, "benign texts flagged")):
        lines.append(f"| **{title}, %** | " + "| " * (len(points) + 1) + "|")
        for (source, _), values in sorted((key, values) for key, values in totals.items() if key[1] == label):
            shares = " | ".join(f"{100 * sum(value > point for value in values) / len(values):.1f}" for point in points)
            low, high = interval(sum(value > OPERATING_POINT for value in values), len(values))
            lines.append(f"| {source} | {len(values)} | {shares} | {low:.1f} to {high:.1f} |")
    return "\n".join(lines)


def interval(hits: int, size: int) -> tuple[float, float]:
    """Wilson's 95 % interval, in percent."""
    z, share = 1.96, hits / size
    middle = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z * ((share * (1 - share) + z * z / (4 * size)) / size) ** 0.5 / (1 + z * z / size)
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def reliability(totals: dict[tuple[str, int], list[float]], slope: float, offset: float) -> str:
    rows = [
        (1 / (1 + np.exp(-(slope * total + offset))), label)
        for (_, label), values in totals.items()
        for total in values
    ]
    lines = ["| score | texts | of them attacks, % |", "| --- | --- | --- |"]
    for low in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        inside = [label for score, label in rows if low <= score < low + 0.1 + (low == 0.9)]
        if inside:
            lines.append(f"| {low:.1f} to {low + 0.1:.1f} | {len(inside)} | {100 * sum(inside) / len(inside):.0f} |")
    return "\n".join(lines)


def put(card: str, name: str, content: str) -> str:
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    before, rest = card.split(begin, 1)
    return before + begin + "\n" + content + "\n" + end + rest.split(end, 1)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only compare with the shipped model on the probe set")
    check = parser.parse_args().check
    texts = corpus() + manuals()
    reads, more = [read(text) for text in texts], [read(text) for text in generated(texts)]
    model = train(reads + more)
    if check:
        rows = [json.loads(line) for line in PROBE.read_text("utf-8").splitlines()]
        wrong = sum(
            (model.total(read(Text(row["text"], 0, "", ""))) > OPERATING_POINT) != row["flagged"] for row in rows
        )
        print(f"{wrong} of {len(rows)} decisions differ")
        return int(wrong > 0)
    totals = left_out(reads, more)
    manuals_of_others = held_manuals(model)
    likely = {key: each for key, each in totals.items() if key[0] not in WRITTEN} | manuals_of_others
    slope, offset = calibrated(likely)
    MODEL.write_bytes(msgspec.json.format(msgspec.json.encode(shipped(model, slope, offset)), indent=0) + b"\n")
    PROBE.write_text("".join(json.dumps(row) + "\n" for row in probe(reads + more, model)), "utf-8")
    card = put(CARD.read_text("utf-8"), "scores", table(totals))
    card = put(card, "held-out", table(held_out(model, heldout.HELDOUT) | manuals_of_others))
    card = put(card, "second", table(held_out(model, heldout.SECOND)))
    card = put(card, "third", table(held_out(model, heldout.THIRD)))
    card = put(card, "fourth", table(held_out(model, heldout.FOURTH)))
    card = put(card, "fifth", table(held_out(model, heldout.FIFTH)))
    card = put(card, "sixth", table(held_out(model, heldout.SIXTH)))
    CARD.write_text(put(card, "reliability", reliability(likely, slope, offset)), "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
