"""The options that name a configuration, shared by all commands that read one."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from otelagent import config, config_text, detectors
from otelagent.config import Config
from otelagent.diagnosis.shown import number_of
from otelagent.errors import BadConfig

Command = TypeVar("Command", bound=Callable[..., Any])


def options(command: Command) -> Command:
    """`--config` and `--set`."""
    sources = click.option(
        "--config",
        "sources",
        multiple=True,
        metavar="SOURCE",
        help="file:PATH, PATH, env:NAME or yaml:TEXT; may be repeated, later ones win.",
    )
    sets = click.option("--set", "sets", multiple=True, metavar="KEY.KEY=VALUE", help="One setting; may be repeated.")
    return sources(sets(command))


def load(sources: tuple[str, ...], sets: tuple[str, ...]) -> Config:
    """The configuration that the options name. Raises BadConfig."""
    data = config_text.read(sources, sets) if sources or sets else None
    return config.load(data, check_detectors=detectors.mistakes)


def files(sources: tuple[str, ...]) -> tuple[Path, ...]:
    """The files among the sources, to be watched for a change."""
    return tuple(Path(source.removeprefix("file:")) for source in sources if not source.startswith(("env:", "yaml:")))


def complain(name: str, error: BadConfig, code: int) -> None:
    """Print all mistakes to stderr and end the process."""
    for mistake in error.mistakes:
        click.echo(mistake, err=True)
    count = len(error.mistakes)
    click.echo(f"otelagent {name}: {number_of(count, 'mistake')} in the configuration", err=True)
    sys.exit(code)
