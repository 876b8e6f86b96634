"""Texts that the classifier never learned from, as they would come from tools: `data/heldout*.toml`."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_DATA = Path(__file__).parent / "data"
HELDOUT = _DATA / "heldout.toml"
SECOND = _DATA / "heldout_second.toml"
THIRD = _DATA / "heldout_third.toml"
FOURTH = _DATA / "heldout_fourth.toml"
SETS = (HELDOUT, SECOND, THIRD, FOURTH)


class Held(NamedTuple):
    text: str
    label: int
    group: str


def texts(path: Path = HELDOUT) -> Iterator[Held]:
    """Every attack in two contexts; benign texts as they are, and the contexts without an attack."""
    data = tomllib.loads(path.read_text("utf-8"))
    contexts = data["contexts"]
    for kind in ("plain", "marked"):
        for language, attacks in data[kind].items():
            for number, attack in enumerate(attacks):
                for step in (0, 5):
                    text = placed(attack, contexts[(number + step) % len(contexts)])
                    yield Held(text, 1, f"{kind}, {'English' if language == 'en' else 'other languages'}")
    for context in contexts:
        yield Held(placed("", context), 0, "clean")
    for kind in ("clean", "mention"):
        for text in data[kind]["texts"]:
            yield Held(text, 0, kind)


def placed(attack: str, context: str) -> str:
    """The attack in the context's gap, escaped where the context is JSON."""
    json_text = context[:1] in "[{" and len(context) > 2
    return context.replace("{}", json.dumps(attack, ensure_ascii=False)[1:-1] if json_text else attack)
