"""One file per failure mode. The file's name is the mode: metric label, configuration key, page and alert."""

import dataclasses
import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Final

from otelagent.detectors.detector import Detector

ENTRY_POINTS: Final = "otelagent.detectors"
"""Entry point group of detectors that others bring."""


@cache
def builtin() -> tuple[type[Detector], ...]:
    """The detectors of this package, by mode."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name not in ("detector", "calibration"))
    return tuple(_only_detector(importlib.import_module(f"{__name__}.{name}"), name) for name in names)


def available() -> Mapping[str, type[Detector]]:
    """All detectors by mode, those of entry points too; raises ImportError or TypeError where one can't be loaded."""
    found = {kind.mode: kind for kind in builtin()}
    for entry in entry_points(group=ENTRY_POINTS):
        kind = entry.load()
        if not (isinstance(kind, type) and issubclass(kind, Detector)):
            raise TypeError(f"entry point {entry.name} is no Detector")
        found[kind.mode] = kind
    return found


def build(settings: Mapping[str, Any]) -> tuple[Detector, ...]:
    """Detectors with the thresholds of `settings` (mode to thresholds, or `off`); call `mistakes` first."""
    built = []
    for mode, kind in sorted(available().items()):
        chosen = settings.get(mode)
        if _is_off(chosen) or (chosen is None and not kind.on):
            continue
        built.append(kind(**(chosen if isinstance(chosen, Mapping) else {})))
    return tuple(built)


def mistakes(settings: Mapping[str, Any]) -> list[str]:
    """What is wrong with detector settings, a line each with its path and the nearest valid name."""
    kinds = available()
    return [line for mode, chosen in settings.items() for line in _mistakes(mode, chosen, kinds)]


def _mistakes(mode: str, chosen: Any, kinds: Mapping[str, type[Detector]]) -> Iterator[str]:
    if mode not in kinds:
        yield f"{mode}: no such detector{_hint(mode, kinds)}"
    elif isinstance(chosen, Mapping):
        fields = {f.name: f for f in dataclasses.fields(kinds[mode])}
        for name, value in chosen.items():
            if name not in fields:
                yield f"{mode}.{name}: no such threshold{_hint(name, fields)}"
            elif not _fits(value, fields[name].type):
                yield f"{mode}.{name}: must be {_type_name(fields[name].type)}, not {type(value).__name__}"
    elif not (_is_off(chosen) or chosen in (None, True, "on")):
        yield f"{mode}: must be a mapping of thresholds, on or off"


def _is_off(chosen: Any) -> bool:
    return chosen is False or chosen == "off"


def _fits(value: Any, kind: Any) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return type(value) is kind if isinstance(kind, type) else True


def _type_name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) else str(kind)


def _hint(name: str, valid: Mapping[str, Any]) -> str:
    close = get_close_matches(name, valid, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else f"; there are: {', '.join(sorted(valid))}"


def _only_detector(module: Any, name: str) -> type[Detector]:
    kinds = [
        v
        for v in vars(module).values()
        if isinstance(v, type) and issubclass(v, Detector) and v.__module__ == module.__name__
    ]
    if len(kinds) != 1 or kinds[0].mode != name:
        raise TypeError(f"{module.__name__} must have one Detector with mode '{name}'")
    return kinds[0]
