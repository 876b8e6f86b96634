"""What `otelagent inspect --coverage` shows on the terminal."""

from collections.abc import Iterator

from rich.text import Text

from otelagent.diagnosis.emitters import JUDGED, NO_OCCASION, NOT_JUDGED, PARTLY, Coverage, Emitter, Verdict
from otelagent.diagnosis.shown import number_of, printable

TITLES = {JUDGED: "judged", PARTLY: "judged in part", NOT_JUDGED: "not judged", NO_OCCASION: "nothing to judge"}


def lines(coverage: Coverage) -> Iterator[Text]:
    """A paragraph for each emitter. Names come from spans: unstyled, without control characters."""
    if not coverage.emitters:
        yield Text("no spans")
    for emitter in coverage.emitters.values():
        yield Text(_head(emitter), style="bold")
        if emitter.recognised:
            yield from _verdicts([emitter.verdict(d) for d in coverage.detectors])
        for lack, count in emitter.lacks.items():
            setting = f"; to have it: {lack.setting}" if lack.setting else ""
            yield Text(f"  missing: content of {number_of(count, f'{lack.kind} step')} ({lack.reason}){setting}")
        if emitter.missed:
            yield Text(
                "  spans that look like an agent's are not understood: please send a recording to the maintainers"
            )


def _head(emitter: Emitter) -> str:
    name = printable(" ".join(part for part in (emitter.scope, emitter.version) if part)) or "(no scope)"
    if emitter.share is None:
        return f"{name}: {number_of(emitter.spans, 'span')}, none of an agent"
    dialects = ", ".join(name for name, _ in emitter.dialects.most_common()) or "no dialect"
    return f"{name} ({dialects}): {number_of(emitter.spans, 'span')}, {emitter.share:.0%} recognised"


def _verdicts(verdicts: list[Verdict]) -> Iterator[Text]:
    for state, title in TITLES.items():
        own = [v for v in verdicts if v.state == state]
        for lacks in dict.fromkeys(v.lacks for v in own):
            modes = ", ".join(v.mode for v in own if v.lacks == lacks)
            without = f" for lack of {' and '.join(lacks)}" if lacks else ""
            yield Text(f"  {title}{without}: {modes}")
