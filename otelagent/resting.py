"""What a trace at rest holds, as bytes: a tenth of what it takes as objects."""

import pickle
import zlib
from collections.abc import Mapping
from typing import Any

LEVEL = 1
"""Of zlib, the fastest: ids and words repeat so much that it leaves a third of what pickle writes."""


def packed(held: Mapping[str, object]) -> bytes | None:
    """None where something in it can't be packed: detectors may be anyone's, and so may be their notes."""
    try:
        return zlib.compress(pickle.dumps(held, pickle.HIGHEST_PROTOCOL), LEVEL)
    except Exception:  # noqa: BLE001 - what objects of others raise when they are packed may be anything
        return None


def unpacked(held: bytes) -> dict[str, Any]:
    """What was packed; what was one object still is."""
    found: dict[str, Any] = pickle.loads(zlib.decompress(held))  # noqa: S301 - our own, and it never left the process
    return found
