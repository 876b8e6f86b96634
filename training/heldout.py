"""Texts that the classifier never learned from, as they would come from tools: `data/heldout*.toml`."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

_DATA = Path(__file__).parent / "data"
HELDOUT = _DATA / "heldout.toml"
SECOND = _DATA / "heldout_second.toml"
THIRD = _DATA / "heldout_third.toml"
FOURTH = _DATA / "heldout_fourth.toml"
FIFTH = _DATA / "heldout_fifth.toml"
SIXTH = _DATA / "heldout_sixth.toml"
SETS = (HELDOUT, SECOND, THIRD, FOURTH, FIFTH, SIXTH)
BY_LANGUAGE = (FIFTH, SIXTH)


class Held(NamedTuple):
    text: str
    label: int
    group: str


def texts(path: Path = HELDOUT) -> Iterator[Held]:
    """Every attack in two contexts; benign texts as they are, and the contexts without an attack."""
    data = tomllib.loads(path.read_text("utf-8"))
    contexts = data["contexts"]
    for kind in ("plain", "marked"):
        for language, attacks in data.get(kind, {}).items():
            for number, attack in enumerate(attacks):
                for step in (0, 5):
                    text = placed(attack, contexts[(number + step) % len(contexts)])
                    yield Held(text, 1, f"{kind}, {_group(language, path)}")
    for context in contexts:
        yield Held(placed("", context), 0, "clean, contexts" if path in BY_LANGUAGE else "clean")
    for kind in ("clean", "mention"):
        for language, texts in _by_language(data[kind]):
            for text in texts:
                yield Held(text, 0, f"{kind}, {language}" if language else kind)


def _group(language: str, path: Path) -> str:
    """The later sets are measured by language."""
    return language if path in BY_LANGUAGE else "English" if language == "en" else "other languages"


def _by_language(table: dict[str, Any]) -> list[tuple[str, list[str]]]:
    """A set's benign texts of a kind, which some sets keep by language."""
    return [("", table["texts"])] if "texts" in table else [(name, each["texts"]) for name, each in table.items()]


def placed(attack: str, context: str) -> str:
    """The attack in the context's gap, escaped where the context is JSON."""
    json_text = context[:1] in "[{" and len(context) > 2
    return context.replace("{}", json.dumps(attack, ensure_ascii=False)[1:-1] if json_text else attack)
