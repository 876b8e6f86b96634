"""What reading for injections costs: `python -m training.cost` prints processor time of `score` per KB by kind of text.

Best of several passes over up to 100 texts of each source, after one that warms RE2's automata up.
"""

import json
import time
from collections import defaultdict

from otelagent.reading import injection
from training.injection import corpus, manuals

TEXTS = 100
PASSES = 7


def kinds() -> dict[str, list[str]]:
    """Texts by source, attacks apart, and records of our own."""
    found: dict[str, list[str]] = defaultdict(list)
    for text in corpus() + manuals(held=True):
        name = f"{text.source}, {'attacks' if text.label else 'benign'}"
        if len(found[name]) < TEXTS:
            found[name].append(text.text)
    found["JSON records"] = [json.dumps([record(n) for n in range(first, first + 30)]) for first in range(TEXTS)]
    return found


def record(number: int) -> dict[str, object]:
    return {"id": number, "name": f"Item {number}", "price": number * 1.5, "sku": f"AB-{number:05d}", "tags": ["new"]}


def cost(texts: list[str]) -> float:
    """Microseconds per KB."""
    best = min(_pass(texts) for _ in range(PASSES))
    return best * 1e6 / (sum(len(text.encode("utf-8", "replace")) for text in texts) / 1024)


def _pass(texts: list[str]) -> float:
    begun = time.process_time()
    for text in texts:
        injection.score(text)
    return time.process_time() - begun


def main() -> None:
    print("| kind of text | KB each | µs/KB |\n| --- | --- | --- |")
    for name, texts in sorted(kinds().items()):
        size = sum(map(len, texts)) / len(texts) / 1024
        print(f"| {name} | {size:.1f} | {cost(texts):.0f} |")


if __name__ == "__main__":
    main()
