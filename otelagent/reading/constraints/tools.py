"""Rules on tools: forbidden, required, the only ones, one before another, how often."""

from collections.abc import Iterable, Iterator
from itertools import islice, takewhile
from typing import Final

from otelagent.model import Earlier
from otelagent.reading.constraints.constraint import Constraint, Draft, Sentence, Violation, shared
from otelagent.reading.constraints.lengths import amount, counted
from otelagent.reading.envelopes import unwrap_arguments
from otelagent.reading.lexicon import exact, folded, matches, pattern

EACH: Final = 1.0
"""The amount of a rule on the order of tools that holds of each call."""
EARLIER: Final = 256
"""Earlier calls and answers that are looked at, the latest."""


# --- as stated -------------------------------------------------------------------------------------------------------


def read(sentence: Sentence) -> Iterator[Draft]:
    """One kind of rule on the tools that a sentence names."""
    names = _names(sentence)
    if len(names) == 2 and (order := _order(sentence, *names)):
        yield Draft("tool_before", order, EACH if sentence.find("each") else None)
    elif len(names) == 1 and (times := counted(sentence, "max_calls")):
        yield Draft("max_calls", names, amount(times[1]))
    elif names and sentence.find("tools_only") and not sentence.find("conditional"):
        yield Draft("tool_allowed", _allowed(sentence) or names)
    else:
        yield from _single(sentence)


def _single(sentence: Sentence) -> Iterator[Draft]:
    """Tools that may not be called, or have to be; "don't answer without" is the latter."""
    for kind in ("tool_forbidden", "tool_required"):
        if kind not in sentence.present:
            continue
        found: dict[bool, list[str]] = {False: [], True: []}
        for match in matches(pattern("constraints", sentence.language, kind), sentence.lowered, 4):
            name = next(filter(None, match.groups()), b"").decode(errors="replace")
            after = _PART.split(sentence.lowered[match.end() :])[0]
            if is_tool(name, sentence.lowered) and not shared("some_calls").search(after):
                found[_denied(sentence, match.start())].append(tool_name(name))
        if found[False]:
            yield Draft(kind, tuple(found[False]))
            return
        if found[True]:
            if kind == "tool_forbidden":
                yield Draft("tool_required", tuple(found[True]))
            return
    if (out := _ruled_out(sentence)) and not sentence.find("conditional"):
        yield Draft("tool_forbidden", out)


def _denied(sentence: Sentence, start: int) -> bool:
    """What stands before it in its part of the sentence says "not"."""
    before = _PART.split(sentence.lowered[:start])[-1]
    return bool(pattern("constraints", sentence.language, "forbidding").search(before))


_NAME: Final = exact(r"\b[a-z][a-z0-9.-]*_[a-z0-9_.-]*[a-z0-9]")


_PART: Final = exact(r"[,;:.，；：。、]")


def _names(sentence: Sentence) -> tuple[str, ...]:
    found = [tool_name(match.group().decode()) for match in matches(_NAME, sentence.lowered, 16)]
    return tuple(dict.fromkeys(found))


def _allowed(sentence: Sentence) -> tuple[str, ...]:
    """The names without those that the sentence rules out: "only this, never that"."""
    out = _ruled_out(sentence, strictly=False)
    return tuple(name for name in _names(sentence) if name not in out)


def _ruled_out(sentence: Sentence, *, strictly: bool = True) -> tuple[str, ...]:
    """The names that stand in a part of the sentence with a word that forbids, and `strictly` with none that makes it
    something else. Names of fields and files among them do no harm: nothing calls them."""
    found, end, low = [], 0, sentence.lowered
    for match in matches(_NAME, low, 16):
        before, after = _PART.split(low[end : match.start()])[-1], _PART.split(low[match.end() :])[0]
        end = match.end()
        ruling = after if sentence.language == "ja" else before
        forbids = pattern("constraints", sentence.language, "forbidding").search(ruling)
        if forbids and not (strictly and _excepted(before + b" " + after)):
            found.append(tool_name(match.group().decode()))
    return tuple(dict.fromkeys(found))


def _excepted(part: bytes) -> bool:
    """It forbids nothing, or only some calls."""
    return bool(shared("excepting").search(part) or shared("some_calls").search(part))


def _order(sentence: Sentence, one: str, other: str) -> tuple[str, str] | None:
    """Which has to come first, and before which."""
    if not sentence.find("calling"):
        return None
    parts = [sentence.lowered.find(name.encode()) for name in (one, other)]
    start = min(parts[0], parts[1])
    head, between = sentence.lowered[:start], sentence.lowered[start : max(parts)]
    if sentence.language in ("zh", "ja"):
        backward = pattern("constraints", sentence.language, "order").search(between)
        forward = pattern("constraints", sentence.language, "order_onward").search(sentence.lowered)
        return (other, one) if backward else (one, other) if forward else None
    if pattern("constraints", sentence.language, "order").search(head):
        return (other, one)
    if pattern("constraints", sentence.language, "order").search(between):
        return (one, other)
    after = pattern("constraints", sentence.language, "order_after").search(between)
    only = after and pattern("constraints", sentence.language, "order_only").search(head + between[: after.end()])
    return (other, one) if only else None


_TOOL_WORDS: Final = ("tool", "outil", "herramienta", "ferramenta", "werkzeug", "function", "funktion")
_TOOL_MARKS: Final = (
    *("’%s’", '"%s"', "“%s”", "„%s“", "«%s»", "「%s」", "%s tool", "’%s’ tool"),
    *(f"{word} %s" for word in _TOOL_WORDS),
    *("工具%s", "%s工具", "%s ツール", "ツール%s", "%sツール"),
)


def is_tool(name: str, folded_text: bytes) -> bool:
    """A name with an underscore or dot inside, or in quotation marks, or with the word tool beside it."""
    bare = name.strip("._-")
    if not bare or bare.isdigit():
        return False
    written = bare.encode(errors="replace")
    return b"_" in written or any((mark % bare).encode(errors="replace") in folded_text for mark in _TOOL_MARKS)


def tool_name(name: str) -> str:
    """A tool's bare name, as instructions write it."""
    return name.lower().strip("._-`").rpartition(".")[2]


# --- as broken -------------------------------------------------------------------------------------------------------

_OWN: Final = ("transfer_to", "handoff", "hand_off", "final", "finish", "submit", "respond", "reply", "think", "todo")
"""Parts of the names of tools that are a framework's own: which ones an agent may use says nothing of them."""


def call_breaks(rule: Constraint, tool: str, arguments: object, earlier: Iterable[Earlier] | None) -> str | None:
    """How a call breaks a rule on tools; `earlier`: calls and answers before it, the latest first; None: not known."""
    name = tool_name(tool)
    if rule.kind == "tool_forbidden":
        if name in rule.terms:
            return "calls a tool that the instructions forbid"
        return "reads a table that the instructions forbid" if _tables(arguments) & set(rule.terms) else None
    if rule.kind == "tool_allowed":
        outside = name not in rule.terms and not any(part in name for part in _OWN)
        return "calls a tool other than the allowed ones" if outside else None
    if earlier is None:
        return None
    if rule.kind == "max_calls" and name in rule.terms:
        made = sum(each.given is not None and tool_name(each.tool or "") == name for each in _since_answer(earlier))
        return "calls a tool more often than allowed" if made >= (rule.amount or 0) else None
    if rule.kind == "tool_before" and name == rule.terms[1] and _skipped(rule, plain(arguments), earlier):
        return "calls a tool without the call that has to come before it"
    return None


def _tables(arguments: object) -> set[str]:
    """The tables that a statement in the arguments names: what is forbidden by name may be one."""
    inner = unwrap_arguments(arguments).value if arguments is not None else None
    texts = (
        [value for value in list(inner.values())[:_MOST] if isinstance(value, str)] if isinstance(inner, dict) else []
    )
    found = (matches(_TABLE, folded(text[:_STATEMENT]).encode(errors="replace"), 16) for text in texts)
    return {tool_name(match.group(1).decode()) for each in found for match in each}


_TABLE: Final = exact(r"\b(?:from|join|into|update|table)\s+[\"`\[]?([a-z0-9_.]+_[a-z0-9_]+)")
_STATEMENT: Final = 2_000


def _skipped(rule: Constraint, given: frozenset[str], earlier: Iterable[Earlier]) -> bool:
    """Nothing the rule wants first was called; of a rule on each call, neither since the last one nor for the same."""
    since = True
    for each in islice(earlier, EARLIER):
        name = tool_name(each.tool) if each.tool else None
        same = rule.amount != EACH or since or each.given is None or given & each.given.plain
        if name == rule.terms[0] and same:
            return False
        since = since and name != rule.terms[1]
    return True


def answer_breaks(rule: Constraint, earlier: Iterable[Earlier] | None) -> Violation | None:
    """A required tool was called for an answer before, and now only others were."""
    calls = list(islice(earlier or (), EARLIER))
    now = [tool_name(each.tool) for each in takewhile(lambda each: each.tool, calls) if each.tool]
    before = {tool_name(each.tool) for each in calls[len(now) :] if each.tool}
    if rule.kind != "tool_required" or not now or before.isdisjoint(rule.terms):
        return None
    return (
        Violation(rule, "answers without a call that the instructions require")
        if not set(rule.terms) & set(now)
        else None
    )


def _since_answer(earlier: Iterable[Earlier]) -> Iterator[Earlier]:
    return takewhile(lambda each: each.tool is not None, islice(earlier, EARLIER))


_MOST: Final = 64
"""Values of a call's arguments that are compared."""


def plain(arguments: object) -> frozenset[str]:
    """The single values in arguments, to tell whether two calls are about the same."""
    inner = unwrap_arguments(arguments).value if arguments is not None else None
    given = list(inner.values())[:_MOST] if isinstance(inner, dict) else [inner]
    flat = [part for each in given for part in (each[:_MOST] if isinstance(each, list) else [each])]
    return frozenset(str(each).strip().lower() for each in flat if _tells(each))


def _tells(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool) and str(value).strip() != ""
