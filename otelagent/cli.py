"""The command line. Each command is a module of `otelagent.commands`, loaded when it is called."""

import importlib
import os
from typing import Final

import click

from otelagent import __version__

COMMANDS: Final = (
    "run",
    "demo",
    "scan",
    "diagnose",
    "inspect",
    "explain",
    "replay",
    "reduce",
    "repro",
    "compare",
    "report",
    "baseline",
    "traces",
    "init",
    "spool",
    "canary",
    "validate",
    "print-config",
    "version",
)

GRPC_LOG: Final = ("GRPC_VERBOSITY", "NONE")
"""gRPC's C core writes to stderr itself, a line for every handshake that fails, past our form, our sampling and our
bound; it reads this when it is imported."""


class Commands(click.Group):
    """Imports a command's module only when it is wanted, so that `run` starts fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        os.environ.setdefault(*GRPC_LOG)
        module = importlib.import_module(f"otelagent.commands.{cmd_name.replace('-', '_')}")
        command: click.Command = module.command
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, message="otelagent %(version)s")
def main() -> None:
    """See when AI agents fail silently: an OpenTelemetry sidecar that reads their spans."""
