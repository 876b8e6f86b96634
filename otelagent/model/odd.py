"""What is wrong about spans that are read all the same."""

from enum import StrEnum


class Odd(StrEnum):
    """What is wrong about a span that is read all the same."""

    ENDS_BEFORE_START = "ends_before_start"
    """Its duration counts as 0; order goes by the end, as always."""
    STARTS_BEFORE_PARENT = "starts_before_parent"
    """Clocks differ: whose step it is follows from ids alone, so nothing changes."""
    OWN_PARENT = "own_parent"
    """Read as the top of its trace's tree, and never as its root."""
    CYCLE = "cycle"
    """Parents lead back to the span: its steps are a run of their own, and the trace's outcome stays unknown. Also a
    run in a trace of its own that would work for itself by way of others: it works for nobody."""
    CROWDED = "crowded"
    """More than 256 runs of other traces work for one trace: the first ones are joined to it, the others to nobody."""
    PARENT_ELSEWHERE = "parent_elsewhere"
    """The parent is a span of another trace: read as a parent that was lost, never joined across."""
    ID_REUSED = "id_reused"
    """Another span had the id: the first one counts, the second is sent on and not read."""
    LARGE = "large"
    """More than 4 MiB: of a long value the first MiB counts."""
    UNPARSABLE = "unparsable"
    """Its bytes are no span: sent on unread."""
    WRONG_TYPE = "wrong_type"
    """A name or id is no string: numbers and bytes are read as text, of a list the first counts, others as absent."""
    NOT_TEXT = "not_text"
    """Content is bytes, or text that is no UTF-8: read with replacement characters."""
    TOO_DEEP = "too_deep"
    """Content nests more than 32 levels of lists and objects: what lies deeper is read as absent."""
