"""Groups of items by state in structure, a number or a list each: `{"moved": 19, "untouched": [...]}`."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, Final

import msgspec

from otelagent.reading.account import LEFT, LONGEST, MAX_MEMBERS, Account, within
from otelagent.reading.brief import Brief, numbers
from otelagent.reading.counts import participle
from otelagent.reading.duty import gives_reason
from otelagent.reading.layout import listed
from otelagent.reading.lexicon import compiled, folded
from otelagent.reading.states import State, state, words

_MOST: Final = 10**7
_ROOT: Final = 3
"""Letters that "send" and "sent" have in common."""
_LINE: Final = 300
"""Characters of a text that lists names."""
_DENIALS: Final = (
    *("未", "不", "没", "un", "non_", "not_", "non", "nicht_", "no_", "sin_", "sem_", "nao_", "não_", "pas_"),
)
_FRACTION: Final = compiled(r"^\s*(\d{1,7})\s*(?:/|of|von|sur|de|中)\s*(\d{1,7})\b")


class _Group(msgspec.Struct):
    name: str
    state: State | None
    count: int
    names: tuple[str, ...] | None
    """None for a number."""


def group_of(name: str, member: object, brief: Brief) -> _Group | None:
    told = state(name, brief.verbs)
    if isinstance(member, bool) or member is None:
        return None
    if isinstance(member, int) and 0 <= member < _MOST:
        return _Group(name, told, member, None)
    if isinstance(member, str) and member.isascii() and member.isdecimal() and len(member) < 8:
        return _Group(name, told, int(member), None)
    if isinstance(member, list):
        return _Group(name, told, len(member), tuple(name_of(entry) for entry in member[:MAX_MEMBERS]))
    if isinstance(member, str) and told is not None and (told.lacks or told.did):
        named = listed(member) if len(member) <= _LINE else []
        return _Group(name, told, len(named), tuple(named)) if named and within(named, brief) else None
    if isinstance(member, dict) and told is not None and told.lacks and all(map(_is_reason, member.values())):
        return _Group(name, told, len(member), tuple(map(str, member)))
    return None


def _is_reason(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def name_of(entry: object) -> str:
    if isinstance(entry, dict):
        return next((str(v) for v in entry.values() if isinstance(v, str | int) and not isinstance(v, bool)), "")
    return str(entry)[:LONGEST] if isinstance(entry, str | int) else ""


def of_groups(groups: Sequence[_Group], brief: Brief) -> Account | None:
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
    if _dealt_with(done, lacking):
        return None
    if not done:
        return _of_left(lacking, brief)
    if not lacking:
        return _given_and_done(groups, given, done, brief)
    return _parted(groups, given, done, lacking, left, brief)


def _dealt_with(done: Sequence[_Group], lacking: Sequence[_Group]) -> bool:
    """As many were done as its lists name: what is left by its name is a sort of answer, `no_validos`."""
    listed = sum(g.count for g in (*done, *lacking) if g.names is not None)
    counted = [g.count for g in done if g.names is None and g.state is State.DONE]
    return listed in counted and all(g.state is not State.FAILED for g in lacking)


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
    left = [name for g in lacking if g.state in LEFT for name in g.names or ()]
    own = within(left, brief) if left and len(left) == sum(g.count for g in lacking) else None
    return Account(len(own), len(own) - len(left), tuple(left)) if own and len(left) < len(own) else None


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
    plain = all(g.state in LEFT for g in lacking)
    if named and (own := within([*named, *(name for g in done for name in g.names or ())], brief)):
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


def fraction(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    """`transcribed: "18/26"`, of a number that the assignment says."""
    for name, member in islice(node.items(), MAX_MEMBERS):
        if any(
            number in brief.numbers for _, _, number in numbers(folded(str(name)[:LONGEST]).encode(errors="replace"))
        ):
            continue  # a sentence before a colon: "all 30 are analysed: 12 of 30 ..."
        match = _FRACTION.match(member[:LONGEST].encode(errors="replace")) if isinstance(member, str) else None
        if match is not None and int(match[2]) in brief.numbers and int(match[1]) < int(match[2]):
            return Account(int(match[2]), int(match[1]))
    return None
