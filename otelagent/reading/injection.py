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
from otelagent.reading import injection_text, lexicon
from otelagent.reading.injection_features import DECODED, IMPERATIVE, Sentence
from otelagent.reading.injection_keys import Key, key, read_as, rules_in, value
from otelagent.reading.injection_names import (
    addressed,
    demanded_in,
    fold,
    name_key,
    names_in,
    overlap,
    quoted_in,
    shingles,
    targets_in,
    tools_in,
)
from otelagent.reading.injection_places import BARE
from otelagent.reading.injection_words import NUMBER, classes_of

__all__ = ["Injection", "addressed", "name_key", "names_in", "overlap", "score", "shingles", "targets_in", "tools_in"]

OUT_OF_PLACE: Final = 0.5
"""A command among data needs that much less to be taken for an attack."""
_SIGNS: Final = bytes(sign for sign in range(128) if not chr(sign).isalnum())
HOPELESS: Final = -3.0
"""A sentence whose own words score below isn't looked around; see the card for what that loses."""
_SAID: Final = classes_of("say response")
_ONLY: Final = NUMBER["must"]
_INSTEAD: Final = NUMBER["step"]
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
    """Addresses, hosts, tool-like names and quoted phrases of the instructing sentences, lower case, bounded. Of a text
    that isn't flagged those of commands to say this and nothing else."""
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
    around: Set[Key]
    commands: bool


@cache
def _model() -> tuple[Model, dict[Key, float]]:
    raw = (files("otelagent.reading") / "injection.model").read_bytes()
    model = msgspec.json.decode(raw, type=Model)
    keys = {key(name): weight for name, weight in model.weights.items()}
    return model, {each: weight * model.scale * value(key) for key, weight in keys.items() for each in read_as(key)}


def score(text: str) -> Injection:
    """Reads a text that a source returned."""
    read = injection_text.unwrap(text)
    scored, told = _sentences(read)
    if not scored:
        return Injection(0.0, False, imperatives=bool(told), told="\n".join(told), capped=read.capped)
    model, _ = _model()
    scored.sort(key=_logit, reverse=True)
    worst = scored[:_WORST]
    likelihood = probability(total(worst, model.decay), model)
    flagged = likelihood >= model.threshold
    said = [each for each in worst if (each.logit > 0 or each.commands if flagged else _says_only(each))]
    return Injection(
        round(likelihood, 4),
        flagged,
        structure([each for each in worst if each.logit > 0], read.notes),
        bool(told),
        _demanded([each.sentence for each in said]),
        "\n".join(told),
        read.capped,
    )


def _sentences(read: injection_text.Unwrapped) -> tuple[list[Scored], list[str]]:
    """Those that could instruct, and what commands say."""
    model, weights = _model()
    base = model.bias + sum([weights.get(b"!" + note.encode(), 0.0) for note in read.notes])
    scored: list[Scored] = []
    told: list[str] = []
    for sentence, words, order, look_around in features.candidates(read.text):
        commands = IMPERATIVE in order
        if (commands or features.asks(sentence)) and len(told) < _TELLING:
            told.append(_folded(sentence.words))
        logit = base + sum(map(weights.get, words, _NOTHING)) + sum(map(weights.get, order, _NOTHING))
        if logit > HOPELESS:
            around = look_around()
            scored.append(Scored(logit + sum(map(weights.get, around, _NOTHING)), sentence, around, commands))
    return scored, told


def _folded(words: Sequence[bytes]) -> str:
    """As `fold`, of what is in lower case already."""
    joined = b"".join(words)
    return joined.translate(None, _SIGNS).decode() if joined.isascii() else fold(joined.decode("utf-8", "replace"))


def _demanded(said: Sequence[Sentence]) -> tuple[str, ...]:
    spaced = [each.words for each in said if not each.line]
    return (*demanded_in(spaced), *[phrase for each in said for phrase in quoted_in(each.line)])


def _says_only(scored: Scored) -> bool:
    """Whether it is a command to say this and nothing else, or this instead of something."""
    _, classes, _, line = scored.sentence
    only = _ONLY in classes or classes[0] == _INSTEAD or any(word in line for word in _only_unspaced())
    return scored.commands and not _SAID.isdisjoint(classes) and only


@cache
def _only_unspaced() -> list[str]:
    return [word for language in ("zh", "ja") for word in lexicon.words("injection", language)["only"]]


def _logit(scored: Scored) -> float:
    return scored.logit


def total(worst: Sequence[Scored], decay: Sequence[float]) -> float:
    """One number of a text's worst sentences, worst first; further sentences can only raise it. More where the worst is
    a command in a plain record or text: nothing around it is a manual's, a mail's, code or about security, all of which
    have commands of their own."""
    out_of_place = OUT_OF_PLACE if worst[0].commands and BARE in worst[0].around else 0.0
    rest = zip(decay, worst[1:], strict=False)
    return worst[0].logit + sum([weight * max(0.0, each.logit + 2.0) for weight, each in rest]) + out_of_place


def probability(total: float, model: Model) -> float:
    exponent = model.slope * total + model.offset
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, exponent))))


def structure(telling: Sequence[Scored], notes: tuple[str, ...]) -> tuple[str, ...]:
    """Rules that match in the text's worst sentences, and what had to be undone to read them."""
    if not telling:
        return ()
    found = sorted({name for each in telling for name in rules_in(each.around)})
    return (*found, *notes, *("encoded",) * any(DECODED in each.around for each in telling))
