"""What the injection classifier is measured on isn't what it learns from."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from training import heldout, injection

_RUN = 5
TEMPLATES = Path(heldout.__file__).parent / "data" / "templates.toml"


def _lines(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _lines(each)


def _runs(path: Path) -> set[tuple[str, ...]]:
    words = [re.findall(r"\w+", line.lower()) for line in _lines(tomllib.loads(path.read_text("utf-8")))]
    return {tuple(line[at : at + _RUN]) for line in words for at in range(len(line) - _RUN + 1)}


@pytest.mark.parametrize("path", heldout.SETS, ids=lambda path: path.stem)
def test_templates_share_no_run_of_five_words_with_held_out_texts(path: Path) -> None:
    assert not _runs(TEMPLATES) & _runs(path)


def test_a_package_is_either_learned_or_held_out() -> None:
    learned, held = ({text.kind for text in injection.manuals(held=held)} for held in (False, True))
    assert learned
    assert held
    assert not learned & held
