"""One tool as a mock: a callable that answers as it is told and remembers what it was asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from otelagent.mocks.failures import Answer, Failure, Value, encoded

Answers = Callable[[dict[str, Any]], Any]


@dataclass(frozen=True)
class Asked:
    """A call that a mock received, counted from 1. `failure` is what it did instead of answering as usual."""

    number: int
    arguments: dict[str, Any]
    failure: Failure | None = None


class MockTool:
    """Call it as the tool is called, with named arguments or one object of them.

    `returns` is the usual answer, or a function from the arguments to it. Not safe for several threads at a time.
    """

    def __init__(self, name: str, returns: Any = None) -> None:
        self.name = self.__name__ = name
        self.calls: list[Asked] = []
        self._returns = returns
        self._failures: dict[int, Failure] = {}
        self._always: Failure | None = None

    def fail(self, on_call: int, failure: Any) -> "MockTool":
        """On call number `on_call`, from 1, do this instead; a plain value is returned. Gives the mock back."""
        self._failures[on_call] = _as_failure(failure)
        return self

    def fail_always(self, failure: Any) -> "MockTool":
        """On every call that nothing else is said about."""
        self._always = _as_failure(failure)
        return self

    def __call__(self, *positional: Any, **arguments: Any) -> Any:
        if len(positional) == 1 and isinstance(positional[0], dict):
            arguments = {**positional[0], **arguments}
        elif positional:
            arguments = {"args": list(positional), **arguments}
        failure, usual = self._next(arguments)
        return usual if failure is None else failure.act(usual)

    async def acall(self, *positional: Any, **arguments: Any) -> Any:
        """The same for agents that await their tools."""
        return self(*positional, **arguments)

    def transport(self) -> httpx.MockTransport:
        """The same over HTTP: `httpx.Client(transport=search.transport())`. Arguments are those of query and body."""
        return httpx.MockTransport(self._respond)

    def _next(self, arguments: dict[str, Any]) -> tuple[Failure | None, Any]:
        number = len(self.calls) + 1
        failure = self._failures.get(number, self._always)
        self.calls.append(Asked(number, arguments, failure))
        usual = self._returns(arguments) if callable(self._returns) else self._returns
        return failure, usual

    def _respond(self, request: httpx.Request) -> httpx.Response:
        failure, usual = self._next(_arguments(request))
        answer = Answer(encoded(usual)) if failure is None else failure.answer(usual)
        if answer.timeout:
            raise httpx.ReadTimeout("no answer in time", request=request)
        return httpx.Response(answer.status, content=answer.body, headers=dict(answer.headers))


def _as_failure(failure: Any) -> Failure:
    return failure if hasattr(failure, "act") and hasattr(failure, "answer") else Value(failure)


def _arguments(request: httpx.Request) -> dict[str, Any]:
    """Of the query and, where it is a JSON object, of the body."""
    given: dict[str, Any] = dict(request.url.params)
    try:
        body = httpx.Response(200, content=request.content).json() if request.content else None
    except ValueError:
        body = None
    return {**given, **body} if isinstance(body, dict) else given
