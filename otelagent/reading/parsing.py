"""Captured content -> values: JSON, JSON in JSON, Python's repr, either of them cut in the middle, else plain text."""

from functools import lru_cache
from typing import Any, Final

import msgspec
import orjson
from pydantic_core import from_json

from otelagent.reading.lexicon import exact
from otelagent.reading.members import names

MAX_TEXT: Final = 1 << 20
"""Characters that are read; of a longer text the head is read, and it counts as cut."""

MAX_REPR: Final = 1 << 18
"""Characters of a Python repr that are translated."""

_LAYERS: Final = 5
_BYTES: Final = (bytes, bytearray)
_SCALARS: Final[dict[str, object]] = {"null": None, "true": True, "false": False}
_PYTHON_SCALARS: Final[dict[str, object]] = {"None": None, "True": True, "False": False}
_CUT: Final = ("EOF while parsing", "unexpected end")
_SENTINELS: Final = names(
    "redacted filtered replaced elided masked scrubbed omitted hidden suppressed removed sensitive"
    " notspecified notserializable notcaptured notrecorded contentredacted contentomitted contentremoved"
    " contentfiltered redactedcontent"
)
_WRAPPERS: Final = "<>[](){}_*#-"


class Parsed(msgspec.Struct, frozen=True):
    """What a captured value holds. `form` is json, repr, text or native (it came decoded).

    `cut`: the text ends in the middle, so what is there may be relied on and what is missing not.
    """

    value: object
    text: str
    cut: bool
    form: str


def parse(value: object) -> Parsed:
    """Read a captured value; what can't be read stays plain text. Never raises."""
    if isinstance(value, _BYTES):
        value = bytes(value).decode(errors="replace")
    if not isinstance(value, str):
        return Parsed(value, dumps(value).decode(), False, "native")
    cut, form, read = len(value) > MAX_TEXT, "text", value[:MAX_TEXT]
    decoded: object = read
    for _ in range(_LAYERS):
        found = _decode(read)
        if found is None:
            break
        decoded, form, cut = found[0], found[1], cut or found[2]
        if not isinstance(decoded, str):
            break
        read = decoded
    return Parsed(decoded, value, cut, form)


def redacted(value: object) -> bool:
    """The emitter wrote a sentinel in the content's place: the content is unknown, not empty."""
    if not isinstance(value, str) or not 4 <= len(value) <= 80:
        return False
    text = value.strip()
    bare = text.strip(_WRAPPERS)
    if len(bare) == len(text):
        return text in {"REDACTED", "FILTERED"} or (len(text) > 4 and not text.strip("*"))
    word = bare.lower().replace(" ", "").replace("_", "").replace("-", "")
    return word in _SENTINELS or not bare or word.startswith(("redacted", "scrubbeddueto"))


def dumps(value: object) -> bytes:
    """Canonical JSON: keys sorted, no white space. Empty where the value can't be written."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=_plain)
    except (TypeError, ValueError, RecursionError):
        return b""


def _plain(value: object) -> object:
    if isinstance(value, _BYTES):
        return bytes(value).decode(errors="replace")
    return str(value)[:1000]


_Found = tuple[object, str, bool]


def _decode(text: str) -> _Found | None:
    """(value, form, cut), or None where the text is no more than text."""
    first = text[:1]
    if first.isspace():
        text = text.strip()
        first = text[:1]
    if first in ("{", "[", '"'):
        return _json(text) or (_repr(text) if first != '"' else None)
    if first == "(":
        return _repr(text)
    if first == "`":
        return _fenced(text)
    return _scalar(text) if len(text) <= 32 else None


def _scalar(text: str) -> _Found | None:
    text = text.strip()
    if text in _SCALARS:
        return _SCALARS[text], "json", False
    if text in _PYTHON_SCALARS:
        return _PYTHON_SCALARS[text], "repr", False
    if text[:1] in "-0123456789":
        return _number(text)
    return None


def _number(text: str) -> _Found | None:
    try:
        value = orjson.loads(text)
    except ValueError:
        return None
    return (value, "json", False) if isinstance(value, int | float) else None


def _json(text: str) -> _Found | None:
    try:
        return orjson.loads(text), "json", False
    except ValueError:
        pass
    try:
        return from_json(text), "json", False
    except ValueError as error:
        return _damaged(text, str(error))


def _damaged(text: str, why: str) -> _Found | None:
    if any(sign in why for sign in _CUT):
        return _partial(text, "json")
    if why.startswith("trailing characters") and text[0] == "{" and "\n{" in text:
        return _lines(text)
    if why.startswith("control character") and len(text) <= MAX_REPR:
        return _once(_escaped(text))
    return None


def _once(text: str) -> _Found | None:
    try:
        return from_json(text), "json", False
    except ValueError as error:
        return _partial(text, "json") if any(sign in str(error) for sign in _CUT) else None


def _partial(text: str, form: str) -> _Found | None:
    try:
        return from_json(text, allow_partial="trailing-strings"), form, True
    except ValueError:
        return None


def _lines(text: str) -> _Found | None:
    """JSON lines: one document a line; a last line may be cut."""
    try:
        return msgspec.json.Decoder().decode_lines(text), "json", False
    except ValueError:
        return None


_CONTROLS: Final = {**dict.fromkeys(range(32), " "), 9: "\\t", 10: "\\n", 13: "\\r"}


def _escaped(text: str) -> str:
    """Line breaks that stand raw inside strings, escaped; those between tokens go."""
    parts = _STRING.split(text)
    return "".join(part.translate(_CONTROLS) if i % 2 else part for i, part in enumerate(parts))


def _fenced(text: str) -> _Found | None:
    """A Markdown code fence around JSON."""
    if not text.startswith("```"):
        return None
    body = text.partition("\n")[2].rstrip().removesuffix("```").strip()
    return _decode(body) if body[:1] in ("{", "[") else None


# --- Python's repr, translated to JSON in linear time, without the compiler -------------------------------------------


_STRING: Final = exact(r"""("(?:[^"\\]|\\(?s:.))*")""")
_PYTHON_STRING: Final = exact(r"""(b?'(?:[^'\\]|\\(?s:.))*'|b?"(?:[^"\\]|\\(?s:.))*")""")
_WORD: Final = exact(r"\b(?:True|False|None|nan|inf)\b")
_CALL: Final = exact(r"[A-Za-z_][\w.]*\(")
_NUMBER_KEY: Final = exact(r"([{,]\s*)(-?[0-9][0-9.]*)(\s*:)")
_TRAILING_COMMA: Final = exact(r",\s*([\])}])")
_ESCAPE: Final = exact(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|((?s:.)))")
_WORDS: Final = {"True": "true", "False": "false", "None": "null", "nan": "null", "inf": "null"}
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def _repr(text: str) -> _Found | None:
    if len(text) > MAX_REPR or text[1:2].strip(" \n{[('\"-0123456789TFND)]}ObdU") or len(text) < 2:
        return None
    translated = _translate(text)
    try:
        return from_json(translated), "repr", False
    except ValueError as error:
        if any(sign in str(error) for sign in _CUT):
            return _partial(translated, "repr")
        return None


def _translate(text: str) -> str:
    plain = "\\" not in text and '"' not in text and text.count("'") % 2 == 0
    parts = text.split("'") if plain else _PYTHON_STRING.split(text)
    if plain:
        return '"'.join(part if i % 2 else _structured(part) for i, part in enumerate(parts))
    last = parts[-1]
    opened = min((i for i in (last.find("'"), last.find('"')) if i >= 0), default=-1)
    tail = ""
    if opened >= 0:
        parts[-1], tail = last[:opened], _quoted(last[opened + 1 :])[:-1]
    return "".join(_literal(part) if i % 2 else _structured(part) for i, part in enumerate(parts)) + tail


def _structured(text: str) -> str:
    """What stands between strings is mostly short and always the same."""
    return _structure(text) if len(text) <= 64 else _structure.__wrapped__(text)


@lru_cache(maxsize=2048)
def _structure(text: str) -> str:
    text = _CALL.sub("[", text)
    text = _WORD.sub(lambda match: _WORDS[match.group()], text)
    text = _NUMBER_KEY.sub(r'\1"\2"\3', text)
    closed: str = _TRAILING_COMMA.sub(r"\1", text)
    return closed.replace("(", "[").replace(")", "]")


def _literal(token: str) -> str:
    body = token[2:-1] if token[0] == "b" else token[1:-1]
    return _quoted(body)


def _quoted(body: str) -> str:
    if "\\" in body:
        body = _ESCAPE.sub(_unescape, body)
    try:
        return orjson.dumps(body).decode()
    except TypeError:
        return orjson.dumps(body.encode(errors="replace").decode()).decode()


def _unescape(match: Any) -> str:
    code = match.group(1) or match.group(2) or match.group(3)
    if code:
        number = int(code, 16)
        return chr(number) if number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"
    letter: str = match.group(4)
    return _ESCAPES.get(letter, letter)
