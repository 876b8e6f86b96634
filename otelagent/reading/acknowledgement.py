"""What a completion admits about its data, whether it claims to be complete, and how much it says was done.

Sentence by sentence: good news in negative form ("there were no problems"), offers and what-ifs are taken out first, then
what is left is tried against the word lists. Texts longer than `values.HEAD + values.TAIL` characters are read at their
head and tail only.
"""

from collections.abc import Iterator
from typing import Any, Final

import re2

from otelagent.model import Admission
from otelagent.reading import numerals, values
from otelagent.reading.lexicon import LANGUAGES, SPACED, compiled, either, exact, grammar, matches

NOTHING: Final = Admission()
_FIELDS: Final = ("missing", "failed", "partial", "asks", "absence")
_CODE: Final = exact(r"(?s)```.*?(?:```|\z)")
_SENTENCE: Final = exact(r"[^.!?。！？\n]*(?:[.][^\s\"”»)*][^.!?。！？\n]*)*[.!?。！？\n]*")
_SENTENCES: Final = 400


def _all(key: str, languages: tuple[str, ...] = LANGUAGES) -> list[str]:
    return [pattern for language in languages for pattern in _GRAMMARS[language].get(key, ())]


def _joined(key: str) -> Any:
    return compiled("|".join(f"(?:{pattern})" for pattern in _all(key)))


_GRAMMARS: Final = {language: grammar("acknowledgement", language) for language in LANGUAGES}
_BENIGN: Final = _joined("benign")
_HYPOTHETICAL: Final = _joined("hypothetical")
_PATTERNS: Final = tuple((field, _joined(field)) for field in _FIELDS)
_COMPLETED: Final = _joined("completed")


def _any() -> Any:
    """One pass that tells whether a text has anything for us at all."""
    options = re2.Options()
    options.log_errors = False
    options.case_sensitive = False
    options.never_capture = True
    options.max_mem = 256 << 20
    found = re2.Set.SearchSet(options)
    for field in _FIELDS:
        for pattern in _all(field):
            found.Add(pattern)
    found.Compile()
    return found


_SET: Final = _any()


def admits(text: str) -> Admission:
    """What a completion admits: missing or failed or partial data, a question back, or absence taken as evidence."""
    data = _plain(text)
    if not _SET.Match(data):
        return NOTHING
    found = dict.fromkeys(_FIELDS, False)
    for sentence in _sentences(data):
        if _SET.Match(sentence):
            _read(sentence, found)
    return Admission(**found)


def completed(text: str) -> bool:
    """The text says that the work is complete."""
    for sentence in _sentences(_plain(text)):
        if _COMPLETED.search(sentence) and not _negated(sentence):
            return True
    return False


def _read(sentence: bytes, found: dict[str, bool]) -> None:
    asking = _HYPOTHETICAL.sub(b" ", sentence)
    left = _BENIGN.sub(b" ", asking)
    if _ABSENCE.search(sentence):
        found["absence"] = True
    for field, pattern in _PATTERNS:
        if field != "absence" and not found[field] and pattern.search(asking if field == "asks" else left):
            found[field] = True


_ABSENCE: Final = dict(_PATTERNS)["absence"]


def _negated(sentence: bytes) -> bool:
    left = _BENIGN.sub(b" ", _HYPOTHETICAL.sub(b" ", sentence))
    return any(pattern.search(left) for field, pattern in _PATTERNS if field in ("missing", "failed", "partial"))


def _plain(text: str) -> bytes:
    """Lower case, one kind of apostrophe, no code and no emphasis."""
    shown = values.narrow(values.window(text)[0]).lower().replace("'", "’").replace("*", "").replace("_", " ")
    data = shown.encode(errors="replace")
    return bytes(_CODE.sub(b" ", data)) if b"```" in data else data


def _sentences(data: bytes) -> Iterator[bytes]:
    for match in matches(_SENTENCE, data, _SENTENCES):
        if sentence := match.group().strip():
            yield bytes(sentence)


# --- progress ------------------------------------------------------------------------------------------------------

_COUNT: Final = rf"(?:\d{{1,7}}|{either(numerals.SPELLED)}|[一二三四五六七八九十百两兩]{{1,4}}|{'|'.join(_all('one', LANGUAGES) or ['one'])})"
_ITEMS: Final = "|".join(_all("items"))
_DONE: Final = "|".join(_all("done"))
_PARTS_OF: Final = "|".join(_all("parts", tuple(language for language in LANGUAGES if language in SPACED)))
_UNRELATED: Final = compiled(rf"^\W{{0,3}}(?:{'|'.join(_all('unrelated'))})")
_SLASH: Final = compiled(rf"(?:^|[^\d./:,$-])(\d{{1,7}})\s?/\s?(\d{{1,7}})(?:[^\d/.:%-]|[.:](?:\D|$)|$)")
_OF: Final = compiled(rf"(?:^|[^\w.,/$-])({_COUNT})\s+(?:(?:{_ITEMS})\s+)?(?:{_PARTS_OF})\s+(?:\w+\s+)?({_COUNT})(?:[^\d%.,/-]|[.,](?:\D|$)|$)")
_SHARE: Final = compiled(rf"(\d{{1,3}}(?:[.,]\d+)?)\s?%\s?(?:{_DONE}|of the (?:\w+ )?(?:{_ITEMS}))|(?:{_DONE}|progress)\W{{1,3}}(\d{{1,3}}(?:[.,]\d+)?)\s?%")
_WORK: Final = compiled(rf"(?:{_ITEMS}|{_DONE})")
_BARE: Final = compiled(r"^\W{0,4}(\d{1,3}(?:[.,]\d+)?)\s?%\W{0,4}$")


def progress(text: str) -> tuple[int, int] | None:
    """Items assigned and processed as a text says it: "3 of 7 documents", "250/486"; of a percentage (100, 51)."""
    data = _plain(text)
    for sentence in _sentences(data):
        for pattern in (_SLASH, _OF):
            for match in matches(pattern, sentence, 8):
                if pair := _pair(match, sentence, pattern is _SLASH):
                    return pair
        if (match := _SHARE.search(sentence) or _BARE.match(sentence)) and (share := next(filter(None, match.groups()), None)):
            return 100, min(100, int(float(share.replace(b",", b"."))))
    return None


def _pair(match: Any, sentence: bytes, slash: bool) -> tuple[int, int] | None:
    done, total = _count(match[1]), _count(match[2])
    if done is None or total is None or not 0 <= done <= total or total < 2:
        return None
    after = sentence[match.end(2) :]
    if _UNRELATED.search(after):
        return None
    alone = len(sentence.strip()) <= 24
    near = sentence[max(0, match.start(1) - 48) : match.start(1)] + after[:48] + sentence[match.start(1) : match.end(2)]
    if slash and total in (5, 7, 10, 100) and not _WORK.search(near):
        return None
    return (total, done) if alone or _WORK.search(near) else None


def _count(written: bytes) -> int | None:
    text = written.decode(errors="replace")
    if text.isdigit():
        return int(text)
    if text in numerals.SPELLED:
        return int(numerals.SPELLED[text])
    value = numerals.chinese(text)
    return 1 if value is None else int(value)


