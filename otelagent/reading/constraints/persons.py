"""Whether a text names a person: by a given name before another name, or by a title."""

from typing import Any, Final

from otelagent.reading.lexicon import data, exact

_GIVEN: Final = "|".join(sorted(data("given_names")["given"]))
_SURNAMES: Final = "".join(data("given_names")["surnames"])
_NAMED: Final = exact(rf"\b(?:{_GIVEN})[ \x{{A0}}](?:(?:van|von|de|del|da|dos) (?:la )?)?\p{{Lu}}[\p{{Ll}}’'-]+")
_TITLED: Final = exact(
    r"\b(?:Mr|Mrs|Ms|Herrn?|Frau|Monsieur|Madame|Mme|Señora?|Sra?|Senhora?|Doña|Dona)\.?[ \x{A0}]\p{Lu}\p{Ll}+"
    rf"|[{_SURNAMES}]\p{{Han}}{{0,2}}(?:先生|女士|小姐)"
)
_SAN: Final = exact(r"\p{Han}{2,4}(?:さん|氏)")
_ROLES: Final = tuple(each.encode() for each in data("given_names")["roles"])
_GREETING: Final = exact(
    r"(?i)^\W*(?:dear|hello|hi|sehr geehrte|hallo|guten tag|liebe|bonjour|ch[eè]re?|hola|estimad|buen|ol[áa]|prezad"
    r"|bo[am]|您好|你好)"
)
_SIGNATURE: Final = 5
"""Words of a line up to which it may be a signature."""


def names_person(text: str) -> bool:
    """A person is named, greetings and signatures aside."""
    return any(_named(line) for line in text[:16_384].split("\n"))


def _named(line: str) -> bool:
    told: Any = line.encode(errors="replace")
    if _GREETING.search(told):
        told = told.partition(b",")[2]
    if line.isascii() and len(line.split()) < _SIGNATURE:
        return False
    called = [match.group() for match in _SAN.finditer(told)]
    titled = any(not each.startswith(_ROLES) for each in called)
    return titled or bool(_NAMED.search(told) or _TITLED.search(told))
