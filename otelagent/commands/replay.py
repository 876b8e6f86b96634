"""`otelagent replay TRACE --step N`: one step again, with a model or without, tools as mocks."""

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from otelagent.commands import subject as subjects
from otelagent.diagnosis.diagnose import by_root_cause
from otelagent.diagnosis.recording import Recording
from otelagent.diagnosis.shown import number_of, printable
from otelagent.errors import OtelagentError
from otelagent.mocks import Match
from otelagent.reproduction import told
from otelagent.reproduction.budget import Budget, BudgetExhausted, Price, estimate, price_of
from otelagent.reproduction.distribution import Distribution
from otelagent.reproduction.models import RECORDED, CannotReplay, OpenAIModel
from otelagent.reproduction.outcomes import Check, classified
from otelagent.reproduction.replay import MOST_TURNS, Point, Replayed, before, fresh, recorded, replay, replay_agent


@dataclass(frozen=True)
class Runs:
    """How a point is run again, and how each run is judged."""

    point: Point
    once: Callable[[], Replayed]
    check: Check | None
    target: str | None


@click.command(short_help="Run a recorded step again, offline or with a model")
@subjects.options
@click.option("--step", metavar="N", help="Number as `diagnose` shows it, or a span id; else where the run diverged.")
@click.option("--model", default=RECORDED, show_default=True, help="`recorded`, or a model of the endpoint.")
@click.option("--base-url", help="OpenAI-compatible endpoint; else OPENAI_BASE_URL.")
@click.option("--api-key", help="Its key; better in OPENAI_API_KEY.")
@click.option(
    "--agent",
    metavar="MODULE:FUNCTION",
    help="Your own agent instead of a model; called with messages, tools, working_memory.",
)
@click.option("--check", metavar="MODULE:FUNCTION", help="Your own judgement: gets what a run did, gives the failure.")
@click.option("--match", type=click.Choice([str(m) for m in Match]), default=str(Match.STRICT), show_default=True)
@click.option("--steps", type=click.IntRange(1), default=MOST_TURNS, help="At most so many turns; else to the answer.")
@click.option("--runs", type=click.IntRange(1), default=1, show_default=True, help="How often.")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Runs at a time.")
@click.option("--confidence", type=click.FloatRange(0.5, 0.999), default=0.95, show_default=True)
@click.option("--budget-tokens", type=click.IntRange(1), help="Tokens that no request may pass.")
@click.option("--budget-usd", type=click.FloatRange(0, min_open=True), help="The same in US dollars.")
@click.option("--price", nargs=2, type=float, metavar="IN OUT", help="US dollars per million tokens, in and out.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text")
def command(
    subject: str, store: Path | None, trace: str | None, logs: tuple[Path, ...], form: str, **options: Any
) -> None:
    """Run a recorded step again and let it go on: the model is asked with the messages that the step had, and its calls
    are answered by mocks of the recorded tools.

    Without --model the recorded completions are played, offline. A real model needs 'otelagent[replay]'.
    With --runs the outcomes are counted by failure class, with an exact interval and what it justifies; runs end
    early when the verdict is clear.

    Exit code 0: no run failed, 1: some did, 2: could not run.
    """
    try:
        made = subjects.recording(subject, store, trace, logs)
        budget = _budget(options)
        runs = _runs(made, options, budget)
        if options["model"] != RECORDED and not options["agent"]:
            _announce(runs.point, options, budget)
        elif options["runs"] > 1 and not options["agent"]:
            click.echo("the recorded model says the same each time; --model asks a real one", err=True)
        counted, last = _counted(runs, options)
    except OtelagentError as error:
        subjects.give_up("replay", error)
    _show(counted, last, form, budget)
    sys.exit(1 if counted.failures else 0)


def _runs(made: Recording, options: dict[str, Any], budget: Budget) -> Runs:
    about = next(iter(by_root_cause(made)), None)
    extracted = subjects.extract(made, about)
    at = subjects.step_of(made, about, options["step"])
    turn = subjects.turn_of(extracted, at)
    point = before(extracted.case, turn)
    where = ", where the failure began" if about is not None and options["step"] is None else ""
    click.echo(f"from step {at.index + 1}{where}: the model has {len(point.messages)} messages", err=True)
    check = subjects.function(options["check"], "--check") if options["check"] else None
    return Runs(point, _once(point, at.parameters, options, budget), check, about.mode if about else None)


def _once(point: Point, parameters: dict[str, Any], options: dict[str, Any], budget: Budget) -> Callable[[], Replayed]:
    if options["agent"]:
        agent = subjects.function(options["agent"], "--agent")
        return lambda: replay_agent(point, agent, point.mocks(options["match"]))
    if options["model"] == RECORDED:
        return lambda: replay(point, recorded(point), point.mocks(options["match"]), turns=options["steps"])
    model = OpenAIModel(
        options["model"], base_url=options["base_url"], api_key=options["api_key"], parameters=parameters
    )
    return lambda: replay(point, model, point.mocks(options["match"]), turns=options["steps"], budget=budget)


def _budget(options: dict[str, Any]) -> Budget:
    price = Price(*options["price"]) if options["price"] else price_of(options["model"])
    if options["budget_usd"] is not None and price is None:
        raise subjects.Unusable(f"--budget-usd: the price of {options['model']} isn't known; give --price IN OUT")
    return Budget(options["budget_tokens"], options["budget_usd"], price)


def _announce(point: Point, options: dict[str, Any], budget: Budget) -> None:
    """Say what it may cost before it starts; raises BudgetExhausted where one request would be too much."""
    turns = min(len(point.rest) or 1, options["steps"])
    expected = estimate(point.messages, list(point.offered), turns, options["runs"], budget.price)
    dollars = f", about ${expected.dollars:.4f}" if expected.dollars is not None else ", price unknown"
    click.echo(
        f"{number_of(options['runs'], 'run')} of {number_of(turns, 'turn')}: about {expected.tokens} tokens{dollars}",
        err=True,
    )
    budget.ask(point.messages, list(point.offered))


def _counted(runs: Runs, options: dict[str, Any]) -> tuple[Distribution, Replayed]:
    counted, last = Distribution(options["confidence"]), None
    with ThreadPoolExecutor(options["jobs"]) as pool:
        while counted.runs < options["runs"] and not counted.may_stop:
            wave = min(options["jobs"], options["runs"] - counted.runs)
            for future in [pool.submit(runs.once) for _ in range(wave)]:
                try:
                    last = future.result()
                except BudgetExhausted as error:
                    so_far = f"; {counted.runs} runs so far: {dict(counted.counts)}" if counted.runs else ""
                    raise BudgetExhausted(f"{error}{so_far}") from error
                counted.add(classified(runs.point, last, runs.check, runs.target))
    if last is None:
        raise CannotReplay("nothing was run")
    return counted, last


def _show(counted: Distribution, last: Replayed, form: str, budget: Budget) -> None:
    made = counted.as_json()
    if form == "json":
        whole = {"version": 1, **made, "tokens": budget.spent, "last": _last(last)}
        click.echo(json.dumps(whole, indent=2))
        return
    if counted.runs > 1:
        click.echo("the last run:")
    for turn in last.made:
        asked = ", ".join(call.tool for call in turn.calls)
        click.echo(f"turn: {'calls ' + printable(asked) if asked else printable(turn.text[:600])}")
    if last.stopped:
        click.echo(printable(last.stopped))
    for finding in fresh(last):
        click.echo(printable(told(finding)))
    for outcome, n in made["outcomes"].items():
        click.echo(f"{n} of {number_of(counted.runs, 'run')}: {outcome}")
    if counted.runs > 1:
        click.echo(f"{counted.verdict}: {made['reading']}; {counted.justified}")


def _last(last: Replayed) -> dict[str, Any]:
    return {
        "answer": last.answer,
        "calls": [{"tool": c.tool, "arguments": c.arguments} for turn in last.made for c in turn.calls],
        "stopped": last.stopped,
        "findings": [{"mode": f.mode, "cause": f.cause, "reason": f.reason} for f in fresh(last)],
    }
