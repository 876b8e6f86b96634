"""A progress line on the terminal: how large the case still is."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console


@contextmanager
def shown(what: str) -> Iterator[Callable[[int, int], None]]:
    """Gives a function that is told the size and the tests made; silent where stderr is no terminal."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda size, tests: None
        return
    with console.status(what) as status:
        yield lambda size, tests: status.update(f"{what}: {size} elements left, {tests} tests")
