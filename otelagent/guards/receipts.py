"""A child agent accounts for what it was assigned; its parent asserts the receipt before it goes on."""

from collections.abc import Sequence
from typing import Any, ClassVar

from otelagent.answers import CUT
from otelagent.delegation import plain
from otelagent.guards.gates import SourceGate
from otelagent.guards.guard import Interrupted
from otelagent.model import BAD, Captured, Receipt, Status
from otelagent.reading.acknowledgement import admits, announces, halted
from otelagent.reading.enumeration import enumerated, mentioned
from otelagent.reading.naming import key
from otelagent.reading.outcome import outcome
from otelagent.reading.receipts import in_structure, in_words


class DelegationReceipt(SourceGate):
    """Around a child agent: counts the items of its task against the calls that dealt with them.

    `items`: what was assigned, where the task's text doesn't enumerate it.
    """

    statuses: ClassVar[frozenset[Status]] = BAD - {Status.EMPTY}

    def __init__(self, items: Sequence[str] = ()) -> None:
        super().__init__()
        self._families = [frozenset(map(key, items))] if items else []
        self._done: set[int] = set()
        self._given = bool(items)
        self._reported: Receipt | None = None

    def assigned(self, task: str) -> None:
        """Taken from the task's text where no items were named."""
        if not self._given:
            self._families += [frozenset(family.keys) for family in enumerated(task).families if not family.optional]

    def report(self, assigned: int, processed: int) -> None:
        """Counts that the child states itself."""
        self._reported = Receipt(assigned, processed, "reported")

    def after_tool(self, tool: str, arguments: Any, result: Any) -> Any:
        if outcome(Captured(result, "result")).status not in BAD - {Status.EMPTY}:
            self._done.update(mentioned(arguments))
        return super().after_tool(tool, arguments, result)

    def receipt(self, text: str = "") -> Receipt | None:
        """What is known of the work: stated, said in the text, or counted; None where nothing enumerates it."""
        told = self._reported or in_structure(text) or (in_words(text) if text else None)
        if told is not None:
            return told
        keys = max(self._families, key=len, default=frozenset())
        return Receipt(len(keys), len(keys & self._done), "inferred") if len(keys) > 1 else None

    def check(self, text: str, *, final: bool = True, finish: str | None = None) -> None:
        if not final:
            return
        require_complete(self.receipt(text))
        if (why := _no_answer(text, finish)) is not None:
            raise Interrupted(f"the work isn't complete: {why}")
        super().check(text, final=final, finish=finish)


def _no_answer(text: str, finish: str | None) -> str | None:
    """Why a text is no result of delegated work, however it reads."""
    if not text.strip():
        return "the agent ended without an answer"
    if plain(finish or "") in CUT:
        return "the answer was cut off"
    if halted(text) or announces(text):
        return "the agent was stopped, or only announced what it was about to do"
    return "the agent says itself that part is left" if admits(text).partial else None


def require_complete(receipt: Receipt | None) -> None:
    """For the parent: raises Interrupted where less was processed than assigned."""
    if receipt is not None and receipt.short:
        raise Interrupted(f"only {receipt.processed} of {receipt.assigned} items were processed; the rest is missing")
