"""The members of an object by folded name, and what they say taken together."""

from collections.abc import Mapping
from typing import Any, Final

from otelagent.reading import members
from otelagent.reading.emptiness import empty
from otelagent.reading.members import folded

MAX_MEMBERS: Final = 100
"""Members of an object that are looked at."""
FEW: Final = 4
"""Members up to which an object may be a status and its words."""
_IDS: Final = ("id", "nummer", "numéro", "numero", "número", "编号", "单号", "番号")
"""How the names of members end that name a thing."""


class Fields:
    """The members of an object by folded name."""

    __slots__ = ("by_name", "record", "value")

    def __init__(self, value: Mapping[Any, Any]) -> None:
        self.value = value
        self.by_name: dict[str, tuple[str, Any]] = {}
        for key, member in value.items():
            self.by_name.setdefault(folded(key), (str(key), member))
            if len(self.by_name) >= MAX_MEMBERS:
                break
        self.record = any(name.endswith(_IDS) and name not in members.NO_RECORD for name in self.by_name) or (
            "id" in self.by_name and self.detailed()
        )

    def found(self, names: frozenset[str]) -> list[tuple[str, str, Any]]:
        """(folded name, key, member) of those present, in the object's order."""
        present = self.by_name.keys() & names
        ordered = present if len(present) < 2 else [name for name in self.by_name if name in present]
        return [(name, *self.by_name[name]) for name in ordered]

    def errors_only(self) -> bool:
        return self.by_name.keys() <= members.AROUND | members.OUTCOMES

    def talks(self) -> bool:
        """There is a word of explanation or an error member beside it."""
        return bool(
            self.by_name.keys()
            & (
                members.MESSAGES
                | members.ERROR_TEXTS
                | members.ERROR_TYPES
                | members.WAIT
                | members.HTTP_KEYS
                | {"errors"}
            )
        )

    def text(self) -> str:
        """All that the object says in words, to tell the kind of a failure."""
        words = []
        for _, _, member in self.found(
            members.MESSAGES | members.ERROR_TEXTS | members.ERROR_TYPES | members.CODE_KEYS | members.WAIT
        ):
            words.append(wording(member))
        if self.by_name.keys() & members.WAIT:
            words.append("retry after")
        return " ; ".join(words)[:2000]

    def detailed(self) -> bool:
        """A thing is described beside what is said of it: an amount, lines, a number of its own."""
        rest = [member for name, (_, member) in self.by_name.items() if name not in members.AROUND]
        return sum(bool(member) and not isinstance(member, bool) for member in rest) > 1

    def substance(self) -> bool:
        """There is content beside the error, and what one may ask for instead is none."""
        rest = {k: v for k, v in self.value.items() if folded(k) not in members.AROUND or folded(k) in members.DATA}
        rest = {k: v for k, v in rest.items() if folded(k) not in members.CHOICES}
        rest = {k: v for k, v in rest.items() if not isinstance(v, bool)}
        return bool(rest) and any(map(_tells, rest.values())) and not empty(rest)


def _tells(member: Any) -> bool:
    """A list, an object or words; one token alone (`"sqlstate": "42P01"`) belongs to the error."""
    if isinstance(member, dict):
        return any(inner is not None for inner in member.values())
    return bool(member) and (isinstance(member, list) or (isinstance(member, str) and " " in member.strip()))


def wording(member: Any, depth: int = 3) -> str:
    """A member as words: texts and codes, those of nested members too."""
    if isinstance(member, str):
        return member[:500]
    if isinstance(member, bool) or member is None or depth == 0:
        return ""
    if isinstance(member, int | float):
        return f"code {member:.0f}" if abs(member) < 1e6 else ""
    if isinstance(member, Mapping):
        return " ; ".join(wording(m, depth - 1) for m in list(member.values())[:12])
    if isinstance(member, list):
        return " ; ".join(wording(m, depth - 1) for m in member[:5])
    return ""
