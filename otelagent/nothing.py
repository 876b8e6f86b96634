"""A table that nothing was put into, one for all who have none."""

from typing import Any, Final, NoReturn


class _Nothing(dict[Any, Any]):
    """Stays as it is."""

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("this table is shared: make one before you write (`table = table or {}`)")

    __setitem__ = setdefault = update = __ior__ = _refuse

    def __reduce__(self) -> str:
        return "NOTHING"


NOTHING: Final[dict[Any, Any]] = _Nothing()
"""A table of one's own takes 64 bytes while it is empty, and most of the forty that a trace may need stay so. Who
writes makes one first: `table = table or {}`."""
