"""Who scrapes, and which points each has been shown: a new point is shown at 0 once to each scraper.

Two Prometheus servers of a pair both need the 0, so what one has seen says nothing about the other. A scraper is told
by its address and user agent. One that comes anew (a restarted Prometheus under a new address, a person with curl) gets
true values of what others have long seen: a 0 there would be a counter reset, and the whole value counted again.
"""

from dataclasses import dataclass, field
from typing import Final

from otelagent.tables import Point, Shows

OVERLAP: Final = 60.0
"""Seconds after its first showing in which a point is still 0 to a scraper that comes anew: Prometheus's own default
interval, so that the second server of a pair is in time."""

MOST: Final = 32
"""Scrapers remembered; the one that stayed away longest is forgotten."""


@dataclass(slots=True)
class Scrapers:
    """What each scraper has been shown, as a creation number: points are numbered in the order they were made."""

    _shown: dict[str, int] = field(default_factory=dict)

    def scrape(self, scraper: str, newest: int, now: float) -> Shows:
        """Begin a scrape that shows all points up to number `newest`; ask the result about each."""
        before = self._shown.pop(scraper, None)
        self._shown[scraper] = newest
        if len(self._shown) > MOST:
            del self._shown[next(iter(self._shown))]

        def shows(point: Point) -> bool:
            first, point.shown = point.shown, now if point.shown is None else point.shown
            if before is not None:
                return point.number <= before
            return first is not None and now - first >= OVERLAP

        return shows
