"""The store of baselines that a command reads: named by an option, else that of `run` without a configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from otelagent import config
from otelagent.baselines.store import BaselinesUnusable
from otelagent.errors import BadConfig
from otelagent.settings import BaselineStore as Settings

Command = TypeVar("Command", bound=Callable[..., Any])


def option(command: Command) -> Command:
    """`--store`."""
    return click.option(
        "--store",
        type=click.Path(path_type=Path, file_okay=False),
        help="Directory of the baselines; else that which `run` uses without a configuration.",
    )(command)


def directory(named: Path | None) -> Path:
    """Where the store is. Raises BaselinesUnusable where no default is to be had."""
    if named is not None:
        return named
    try:
        settings = config.load(None).extension(Settings)
    except BadConfig as error:
        raise BaselinesUnusable(f"name the directory with --store: {error}") from error
    if settings is None:
        raise BaselinesUnusable("name the directory with --store")
    return Path(settings.directory)
