"""What each emitter's spans allow to judge: the share understood, what is missing, and what would provide it."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from otelagent import dialects, otlp
from otelagent.detectors import build
from otelagent.detectors.detector import Detector
from otelagent.diagnosis.play import Request, play
from otelagent.ear import Ear
from otelagent.model import Kind, Need, Step, Withheld
from otelagent.pipeline import Annotated, Pipeline, Settings
from otelagent.run import SOURCES, AgentRun
from otelagent.trace import Closed, Trace

FORMAT_VERSION: Final = 1
"""Of the JSON output; fields are only added within a version."""

MAX_EMITTERS: Final = 256
"""Scopes and versions that are told apart; what comes after counts as `OTHERS`."""

OTHERS: Final = ("__other__", "")

JUDGED, PARTLY, NOT_JUDGED, NO_OCCASION = "judged", "partly", "not_judged", "no_occasion"


class Lack(NamedTuple):
    """Content that steps of a kind should have, and don't."""

    kind: Kind
    reason: Withheld
    setting: str | None
    """What has the emitter record it, where that is known."""


class Verdict(NamedTuple):
    """Whether a detector can judge an emitter's runs."""

    mode: str
    state: str
    lacks: tuple[Need, ...] = ()


@dataclass
class Emitter:
    """An instrumentation scope in one version, and what came from it."""

    scope: str
    version: str
    spans: int = 0
    recognised: int = 0
    missed: int = 0
    """Look like an agent's, and no dialect can say what they are."""
    dialects: Counter[str] = field(default_factory=Counter)
    lacks: Counter[Lack] = field(default_factory=Counter)
    shown: Counter[Need] = field(default_factory=Counter)
    wanted: Counter[Need] = field(default_factory=Counter)
    """Steps, of all runs that the emitter took part in, that show a need, and that should."""

    @property
    def share(self) -> float | None:
        """Of the spans that are an agent's or look like it; None where there are none."""
        agentic = self.recognised + self.missed
        return self.recognised / agentic if agentic else None

    def verdict(self, detector: Detector) -> Verdict:
        """Whether the detector can judge the runs that this emitter took part in."""
        if not all(self.wanted[need] for need in detector.needs):
            return Verdict(detector.mode, NO_OCCASION)
        lacks = tuple(need for need in detector.needs if self.shown[need] < self.wanted[need])
        if not lacks:
            return Verdict(detector.mode, JUDGED)
        return Verdict(detector.mode, PARTLY if all(self.shown[n] for n in lacks) else NOT_JUDGED, lacks)

    def as_json(self, detectors: Iterable[Detector]) -> dict[str, Any]:
        verdicts = [self.verdict(d) for d in detectors] if self.recognised else []
        return {
            "scope": self.scope,
            "version": self.version,
            "dialects": dict(self.dialects),
            "spans": self.spans,
            "recognised": self.recognised,
            "unrecognised": self.missed,
            "share": None if self.share is None else round(self.share, 4),
            "detectors": [{"mode": v.mode, "state": v.state, "lacks": list(map(str, v.lacks))} for v in verdicts],
            "missing": [
                {"kind": str(lack.kind), "reason": str(lack.reason), "steps": count, "setting": lack.setting}
                for lack, count in self.lacks.items()
            ],
        }


class Coverage(Ear):
    """An ear of its own pipeline; it can stand where a pipeline stands."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.emitters: dict[tuple[str, str], Emitter] = {}
        self.abstentions: Counter[tuple[str, str]] = Counter()
        self._by_span: dict[tuple[bytes, bytes], Emitter] = {}
        settings = settings or Settings()
        self.detectors: tuple[Detector, ...] = build(settings.detectors)
        """All that judge, as configured."""
        self._pipeline = Pipeline(settings, ears=(self,))

    def traces(self, body: bytes, now: float) -> Annotated:
        """Take a request; raises Rejected."""
        for span in otlp.TraceRequest(body).spans:
            origin, item = span.origin, dialects.read(span)
            key = origin.scope, origin.scope_version
            if len(self.emitters) >= MAX_EMITTERS and key not in self.emitters:
                key = OTHERS
            emitter = self.emitters.setdefault(key, Emitter(*key))
            emitter.spans += 1
            self._by_span[span.trace_id, span.span_id] = emitter
            if item.dialect is not None:
                emitter.recognised += 1
                emitter.dialects[item.dialect] += 1
            elif not isinstance(item, Step) and item.missed:
                emitter.missed += 1
        return self._pipeline.traces(body, now)

    def logs(self, body: bytes, now: float) -> None:
        """Take log records, which may hold content; raises Rejected."""
        self._pipeline.logs(body, now)

    def tick(self, now: float) -> bytes | None:
        return self._pipeline.tick(now)

    def settle(self, now: float) -> bytes | None:
        """Nothing more comes."""
        return self._pipeline.settle(now)

    def abstained(self, mode: str, reason: str) -> None:
        self.abstentions[mode, reason] += 1

    def closed(self, trace: Trace, reason: Closed) -> None:
        for run in trace.runs.values():
            self._missing(run)
            self._shown(run)
        for span_id in trace.nodes:
            self._by_span.pop((trace.trace_id, span_id), None)

    def _missing(self, run: AgentRun) -> None:
        for step in run.steps:
            emitter = self._by_span.get((step.trace_id, step.span_id))
            if emitter is not None and step.withheld is not None and not step.rebuilt:
                emitter.lacks[Lack(step.kind, step.withheld, step.capture_hint)] += 1

    def _shown(self, run: AgentRun) -> None:
        parties = {id(e): e for s in run.steps if (e := self._by_span.get((s.trace_id, s.span_id))) is not None}
        for need, test in SHOWS.items():
            answers = [shown for step in run.steps if (shown := test(step)) is not None]
            for emitter in parties.values():
                emitter.wanted[need] += len(answers)
                emitter.shown[need] += sum(answers)

    def as_json(self) -> dict[str, Any]:
        """The stable form."""
        abstentions: dict[str, dict[str, int]] = defaultdict(dict)
        for (mode, reason), count in sorted(self.abstentions.items()):
            abstentions[mode][reason] = count
        emitters = [emitter.as_json(self.detectors) for emitter in self.emitters.values()]
        return {"version": FORMAT_VERSION, "emitters": emitters, "abstentions": abstentions}


def coverage(requests: Iterable[Request], settings: Settings | None = None) -> Coverage:
    """Play requests through the fold, and keep what their emitters showed."""
    found = Coverage(settings)
    play(requests, found)
    return found


def _arguments(step: Step) -> bool | None:
    return None if step.kind not in SOURCES or step.call is None else step.call.arguments is not None


def _result(step: Step) -> bool | None:
    if step.kind not in SOURCES or step.call is None:
        return None
    return step.failed or step.call.result is not None or step.call.size is not None


def _completion(step: Step) -> bool | None:
    return (
        None
        if step.kind is not Kind.LLM or step.failed
        else step.turn is not None and bool(step.turn.said or step.turn.asked)
    )


def _history(step: Step) -> bool | None:
    return None if step.kind is not Kind.LLM else step.turn is not None and step.turn.history


def _utilization(step: Step) -> bool | None:
    return None if step.kind is not Kind.LLM or step.failed else step.utilization is not None


SHOWS: Final[Mapping[Need, Callable[[Step], bool | None]]] = {
    Need.ARGUMENTS: _arguments,
    Need.RESULT: _result,
    Need.COMPLETION: _completion,
    Need.HISTORY: _history,
    Need.UTILIZATION: _utilization,
}
"""Whether a step shows it; None of a step that needn't."""
