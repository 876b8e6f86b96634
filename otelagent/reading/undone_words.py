"""Patterns around what is left of a work, by language: what wasn't done, why it ended, counts and what they are of."""

from collections.abc import Iterator
from functools import cache
from typing import Final

from otelagent.reading.lexicon import NOTHING, SPACED, AnyOf, any_of, compiled, grammar, matches

_OF: Final = {
    True: (r"\s(?:of|der|des|du|de|do|da|dos|das|del|de las|de los)\b(?:\s(?:the|l[ae]s?|los))?",),
    False: ("的?", "の?"),
}
"""What stands between half and what it is half of, in languages with blanks and without."""


class Words:
    """The compiled word lists of one language."""

    __slots__ = (
        "after",
        "apart",
        "apart_follows",
        "attributed",
        "except_",
        "excepted",
        "finding",
        "first",
        "half",
        "half_of",
        "lack",
        "lacking",
        "lead",
        "of",
        "only",
        "others",
        "reaching",
        "ready",
        "rest",
        "spaced",
        "stopped",
        "uncounted",
        "undone",
        "unmade",
        "upto",
        "whole",
        "within",
    )

    def __init__(self, language: str) -> None:
        def found(key: str) -> AnyOf:
            return any_of("undone", language, key)

        lists = grammar("undone", language)
        self.spaced = language in SPACED
        self.undone, self.stopped, self.uncounted = found("undone"), found("stopped"), found("uncounted")
        self.unmade = compiled("|".join(lists["unmade"]))
        self.only, self.half, self.whole = found("only"), found("half"), found("whole")
        self.ready, self.attributed = found("ready"), any_of("delegation", language, "attributed")
        gap = r"[\s(]{1,3}" if self.spaced else r"[\s(（]{0,2}"
        some = rf"(?:[\pL’-]+{gap}){{0,3}}" if self.spaced else r"[^\d，。、；]{0,8}?"
        self.of = compiled(rf"^{gap}{some}(?:{'|'.join(lists['of'])})\(?$")
        self.lead = compiled(rf"(?:^|[\s,;:(])(?:{'|'.join(lists['of'])})$" if self.spaced else NOTHING)
        self.first = compiled(rf"(?:{'|'.join(lists['first'])})\s?$")
        self.upto = compiled(f"(?:{'|'.join(lists['upto'])})")
        self.finding = compiled(rf"^{gap}{some}(?:{'|'.join(lists['finding'])})")
        self.others = compiled(f"(?:{'|'.join(lists['others'])})")
        self.rest = compiled(f"(?:{'|'.join(lists['rest'])})")
        self.after = compiled(rf"(?:{'|'.join(lists['after'])})\s?$")
        self.reaching = found("reaching")
        self.apart, self.apart_follows = compiled("|".join(lists["apart"])), language == "ja"
        self.half_of = compiled(rf"(?:{'|'.join(lists['half'])})(?:{'|'.join(_OF[self.spaced])})")
        self.lacking = compiled(rf"(?:{'|'.join(lists['lack'])})$")
        self.lack = compiled(f"(?:{'|'.join(lists['lack'])})")
        self.within = compiled(f"(?:{'|'.join(lists['within'])})")
        excepts = f"(?:{'|'.join(lists['except'])})"
        self.except_ = compiled(f"{excepts}$")
        self.excepted = compiled(rf"^\D{{0,4}}?{excepts}" if language == "ja" else NOTHING)

    def unmade_in(self, part: bytes) -> Iterator[bytes]:
        """What a clause says wasn't done, as it says it."""
        return (match.group() for match in matches(self.unmade, part, 8))


@cache
def words(language: str) -> Words:
    """Built once."""
    return Words(language)
