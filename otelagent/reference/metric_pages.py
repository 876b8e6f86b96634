"""docs/metrics.md from the declarations of all series."""

from collections.abc import Iterable, Iterator
from typing import Final

from otelagent import scrapers, series, vitals
from otelagent.late import WAIT
from otelagent.reference.markdown import code, page, table
from otelagent.series import CAP, Series
from otelagent.tables import LABEL_BYTES, OTHER, UNKNOWN

HEAD: Final = ("Series", "Type", "Labels", "What it counts", "Label sets")

INTRODUCTION: Final = """`otelagent run` serves these at `127.0.0.1:8888/metrics` (`service.telemetry.metrics`), in
Prometheus text and, with exemplars that carry the trace id, in OpenMetrics. The alerts on them have
[runbooks](runbooks/README.md)."""

RULES: Final = f"""
- **Zero first.** The first scrape that shows a series shows it at 0, whatever it has counted; the next one shows the
  true value. `increase()` and `rate()` don't see a series that starts at 1. Each scraper (address and user agent) is
  shown its own 0, so both servers of a pair get it. A scraper that comes anew is shown true values of what others have
  been shown for {scrapers.OVERLAP:.0f} seconds: to a Prometheus that restarted elsewhere a 0 would be a counter reset.
  Two servers behind one address with one user agent count as one.
- **Series exist before anything fails.** Once an agent, a tool or a delegation has been seen, all values of the closed
  labels exist for it (as long as they fit into half of the cap).
- **Late names.** A count waits up to {WAIT:.0f} seconds for the name of its agent, which in several dialects comes only
  with the last span; then it goes to `{UNKNOWN}`.
- **Caps.** A metric has {CAP} series at most, a histogram with all its buckets. Beyond that the open labels become
  `{OTHER}`, counted by `{series.LABEL_OVERFLOW.name}`.
- **Names come from spans**, so anybody may have chosen them: NFC, printable characters only, {LABEL_BYTES} bytes.
- **Repeated spans count once.** OTLP delivers at least once; a span that is sent again is annotated again and counted
  no second time, as long as its trace is in memory."""


def pages() -> dict[str, str]:
    judgement = series.ALL.index(series.ABSTENTIONS)
    text = page(
        "Metrics",
        INTRODUCTION,
        RULES,
        "## What agents did",
        "In gateway mode these also carry `service` and `environment`, from the span's resource.",
        _table(series.ALL[:judgement]),
        "## How otelagent judges",
        _table(series.ALL[judgement:]),
        "## The pipeline's own health",
        "Under the names of the Collector's internal telemetry, so that its dashboards and alerts work.",
        _table(vitals.ALL),
        "## Values of closed labels",
        table(("Label", "Values"), _closed()),
    )
    return {"docs/metrics.md": text}


def _table(declared: Iterable[Series]) -> str:
    return table(HEAD, (_row(each) for each in declared))


def _row(each: Series) -> tuple[str, ...]:
    labels = ", ".join(code(name) for name in each.labels)
    return code(each.name), each.type, labels, each.help, str(each.cap) if each.open else "closed"


def _closed() -> Iterator[tuple[str, str]]:
    for each in series.ALL:
        if each.values and len(each.closed) == 1:
            yield f"{code(each.closed[0])} of {code(each.name)}", ", ".join(code(value) for (value,) in each.values)
    yield f"{code('mode')} and {code('layer')}", "[the detectors](detectors/README.md)"
