"""Input reduction: leave out what the failure doesn't need, until each remaining element matters."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec

from otelagent.cases.case import Case
from otelagent.cases.elements import (
    Document,
    Pointer,
    case_of,
    count,
    document,
    elements,
    every,
    levels,
    without,
)
from otelagent.errors import OtelagentError
from otelagent.reproduction.ddmin import hierarchical

Fails = Callable[[Case], bool]
"""Whether a case still fails in the way that is looked for."""

SIDE: Final = {
    "message": (),
    "turn": ("model", "finish", "output_tokens", "input_tokens", "utilization", "forgets"),
    "run": ("finish",),
    "call": ("description", "parallel", "target"),
}
"""Fields that aren't elements: they go where the failure doesn't need them."""


class DoesNotFail(OtelagentError):
    """The whole case doesn't fail in the way that is looked for, so that there is nothing to reduce."""


class LimitReached(OtelagentError):
    """Time or tests ran out; `best` is the smallest case that was seen to fail, and needn't be minimal."""

    def __init__(self, why: str, best: Case) -> None:
        super().__init__(why)
        self.best = best


@dataclass(frozen=True)
class Limits:
    """What a reduction may take. `jobs` candidates are tested at a time."""

    seconds: float | None = None
    tests: int | None = None
    jobs: int = 1


@dataclass(frozen=True)
class Reduced:
    """A case in which each element matters. `last` is an element whose removal makes the failure go."""

    case: Case
    before: int
    after: int
    tests: int
    cached: int
    last: Pointer | None


class Memory:
    """Results by content, kept in a file where one is named, so that a reduction can be taken up again."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, bool] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="ascii", errors="replace").splitlines():
                digest, _, fails = line.partition(" ")
                if fails in ("0", "1") and len(digest) == 32:
                    self._known[digest] = fails == "1"

    def get(self, digest: str) -> bool | None:
        """What is known; None where nothing is."""
        return self._known.get(digest)

    def put(self, digest: str, fails: bool) -> None:
        """Remember, and write it down."""
        self._known[digest] = fails
        if self._path is not None:
            with self._path.open("a", encoding="ascii") as file:
                file.write(f"{digest} {int(fails)}\n")


@dataclass
class Search:
    """Tests candidates in order: cached, within limits, several at a time where there is an executor."""

    fails: Fails
    limits: Limits = field(default_factory=Limits)
    memory: Memory = field(default_factory=Memory)
    executor: Executor | None = None
    progress: Callable[[int, int], None] = lambda size, tests: None
    context: bytes = b""
    """What the result depends on besides the case: mode, check, model."""
    tests: int = 0
    cached: int = 0
    best: Document | None = None
    began: float = field(default_factory=time.monotonic)

    def __call__(self, candidates: Sequence[Document]) -> int | None:
        """The first that fails; raises LimitReached."""
        jobs = self.limits.jobs if self.executor is not None else 1
        for at in range(0, len(candidates), jobs):
            window = candidates[at : at + jobs]
            for offset, fails in enumerate(self._tested(window)):
                if fails:
                    self._take(window[offset])
                    return at + offset
        return None

    def holds(self, candidate: Document) -> bool:
        """The same of one."""
        return self([candidate]) is not None

    def _tested(self, window: Sequence[Document]) -> Iterator[bool]:
        if self.executor is None:
            yield from (self._one(each) for each in window)
            return
        unknown = [each for each in window if self.memory.get(self._digest(each)) is None]
        self._check(len(unknown))
        for each, fails in zip(unknown, self.executor.map(self.fails, map(case_of, unknown)), strict=True):
            self.tests += 1
            self.memory.put(self._digest(each), fails)
        self.cached += len(window) - len(unknown)
        yield from (bool(self.memory.get(self._digest(each))) for each in window)

    def _one(self, candidate: Document) -> bool:
        digest = self._digest(candidate)
        known = self.memory.get(digest)
        if known is not None:
            self.cached += 1
            return known
        self._check(1)
        fails = self.fails(case_of(candidate))
        self.tests += 1
        self.memory.put(digest, fails)
        return fails

    def _take(self, smaller: Document) -> None:
        self.best = smaller
        self.progress(count(smaller), self.tests)

    def _check(self, more: int) -> None:
        seconds, tests = self.limits.seconds, self.limits.tests
        why = None
        if seconds is not None and time.monotonic() - self.began > seconds:
            why = f"{seconds:g} seconds have passed"
        elif tests is not None and self.tests + more > tests:
            why = f"{tests} tests were made"
        if why is not None:
            raise LimitReached(f"{why}; the case isn't minimal yet", case_of(self.best or {"runs": []}))

    def _digest(self, candidate: Document) -> str:
        return blake2b(self.context + msgspec.json.encode(candidate), digest_size=16).hexdigest()


def reduce(case: Case, search: Search) -> Reduced:
    """Leave out elements until none can be left out; raises DoesNotFail or LimitReached."""
    whole = document(case)
    if not search.holds(whole):
        raise DoesNotFail("the whole trace doesn't fail in this way when it is played again")
    smallest = minimal(whole, search)
    found = [element.path for element in every(elements(smallest))]
    return Reduced(
        case_of(smallest), count(whole), count(smallest), search.tests, search.cached, next(reversed(found), None)
    )


def minimal(plain: Document, search: Search) -> Document:
    """The document without what isn't needed, 1-minimal over its elements."""
    while True:
        smaller = hierarchical(plain, _paths, without, search)
        bare = _bare(smaller, search)
        if bare == smaller:
            return smaller
        plain = bare


def _paths(plain: Document) -> list[list[Pointer]]:
    return [[element.path for element in level] for level in levels(plain)]


def _bare(plain: Document, search: Search) -> Document:
    """Without side facts such as token counts, each where the failure doesn't need it."""
    for place, key in list(_side(plain, ())):
        stripped = without(plain, [(*place, key)])
        if search.holds(stripped):
            plain = stripped
    return plain


def _side(plain: Any, path: Pointer) -> Iterator[tuple[Pointer, str]]:
    if isinstance(plain, dict):
        kind = plain.get("type") or ("call" if "tool" in plain and "id" in plain else "")
        yield from ((path, key) for key in SIDE.get(kind, ()) if key in plain)
        inner: Iterator[tuple[Any, Any]] = iter((k, v) for k, v in plain.items() if k in ("runs", "steps", "calls"))
    elif isinstance(plain, list):
        inner = iter(enumerate(plain))
    else:
        return
    for key, value in islice(inner, 1 << 20):
        yield from _side(value, (*path, key))
