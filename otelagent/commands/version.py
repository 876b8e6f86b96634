"""`otelagent version`."""

import click

from otelagent import __version__


@click.command()
def command() -> None:
    """Print the version."""
    click.echo(f"otelagent {__version__}")
