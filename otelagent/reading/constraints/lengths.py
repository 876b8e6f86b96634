"""Rules on the length of answers and on the number of their items."""

from collections.abc import Iterator
from typing import Any, Final

from otelagent.reading import numerals
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, filled
from otelagent.reading.constraints.formats import BULLET
from otelagent.reading.lexicon import LANGUAGES, folded, matches, words
from otelagent.reading.sentences import sentences

_LENGTHS: Final = {
    folded(word): unit for name in LANGUAGES for word, unit in words("constraints", name).get("length", {}).items()
}
_ONE: Final = (
    "one",
    "once",
    "einmal",
    "single",
    "ein",
    "einem",
    "einen",
    "einzige",
    "einzigen",
    "un",
    "une",
    "una",
    "unico",
    "unica",
    "um",
    "uma",
)
_COUNT: Final = r"(?:\d{1,6}|[a-z]{2,14}|[一二两三四五六七八九十百]{1,4})"
"""What may be a count: which words are is looked up, since a pattern of them all takes long to compile."""
_LENGTH: Final = f"(?:{'|'.join(sorted(_LENGTHS, key=len, reverse=True))})"


def read(sentence: Sentence) -> Iterator[Draft]:
    """How long an answer may be, or has to be; the length of a part of it is none of these."""
    if sentence.find("of_a_part"):
        return
    for kind in ("max_length", "min_length"):
        if match := counted(sentence, kind):
            yield Draft(kind, (_LENGTHS[match[2].decode()],), amount(match[1]))
            return


def read_items(sentence: Sentence) -> Iterator[Draft]:
    """How many items an answer may list."""
    if match := counted(sentence, "max_items"):
        yield Draft("max_items", (), amount(match[1]))


def counted(sentence: Sentence, key: str) -> Any:
    """The first match of a list whose first group is a count."""
    if key not in sentence.present:
        return None
    patterns = filled(sentence.language, key, ("n", _COUNT), ("length", _LENGTH))
    found = (match for each in patterns for match in matches(each, sentence.lowered, 4))
    return next((match for match in found if amount(match[1])), None)


def amount(written: bytes) -> float:
    """What a count says, in digits or words; 0: it is no count."""
    text = written.decode()
    if text.isdigit():
        return float(text)
    if text in _ONE:
        return 1.0
    return float(numerals.SPELLED.get(text) or (not text.isascii() and numerals.chinese(text)) or 0)


def too_long(rule: Constraint, text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    slack = max(1.15 * limit, limit + 2) if rule.terms[0] in ("words", "characters") else limit + 1
    return Violation(rule, f"is longer than {limit:.0f} {rule.terms[0]}") if length > slack else None


def too_short(rule: Constraint, text: str) -> Violation | None:
    length, limit = _length(text, rule.terms[0]), rule.amount or 0
    return Violation(rule, f"is shorter than {limit:.0f} {rule.terms[0]}") if length < 0.7 * limit else None


def too_many(rule: Constraint, text: str) -> Violation | None:
    listed = BULLET.findall(text.encode(errors="replace"))
    top = [item for item in listed if not item.startswith((b"  ", b"\t"))]
    return Violation(rule, "lists more items than allowed") if len(top) > (rule.amount or 0) + 0.5 else None


def _length(text: str, unit: str) -> int:
    if unit == "words":
        return len(text.split())
    if unit == "characters":
        return len(text.strip())
    if unit == "sentences":
        return sum(1 for sentence in sentences(text.encode(errors="replace")) if len(sentence) > 3)
    return sum(1 for part in text.split("\n\n" if unit == "paragraphs" else "\n") if part.strip())
