"""Files that `otelagent init` prints: a start for Kubernetes, Docker Compose and systemd."""

from importlib import resources
from typing import Final

from otelagent import __version__

DOWNSTREAM: Final = "@DOWNSTREAM@"
IMAGE: Final = "@IMAGE@"
NAME: Final = "@NAME@"

FILES: Final = {"kubernetes": "kubernetes.yaml", "compose": "compose.yaml", "systemd": "otelagent.service"}
DEFAULTS: Final = {
    "kubernetes": "otel-collector.observability:4317",
    "compose": "otel-collector:4317",
    "systemd": "127.0.0.1:14317",
}
"""Where spans go if nothing else is said."""


def text(platform: str, *, downstream: str | None = None, image: str | None = None, name: str = "agent") -> str:
    """The file with its places filled in."""
    raw = resources.files(__package__).joinpath(FILES[platform]).read_text(encoding="utf-8")
    values = {
        DOWNSTREAM: downstream or DEFAULTS[platform],
        IMAGE: image or f"otelagent/otelagent:{__version__}",
        NAME: name,
    }
    for place, value in values.items():
        raw = raw.replace(place, value)
    return raw
