"""An answer held against the assignment that it answers: how much of that it says was done, and what is left."""

from collections.abc import Iterator, Mapping
from typing import Final

from otelagent.model import Receipt
from otelagent.reading.account import Account
from otelagent.reading.brief import Brief, brief
from otelagent.reading.envelopes import unwrap
from otelagent.reading.excepted import excepted
from otelagent.reading.layout import structures
from otelagent.reading.ledger import accounts
from otelagent.reading.naming import found, key
from otelagent.reading.reach import reached
from otelagent.reading.receipts import objects
from otelagent.reading.shortfall import short, whole
from otelagent.reading.states import State, state
from otelagent.reading.undone import undone

MAX_ANSWER: Final = 32_000
"""Characters of an answer that are read; a longer one is a document."""

_WORDS: Final = (undone, excepted, reached, short)
"""What words tell, the surest first."""

OTHERS: Final = 2
"""Items that are told of as done beside those under a heading for what is left."""


def account(answer: str, assignment: str, path: str = "") -> Receipt | None:
    """A receipt that falls short, by what the answer says of what the assignment names; None where it doesn't."""
    given, read = brief(assignment), unwrap(answer[:MAX_ANSWER]).value
    shown = max(_structured(read, given), key=lambda each: each.assigned, default=None)
    if shown is not None:
        return _receipt(shown, "reported", path)
    if not isinstance(read, str):
        return None
    told = next((own for judge in _WORDS if (own := judge(read, given)) is not None), None)
    return None if told is None else _receipt(told, "text", path)


def covers(answer: str, assignment: str) -> bool:
    """The answer says that all that the assignment counts was dealt with: what else it counts is a finding."""
    return whole(answer[:MAX_ANSWER], brief(assignment))


def _structured(read: object, given: Brief) -> Iterator[Account]:
    for part in [*objects(read), *structures(read)] if isinstance(read, str) else [read]:
        yield from accounts(part, given)
        if isinstance(part, dict) and isinstance(read, str) and (ids := _of_ids(part, read, given)) is not None:
            yield ids


def _of_ids(headed: Mapping[str, object], text: str, given: Brief) -> Account | None:
    """Ids below a heading that says that they are left; others of their kind stand elsewhere in the answer."""
    entries = [e for name, e in headed.items() if state(str(name), given.verbs) is State.LEFT and isinstance(e, list)]
    left = {name: kind for each in entries for entry in each for name, kind, _, _ in found(str(entry).encode())}
    if not left or len(set(left.values())) > 1:
        return None
    kind = next(iter(left.values()))
    every = {name for name, own, _, _ in found(text.encode(errors="replace")) if own == kind}
    done = len(every) - len(left)
    return Account(len(every), done, tuple(left)) if done >= OTHERS and kind.startswith("id/") else None


def _receipt(shown: Account, method: str, path: str) -> Receipt:
    left = tuple(key(name) for name in shown.left)
    return Receipt(shown.assigned, shown.processed, method, path + shown.path, True, left)
