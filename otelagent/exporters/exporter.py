"""What delivery asks of an exporter."""

from typing import Protocol

from otelagent.traffic import Signal


class Exporter(Protocol):
    """Sends serialised OTLP requests to one destination."""

    name: str

    async def export(self, signal: Signal, body: bytes, timeout: float) -> int:
        """One attempt of at most `timeout` seconds. Returns how many items the destination accepted the request
        without (partial success); raises Retryable, Rejected or Unsupported."""

    def refresh(self) -> None:
        """Use certificates that have changed; called now and then."""

    async def close(self) -> None:
        """Let connections go."""
