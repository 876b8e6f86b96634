"""The trace store that a command reads: named by an option, else that of the configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from otelagent import config
from otelagent.errors import BadConfig
from otelagent.settings import TraceStore as Settings
from otelagent.store import StoreUnusable, TraceStore

Command = TypeVar("Command", bound=Callable[..., Any])


def option(command: Command) -> Command:
    """`--store`."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of the trace store; else that which `run` uses without a configuration.",
    )(command)


def directory(named: Path | None) -> Path:
    """Where the store is. Raises StoreUnusable where no default is to be had."""
    if named is not None:
        return named
    try:
        settings = config.load(None).extension(Settings)
    except BadConfig as error:
        raise StoreUnusable(f"name the trace store with --store: {error}") from error
    if settings is None:
        raise StoreUnusable("name the trace store with --store")
    return Path(settings.directory)


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
