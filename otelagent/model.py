"""The nouns: Step and what was read from it, Outcome, Receipt, Evidence, Finding.

A dialect makes a Step with a handle to its content; reading takes the facts from the content (`call`, `turn`) and the
content is let go. Detectors see facts only, so a kept step costs little and can be observed again.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import msgspec


class Kind(StrEnum):
    """What a step is, whatever dialect reported it."""

    AGENT = "agent"
    LLM = "llm"
    TOOL = "tool"
    RETRIEVAL = "retrieval"
    HANDOFF = "handoff"
    WORKFLOW = "workflow"


class Status(StrEnum):
    """How a source's result is to be taken. UNKNOWN: nothing was captured that would tell."""

    OK = "ok"
    EMPTY = "empty"
    PARTIAL = "partial"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    DENIED = "denied"
    ERROR = "error"
    NONCONFORMING = "nonconforming"
    UNKNOWN = "unknown"


BAD: Final = frozenset(Status) - {Status.OK, Status.UNKNOWN}
"""Outcomes that a consumer has to acknowledge or recover from."""


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What a source returned, and what decided that.

    `path` names the attribute and, after `#`, the JSON pointer (`result#/data/content/results`). `note` is a few
    words without captured content (`status 429`, `empty list`).
    """

    status: Status
    path: str = ""
    note: str = ""


class Role(StrEnum):
    """What a tool is for; see FAILURE_MODES: source, action, note, poll."""

    SOURCE = "source"
    ACTION = "action"
    NOTE = "note"
    POLL = "poll"


class Layer(StrEnum):
    """Whose fault a failure is."""

    MODEL = "model"
    TOOL = "tool"
    ORCHESTRATION = "orchestration"


class Severity(StrEnum):
    """How grave, in rising order of `RANK`."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


RANK: Final = {severity: rank for rank, severity in enumerate(Severity)}


class Withheld(StrEnum):
    """Why content is missing. Missing is unknown, never empty."""

    CAPTURE_OFF = "capture_off"
    REDACTED = "redacted"
    TRUNCATED = "truncated"
    EVICTED = "evicted"
    UPLOADED = "uploaded"
    IN_LOGS = "in_logs"


class Need(StrEnum):
    """What a detector can't judge without. Values are words for a reader."""

    ARGUMENTS = "arguments of tool calls"
    RESULT = "results of tool calls"
    COMPLETION = "texts of completions"
    HISTORY = "messages of the input"
    UTILIZATION = "tokens and context window"


class Odd(StrEnum):
    """What is wrong about a span that is read all the same."""

    ENDS_BEFORE_START = "ends_before_start"
    """Its duration counts as 0; order goes by the end, as always."""
    STARTS_BEFORE_PARENT = "starts_before_parent"
    """Clocks differ: whose step it is follows from ids alone, so nothing changes."""
    OWN_PARENT = "own_parent"
    """Read as the top of its trace's tree, and never as its root."""
    CYCLE = "cycle"
    """Parents lead back to the span: its steps are a run of their own, and the trace's outcome stays unknown. Also a
    run in a trace of its own that would work for itself by way of others: it works for nobody."""
    CROWDED = "crowded"
    """More than 256 runs of other traces work for one trace: the first ones are joined to it, the others to nobody."""
    PARENT_ELSEWHERE = "parent_elsewhere"
    """The parent is a span of another trace: read as a parent that was lost, never joined across."""
    ID_REUSED = "id_reused"
    """Another span had the id: the first one counts, the second is sent on and not read."""
    LARGE = "large"
    """More than 4 MiB: of a long value the first MiB counts."""
    UNPARSABLE = "unparsable"
    """Its bytes are no span: sent on unread."""
    WRONG_TYPE = "wrong_type"
    """A name or id is no string: numbers and bytes are read as text, of a list the first counts, others as absent."""
    NOT_TEXT = "not_text"
    """Content is bytes, or text that is no UTF-8: read with replacement characters."""
    TOO_DEEP = "too_deep"
    """Content nests more than 32 levels of lists and objects: what lies deeper is read as absent."""


# --- content: what a dialect can decode on demand -----------------------------------------------------------------


class Captured(msgspec.Struct, frozen=True, repr_omit_defaults=True):
    """A value as the emitter recorded it (text, or decoded kvlist/array), and the attribute it stood in."""

    value: object
    path: str
    mark: int | None = None
    """Fingerprint of the value, where that was cheap to make."""


class Text(msgspec.Struct, frozen=True):
    """Text of a message. `reasoning` marks the model's thinking, which is no answer."""

    text: str
    reasoning: bool = False


class ToolCall(msgspec.Struct, frozen=True):
    """A model asks for a tool. `arguments` as recorded: JSON text or decoded; None is not captured."""

    id: str | None
    name: str | None
    arguments: object = None


class ToolResult(msgspec.Struct, frozen=True):
    """A tool's result as the model saw it. `result` as recorded: text or decoded."""

    id: str | None
    name: str | None
    result: object


Part: TypeAlias = Text | ToolCall | ToolResult


class Message(msgspec.Struct, frozen=True):
    """One message. `role` is system, user, assistant or tool (developer reads as system, model as assistant)."""

    role: str
    parts: tuple[Part, ...]
    finish: str | None = None


class Item(NamedTuple):
    """A message of a history that is decoded only when it is new: equal fingerprints are equal messages."""

    fingerprint: int
    read: Callable[[], Message]


class ToolOffer(msgspec.Struct, frozen=True):
    """A tool that the model was offered."""

    name: str
    description: str = ""
    output: object = None
    """JSON schema of its results, where it is declared."""
    parameters: dict[str, Any] | None = None
    """JSON schema of its arguments, as recorded."""


class Declared(msgspec.Struct, frozen=True):
    """What a tool says its results are: objects with members."""

    names: frozenset[str] = frozenset()
    """Members that its description names, without case and separators."""
    required: tuple[str, ...] = ()
    """Paths of members that its output schema requires, where there is an object to hold them."""
    types: Mapping[str, str] = {}
    """JSON types that its output schema gives to members, by path."""


class Content(Protocol):
    """Handle to a step's content; each method decodes when called. None or an empty sequence: not captured."""

    def arguments(self) -> Captured | None:
        """Of a tool or retrieval: its arguments or query."""

    def result(self) -> Captured | None:
        """Of a tool or retrieval: what it returned. Of an agent or workflow: its output."""

    def error(self) -> str | None:
        """Text of an exception event or of the span's status."""

    def history(self) -> Sequence[Item]:
        """Of an LLM or agent step: instructions first, then the input messages in order."""

    def completion(self) -> Sequence[Message]:
        """Of an LLM or agent step: the output messages."""

    def tools(self) -> Sequence[ToolOffer]:
        """The tools that the model was offered."""

    @property
    def cut(self) -> bool:
        """Messages that were read had been cut off when they were written."""


# --- facts: what reading takes from content -----------------------------------------------------------------------


class Likeness(Protocol):
    """What tells nearly equal arguments; made when it is asked for."""

    @property
    def similar(self) -> int | None: ...
    @property
    def terms(self) -> frozenset[int]: ...
    @property
    def mentioned(self) -> Collection[int]: ...
    @property
    def items(self) -> "Items": ...
    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def texts(self) -> tuple[int, ...]: ...
    def argument(self, name: str) -> int | None: ...
    @property
    def values(self) -> frozenset[int]:
        """Hashes, as claims have them."""

    @property
    def names(self) -> frozenset[int]: ...
    def breaks(self, rule: "Rule", tool: str | None) -> "Breach | None": ...


class Suspect(msgspec.Struct, frozen=True, gc=False):
    """What a result holds that tells its reader what to do. Names are hashes."""

    score: float
    flagged: bool
    """Instruction-like at the classifier's operating point; else it only has an imperative."""
    rules: tuple[str, ...] = ()
    names: frozenset[int] = frozenset()
    """Tool-like names, addresses, hosts and the like in the result."""
    phrases: tuple[str, ...] = ()
    """Phrases that it demands; they never leave the process."""
    targets: frozenset[int] = frozenset()
    """Those of `names` that its imperative sentences name: addresses, links, accounts, numbers and amounts."""


class Family(msgspec.Struct, frozen=True, gc=False):
    """Items of one kind that an assignment names together, as hashes, in their order, each once."""

    keys: tuple[int, ...]
    work: bool = False
    """The words around them say that each of them is to be dealt with."""
    optional: bool = False
    """The words around them say that some will do, or that they are there for reference."""


class Items(msgspec.Struct, frozen=True, gc=False):
    """What an assignment enumerates."""

    families: tuple[Family, ...] = ()
    stated: int | None = None
    """How many items it says there are."""
    unit: str | None = None
    """How it calls them, cut short, where it speaks of just these: "the five contracts"."""


class Assignment(Protocol):
    """A text that says what an agent is to do. It is read only where the agent turns out to be a delegate."""

    @property
    def items(self) -> Items: ...
    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def fingerprint(self) -> int: ...
    @property
    def size(self) -> int: ...


class Row(Protocol):
    """What one object of a result holds: types by path, its own and those of its members."""

    @property
    def kinds(self) -> Mapping[str, frozenset[str]]: ...
    @property
    def mark(self) -> int: ...


class Shape(Protocol):
    """The structure of a result; equal ones are one object."""

    @property
    def rows(self) -> tuple[Row, ...]: ...
    @property
    def marks(self) -> tuple[int, ...]: ...
    @property
    def mark(self) -> int: ...
    @property
    def places(self) -> Collection[tuple[str, str]]: ...
    @property
    def kinds(self) -> Mapping[str, frozenset[str]]: ...


class More(msgspec.Struct, frozen=True):
    """What shows that a good result is a part of what there is."""

    path: str
    """JSON pointer within the result."""
    note: str
    total: int | None = None
    """How much there is, where it says so."""


class Call(msgspec.Struct, gc=False):
    """What was read from one tool call: of its own span, or of the messages around it.

    Hashes are 64 bits and None where nothing was captured: unknown equals nothing.
    """

    outcome: Outcome
    role: Role
    arguments: int | None = None
    """Hash of the canonical arguments (key order and white space aside)."""
    like: "Likeness | None" = None
    """Further hashes of the arguments, made when they are asked for."""
    result: int | None = None
    size: int | None = None
    """Bytes of the result as text."""
    given: object = None
    """The result as recorded, until the trace's grounding took it over."""
    acted: object = None
    """The arguments of a call, as recorded, until the trace's grounding took those of a good one over."""
    suspect: Suspect | None = None
    """Set where the result of a source holds instructions."""
    receipt: "Receipt | None" = None
    """What the result says about how much was done."""
    shape: "Shape | None" = None
    """Of a good result."""
    fitted: bool = False
    """It was held against its tool's shape."""
    doubtful: bool = False
    """Only the words of the tool's description say that it doesn't fit."""
    more: More | None = None
    """There is more than this result holds."""
    raced: bool = False
    """The orchestrator gave up on it while it still worked."""

    def differ(self, pointer: str, note: str) -> None:
        """The result doesn't fit its tool's shape at this place."""
        path = self.outcome.path or "result"
        at = path + pointer if "#" in path or not pointer else f"{path}#{pointer}"
        self.outcome = Outcome(Status.NONCONFORMING, at, note)

    def stop_short(self) -> None:
        """What is a part was taken for the whole."""
        assert self.more is not None  # noqa: S101 - whoever asks has looked
        path = self.outcome.path or "result"
        at = path + self.more.path if "#" in path or not self.more.path else f"{path}#{self.more.path}"
        self.outcome = Outcome(Status.PARTIAL, at, self.more.note)

    def time_out(self, note: str) -> None:
        """The orchestrator's timeout cut the call off, whatever its result looks like."""
        self.raced = True
        self.outcome = Outcome(Status.TIMEOUT, "duration", note)

    @property
    def similar(self) -> int | None:
        """Hash of the arguments with case, volatile ids and timestamps aside too."""
        return None if self.like is None else self.like.similar

    @property
    def terms(self) -> frozenset[int]:
        """Hashes of the words in the arguments, for likeness."""
        return frozenset() if self.like is None else self.like.terms


class Asked(msgspec.Struct, frozen=True, gc=False):
    """A tool call that a completion asked for."""

    id: str | None
    name: str | None
    arguments: int | None


class Reported(Protocol):
    """A call as messages show it; it is read only where no span reports the call."""

    @property
    def arguments(self) -> int | None: ...
    @property
    def call(self) -> Call: ...


class Answered(msgspec.Struct, frozen=True, gc=False):
    """A tool result found in the messages of an LLM step."""

    id: str | None
    name: str | None
    order: int
    """Position among the tool results of this history, from 0."""
    shown: Reported
    tail: bool = True
    """Among the last messages: this step is the first to consume it."""
    asker: int = -1
    """Position of the completion before it: calls of one completion have one."""


class Claim(msgspec.Struct, frozen=True, gc=False):
    """A specific statement in a completion. `keys` are hashes of its value in every form that grounds it, as it is
    written first."""

    kind: str
    """number, percent, date, money, url, file, citation, quote, name, id, or year, which says little alone."""
    keys: tuple[int, ...]
    start: int
    end: int
    """Character offsets in the completion's text."""
    value: float | None = None
    """Of numbers, for sums, differences and shares."""


class Admission(msgspec.Struct, frozen=True, gc=False):
    """What a completion admits about its data; all False where it says nothing of the kind."""

    missing: bool = False
    """Says that something was not found, is not available or could not be read."""
    failed: bool = False
    partial: bool = False
    asks: bool = False
    """Asks the user to clarify, or announces another attempt."""
    absence: bool = False
    """Takes finding nothing as evidence that there is nothing."""

    @property
    def any(self) -> bool:
        return self.missing or self.failed or self.partial or self.asks


class Doubt(msgspec.Struct, frozen=True):
    """A sentence that speaks of a lack or of trouble. Hashes are those of `Call.terms`."""

    about: frozenset[int]
    """Its words, those aside that speak of the lack."""
    said: frozenset[int]
    """The words that speak of the lack."""
    claims: tuple[Claim, ...] = ()
    """What the sentence states itself."""
    opening: bool = False
    """The text begins with it."""


NOTHING_ADMITTED: Final = Admission()


class Said(Protocol):
    """A completion's text. It is read only where a question is open, since most of them never matter."""

    @property
    def claims(self) -> tuple[Claim, ...]: ...
    @property
    def admission(self) -> Admission: ...
    @property
    def whole(self) -> bool:
        """It says that what it tells of is all there is."""

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Sentences that speak of a lack or of trouble."""

    @property
    def receipt(self) -> "Receipt | None": ...
    @property
    def structured(self) -> "Receipt | None": ...
    @property
    def complete(self) -> bool: ...
    @property
    def halted(self) -> bool: ...
    @property
    def items(self) -> Items: ...
    @property
    def mentioned(self) -> frozenset[int]: ...
    def named(self, keys: frozenset[int]) -> list[str]: ...
    @property
    def blames(self) -> bool: ...
    def likeness(self, other: "Instructions") -> float:
        """The share of runs of eight words that it has in common with what the agent was told."""

    def repeats(self, phrase: str) -> bool: ...
    def breaks(self, rule: "Rule") -> "Breach | None": ...
    @property
    def deeds(self) -> frozenset[str]:
        """Kinds of deeds that its author claims to have done."""

    @property
    def stated(self) -> frozenset[str]:
        """Kinds of deeds of which it says that they are done, by whomever."""


class Rule(Protocol):
    """Something that instructions forbid, demand or limit."""

    @property
    def kind(self) -> str: ...
    @property
    def hash(self) -> int: ...
    @property
    def checked(self) -> bool: ...


class Breach(Protocol):
    """A broken rule; `why` holds no captured content."""

    @property
    def why(self) -> str: ...


class Instructions(Protocol):
    """What an agent was told by its operator or user, read when it is asked for."""

    @property
    def rules(self) -> Sequence[Rule]: ...
    def lifts(self, rules: Sequence[Rule]) -> Sequence[Rule]:
        """Of these rules those that it takes back or replaces."""

    def holds(self, rule: Rule) -> bool:
        """The rule's sentence stands in it."""

    @property
    def shingles(self) -> frozenset[int]: ...
    @property
    def mark(self) -> int:
        """Fingerprint of the text."""

    @property
    def names(self) -> frozenset[int]: ...
    @property
    def system(self) -> bool: ...
    @property
    def requested(self) -> frozenset[str]:
        """Deeds that a user's message may ask for."""


class Standing(NamedTuple):
    """A system or user message in a step's history."""

    message: Instructions
    after: int
    """Messages that stand after it."""


class Window(msgspec.Struct, frozen=True, gc=False):
    """The history of a step beside what its trace had seen before."""

    items: int
    old: int
    """Messages that were seen before."""
    rewritten: bool
    """New messages stand before old ones: a summary, or instructions that change."""


class Turn(msgspec.Struct, gc=False):
    """What was read from a completion and its new input messages."""

    said: "Said | None" = None
    """The text for the reader, reasoning aside; None where there is none."""
    asked: tuple[Asked, ...] = ()
    answered: tuple[Answered, ...] = ()
    """Tool results after the last user message, in messages that this trace hasn't seen before."""
    consumed: tuple[str, ...] = ()
    """Ids of all tool calls whose results stand in the history."""
    given: tuple[object, ...] = ()
    """New system, user and tool messages as recorded, until the trace's grounding took them over."""
    history: bool = False
    """Input messages were captured."""
    told: tuple[Instructions, ...] = ()
    """New system and user messages, until the trace took them over."""
    standing: tuple[Standing, ...] = ()
    """System and user messages of the history, in order, as far as they are kept."""
    window: Window | None = None
    called: frozenset[str] = frozenset()
    """Tools that new messages show as called before the user's last one."""
    task: Assignment | None = None
    """What the user asks for, where this trace hasn't seen it before."""
    goes_on: bool = False
    """It ended to call tools, which the emitter left out."""

    @property
    def text(self) -> bool:
        """There is text for the reader."""
        return self.said is not None

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Specific statements of the text."""
        return () if self.said is None else self.said.claims

    @property
    def admission(self) -> Admission:
        """What the text admits."""
        return NOTHING_ADMITTED if self.said is None else self.said.admission

    @property
    def answer(self) -> bool:
        """Text and no tool call: something is being told to the user or parent."""
        return self.text and not self.asked and not self.goes_on


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """How many items an agent was assigned and how many it processed. `method`: reported, text or inferred."""

    assigned: int | None
    processed: int | None
    method: str
    path: str = ""
    honest: bool = False
    """It says itself that something is left."""

    @property
    def short(self) -> bool:
        """Less was processed than assigned."""
        return self.assigned is not None and self.processed is not None and self.processed < self.assigned


class Step(msgspec.Struct, kw_only=True, gc=False):
    """One unit of an agent's run. Ids are raw bytes, times nanoseconds since the epoch, tokens counts.

    The garbage collector doesn't look at steps and facts, of which there are many: nothing may lead from one in a
    circle to it.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    kind: Kind
    dialect: str
    name: str
    start: int
    end: int
    failed: bool = False
    """The span's status is ERROR; that alone never decides an outcome."""
    agent: str | None = None
    """Of an agent step its own name; of another the name that its dialect put beside it, which may be a parent's."""
    agent_id: str | None = None
    workflow: str | None = None
    conversation: str | None = None
    tool: str | None = None
    tool_type: str | None = None
    tool_description: str | None = None
    call_id: str | None = None
    model: str | None = None
    response_id: str | None = None
    continues: str | None = None
    """Id of the response whose conversation, kept by the provider, this model call goes on with."""
    finish: str | None = None
    """Finish reason as written by the emitter; means little, see CAPTURES."""
    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    cost: float | None = None
    """US dollars, where the emitter tells."""
    context_limit: int | None = None
    context_used: float | None = None
    """Reported utilisation, 0 to 1."""
    http_status: int | None = None
    """Of a tool: its own or its last HTTP client span's status."""
    error_type: str | None = None
    reported_status: str | None = None
    """Explicit status of a hand-instrumented tool (`success_empty`, `timeout`)."""
    reported_length: int | None = None
    """Explicit length of a result, in characters."""
    target: str | None = None
    """Of a handoff: the agent that takes over. Of a tool: the co-worker that it names."""
    parent_agent: str | None = None
    """Name or id of the agent that this one was called by, where the dialect says so."""
    links: tuple[tuple[bytes, bytes], ...] = ()
    """Span links: trace id and span id."""
    context: tuple[bytes, bytes] | None = None
    """The span that a W3C context among its attributes or content names."""
    receipt: Receipt | None = None
    withheld: Withheld | None = None
    """Why content that this kind of step should have is missing."""
    capture_hint: str | None = None
    """The setting that would have this emitter record it."""
    service: str = ""
    environment: str = ""
    rebuilt: bool = False
    """No span of its own: rebuilt from the messages of the LLM step whose id it bears."""
    retold: bool = False
    """Rebuilt, and the messages of an earlier trace have shown the same call: it counts there."""
    asker: int = -1
    """Of what was rebuilt, the position of the completion that asked for it, in the history that shows it."""
    content: Content | None = None
    """Let go by reading."""
    call: Call | None = None
    turn: Turn | None = None

    @property
    def utilization(self) -> float | None:
        """Share of the context window that the input filled: reported, else by tokens; None where unknown."""
        if self.context_used is not None:
            return self.context_used
        if not self.context_limit or self.input_tokens is None:
            return None
        return self.input_tokens / self.context_limit


class Plain(msgspec.Struct, kw_only=True, gc=False):
    """A span that is no step but has its place in the tree: a turn, a graph node, an HTTP call, anything else."""

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    start: int
    end: int
    dialect: str | None = None
    """None: no dialect knows it."""
    kind: None = None
    """It is no step."""
    http_status: int | None = None
    """Of an HTTP client span."""
    agent: str | None = None
    """Name of the agent that a dialect put beside it."""
    receipt: Receipt | None = None
    links: tuple[tuple[bytes, bytes], ...] = ()
    """Span links: trace id and span id."""
    missed: bool = False
    """Looks like an agent's, and no dialect can say what it is."""
    creates: bool = False
    """An agent was created in it; runs of that agent may refer to it, though nobody asked for them there."""


class LogPart(msgspec.Struct, kw_only=True):
    """What a log record says of a span: messages, an error, a count of items, or a tool call of its own."""

    trace_id: bytes
    span_id: bytes
    time: int
    input: tuple[Item, ...] = ()
    output: tuple[Message, ...] = ()
    error: str | None = None
    error_type: str | None = None
    http_status: int | None = None
    receipt: Receipt | None = None
    step: Step | None = None
    """A tool call that has no span; it bears the id of the span that the record belongs to."""


# --- findings ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Evidence:
    """One span that shows it, where in it, and why, in a line without captured content."""

    span_id: bytes
    path: str
    why: str
    trace_id: bytes = b""
    """Only where it differs from the finding's."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure, its cause and whose fault it is. `about` is the span that carries it."""

    mode: str
    cause: str
    layer: Layer
    severity: Severity
    confidence: float
    trace_id: bytes
    about: bytes
    root: bytes
    """The span at which it began; with the mode it is the finding's identity."""
    reason: str
    """A sentence without captured content."""
    fix: str
    evidence: tuple[Evidence, ...]
    first_divergence: bytes
    last_good: bytes | None = None
    agent: str | None = None
    tool: str | None = None
    workflow: str | None = None
    consequences: tuple[str, ...] = ()
    wasted_tokens: int = 0
    partial_view: bool = False
    """Part of the trace was not seen (a restart, an eviction)."""
    extra: dict[str, int | float | str] = field(default_factory=dict, compare=False)
    """Further attributes under our namespace, such as counts of items."""
    raised: bool = False
    """It repeats, on an ancestor that went on, what is told about a child: the child's finding is the one to count."""
    absorbs: tuple[tuple[str, bytes, bytes], ...] = ()
    """Identities of findings that tell the same, and that this one takes the place of."""

    @property
    def identity(self) -> tuple[str, bytes, bytes]:
        """Found again under the same identity, it is an update and no second finding."""
        return self.mode, self.trace_id, self.root
