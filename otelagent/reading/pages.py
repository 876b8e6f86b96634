"""Whether a good result is only a part of what there is: a page with a cursor, a count above what is listed, a batch
of which some failed. Only an answer that takes it for the whole makes a failure of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otelagent.model import More, Status
from otelagent.reading.batches import mixed
from otelagent.reading.envelopes import unwrap
from otelagent.reading.failures import anyof
from otelagent.reading.lexicon import compiled, terms
from otelagent.reading.members import BATCHED, COUNTS, FAILED_COUNTS, MORE_FLAGS, NEXT, PAGERS, SUCCEEDED, folded

_MEMBERS: Final = 60
_EDGE: Final = 300
"""Characters at a text's head and tail where it says which part it is."""
_TOTALS: Final = terms("results", "totals")
"""How the names of counts begin that may be of more than is listed."""
_OF: Final = compiled(anyof("which_part"))

_Fields = Mapping[str, tuple[str, Any]]


def more(result: object) -> More | None:
    """What shows that there is more than this result holds; None where nothing does."""
    value = unwrap(result).value
    if isinstance(value, str):
        return _told(value) or _listing(value)
    if isinstance(value, list):
        return _refused(value)
    if not isinstance(value, Mapping) or len(value) > _MEMBERS:
        return None
    fields = {(name := folded(key)): (str(key), _number_of(name, member)) for key, member in value.items()}
    return (
        _cursor(fields, "")
        or _within(fields)
        or _counted(fields)
        or _batch(fields)
        or _answers(fields)
        or _portion(fields)
    )


def _number_of(name: str, member: Any) -> Any:
    """Some APIs write counts as text: `"totalRows": "5000"`."""
    counts = name in COUNTS and isinstance(member, str) and member.isascii() and member.isdigit()
    return int(member) if counts and len(member) <= _DIGITS else member


_DIGITS: Final = 9
_LINK: Final = 4
"""Members of a link to the next page."""


def _refused(items: list[Any]) -> More | None:
    """Answers to several questions, of which some are errors."""
    found = mixed(items)
    return More("", found.note) if found is not None and found.status is Status.PARTIAL else None


def _answers(fields: _Fields) -> More | None:
    lists = list(_lists(fields))
    return _refused(lists[0]) if len(lists) == 1 else None


def _told(text: str) -> More | None:
    for part in (text[:_EDGE], text[-_EDGE:]):
        for match in _OF.finditer(part.encode(errors="replace")):
            shown, total = (int(digits) for each in match.groups() if (digits := _digits(each)))
            if shown < total:
                return More("", "says which part it is", total)
    return None


def _listing(text: str) -> More | None:
    """A listing in XML that was cut, as S3's are."""
    if not text.startswith("<") or not _CUT.search(
        text[-_XML_EDGE:].encode(errors="replace") + text[:_XML_EDGE].encode(errors="replace")
    ):
        return None
    return More("", "there is a next page")


_CUT: Final = compiled(
    r"<(?:\w+:)?(?:is_?truncated|has_?more|more_?results)>\s*true\s*</|<(?:\w+:)?next(?:_?(?:continuation)?_?token|_?marker|_?cursor|_?page)>[^<\s]"
)
_XML_EDGE: Final = 1500


def _digits(number: bytes) -> str:
    return "".join(each for each in number.decode() if each.isdigit()) or "0"


def _cursor(fields: _Fields, under: str) -> More | None:
    for name, (key, member) in fields.items():
        if name not in MORE_FLAGS and name not in NEXT and not (name == "offset" and _token(member)):
            continue
        if member is True if name in MORE_FLAGS else _leads_on(member):
            lists = list(_lists(fields))
            listed, total = len(lists[0]) if len(lists) == 1 else 0, _total(fields)
            if total is not None and total <= listed:
                total = None  # a count of this page
            return More(f"{under}/{key}", "there is a next page", total, listed)
    return None


def _token(member: Any) -> bool:
    """An offset that is no number leads to the next page, as Airtable's does."""
    return isinstance(member, str) and len(member) > _TOKEN and not member.isdigit()


_TOKEN: Final = 7


def _leads_on(member: Any) -> bool:
    if isinstance(member, Mapping):  # `{"next": {"after": "NTI1", "link": "..."}}`
        return 0 < len(member) <= _LINK and any(map(_leads_on, member.values()))
    return isinstance(member, str | int) and not isinstance(member, bool) and str(member) not in ("", "0", "null")


def _within(fields: _Fields) -> More | None:
    for name, (key, member) in fields.items():
        if name in PAGERS and isinstance(member, Mapping) and len(member) <= _MEMBERS:
            inner = {folded(each): (str(each), value) for each, value in member.items()}
            if found := _cursor(inner, f"/{key}"):
                return found
    return None


def _lists(fields: _Fields) -> Iterator[list[Any]]:
    return (member for _, member in fields.values() if isinstance(member, list) and member)


def _total(fields: _Fields) -> int | None:
    return next((count for name, (_, count) in fields.items() if name in COUNTS and type(count) is int), None)


def _counted(fields: _Fields) -> More | None:
    """One list, and a count that is above its length."""
    lists = list(_lists(fields))
    if len(lists) != 1:
        return None
    for name, (key, count) in fields.items():
        if name in COUNTS and type(count) is int and name.startswith(_TOTALS) and count > len(lists[0]):
            return More(f"/{key}", f"lists {len(lists[0])} of {count}", count, len(lists[0]))
    return None


def _batch(fields: _Fields) -> More | None:
    """`{"requested": 10, "succeeded": 3, "failed": 7}`."""
    asked, done, failed = (_number(fields, names) for names in (BATCHED, SUCCEEDED, FAILED_COUNTS))
    if asked and done is not None and failed and done + failed == asked:
        key = next(key for name, (key, _) in fields.items() if name in FAILED_COUNTS)
        return More(f"/{key}", f"{failed} of {asked} failed", None)
    return None


def _portion(fields: _Fields) -> More | None:
    """`{"shown": 20, "total": 540}`, `{"displaying": "2 of 77"}`."""
    for name, (key, member) in fields.items():
        if not (name.startswith(_SHOWN) or name.endswith(_SHOWN)):
            continue
        if isinstance(member, str) and (match := _PORTION.search(member.encode(errors="replace"))):
            part, total = map(int, match.groups())
        elif type(member) is int and (all_of := _whole(fields)) is not None:
            part, total = member, all_of
        else:
            continue
        if 0 < part < total:
            return More(f"/{key}", f"holds {part} of {total}", total, part)
    return None


def _whole(fields: _Fields) -> int | None:
    """The one number that says how much there is."""
    named = ((name, member) for name, (_, member) in fields.items() if type(member) is int)
    found = [member for name, member in named if name.startswith(_ALL) or name.endswith(_ALL)]
    return found[0] if len(found) == 1 else None


_PORTION: Final = compiled(r"^\W*(\d{1,9})\s*(?:out of|" + "|".join(terms("results", "between")) + r")\s*(\d{1,9})\b")
_SHOWN: Final = terms("results", "shown")
"""Words that begin or end the names of how much a result holds, of a whole that it names too."""
_ALL: Final = terms("results", "whole")


def _number(fields: _Fields, names: frozenset[str]) -> int | None:
    found = [fields[name][1] for name in fields.keys() & names if type(fields[name][1]) is int]
    return found[0] if len(found) == 1 else None
