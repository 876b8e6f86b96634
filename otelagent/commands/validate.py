"""`otelagent validate`: every mistake in a configuration."""

import click

from otelagent.commands.configured import complain, load, options
from otelagent.errors import BadConfig


@click.command()
@options
def command(sources: tuple[str, ...], sets: tuple[str, ...]) -> None:
    """List every mistake in the configuration, with its path. Exit code 0: none, 1: some."""
    try:
        load(sources, sets)
    except BadConfig as error:
        complain("validate", error, 1)
    click.echo("the configuration is valid")
