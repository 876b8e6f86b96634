"""Whether a good result is only a part of what there is: a page with a cursor, a count above what is listed, a batch
of which some failed. Only an answer that takes it for the whole makes a failure of it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from otelagent.model import More
from otelagent.reading.envelopes import unwrap
from otelagent.reading.lexicon import compiled
from otelagent.reading.members import BATCHED, COUNTS, FAILED_COUNTS, MORE_FLAGS, NEXT, PAGERS, SUCCEEDED, folded

_MEMBERS: Final = 60
_EDGE: Final = 300
"""Characters at a text's head and tail where it says which part it is."""
_TOTALS: Final = ("total", "count", "gesamt", "insgesamt", "anzahl", "cantidad", "quantidade", "总", "合計", "件数")
"""How the names of counts begin that may be of more than is listed."""
_OF: Final = compiled(
    r"(?:showing|displaying|listing|shown|showed|results?|items?|rows?|lines?|records?|entries|matches|page)\s+"
    r"(?:the\s+)?(?:first\s+|top\s+|last\s+)?(?:results?\s+|rows?\s+|items?\s+)?(?:\d[\d,.]*\s*(?:-|–|to)\s*)?(\d[\d,.]*)\s+"
    r"(?:results?\s+|rows?\s+|items?\s+|lines?\s+)?(?:of|out of|von|sur|de)\s+(?:about\s+)?(\d[\d,.]*)"
)


def more(result: object) -> More | None:
    """What shows that there is more than this result holds; None where nothing does."""
    value = unwrap(result).value
    if isinstance(value, str):
        return _told(value)
    if not isinstance(value, Mapping) or len(value) > _MEMBERS:
        return None
    fields = {folded(key): (str(key), member) for key, member in value.items()}
    return _cursor(fields, "") or _within(fields) or _counted(fields) or _batch(fields)


def _told(text: str) -> More | None:
    for part in (text[:_EDGE], text[-_EDGE:]):
        for match in _OF.finditer(part.encode(errors="replace")):
            shown, total = (int(digits) for each in match.groups() if (digits := _digits(each)))
            if shown < total:
                return More("", "says which part it is", total)
    return None


def _digits(number: bytes) -> str:
    return "".join(each for each in number.decode() if each.isdigit()) or "0"


_Fields = Mapping[str, tuple[str, Any]]


def _cursor(fields: _Fields, under: str) -> More | None:
    for name in fields.keys() & (MORE_FLAGS | NEXT):
        key, member = fields[name]
        if member is True if name in MORE_FLAGS else _leads_on(member):
            return More(f"{under}/{key}", "there is a next page", _total(fields))
    return None


def _leads_on(member: Any) -> bool:
    return isinstance(member, str | int) and not isinstance(member, bool) and str(member) not in ("", "0", "null")


def _within(fields: _Fields) -> More | None:
    for name in fields.keys() & PAGERS:
        key, member = fields[name]
        if isinstance(member, Mapping) and len(member) <= _MEMBERS:
            inner = {folded(each): (str(each), value) for each, value in member.items()}
            if found := _cursor(inner, f"/{key}"):
                return found
    return None


def _lists(fields: _Fields) -> Iterator[list[Any]]:
    return (member for _, member in fields.values() if isinstance(member, list) and member)


def _total(fields: _Fields) -> int | None:
    return next((fields[name][1] for name in fields.keys() & COUNTS if type(fields[name][1]) is int), None)


def _counted(fields: _Fields) -> More | None:
    """One list, and a count that is above its length."""
    lists = list(_lists(fields))
    if len(lists) != 1:
        return None
    for name in fields.keys() & COUNTS:
        key, count = fields[name]
        if type(count) is int and name.startswith(_TOTALS) and count > len(lists[0]):
            return More(f"/{key}", f"lists {len(lists[0])} of {count}", count)
    return None


def _batch(fields: _Fields) -> More | None:
    """`{"requested": 10, "succeeded": 3, "failed": 7}`."""
    asked, done, failed = (_number(fields, names) for names in (BATCHED, SUCCEEDED, FAILED_COUNTS))
    if asked and done is not None and failed and done + failed == asked:
        key = next(fields[name][0] for name in fields.keys() & FAILED_COUNTS)
        return More(f"/{key}", f"{failed} of {asked} failed", None)
    return None


def _number(fields: _Fields, names: frozenset[str]) -> int | None:
    found = [fields[name][1] for name in fields.keys() & names if type(fields[name][1]) is int]
    return found[0] if len(found) == 1 else None
