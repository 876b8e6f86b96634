"""What status words and flags in a result say: that it failed, was denied, is late or isn't all."""

from collections.abc import Mapping
from typing import Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.emptiness import empty
from otelagent.reading.failures import cuts, kind, nothing, statement
from otelagent.reading.fields import Fields, wording
from otelagent.reading.members import folded
from otelagent.reading.sign import Sign, pointer_to

_FAILING: Final = ("エラー", "失敗", "異常", "失败", "错误", "异常")
"""Ends of compounds that say that something failed."""


def status_word(word: str) -> Status | None:
    """What an explicit status of a tool call says; OK where it says that all is well, None where it is no such word."""
    name = folded(word.strip())
    if name in members.FINE:
        return Status.OK
    return members.STRONG.get(name) or members.WEAK.get(name)


def status_member(fields: Fields) -> Sign | None:
    """A status of the call in a word; a thing's own status is none."""
    own = frozenset() if fields.record else members.OUTCOMES
    for _, key, member in fields.found(members.STATUS | own):
        if not isinstance(member, str) or len(member) > 40:
            continue
        name = folded(member)
        status = members.STRONG.get(name)
        if (
            status is Status.ERROR
            and fields.detailed()
            and not fields.talks()
            and not fields.by_name.keys() & members.TOLD
        ):
            continue  # a thing that is out of order
        if status is None and (status := _weak(name)) is not None and not _said_of_call(fields, status):
            continue
        if status is None:
            continue
        if status is Status.ERROR:
            status = _refined(fields)
        return Sign(status, pointer_to(key), "status word")
    return None


def _weak(name: str) -> Status | None:
    """A status word that things have too, also at the end of a compound: 通信エラー."""
    return members.WEAK.get(name) or (Status.ERROR if name.endswith(_FAILING) else None)


def _said_of_call(fields: Fields, status: Status) -> bool:
    """A thing has an id; of a call that was cut short its body says what is left."""
    if fields.record:
        return False
    if status is Status.PARTIAL and fields.by_name.keys() & (members.LEFT | members.WARNINGS):
        return True
    return fields.errors_only() or empty(dict(fields.value)) or (fields.talks() and not fields.detailed())


def flagged(fields: Fields) -> Sign | None:
    """`ok: false`, `failed: true` and the like."""
    for name, key, member in fields.found(members.SUCCESS):
        if (
            member is False
            or (isinstance(member, str) and member.lower() == "false")
            or (name in ("ok", "success") and member == 0)
        ):
            return Sign(_refined(fields), pointer_to(key), f"{name} is false")
    for name, key, member in fields.found(members.FAILED_FLAGS):
        if member is True:
            return Sign(_refined(fields), pointer_to(key), f"{name} is true")
    for name, key, member in fields.found(members.LATE):
        if member is True:
            return Sign(Status.TIMEOUT, pointer_to(key), f"{name} is true")
    for name, key, member in fields.found(members.LIMITED):
        if member is True:
            return Sign(Status.RATE_LIMITED, pointer_to(key), f"{name} is true")
    return None


def _refined(fields: Fields) -> Status:
    text = fields.text()
    if text and nothing(text):
        return Status.EMPTY
    status = kind(text).status
    return status if status is not Status.ERROR else kind(_told(fields)).status


def _told(fields: Fields) -> str:
    return " ; ".join(wording(member) for _, _, member in fields.found(members.TOLD))[:2000]


def waits(fields: Fields) -> Sign | None:
    """When to come again, where no job is waited for."""
    for _, key, member in fields.found(members.WAIT):
        if member in (None, 0, "", "0", False):
            continue
        words = {folded(m) for _, _, m in fields.found(members.STATUS) if isinstance(m, str)}
        if not words & members.WAITING:
            return Sign(Status.RATE_LIMITED, pointer_to(key), "asks to retry later")
    return None


def gaps(fields: Fields) -> Sign | None:
    """Flags, failed shards and notes that say that this isn't all."""
    for name, key, member in fields.found(members.PARTIAL_FLAGS):
        if member is True and not ("truncated" in name and fields.by_name.keys() & members.CURSORS):
            return Sign(Status.PARTIAL, pointer_to(key), f"{name} is true")
    for name, key, member in fields.found(members.WHOLE_FLAGS):
        if member is False:
            return Sign(Status.PARTIAL, pointer_to(key), f"{name} is false")
    shards = fields.by_name.get("shards")
    if (
        shards
        and isinstance(shards[1], Mapping)
        and isinstance(shards[1].get("failed"), int)
        and shards[1]["failed"] > 0
    ):
        return Sign(Status.PARTIAL, pointer_to(shards[0]), "shards failed")
    if (refused := _refused(fields)) is not None:
        return refused
    for name, key, member in fields.found(members.NOTES):
        text = wording(member)[:400]
        reading = statement(text) if text else None
        transient = (
            reading is not None and reading.status in (Status.RATE_LIMITED, Status.TIMEOUT) and name in members.WARNINGS
        )
        if reading is not None and (transient or reading.status is Status.PARTIAL):
            return Sign(reading.status, pointer_to(key), "note says that it is incomplete")
        if text and (name in members.WARNINGS or len(fields.by_name) > 1) and cuts(text):
            return Sign(Status.PARTIAL, pointer_to(key), "note says that it is incomplete")
    return None


def _refused(fields: Fields) -> Sign | None:
    """`UnprocessedItems`: what a service didn't take of a batch."""
    for _, key, member in fields.found(members.UNPROCESSED):
        if isinstance(member, list | Mapping) and member:
            return Sign(Status.PARTIAL, pointer_to(key), "some were not processed")
    return None
