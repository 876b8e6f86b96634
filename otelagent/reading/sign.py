"""What shows in a result that it is not an ordinary one, and where."""

from typing import NamedTuple

from otelagent.model import Status


class Sign(NamedTuple):
    """A status, the JSON pointer to what shows it (below the object), and why."""

    status: Status
    pointer: str
    note: str


def pointer_to(key: str) -> str:
    """JSON pointer (RFC 6901) to a member."""
    return "/" + key.replace("~", "~0").replace("/", "~1")
