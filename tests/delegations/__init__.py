"""Delegations as runs of a parent and a child, to be played in every way in which emitters show them.

`runs.json`, a case each: what the child is given to do (`task`), does (`steps`, of `tests/builders.py`) and says, how
it ended (`finish`), what its parent says last, and whether part of the work is left (`found`) with its `counts` and the
names of what is `missing`. `evidence` is what shows it: reported (`reports` on a span, an `event`), structured, left (a
list of what is), text, inferred or stop. `admits`: its JSON lists what is left, so that whoever reads it knows.
`again`: the parent has another child do more. `words`: its words alone show it. `open`: why it isn't found today;
`miscounted`: why its counts are others; `unnamed`: why its missing items aren't told by name.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import builders, encodings

Case = dict[str, Any]

RUNS: Final[list[Case]] = json.loads((Path(__file__).parent / "runs.json").read_text())
SAID: Final = ("text", "left")
"""Evidence that the child's own answer holds in words: whoever reads that answer knows."""


def child(case: Case) -> dict[str, Any]:
    """The child's script."""
    last = {"say": case["say"], **({"finish": case["finish"]} if "finish" in case else {})}
    steps = [*case["steps"], *([last] if case["say"] else [])]
    script = {"agent": "analyst", "user": case["task"], "steps": steps}
    return {**script, "finish": case["finish"]} if "finish" in case else script


def plays(case: Case) -> Iterator[tuple[str, str, list[Span]]]:
    """Group and name of each encoding in which the case makes sense, and its spans."""
    script, say = child(case), case["parent"]
    between = [encodings.ask(child(case["again"]))] if "again" in case else []
    for encoding in encodings.RETURNING:
        yield "in one trace", encoding.__name__, _receipt(case, encoding(script, say, *between))
    known = case["evidence"] in SAID or case.get("admits")
    if not between and case.get("honest") != "parent" and not known:
        for encoding in encodings.PASSING:
            yield "after a hand-over", encoding.__name__, _receipt(case, encoding(script))
    if not {"reports", "event", "finish"} & case.keys() and case["say"]:
        yield "without agents' spans", "flat_conversations", encodings.flat_conversations(script, say, *between)
    for way in (encodings.by_link, *encodings.WAYS):
        above, below = encodings.apart(script, say, *between)
        below = way(above, _receipt(case, below))
        yield "in another trace", f"{way.__name__}, child first", [*below, *above]
        yield "in another trace", f"{way.__name__}, parent first", [*above, *below]
    if case["evidence"] in (*SAID, "structured", "none") or case.get("words"):
        for encoding in (encodings.coworker_without_spans, encodings.flat_run_with_messages):
            yield "without spans", encoding.__name__, encoding(script, say, *between)


def _receipt(case: Case, spans: list[Span]) -> list[Span]:
    """The same spans, of which the child's first call carries the receipt that the case reports."""
    tool = case["steps"][0].get("tool") if case["steps"] else None
    call = next((s for s in spans if s.name == f"execute_tool {tool}"), None)
    if call is not None and "reports" in case:
        for name, count in case["reports"].items():
            encodings.own(call, name, count)
    if call is not None and "event" in case:
        counts = [KeyValue(key=name, value=builders.value(count)) for name, count in case["event"].items()]
        call.events.add(name="progress", attributes=counts)
    return spans
