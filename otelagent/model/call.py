"""What was read from tool calls, of their own spans or of the messages around them."""

from collections.abc import Collection, Iterable, Mapping
from enum import IntEnum
from typing import Protocol

import msgspec

from otelagent.model.instructions import Breach, Earlier, Rule
from otelagent.model.kind import Role
from otelagent.model.outcome import More, Outcome, Status
from otelagent.model.work import Items, Receipt


class Likeness(Protocol):
    """What tells nearly equal arguments; made when it is asked for."""

    @property
    def similar(self) -> int | None: ...
    @property
    def terms(self) -> frozenset[int]: ...
    @property
    def mentioned(self) -> Collection[int]: ...
    @property
    def items(self) -> "Items": ...
    @property
    def wording(self) -> str:
        """The texts and names in them, a line each, as far as they are kept."""

    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def texts(self) -> tuple[int, ...]: ...
    def argument(self, name: str) -> int | None: ...
    @property
    def values(self) -> frozenset[int]:
        """Hashes, as claims have them."""

    @property
    def names(self) -> frozenset[int]: ...
    @property
    def plain(self) -> frozenset[str]: ...
    @property
    def amount(self) -> float | None: ...
    def breaks(self, rule: "Rule", tool: str | None, earlier: "Iterable[Earlier] | None" = None) -> "Breach | None": ...


class Suspect(msgspec.Struct, frozen=True, gc=False):
    """What a result holds that tells its reader what to do. Names are hashes."""

    score: float
    flagged: bool
    """Instruction-like at the classifier's operating point; else it only has an imperative."""
    rules: tuple[str, ...] = ()
    names: frozenset[int] = frozenset()
    """Tool-like names, addresses, hosts and the like in the result."""
    phrases: tuple[str, ...] = ()
    """Phrases that it demands; they never leave the process."""
    targets: frozenset[int] = frozenset()
    """Those of `names` that its imperative sentences name: addresses, links, accounts, numbers and amounts."""
    tools: frozenset[int] = frozenset()
    """Tool-like names that its imperative sentences name."""


class Row(Protocol):
    """What one object of a result holds: types by path, its own and those of its members."""

    @property
    def kinds(self) -> Mapping[str, frozenset[str]]: ...
    @property
    def mark(self) -> int: ...


class Shape(Protocol):
    """The structure of a result; equal ones are one object."""

    @property
    def rows(self) -> tuple[Row, ...]: ...
    @property
    def marks(self) -> tuple[int, ...]: ...
    @property
    def mark(self) -> int: ...
    @property
    def places(self) -> Collection[tuple[str, str]]: ...
    @property
    def kinds(self) -> Mapping[str, frozenset[str]]: ...


class Use(IntEnum):
    """What came of the calls of a tool, the best of them."""

    FAILED = 0
    READ = 1
    """One succeeded; all that did only read."""
    DONE = 2
    """One succeeded that may have done something."""


class Call(msgspec.Struct, gc=False):
    """What was read from one tool call: of its own span, or of the messages around it.

    Hashes are 64 bits and None where nothing was captured: unknown equals nothing.
    """

    outcome: Outcome
    role: Role
    arguments: int | None = None
    """Hash of the canonical arguments (key order and white space aside)."""
    like: "Likeness | None" = None
    """Further hashes of the arguments, made when they are asked for."""
    result: int | None = None
    failure: int | None = None
    """Of a call that failed: hash of the words that say so, those of its own arguments and numbers aside."""
    size: int | None = None
    """Bytes of the result as text."""
    given: object = None
    """The result as recorded, until the trace's grounding took it over."""
    acted: object = None
    """The arguments of a call, as recorded, until the trace's grounding took those of a good one over."""
    suspect: Suspect | None = None
    """Set where the result of a source holds instructions."""
    receipt: "Receipt | None" = None
    """What the result says about how much was done."""
    shape: "Shape | None" = None
    """Of a good result."""
    fitted: bool = False
    """It was held against its tool's shape."""
    doubtful: bool = False
    """Only the words of the tool's description say that it doesn't fit."""
    more: More | None = None
    """There is more than this result holds."""
    hint: Outcome | None = None
    """What a short good result may be saying, if an answer states what nothing grounds."""
    only_reads: bool = False
    """It changed nothing, by what it ran or gave; False where that doesn't show."""
    informs: bool = False
    """Somebody was written to beside: guests that the service invites, or so its result says."""
    calls: str | None = None
    """The tool that it called in its turn, of a tool that calls any: `execute_tool`."""
    raced: bool = False
    """The orchestrator gave up on it while it still worked."""

    def differ(self, pointer: str, note: str) -> None:
        """The result doesn't fit its tool's shape at this place."""
        path = self.outcome.path or "result"
        at = path + pointer if "#" in path or not pointer else f"{path}#{pointer}"
        self.outcome = Outcome(Status.NONCONFORMING, at, note)

    def stop_short(self) -> None:
        """What is a part was taken for the whole."""
        assert self.more is not None  # noqa: S101 - whoever asks has looked
        path = self.outcome.path or "result"
        at = path + self.more.path if "#" in path or not self.more.path else f"{path}#{self.more.path}"
        self.outcome = Outcome(Status.PARTIAL, at, self.more.note)

    def confirm(self) -> None:
        """What the result may be saying is taken for what it says; the hint is then what it was taken for before."""
        assert self.hint is not None  # noqa: S101 - whoever asks has looked
        self.outcome, self.hint = self.hint, self.outcome

    def reopen(self) -> None:
        """The run is folded anew: what an answer made of the result is open again."""
        if self.hint is not None and self.hint.status is Status.OK:
            self.confirm()

    def time_out(self, note: str) -> None:
        """The orchestrator's timeout cut the call off, whatever its result looks like."""
        self.raced = True
        self.outcome = Outcome(Status.TIMEOUT, "duration", note)

    @property
    def similar(self) -> int | None:
        """Hash of the arguments with case, volatile ids and timestamps aside too."""
        return None if self.like is None else self.like.similar

    @property
    def terms(self) -> frozenset[int]:
        """Hashes of the words in the arguments, for likeness."""
        return frozenset() if self.like is None else self.like.terms


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A tool call that a completion asked for."""

    id: str | None
    name: str | None
    arguments: int | None


class Reported(Protocol):
    """A call as messages show it; it is read only where no span reports the call."""

    @property
    def arguments(self) -> int | None: ...
    @property
    def call(self) -> Call: ...


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A tool result found in the messages of an LLM step."""

    id: str | None
    name: str | None
    order: int
    """Position among the tool results of this history, from 0."""
    shown: Reported
    tail: bool = True
    """Among the last messages: this step is the first to consume it."""
    asker: int = -1
    """Position of the completion before it: calls of one completion have one."""
