"""How many input tokens a model takes. The table is data, dated; an unknown model has no utilisation.

The rules of normalisation and the table are from the published lists of genai-prices and LiteLLM.
"""

import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Final

import re2

_REGION: Final = re2.compile(r"^(?:us|eu|apac|jp|au|global)\.")
_VENDOR: Final = re2.compile(r"^(?:anthropic|amazon|meta|mistral|cohere)\.")
MAX_MODELS: Final = 1024
"""Names of models that are remembered; anyone may send any."""

_SUFFIX: Final = re2.compile(r"(?:-v\d+:\d+|@\d{8}|:free|:beta|:thinking|-20\d{6}|-20\d\d-\d\d-\d\d)$")
_NEXT: Final = "-:@["
_LONG: Final = "[1m]"


@cache
def _table() -> Mapping[str, int]:
    raw = files("otelagent").joinpath("context_windows.toml").read_text("utf-8")
    windows: dict[str, int] = tomllib.loads(raw)["windows"]
    return windows


@lru_cache(MAX_MODELS)
def limit(model: str, overrides: tuple[tuple[str, int], ...] = ()) -> int | None:
    """Input tokens that fit, None for an unknown model. `overrides`: prefix and limit, before the table."""
    name = _normal(model[:200])
    if name.endswith(_LONG):
        return 1_000_000
    return _longest(name, dict(overrides)) or _longest(name, _table())


def _longest(name: str, table: Mapping[str, int]) -> int | None:
    fits = [p for p in table if name.startswith(p) and (len(name) == len(p) or name[len(p)] in _NEXT)]
    return table[max(fits, key=len)] if fits else None


def _normal(model: str) -> str:
    name = model.lower().rpartition("/")[2]
    if name.startswith("ft:"):
        name = name.split(":")[1]
    name = _VENDOR.sub("", _REGION.sub("", name))
    while (shorter := _SUFFIX.sub("", name)) != name:
        name = shorter
    return str(name)
