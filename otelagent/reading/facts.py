"""From a step's content to its facts: content is decoded here, once, and let go."""

from array import array
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import islice
from sys import intern
from typing import Any, Final, TypeVar, cast

import msgspec
from xxhash import xxh3_64_intdigest

from otelagent import w3c
from otelagent.model import (
    BAD,
    EARLY,
    Admission,
    Answered,
    Asked,
    Call,
    Captured,
    Claim,
    Content,
    Declared,
    Doubt,
    Instructions,
    Item,
    Items,
    Kind,
    Message,
    More,
    Outcome,
    Receipt,
    Role,
    Rule,
    Status,
    Step,
    Suspect,
    Text,
    ToolCall,
    ToolResult,
    Turn,
    Window,
    Withheld,
)
from otelagent.reading.acknowledgement import admits, announces, completed, halted, in_part, whole
from otelagent.reading.arguments import canonical, fingerprint, similar, size, terms, words_of
from otelagent.reading.blame import blames
from otelagent.reading.claims import claims
from otelagent.reading.closing import closing_text
from otelagent.reading.constraints import Constraint, Violation, constraints, lifted, violated, violated_by_call
from otelagent.reading.declared import declared
from otelagent.reading.deeds import deeds, finished, requested, stated
from otelagent.reading.doubts import doubts
from otelagent.reading.enumeration import HEAD, enumerated, excused, mentioned, named_in, names, texts
from otelagent.reading.envelopes import Unwrapped, unwrap, unwrap_arguments
from otelagent.reading.given import Acted
from otelagent.reading.hints import hint
from otelagent.reading.injection import names_in, overlap, score, shingles, targets_in
from otelagent.reading.known import Known
from otelagent.reading.outcome import outcome
from otelagent.reading.pages import more
from otelagent.reading.parsing import dumps
from otelagent.reading.particulars import asked_for, particulars
from otelagent.reading.receipts import in_structure, in_words
from otelagent.reading.roles import is_closing, runs_anything, stands_for_agent
from otelagent.reading.shape import Shape, shape
from otelagent.reading.values import values

MAX_STANDING: Final = 128
"""System and user messages kept per trace; later ones are not."""

MAX_SEEN: Final = 4096
"""Message fingerprints kept per trace; of more the older half is let go, and such messages are read again."""

MAX_SUSPECTS: Final = 1024
_suspects: OrderedDict[int, Suspect | None] = OrderedDict()
"""By the hash of a result, the latest last: many traces get the same results."""

MAX_DECLARED: Final = 256
"""Tools of a trace whose declarations are kept."""

MAX_ASKED: Final = 256
"""Calls kept per trace that completions asked for; some emitters leave them out of the histories that follow."""

TO_CALL_TOOLS: Final = frozenset({"tool_calls", "tool_call", "tool-calls", "tool_use", "function_call"})
"""Reasons why a completion ended, as providers write them."""

UNIQUE: Final = 16
"""Characters of a call id from which on it is one of its kind among all traces."""

MAX_INSTRUCTIONS: Final = 16_384
"""Characters of a system or user message that are kept for what it names."""

UNTOLD: Final = frozenset({Status.OK, Status.UNKNOWN, Status.EMPTY})
"""Outcomes that don't tell of a failure."""

READABLE: Final = frozenset({Status.OK, Status.PARTIAL, Status.UNKNOWN, Status.NONCONFORMING})
"""Outcomes with content that a model may take for instructions."""

T = TypeVar("T")

MAX_TEXTS: Final = 4096
"""Texts of which is kept what was read from them, for other spans that hold the same text."""

MAX_SHARED: Final = 16
"""Hashes, claims or rules out of one text that are kept with the others."""

MAX_MENTIONED: Final = 64
"""Items out of one call's arguments that are kept for other calls with the same arguments."""

MAX_LARGE: Final = 128
"""Contents that tell of more than that, and are kept all the same."""

LARGEST: Final = 4096
"""Hashes of one content beyond which they aren't kept."""

RoleOf = Callable[[str | None, str | None, str], Role]
"""Role of a tool by name, description and, where it runs commands, the command."""


class Seen:
    """Messages of a trace that were read already. Owned by the trace, bounded."""

    __slots__ = ("_asked", "_elsewhere", "_instructions", "_known", "_standing", "declared")

    def __init__(self, elsewhere: Known[str, Asked] | None = None) -> None:
        """`elsewhere`: calls that any trace asked for, by id. Changed by all that share it."""
        self._elsewhere = elsewhere
        self.declared: dict[str, Declared | None] = {}
        """What tools that were asked for say their results are; None where they say nothing."""
        self._asked: dict[str, Asked] = {}
        self._known: dict[int, None] = {}
        self._instructions: dict[int, Instructions] = {}
        self._standing: tuple[Instructions, ...] = ()
        """Of the last history."""

    def __getstate__(self) -> dict[str, Any]:
        """Of a trace at rest: without what belongs to all traces."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "_elsewhere"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def belong(self, elsewhere: Known[str, Asked]) -> None:
        """Its trace has awoken."""
        self._elsewhere = elsewhere

    def ask(self, calls: Sequence[Asked]) -> None:
        """A completion asked for these calls."""
        if not calls:
            return
        for call in calls:
            if call.id is not None:
                self._asked[call.id] = call
                if self._elsewhere is not None and is_unique(call.id):
                    self._elsewhere.keep(call.id, call)
        while len(self._asked) > MAX_ASKED:
            del self._asked[next(iter(self._asked))]

    def asked(self, call_id: str | None) -> Asked | None:
        """The call with this id; where each model call is a trace of its own, another trace asked for it."""
        if call_id is None:
            return None
        known = self._asked.get(call_id)
        return known if known is not None or self._elsewhere is None else self._elsewhere.get(call_id)

    def same(self, call_id: str | None) -> str | None:
        """The same id, as the object that it was asked for with."""
        known = self._asked.get(call_id) if call_id is not None else None
        return known.id if known is not None else call_id

    def instruct(self, fingerprint: int, message: Instructions) -> None:
        """A system or user message was read."""
        if len(self._instructions) < MAX_STANDING:
            self._instructions[fingerprint] = message

    def standing(self, history: Sequence[Item]) -> tuple[tuple[Instructions, ...], int]:
        """The system and user messages of a history, in order, and how many of them were given early."""
        known, last = self._instructions, len(history) - EARLY
        if not known:
            return (), 0
        places = [position for position, item in enumerate(history) if item.fingerprint in known]
        found = tuple([known[history[position].fingerprint] for position in places])
        if found != self._standing:
            self._standing = found
        return self._standing, bisect_left(places, last)

    def fresh(self, history: Sequence[Item]) -> list[tuple[int, Item]]:
        """Messages not seen before, with their positions. Equal messages of one history are told apart by count."""
        counts: dict[int, int] = {}
        found = []
        for position, item in enumerate(history):
            nth = counts[item.fingerprint] = counts.get(item.fingerprint, 0) + 1
            key = item.fingerprint if nth == 1 else hash((item.fingerprint, nth))
            if key not in self._known:
                self._known[key] = None
                found.append((position, item))
        if len(self._known) > MAX_SEEN:
            self._known = dict.fromkeys(islice(self._known, MAX_SEEN // 2, None))
        return found


def is_unique(call_id: str) -> bool:
    """Whether an id tells one call from those of all traces; many are used again (`call_0`, the tool's name)."""
    return len(call_id) >= UNIQUE and any(map(str.isdigit, call_id))


def text_fingerprint(text: str) -> int:
    """Of a delegated text: white space aside, so that an argument and a message can be told to be one."""
    return xxh3_64_intdigest(" ".join(text[:HEAD].split()).encode(errors="replace"))


def read(step: Step, seen: Seen, role_of: RoleOf) -> None:
    """Fill `call` and `turn` from the content, and let the content go."""
    content, step.content = step.content, None
    if content is None:
        return
    if step.kind in (Kind.TOOL, Kind.RETRIEVAL):
        step.call_id = seen.same(step.call_id)
        step.call = _call(step, content, role_of(step.tool, step.tool_description, _command(step.tool, content)))
    elif step.kind in (Kind.LLM, Kind.AGENT, Kind.WORKFLOW):
        step.turn = _turn(step, content, seen, role_of)
    if step.withheld is None and content.cut:
        step.say(withheld=Withheld.TRUNCATED)


def read_again(step: Step, role_of: RoleOf) -> None:
    """Read what came later of a step; a call keeps what its span showed, but for an outcome that is worse."""
    known = step.call
    read(step, Seen(), role_of)
    if known is not None and step.call is not None:
        if step.call.outcome.status in BAD and known.outcome.status in UNTOLD:
            known.outcome = step.call.outcome
        step.call = known


def _command(tool: str | None, content: Content) -> str:
    """What a tool that runs commands is to run."""
    if tool is None or not runs_anything(tool) or (arguments := content.arguments()) is None:
        return ""
    inner = unwrap_arguments(arguments.value).value
    found = next((v for v in inner.values() if isinstance(v, str)), "") if isinstance(inner, dict) else inner
    return found if isinstance(found, str) else ""


class _Judged(msgspec.Struct, frozen=True):
    """What was read from a result."""

    outcome: Outcome
    result: int | None = None
    size: int | None = None
    receipt: Receipt | None = None
    suspect: Suspect | None = None
    shape: Shape | None = None
    more: More | None = None
    hint: Outcome | None = None


_JUDGED: Final = Known[tuple[object, ...], _Judged]()
_ARGUMENTS: Final = Known[int, int | None]()
_MENTIONED: Final = Known[int, "array[int]"]()
_MANY_MENTIONED: Final = Known[int, "array[int]"](MAX_LARGE)


def _call(step: Step, content: Content, role: Role) -> Call:
    captured = content.result()
    judged = _judged(step, captured, content.error(), role)
    arguments = content.arguments()
    if step.context is None and arguments is not None and (named := w3c.mentioned(arguments.value)) is not None:
        step.say(context=named)
    return Call(
        outcome=judged.outcome,
        role=role,
        arguments=None if arguments is None else _canonical(arguments),
        like=None if arguments is None else ArgumentsRead(arguments.value, arguments.mark),
        result=judged.result,
        size=judged.size,
        given=captured.value if captured is not None and role is not Role.NOTE else None,
        acted=_acted(arguments, judged.outcome, role),
        suspect=judged.suspect,
        receipt=judged.receipt or _of_coworker(step.tool, step.target, captured),
        shape=judged.shape,
        more=judged.more,
        hint=judged.hint,
    )


def _of_coworker(tool: str | None, target: str | None, captured: Captured | None) -> Receipt | None:
    """What the words of an agent that has no spans of its own say of how much it did."""
    if captured is None or (target is None and not stands_for_agent(tool or "")):
        return None
    said = unwrap(captured.value).value
    if not isinstance(said, str):
        return None
    stopped = halted(said) or announces(said)
    return in_words(said, captured.path) or (Receipt(None, None, "stopped", captured.path) if stopped else None)


def _acted(arguments: Captured | None, found: Outcome, role: Role) -> Acted | None:
    done = found.status is Status.OK and role is not Role.NOTE
    return Acted(arguments.value, arguments.mark) if arguments is not None and done else None


def _judged(step: Step, captured: Captured | None, error: str | None, role: Role) -> _Judged:
    mark, path = (captured.mark, captured.path) if captured is not None else (None, "")
    beside = (step.error_type, step.http_status, step.reported_status, step.reported_length, step.withheld)
    key = (mark, path, role, error, step.failed, *beside)
    known = _JUDGED.get(key) if mark is not None else None
    if known is not None:
        return known
    opened = _opened(captured)
    found = outcome(
        opened,
        error=error,
        failed=step.failed,
        error_type=step.error_type,
        http_status=step.http_status,
        reported_status=step.reported_status,
        reported_length=step.reported_length,
        withheld=step.withheld,
        role=role,
    )
    judged = _of_result(opened, found, role, captured)
    return judged if mark is None else _JUDGED.keep(key, judged)


def _canonical(arguments: Captured) -> int | None:
    if arguments.mark is None:
        return canonical(arguments.value)
    if arguments.mark in _ARGUMENTS:
        return _ARGUMENTS[arguments.mark]
    return _ARGUMENTS.keep(arguments.mark, canonical(arguments.value))


def _of_result(opened: Captured | None, found: Outcome, role: Role, given: Captured | None) -> _Judged:
    """`opened`: the result without its envelopes; `given`: the same as it was recorded."""
    if opened is None or given is None:
        return _Judged(found)
    result = fingerprint(opened.value)
    return _Judged(
        found,
        result,
        size(opened.value),
        in_structure(given.value, opened.path),
        # a note is the model's own words
        _suspect(given) if role is not Role.NOTE and found.status in READABLE else None,
        _shape_of(opened.value, found, result),
        more(opened.value) if found.status is Status.OK and role is not Role.NOTE else None,
        _hint(opened, found) if found.status is Status.OK and role in (Role.SOURCE, Role.POLL) else None,
    )


def _hint(opened: Captured, found: Outcome) -> Outcome | None:
    read = unwrap(opened.value)
    said = None if read.cut or read.redacted else hint(read.value)
    return None if said is None else Outcome(said.status, found.path, said.note)


def _shape_of(opened: object, judged: Outcome, result: int | None) -> Shape | None:
    """Of a good result that is whole. In one of four contents, chosen by their hash, strings are looked at too."""
    whole = isinstance(opened, Unwrapped) and not opened.cut and not opened.redacted
    if not whole or result is None or judged.status is not Status.OK:
        return None
    return shape(unwrap(opened).value, classed=result % 4 == 0)


def _suspect(given: Captured) -> Suspect | None:
    """Instructions in a source's result; None where there are none. Equal results are read once, whoever got them."""
    key = xxh3_64_intdigest(_as_text(given.value).encode(errors="replace")) if given.mark is None else given.mark
    if key in _suspects:
        _suspects.move_to_end(key)
        return _suspects[key]
    text = _as_text(given.value)
    read = score(text)
    found = None
    if read.flagged or read.imperatives:
        targets = targets_in(text, read.told)
        found = Suspect(read.score, read.flagged, read.structural, names_in(text), read.demanded, targets)
    _suspects[key] = found
    if len(_suspects) > MAX_SUSPECTS:
        _suspects.popitem(last=False)
    return found


def _opened(captured: Captured | None) -> Captured | None:
    """A result without its envelopes, parsed once for all who read it."""
    return None if captured is None else Captured(unwrap(captured.value), captured.path)


class ArgumentsRead:
    """What arguments tell, read when it is asked for; short ones are kept for that, long ones let go."""

    __slots__ = ("_items", "_mark", "_mentioned", "_raw", "_similar", "_terms", "_texts", "_values")

    def __init__(self, raw: object, mark: int | None = None) -> None:
        """`mark`: fingerprint of the arguments as recorded."""
        self._raw = raw
        self._mark = mark
        self._similar: int | None = None
        self._terms: frozenset[int] | None = None
        self._mentioned: array[int] | None = None
        self._items: Items | None = None
        self._texts: tuple[int, ...] | None = None
        self._values: frozenset[int] | None = None

    @property
    def similar(self) -> int | None:
        self._read()
        return self._similar

    @property
    def terms(self) -> frozenset[int]:
        return self._read()

    @property
    def mentioned(self) -> "array[int]":
        """Every item that the arguments may name."""
        if self._mentioned is None:
            self._mentioned = self._mentions()
        return self._mentioned

    @property
    def items(self) -> Items:
        """The items that the arguments enumerate, taken as an assignment."""
        if self._items is None:
            self._items = enumerated(self._raw)
        return self._items

    def argument(self, name: str) -> int | None:
        """Hash of one argument's value; a lone value without a name is whichever is asked for."""
        inner = unwrap_arguments(self._raw).value
        value = inner.get(name) if isinstance(inner, dict) else inner
        return None if value is None else canonical(value)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._raw, keys)

    @property
    def texts(self) -> tuple[int, ...]:
        """Fingerprints of the longer texts, one of which an agent may be given as its task."""
        if self._texts is None:
            self._texts = tuple(text_fingerprint(text) for text in texts(self._raw))
        return self._texts

    @property
    def values(self) -> frozenset[int]:
        """Hashes of the values in the arguments, as those of claims; none once long arguments were let go."""
        if self._values is None:
            self._values = values(unwrap_arguments(self._raw).value) if self._raw is not None else frozenset()
        return self._values

    @property
    def names(self) -> frozenset[int]:
        """Addresses, hosts, identifiers and amounts in the arguments."""
        return names_in(_as_text(self._raw)) if self._raw is not None else frozenset()

    def breaks(self, rule: Rule, tool: str | None) -> Violation | None:
        """How a call with these arguments breaks a rule."""
        return violated_by_call(rule, tool, self._raw) if isinstance(rule, Constraint) else None

    def _read(self) -> frozenset[int]:
        if self._terms is None:
            self._similar, self._terms = similar(self._raw), terms(self._raw)
            if not isinstance(self._raw, str) or len(self._raw) > HEAD:
                self._mentioned, self._items, _ = self._mentions(), enumerated(self._raw), self.texts
                self._raw = None
        return self._terms

    def _mentions(self) -> "array[int]":
        """Calls with the same arguments come again, in retries and from one run to the next."""
        if self._mark is None:
            return mentioned(self._raw)
        known = _MENTIONED.get(self._mark) or _MANY_MENTIONED.get(self._mark)
        if known is not None:
            return known
        found = mentioned(self._raw)
        if len(found) <= LARGEST:
            (_MENTIONED if len(found) <= MAX_MENTIONED else _MANY_MENTIONED).keep(self._mark, found)
        return found


_TEXTS: Final = Known[int, dict[str, Any]](MAX_TEXTS)
"""By a text's fingerprint, what was read from it. A few kinds of facts, so that each entry is bounded."""

_LARGE: Final = Known[tuple[str, int], Any](MAX_LARGE)
"""Such facts that are large."""

_ALIKE: Final = Known[tuple[int, int], float]()
"""The likeness of two texts."""

_UNREAD: Final = object()


class _TextRead:
    """A text, read when it is asked for; what an equal text told isn't read again."""

    __slots__ = ("_mark", "_own", "_text")

    def __init__(self, text: str) -> None:
        self._text = text
        self._mark: int | None = None
        self._own: dict[str, Any] | None = None
        """Facts that are too large to be kept with others."""

    @property
    def mark(self) -> int:
        """Fingerprint of the text."""
        if self._mark is None:
            self._mark = xxh3_64_intdigest(self._text.encode(errors="replace"))
        return self._mark

    def _once(self, what: str, read: Callable[[str], T]) -> T:
        shared = _TEXTS.get(self.mark)
        facts: T | object = _UNREAD if shared is None else shared.get(what, _UNREAD)
        if facts is _UNREAD and self._own is not None:
            facts = self._own.get(what, _UNREAD)
        if facts is _UNREAD:
            facts = self._read(what, read)
        return cast(T, facts)

    def _read(self, what: str, read: Callable[[str], T]) -> T:
        key = (what, self.mark)
        known = _LARGE.get(key, _UNREAD)
        facts: T = read(self._text) if known is _UNREAD else cast(T, known)
        size = _size(facts)
        if size <= MAX_SHARED:
            shared = _TEXTS.get(self.mark)
            (_TEXTS.keep(self.mark, {}) if shared is None else shared)[what] = facts
            return facts
        if known is _UNREAD and size <= LARGEST:
            _LARGE.keep(key, facts)
        self._own = {**(self._own or {}), what: facts}
        return facts


_SEVERAL: Final = (tuple, frozenset)


def _size(facts: object) -> int:
    if isinstance(facts, Items):
        return sum(len(family.keys) for family in facts.families)
    return len(facts) if isinstance(facts, _SEVERAL) else 1


class TaskRead(_TextRead):
    """What a user message asks for; its head only."""

    __slots__ = ()

    def __init__(self, text: str) -> None:
        super().__init__(text[:HEAD])

    @property
    def items(self) -> Items:
        return self._once("items", enumerated)

    @property
    def asks(self) -> frozenset[str]:
        """What it asks for: name, count, which."""
        return self._once("asks", asked_for)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._text, keys)

    @property
    def fingerprint(self) -> int:
        return self._once("fingerprint", text_fingerprint)

    @property
    def size(self) -> int:
        """Characters, of the head that is kept."""
        return len(self._text)


class CompletionRead(_TextRead):
    """A completion's text."""

    __slots__ = ()

    @property
    def claims(self) -> tuple[Claim, ...]:
        return self._once("claims", claims)

    @property
    def admission(self) -> Admission:
        return self._once("admission", admits)

    def without(self, quotes: Sequence[Claim]) -> "CompletionRead":
        """The text without these passages."""
        text = self._text
        for quote in sorted(quotes, key=lambda each: each.start, reverse=True):
            text = f"{text[: quote.start]} {text[quote.end :]}"
        return CompletionRead(text)

    def particulars(self, kinds: frozenset[str]) -> tuple[Claim, ...]:
        """What it states of the kinds that a question asked for."""
        return particulars(self._text, kinds) if kinds else ()

    @property
    def whole(self) -> bool:
        """It says that what it tells of is all there is."""
        return self._once("whole", whole)

    @property
    def part(self) -> bool:
        """It speaks of what it tells of as a part."""
        return self._once("part", in_part)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        return self._once("doubts", doubts)

    @property
    def receipt(self) -> Receipt | None:
        """How much it says was done: in JSON, else in words."""
        return self.structured or self._once("words", _receipt_in_words)

    @property
    def structured(self) -> Receipt | None:
        """How much it says in JSON was done."""
        return self._once("structured", _receipt_in_structure)

    @property
    def complete(self) -> bool:
        """It says that the work is complete."""
        return self._once("complete", completed)

    @property
    def halted(self) -> bool:
        """It stands where an answer should: a framework says that it stopped the agent, or only a plan is told."""
        return self._once("halted", lambda text: halted(text) or announces(text))

    @property
    def result(self) -> int | None:
        """Its hash, as that of a call's result that is this text."""
        return self._once("result", fingerprint)

    def likeness(self, other: Instructions) -> float:
        """The share of runs of eight words that it has in common with what the agent was told."""
        key = (self.mark, other.mark)
        known = _ALIKE.get(key)
        return _ALIKE.keep(key, overlap(shingles(self._text), other.shingles)) if known is None else known

    def repeats(self, phrase: str) -> bool:
        """Half of the text or more is this phrase."""
        return len(phrase) * 2 >= len(self._text) and phrase in self._text.lower()

    def breaks(self, rule: Rule) -> Violation | None:
        """How it breaks a rule."""
        return violated(rule, self._text) if isinstance(rule, Constraint) else None

    @property
    def deeds(self) -> frozenset[str]:
        """What it says that its author did."""
        return self._once("deeds", deeds)

    @property
    def stated(self) -> frozenset[frozenset[str]]:
        """What it says is done, by whomever."""
        return self._once("stated", stated)

    @property
    def finished(self) -> bool:
        """It begins by saying that what was asked for is done."""
        return self._once("finished", finished)

    @property
    def blames(self) -> bool:
        """It says that the user lacks a right, or that the resource is closed or isn't there."""
        return self._once("blames", blames)

    @property
    def items(self) -> Items:
        """The items that it enumerates, taken as an assignment to who comes next."""
        return self._once("items", enumerated)

    @property
    def mentioned(self) -> frozenset[int]:
        """Every item that it may name."""
        shown = self._text[:HEAD]
        return named_in(shown, most=HEAD) | excused(shown)

    def named(self, keys: frozenset[int]) -> list[str]:
        """Items with these hashes, by name."""
        return names(self._text, keys)


def _receipt_in_words(text: str) -> Receipt | None:
    return in_words(text, "completion")


def _receipt_in_structure(text: str) -> Receipt | None:
    return in_structure(text, "completion")


def _context(messages: Iterable[Message]) -> w3c.Context | None:
    """A W3C context that A2A or MCP carried beside a message's text."""
    texts = (part.text for message in messages for part in message.parts if isinstance(part, Text))
    return next((found for text in texts if (found := w3c.mentioned(text)) is not None), None)


def _turn(step: Step, content: Content, seen: Seen, role_of: RoleOf) -> Turn:
    history = content.history()
    reader = _HistoryReader(role_of, seen)
    fresh = [(position, item.read()) for position, item in seen.fresh(history)] if history else []
    for position, message in reader.take(fresh):
        seen.instruct(history[position].fingerprint, message)
    if step.kind is Kind.AGENT and step.context is None:
        named = _context(message for _, message in fresh)
        if named is not None:
            step.say(context=named)
    completion = content.completion()
    calls, text = _said(completion)
    if not text and step.kind is not Kind.LLM:
        text = _result_text(content.result())
    asked = tuple(_asked(c) for c in calls if not (text and is_closing(c.name))) if calls else ()
    seen.ask(asked)
    _declare(asked, content, seen)
    standing, early = seen.standing(history)
    return Turn(
        said=CompletionRead(text) if text else None,
        asked=asked,
        answered=tuple(reader.answered),
        consumed=tuple(reader.consumed),
        given=tuple(reader.given),
        history=bool(history),
        told=tuple(reader.told),
        standing=standing,
        early=early,
        called=_called_before(fresh) if reader.calls else _NONE,
        window=_window(len(history), [position for position, _ in fresh]) if history else None,
        task=TaskRead("\n".join(reader.asked_for)) if reader.asked_for else None,
        goes_on=not calls and step.kind is Kind.LLM and step.finish in TO_CALL_TOOLS,
    )


_NONE: Final = frozenset[str]()
"""An empty set takes 216 bytes."""


def _declare(asked: tuple[Asked, ...], content: Content, seen: Seen) -> None:
    """Look up what tools say of their results when they are asked for, each once in a trace."""
    new = {a.name for a in asked if a.name and a.name not in seen.declared} if asked else None
    if not new or len(seen.declared) > MAX_DECLARED:
        return
    offers = {offer.name: offer for offer in content.tools() if offer.name in new}
    for name in new:
        offer = offers.get(name)
        seen.declared[name] = declared(offer.description, offer.output) if offer is not None else None


def _called_before(fresh: list[tuple[int, Message]]) -> frozenset[str]:
    """Tools that were called in turns before the user's last message."""
    last = _last_user(fresh)
    calls = _tool_calls(message for position, message in fresh if position < last)
    return frozenset(call.name for call in calls if call.name) or _NONE


def _window(items: int, new: list[int]) -> Window:
    old = items - len(new)
    return _window_of(items, old, bool(old and new and new[0] < old))


_window_of: Final = lru_cache(1024)(Window)


class InstructionsRead(_TextRead):
    """A system or user message."""

    __slots__ = ("_shingles", "system")

    def __init__(self, text: str, system: bool) -> None:
        super().__init__(text[:MAX_INSTRUCTIONS])
        self.system = system
        self._shingles: frozenset[int] | None = None

    @property
    def rules(self) -> tuple[Constraint, ...]:
        if self.system:
            return self._once("system rules", lambda text: constraints(text, "system"))
        return self._once("user rules", lambda text: constraints(text, "user"))

    @property
    def requested(self) -> frozenset[str]:
        """Deeds that it may ask for."""
        return frozenset() if self.system else self._once("requested", requested)

    def lifts(self, rules: Sequence[Rule]) -> tuple[Constraint, ...]:
        if self.system:
            return ()
        return lifted([rule for rule in rules if isinstance(rule, Constraint)], self._text)

    def holds(self, rule: Rule) -> bool:
        return isinstance(rule, Constraint) and rule.stands_in(self._text)

    @property
    def names(self) -> frozenset[int]:
        return self._once("names", names_in)

    @property
    def words(self) -> frozenset[int]:
        return self._once("words of", words_of)

    @property
    def shingles(self) -> frozenset[int]:
        if self._shingles is None:
            self._shingles = shingles(self._text)
        return self._shingles


class _HistoryReader:
    """Collects what new input messages give: values, and tool results in the tail that this step consumes first."""

    def __init__(self, role_of: RoleOf, seen: Seen) -> None:
        self._role_of = role_of
        self._seen = seen
        self.answered: list[Answered] = []
        self.consumed: list[str] = []
        self.given: list[object] = []
        self.asked_for: list[str] = []
        self.told: list[Instructions] = []
        self.calls = False
        """New messages hold calls or results."""

    def take(self, fresh: list[tuple[int, Message]]) -> list[tuple[int, Instructions]]:
        """Gives the system and user messages, with their positions."""
        self.calls = any(type(part) is not Text for _, message in fresh for part in message.parts)
        if not self.calls:
            return self._texts(fresh)
        calls = _Calls()
        turn, tail, asker = _last_user(fresh), _tail(fresh), -1
        for position, message in fresh:
            if message.role == "assistant":
                calls.ask(message)
                asker = position
                continue
            for part in message.parts:
                if isinstance(part, ToolResult):
                    asked = calls.answered_by(part, self._seen.asked(part.id))
                    self._result(part, asked, asker, position > turn, position > tail)
        return self._texts(fresh)

    def _texts(self, fresh: list[tuple[int, Message]]) -> list[tuple[int, Instructions]]:
        told: list[tuple[int, Instructions]] = []
        for position, message in fresh:
            if message.role != "assistant" and (texts := [p.text for p in message.parts if isinstance(p, Text)]):
                told.append((position, self._text(texts, message.role)))
        self.told = [message for _, message in told]
        return told

    def _text(self, texts: list[str], role: str) -> Instructions:
        self.given += texts
        if role == "user":
            self.asked_for += texts
        return InstructionsRead("\n".join(texts), role == "system")

    def _result(
        self, part: ToolResult, asked: ToolCall | Asked | None, asker: int, this_turn: bool, tail: bool
    ) -> None:
        self.given.append(part.result)
        call_id = self._seen.same((asked.id if asked else None) or part.id)
        if call_id:
            self.consumed.append(call_id)
        if this_turn:
            name = part.name or (asked.name if asked else None)
            shown = ResultRead(part, asked, name, self._role_of(name, None, ""))
            self.answered.append(Answered(call_id, name, len(self.answered), shown, tail, asker))


class _Calls:
    """The calls that a history's messages ask for. A result names its call by id, else by name and order: some emitters
    make ids up for results that have none."""

    def __init__(self) -> None:
        self._by_id: dict[str, ToolCall] = {}
        self._open: list[ToolCall] = []
        self._answering = False

    def ask(self, message: Message) -> None:
        calls = list(_tool_calls([message]))
        self._by_id.update((call.id, call) for call in calls if call.id)
        if self._answering:
            self._open, self._answering = [], False
        self._open += calls

    def answered_by(self, part: ToolResult, earlier: Asked | None) -> ToolCall | Asked | None:
        """`earlier`: the call with the result's id that an earlier completion asked for."""
        self._answering = True
        call = self._by_id.get(part.id or "") or (None if earlier else self._next(part.name))
        if call in self._open:
            self._open.remove(call)
        return call or earlier

    def _next(self, name: str | None) -> ToolCall | None:
        return next((call for call in self._open if name in (None, call.name)), None)


class ResultRead:
    """A call as the messages show it, read when it is asked for."""

    __slots__ = ("_asked", "_call", "_part", "_role", "_tool")

    def __init__(self, part: ToolResult, asked: ToolCall | Asked | None, tool: str | None, role: Role) -> None:
        self._part = part
        self._tool = tool
        self._asked = asked
        self._role = role
        self._call: Call | None = None

    @property
    def arguments(self) -> int | None:
        asked = self._asked
        return _hash(asked.arguments) if isinstance(asked, ToolCall) else asked.arguments if asked else None

    @property
    def call(self) -> Call:
        if self._call is None:
            part, asked = self._part, self._asked
            result = Captured(unwrap(part.result), f"messages/{part.id or part.name or ''}")
            given = asked.arguments if isinstance(asked, ToolCall) else None
            recorded = Captured(part.result, result.path)
            judged = _of_result(result, outcome(result, role=self._role), self._role, recorded)
            self._call = Call(
                outcome=judged.outcome,
                role=self._role,
                arguments=self.arguments,
                like=None if given is None else ArgumentsRead(given),
                result=judged.result,
                size=judged.size,
                suspect=judged.suspect,
                receipt=judged.receipt or _of_coworker(self._tool, None, recorded),
                shape=judged.shape,
                more=judged.more,
                hint=judged.hint,
            )
        return self._call


def _last_user(fresh: list[tuple[int, Message]]) -> int:
    """Position of the last message of the user: what stands before it belongs to an earlier turn."""
    return max((p for p, m in fresh if m.role in ("user", "system") and not _carries_results(m)), default=-1)


def _tail(fresh: list[tuple[int, Message]]) -> int:
    """Position of the last assistant message: results after it are consumed for the first time."""
    return max((p for p, m in fresh if m.role == "assistant"), default=-1)


def _carries_results(message: Message) -> bool:
    return any(isinstance(part, ToolResult) for part in message.parts)


def _tool_calls(messages: Iterable[Message]) -> Iterable[ToolCall]:
    return (part for m in messages for part in m.parts if isinstance(part, ToolCall))


def _asked(call: ToolCall) -> Asked:
    name = intern(call.name) if type(call.name) is str else call.name
    return Asked(call.id, name, _hash(call.arguments))


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else dumps(value).decode(errors="replace")


def _hash(arguments: object) -> int | None:
    return None if arguments is None else canonical(arguments)


def _said(completion: Sequence[Message]) -> tuple[list[ToolCall], str]:
    """The calls that a completion asks for, and its text, reasoning aside."""
    calls: list[ToolCall] = []
    texts: list[str] = []
    for message in completion:
        for part in message.parts:
            if isinstance(part, ToolCall):
                calls.append(part)
            elif isinstance(part, Text) and not part.reasoning:
                texts.append(part.text)
    if calls:
        texts.append(closing_text(calls))
    return calls, "\n".join(text for text in texts if text.strip())


def _result_text(captured: Captured | None) -> str:
    return captured.value if captured is not None and isinstance(captured.value, str) else ""
