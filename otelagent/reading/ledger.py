"""Accounts of work in structures: groups of items by state, a state beside each item, numbers that add up.

Any mapping or list of records will do, whatever its names mean beyond their state: an account is told from other
content by what it holds together, and by what the assignment says.
"""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, Final

import msgspec

from otelagent.reading.account import MAX_MEMBERS, Account
from otelagent.reading.beside import of_items, of_records
from otelagent.reading.brief import Brief
from otelagent.reading.groups import fraction, group_of, of_groups

_NODES: Final = 1_000
_DEPTH: Final = 10


def accounts(value: object, brief: Brief, path: str = "") -> Iterator[Account]:
    """Of each part of a structure that tells one."""
    stack: list[tuple[object, str, int]] = [(value, path, _DEPTH)]
    for _ in range(_NODES):
        if not stack:
            return
        node, at, room = stack.pop()
        found = None
        if isinstance(node, dict):
            found = _of_mapping(node, brief)
            below = [(member, f"{at}/{name}", room - 1) for name, member in islice(node.items(), MAX_MEMBERS)]
        elif isinstance(node, list):
            found = of_records(node, brief)
            below = [(entry, f"{at}/{n}", room - 1) for n, entry in enumerate(node[:MAX_MEMBERS])]
        else:
            continue
        if found is not None:
            yield msgspec.structs.replace(found, path=at)
        if room:
            stack += reversed([each for each in below if isinstance(each[0], dict | list)])


def _of_mapping(node: Mapping[Any, Any], brief: Brief) -> Account | None:
    groups = [g for name, member in islice(node.items(), MAX_MEMBERS) if (g := group_of(str(name), member, brief))]
    return fraction(node, brief) or of_groups(groups, brief) or of_items(node, brief)
