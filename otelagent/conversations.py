"""Conversations whose turns are traces of their own: what earlier turns gave an agent, and what they told it.

A turn joins once per run, and nothing is read then: texts are looked into where a later turn has an open question.
Bounded in conversations, in texts and in age. One owner: `LiveTraces`.
"""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from otelagent.model import Asked, Claim, Instructions, Kind, Use
from otelagent.reading.given import Budget, Given
from otelagent.reading.known import Known
from otelagent.reading.seen import is_unique
from otelagent.run import LASTING, MAX_TOOLS, AgentRun

MAX_CONVERSATIONS: Final = 4096
"""Conversations that are remembered; beyond that the one that was quiet for longest is let go."""

MAX_MESSAGES: Final = 64
"""System and user messages kept of a conversation, the first ones."""

MAX_TEXTS: Final = 16 << 20
"""Characters that all conversations together keep of turns that have left; beyond that those let go whose last turn
left longest ago."""

MAX_NOTED: Final = 256
"""Notes of detectors kept of a conversation's runs, the last ones."""

MAX_LIVE: Final = 16
"""Live traces of one conversation that are looked into. More of them at once are no conversation."""

AGE: Final = 3600.0
"""Seconds without a turn after which a conversation is let go: its texts stay no longer than those of a live trace."""


class Turn(Protocol):
    """A trace, as one turn of a conversation."""

    @property
    def trace_id(self) -> bytes: ...
    @property
    def given(self) -> Given: ...
    @property
    def runs(self) -> dict[bytes, AgentRun]: ...
    @property
    def used(self) -> dict[str, Use]: ...


class Told:
    """What one agent was told in a turn, and when."""

    __slots__ = ("agent", "end", "messages", "start")

    def __init__(self, run: AgentRun) -> None:
        self.agent = run.agent or next((s.agent for s in run.steps if s.agent), None)
        self.start, self.end = run.steps[0].start, run.steps[-1].end
        turns = [s.turn.standing for s in run.steps if s.kind is Kind.LLM and s.turn is not None]
        standing = {id(each): each for each in turns}  # one object while it stays equal
        self.messages = list({id(m): m for each in standing.values() for m in each}.values())


class Conversation:
    """One conversation of one service. Changed only by `Conversations`."""

    __slots__ = (
        "_budget",
        "_kept",
        "_messages",
        "_noted",
        "_size",
        "_told",
        "_used",
        "given",
        "gone",
        "live",
        "touched",
    )

    def __init__(self, budget: Budget, now: float) -> None:
        self.touched = now
        self.live: dict[bytes, Turn] = {}
        self.given = Given(budget)
        self._budget = budget
        self._told: list[Told] = []
        self._kept = 0
        self._messages: dict[tuple[bool, int], Instructions] = {}
        """Those that turns were told, each text once: a turn shows those of earlier ones again."""
        self._size = 0
        """Characters of these."""
        self._used: dict[str, Use] = {}
        self._noted: tuple[tuple[bytes, str, Any], ...] = ()
        self.gone = False
        """Nobody knows it any more."""

    @property
    def several(self) -> bool:
        """It has had more than one turn."""
        return bool(self._told) or len(self.live) > 1

    def ungrounded(self, claims: Sequence[Claim], turn: bytes) -> tuple[Claim, ...]:
        """The claims that nothing in other turns grounds."""
        left = tuple(claims)
        for given in (self.given, *(t.given for t in self.live.values() if t.trace_id != turn)):
            left = given.own_ungrounded(left) if left else left
        return left

    def used(self, but: bytes) -> dict[str, Use]:
        """Tools that other turns used, and what their calls may have done."""
        return _either([self._used, *(turn.used for turn in self.live.values() if turn.trace_id != but)])

    def told_before(self, run: AgentRun) -> list[Instructions]:
        """Messages of turns that ended before the run began, oldest first.

        Empty where turns of the same agent overlap, or where one shows no message of those before although others do:
        then several users share an id, or a conversation began anew under it.
        """
        own = Told(run)
        turns = sorted((t for t in self._turns(run.trace.trace_id) if t.agent == own.agent), key=lambda t: t.start)
        if any(t.start < own.end and own.start < t.end for t in turns):
            return []
        earlier = [t for t in turns if t.end <= own.start]
        return _of_one_talk([*earlier, own])

    def _turns(self, but: bytes) -> Iterator[Told]:
        yield from self._told
        for turn in self.live.values():
            if turn.trace_id != but:
                yield from (Told(run) for run in turn.runs.values() if run.steps)

    def noted(self, key: str, but: bytes) -> Iterator[Any]:
        """A note of the runs of other turns."""
        yield from (note for trace_id, name, note in self._noted if name == key and trace_id != but)
        for turn in self.live.values():
            if turn.trace_id != but:
                yield from (run.notes[key] for run in turn.runs.values() if key in run.notes)

    def leave(self, turn: Turn) -> None:
        """A turn leaves memory; what it gave and told stays, and what was noted of it."""
        self.live.pop(turn.trace_id, None)
        for run in turn.runs.values():
            noted = tuple((turn.trace_id, k, note) for k, note in run.notes.items() if k.startswith(LASTING))
            self._noted = (*self._noted, *noted)[-MAX_NOTED:] if noted else self._noted
        self.given.absorb(turn.given)
        self._used = dict(islice(_either([self._used, turn.used]).items(), MAX_TOOLS))
        for told in (Told(run) for run in turn.runs.values() if run.steps):
            if self._kept + len(told.messages) <= MAX_MESSAGES:
                self._keep(told)

    def _keep(self, told: Told) -> None:
        """Not where there is no room for its messages."""
        new = {(m.system, m.mark): m for m in told.messages} if told.messages else {}
        size = sum(m.size for key, m in new.items() if key not in self._messages)
        if self._budget.take(size):
            self._size += size
            self._messages = {**new, **self._messages}
            told.messages = [self._messages[m.system, m.mark] for m in told.messages]
            self._kept += len(told.messages)
            self._told.append(told)

    def forget(self) -> None:
        """Let what was said go; which tools were used stays, and what was noted."""
        self.given.forget()
        self._told, self._kept, self._messages = [], 0, {}
        self._budget.left += self._size
        self._size = 0

    def release(self) -> None:
        """It is let go, and keeps nothing of the turns that are still in memory when they leave."""
        self.forget()
        self.gone = True


def _either(used: Iterable[Mapping[str, Use]]) -> dict[str, Use]:
    found: dict[str, Use] = {}
    for each in used:
        found |= {tool: max(use, found.get(tool, Use.FAILED)) for tool, use in each.items()}
    return found


def _of_one_talk(turns: Sequence[Told]) -> list[Instructions]:
    """The messages of all turns but the last; of those only that belong to one talk with it."""
    marks = [frozenset(m.mark for m in t.messages if not m.system) for t in turns]
    begun, repeats = 0, False
    for at in range(1, len(turns)):
        again = bool(marks[at] & frozenset[int]().union(*marks[begun:at]))
        if repeats and marks[at] and not again:
            begun, repeats = at, False
        repeats = repeats or again
    return [message for turn in turns[begun:-1] for message in turn.messages]


class Conversations:
    """All conversations, that with the oldest turn first."""

    def __init__(self, characters: int = MAX_TEXTS) -> None:
        self._budget = Budget(characters, self._make_room)
        self._known: OrderedDict[tuple[str, str], Conversation] = OrderedDict()
        self._left: OrderedDict[Conversation, None] = OrderedDict()
        """Those that keep something of turns that have left, that with the oldest such turn first."""
        self.asked = Known[str, Asked]()
        """Calls that completions asked for, by id: where each model call is a trace of its own, another one answers."""
        self._shown = Known[str, bytes]()
        """Calls without a span of their own, by id, and the trace whose messages were the first to show them."""

    def __len__(self) -> int:
        return len(self._known)

    def join(self, service: str, name: str, turn: Turn, now: float) -> Conversation:
        """A run of a trace says which conversation it belongs to."""
        talk = self._known.get((service, name))
        if talk is None:
            talk = self._known[service, name] = Conversation(self._budget, now)
            if len(self._known) > MAX_CONVERSATIONS:
                self._let_go()
        self._known.move_to_end((service, name))
        talk.touched = now
        if turn.trace_id not in talk.live and len(talk.live) < MAX_LIVE:
            talk.live[turn.trace_id] = turn
        return talk

    def leave(self, talk: Conversation, turn: Turn) -> None:
        """A turn leaves memory; its conversation keeps what later ones may ask for."""
        if not talk.gone:
            self._left[talk] = None
            self._left.move_to_end(talk)
            talk.leave(turn)

    def _make_room(self, size: int) -> None:
        """Have conversations forget until so many characters are left; not that which has just been left."""
        while self._budget.left < size and len(self._left) > 1:
            self._left.popitem(last=False)[0].forget()

    def _let_go(self) -> None:
        """Of the conversation that was quiet for longest."""
        _, talk = self._known.popitem(last=False)
        self._left.pop(talk, None)
        talk.release()

    def shrink(self) -> None:
        """Memory is short: let a quarter go, those that were quiet for longest."""
        for _ in range((len(self._known) + 3) // 4):
            self._let_go()

    def shows(self, call_id: str | None, turn: bytes) -> bool:
        """A turn's messages show a call that has no span; whether those of another turn did so before."""
        if call_id is None or not is_unique(call_id):
            return False
        first = self._shown.get(call_id) or self._shown.keep(call_id, turn)
        return first != turn

    def tick(self, now: float) -> None:
        """Let go of conversations that were quiet for too long."""
        while self._known and now - next(iter(self._known.values())).touched >= AGE:
            self._let_go()
