"""The conversations that the runs of one trace belong to, and what their other turns answer."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from otelagent.conversations import Conversation, Conversations, Turn
from otelagent.model import Claim, Instructions, Use
from otelagent.nothing import NOTHING
from otelagent.run import AgentRun

MAX_TALKS: Final = 8
"""Conversations that the runs of one trace may belong to."""


class Talks:
    """Owned by one trace."""

    __slots__ = ("_asked", "_by_name", "_conversations", "_trace_id")

    def __init__(self, conversations: Conversations, trace_id: bytes) -> None:
        self._conversations = conversations
        self._trace_id = trace_id
        self._by_name: dict[str, Conversation] = NOTHING
        self._asked = False
        """Other turns were looked into."""

    def __bool__(self) -> bool:
        return bool(self._by_name)

    @property
    def only(self) -> str | None:
        """The name of the conversation, where there is one."""
        return next(iter(self._by_name)) if len(self._by_name) == 1 else None

    @property
    def outdated(self) -> bool:
        """Other turns have answered something, and may answer otherwise by now."""
        return self._asked and any(talk.several for talk in self._by_name.values())

    def join(self, name: str, service: str, turn: Turn, now: float) -> bool:
        """A run of the trace, `turn`, belongs to a conversation; False where that was known, or there are too many."""
        if name in self._by_name or len(self._by_name) >= MAX_TALKS:
            return False
        self._by_name = self._by_name or {}
        self._by_name[name] = self._conversations.join(service, name, turn, now)
        return True

    def leave(self, turn: Turn) -> None:
        """The trace leaves memory; its conversations keep what later turns may ask for."""
        for talk in self._by_name.values():
            self._conversations.leave(talk, turn)

    def noted(self, key: str) -> Iterator[Any]:
        """A note of the runs of other turns."""
        for talk in self._by_name.values():
            yield from talk.noted(key, self._trace_id)

    def live(self) -> Iterator[Turn]:
        """The other turns that are in memory."""
        turns = {turn.trace_id: turn for talk in self._by_name.values() for turn in talk.live.values()}
        turns.pop(self._trace_id, None)
        yield from turns.values()

    def told_before(self, run: AgentRun) -> Sequence[Instructions]:
        """System and user messages of earlier turns."""
        name = run.conversation
        if name is None or name not in self._by_name:
            return ()
        self._asked = True
        return self._by_name[name].told_before(run)

    def used(self) -> Mapping[str, Use]:
        """Tools that other turns used, and what their calls may have done."""
        if not self._by_name:
            return {}
        self._asked = True
        return {tool: use for talk in self._by_name.values() for tool, use in talk.used(self._trace_id).items()}

    def ungrounded(self, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """The claims that nothing in other turns grounds."""
        self._asked = True
        for talk in self._by_name.values():
            claims = talk.ungrounded(claims, self._trace_id) if claims else claims
        return claims
