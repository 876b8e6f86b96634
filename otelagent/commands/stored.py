"""The stores that commands read: named by `--store`, else those of `run` without a configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from otelagent import config, settings
from otelagent.baselines.store import BaselinesUnusable
from otelagent.errors import BadConfig, OtelagentError
from otelagent.store import StoreUnusable, TraceStore

Command = TypeVar("Command", bound=Callable[..., Any])


def option(held: str) -> Callable[[Command], Command]:
    """`--store`, the directory of what is held."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        help=f"Directory of {held}; else that which `run` uses without a configuration.",
    )


def traces(named: Path | None) -> Path:
    """Where the trace store is. Raises StoreUnusable where no default is to be had."""
    return _directory(named, settings.TraceStore, StoreUnusable, "the trace store")


def baselines(named: Path | None) -> Path:
    """Where the baselines are. Raises BaselinesUnusable where no default is to be had."""
    return _directory(named, settings.BaselineStore, BaselinesUnusable, "the directory")


def _directory(
    named: Path | None,
    kind: type[settings.TraceStore | settings.BaselineStore],
    unusable: type[OtelagentError],
    noun: str,
) -> Path:
    if named is not None:
        return named
    try:
        known = config.load(None).extension(kind)
    except BadConfig as error:
        raise unusable(f"name {noun} with --store: {error}") from error
    if known is None:
        raise unusable(f"name {noun} with --store")
    return Path(known.directory)


def trace_of(store: TraceStore, prefix: str) -> bytes:
    """The only trace whose id begins so; raises StoreUnusable."""
    if not prefix or any(c not in "0123456789abcdef" for c in prefix.lower()):
        raise StoreUnusable("a trace id is hex digits")
    found = store.matching(prefix)
    if len(found) != 1:
        raise StoreUnusable(f"{'several traces' if found else 'no trace'} in {store.path.parent} with that id")
    return found[0]


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def age(written: str) -> float:
    """Seconds that `12h` and the like stand for. Raises BadParameter."""
    number, unit = written[:-1], written[-1:]
    if unit not in _UNITS or not number.isdecimal():
        raise click.BadParameter(f"{written!r} is no age; write 30m, 12h or 7d")
    return float(int(number) * _UNITS[unit])
