"""`otelagent run`: the sidecar."""

import sys

import click

from otelagent import process
from otelagent.commands.configured import complain, files, load, options
from otelagent.errors import BadConfig


@click.command(short_help="Run the sidecar: take spans, find failures, send them on")
@options
@click.option(
    "--feature-gates",
    hidden=True,
    expose_value=False,
    help="Accepted for the OpenTelemetry Operator, which passes it; ignored.",
)
def command(sources: tuple[str, ...], sets: tuple[str, ...]) -> None:
    """Run the sidecar: take spans by OTLP, find silent failures, send the spans on.

    Needs no configuration: it listens on localhost and sends to OTEL_EXPORTER_OTLP_ENDPOINT if that is set.
    """
    try:
        sys.exit(process.run(lambda: load(sources, sets), files(sources)))
    except BadConfig as error:
        complain("run", error, 2)
