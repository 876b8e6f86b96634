"""Rules on what they name as it is written: files to be left alone, the one value that an argument may have."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Final, TypeGuard

from otelagent.model import Earlier, Role
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, lowered, shared
from otelagent.reading.constraints.tools import EARLIER, tool_name
from otelagent.reading.lexicon import exact, folded, matches, pattern
from otelagent.reading.roles import changes_nothing, runs_anything, told_by_name

PLACE: Final = "place_forbidden"
VALUE: Final = "one_value"
_PATH: Final = exact(
    r"(?:^|[\s`\"’“„«(])((?:\.{0,2}[a-z0-9_@-][a-z0-9_.@-]*|~|\.{1,2})?(?:/[a-z0-9_.@-]+)+/?\*{0,2}"
    r"|[a-z0-9_.@-]*[a-z_-][a-z0-9_.@-]*/(?:\*{1,2})?"
    r"|[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.(?:ya?ml|json|toml|lock|env|ini|cfg|conf|sql|py|js|ts|go|rs|java|csv|xlsx?)|\.env)"
)
_PLACED: Final = exact(r"[a-z_-][^/]*/$|\.[a-z]{1,5}$|/.*/.*[a-z]|^[~/.].*[a-z]")
"""A folder, a file, or a path of some length: not "and/or", nor "24/7"."""
_PART: Final = exact(r"[,;:，；：。、]|\.(?:\s|$)| - ")
_VALUE: Final = exact(r"«\s?([^«»]{2,40}?)\s?»|[“„\"]([^“”„\"]{2,40})[”“\"]|[「『]([^」』]{2,40})[」』]")
_CODE: Final = exact(r"\b([a-z][a-z0-9]*(?:-[a-z0-9]+)*-[a-z0-9]*\d[a-z0-9]*)\b")
_WORD: Final = exact(r"[^\pL]+")
_STEM: Final = 4
"""Letters by which the name of an argument is known in a rule: `region` in "região"."""
_SHORT: Final = 200


# --- as stated -------------------------------------------------------------------------------------------------------


def read(sentence: Sentence) -> Iterator[Draft]:
    """Files and folders that are not to be changed, and the one value of something that the sentence calls the only
    one."""
    editing = "forbidding" in sentence.present and shared("editing").search(sentence.lowered)
    if editing and (places := tuple(_places(sentence))):
        yield Draft(PLACE, places)
    if shared("only_one").search(sentence.lowered) and len(values := _values(sentence.lowered)) == 1:
        yield Draft(VALUE, values)


def _places(sentence: Sentence) -> Iterator[str]:
    low = sentence.lowered
    for match in matches(_PATH, low, 4):
        before, after = _PART.split(low[: match.start(1)])[-1], _PART.split(low[match.end(1) :])[0]
        ruling = after if sentence.language == "ja" else before
        forbids = pattern("constraints", sentence.language, "forbidding").search(ruling)
        if forbids and not shared("outside").search(before + b" " + after):
            place = match.group(1).decode(errors="replace").rstrip("*").removesuffix(".")
            if _PLACED.search(place.encode()):
                yield place


def _values(low: bytes) -> tuple[str, ...]:
    quoted = [next(filter(None, each.groups())) for each in matches(_VALUE, low, 3)]
    codes = [each.group(1) for each in matches(_CODE, low, 3)] if not quoted else []
    return tuple(dict.fromkeys(each.decode(errors="replace").strip() for each in (*quoted, *codes)))


def replaces(rule: Constraint, text: str) -> bool:
    """A later user message may name another value: of a user's rule any does, as it may be any word."""
    return rule.kind == VALUE and (rule.role == "user" or not {*_values(lowered(text))} <= {*rule.terms})


# --- as broken -------------------------------------------------------------------------------------------------------


def call_breaks(rule: Constraint, tool: str, arguments: object, earlier: Iterable[Earlier] | None) -> str | None:
    """How a call breaks a rule; `earlier`: calls and answers before it, the latest first; None: not known."""
    if not isinstance(arguments, Mapping):
        return None
    if rule.kind == PLACE:
        touched = any(_lies(place, value) for value in _given(tool, arguments) for place in rule.terms)
        return "changes what the instructions say is to be left alone" if touched else None
    if earlier is None or not any(_kept(rule, tool, each) for each in islice(earlier, EARLIER)):
        return None
    return "gives another value than the only one that is allowed" if _another(rule, arguments) else None


def _given(tool: str, arguments: Mapping[str, object]) -> Iterator[str]:
    """The short arguments of a call that may change something."""
    runs = runs_anything(tool)
    if told_by_name(tool) is Role.SOURCE and not runs:
        return
    for value in filter(_short, list(arguments.values())[:64]):
        if not (runs and changes_nothing(value)):
            yield folded(value)


def _short(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) <= _SHORT and "\n" not in value


def _lies(place: str, value: str) -> bool:
    """A path or a command names the place, or what lies in it."""
    bare = place.removeprefix("./")
    at = value.find(bare)
    begins = at == 0 or (at > 0 and value[at - 1] in " /'\"")
    end = value[at + len(bare) :][:1]
    return begins and (bare.endswith("/") or end in ("", " ", "/", "'", '"'))


def _kept(rule: Constraint, tool: str, each: Earlier) -> bool:
    """An earlier call of the tool had the value."""
    called = each.tool is not None and tool_name(each.tool) == tool_name(tool)
    return called and each.given is not None and not each.given.plain.isdisjoint(rule.terms)


def _another(rule: Constraint, arguments: Mapping[str, object]) -> bool:
    """An argument that the rule speaks of has another value."""
    said = {word[:_STEM] for word in _WORD.split(folded(rule.text)) if len(word) >= _STEM}
    for name, value in list(arguments.items())[:64]:
        named = {part[:_STEM] for part in _WORD.split(folded(str(name))) if len(part) >= _STEM}
        if isinstance(value, str) and len(value) <= _SHORT and named & said and folded(value).strip() not in rule.terms:
            return True
    return False
