"""`otelagent init`: a ready sidecar for where agents run."""

import re
from collections.abc import Callable
from typing import Final

import click

from otelagent import starters

_NAME: Final = re.compile(r"[a-z0-9]([-a-z0-9]{0,50}[a-z0-9])?")
_ADDRESS: Final = re.compile(r"(https?://)?[\w.\-\[\]:]+:\d+")
_IMAGE: Final = re.compile(r"[\w][\w.\-/:@]*")

NEXT: Final = {
    "kubernetes": "Put your agent's image and settings into it, then: kubectl -n NAMESPACE apply -f FILE",
    "compose": "docker compose -f FILE up, point an agent at http://localhost:4317, and open http://localhost:3000",
    "systemd": "Install it as /etc/systemd/system/otelagent.service, then: systemctl enable --now otelagent",
}


def _like(pattern: re.Pattern[str], what: str) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """A callback that refuses what would break the file."""

    def check(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
        if value is not None and not pattern.fullmatch(value):
            raise click.BadParameter(f"{value!r} is no {what}")
        return value

    return check


@click.command(short_help="Print a ready start: kubernetes, compose or systemd")
@click.argument("platform", type=click.Choice(list(starters.FILES)))
@click.option("--downstream", callback=_like(_ADDRESS, "host:port"), help="Where spans go on to.")
@click.option("--image", callback=_like(_IMAGE, "image"), help="Image of otelagent.")
@click.option(
    "--name",
    callback=_like(_NAME, "name of a workload"),
    default="agent",
    show_default=True,
    help="Name of the workload.",
)
def command(platform: str, downstream: str | None, image: str | None, name: str) -> None:
    """Print a ready start for a platform: kubernetes, compose or systemd."""
    click.echo(starters.text(platform, downstream=downstream, image=image, name=name), nl=False)
    click.echo(NEXT[platform], err=True)
