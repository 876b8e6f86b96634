"""`otelagent print-config`: the settings in effect."""

import click
import yaml

from otelagent.commands.configured import complain, load, options
from otelagent.errors import BadConfig


@click.command("print-config", short_help="Print all settings in effect as YAML")
@options
def command(sources: tuple[str, ...], sets: tuple[str, ...]) -> None:
    """Print all settings in effect as YAML, defaults included, secrets hidden."""
    try:
        config = load(sources, sets)
    except BadConfig as error:
        complain("print-config", error, 1)
    else:
        click.echo(yaml.safe_dump(config.dump(), sort_keys=False), nl=False)
