"""A state beside each item in structure: `{"mars": "done", "venus": "pending"}`, records, rows of tables."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading.account import LEFT, LONGEST, MAX_MEMBERS, Account, within
from otelagent.reading.brief import Brief
from otelagent.reading.counts import participle
from otelagent.reading.failures import kind
from otelagent.reading.lexicon import folded
from otelagent.reading.states import State, is_verdict, state

Told = Sequence[tuple[str, State | None]]
"""Items by name, and what is told of each."""


def of_items(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    """`{"mars": "done", "venus": "pending"}`."""
    if brief.progress:
        return None
    names = [name for name in islice(node, MAX_MEMBERS) if isinstance(name, str)]
    own = [name for name in names if within([name], brief)]
    if len(own) < 2:
        whole = len(names) in brief.numbers and all(isinstance(node[name], str | bool) for name in names)
        states = [(name, _told(node[name], brief, State.DONE)) for name in names] if whole else []
        return _of_states(states, named=True, poor=not brief.checks) if all(told for _, told in states) else None
    states = [(name, _told(node[name], brief, State.DONE)) for name in own]
    if empty := [name for name in own if _holds_nothing(node[name])]:
        states = [(name, State.LEFT if name in empty else told or State.DONE) for name, told in states]
    return _of_states(_paired(states, node), named=True, poor=not brief.checks)


def _holds_nothing(value: object) -> bool:
    """Null, or a record with a null for its content: `{"mj_kg": null, "note": ...}`."""
    return value is None or (isinstance(value, dict) and None in value.values())


def of_records(node: Sequence[Any], brief: Brief) -> Account | None:
    """`[{"site": "Boise", "state": "checked"}, ...]`."""
    records = [entry for entry in node[:MAX_MEMBERS] if isinstance(entry, dict)]
    if brief.progress or len(records) < 2 or len(records) != len(node[:MAX_MEMBERS]):
        return None
    fields = list(dict.fromkeys(name for record in records for name in record))[:20]
    naming = next((f for f in fields if _tells_apart(f, records)), None)
    if naming is None:
        return None
    named = sum(bool(within([str(r[naming])], brief)) for r in records if naming in r) >= 2
    if named and (found := _of_errors(naming, records)):
        return found
    for field in fields:
        if field == naming:
            continue
        key = state(str(field), brief.verbs)
        told: Told = [(str(r.get(naming, "")), _told(r.get(field), brief, key)) for r in records]
        told = _paired(told, {str(r.get(naming, "")): r.get(field) for r in records})
        bare = _poor([record for record, (_, each) in zip(records, told, strict=True) if each and each.lacks], records)
        if _may_check(brief) and not bare and is_verdict(str(field)):
            told = [(name, _judged(each, record)) for (name, each), record in zip(told, records, strict=True)]
        poor = not brief.checks or bare
        if found := _of_states(told, named=named, poor=poor or (key is not None and key.did)):
            return found
    return None


def _may_check(brief: Brief) -> bool:
    """It looks for what is wrong, or what it orders isn't known."""
    return brief.checks or not brief.verbs


def _judged(told: State | None, record: Mapping[Any, Any]) -> State | None:
    """`{"ok": false, "reason": "above the limit"}` of a check is its result; `"reason": "timed out"` is none."""
    lacks = told is not None and told.lacks
    return State.DONE if lacks and not any(_hinders(value) for value in record.values()) else told


def _hinders(value: object) -> bool:
    """It says why an item couldn't be got to."""
    if not isinstance(value, str) or not value:
        return False
    return kind(value).status in _OBSTACLES or (len(value) <= LONGEST and state(value) in LEFT)


_OBSTACLES: Final = (Status.RATE_LIMITED, Status.TIMEOUT, Status.DENIED)


def _paired(told: Told, values: Mapping[Any, Any]) -> Told:
    """Values that are each other's opposite: "受領" and "未受領"."""
    texts = {str(v) for v in values.values() if isinstance(v, str) and len(v) <= LONGEST}
    left = {each for each in texts if (s := state(each)) is not None and s.lacks}
    met = {each for each in texts - left if any(other.endswith(each) for other in left)}
    if not met:
        return told
    return [(name, State.WORK if values.get(name) in met else each) for name, each in told]


def _of_errors(naming: Any, records: Sequence[Mapping[Any, Any]]) -> Account | None:
    """Some of the records have an error where the others have what was wanted."""
    wrong = [r for r in records if any(state(str(name)) is State.FAILED and member for name, member in r.items())]
    whole = [r for r in records if r not in wrong]
    if not wrong or not whole or all(set(r) >= set(whole[0]) for r in wrong):
        return None
    return Account(len(records), len(whole), tuple(str(r[naming]) for r in wrong))


def _poor(lacking: Sequence[Mapping[Any, Any]], records: Sequence[Mapping[Any, Any]]) -> bool:
    """They hold less than others do: what was wanted of them isn't there."""
    return bool(lacking) and max(map(len, map(_contents, lacking))) < max(map(len, map(_contents, records)))


def _contents(record: Mapping[Any, Any]) -> list[Any]:
    return [v for v in record.values() if v not in (None, "", "-", "–", "—", "―", "n/a", "无", "なし", "¿?", "?")]


def _tells_apart(field: Any, records: Sequence[Mapping[Any, Any]]) -> bool:
    values = [record.get(field) for record in records]
    return all(isinstance(v, str | int) and not isinstance(v, bool) and v != "" for v in values) and len(
        set(values)
    ) == len(values)


def _told(value: object, brief: Brief, key: State | None) -> State | None:
    """The state that a value tells, or the first member of it that tells one."""
    if isinstance(value, bool):
        return (State.DONE if value else State.LEFT) if key is not None and key.did else None
    if isinstance(value, str):
        if len(value) > LONGEST:
            return None
        by_form = State.DONE if participle(folded(value)) else None
        return state(value, brief.verbs) or by_form
    if isinstance(value, dict):
        for name, member in islice(value.items(), 12):
            key = state(str(name), brief.verbs)
            if isinstance(member, bool | str) and (found := _told(member, brief, key)):
                found = _judged(found, value) if _may_check(brief) and is_verdict(str(name)) else found
                return State.WORK if found is not None and found.did and key is State.WORK else found
    return None


def _of_states(told: Told, *, named: bool, poor: bool) -> Account | None:
    """Each item is done or left. What went wrong is left only where the others tell of work, or show more; what has
    no state counts as done where all that is left is the opposite of work: "not graded" among marks."""
    done = [name for name, each in told if each is not None and each.did]
    work = any(each is State.WORK for _, each in told)
    left = [name for name, each in told if each in LEFT or (each is State.FAILED and named and (work or poor))]
    undone = named and all(each is State.UNDONE for name, each in told if name in left)
    unknown = len(told) - len(done) - len(left)
    if not left or not (done or undone) or len(left) == len(told) or (unknown and not named):
        return None
    if (unknown > len(done) and not undone) or not (named or work or poor):
        return None
    return Account(len(told), len(told) - len(left), tuple(left))
