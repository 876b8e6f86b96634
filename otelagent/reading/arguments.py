"""Hashes by which calls are compared: equal arguments, alike arguments, equal results. Unknown is None, never equal.

Envelopes come off first, since some carry ids that differ at every call.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

from xxhash import xxh3_64_intdigest

from otelagent.reading.envelopes import Unwrapped, unwrap, unwrap_arguments
from otelagent.reading.lexicon import compiled, exact
from otelagent.reading.members import folded, names
from otelagent.reading.parsing import Parsed, dumps, redacted

MAX_TERMS: Final = 64
NEAR: Final = 0.5
"""Share of common words from which on two sets of terms are near."""

_DEPTH: Final = 12
_TEXT: Final = 4000
_LISTS: Final = (list, tuple)
"""Characters of each text that likeness looks at."""
_VOLATILE: Final = names(
    "requestid traceid spanid correlationid callid toolcallid tooluseid invocationid messageid runid"
    " stepid langgraphstep checkpointns checkpointid threadts nonce salt timestamp ts now currenttime"
    " requesttime sentat calledat idempotencykey clienttoken clientrequestid attempt attempts retry"
    " retries retrycount maxretries backoff delay timeout timeouts timeoutms timeoutseconds maxwait cachebuster"
    " xrequestid explanation reasoning rationale thought thoughts"
    " justification toolsummary toolaction description"
)
"""Members that differ from call to call and don't change what is asked."""
_ID: Final = compiled(r"\b(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,64})\b")
_MOMENT: Final = compiled(r"\b\d{4}-\d\d-\d\d[t ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:z|[+-]\d\d:?\d\d)?\b")
_CAMEL: Final = exact(r"(\p{Ll})(\p{Lu})")
_PUNCTUATION: Final = dict.fromkeys(
    map(ord, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~“”„‘’«»‹›–—…·•、。，：；！？「」『』（）《》〈〉【】¿¡"), " "
)
_WIDE: Final = exact(r"[\x{3040}-\x{30FF}\x{3400}-\x{9FFF}\x{AC00}-\x{D7AF}]")
_TELLING: Final = 3
"""Letters from which on a word tells something."""
_DIGITS: Final = 15
_DIALLED: Final = frozenset("+(0123456789")
_GROUPED: Final = dict.fromkeys(map(ord, "+() -."))
_PHONE: Final = 9
"""Digits at the end of a telephone number that tell it from others."""
_PHONE_TEXT: Final = 24
_INITIALS: Final = exact(r"\b[A-Z][A-Z0-9]?\b")
"""Short words that are names: team B, KE."""
_NUMBER: Final = exact(r"\d+")
_STOP: Final = names("a an the of in on for to and or is are was were by with from at about")


def canonical(value: object) -> int | None:
    """Hash of arguments, key order, white space and envelopes aside; a lone member equals its bare value.

    None where they weren't captured, or only in part.
    """
    inner = _arguments(value)
    return None if inner is None else _hash(_plain(_bare(inner.value)))


def similar(value: object) -> int | None:
    """As `canonical`, with case, punctuation, volatile ids and timestamps aside too."""
    inner = _arguments(value)
    return None if inner is None else _hash(_bare(_alike(_bare(inner.value), _DEPTH)))


def terms(value: object) -> frozenset[int]:
    """Hashes of the words and numbers in the arguments, at most MAX_TERMS. Two low bits mark numbers, see `near`."""
    inner = _arguments(value)
    if inner is None:
        return frozenset()
    found: set[int] = set()
    for term in _terms(_bare(inner.value), _DEPTH):
        found.add(term)
        if len(found) >= MAX_TERMS:
            break
    return frozenset(found)


def words_of(text: str) -> frozenset[int]:
    """Hashes of a text's words as `terms` has them for arguments; a number counts as word and as value."""
    found: set[int] = set()
    for word in _split(text[:_TEXT]):
        if word not in _STOP and (len(word) >= _TELLING or not word.isascii()):
            found.add(_term(word))
            if word.isdigit() and len(word) <= _DIGITS:
                found.add(xxh3_64_intdigest(dumps(int(word))) | 3)
    found.update(_term(name.lower()) for name in _INITIALS.findall(text[:_TEXT]) if name not in ("A", "I"))
    return frozenset(found)


def failure(text: str, given: frozenset[int]) -> int | None:
    """Hash of the words of a failure's text without numbers and without `given`, which are those of the arguments.

    Calls whose failures are equal here failed alike, whatever each asked for. None where less than two words are left.
    """
    left = words_of(_NUMBER.sub(" ", text[:_TEXT])) - given
    return hash(left) if len(left) > 1 else None


@lru_cache(maxsize=1024)
def tool_words(name: str) -> frozenset[int]:
    """Hashes of the words in a tool's name, which may be what an answer calls it by."""
    return words_of(_CAMEL.sub(r"\1 \2", name[:200]).replace("_", " "))


def near(a: frozenset[int], b: frozenset[int], share: float = NEAR) -> bool:
    """The same request in other words: most terms are common, and no number is replaced by another."""
    if not a or not b:
        return False
    left, right = a - b, b - a
    if any(term & 2 for term in left | right) or (any(t & 1 for t in left) and any(t & 1 for t in right)):
        return False
    return len(a & b) >= share * len(a | b)


def related(a: frozenset[int], b: frozenset[int]) -> bool:
    """Most terms are common, numbers and all."""
    return bool(a) and len(a & b) >= NEAR * len(a | b)


def fingerprint(result: object) -> int | None:
    """Hash of a result without its envelopes. None where it wasn't captured; a text that was cut has none either."""
    read = _result(result)
    return None if read is None or read.cut else _hash(read.value)


def similar_result(result: object) -> int | None:
    """As `fingerprint`, with case, punctuation, volatile ids and timestamps aside."""
    read = _result(result)
    return None if read is None or read.cut else _hash(_alike(read.value, _DEPTH))


def size(result: object) -> int | None:
    """Bytes of a result as text, without its envelopes."""
    read = _result(result)
    if read is None:
        return None
    return len(read.value.encode(errors="replace")) if isinstance(read.value, str) else len(dumps(read.value))


def _arguments(value: object) -> Unwrapped | None:
    if value is None or redacted(value.text if isinstance(value, Parsed) else value):
        return None
    inner = unwrap_arguments(value)
    return None if inner.cut or inner.redacted or inner.value is None else inner


def _result(value: object) -> Unwrapped | None:
    read = unwrap(value)
    return None if read.redacted else read


def _bare(value: object) -> object:
    """The value of a lone member: emitters drop the name of a single argument."""
    for _ in range(_DEPTH):
        if not isinstance(value, dict) or len(value) != 1:
            break
        value = next(iter(value.values()))
    return value


def _hash(value: object) -> int | None:
    data = value.strip().encode(errors="replace") if isinstance(value, str) else dumps(value)
    return xxh3_64_intdigest(data) if data or isinstance(value, str) else None


def _plain(value: object, depth: int = _DEPTH) -> object:
    """Numbers that are equal read the same: 5 and 5.0."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    if depth == 0 or isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(member, depth - 1) for key, member in value.items()}
    return [_plain(member, depth - 1) for member in value] if isinstance(value, list) else value


def _alike(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _alike_text(value)
    if depth == 0:
        return None
    if isinstance(value, dict):
        kept = {folded(k): _alike(m, depth - 1) for k, m in value.items() if folded(k) not in _VOLATILE}
        return kept or {folded(k): _alike(m, depth - 1) for k, m in value.items()}
    if isinstance(value, _LISTS):
        return [_alike(member, depth - 1) for member in value]
    return _plain(value)


def _alike_text(text: str) -> str:
    words = _words(_steady(text[:_TEXT]))
    return " ".join(words) if words else text.strip()[:_TEXT]


def _steady(text: str) -> str:
    """Ids and moments in a longer text go; where they are all of it, they are what is asked for."""
    if len(text) < 24 or not any(character.isdigit() for character in text):
        return text
    rest: str = _MOMENT.sub(" ", _ID.sub(" ", text))
    return rest if len(rest.split()) >= 3 else text


def _words(text: str) -> list[str]:
    return text.lower().translate(_PUNCTUATION).split()


def _terms(value: object, depth: int) -> Iterator[int]:
    if isinstance(value, str):
        if value[:1] in _DIALLED and len(value) <= _PHONE_TEXT and (phone := _phone(value)):
            yield _term(phone)
        else:
            yield from (_term(word) for word in _split(_steady(value[:_TEXT])) if word not in _STOP)
    elif isinstance(value, bool) or value is None or depth == 0:
        return
    elif isinstance(value, int | float):
        yield xxh3_64_intdigest(dumps(_plain(value))) | 3
    elif isinstance(value, dict):
        for key, member in value.items():
            if folded(key) not in _VOLATILE:
                yield from _terms(member, depth - 1)
    elif isinstance(value, _LISTS):
        for member in value:
            yield from _terms(member, depth - 1)


def _phone(text: str) -> str:
    """The end of a telephone number, which is the same with and without a country's code, however it is grouped."""
    if text[0] != "+" and " " not in text:
        return ""
    digits = text.translate(_GROUPED)
    long = _PHONE <= len(digits) <= _DIGITS and digits.isascii() and digits.isdigit()
    return digits[-_PHONE:] if long else ""


def _term(word: str) -> int:
    digit = any(character.isdigit() for character in word)
    word = word[:-1] if len(word) > _TELLING and word.endswith("s") and word.isascii() else word
    return (xxh3_64_intdigest(word.encode(errors="replace")) & ~3) | digit


def _split(text: str) -> Iterator[str]:
    """Words; of scripts without spaces, pairs of characters."""
    for word in _words(text):
        if word.isascii() or not _WIDE.search(word):
            yield word
        else:
            yield from (word[i : i + 2] for i in range(max(1, len(word) - 1)))
