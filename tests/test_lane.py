"""Joining of requests, and what one poisoned request does to its neighbours."""

import asyncio
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from otelagent.errors import OtelagentError, Rejected, Retryable
from otelagent.lane import Lane


class Wire:
    """Notes what is sent; `verdict` decides on each body."""

    def __init__(self, verdict: Callable[[bytes], OtelagentError | None] = lambda _: None, delay: float = 0) -> None:
        self.bodies: list[bytes] = []
        self.items: list[int] = []
        self._verdict = verdict
        self._delay = delay

    async def send(self, body: bytes, items: int) -> None:
        await asyncio.sleep(self._delay)
        self.bodies.append(body)
        self.items.append(items)
        if error := self._verdict(body):
            raise error


async def answers(lane: Lane, *bodies: bytes) -> list[OtelagentError | None]:
    return list(await asyncio.gather(*(lane.put(body, 1) for body in bodies)))


def test_requests_that_wait_together_are_sent_as_one() -> None:
    async def main() -> None:
        wire = Wire()
        assert await answers(Lane(wire.send), b"a", b"b", b"c") == [None, None, None]
        assert (wire.bodies, wire.items) == ([b"abc"], [3])

    asyncio.run(main())


def test_a_lone_request_does_not_linger() -> None:
    async def main() -> None:
        wire = Wire()
        await asyncio.wait_for(answers(Lane(wire.send, linger=30), b"a"), 1)
        assert wire.bodies == [b"a"]

    asyncio.run(main())


def test_joined_requests_stay_below_the_limit() -> None:
    async def main() -> None:
        wire = Wire()
        await answers(Lane(wire.send, join=10), *(bytes([i]) * 4 for i in range(5)), b"x" * 30)
        assert sorted(len(body) for body in wire.bodies) == [4, 8, 8, 30]

    asyncio.run(main())


def test_a_slow_destination_gets_several_requests_at_a_time() -> None:
    async def main() -> None:
        wire = Wire(delay=0.2)
        lane = Lane(wire.send, linger=0.001)
        began = asyncio.get_running_loop().time()
        first = lane.put(b"a", 1)
        await asyncio.sleep(0.05)
        await asyncio.gather(first, lane.put(b"b", 1))
        assert asyncio.get_running_loop().time() - began < 0.35
        assert wire.bodies == [b"a", b"b"]

    asyncio.run(main())


@given(poisoned=st.sets(st.integers(0, 19)))
@settings(deadline=None, max_examples=30)
def test_a_poisoned_request_takes_no_neighbour_with_it(poisoned: set[int]) -> None:
    async def main() -> None:
        wire = Wire(lambda body: Rejected("no") if any(i in poisoned for i in body) else None)
        got = await answers(Lane(wire.send), *(bytes([i]) for i in range(20)))
        assert {i for i, error in enumerate(got) if error} == poisoned

    asyncio.run(main())


def test_a_transient_refusal_is_the_answer_to_all() -> None:
    async def main() -> None:
        wire = Wire(lambda _: Retryable("later", 2.5))
        got = await answers(Lane(wire.send), b"a", b"b")
        assert [type(e) for e in got] == [Retryable, Retryable]
        assert len(wire.bodies) == 1

    asyncio.run(main())


def test_an_error_of_ours_is_retryable_and_blocks_nothing() -> None:
    async def main() -> None:
        def verdict(body: bytes) -> None:
            if body == b"a":
                raise KeyError("secret")

        lane = Lane(Wire(verdict).send)
        [error] = await answers(lane, b"a")
        assert isinstance(error, Retryable)
        assert "secret" not in str(error)
        assert await answers(lane, b"b") == [None]

    asyncio.run(main())
