"""How a destination is served. Sizes in bytes, times in seconds."""

from dataclasses import dataclass, field
from typing import Final, Literal

from otelagent.lane import IN_FLIGHT

ATTEMPT: Final = 2.0
"""Seconds that a sender waits for downstream: SDKs send one request at a time and give up after 8 to 10."""

MIB: Final = 1024 * 1024

CAPACITY: Final = 64 * MIB
"""Bytes of requests that wait in memory for one destination, unless it is told otherwise."""


@dataclass(frozen=True)
class Pace:
    """How fast the spool drains, and the pauses after failures."""

    initial: float = 1.0
    factor: float = 1.5
    randomization: float = 0.5
    longest: float = 30.0
    give_up: float = 0.0
    """Age at which a request is given up; 0: never."""
    rate: float = 8 * MIB


@dataclass(frozen=True)
class Policy:
    """Of one destination."""

    timeout: float = 5.0
    """Of one attempt, when no sender waits."""
    answer_within: float = ATTEMPT
    capacity: int = CAPACITY
    sizer: Literal["requests", "items", "bytes"] = "bytes"
    """What `capacity` counts; bytes are bounded in any case."""
    max_request: int = 4 * MIB
    in_flight: int = IN_FLIGHT
    ack: Literal["delivered", "durable", "received"] = "durable"
    retries: bool = True
    """Whether what fails is tried again inside a call where there is no spool."""
    pace: Pace = field(default_factory=Pace)
