"""Instructions aimed at a model in text that it was given as data: a small linear classifier with structure rules.

A text scores as its worst sentences do, so more text around an instruction doesn't hide it. Weights, calibration and
operating point are in `injection.model`, written by `training/injection.py`; docs/injection-classifier.md is its card.
"""

import math
from collections.abc import Sequence, Set
from functools import cache
from importlib.resources import files
from itertools import repeat
from typing import Final, NamedTuple

import msgspec

from otelagent.reading import injection_features as features
from otelagent.reading import injection_text
from otelagent.reading.injection_features import Sentence
from otelagent.reading.injection_names import demanded_in, fold, name_key, names_in, overlap, shingles, targets_in
from otelagent.reading.injection_places import BARE

__all__ = ["Injection", "name_key", "names_in", "overlap", "score", "shingles", "targets_in"]

OUT_OF_PLACE: Final = 0.5
"""A command among data needs that much less to be taken for an attack."""
_NOTHING: Final = repeat(0.0)
_WORST: Final = 3
_TELLING: Final = 16


class Injection(NamedTuple):
    """How much a text reads as instructions to a model. `demanded` is captured content: it never leaves the process."""

    score: float
    """Calibrated, 0 to 1."""
    flagged: bool
    """At or above the shipped operating point."""
    structural: tuple[str, ...] = ()
    """Names of the structure rules that matched."""
    imperatives: bool = False
    """A sentence tells its reader to do something."""
    demanded: tuple[str, ...] = ()
    """Addresses, hosts, tool-like names and quoted phrases of the instructing sentences, lower case, bounded."""
    told: str = ""
    """Letters and digits of its imperative sentences, bounded; captured content too."""
    capped: bool = False
    """The text was too long to be read whole."""


class Model(msgspec.Struct, frozen=True):
    """The shipped weights: each in steps of `scale`."""

    version: int
    bias: float
    scale: float
    decay: list[float]
    slope: float
    offset: float
    threshold: float
    weights: dict[str, int]


class Scored(NamedTuple):
    logit: float
    sentence: Sentence
    keys: set[bytes]


@cache
def _model() -> tuple[Model, dict[bytes, float]]:
    raw = (files("otelagent.reading") / "injection.model").read_bytes()
    model = msgspec.json.decode(raw, type=Model)
    return model, {
        key.encode(): weight * model.scale * features.value(key.encode()) for key, weight in model.weights.items()
    }


def score(text: str) -> Injection:
    """Reads a text that a source returned."""
    read = injection_text.unwrap(text)
    model, weights = _model()
    base = model.bias + sum([weights.get(b"!" + note.encode(), 0.0) for note in read.notes])
    scored = [
        Scored(base + sum(map(weights.get, keys, _NOTHING)), sentence, keys)
        for sentence, keys in features.candidates(read.text)
    ]
    if not scored:
        return Injection(0.0, False, capped=read.capped)
    scored.sort(key=_logit, reverse=True)
    worst = scored[:_WORST]
    likelihood = probability(combined([each.logit for each in worst], model.decay) + leaning(worst[0].keys), model)
    telling = [each for each in scored if b"^imperative" in each.keys]
    notes = read.notes + ("encoded",) * any(b"!decoded" in each.keys for each in worst)
    return Injection(
        round(likelihood, 4),
        likelihood >= model.threshold,
        structure(worst, notes),
        bool(telling),
        demanded_in([each.sentence.words for each in worst if each.logit > 0 or b"^imperative" in each.keys]),
        "\n".join([fold(b" ".join(each.sentence.words).decode("utf-8", "replace")) for each in telling[:_TELLING]]),
        read.capped,
    )


def _logit(scored: Scored) -> float:
    return scored.logit


def leaning(keys: Set[bytes]) -> float:
    """What is added where the worst sentence is a command and stands in a plain record or text: nothing around it is a
    manual's, a mail's, code or about security, all of which have commands of their own."""
    return OUT_OF_PLACE if BARE in keys and b"^imperative" in keys else 0.0


def combined(worst: Sequence[float], decay: Sequence[float]) -> float:
    """One number of a text's worst sentences, worst first; further sentences can only raise it."""
    return worst[0] + sum([weight * max(0.0, value + 2.0) for weight, value in zip(decay, worst[1:], strict=False)])


def probability(total: float, model: Model) -> float:
    exponent = model.slope * total + model.offset
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, exponent))))


def structure(worst: Sequence[Scored], notes: Sequence[str]) -> tuple[str, ...]:
    """Rules that match in the text's worst sentences, and what had to be undone to read them."""
    telling = [each for each in worst if each.logit > 0]
    found = sorted({name for each in telling for name in features.rules_in(each.keys)})
    return (*found, *notes) if telling else ()
