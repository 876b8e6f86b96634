"""docs/detectors/: a page for each failure mode from its detector's docstring and thresholds."""

import dataclasses
import inspect

from otelagent import detectors
from otelagent.detectors.detector import Detector
from otelagent.reference.markdown import code, page, table


def pages() -> dict[str, str]:
    kinds = detectors.builtin()
    found = {f"docs/detectors/{kind.mode}.md": _page(kind) for kind in kinds}
    return {"docs/detectors/README.md": _index(kinds), **found}


def summary(kind: type[Detector]) -> str:
    """The first sentence of its docstring."""
    return inspect.getdoc(kind).partition("\n\n")[0].replace("\n", " ")  # type: ignore[union-attr]


def section(kind: type[Detector], title: str) -> str:
    """What its docstring says under a heading; empty where it has none."""
    text = inspect.getdoc(kind) or ""
    _, found, rest = text.partition(f"## {title}\n")
    return rest.partition("\n## ")[0].strip() if found else ""


def _index(kinds: tuple[type[Detector], ...]) -> str:
    rows = [(f"[`{k.mode}`]({k.mode}.md)", k.layer, k.severity, "" if k.on else "off", summary(k)) for k in kinds]
    return page(
        "Detectors",
        "A failure mode is a file in `otelagent/detectors`. Its name is the metric label `mode`, the key in the "
        "configuration, the page and the runbook.",
        table(("Mode", "Layer", "Severity", "By default", "What it finds"), rows),
    )


def _page(kind: type[Detector]) -> str:
    facts = [
        ("Layer", str(kind.layer)),
        ("Severity", str(kind.severity)),
        ("Causes", ", ".join(code(cause) for cause in kind.causes)),
        ("By default", "on" if kind.on else "off: name it in the configuration"),
    ]
    return page(
        kind.mode,
        table(("", ""), facts),
        (inspect.getdoc(kind) or "").strip(),
        "## The fix that findings name",
        kind.fix,
        "## Thresholds",
        _thresholds(kind),
    )


def _thresholds(kind: type[Detector]) -> str:
    rows = [
        (code(each.name), code(str(each.default)), str(each.metadata.get("help", "")))
        for each in dataclasses.fields(kind)
    ]
    if not rows:
        return "None."
    example = f"Set under `processors.agent_failures.detectors.{kind.mode}`; `{kind.mode}: off` turns the detector off."
    return f"{example}\n\n{table(('Threshold', 'Default', 'What it is'), rows)}"
