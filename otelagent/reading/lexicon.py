"""Word lists: one TOML file per subject and language in `words/`, merged over languages, and patterns built from them.

Patterns are RE2 only (linear time) and run over UTF-8 bytes, where offsets are cheap.
"""

import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeAlias
from weakref import WeakSet

import re2

LANGUAGES: Final = ("en", "de", "fr", "es", "pt", "zh", "ja")
SPACED: Final = ("en", "de", "fr", "es", "pt")
"""Languages that put spaces between words."""

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 8 << 20
_AT_ONCE: Final = re2.Options()
_AT_ONCE.log_errors = False
_AT_ONCE.max_mem = 24 << 20
"""States beyond that are let go, and made again when they are needed."""

NOTHING: Final = r"[^\x00-\x{10FFFF}]"
"""A pattern that matches nothing."""


def _unaccented(point: int) -> str | None:
    base = unicodedata.normalize("NFD", chr(point))[0]
    return base if base.isascii() and base != chr(point) else None


_FOLD: Final = {
    **{point: base for point in range(0xC0, 0x180) if (base := _unaccented(point))},
    **{0xFF01 + place: 0x21 + place for place in range(94)},
    **dict.fromkeys((0xA0, 0x2009, 0x202F, 0x3000), " "),
    0xDF: "ss",
    ord("'"): "’",
    ord("‘"): "’",
    ord("`"): "’",
}


def folded(text: str) -> str:
    """Lower case, no accents, one kind of apostrophe, ASCII digits: the form that word lists are matched in."""
    return unaccented(text.lower())


def unaccented(text: str) -> str:
    """As `folded`, with the case as written."""
    return text.replace("'", "’").replace("`", "’") if text.isascii() else text.translate(_FOLD)


_METHODS: Final = ("findall", "finditer", "fullmatch", "match", "search", "split", "sub")


class Pattern:
    """An RE2 pattern that is compiled when it is used first: a hundred of them would take a third of the start, and
    16 MiB of a sidecar in which no agent works yet."""

    __slots__ = ("__weakref__", "_source", *_METHODS)

    def __init__(self, source: str) -> None:
        self._source = source

    @property
    def source(self) -> str:
        return self._source

    def __getattr__(self, name: str) -> Any:
        if name not in _METHODS:
            raise AttributeError(name)
        made = re2.compile(self._source, _OPTIONS)
        for each in _METHODS:
            setattr(self, each, getattr(made, each))
        _COMPILED.add(self)
        return getattr(self, name)

    def forget(self) -> None:
        for each in _METHODS:
            delattr(self, each)


def compiled(pattern: str) -> Any:
    """An RE2 pattern for UTF-8 bytes, in any case."""
    return Pattern(f"(?i){pattern}")


def exact(pattern: str) -> Any:
    """An RE2 pattern for UTF-8 bytes, case as written."""
    return Pattern(pattern)


@cache
def data(name: str) -> dict[str, Any]:
    """A data file of `words/`."""
    return tomllib.loads((files("otelagent.reading") / "words" / f"{name}.toml").read_text("utf-8"))


def terms(subject: str, key: str) -> tuple[str, ...]:
    """A list of single words of a subject without languages, in its order."""
    return tuple(data(subject)[key].split())


def words(subject: str, language: str) -> dict[str, Any]:
    """The word list of a subject in a language."""
    return data(f"{subject}.{language}")


def table(subject: str, key: str) -> dict[str, float]:
    """Words to numbers, all languages in one; the first language that has a word decides."""
    merged: dict[str, float] = {}
    for language in LANGUAGES:
        for word, value in words(subject, language).get(key, {}).items():
            merged.setdefault(word, float(value))
            merged.setdefault(folded(word), float(value))
    return merged


def listed(subject: str, key: str, languages: Iterable[str] = LANGUAGES) -> tuple[str, ...]:
    """Words of a list, all languages in one, longest first."""
    found = {form for name in languages for word in words(subject, name).get(key, ()) for form in (word, folded(word))}
    return tuple(sorted(found, key=lambda word: (-len(word), word)))


def either(terms: Iterable[str]) -> str:
    """A pattern for any of these literal words; a Latin one has to end where a word ends."""
    latin: list[str] = []
    other: list[str] = []
    for term in sorted(terms, key=lambda word: (-len(word), word)):
        (latin if term[-1].isascii() and term[-1].isalnum() else other).append(re2.escape(term))
    parts = other + ([rf"(?:{'|'.join(latin)})\b"] if latin else [])
    return f"(?:{'|'.join(parts or [NOTHING])})"


@cache
def grammar(subject: str, language: str) -> dict[str, list[str]]:
    """Pattern lists of a word list, for folded text, with `<class>` replaced by its `[classes]` entry.

    In languages with spaces, a blank in a pattern is any white space and every pattern begins where a word begins.
    """
    source = words(subject, language)
    classes: dict[str, str] = {}
    for name, terms in source.get("classes", {}).items():
        classes[name] = f"(?:{'|'.join(_expand(term, classes) for term in terms)})"
    finish = _spaced if language in SPACED else _plain
    return {
        key: [finish(_expand(pattern, classes)) for pattern in patterns]
        for key, patterns in source.items()
        if isinstance(patterns, list)
    }


def _expand(pattern: str, classes: dict[str, str]) -> str:
    for name, replacement in classes.items():
        pattern = pattern.replace(f"<{name}>", replacement)
    return pattern


def _spaced(pattern: str) -> str:
    start = "" if pattern.startswith(("^", r"\b", "(?:^")) else r"\b"
    return start + blanks(_plain(pattern))


def blanks(pattern: str) -> str:
    """A blank stands for any white space, an optional one for none as well."""
    return pattern.replace(" ?", r"\s*").replace(" ", r"\s+")


def _plain(pattern: str) -> str:
    """Folded as the text is; what follows a backslash stays."""
    head, *parts = pattern.split("\\")
    return "\\".join([folded(head), *(part[: (kept := _kept(part))] + folded(part[kept:]) for part in parts)])


def _kept(part: str) -> int:
    return part.index("}") + 1 if part.startswith("p{") else 1


@cache
def pattern(subject: str, language: str, key: str) -> Any:
    """One compiled pattern for a list of a language; matches nothing where the language has no such list."""
    found = grammar(subject, language).get(key)
    return compiled("|".join(f"(?:{each})" for each in found) if found else NOTHING)


class AnyOf:
    """Many patterns, to tell whether any of them has a match.

    One RE2 program for all of a list has more states than its memory holds, and then takes a millisecond a kilobyte. So
    the words that each pattern can't match without are looked for first, all at once, and only patterns that have
    theirs are tried: 50 microseconds. Where those words are common, that spares little (100 microseconds), and where
    patterns are short, one program has few states: `at_once`, 10. Compiled when it is used first, since they take 100
    KiB and more each.
    """

    __slots__ = ("__weakref__", "_make", "_match", "_patterns")

    def __init__(self, patterns: Sequence[str], *, at_once: bool = False) -> None:
        self._patterns = tuple(patterns)
        self._make = _at_once if at_once else _filtered
        self._match: _Match | None = None

    def search(self, data: bytes) -> bool:
        """Whether one of them occurs."""
        return bool(self._patterns) and bool((self._match or self._made())(data))

    def which(self, data: bytes) -> list[int]:
        """Those that occur, by their places in the list."""
        return ((self._match or self._made())(data) or []) if self._patterns else []

    def _made(self) -> "_Match":
        self._match = self._make(self._patterns)
        _COMPILED.add(self)
        return self._match

    def forget(self) -> None:
        self._match = None


_Match: TypeAlias = Callable[[bytes], list[int] | None]


_COMPILED: Final = WeakSet[Pattern | AnyOf]()


def forget() -> None:
    """Let all compiled patterns go, each until it is used next. What texts have them remember grows with the variety of
    texts, to 100 MiB and more."""
    for each in [*_COMPILED]:
        each.forget()
    _COMPILED.clear()
    re2.purge()


def _filtered(patterns: Sequence[str]) -> _Match:
    found = re2.Filter()
    for each in patterns:
        found.Add(f"(?i){each}", _OPTIONS)
    found.Compile()
    return lambda data: found.Match(data, False)


def _at_once(patterns: Sequence[str]) -> _Match:
    found = re2.Set.SearchSet(_AT_ONCE)
    for each in patterns:
        found.Add(f"(?i){each}")
    found.Compile()
    return found.Match  # type: ignore[no-any-return]


@cache
def any_of(subject: str, language: str, *keys: str) -> AnyOf:
    """The patterns of several lists of a language."""
    lists = grammar(subject, language)
    return AnyOf([each for key in keys for each in lists.get(key, ())])


def matches(pattern: Any, data: bytes, limit: int) -> Iterator[Any]:
    """At most `limit` matches."""
    for count, match in enumerate(pattern.finditer(data)):
        if count >= limit:
            return
        yield match
