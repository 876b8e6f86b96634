"""Captured text as sentences of plain words, whatever it was wrapped in: the input of the injection classifier.

Undone once each: JSON (nested too), escapes, HTML and its entities, URL encoding, base64 and hexadecimal that hold
text, invisible characters, tag characters, letters of other scripts that look Latin, accents, width.
Every step is linear in the text.
"""

import base64
import binascii
from collections.abc import Iterator
from typing import Any, Final, NamedTuple
from unicodedata import normalize
from urllib.parse import unquote

import orjson
import re2

LIMIT: Final = 1 << 17
"""Characters that are read whole. Of a longer text: head, tail and windows between, evenly spaced."""
EDGE: Final = LIMIT // 4
WINDOW: Final = 4096
WINDOWS: Final = LIMIT // 2 // WINDOW
WORDS: Final = 64
"""Words of a sentence that are taken together; a longer one is read in overlapping stretches."""
_LEAVES: Final = 20_000
_DECODED: Final = 8
_DEPTH: Final = 4

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.never_nl = False


def _pattern(pattern: str | bytes) -> Any:
    return re2.compile(pattern, _OPTIONS)


_UNICODE_ESCAPE: Final = _pattern(r"\\u([0-9a-fA-F]{4})")
_ENTITY: Final = _pattern(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));")
_URL_ENCODED: Final = _pattern(r"[\w.+:/?&=-]*(?:%[0-9A-Fa-f]{2}[\w.+:/?&=-]*){3,}")
_PACKED: Final = _pattern(rb"[A-Za-z0-9+/]{24,}={0,2}")
_INLINE_TAG: Final = _pattern(rb"(?i)</?(?:b|i|em|strong|u|span|font|a|small|mark|code)(?:\s[^<>]{0,200})?>")
_SYSTEM_TAG: Final = _pattern(
    rb"(?i)<\|(?:im_start|start_header_id|system|begin_of_text)\|>(?:[ \t]*system\b)?(?:<\|[a-z_]{1,30}\|>)?"
    rb"|\[INST\]|<</?SYS>>"
    rb"|#{2,}[ \t]*[(\[]?(?:system|admin|developer)(?:[_ -]?(?:message|prompt|instructions?|override|note))?"
    rb"[)\]]?[ \t]*(?:[:\n]|[)\]])"
    rb"|</?(?:system|admin|developer|assistant|new|important|secret|hidden)[_ -]?"
    rb"(?:prompt|message|reminder|instructions?|notes?|override|info(?:rmation)?)>"
    rb"|<(?:system|instructions?|important|information|admin)>"
    rb"|\[(?:system|admin|developer)(?:[_ -]?(?:message|prompt|instructions?|override|note))?\]"
)
_ROLE_TAG: Final = _pattern(
    rb"(?i)<\|[a-z_ ]{1,30}\|>|\[/INST\]|<start_of_turn>|<end_of_turn>"
    rb"|</(?:system|instructions?|untrusted|tool_results?|tool_output|function_results?|user_query|user_data|prompt"
    rb"|assistant|information|important|admin|context|document|data)>"
    rb"|\n[ \t]*(?:#{2,4}|={3,}|-{3,})[ \t]*(?:new |begin |end )?"
    rb"(?:system|instructions?|end of [a-z ]{2,30}|assistant|human|user|task)\b[ \t]*[:#=*-]*\n?"
    rb"|\n[ \t]*(?:human|assistant|system)[ \t]*:"
)
_TAG: Final = _pattern(
    rb"(?i)<\||\[/?INST\]|<<|##|-- |==|</|<(?:system|instr|import|inform|admin|develop|assist|new|secret)"
    rb"|<(?:hidden|start_of|end_of)"
    rb"|\[(?:system|admin|developer)|\n[ \t]*(?:human|assistant|system|-{3,})"
)
"""What every tag begins with, to look for the others only then."""
_MIXED: Final = _pattern(r"[A-Za-z][\x{0370}-\x{03ff}\x{0400}-\x{04ff}]|[\x{0370}-\x{03ff}\x{0400}-\x{04ff}][A-Za-z]")

_LOOKALIKES: Final = str.maketrans(
    "аеорсухіјѕһԁɡԛԝьАВЕКМНОРСТУХІЈЅѵӏαοερυικνχΑΒΕΖΗΙΚΜΝΟΡΤΥΧτ",
    "aeopcyxijshdgqwbABEKMHOPCTYXIJSvlaoepuiKvxABEZHIKMNOPTYXt",
)
_SIGNS: Final = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "„": '"',
    "«": '"',
    "»": '"',
    "「": '"',
    "」": '"',
    "『": '"',
    "』": '"',
    "—": " - ",
    "–": "-",
    "…": ". ",
    "•": "\n",
    "ß": "ss",
    "ø": "o",
    "¿": " ",
    "¡": " ",
}
_PLAIN: Final = bytes.maketrans(
    bytes(range(65, 91)) + b"()[]{}*#~^=,\t\\\x0b\x0c|:<>\r!;?`",
    bytes(range(97, 123)) + b" " * 18 + b"\n" * 3 + b'..."',
)


class Unwrapped(NamedTuple):
    """Texts found in a captured value, and what had to be undone to see them."""

    texts: list[str]
    notes: tuple[str, ...]
    capped: bool


def unwrap(text: str) -> Unwrapped:
    """The texts within a text. Notes: `tag_characters`, `lookalikes`, `invisible`, `encoded`."""
    capped = len(text) > LIMIT
    notes: set[str] = set()
    texts = [_revealed(part, notes) for part in _windows(text)]
    plain = _unescaped("\n\n".join(leaf for part in texts for leaf in _leaves(part, 0)))
    decoded = _decoded(plain)
    if decoded:
        notes.add("encoded")
    return Unwrapped([plain, *decoded], tuple(sorted(notes)), capped)


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
    if text.isascii():
        return text
    raw = text.encode("utf-8", "replace")
    text = raw.decode()
    if b"\xf3\xa0\x80" in raw or b"\xf3\xa0\x81" in raw:
        text, hidden = _untagged(text)
        if hidden:
            notes.add("tag_characters")
    text = _visible(text, raw, notes)
    if _MIXED.search(text):
        notes.add("lookalikes")
        text = " ".join(_latin(word) for word in text.split(" "))
    for sign, plain in _SIGNS.items():
        text = text.replace(sign, plain)
    return normalize("NFKC", text)


def _visible(text: str, raw: bytes, notes: set[str]) -> str:
    invisible = sum(map(raw.count, (b"\xe2\x80\x8b", b"\xe2\x80\x8c", b"\xe2\x81\xa0", b"\xc2\xad")))
    if invisible >= 8:
        notes.add("invisible")
    if invisible or b"\xe2\x80\x8d" in raw or b"\xef\xbb\xbf" in raw:
        for sign in "\u200b\u200c\u200d\u2060\u00ad\ufeff":
            text = text.replace(sign, "")
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


def _leaves(text: str, depth: int) -> Iterator[str]:
    """The strings in a JSON text, or the text."""
    stripped = text.strip()
    if depth < _DEPTH and stripped[:1] in ("{", "[", '"') and stripped[-1:] in ("}", "]", '"') and len(stripped) > 1:
        if "\\" not in stripped and stripped[0] != '"' and stripped.count('"') % 2 == 0:
            pieces = stripped.split('"')
            found = zip(pieces[1::2], pieces[2::2], strict=True)
            yield "\n\n".join(
                [each for each, after in found if (" " in each or len(each) > 24) and after.lstrip()[:1] != ":"]
            )
            return
        try:
            value = orjson.loads(stripped)
        except orjson.JSONDecodeError:
            yield text
            return
        yield from _strings(value, depth)
        return
    yield text


def _strings(value: object, depth: int) -> Iterator[str]:
    stack, count = [value], 0
    short: list[str] = []
    while stack and count < _LEAVES:
        item = stack.pop()
        count += 1
        if isinstance(item, str):
            if len(item) < 16:
                short.append(item)
            elif item[:1] in "{[" or item[:2] == '"{':
                yield from _leaves(item, depth + 1)
            else:
                yield item
        elif isinstance(item, dict):
            stack.extend(reversed(list(item.values())))
            stack.extend(key for key in item if len(key) > 24)
        elif isinstance(item, list):
            stack.extend(reversed(item))
    if short:
        yield "\n".join(short)


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
    if "%20" in text or "%0A" in text or "%0a" in text:
        text = _URL_ENCODED.sub(lambda match: unquote(match.group(0)), text)
    return text


def _character(match: Any) -> str:
    code = int(match.group(1), 16) if match.group(1) else int(match.group(2))
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else " "


def _decoded(text: str) -> list[str]:
    found: list[str] = []
    raw = text.encode("utf-8", "replace")
    if _PACKED.search(raw):
        for packed in _PACKED.findall(raw)[:64]:
            plain = _plain_bytes(packed[:WINDOW].decode())
            if plain and len(found) < _DECODED:
                found.append(plain)
    return found


def _plain_bytes(packed: str) -> str | None:
    """What base64 or hexadecimal stands for, where that is readable text."""
    for decode in (bytes.fromhex, _base64):
        try:
            text = decode(packed).decode("utf-8")
        except (ValueError, binascii.Error):
            continue
        letters = sum(map(text.count, "aeinorst "))
        if text.isprintable() and " " in text and letters * 3 > len(text):
            return text
    return None


def _base64(packed: str) -> bytes:
    body = packed.rstrip("=")
    return base64.b64decode(body[: len(body) // 4 * 4] if len(body) % 4 == 1 else body + "=" * (-len(body) % 4))


# --- from a text to its sentences ---------------------------------------------------------------------------------


def sentences(text: str) -> Iterator[list[bytes]]:
    """Sentences as lists of plain lower-case words. Tokens of our own: `"` for quotation marks, `systemtag` and
    `roletag` for the tags of chat templates and their like, `commenttag` before a comment's text."""
    for line in lines(text):
        words = line.split()
        if len(words) > WORDS:
            yield from stretches(words)
        elif len(words) > 1:
            yield words


def stretches(words: list[bytes]) -> Iterator[list[bytes]]:
    """A long sentence in overlapping parts."""
    for begin in range(0, len(words) - 16, WORDS - 16):
        yield words[begin : begin + WORDS]


def lines(text: str) -> list[bytes]:
    """A text's sentences as plain lower-case text; some have no word."""
    if not text.isascii():
        text = normalize("NFKD", text)
    raw = _tagged(text.encode("ascii", "ignore"))
    if b"\n" in raw:
        raw = _folded(raw)
    if b"'" in raw:
        raw = raw.replace(b" '", b' "').replace(b"' ", b'" ').replace(b"'.", b'".')
    raw = raw.translate(_PLAIN, b"'") + b" "
    if b'"' in raw:
        raw = raw.replace(b'"', b' " ')
    return raw.replace(b". ", b"\n").replace(b".\n", b"\n").split(b"\n")


def _tagged(raw: bytes) -> bytes:
    if b"<!--" in raw:
        raw = raw.replace(b"<!--", b"\nCOMMENTTAG ").replace(b"-->", b"\n")
    if not _TAG.search(raw):
        return raw
    tagged = _ROLE_TAG.sub(b"\nROLETAG ", _SYSTEM_TAG.sub(b"\nSYSTEMTAG ", raw))
    if tagged != raw:
        raw = tagged
        for mark in (b'"', b"'", b"`"):
            raw = raw.replace(mark + b"\nSYSTEMTAG", b'" SYSTEMTAG').replace(mark + b"\nROLETAG", b'" ROLETAG')
    return _INLINE_TAG.sub(b"", raw) if b"</" in raw else raw


def _folded(raw: bytes) -> bytes:
    """Lines that continue a sentence joined with it: the next one begins in lower case and is no `key: value`."""
    return b"".join(
        [
            (b" " if line[:1].islower() and b":" not in line[:24] else b"\n") + line
            for line in map(bytes.strip, raw.split(b"\n"))
        ]
    )
