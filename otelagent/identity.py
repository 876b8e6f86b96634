"""Who we are: the attributes of our own resource, for metrics, log and self-traces."""

import os
import uuid
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from otelagent import __version__

INSTANCE: Final = str(uuid.uuid4())
"""Of this process."""


def resource(configured: Mapping[str, str | None], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Defaults, under OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME, under `service.telemetry.resource`, where a key
    without a value takes an attribute away."""
    found: dict[str, str | None] = {
        "service.name": "otelagent",
        "service.version": __version__,
        "service.instance.id": INSTANCE,
        **_pairs(environ.get("OTEL_RESOURCE_ATTRIBUTES", "")),
    }
    if name := environ.get("OTEL_SERVICE_NAME"):
        found["service.name"] = name
    return {key: value for key, value in {**found, **configured}.items() if value is not None}


def _pairs(text: str) -> dict[str, str]:
    """`key=value,key2=value2`, percent-encoded."""
    pairs = (pair.partition("=") for pair in text.split(",") if "=" in pair)
    return {unquote(key.strip()): unquote(value.strip()) for key, _, value in pairs}
