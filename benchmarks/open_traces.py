"""Many open traces in which agents delegate five deep: memory and CPU per span as they grow, in this process.

    python benchmarks/open_traces.py [--traces 2000] [--json out.json]

Each trace has about 50 spans; they come ten at a time, five traces a request, so that all traces are open until the
end. Memory is what the process grows by, content that is still to be read included.
"""

import argparse
import gc
import json
import sys
import time
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from otelagent.detectors import available  # noqa: E402
from otelagent.memory import give_back, used  # noqa: E402
from otelagent.metrics import Metrics  # noqa: E402
from otelagent.pipeline import Pipeline, Settings  # noqa: E402
from otelagent.tally import Tally  # noqa: E402
from otelagent.traces import Limits  # noqa: E402
from tests import builders  # noqa: E402

DEPTH: Final = 5
AT_ONCE: Final = 10
"""Spans of a trace in a request."""
TOGETHER: Final = 5
"""Traces in a request."""
PARTS: Final = 5
RATE: Final = 10_000
"""Spans per second of the clock that the fold is shown."""
START: Final = used()
"""Bytes of the process before it has any request."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=2000)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    measure(50, "warm")
    found = {"few": measure(args.traces // 10, "few"), "many": measure(args.traces)}
    print(json.dumps(found, indent=1))
    if args.json:
        args.json.write_text(json.dumps(found))


def measure(traces: int, seed: str = "") -> dict[str, Any]:
    """CPU per span in each fifth of the requests, bytes per span at the end."""
    pipeline = Pipeline(Settings(limits=Limits(spans=1 << 30, bytes=1 << 40)), (Tally(_metrics()),))
    requests = _requests([builders.spans(_script(DEPTH, n), f"{seed}{n}") for n in range(traces)])
    spans = sum(n for _, n in requests)
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    give_back()
    before, now, parts = used(), 1.7e9, []
    for part in range(PARTS):
        own = requests[len(requests) * part // PARTS : len(requests) * (part + 1) // PARTS]
        begun = time.thread_time()
        for body, n in own:
            pipeline.traces(body, now)
            if int(now + n / RATE) > int(now):
                pipeline.tick(now)
            now += n / RATE
        parts.append((time.thread_time() - begun) / sum(n for _, n in own) * 1e6)
    gc.collect()
    give_back()
    return {
        "spans": pipeline.live.spans,
        "traces": len(pipeline.live),
        "us_per_span": parts,
        "bytes_per_span": (used() - before) / spans,
        "rss": START + used() - before,
    }


def _metrics() -> Metrics:
    return Metrics({mode: kind.layer for mode, kind in available().items()})


def _requests(traces: list[list[Any]]) -> list[tuple[bytes, int]]:
    made = []
    for at in range(0, max(map(len, traces)), AT_ONCE):
        for first in range(0, len(traces), TOGETHER):
            spans = [span for trace in traces[first : first + TOGETHER] for span in trace[at : at + AT_ONCE]]
            if spans:
                made.append((builders.request(spans), len(spans)))
    return made


def _script(depth: int, number: int) -> dict[str, Any]:
    """An agent that reads three of its seven documents and hands the rest on."""
    documents = [f"doc-{number}{place}" for place in range(1, 8)]
    text = f"Margins were stable at {number % 90 + 1}.{depth} % this year. " * 3
    steps: list[dict[str, Any]] = [
        {"tool": "read_document", "arguments": {"doc_id": each}, "result": {"doc_id": each, "text": text}}
        for each in documents[:3]
    ]
    script = {
        "agent": f"analyst_{depth}",
        "user": f"Analyse these 7 documents: {', '.join(documents)}",
        "steps": steps,
    }
    if depth > 1:
        inner = _script(depth - 1, number)
        steps.append({"agent": inner, "arguments": {"task": inner["user"]}, "result": "Completed."})
    steps.append({"say": f"Completed analysis {number} of the assigned document set."})
    return script


if __name__ == "__main__":
    main()
