"""`make eval`: how right the detectors are on recordings, scenarios and public runs; writes docs/accuracy.md.

Labels of recordings and scenarios are the modes that they were made to show. Public runs have outcomes only: a run that
passed counts as quiet, and what was found in the others was read and judged, in `data/traces/judged.json`.
"""

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from otelagent.detectors import builtin
from otelagent.detectors import calibration as detectors
from otelagent.diagnosis.scan import Report
from otelagent.model import Finding
from otelagent.pipeline import Pipeline
from tests import builders
from tests.exceptions import EXCEPTIONS
from tests.scenarios import expected, scenarios
from training import calibration, corpora, delegations, trivial
from training.calibration import Judged
from training.tables import interval, percent, table

PAGE: Final = Path(__file__).parent.parent / "docs" / "accuracy.md"
JUDGED: Final = corpora.TRACES / "judged.json"
RECORDED: Final = Path(__file__).parent.parent / "tests" / "recorded"
FROM_BAD_SOURCES: Final = frozenset(
    {"empty_result_fabrication", "rate_limit_mid_chain", "tool_error_ignored", "auth_misread"}
)


@dataclass
class Played:
    """One recording: what it was made to show and what was found."""

    source: str
    emitter: str
    key: str
    expected: frozenset[str]
    findings: tuple[Finding, ...]
    request: bytes = field(repr=False, default=b"")
    hidden: str = ""
    """Why its emitter doesn't show what it was made to show."""

    @property
    def modes(self) -> frozenset[str]:
        return frozenset(finding.mode for finding in self.findings)


def play(request: bytes, logs: bytes | None = None) -> tuple[Finding, ...]:
    """The findings of one request, with the log records beside it."""
    report = Report()
    pipeline = Pipeline(None, ears=(report,))
    pipeline.traces(request, 1.0)
    if logs is not None:
        pipeline.logs(logs, 2.0)
    pipeline.settle(3.0)
    return tuple(report.findings.values())


def captures() -> Iterator[Played]:
    """Recordings of frameworks with content; without it nothing can be judged."""
    for entry in builders.manifest():
        if not entry["evidence_missing"] and "-nocontent" not in entry["emitter"]:
            modes = frozenset(entry["expect_modes"])
            yield Played("captures", entry["emitter"], entry["file"], modes, play(builders.capture(entry["file"])))


def recorded() -> Iterator[Played]:
    """Recordings of further emitters."""
    for entry in json.loads((RECORDED / "manifest.json").read_text())["captures"]:
        emitter, name, modes = entry["emitter"], entry["file"], frozenset(entry["expect_modes"])
        body = gzip.decompress((RECORDED / name).read_bytes())
        logs = gzip.decompress((RECORDED / entry["logs"]).read_bytes()) if entry["logs"] else None
        _, why = EXCEPTIONS.get((emitter, entry["scenario"]), ([], ""))
        yield Played("recorded", emitter, name, modes, play(body, logs), hidden=why)


def made() -> Iterator[Played]:
    """Scenarios, by language."""
    for scenario in scenarios():
        body = builders.request(builders.spans(scenario["script"]))
        modes = frozenset(expected(scenario))
        yield Played("scenarios", scenario["language"], scenario["id"], modes, play(body), body)


# --- numbers ----------------------------------------------------------------------------------------------------------


def by_mode(all_played: list[Played]) -> str:
    """Precision, recall and false-positive rate of every mode."""
    rows = []
    for mode in [kind.mode for kind in builtin()]:
        shown = [p for p in all_played if mode in p.expected]
        told = [p for p in all_played if mode in p.modes]
        right = sum(mode in p.expected for p in told)
        others, false = len(all_played) - len(shown), len(told) - right
        if shown or told:
            rows.append(
                (
                    f"`{mode}`",
                    len(shown),
                    percent(right, len(shown)),
                    interval(right, len(shown)),
                    percent(right, len(told)),
                    interval(right, len(told)),
                    others,
                    percent(false, others),
                    interval(false, others),
                )
            )
    head = "mode|shown in|recall, %|95 %|precision, %|95 %|not shown in|false, %|95 %"
    return table(head, rows)


def by_emitter(all_played: list[Played]) -> str:
    groups: dict[tuple[str, str], list[Played]] = defaultdict(list)
    for each in all_played:
        groups[each.source, each.emitter].append(each)
    rows = []
    for (source, emitter), members in sorted(groups.items()):
        shown = [p for p in members if p.expected]
        quiet = [p for p in members if not p.expected]
        found = sum(p.expected <= p.modes for p in shown)
        false = sum(bool(p.modes - p.expected) for p in members)
        rows.append(
            (source, emitter, len(shown), percent(found, len(shown)), interval(found, len(shown)), len(quiet), false)
        )
    return table("source|emitter, language|failing|found, %|95 %|quiet|with a false finding", rows)


def reliability(judged: list[tuple[float, bool]]) -> str:
    """Of findings with a confidence in a band, the share that is right."""
    rows = []
    for low, high in pairwise((0.0, 0.55, 0.65, 0.75, 0.85, 0.9, 0.95, 1.01)):
        inside = [(confidence, right) for confidence, right in judged if low <= confidence < high]
        right = sum(right for _, right in inside)
        mean = sum(c for c, _ in inside) / len(inside) if inside else 0.0
        rows.append(
            (
                f"{low:.2f} to {min(high, 1.0):.2f}",
                len(inside),
                f"{mean:.2f}",
                percent(right, len(inside)),
                interval(right, len(inside)),
            )
        )
    return table("confidence|findings|mean confidence|right, %|95 %", rows)


def what_is_hidden(hidden: list[Played]) -> str:
    """Recordings that don't show what they were made to show, by reason."""
    rows = []
    for why in dict.fromkeys(each.hidden for each in hidden):
        members = [each for each in hidden if each.hidden == why]
        made_for = {f"`{mode}`" for each in members for mode in each.expected}
        found = Counter(f"`{mode}`" for each in members for mode in each.modes)
        told = ", ".join(f"{count} {mode}" for mode, count in sorted(found.items())) or "nothing"
        rows.append((why, len(members), ", ".join(sorted(made_for)), told))
    return table("why|recordings|made to show|found instead", rows)


# --- public runs ------------------------------------------------------------------------------------------------------


@dataclass
class Public:
    """One public run with what was found in it."""

    corpus: str
    label: dict[str, Any]
    findings: tuple[Finding, ...]
    steps: list[trivial.Call | str]


def public() -> Iterator[Public]:
    for corpus in corpora.CORPORA:
        for run in corpora.runs(corpus):
            yield Public(corpus, run.label, play(run.request), trivial.steps(run.request))


def by_corpus(runs: list[Public]) -> str:
    rows = []
    for corpus in corpora.CORPORA:
        for name, failed in (("passed", False), ("failed", True)):
            members = [run for run in runs if run.corpus == corpus and bool(run.label.get("failed")) == failed]
            modes = Counter(finding.mode for run in members for finding in run.findings)
            count = sum(modes.values())
            told = ", ".join(f"{number} `{mode}`" for mode, number in sorted(modes.items())) or "none"
            rows.append((corpus, name, len(members), count, f"{100 * count / len(members):.1f}", told))
    return table("corpus|runs that|runs|findings|per 100 runs|modes", rows)


def loops(runs: list[Public]) -> str:
    hotpot = [run for run in runs if run.corpus == "hotpot"]
    told = {run.label["key"] for run in hotpot if any(f.mode == "reasoning_loop" for f in run.findings)}
    strict = {run.label["key"] for run in hotpot if trivial.loops(run.steps)}
    near = {run.label["key"] for run in hotpot if trivial.near_loops(run.steps)} - strict
    stuck = {
        run.label["key"] for run in hotpot if any(f.mode in ("reasoning_loop", "recovery_loop") for f in run.findings)
    }
    rows = [
        ("three consecutive equal calls with equal results", len(strict), len(strict & told), len(strict & stuck)),
        ("four or more near-identical calls that find nothing", len(near), len(near & told), len(near & stuck)),
    ]
    return table("in hotpot|runs|`reasoning_loop`|or `recovery_loop`", rows)


def against_trivial(all_played: list[Played], runs: list[Public]) -> str:
    """The trivial rule and ours on the same recordings: scenarios for recall, passed runs for false findings."""
    made_ones = [p for p in all_played if p.source == "scenarios"]
    passed = [run for run in runs if run.corpus in ("taubench", "agentrx") and not run.label.get("failed")]
    bad = [p for p in made_ones if p.expected & FROM_BAD_SOURCES]
    quiet = [p for p in made_ones if not p.expected]
    rows = [
        (
            "an error or empty result, then an answer without a hedge word",
            percent(sum(trivial.unhedged(trivial.steps(p.request)) for p in bad), len(bad)),
            percent(sum(trivial.unhedged(trivial.steps(p.request)) for p in quiet), len(quiet)),
            percent(sum(trivial.unhedged(run.steps) for run in passed), len(passed)),
        ),
        (
            "the detectors of bad sources",
            percent(sum(bool(p.modes & FROM_BAD_SOURCES) for p in bad), len(bad)),
            percent(sum(bool(p.modes & FROM_BAD_SOURCES) for p in quiet), len(quiet)),
            percent(sum(any(f.mode in FROM_BAD_SOURCES for f in run.findings) for run in passed), len(passed)),
        ),
    ]
    looping = [p for p in made_ones if "reasoning_loop" in p.expected]
    rows += [
        (
            "three consecutive equal calls with equal results",
            percent(sum(trivial.loops(trivial.steps(p.request)) for p in looping), len(looping)),
            percent(sum(trivial.loops(trivial.steps(p.request)) for p in quiet), len(quiet)),
            percent(sum(trivial.loops(run.steps) for run in passed), len(passed)),
        ),
        (
            "`reasoning_loop`",
            percent(sum("reasoning_loop" in p.modes for p in looping), len(looping)),
            percent(sum("reasoning_loop" in p.modes for p in quiet), len(quiet)),
            percent(sum(any(f.mode == "reasoning_loop" for f in run.findings) for run in passed), len(passed)),
        ),
    ]
    return table("rule|found, % of scenarios|false, % of quiet scenarios|flagged, % of passed runs", rows)


def judgements(all_played: list[Played], runs: list[Public]) -> tuple[list[Judged], list[str]]:
    """Strength and rightness of every finding, and those that nobody has judged yet."""
    known = json.loads(JUDGED.read_text())
    tuned = calibration.TUNED
    judged = [Judged(f.mode, f.confidence, f.mode in p.expected, tuned) for p in all_played for f in p.findings]
    open_ones = []
    for run in runs:
        for finding in run.findings:
            right = known.get(f"{run.corpus}/{run.label['key']}", known[run.corpus]).get(finding.mode)
            if right is None:
                open_ones.append(f"{run.corpus}/{run.label['key']}: {finding.mode} {finding.cause}")
            else:
                judged.append(Judged(finding.mode, finding.confidence, right))
    return judged, open_ones


def fitted_table(points: dict[str, list[tuple[float, float]]]) -> str:
    rows = [(f"`{mode}`", ", ".join(f"{x:.2f} → {y:.2f}" for x, y in found)) for mode, found in points.items()]
    return table("mode|strength of the evidence → confidence", rows)


def write(name: str, text: str) -> None:
    """Put a table between its marks on the page."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(f"<!-- {name} -->\n")
    _, _, after = rest.partition(f"<!-- /{name} -->")
    PAGE.write_text(f"{before}<!-- {name} -->\n{text}\n<!-- /{name} -->{after}", "utf-8")


def main() -> None:
    """Play everything, fit the confidence and write the tables."""
    detectors.fitted().clear()  # findings have the strength of their evidence as confidence
    everything = [*captures(), *recorded(), *made()]
    all_played = [each for each in everything if not each.hidden]
    write("hidden", what_is_hidden([each for each in everything if each.hidden]))
    runs = list(public())
    judged, open_ones = judgements(all_played, runs)
    judged += calibration.first_sight()
    points = calibration.fit(judged)
    calibration.write(points)
    detectors.fitted().update(points)
    write("modes", by_mode(all_played))
    write("emitters", by_emitter(all_played))
    write("corpora", by_corpus(runs))
    write("loops", loops(runs))
    write("trivial", against_trivial(all_played, runs))
    write("reliability", reliability([(detectors.calibrated(j.mode, j.strength), j.right) for j in judged]))
    fresh = [each for each in judged if each.weight == 1.0]
    write("fresh", reliability([(detectors.calibrated(j.mode, j.strength), j.right) for j in fresh]))
    write("calibration", fitted_table(points))
    write("delegations", delegations.by_receipt([*played_delegations(all_played), *delegations.made()]))
    for line in (*open_ones, *_wrong(all_played)):
        print(line)


def played_delegations(all_played: list[Played]) -> Iterator[delegations.Judged]:
    """Recordings of delegations, by whether a receipt shows what is left."""
    for each in all_played:
        name = each.key.rpartition("__")[2]
        if each.source != "scenarios" and name.startswith("delegation"):
            kind = "receipt" if "receipt" in name else "narrative"
            yield each.source, kind if delegations.MODE in each.expected else "complete", delegations.MODE in each.modes


def _wrong(all_played: list[Played]) -> Iterator[str]:
    for each in all_played:
        if each.modes != each.expected:
            yield f"{each.source} {each.emitter} {each.key}: {sorted(each.expected)} but found {sorted(each.modes)}"


if __name__ == "__main__":
    main()
