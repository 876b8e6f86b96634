"""What came out of a replay: a failure class of our detectors, or what the user's own check says."""

from collections.abc import Callable
from typing import Any

from otelagent.reproduction.chat import messages
from otelagent.reproduction.distribution import OK, UNEXPECTED
from otelagent.reproduction.replay import Point, Replayed, fresh

Check = Callable[[dict[str, Any]], Any]
"""Gets `answer`, `calls`, `messages`, `findings`; gives the failure's name or True, or nothing where all is well."""

FAILED = "failed"


def classified(point: Point, replayed: Replayed, check: Check | None = None, target: str | None = None) -> str:
    """The class of one run; of several failures the `target`, else the surest."""
    if check is not None:
        return _named(check(_seen(point, replayed)))
    found = sorted(fresh(replayed), key=lambda f: (f.mode != target, -f.confidence))
    if found:
        return found[0].mode
    return UNEXPECTED if replayed.stopped else OK


def _named(verdict: Any) -> str:
    if isinstance(verdict, str) and verdict:
        return verdict
    return FAILED if verdict else OK


def _seen(point: Point, replayed: Replayed) -> dict[str, Any]:
    """As plain values."""
    run = point.run
    return {
        "answer": replayed.answer,
        "calls": [
            {"tool": c.tool, "arguments": c.arguments, "result": c.result} for turn in replayed.made for c in turn.calls
        ],
        "messages": messages(run),
        "findings": [{"mode": f.mode, "cause": f.cause, "reason": f.reason} for f in fresh(replayed)],
        "stopped": replayed.stopped,
    }
