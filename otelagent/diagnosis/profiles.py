"""Baselines for a command: from a file of them, from recorded traces, or from what a sidecar has learned."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from otelagent.baselines import profile_file
from otelagent.baselines.learned import Baselines, Limits
from otelagent.baselines.store import BaselineStore, BaselinesUnusable
from otelagent.detectors import available
from otelagent.diagnosis.load import Unreadable, requests
from otelagent.pipeline import Pipeline, Settings

RECORDED: Final = Limits(half_life=0.0, tools_half_life=0.0, tools=10_000, tasks=10_000, least_results=1 << 62)
"""For recorded traces: all counts the same, and no result is judged by those before it."""

KNOWN: Final = Limits(tools=10_000, tasks=10_000)


def of(sources: Sequence[str], store: Path) -> Baselines:
    """Of files of baselines, recorded traces or directories of either; a name that is no path is an environment in the
    store. Raises Unreadable, BadProfile or BaselinesUnusable."""
    found = Baselines(RECORDED)
    for source in sources:
        path = Path(source)
        found.merge(_of_path(path) if path.exists() else _of_environment(source, store))
    return found


def learned(bodies: Iterable[bytes]) -> Baselines:
    """What recorded requests show, played one second apart."""
    normal = Baselines(RECORDED)
    pipeline = Pipeline(Settings(detectors=dict.fromkeys(available(), "off"), normal=normal))
    now = 0.0
    for now, body in enumerate(bodies, 1):
        pipeline.traces(body, float(now))
    pipeline.settle(now + 1.0)
    return normal


def stored(directory: Path) -> Baselines:
    """All that a sidecar has learned; raises BaselinesUnusable."""
    store = BaselineStore(directory)
    try:
        return store.load(KNOWN)[0]
    finally:
        store.close()


def _of_path(path: Path) -> Baselines:
    files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
    if not files:
        raise Unreadable(f"{path}: no file in it")
    found = Baselines(RECORDED)
    profiles = [file for file in files if profile_file.is_profile(file)]
    for file in profiles:
        found.merge(profile_file.read(file))
    traces = [file for file in files if file not in profiles]
    if traces:
        found.merge(learned(_traces(traces, lenient=path.is_dir())))
    if not found.tools and not found.tasks:
        raise Unreadable(f"{path}: neither baselines nor a trace of an agent in it")
    return found


def _traces(files: Sequence[Path], *, lenient: bool) -> Iterator[bytes]:
    """Of a directory, what is no trace is left out; a file that was named must be one."""
    for file in files:
        try:
            yield from requests(file)
        except Unreadable:
            if not lenient:
                raise


def _of_environment(name: str, store: Path) -> Baselines:
    known = stored(store)
    chosen = Baselines(RECORDED)
    for key, profile in known.tools.items():
        if key.environment == name:
            chosen.profile(key).merge(profile)
    if not chosen.tools:
        there = ", ".join(sorted({key.environment for key in known.tools if key.environment})) or "none"
        raise BaselinesUnusable(f"{name}: no such file, and no environment in {store} (there are: {there})")
    return chosen
