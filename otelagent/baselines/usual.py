"""What a tool's results usually hold, laid out for holding single results against it."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Final

STABLE: Final = 0.99
"""Share of the objects at a path from which on a member is part of the shape."""
FREQUENT: Final = 0.2
"""Share of the results from which on a path says enough to be judged."""


class Usual:
    """Made from a profile now and then; it doesn't change."""

    __slots__ = ("kinds", "required", "shaped")

    def __init__(self, kinds: Mapping[str, Mapping[str, float]], shaped: float) -> None:
        self.kinds = kinds
        """JSON types by path, each with the weight of the results that had it."""
        self.shaped = shaped
        """Weight of all results."""
        self.required: dict[str, list[str]] = defaultdict(list)
        """By path of an object: members that practically all had. Those whose names are data are left out."""
        for path, seen in kinds.items():
            parent = path.rpartition("/")[0]
            held = kinds.get(parent, {}).get("object", 0.0)
            named = bool(path) and not path.endswith("/*")
            if named and held >= FREQUENT * shaped and sum(seen.values()) >= STABLE * held:
                self.required[parent].append(path)
