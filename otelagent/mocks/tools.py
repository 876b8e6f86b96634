"""All tools of a recorded run as mocks that answer what was recorded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import msgspec

from otelagent.cases.case import Call, Case, calls
from otelagent.errors import OtelagentError
from otelagent.mocks.failures import Failure, Raised, Status, Value
from otelagent.mocks.tool import MockTool
from otelagent.reading.arguments import canonical


class Match(StrEnum):
    """When a call is answered by a recorded one."""

    STRICT = "strict"
    """The next recorded call, with the same tool and equal arguments."""
    FIFO = "fifo"
    """The next recorded call, if it is of the same tool; arguments don't matter."""
    NAME = "name"
    """The tool's next recorded call; arguments and the order among tools don't matter."""
    ARGS = "args"
    """A recorded call with the same tool and equal arguments, in any order; the last of them again and again."""


ANY: Final = msgspec.UNSET
"""Arguments that weren't recorded: they match all."""


@dataclass(frozen=True)
class Recorded:
    """A call that was recorded, and what came back."""

    tool: str
    arguments: Any
    answer: Failure
    call: Call | None = field(default=None, repr=False, compare=False)
    """Of a case: the call itself, with the runs inside it."""


class UnexpectedCall(OtelagentError):
    """A call that was not recorded. Its text holds what was asked and the nearest recorded call: captured content."""

    def __init__(self, tool: str, arguments: Any, nearest: Recorded | None, why: str) -> None:
        hint = f"; nearest recorded: {_shown(nearest.tool, nearest.arguments)}" if nearest else "; no call is recorded"
        super().__init__(f"unexpected call {_shown(tool, arguments)}: {why}{hint}")
        self.tool = tool
        self.nearest = nearest


class MockTools(Mapping[str, MockTool]):
    """Mocks by name. Arguments count as equal whatever the order of their keys."""

    def __init__(self, recorded: Sequence[Recorded], match: Match | str = Match.STRICT) -> None:
        self.recorded = tuple(recorded)
        self.match = Match(match)
        self.answered: list[Recorded] = []
        """Recorded calls that were used, in order."""
        self._left = list(self.recorded)
        self._tools = {r.tool: MockTool(r.tool, _Answers(self, r.tool)) for r in self.recorded}

    @classmethod
    def from_trace(
        cls, source: str | Path, trace_id: str | None = None, *, match: Match | str = Match.STRICT
    ) -> "MockTools":
        """From a recorded file, or a trace of a trace store's directory.

        Raises Unreadable, StoreUnusable or NoSuchStep.
        """
        from otelagent.cases.extract import Extract
        from otelagent.diagnosis.recording import record
        from otelagent.diagnosis.snapshot import bodies

        wanted = bytes.fromhex(trace_id) if trace_id else None
        return cls.from_case(Extract(record(bodies(Path(source), trace_id), trace=wanted)).case, match=match)

    @classmethod
    def from_case(cls, case: Case, *, match: Match | str = Match.STRICT) -> "MockTools":
        """From a case, with the calls of all its runs in order."""
        return cls.from_calls((call for run in case.runs for call in calls(run)), match=match)

    @classmethod
    def from_calls(cls, calls: Iterable[Call], *, match: Match | str = Match.STRICT) -> "MockTools":
        """From these calls of a case; hand-overs are none."""
        return cls([_recorded(call) for call in calls if call.kind != "handoff"], match)

    def __getitem__(self, name: str) -> MockTool:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def call(self, tool: str, arguments: Any) -> Any:
        """Call a tool by name; raises UnexpectedCall."""
        mock = self._tools.get(tool)
        if mock is None:
            raise UnexpectedCall(tool, arguments, _nearest(self.recorded, tool, arguments), "no such tool was called")
        return mock(arguments) if isinstance(arguments, dict) else mock(args=arguments)

    def next(self, tool: str, arguments: Any) -> Recorded:
        """The recorded call that answers this one; it is used up. Raises UnexpectedCall."""
        at = self._index(tool, arguments)
        if at is None:
            raise UnexpectedCall(
                tool, arguments, _nearest(self._left or self.recorded, tool, arguments), self._why(tool)
            )
        found = self._left[at]
        again = self.match is Match.ARGS and sum(_equal(r, tool, arguments) for r in self._left) == 1
        if not again:
            del self._left[at]
        self.answered.append(found)
        return found

    def _index(self, tool: str, arguments: Any) -> int | None:
        match self.match:
            case Match.STRICT:
                return 0 if self._left and _equal(self._left[0], tool, arguments) else None
            case Match.FIFO:
                return 0 if self._left and self._left[0].tool == tool else None
            case Match.NAME:
                return next((i for i, r in enumerate(self._left) if r.tool == tool), None)
            case Match.ARGS:
                return next((i for i, r in enumerate(self._left) if _equal(r, tool, arguments)), None)

    def _why(self, tool: str) -> str:
        if not self._left:
            return "all recorded calls were used"
        if self.match in (Match.STRICT, Match.FIFO) and self._left[0].tool != tool:
            return f"the next recorded call is of {self._left[0].tool}"
        return "its arguments weren't recorded" if self.match in (Match.STRICT, Match.ARGS) else "no call of it is left"


def _recorded(call: Call) -> Recorded:
    return Recorded(call.tool, call.arguments, answer_of(call), call)


def answer_of(call: Call) -> Failure:
    """What a recorded call did: return, raise, or fail with a status."""
    if call.result is msgspec.UNSET and (call.error or call.failed):
        text = call.error or "the tool failed"
        return Raised(TimeoutError(text) if "imeout" in (call.error_type or "") else RuntimeError(text))
    if call.result is msgspec.UNSET and call.http_status is not None and call.http_status >= 400:
        return Status(call.http_status)
    return Value(None if call.result is msgspec.UNSET else call.result)


class _Answers:
    """What a tool's mock returns: the recorded answer, which may be a failure."""

    def __init__(self, tools: MockTools, tool: str) -> None:
        self._tools = tools
        self._tool = tool

    def __call__(self, arguments: dict[str, Any]) -> Any:
        given = arguments["args"] if set(arguments) == {"args"} else arguments
        answer = self._tools.next(self._tool, given).answer
        return answer.value if isinstance(answer, Value) else answer.act(None)


def _equal(recorded: Recorded, tool: str, arguments: Any) -> bool:
    if recorded.tool != tool:
        return False
    known = recorded.arguments
    return known is msgspec.UNSET or canonical(known) == canonical(arguments)


def _nearest(recorded: Sequence[Recorded], tool: str, arguments: Any) -> Recorded | None:
    """By likeness of tool and arguments as text."""
    asked = _shown(tool, arguments)
    return max(recorded, key=lambda r: SequenceMatcher(None, _shown(r.tool, r.arguments), asked).ratio(), default=None)


def _shown(tool: str, arguments: Any) -> str:
    text = "" if arguments is msgspec.UNSET else msgspec.json.encode(arguments, enc_hook=str).decode()
    return f"{tool}({text[:500]})"
