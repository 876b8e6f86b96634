"""Receipts: how many items an agent says that it was given and has processed, in JSON at any depth or in words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from otelagent.model import Receipt
from otelagent.reading.counts import Count, as_count, meaning, state
from otelagent.reading.envelopes import unwrap
from otelagent.reading.known import Known
from otelagent.reading.lexicon import compiled, matches
from otelagent.reading.listing import tables
from otelagent.reading.members import OUTCOMES, STATUS, folded
from otelagent.reading.naming import key
from otelagent.reading.progress import progress

MAX_TEXT: Final = 64_000
"""Characters of a result in which a structured receipt is looked for."""

_HINTS: Final = (
    *("rocess", "omplet", "ssign", "eview", "andled", "overed", "nalys", "nalyz", "hecked", "inished", "ucceed"),
    *("uccess", "rogress", "esolved", "equested", "xpected", "rledigt", "earbeitet", "rocesad", "raité", "oncluíd"),
    *("otal", "emain", "evisad", "ailed", "ailure", "ending", "ehlgeschlagen", "usstehend", "ffen", "nbearbeitet"),
    *("cheou", "chou", "chec", "tente", "endient", "allid", "endent", "alha", "raite", "oncluid", "nprocessed"),
    *("处理", "完成", "処理", "完了", "失败", "失敗", "未", "待", "剩", "残"),
)
"""A text without any of them is not searched."""

_OBJECTS: Final = 8
"""Objects in prose that are looked at."""

MAX_MEMBERS: Final = 200
_DEPTH: Final = 12
_NODES: Final = 2_000
_NEAR: Final = 160
"""Bytes within which two counts in prose belong together."""

_STATED: Final = compiled(
    r"(?:(?:^|[\n|,;.({*•-]|\s{2}|:\s)[ \t*_|\"-]*(\pL[\pL_ -]{1,40}?)|\b(\pL+_[\pL_]{1,40}))"
    r"[*_\" ]*[:=|][*_\" ]*(\d{1,7})\b"
)
_OBJECT: Final = compiled(r"[{\[]\s*[\"{\[]")


def in_structure(value: object, path: str = "") -> Receipt | None:
    """A receipt in an agent's output or a tool's result, at any depth; the one that names most counts."""
    if not _may_hold(value):
        return None
    read = unwrap(value)
    base = path + (f"#{read.pointer}" if read.pointer else "")
    parts = [read.value] if not isinstance(read.value, str) else [*objects(read.value)]
    found = [receipt for part in parts for receipt in _receipts(part, base)]
    if not found and isinstance(read.value, str):
        text = read.value[:MAX_TEXT]
        found = [*_stated(text, base)] or [*_tabled(text, base)]
    return max(found, key=lambda r: r.assigned or 0, default=None)


def in_words(text: str, path: str = "") -> Receipt | None:
    """A receipt in prose: "3 of 7 documents". Who says it, admits what is left."""
    found = progress(text)
    if found is None:
        return None
    assigned, processed = found
    return Receipt(assigned, processed, "text", path, honest=processed < assigned)


def _may_hold(value: object) -> bool:
    """Cheap: text with a mark of structure and one of the words that receipts use."""
    if isinstance(value, str):
        text = value[:MAX_TEXT]
        return any(mark in text for mark in ("{", "=", ":", "|")) and any(hint in text for hint in _HINTS)
    return isinstance(value, dict | list)


def objects(text: str) -> Iterator[object]:
    """JSON that stands in prose, fenced or not."""
    data = text[:MAX_TEXT].encode(errors="replace")
    decoder, past = json.JSONDecoder(), 0
    for match in matches(_OBJECT, data, _OBJECTS):
        if match.start() < past:
            continue
        rest = data[match.start() :].decode(errors="replace")
        try:
            found, length = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            continue
        past = match.start() + len(rest[:length].encode(errors="replace"))
        yield found


def _stated(text: str, path: str) -> Iterator[Receipt]:
    """`items_assigned: 7, items_processed: 3` in prose."""
    found = [
        ((match.group(1) or match.group(2)).decode(errors="replace").strip(), int(match.group(3)), match.start())
        for match in matches(_STATED, text.encode(errors="replace"), 200)
    ]
    known = [(name, number, at) for name, number, at in found if meaning(name) is not None]
    for name, number, at in known:
        together = {n: c for n, c, other in known if 0 <= other - at <= _NEAR and n != name}
        receipt = _receipt({name: number, **together}, path, near=True)
        if receipt is not None:
            yield receipt
            return


def _tabled(text: str, path: str) -> Iterator[Receipt]:
    """A Markdown table with names above and one row of numbers."""
    for names, rows in tables(text):
        if len(rows) == 1 and (found := _receipt(dict(zip(names, rows[0], strict=False)), path, near=True)):
            yield found


def _receipts(value: object, path: str) -> Iterator[Receipt]:
    stack: list[tuple[object, str, bool, int]] = [(value, path, True, _DEPTH)]
    for _ in range(_NODES):
        if not stack:
            return
        node, at, near, room = stack.pop()
        if isinstance(node, str) and node[:1] in ("{", "[") and _may_hold(node):
            node = unwrap(node).value
        if isinstance(node, dict):
            if (found := _receipt(node, at, near)) is not None:
                yield found
            if room:
                stack += [
                    (member, f"{at}/{name}", _about_work(name), room - 1)
                    for name, member in reversed(node.items())
                    if isinstance(member, dict | list) or (isinstance(member, str) and member[:1] in ("{", "["))
                ]
        elif isinstance(node, list) and room:
            stack += [(entry, f"{at}/{i}", False, room - 1) for i, entry in reversed(list(enumerate(node[:200])))]


def _about_work(name: object) -> bool:
    known = meaning(str(name))
    return known is not None and known.holder


def _receipt(node: Mapping[Any, Any], path: str, near: bool) -> Receipt | None:
    """Bare names (`total`, `processed`) count only at the top or in a part that is about the work."""
    telling = _telling(node)
    if not telling:
        return None
    members = [(known, node[name]) for name, known in telling]
    counted = (
        _pair(members, near)
        or _sum(members, near)
        or (_lacking(members) if near else None)
        or (_share(node, members) if near else None)
    )
    if counted is None:
        return None
    assigned, processed = counted
    if not 0 <= processed <= assigned or assigned < 1:
        return None
    left = (entry for count, member in members if count.left and isinstance(member, list) for entry in member)
    listed = tuple(key(name) for entry in islice(left, MAX_MEMBERS) if (name := _name(entry)) is not None)
    return Receipt(assigned, processed, "reported", path, _admits(node, members), listed)


def _name(entry: object) -> str | None:
    """What an entry is called: a text, or the first text of a record."""
    if isinstance(entry, dict):
        entry = next((member for member in entry.values() if isinstance(member, str)), None)
    return entry if isinstance(entry, str) else None


_TELLING: Final = Known[int, tuple[tuple[Any, Count], ...]]()


def _telling(node: Mapping[Any, Any]) -> tuple[tuple[Any, Count], ...]:
    """Names that count, or hold what counts; records of one kind are looked at once."""
    names = tuple(node)[:MAX_MEMBERS]
    known = _TELLING.get(hash(names))
    if known is not None:
        return known
    return _TELLING.keep(hash(names), tuple((n, count) for n in names if (count := meaning(str(n))) is not None))


Members = Sequence[tuple[Count, Any]]


def _pair(members: Members, near: bool) -> tuple[int, int] | None:
    """What was given and what was done; one of the two has to say what it counts, unless the place does."""
    given = _first(members, lambda count: count.given or (count.total and (near or count.unit)))
    done = _first(members, lambda count: count.done and not count.guessed)
    if done is None and given is not None and given[0].given and given[0].unit:
        done = _first(members, lambda count: count.came and count.unit)
    if given is None or done is None:
        bare = _first(members, lambda count: count.bare_unit) if done is not None and done[0].unit else None
        given = given or bare
    if given is None or done is None or not _alike(given[0], done[0]):
        return None
    if near or given[0].sure or (given[0].unit and done[0].unit and given[0].given):
        return given[1], done[1]
    return None


def _alike(one: Count, other: Count) -> bool:
    """They count the same, as far as their names say what."""
    return one.things == other.things or not (one.things and other.things)


def _first(members: Members, fits: Any) -> tuple[Count, int] | None:
    """The first member with a count that fits, one that says what it counts before others."""
    found = [(count, number) for count, member in members if fits(count) and (number := as_count(member)) is not None]
    return min(found, key=lambda pair: not pair[0].unit, default=None)


def _sum(members: Members, near: bool) -> tuple[int, int] | None:
    """What was done and what is left; away from what is about the work, only where both are listed."""
    if any(count.verdict for count, _ in members):
        return None
    left = _amount(members, lambda count: count.left)
    sure = _amount(members, lambda count: count.undone)
    done = _first(members, lambda count: count.done and not count.guessed)
    if done is not None and left is not None and near:
        return _of_all(members, done[1], left)
    if not sure or not (near or _listed(members)):
        return None
    guessed = done[1] if done is not None else _amount(members, lambda count: count.guessed)
    return (guessed + sure, guessed) if guessed is not None else None


def _of_all(members: Members, done: int, left: int) -> tuple[int, int]:
    """ "10 processed, 8 succeeded, 2 failed" are ten."""
    counts = [number for count, member in members if count.done and (number := as_count(member)) is not None]
    well = next((number for number in counts if number + left in counts), None)
    return (well + left, well) if well is not None and left else (done + left, done)


def _amount(members: Members, fits: Any) -> int | None:
    """All that fits, together; what is counted and listed too counts once."""
    found = [(number, isinstance(m, list)) for c, m in members if fits(c) and (number := as_count(m)) is not None]
    listed, counted = [n for n, is_list in found if is_list], [n for n, is_list in found if not is_list]
    return max(sum(listed), sum(counted)) if found else None


def _listed(members: Members) -> bool:
    """What is left, and what isn't, is listed by name."""
    own = [(count, member) for count, member in members if count.left or count.done]
    return len(own) >= 2 and all(isinstance(member, list) for _, member in own)


def _lacking(members: Members) -> tuple[int, int] | None:
    """What was given and what is left of it."""
    given = _first(members, lambda count: count.given or count.total)
    left = _amount(members, lambda count: count.undone)
    if given is None or not left or any(count.verdict or count.done for count, _ in members):
        return None
    return given[1], given[1] - left


def _share(node: Mapping[Any, Any], members: Members) -> tuple[int, int] | None:
    """`progress: 3/7`, `percent_complete: 43`."""
    for name, member in list(node.items())[:MAX_MEMBERS]:
        known = meaning(str(name))
        if known is None or not (known.done or known.share):
            continue
        if isinstance(member, str) and len(member) < MAX_SHARE and (found := _fraction(member) or progress(member)):
            return found
        if known.share and isinstance(member, int | float) and not isinstance(member, bool) and 0 <= member <= 100:
            return 100, int(member * 100 if known.ratio and member <= 1 else member)
    return None


def _fraction(text: str) -> tuple[int, int] | None:
    done, slash, given = text.partition("/")
    numbers = (as_count(given.strip()), as_count(done.strip()))
    return (numbers[0], numbers[1]) if slash and numbers[0] is not None and numbers[1] is not None else None


MAX_SHARE: Final = 80
"""Characters of a text that says how far the work has come."""


def _admits(node: Mapping[Any, Any], members: Members) -> bool:
    if any(count.left and (as_count(m) or (isinstance(m, dict) and m)) for count, m in members):
        return True
    for name, member in list(node.items())[:MAX_MEMBERS]:
        plain = folded(name)
        if plain in _STATES and isinstance(member, str) and state(member):
            return True
        if plain in _ENDS and member is False:
            return True
    return False


_STATES: Final = STATUS | OUTCOMES
_ENDS: Final = ("complete", "completed", "success", "allprocessed", "iscomplete")
