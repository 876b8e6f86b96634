"""Traffic of six made-up tools whose results differ as those of real ones do: pages, rows, unions, optional parts.

Written before any threshold was looked at, so that it can tell whether they hold. Calls of one run are alike to a
degree: a run has a speed, a breadth of its results, and a share of its calls that repeat the same question.
"""

import hashlib
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests import builders

WORDS = ["alpha", "river", "stone", "market", "signal", "copper", "winter", "garden", "engine", "harbor", "violet"]


@dataclass(frozen=True)
class Called:
    """One call: what it gave and how long it took."""

    result: Any
    seconds: float


Shift = Callable[[random.Random, Called], Called]
"""What production does to a call."""


def words(choose: random.Random, least: int, most: int) -> str:
    return " ".join(choose.choices(WORDS, k=choose.randint(least, most)))


def search(choose: random.Random, breadth: float) -> Any:
    """Pages of hits; a cursor where there are more; highlights on some."""
    hits: list[dict[str, Any]] = []
    for _ in range(0 if choose.random() < 0.02 else min(1 + int(choose.lognormvariate(1.6, 0.7) * breadth), 20)):
        hit = {"id": f"doc-{choose.randrange(10**6)}", "title": words(choose, 2, 8), "score": choose.random()}
        if choose.random() < 0.3:
            hit["highlights"] = [words(choose, 3, 9) for _ in range(choose.randint(1, 3))]
        hits.append(hit)
    page = {"total": len(hits) * choose.randint(1, 9), "items": hits}
    return page | {"next": f"c{choose.randrange(10**9):x}"} if len(hits) > 8 else page


def rows(choose: random.Random, breadth: float) -> Any:
    """What a query gives: columns with nulls, amounts whole or not."""
    return [
        {
            "order_id": choose.randrange(10**5, 10**6),
            "customer": words(choose, 2, 2),
            "amount": choose.choice([choose.randrange(500), round(choose.uniform(1, 500), 2)]),
            "shipped_at": None if choose.random() < 0.25 else f"2026-0{choose.randint(1, 9)}-1{choose.randint(0, 9)}",
            "status": choose.choice(["open", "paid", "paid", "sent", "sent", "sent"]),
        }
        for _ in range(0 if choose.random() < 0.02 else 1 + int(choose.lognormvariate(1.2, 0.9) * breadth))
    ]


def file(choose: random.Random, breadth: float) -> Any:
    """The text of a file."""
    return "\n".join(words(choose, 1, 14) for _ in range(2 + int(choose.lognormvariate(3, 0.8) * breadth)))


def customer(choose: random.Random, breadth: float) -> Any:
    """A nested record with optional parts and members named by ids."""
    address = {"street": words(choose, 2, 3), "city": choose.choice(WORDS), "zip": str(choose.randrange(10**4, 10**5))}
    if choose.random() < 0.15:
        address["line2"] = words(choose, 1, 2)
    orders = {
        f"W{choose.randrange(10**6, 10**7)}": {"total": round(choose.uniform(5, 900), 2), "items": choose.randint(1, 6)}
        for _ in range(int(choose.lognormvariate(0.5, 0.8) * breadth))
    }
    made = {"id": choose.randrange(10**6), "name": words(choose, 2, 2), "address": address, "orders": orders}
    return made | ({"phone": f"+47{choose.randrange(10**8)}"} if choose.random() < 0.6 else {})


def event(choose: random.Random, breadth: float) -> Any:
    """A union of three, whose kinds become more with time."""
    head = {"at": f"2026-03-0{choose.randint(1, 9)}T10:00:00Z", "user": f"u{choose.randrange(9999)}"}
    kind = choose.choices(["click", "purchase", "refund"], [70, 25, 5])[0]
    if kind == "click":
        return head | {"type": kind, "target": {"page": choose.choice(WORDS), "x": choose.random()}}
    lines = [{"sku": words(choose, 1, 1), "price": choose.uniform(1, 90)} for _ in range(1 + int(breadth * 2))]
    return head | {"type": kind, "lines": lines} | ({"reason": words(choose, 2, 6)} if kind == "refund" else {})


def weather(choose: random.Random, breadth: float) -> Any:
    """A small record that is always the same but for its values, as a string of JSON."""
    found = {"temperature": round(choose.gauss(12, 8), 1), "wind": choose.randrange(30), "sky": choose.choice(WORDS)}
    return json.dumps({"data": found, "units": "metric"})


TOOLS: dict[str, tuple[Callable[[random.Random, float], Any], float]] = {
    "search": (search, 0.4),
    "run_query": (rows, 0.15),
    "read_file": (file, 0.02),
    "get_customer": (customer, 0.12),
    "next_event": (event, 0.05),
    "weather": (weather, 0.25),
}
"""How a result is made, and the median of its seconds."""


def traffic(
    seed: str, tools: dict[str, int], shifts: dict[str, Shift] | None = None, environment: str = ""
) -> Iterator[bytes]:
    """Requests, a trace each, with so many calls of each tool; the calls of a shifted tool are changed."""
    choose, left, number = random.Random(seed), dict(tools), 0
    while any(left.values()):
        run: list[tuple[str, Called]] = []
        speed, breadth = choose.lognormvariate(0, 0.25), choose.lognormvariate(0, 0.3)
        for tool in choose.sample([t for t in left if left[t]], k=min(2, sum(map(bool, left.values())))):
            for _ in range(min(left[tool], choose.choice([1, 1, 2, 3]))):
                left[tool] -= 1
                make, median = TOOLS[tool]
                made = Called(make(choose, breadth), median * speed * choose.lognormvariate(0, 0.4))
                shift = (shifts or {}).get(tool)
                run.append((tool, shift(choose, made) if shift else made))
        number += 1
        yield builders.request(_spans(f"{seed}/{number}", run), environment=environment)


def _spans(seed: str, run: list[tuple[str, Called]]) -> list[Span]:
    trace_id, root = (hashlib.blake2b(f"{seed}/{n}".encode(), digest_size=s).digest() for n, s in (("t", 16), ("r", 8)))
    clock, made = builders.BEGIN, []
    for number, (tool, call) in enumerate(run):
        start, clock = clock, clock + int(call.seconds * 1e9)
        text = call.result if isinstance(call.result, str) else json.dumps(call.result)
        said = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool, "gen_ai.tool.call.result": text}
        span_id = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).digest()
        made.append(
            builders.span(
                f"execute_tool {tool}", said, trace_id=trace_id, span_id=span_id, parent_id=root, start=start, end=clock
            )
        )
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "desk"}
    return [*made, builders.span("invoke_agent desk", agent, trace_id=trace_id, span_id=root, end=clock)]


# --- shifts -----------------------------------------------------------------------------------------------------------


def emptier(choose: random.Random, call: Called) -> Called:
    """2 % of the results are empty anyway; with these it is one in ten."""
    if choose.random() >= 0.08 / 0.98:
        return call
    return replace(call, result=[] if isinstance(call.result, list) else {"total": 0, "items": []})


def renamed(old: str, new: str) -> Shift:
    def rename(value: Any) -> Any:
        if isinstance(value, dict):
            return {(new if name == old else name): rename(inner) for name, inner in value.items()}
        return [rename(inner) for inner in value] if isinstance(value, list) else value

    return lambda choose, call: replace(call, result=rename(call.result))


def retyped(name: str) -> Shift:
    def retype(value: Any) -> Any:
        if isinstance(value, dict):
            return {n: str(inner) if n == name else retype(inner) for n, inner in value.items()}
        return [retype(inner) for inner in value] if isinstance(value, list) else value

    return lambda choose, call: replace(call, result=retype(call.result))


def halved(choose: random.Random, call: Called) -> Called:
    """Half of the items, or of the text."""
    result = call.result
    if isinstance(result, dict):
        return replace(call, result={**result, "items": result["items"][: (len(result["items"]) + 1) // 2]})
    return replace(call, result=result[: (len(result) + 1) // 2])


def slower(choose: random.Random, call: Called) -> Called:
    return replace(call, seconds=2 * call.seconds)


def denied(choose: random.Random, call: Called) -> Called:
    """One in twelve is refused, in the words of the API behind the tool, in a call that ends well."""
    refusals = ('{"error": {"code": 401, "message": "token expired"}}', "401 Unauthorized", '{"status": 401}')
    return replace(call, result=choose.choice(refusals)) if choose.random() < 1 / 12 else call


SHIFTS: dict[str, list[tuple[str, Shift, tuple[str, ...]]]] = {
    "emptiness 2 % to 10 %": [("search", emptier, ("outcome",)), ("run_query", emptier, ("outcome",))],
    "a renamed key": [
        ("search", renamed("title", "name"), ("renamed", "presence")),
        ("get_customer", renamed("total", "amount"), ("renamed", "presence")),
        ("run_query", renamed("customer", "customer_name"), ("renamed", "presence")),
        ("next_event", renamed("target", "object"), ("renamed", "presence")),
    ],
    "a type change": [
        ("get_customer", retyped("id"), ("type",)),
        ("run_query", retyped("amount"), ("type",)),
        ("search", retyped("score"), ("type",)),
    ],
    "sizes halved": [
        ("search", halved, ("size", "length")),
        ("run_query", halved, ("size", "length")),
        ("read_file", halved, ("size",)),
    ],
    "latency doubled": [(tool, slower, ("latency",)) for tool in TOOLS],
    "a share of 401": [(tool, denied, ("outcome",)) for tool in TOOLS],
}
"""By kind: the tools it is put into, and the respects in which a change counts as found."""
