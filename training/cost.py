"""What reading for injections costs: `python -m training.cost` prints processor time of `score` by kind of text, per KB
and as a multiple of what `json.loads` takes for the same text as a JSON string.

Half of each kind is read first, which warms RE2's automata up. Then texts of all kinds are read in turn, as a service
reads them: `new` is the first reading of the other half, `known` the best of several more.
"""

import base64
import importlib
import json
import pydoc
import random
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otelagent.reading import injection
from training.corpora import runs
from training.injection import corpus, manuals

TEXTS: Final = 120
PASSES: Final = 9
SIZE: Final = 4000
"""Characters of a page, a log or a conversation."""
MODULES: Final = """
    argparse asyncio.queues base64 bisect calendar codecs collections configparser contextlib csv dataclasses datetime
    decimal difflib email.message enum fractions functools gzip heapq html http.client io json locale logging
    mailbox pathlib pickle queue random selectors shutil smtplib socket ssl statistics string tarfile tempfile textwrap
    threading timeit traceback types typing unittest.case urllib.request uuid wave weakref zipfile
"""


def kinds() -> dict[str, list[str]]:
    """Texts by source, attacks apart, and some that are made of what Python and the recorded runs have."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in corpus() + manuals(held=True):
        name = f"{text.source}, {'attacks' if text.label else 'benign'}"
        if len(found[name]) < TEXTS:
            found[name].append(text.text)
    found["JSON records"] = [json.dumps([record(n) for n in range(first, first + 30)]) for first in range(TEXTS)]
    found["HTML pages"] = [page(name) for name in MODULES.split()]
    found["logs"] = [log(number) for number in range(TEXTS)]
    found["conversations"] = list(conversations())
    found["base64"] = [base64.b64encode(zlib.compress(each.encode())).decode() for each in found["HTML pages"]]
    return found


def record(number: int) -> dict[str, object]:
    return {"id": number, "name": f"Item {number}", "price": number * 1.5, "sku": f"AB-{number:05d}", "tags": ["new"]}


def page(module: str) -> str:
    html = pydoc.HTMLDoc().document(importlib.import_module(module))
    return html[len(html) // 3 :][:SIZE]


def log(seed: int) -> str:
    rng = random.Random(seed)
    events = (
        "INFO worker-{n} job {n} done in {n} ms status=ok", "WARNING retry {n} of 5 after ConnectionResetError(104)",
        'INFO 10.0.0.{n} "GET /api/v1/items/{n}?page={n} HTTP/1.1" 200 {n}', "DEBUG cache miss key=user:{n}:profile",
        "ERROR Traceback (most recent call last):\n  File \"/srv/app/tasks.py\", line {n}, in run\n"
        "    return self.client.fetch(url, timeout={n})\nTimeoutError: no answer within {n} s",
    )  # fmt: skip
    lines = (
        f"2025-02-{rng.randrange(1, 28):02}T10:01:31.{rng.randrange(1000):03}Z " + rng.choice(events) for _ in range(40)
    )
    return "\n".join(line.replace("{n}", str(rng.randrange(1, 250))) for line in lines)


def conversations() -> Iterator[str]:
    """What users and agents of the recorded runs said, each run's last call."""
    for run in runs("taubench"):
        spans = ExportTraceServiceRequest.FromString(run.request).resource_spans[0].scope_spans[0].spans
        said = [a.value.string_value for s in spans for a in s.attributes if a.key == "gen_ai.input.messages"]
        if said:
            yield said[-1][:SIZE]


class Cost(NamedTuple):
    """Seconds."""

    new: float
    known: float
    parsed: float


def costs(found: dict[str, list[str]]) -> dict[str, Cost]:
    """Of the second half of each kind's texts."""
    for texts in found.values():
        for text in texts[: len(texts) // 2]:
            injection.score(text)
    rows = [(name, text) for name, texts in found.items() for text in texts[len(texts) // 2 : TEXTS]]
    random.Random(3).shuffle(rows)
    packed = [json.dumps(text) for _, text in rows]
    new = _times([text for _, text in rows], injection.score)
    known = _best([text for _, text in rows], injection.score)
    summed: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0, 0.0])
    for (name, _), *spent in zip(rows, new, known, _best(packed, json.loads), strict=True):
        summed[name] = [one + other for one, other in zip(summed[name], spent, strict=True)]
    return {name: Cost(*spent) for name, spent in summed.items()}


def _best(texts: list[str], read: Callable[[str], object]) -> list[float]:
    """The least of several passes for each text: what else the machine does disturbs it little."""
    return [min(each) for each in zip(*(_times(texts, read) for _ in range(PASSES)), strict=True)]


def _times(texts: list[str], read: Callable[[str], object]) -> list[float]:
    spent = []
    for text in texts:
        begun = time.thread_time()
        read(text)
        spent.append(time.thread_time() - begun)
    return spent


def main() -> None:
    found = kinds()
    print("| kind of text | KB each | new, µs/KB | known, µs/KB | known, times `json.loads` |\n|" + " --- |" * 5)
    for name, cost in sorted(costs(found).items()):
        texts = found[name][len(found[name]) // 2 : TEXTS]
        size = sum(len(text.encode("utf-8", "replace")) for text in texts) / 1024
        micros = [round(each * 1e6 / size) for each in (cost.new, cost.known)]
        ratio = cost.known / cost.parsed
        print(f"| {name} | {size / len(texts):.1f} | {micros[0]} | {micros[1]} | {ratio:.0f} |")


if __name__ == "__main__":
    main()
