"""Accounts of work in structures: groups of items by state, a state beside each item, numbers that add up.

Any mapping or list of records will do, whatever its names mean beyond their state: an account is told from other
content by what it holds together, and by what the assignment says.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from otelagent.reading.brief import Brief, numbers
from otelagent.reading.counts import participle
from otelagent.reading.duty import gives_reason
from otelagent.reading.layout import listed
from otelagent.reading.lexicon import compiled, folded
from otelagent.reading.states import State, state, words

MAX_MEMBERS: Final = 200
_NODES: Final = 1_000
_DEPTH: Final = 10
_MOST: Final = 10**7
_VALUE: Final = 60
"""Characters of a value that tells a state."""

_LEFT: Final = (State.LEFT, State.UNDONE)
_ROOT: Final = 3
"""Letters that "send" and "sent" have in common."""

_LINE: Final = 300
"""Characters of a text that lists names."""

_DENIALS: Final = (
    *("未", "不", "没", "un", "non_", "not_", "non", "nicht_", "no_", "sin_", "sem_", "nao_", "não_", "pas_"),
)

_FRACTION: Final = compiled(r"^\s*(\d{1,7})\s*(?:/|of|von|sur|de|中)\s*(\d{1,7})\b")


Told = Sequence[tuple[str, State | None]]
"""Items by name, and what is told of each."""


class Account(msgspec.Struct, frozen=True):
    """How much of what was given is done, and what is left by name."""

    assigned: int
    processed: int
    left: tuple[str, ...] = ()
    path: str = ""


def accounts(value: object, brief: Brief, path: str = "") -> Iterator[Account]:
    """Of each part of a structure that tells one."""
    stack: list[tuple[object, str, int]] = [(value, path, _DEPTH)]
    for _ in range(_NODES):
        if not stack:
            return
        node, at, room = stack.pop()
        found = None
        if isinstance(node, dict):
            found = _of_mapping(node, brief)
            below = [(member, f"{at}/{name}", room - 1) for name, member in islice(node.items(), MAX_MEMBERS)]
        elif isinstance(node, list):
            found = _of_records(node, brief)
            below = [(entry, f"{at}/{n}", room - 1) for n, entry in enumerate(node[:MAX_MEMBERS])]
        else:
            continue
        if found is not None:
            yield msgspec.structs.replace(found, path=at)
        if room:
            stack += reversed([each for each in below if isinstance(each[0], dict | list)])


# --- groups: a number or a list each ----------------------------------------------------------------------------------


class _Group(msgspec.Struct):
    name: str
    state: State | None
    count: int
    names: tuple[str, ...] | None
    """None for a number."""


def _of_mapping(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    groups = [g for name, member in islice(node.items(), MAX_MEMBERS) if (g := _group(str(name), member, brief))]
    return _fraction(node, brief) or _of_groups(groups, brief) or _of_items(node, brief)


def _group(name: str, member: object, brief: Brief) -> _Group | None:
    told = state(name, brief.verbs)
    if isinstance(member, bool) or member is None:
        return None
    if isinstance(member, int) and 0 <= member < _MOST:
        return _Group(name, told, member, None)
    if isinstance(member, str) and member.isascii() and member.isdecimal() and len(member) < 8:
        return _Group(name, told, int(member), None)
    if isinstance(member, list):
        return _Group(name, told, len(member), tuple(_name(entry) for entry in member[:MAX_MEMBERS]))
    if isinstance(member, str) and told is not None and (told.lacks or told.did):
        named = listed(member) if len(member) <= _LINE else []
        return _Group(name, told, len(named), tuple(named)) if named and _within(named, brief) else None
    if isinstance(member, dict) and told is not None and told.lacks and all(map(_is_reason, member.values())):
        return _Group(name, told, len(member), tuple(map(str, member)))
    return None


def _is_reason(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _name(entry: object) -> str:
    if isinstance(entry, dict):
        return next((str(v) for v in entry.values() if isinstance(v, str | int) and not isinstance(v, bool)), "")
    return str(entry)[:_VALUE] if isinstance(entry, str | int) else ""


def _of_groups(groups: Sequence[_Group], brief: Brief) -> Account | None:
    done = [g for g in groups if g.state is not None and g.state.did]
    lacking = [g for g in groups if g.state is not None and g.state.lacks and g.count]
    done = done or _by_form(groups, lacking, brief)
    given = _given(groups, done, brief)
    processed = sum(g.count for g in done)
    left = tuple(name for g in lacking for name in g.names or () if not gives_reason(name))
    for g in groups:
        if g.state is State.TO_DO and done:
            if given is None and g.count + processed in brief.numbers and g.count:
                lacking.append(g)
            elif given is None and g.count >= processed:
                given = g.count
    if done and (processed == given or processed in brief.numbers):
        return None
    if not done:
        return _of_left(lacking, brief)
    if not lacking:
        return _given_and_done(groups, given, done, brief)
    return _parted(groups, given, done, lacking, left, brief)


def _by_form(groups: Sequence[_Group], lacking: Sequence[_Group], brief: Brief) -> list[_Group]:
    """What is the opposite of what is left (`未付与` and `タグ付与`), or done by the form of its word: `modelled` of
    those `wanted`."""
    unknown = [g for g in groups if g.state is None and g.count not in brief.numbers]
    if opposite := [g for g in unknown for other in lacking if _denies(other.name, g.name) and not _sort(g, brief)]:
        return opposite
    found = [g for g in unknown if (parts := words(g.name)) and participle(parts[-1])]
    given = any(g.state is State.GIVEN and g.count in brief.numbers for g in groups)
    whole = sum(g.count for g in (*found, *lacking)) in brief.numbers
    return found if given or (lacking and whole) else []


def _sort(group: _Group, brief: Brief) -> bool:
    """The assignment names it as one of several sorts: "as spam or not"."""
    name = folded(group.name)
    return name.isascii() and name in brief.text and not any(verb in name for verb in brief.verbs)


def _denies(name: str, other: str) -> bool:
    """`未付与` of `タグ付与`, `not_tagged` of `tagged`."""
    for prefix in _DENIALS:
        rest = name.removeprefix(prefix)
        if rest != name and len(rest) >= _ROOT - 1 and other.endswith(rest):
            return True
    return False


def _given(groups: Sequence[_Group], done: Sequence[_Group], brief: Brief) -> int | None:
    """How many there were: by its name, else the number that the assignment says."""
    for wanted in (State.GIVEN, State.TOTAL):
        found = [g.count for g in groups if g.state is wanted and g.count]
        if found:
            return max(found)
    bare = [g.count for g in groups if g.state is None and g.names is None and g.count in brief.numbers]
    return bare[0] if bare and done and max(g.count for g in done) <= bare[0] else None


def _of_left(lacking: Sequence[_Group], brief: Brief) -> Account | None:
    """Only what is left is told: names of some of what was given."""
    left = [name for g in lacking if g.state in _LEFT for name in g.names or ()]
    own = _within(left, brief) if left and len(left) == sum(g.count for g in lacking) else None
    return Account(len(own), len(own) - len(left), tuple(left)) if own and len(left) < len(own) else None


def _within(names: Sequence[str], brief: Brief) -> tuple[str, ...] | None:
    """The list of the assignment that all of these names are of."""
    for own in brief.lists:
        plain = [folded(name) for name in own]
        if all(any(_same(folded(name), each) for each in plain) for name in names):
            return own
    return None


def _same(name: str, other: str) -> bool:
    name, other = name.strip(" .,:"), other.strip(" .,:")
    return bool(name) and (name == other or (len(name) > 1 and (name in other or other in name)))


def _given_and_done(
    groups: Sequence[_Group], given: int | None, done: Sequence[_Group], brief: Brief
) -> Account | None:
    """A number that was given, and one that was done: they speak of one thing."""
    if given is None or len(done) > 2:
        return None
    most = max(g.count for g in done)
    sure = given in brief.numbers or (any(g.state is State.GIVEN for g in groups) and _shared(groups, done))
    return Account(given, most) if sure and most < given else None


def _shared(groups: Sequence[_Group], done: Sequence[_Group]) -> bool:
    """Their names have a word in common: `parcels_expected`, `parcels_weighed`."""
    own = {word for g in done for word in folded(g.name).replace("-", "_").split("_") if len(word) > 2}
    given = {word for g in groups if g.state is State.GIVEN for word in folded(g.name).replace("-", "_").split("_")}
    return bool(own & given)


def _parted(
    groups: Sequence[_Group],
    given: int | None,
    done: Sequence[_Group],
    lacking: Sequence[_Group],
    left: tuple[str, ...],
    brief: Brief,
) -> Account | None:
    """Some are done and some are left."""
    processed, lacks = sum(g.count for g in done), sum(g.count for g in lacking)
    rest = sum(g.count for g in groups if g.state is None and g.names is None and g.count not in brief.numbers)
    named = left if len(left) == lacks else ()
    if processed + lacks + rest in brief.numbers:
        return Account(processed + lacks + rest, processed, named)
    total = processed + lacks
    made_up = any(g.count == total and g.state is None and g.names is None for g in groups)
    if given == total or total in brief.numbers or (made_up and not _asks_for(lacking, brief)):
        return Account(total, processed, named)
    if given is not None and given in brief.numbers and processed < given:
        return Account(given, processed, named)
    if given is not None and given > total:
        return None
    listed = all(g.names is not None for g in (*done, *lacking))
    plain = all(g.state in _LEFT for g in lacking)
    if named and (own := _within([*named, *(name for g in done for name in g.names or ())], brief)):
        return Account(len(own), len(own) - len(named), named) if len(named) < len(own) else None
    if (listed or plain or any(_ordered(g.name, brief) for g in done)) and not _asks_for(lacking, brief):
        return Account(total, processed, named)
    return None


def _ordered(name: str, brief: Brief) -> bool:
    """It is made of the word by which the assignment asks for the work: `emails_sent` of "Send ..."."""
    return any(word[:_ROOT] == verb[:_ROOT] or verb in word for word in words(name) for verb in brief.verbs)


def _asks_for(lacking: Sequence[_Group], brief: Brief) -> bool:
    """The assignment itself speaks of what is open or failed: then that is its answer."""
    told = {word[:5] for g in lacking for word in words(g.name) if (each := state(word)) is not None and each.lacks}
    return any(word in brief.text for word in told)


def _fraction(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    """`transcribed: "18/26"`, of a number that the assignment says."""
    for name, member in islice(node.items(), MAX_MEMBERS):
        if any(
            number in brief.numbers for _, _, number in numbers(folded(str(name)[:_VALUE]).encode(errors="replace"))
        ):
            continue  # a sentence before a colon: "all 30 are analysed: 12 of 30 ..."
        match = _FRACTION.match(member[:_VALUE].encode(errors="replace")) if isinstance(member, str) else None
        if match is not None and int(match[2]) in brief.numbers and int(match[1]) < int(match[2]):
            return Account(int(match[2]), int(match[1]))
    return None


# --- a state beside each item -----------------------------------------------------------------------------------------


def _of_items(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    """`{"mars": "done", "venus": "pending"}`."""
    if brief.progress:
        return None
    names = [name for name in islice(node, MAX_MEMBERS) if isinstance(name, str)]
    own = [name for name in names if _within([name], brief)]
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


def _of_records(node: Sequence[Any], brief: Brief) -> Account | None:
    """`[{"site": "Boise", "state": "checked"}, ...]`."""
    records = [entry for entry in node[:MAX_MEMBERS] if isinstance(entry, dict)]
    if brief.progress or len(records) < 2 or len(records) != len(node[:MAX_MEMBERS]):
        return None
    fields = list(dict.fromkeys(name for record in records for name in record))[:20]
    naming = next((f for f in fields if _tells_apart(f, records)), None)
    if naming is None:
        return None
    named = sum(bool(_within([str(r[naming])], brief)) for r in records if naming in r) >= 2
    if named and (found := _of_errors(naming, records)):
        return found
    for field in fields:
        if field == naming:
            continue
        key = state(str(field), brief.verbs)
        told: Told = [(str(r.get(naming, "")), _told(r.get(field), brief, key)) for r in records]
        told = _paired(told, {str(r.get(naming, "")): r.get(field) for r in records})
        poor = not brief.checks or _poor(
            [record for record, (_, each) in zip(records, told, strict=True) if each and each.lacks], records
        )
        if found := _of_states(told, named=named, poor=poor or (key is not None and key.did)):
            return found
    return None


def _paired(told: Told, values: Mapping[Any, Any]) -> Told:
    """Values that are each other's opposite: "受領" and "未受領"."""
    texts = {str(v) for v in values.values() if isinstance(v, str) and len(v) <= _VALUE}
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
        if len(value) > _VALUE:
            return None
        by_form = State.DONE if participle(folded(value)) else None
        return state(value, brief.verbs) or by_form
    if isinstance(value, dict):
        for name, member in islice(value.items(), 12):
            key = state(str(name), brief.verbs)
            if isinstance(member, bool | str) and (found := _told(member, brief, key)):
                return State.WORK if found.did and key is State.WORK else found
    return None


def _of_states(told: Told, *, named: bool, poor: bool) -> Account | None:
    """Each item is done or left. What went wrong is left only where the others tell of work, or show more; what has
    no state counts as done where all that is left is the opposite of work: "not graded" among marks."""
    done = [name for name, each in told if each is not None and each.did]
    work = any(each is State.WORK for _, each in told)
    left = [name for name, each in told if each in _LEFT or (each is State.FAILED and named and (work or poor))]
    undone = named and all(each is State.UNDONE for name, each in told if name in left)
    unknown = len(told) - len(done) - len(left)
    if not left or not (done or undone) or len(left) == len(told) or (unknown and not named):
        return None
    if (unknown > len(done) and not undone) or not (named or work or poor):
        return None
    return Account(len(told), len(told) - len(left), tuple(left))
