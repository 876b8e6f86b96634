"""Scenarios in seven languages: short runs with the mode that they show, or that they only resemble.

A scenario is a script of `tests/builders.py` in a shorter form: in `steps` a list is a call (tool, arguments, result),
a string is said, a mapping is a step as it is there. `fill: n` puts n read notes and a filled context window before
them, `tokens` the input tokens of each turn of the model. `fires` names the mode; `quiet` the mode that it is a near
miss of, or that it is `plain`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent

WINDOW = 128_000
"""Tokens of the context window of the scripts' model."""


def scenarios() -> Iterator[dict[str, Any]]:
    """All scenarios, each with its `language` (of its file, if it names none) and its `script` for the builders."""
    for path in sorted(HERE.glob("*.yaml")):
        for entry in yaml.safe_load(path.read_text()):
            yield {"language": path.stem, **entry, "script": script(entry)}


def expected(scenario: dict[str, Any]) -> list[str]:
    """The modes that a scenario shows."""
    return [scenario["fires"]] if "fires" in scenario else []


def script(entry: dict[str, Any]) -> dict[str, Any]:
    """A scenario as the builders take it."""
    fill = entry.get("fill", 0)
    steps = [_note(n) for n in range(fill)] + [_step(step) for step in entry["steps"]]
    made = {"steps": steps, **{key: entry[key] for key in ("system", "user") if key in entry}}
    if fill or "tokens" in entry:
        made["tokens"] = entry.get("tokens", [int(WINDOW * 0.9 * (n + 1) / (fill + 1)) for n in range(len(steps))])
    return made


def _note(n: int) -> dict[str, Any]:
    result = {"id": f"n-{n}", "text": f"Site {n} reported stable output."}
    return {"tool": "read_note", "arguments": {"id": f"n-{n}"}, "result": result}


def _step(step: Any) -> dict[str, Any]:
    if isinstance(step, str):
        return {"say": step}
    if isinstance(step, list):
        tool, arguments, result = step
        return {"tool": tool, "arguments": arguments, "result": result}
    return dict(step)
