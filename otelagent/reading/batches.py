"""What a batch of writes says of those that were refused: `UnprocessedItems`, `Failed` beside `Successful`, items with
an error of their own."""

from collections.abc import Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from otelagent.model import Status
from otelagent.reading import members
from otelagent.reading.failures import Reading, kind
from otelagent.reading.fields import wording
from otelagent.reading.lexicon import terms
from otelagent.reading.members import folded

_MEMBERS: Final = 24
_ITEMS: Final = 50
_REFUSED: Final = terms("results", "refused")
_TAKEN: Final = terms("results", "taken")
_SEVERITY: Final = terms("results", "severity")
_GRAVE: Final = frozenset(terms("results", "grave"))
_SAID: Final = terms("results", "said")
_PLACES: Final = frozenset(terms("results", "places"))
_LOGS: Final = frozenset(terms("results", "logs"))


def refused(result: object) -> Reading | None:
    """Some or all of a batch was not taken; None where nothing says so."""
    if isinstance(result, list):
        return mixed(result)
    if not isinstance(result, Mapping):
        return None
    told = {folded(key): member for key, member in islice(result.items(), _MEMBERS)}
    for name, member in told.items():
        if name.startswith(_REFUSED) and _some(member):
            rest = any(_some(other) for each, other in told.items() if each.startswith(_TAKEN))
            return Reading(Status.PARTIAL if rest else _kind(member), "a batch of which some were refused")
        if name.endswith("items") and told.get("errors") is True and isinstance(member, list):
            return mixed(member) or Reading(Status.ERROR, "a batch with errors")
    return graver(told)


def _some(member: object) -> bool:
    if isinstance(member, int):
        return not isinstance(member, bool) and member > 0
    return isinstance(member, list | Mapping) and bool(member)


def _kind(member: object) -> Status:
    return kind(wording(member)).status


def mixed(items: list[Any]) -> Reading | None:
    """Several answers, one for each item of a batch, of which some are errors."""
    shown = [_inner(item) for item in items[:_ITEMS]]
    if not shown or not all(isinstance(each, Mapping) for each in shown):
        return None
    wrong = sum(_went_wrong(each) for each in shown)
    if not wrong:
        return None
    return Reading(Status.PARTIAL if wrong < len(shown) else _kind(shown), "a batch of which some were refused")


def _inner(item: Any) -> Any:
    """`{"index": {...}}`, as Elasticsearch answers for each."""
    inner = next(iter(item.values())) if isinstance(item, Mapping) and len(item) == 1 else item
    return inner if isinstance(inner, Mapping) else item


def _went_wrong(item: Mapping[Any, Any]) -> bool:
    for key, name in _telling(tuple(item)):
        member = item[key]
        if name in members.SUCCESS and member is False:
            return True
        if name in _ERRORS and isinstance(member, str | Mapping) and member:
            return True
        if name == "status" and member == "rejected" and "reason" in item:
            return True
    return False


_ERRORS: Final = members.PLAIN_ERROR | {"errorcode"}


@lru_cache(maxsize=512)
def _telling(keys: tuple[Any, ...]) -> tuple[tuple[Any, str], ...]:
    """Those of its members, as written and folded, that may say how an item fared. Items of one list share them."""
    named = [(key, folded(key)) for key in keys[:_MEMBERS]]
    return tuple([(key, name) for key, name in named if name == "status" or name in _ERRORS or name in members.SUCCESS])


def graver(told: Mapping[str, Any]) -> Reading | None:
    """Messages of which one is an error, as SAP returns them: no lines of a log, no findings of a linter."""
    for name, listed in told.items():
        if isinstance(listed, Mapping):
            listed = [listed]
        if not isinstance(listed, list) or not 0 < len(listed) <= _ITEMS or name in _LOGS:
            continue
        for each in listed:
            if not isinstance(each, Mapping):
                break
            said = {folded(key): member for key, member in each.items()}
            if _PLACES & said.keys() or not any(key in said for key in _SAID):
                break
            grave = {str(said[key]).lower() for key in _SEVERITY if key in said}
            if grave & _GRAVE:
                return Reading(_kind([said[key] for key in _SAID if key in said]), "a message says that it failed")
    return None
