"""Captured text as sentences of plain words, whatever it was wrapped in: the input of the injection classifier.

Undone once each: JSON (nested too), escapes, HTML and its entities, URL encoding, base64 and hexadecimal that hold
text, invisible characters, tag characters, letters of other scripts that look Latin, accents, width.
Every step is linear in the text.
"""

import base64
import binascii
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

import re2

LIMIT: Final = 1 << 17
"""Characters that are read whole. Of a longer text: head, tail and windows between, evenly spaced."""
EDGE: Final = LIMIT // 4
WINDOW: Final = 4096
WINDOWS: Final = LIMIT // 2 // WINDOW
WORDS: Final = 64
"""Words of a sentence that are taken together; a longer one is read in overlapping stretches."""
_DECODED: Final = 8
_RUNS: Final = 64
_SLASHES: Final = 12
_DEPTH: Final = 3
_INNER: Final = "\x02"
_HEAD: Final = 64
APART: Final = "\x1e"
"""Stands between strings of one value."""

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_nl = False


def _pattern(pattern: str | bytes) -> Any:
    return re2.compile(pattern, _OPTIONS)


_UNICODE_ESCAPE: Final = _pattern(r"\\u([0-9a-fA-F]{4})")
_ENTITY: Final = _pattern(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_URL_ENCODED: Final = _pattern(r"[\w.+:/?&=-]*(?:%[0-9A-Fa-f]{2}[\w.+:/?&=-]*){3,}")
_INLINE: Final = ("b", "i", "em", "strong", "u", "span", "font", "a", "small", "mark", "code")
_INLINE_NAMES: Final = frozenset(map(str.encode, _INLINE))
_ATTRIBUTES: Final = 210
"""Longest inline tag that is one."""
_SYSTEM: Final = (
    rb"(?i)(?:<\|(?:im_start|start_header_id|system|begin_of_text)\|>(?:[ \t]*system\b)?(?:<\|[a-z_]{1,30}\|>)?"
    rb"|\[INST\]|<</?SYS>>"
    rb"|#{2,}[ \t]*[(\[]?(?:system|admin|developer)(?:[_ -]?(?:message|prompt|instructions?|override|note))?"
    rb"[)\]]?[ \t]*(?:[:\n]|[)\]])"
    rb"|</?(?:system|admin|developer|assistant|new|important|secret|hidden)[_ -]?"
    rb"(?:prompt|message|reminder|instructions?|notes?|override|info(?:rmation)?)>"
    rb"|<(?:system|instructions?|important|information|admin)>"
    rb"|\[(?:system|admin|developer)(?:[_ -]?(?:message|prompt|instructions?|override|note))?\]"
    rb")\s*"
)
_ROLE: Final = (
    rb"(?i)<\|[a-z_ ]{1,30}\|>|\[/INST\]|<start_of_turn>|<end_of_turn>"
    rb"|</(?:system|instructions?|untrusted|tool_results?|tool_output|function_results?|user_query|user_data|prompt"
    rb"|assistant|information|important|admin|context|document|data)>"
    rb"|\n[ \t]*(?:#{2,4}|={3,}|-{3,})[ \t]*(?:new |begin |end )?"
    rb"(?:system|instructions?|end of [a-z ]{2,30}|assistant|human|user|task)\b[ \t]*[:#=*-]*\n?"
    rb"|\n[ \t]*(?:human|assistant|system)[ \t]*:"
)
_SYSTEM_TAG, _ROLE_TAG = map(_pattern, (_SYSTEM, _ROLE))
_UNSPACED: Final = bytes(range(0xE3, 0xEE))
_MIXED: Final = r"[A-Za-z][\x{0370}-\x{04ff}]|[\x{0370}-\x{04ff}][A-Za-z]"
_LOOKALIKE: Final = _pattern(_MIXED)
_ODD: Final = _pattern(r"[\x{ad}\x{200b}-\x{200d}\x{2060}\x{feff}\x{e0000}-\x{e007f}]|" + _MIXED)
"""What `_revealed` looks closer for."""

_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕһԁɡԛԝьАВЕКМНОРСТУХІЈЅѵӏαοερυικνχΑΒΕΖΗΙΚΜΝΟΡΤΥΧτ",
    "aeopcyxijshdgqwbABEKMHOPCTYXIJSvlaoepuiKvxABEZHIKMNOPTYXt",
)
_PLAIN_SIGNS: Final = {
    **dict.fromkeys("’‘", "'"), **dict.fromkeys("“”„«»「」『』", '"'), **dict.fromkeys("¿¡", " "),
    "—": " - ", "–": "-", "…": ". ", "•": "\n",
}  # fmt: skip
_SIGNS: Final = {
    start: {
        raw[-1:]: plain.encode()
        for sign, plain in _PLAIN_SIGNS.items()
        if (raw := sign.encode()).startswith(start) and len(raw) == len(start) + 1
    }
    for start in (b"\xe2\x80", b"\xc2")
}
"""By how their UTF-8 begins, what its last byte stands for: most texts have few of these."""
_CORNERS: Final = {sign: plain for sign, plain in _PLAIN_SIGNS.items() if sign in "「」『』"}
"""Theirs begins as that of other signs does that Chinese and Japanese texts have many of."""
_HEXADECIMAL: Final = b"0123456789abcdefABCDEF"
_OF_TEXT: Final = b"IJKLMNOPQRSTUVWXYZabcdefC"
"""How each four letters of base64 begin where the first of their three bytes is ASCII text."""
_PLAIN: Final = bytes.maketrans(
    bytes(range(65, 91)) + b"()[]{}*#~^=,\t\\\x0b\x0c|<>\r\x1e;!?`",
    bytes(range(97, 123)) + b" " * 16 + b"\n" * 6 + b'.."',
)


class Unwrapped(NamedTuple):
    """The text within a captured value, and what had to be undone to see it."""

    text: str
    notes: tuple[str, ...]
    capped: bool


def unwrap(text: str) -> Unwrapped:
    """The text within a text. Notes: `tag_characters`, `lookalikes`, `invisible`."""
    if len(text) > LIMIT:
        parts = [unwrap(part) for part in _windows(text)]
        notes = {note for part in parts for note in part.notes}
        return Unwrapped("\n\n".join([part.text for part in parts]), tuple(sorted(notes)), True)
    text = _unescaped(_opened(text))
    if text.isascii():
        return Unwrapped(text, (), False)
    found: set[str] = set()
    text = _revealed(text, found)
    return Unwrapped(text, tuple(sorted(found)), False)


def _windows(text: str) -> Iterator[str]:
    if len(text) <= LIMIT:
        yield text
        return
    yield text[:EDGE]
    stride = (len(text) - 2 * EDGE - WINDOW) / (WINDOWS - 1)
    for number in range(WINDOWS):
        begin = EDGE + int(number * stride)
        yield text[begin : begin + WINDOW]
    yield text[-EDGE:]


def _revealed(text: str, notes: set[str]) -> str:
    """Without what the eye doesn't see, and with what it sees."""
    raw = text.encode("utf-8", "replace")
    if _ODD.search(raw):
        raw = _visible(raw.decode(), raw, notes).encode()
    for start, signs in _SIGNS.items():
        if start in raw:
            first, *parts = raw.split(start)
            raw = b"".join([first, *[signs.get(part[:1], start + part[:1]) + part[1:] for part in parts]])
    text = raw.decode()
    for sign, plain in _CORNERS.items():
        text = text.replace(sign, plain)
    return text


def _visible(text: str, raw: bytes, notes: set[str]) -> str:
    if b"\xf3\xa0\x80" in raw or b"\xf3\xa0\x81" in raw:
        text, hidden = _untagged(text)
        if hidden:
            notes.add("tag_characters")
    if sum(map(raw.count, (b"\xe2\x80\x8b", b"\xe2\x80\x8c", b"\xe2\x81\xa0", b"\xc2\xad"))) >= 8:
        notes.add("invisible")
    for sign in "\u200b\u200c\u200d\u2060\u00ad\ufeff":
        text = text.replace(sign, "")
    if _LOOKALIKE.search(text):
        notes.add("lookalikes")
        text = " ".join(_latin(word) for word in text.split(" "))
    return text


def _untagged(text: str) -> tuple[str, bool]:
    """Tag characters as the letters that they hide; those of a flag emoji (black flag before them) go."""
    out: list[str] = []
    hidden = run = 0
    flag = False
    for sign in text:
        code = ord(sign) - 0xE0000
        if 0x20 <= code < 0x7F:
            if run == 0:
                flag = bool(out) and out[-1] == "\U0001f3f4"
                if not flag:
                    out.append("\n")
            run += 1
            if not flag:
                out.append(chr(code))
                hidden += 1
        elif 0 <= code < 0x80:
            continue
        else:
            if run and not flag:
                out.append("\n")
            run = 0
            out.append(sign)
    return "".join(out), hidden >= 8


def _latin(word: str) -> str:
    return word.translate(_LOOKALIKES) if not word.isascii() and word.translate(_LOOKALIKES).isascii() else word


def _opened(text: str) -> str:
    """JSON and its like with strings apart from each other; quotation marks within a string stay."""
    head = text[:_HEAD].lstrip()[:1]
    if "{" not in text and "[" not in text and head != '"':
        return text
    for _ in range(_DEPTH):
        if head not in ("{", "[", '"') and '{"' not in text and '{\\"' not in text:
            break
        if "\\" not in text:
            text = text.replace('"', APART)
            break
        text = text.replace('\\"', _INNER).replace('"', APART).replace(_INNER, '"').replace("\\\\", "\\")
        head = ""
    if "['" in text or "': '" in text:
        text = text.replace("': '", APART).replace("', '", APART).replace("': \"", APART).replace("['", APART)
    return text


def _unescaped(text: str) -> str:
    if "\\" in text:
        text = (
            text.replace("\\n", "\n").replace("\\r", "\n").replace("\\t", " ").replace('\\"', '"').replace("\\/", "/")
        )
        if "\\u" in text:
            text = _UNICODE_ESCAPE.sub(lambda match: chr(int(match.group(1), 16)), text)
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "&" in text and ";" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"').replace("&apos;", "'")
        text = text.replace("&nbsp;", " ").replace("&amp;", "&")
        if "&#" in text:
            text = _ENTITY.sub(_character, text)
    if "%" in text and ("%20" in text or "%0A" in text or "%0a" in text):
        text = _URL_ENCODED.sub(lambda match: unquote(match.group(0)), text)
    return text


def _character(match: Any) -> str:
    code = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def decoded(packed: Sequence[bytes]) -> list[str]:
    """Readable texts that runs of base64 or hexadecimal stand for."""
    runs = [run[:WINDOW] for run in packed[:_RUNS] if _could_be_packed(run)]
    plain = map(_plain_bytes, runs)
    return [text for text in plain if text][:_DECODED]


def _could_be_packed(run: bytes) -> bool:
    """Paths and identifiers look like base64, but have many slashes, or no capitals."""
    if run.islower():
        return not run.translate(None, _HEXADECIMAL)
    return run.count(b"/") * _SLASHES < len(run)


def _plain_bytes(packed: bytes) -> str | None:
    """What base64 or hexadecimal stands for, where that is readable text."""
    for decode in (_hexadecimal, _base64):
        try:
            text = decode(packed).decode("utf-8")
        except (ValueError, binascii.Error):
            continue
        letters = sum(map(text.count, "aeinorst "))
        if text.isprintable() and " " in text and letters * 3 > len(text):
            return text
    return None


def _hexadecimal(packed: bytes) -> bytes:
    return b"" if packed.translate(None, _HEXADECIMAL) else binascii.unhexlify(packed)


def _base64(packed: bytes) -> bytes:
    sample = packed[::4]
    if 3 * len(sample.translate(None, _OF_TEXT)) > len(sample):
        return b""
    body = packed.rstrip(b"=")
    return base64.b64decode(body[: len(body) // 4 * 4] if len(body) % 4 == 1 else body + b"=" * (-len(body) % 4))


# --- from a text to its sentences ---------------------------------------------------------------------------------


def ascii_of(text: str) -> bytes:
    """Letters without their accents; what has none is left out."""
    return text.encode() if text.isascii() else normalize("NFKD", text).encode("ascii", "ignore")


def tagged(raw: bytes) -> bytes:
    """With words of our own for the tags of chat templates and their like: `SYSTEMTAG`, `ROLETAG`, `COMMENTTAG` before
    a comment's text. Of the same length where there are none; tags within a sentence become blanks."""
    found: Sequence[int] = _looked_for().Match(raw) or ()
    if 3 in found:
        raw = _without_inline(raw)
    if 0 in found:
        raw = _SYSTEM_TAG.sub(b"\nSYSTEMTAG ", raw)
    if 1 in found:
        raw = _ROLE_TAG.sub(b"\nROLETAG ", raw)
    if 0 in found or 1 in found:
        for mark in (b'"', b"'", b"`"):
            raw = raw.replace(mark + b"\nSYSTEMTAG", b'" SYSTEMTAG').replace(mark + b"\nROLETAG", b'" ROLETAG')
    return raw.replace(b"<!--", b"\nCOMMENTTAG ").replace(b"-->", b"\n") if 2 in found else raw


def _without_inline(raw: bytes) -> bytes:
    """Blanks for tags within a sentence. A page has so many that a pattern's match for each would cost much more."""
    first, *parts = raw.split(b"<")
    for place, part in enumerate(parts):
        end = part.find(b">", 1, _ATTRIBUTES)
        name = part[:end].removeprefix(b"/").split(None, 1)[:1] if end > 0 and not part[:1].isspace() else ()
        inline = name and name[0].lower() in _INLINE_NAMES
        parts[place] = b" " * (end + 2) + part[end + 1 :] if inline else b"<" + part
    return b"".join((first, *parts))


@cache
def _looked_for() -> Any:
    """What most texts have none of, looked for in one pass."""
    found = re2.Set.SearchSet(_OPTIONS)
    for pattern in (_SYSTEM, _ROLE, rb"<!--", rb"(?i)</?(?:" + "|".join(_INLINE).encode() + rb")[\s>]"):
        found.Add(pattern)
    found.Compile()
    return found


def flat(raw: bytes) -> bytes:
    """Plain lower-case text of the same length with a line for each sentence, and `"` for every quotation mark. What
    ends a line may still have its period."""
    raw = raw.translate(_PLAIN)
    if b"'" in raw:
        raw = raw.replace(b" '", b' "').replace(b"' ", b'" ').replace(b"'.", b'".')
    if b'"' in raw:
        raw = raw.replace(b'."', b'\n"')
    return raw.replace(b". ", b"\n ").replace(b": ", b"\n ")


def has_unspaced(text: str) -> bool:
    """Whether it may have letters of Chinese, Japanese or Korean: by what their UTF-8 begins with."""
    raw = text.encode("utf-8", "replace")
    return len(raw.translate(None, _UNSPACED)) != len(raw)
