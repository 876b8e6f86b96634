"""`otelagent reduce TRACE`: the smallest case that still fails."""

import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
from msgspec.structs import replace

from otelagent.cases.case import Case, Target, to_json
from otelagent.cases.elements import count, document
from otelagent.cases.predicate import failing, target_of
from otelagent.commands import subject as subjects
from otelagent.commands.progress import shown
from otelagent.diagnosis.recording import Recording
from otelagent.diagnosis.shown import printable
from otelagent.errors import OtelagentError
from otelagent.mocks import Match
from otelagent.reproduction.budget import Budget, price_of
from otelagent.reproduction.live import LiveCheck
from otelagent.reproduction.models import RECORDED, OpenAIModel
from otelagent.reproduction.reduce import LimitReached, Limits, Memory, Reduced, Search, reduce
from otelagent.reproduction.replay import before
from otelagent.reproduction.words import listing, name


@dataclass(frozen=True)
class Task:
    """What to reduce, by which predicate. `context` tells cached results of other predicates apart."""

    case: Case
    fails: Callable[[Case], bool]
    context: bytes
    target: Target | None
    processes: bool
    """The predicate can run in other processes."""


@click.command(short_help="Find the smallest case that still fails")
@subjects.options
@click.option("--mode", help="The failure to keep; else that with the earliest root cause.")
@click.option("--check", metavar="MODULE:FUNCTION", help="Your own predicate: gets the case, says whether it fails.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="Write the case to this file.")
@click.option(
    "--resume", type=click.Path(path_type=Path, dir_okay=False), help="Keep results here, and begin with them."
)
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Candidates tested at a time.")
@click.option("--max-seconds", type=click.FloatRange(0, min_open=True), help="Stop after so long.")
@click.option("--max-tests", type=click.IntRange(1), help="Stop after so many tests.")
@click.option("--model", default=RECORDED, show_default=True, help="`recorded`, or a model that is asked each time.")
@click.option("--step", metavar="N", help="With a model: the step that is run again; else where the run diverged.")
@click.option(
    "--runs", type=click.IntRange(1), default=3, show_default=True, help="With a model: replays of a candidate."
)
@click.option(
    "--threshold",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.6,
    show_default=True,
    help="With a model: share of replays that must fail.",
)
@click.option("--base-url", help="OpenAI-compatible endpoint; else OPENAI_BASE_URL.")
@click.option("--api-key", help="Its key; better in OPENAI_API_KEY.")
@click.option("--budget-tokens", type=click.IntRange(1), help="Tokens that no request may pass.")
@click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="The same in US dollars.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(
    subject: str, store: Path | None, trace: str | None, logs: tuple[Path, ...], form: str, **options: Any
) -> None:
    """Leave out messages, calls, parts of results, sentences and offered tools until each that is left matters.

    The recorded model is judged by the same detectors as live traces. With --model each candidate is replayed --runs
    times up to --step, and must fail in a share of --threshold.

    Exit code 0: minimal, 1: a limit ended it before (what there is is written), 2: could not run.
    """
    try:
        _can_write(options["output"], options["resume"])
        made = subjects.recording(subject, store, trace, logs)
        task = _task(made, options)
        memory = Memory(options["resume"])
        limits = Limits(options["max_seconds"], options["max_tests"], options["jobs"])
        with _pool(task, options["jobs"]) as executor, shown("reducing") as progress:
            search = Search(task.fails, limits, memory, executor, progress, task.context)
            reduced = reduce(task.case, search)
    except LimitReached as limit:
        click.echo(f"otelagent reduce: {limit}", err=True)
        _show(replace(limit.best, target=task.target), None, task, form, options["output"])
        sys.exit(1)
    except OtelagentError as error:
        subjects.give_up("reduce", error)
    _show(replace(reduced.case, target=task.target), reduced, task, form, options["output"])


def _can_write(*paths: Path | None) -> None:
    """Told before the work, not after it."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise subjects.Unusable(f"{path}: there is no directory {path.parent}")


def _task(made: Recording, options: dict[str, Any]) -> Task:
    own = subjects.function(options["check"], "--check") if options["check"] else None
    about = None if own else subjects.finding(made, options["mode"])
    extracted = subjects.extract(made, about)
    target = target_of(about) if about else None
    if options["model"] != RECORDED:
        return _live(made, extracted, about, own, options)
    if own is not None:
        return Task(extracted.case, partial(_checked, own), f"check {options['check']}".encode(), None, False)
    assert target is not None  # noqa: S101 - without a check there is a finding
    return Task(extracted.case, partial(still_fails, target), repr(target).encode(), target, True)


def _live(made: Recording, extracted: Any, about: Any, own: Any, options: dict[str, Any]) -> Task:
    """The predicate asks the model: what is reduced is the input of the step."""
    at = subjects.step_of(made, about, options["step"])
    turn = subjects.turn_of(extracted, at)
    point = before(extracted.case, turn)
    model = OpenAIModel(
        options["model"], base_url=options["base_url"], api_key=options["api_key"], parameters=at.parameters
    )
    price = price_of(options["model"])
    if options["budget_usd"] is not None and price is None:
        raise subjects.Unusable(f"--budget-usd: the price of {options['model']} isn't known; use --budget-tokens")
    budget = Budget(options["budget_tokens"], options["budget_usd"], price)
    mode = about.mode if about else None
    check = LiveCheck(point, model, budget, own, mode, options["runs"], options["threshold"], Match.NAME)
    context = f"{options['model']} {options['runs']} {options['threshold']} {mode} {options['check']} {turn.id}"
    return Task(point.case, check, context.encode(), target_of(about) if about else None, False)


def still_fails(target: Target, case: Case) -> bool:
    """The fold's predicate, for other processes too."""
    return failing(case, target) is not None


def _checked(check: Callable[[dict[str, Any]], Any], case: Case) -> bool:
    return bool(check(document(case)))


def _pool(task: Task, jobs: int) -> Any:
    """Processes for the fold, threads for what waits for a model."""
    if jobs == 1:
        return nullcontext()
    pool: Executor = ProcessPoolExecutor(jobs) if task.processes else ThreadPoolExecutor(jobs)
    return pool


def _show(case: Case, reduced: Reduced | None, task: Task, form: str, output: Path | None) -> None:
    if output is not None:
        _write(output, to_json(case))
    plain = document(case)
    before, after = count(document(task.case)), count(plain)
    if form == "json":
        told = {"version": 1, "minimal": reduced is not None, "before": before, "after": after}
        click.echo(json.dumps({**told, "case": plain}, indent=2))
        return
    click.echo(f"{before} elements, {after} {'matter' if reduced else 'are left'}:")
    for line in listing(plain):
        click.echo(f"  {printable(line)}")
    if reduced is not None and reduced.last is not None:
        click.echo(f"without {printable(name(plain, reduced.last))} it doesn't fail; with it back it does")
        click.echo(f"{reduced.tests} tests, {reduced.cached} known before", err=True)


def _write(path: Path, raw: bytes) -> None:
    """As a whole or not at all."""
    staging = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        staging.write_bytes(raw)
        staging.replace(path)
    except OSError as error:
        subjects.give_up("reduce", f"{path}: {error.strerror}")
